/* SPDX-License-Identifier: Apache-2.0 */
#include "base/buf.h"
#include "base/clock.h"
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

void *mem_must(void *p)
{
	if (!p) {
		fputs("vedette: out of memory\n", stderr);
		abort();
	}
	return p;
}

void *mem_new(size_t n, size_t size)
{
	return mem_must(calloc(n ? n : 1, size));
}

void buf_done(struct buf *b)
{
	free(b->at);
	*b = (struct buf){ 0 };
}

void buf_grow(struct buf *b, size_t room)
{
	size_t want;

	if (__builtin_add_overflow(b->len, room, &want))
		mem_must(NULL);
	if (want < b->cap + b->cap / 2)
		want = b->cap + b->cap / 2;
	if (want < 64)
		want = 64;
	b->at = mem_must(realloc(b->at, want));
	b->cap = want;
}

void buf_printf(struct buf *b, const char *fmt, ...)
{
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	if (n < 0)
		return;
	buf_reserve(b, (size_t)n + 1);
	va_start(ap, fmt);
	vsnprintf((char *)b->at + b->len, (size_t)n + 1, fmt, ap);
	va_end(ap);
	b->len += (size_t)n;
}

void buf_time(struct buf *b, int64_t at)
{
	char text[CLOCK_TEXT];

	clock_text(at, text);
	buf_str(b, text);
}

const char *buf_cstr(struct buf *b)
{
	*buf_reserve(b, 1) = 0;
	return (const char *)b->at;
}
