/* SPDX-License-Identifier: Apache-2.0 */
/* show.h — how far an import is: a bar on a terminal, or a line every few seconds.
 * Threads: one owner. Memory: none. */
#pragma once
#include "cmd/import/run.h"
#include "intake/reader.h"

struct show {
	bool bar, lines;
	const char *path;
	usec begun, told;
	unsigned calls;
};

void show_begin(struct show *s, bool bar, bool lines);
void show_file(struct show *s, const char *path);
void show_now(struct show *s, const struct import_result *r, const struct reader *reader);
void show_sealing(struct show *s);
void show_end(struct show *s);
/* A line of its own, above the bar. */
void show_line(struct show *s, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Called for each record: looks at the clock now and then. */
static inline void show_step(struct show *s, const struct import_result *r,
			     const struct reader *reader)
{
	if (__builtin_expect((++s->calls & 4095) == 0 && (s->bar || s->lines), 0))
		show_now(s, r, reader);
}
