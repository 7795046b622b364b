/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/args.h"
#include "base/text.h"
#include "cmd/command.h"
#include "cmd/units.h"
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define OPTIONS_MAX 40

int args_bad(const struct args *a, const char *fmt, ...)
{
	struct buf line = { 0 };
	char text[700];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	text_safe(&line, bytes_str(text), NULL); /* it may quote what somebody else wrote */
	fflush(stdout);
	fprintf(stderr, "vedette %s: %s\n", a->command->name, buf_cstr(&line));
	buf_done(&line);
	return EXIT_TROUBLE;
}

int args_failed(const struct args *a, const struct why *why, int error)
{
	return args_bad(a, "%s", why->line[0] ? why->line : strerror(-error));
}

static int unknown(const struct args *a, const char *word)
{
	const struct command *c = a->command;
	const char *names[OPTIONS_MAX + 1], *near;
	size_t n = 0;

	for (; n < c->options_n && n < OPTIONS_MAX; n++)
		names[n] = c->options[n].name;
	names[n] = NULL;
	near = word[0] == '-' && word[1] == '-' ? units_nearest(bytes_str(word + 2), names) : NULL;
	if (near)
		args_bad(a, "there is no option %s; did you mean --%s?", word, near);
	else
		args_bad(a, "there is no option %s (vedette %s --help lists them)", word, c->name);
	return ARGS_BAD;
}

static int take_value(struct args *a, int i, const char *inner, const char *word)
{
	const struct option *o = &a->command->options[i];

	if (!o->value && inner) {
		args_bad(a, "option %s takes no value", word);
		return ARGS_BAD;
	}
	a->value = inner;
	if (o->value && !inner) {
		if (a->at == a->end) {
			args_bad(a, "option %s needs a value: %s", word, o->value);
			return ARGS_BAD;
		}
		a->value = *a->at++;
	}
	return i;
}

static int long_option(struct args *a, const char *word)
{
	const char *name = word + 2, *equals = strchr(name, '=');
	size_t len = equals ? (size_t)(equals - name) : strlen(name);

	for (size_t i = 0; i < a->command->options_n; i++) {
		const char *have = a->command->options[i].name;

		if (strlen(have) == len && !memcmp(have, name, len))
			return take_value(a, (int)i, equals ? equals + 1 : NULL, word);
	}
	return unknown(a, word);
}

int args_next(struct args *a)
{
	const char *word;

	if (a->at == a->end)
		return ARGS_END;
	word = *a->at++;
	a->value = word;
	if (a->rest || word[0] != '-' || !word[1])
		return ARGS_OPERAND;
	if (!strcmp(word, "--")) {
		a->rest = true;
		return args_next(a);
	}
	if (!strcmp(word, "--help") || !strcmp(word, "-h")) {
		struct buf text = { 0 };

		help_command(a->command, &text);
		fwrite(text.at, 1, text.len, stdout);
		buf_done(&text);
		return ARGS_HELP;
	}
	if (word[1] == '-')
		return long_option(a, word);
	for (size_t i = 0; i < a->command->options_n; i++)
		if (a->command->options[i].letter == word[1])
			return take_value(a, (int)i, word[2] ? word + 2 : NULL, word);
	return unknown(a, word);
}

bool args_count(const struct args *a, const char *option, uint64_t most, uint64_t *ret)
{
	uint64_t v;

	if (!bytes_u64(bytes_str(a->value), &v) || v > most) {
		args_bad(a, "%s: expected a number up to %llu, not \"%s\"", option,
			 (unsigned long long)most, a->value);
		return false;
	}
	*ret = v;
	return true;
}

bool args_time(const struct args *a, const char *option, usec *ret)
{
	if (clock_parse(bytes_str(a->value), clock_real(), ret))
		return true;
	args_bad(a,
		 "%s: expected a time such as 2026-11-22T01:02:03Z, 2026-11-22, -15m, -2h, now or "
		 "@1763773323, not \"%s\"",
		 option, a->value);
	return false;
}

int args_flush(const struct args *a, int status)
{
	if (fflush(stdout) == 0 && !ferror(stdout))
		return status;
	if (errno == EPIPE)
		return status;
	return args_bad(a, "the output could not be written: %s", strerror(errno));
}

bool args_colour(void)
{
	const char *no = getenv("NO_COLOR"), *term = getenv("TERM");

	return isatty(STDOUT_FILENO) && !(no && *no) && !(term && !strcmp(term, "dumb"));
}
