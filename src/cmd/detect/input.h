/* SPDX-License-Identifier: Apache-2.0 */
/* input.h — what detect looks at, one subject after the other: log files (as import reads them),
 * flat events (NDJSON), or the records of a ledger in the order of their seq.
 * Out: subjects by callback, lent during the call. Threads: one owner. Memory: some MiB. */
#pragma once
#include "base/err.h"
#include "detect/sigma/subject.h"

struct input_options {
	const char *host; /* that files speak for; "" unknown */
	int year, zone_minutes;
	uint32_t max_line;
	bool join; /* lines that belong together become one record */
	bool events; /* files hold flat events, a JSON object a line */
	usec since, until; /* since <= time < until; USEC_NONE: open */
	bool bar; /* on stderr */
	const volatile int *interrupted;
};

struct input_counts {
	uint64_t records, bytes;
	uint32_t files;
	uint64_t malformed; /* lines that are no event */
	struct why first; /* of these */
};

typedef void subject_fn(void *ctx, const struct subject *s);

/* 0, or < 0 with the reason; INPUT_BROKEN: a file could be read only in part, or blocks are
 * damaged: why says which, the rest was given. -EINTR: interrupted. */
enum { INPUT_BROKEN = 1 };
int input_file(const struct input_options *o, const char *path, subject_fn *fn, void *ctx,
	       struct input_counts *ret, struct why *why);
int input_ledger(const struct input_options *o, const char *dir, subject_fn *fn, void *ctx,
		 struct input_counts *ret, struct why *why);
