/* SPDX-License-Identifier: Apache-2.0 */
/* args.h — the words of a command line, by a table of options.
 * In: argv. Out: option after option, operand after operand. A mistake is told on stderr in one
 * line; --help is answered here. Options may stand anywhere; "--" ends them.
 * Threads: one owner. Memory: borrows argv. */
#pragma once
#include "base/buf.h"
#include "base/clock.h"
#include "base/err.h"

struct option {
	const char *name; /* without the dashes */
	char letter; /* 0: none */
	const char *value; /* what the value is called; NULL: takes none */
	const char *what;
};

struct command;
struct args {
	const struct command *command;
	char **at, **end;
	bool rest; /* "--" was seen */
	const char *value; /* of the option or operand just given back */
};

/* Index of an option (>= 0), or one of these. */
enum { ARGS_END = -1, ARGS_OPERAND = -2, ARGS_BAD = -3, ARGS_HELP = -4 };
int args_next(struct args *a);

/* One clear line "vedette search: …" on stderr; returns EXIT_TROUBLE. */
int args_bad(const struct args *a, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* The same for a failure with its reason. */
int args_failed(const struct args *a, const struct why *why, int error);

/* Values; false after having told what was expected. */
bool args_count(const struct args *a, const char *option, uint64_t most, uint64_t *ret);
bool args_time(const struct args *a, const char *option, usec *ret);

/* Both of stdout: was everything written? EXIT_TROUBLE and a line when it was not (full disk); a
 * reader who went away is no trouble. */
int args_flush(const struct args *a, int status);
bool args_colour(void); /* stdout is a terminal and NO_COLOR is not set */
