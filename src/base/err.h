/* SPDX-License-Identifier: Apache-2.0 */
/* err.h — the error rule.
 * < 0: failure, -errno, passed up unchanged. 0: done. > 0: an answer named in the header's enum,
 * handled by the caller, never passed on. Bytes from outside are never an error: they are an
 * answer that is counted.
 * What a person must read travels beside the number in a struct why: one line that says what is
 * wrong, where, and what to do. Threads: a struct why has one owner. */
#pragma once
#include <errno.h>
#include <stdbool.h>
#include <stddef.h>

struct why {
	char line[512]; /* "" when nothing was said; never ends in a newline */
};

/* Sets the line (unless `why` is NULL) and returns `r`: return why_set(why, -EINVAL, "…"). */
int why_set(struct why *why, int r, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
/* Puts "text: " before the line that is there (or before strerror(-r) where there is none). */
int why_in(struct why *why, int r, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

/* Failures of ours, told on stderr with file and line when VEDETTE_TRACE is set; returns r. */
#define err_trace(r) err_trace_at((r), __FILE__, __LINE__)
int err_trace_at(int r, const char *file, int line);

/* What the running program says of itself, one line on stderr: "vedette[role]: text".
 * Never with bytes from outside unless they went through text_safe() (base/text.h). */
enum say { SAY_ERROR, SAY_WARN, SAY_INFO, SAY_DEBUG };
extern enum say say_level;
extern const char *say_role; /* "" in plain commands */
void say(enum say level, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
