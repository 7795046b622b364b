/* SPDX-License-Identifier: Apache-2.0 */
/* lines.h — the bytes of a file become records: lines, or several lines that belong together.
 * In: a view that begins where the last record ended (or at the record in the making, again, with
 * more bytes behind it). Out: records that borrow from the view, and how many bytes each used; the
 * bytes of all records and their ends are exactly the bytes of the file.
 * Threads: one owner. Memory: none. */
#pragma once
#include "event/record.h"
#include "intake/multiline.h"

struct lines_limits {
	size_t record; /* a longer line is cut into pieces of this length */
	size_t joined; /* bytes of a record of several lines */
	uint32_t joined_lines; /* 0: never join */
};

struct lines {
	struct multi multi;
	size_t body; /* end of the record so far: where its last newline stands */
	size_t scan; /* so far no newline after the current line's start */
	bool open; /* there is a record in the making: [0, body) */
	bool cut; /* the last record was an END_CUT one */
};

enum { LINES_MORE = 1 }; /* more bytes, or more pressure, are needed */
/* What to do about bytes that may not be complete. */
enum lines_press {
	LINES_WAIT, /* leave them */
	LINES_GIVE, /* a record that might go on is a record; a line without a newline waits */
	LINES_CUT, /* also a line without a newline: as an END_CUT piece */
	LINES_END, /* nothing comes after this: it is an END_EOF record */
};

struct line {
	struct bytes raw; /* lent by the view */
	uint32_t flags;
	size_t used; /* bytes of the view: the next one begins behind them */
};

int lines_next(struct lines *l, const struct lines_limits *limits, struct bytes in,
	       enum lines_press press, struct line *ret);
/* A view of this many bytes always yields a record. */
static inline size_t lines_view(const struct lines_limits *l)
{
	return (l->record > l->joined ? l->record : l->joined) + MULTI_HEAD + 2;
}
