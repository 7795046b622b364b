/* SPDX-License-Identifier: Apache-2.0 */
#include "base/err.h"
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum say say_level = SAY_INFO;
const char *say_role = "";

int why_set(struct why *why, int r, const char *fmt, ...)
{
	va_list ap;

	if (!why)
		return r;
	va_start(ap, fmt);
	vsnprintf(why->line, sizeof(why->line), fmt, ap);
	va_end(ap);
	return r;
}

int why_in(struct why *why, int r, const char *fmt, ...)
{
	char old[sizeof(why->line)];
	va_list ap;
	size_t n;

	if (!why)
		return r;
	memcpy(old, why->line, sizeof(old));
	va_start(ap, fmt);
	vsnprintf(why->line, sizeof(why->line), fmt, ap);
	va_end(ap);
	n = strlen(why->line);
	snprintf(why->line + n, sizeof(why->line) - n, ": %s", old[0] ? old : strerror(-r));
	return r;
}

int err_trace_at(int r, const char *file, int line)
{
	if (r < 0 && getenv("VEDETTE_TRACE"))
		fprintf(stderr, "trace: %s:%d: %s\n", file, line, strerror(-r));
	return r;
}

void say(enum say level, const char *fmt, ...)
{
	static const char *const word[] = { "error: ", "warning: ", "", "debug: " };
	char text[1024];
	va_list ap;

	if (level > say_level)
		return;
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	fprintf(stderr, "vedette%s%s%s: %s%s\n", *say_role ? "[" : "", say_role,
		*say_role ? "]" : "", word[level], text);
}
