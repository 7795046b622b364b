/* SPDX-License-Identifier: Apache-2.0 */
/*   in:  [ record in the making … \n next line … \n ]
 *         0                    body body+1   scan → */
#include "intake/lines.h"

static uint32_t take_cont(struct lines *l)
{
	uint32_t flags = l->cut ? RECORD_CONT : 0;

	l->cut = false;
	return flags;
}

/* The record [0, body) and its newline. What follows has been looked at up to `seen`. */
static int give_record(struct lines *l, struct bytes in, size_t seen, struct line *ret)
{
	ret->raw = bytes_sub(in, 0, l->body);
	ret->flags = END_LF;
	ret->used = l->body + 1;
	l->open = false;
	l->scan = seen - ret->used;
	return 0;
}

static int give_piece(struct lines *l, struct bytes in, size_t n, uint32_t end, struct line *ret)
{
	ret->raw = bytes_sub(in, 0, n);
	ret->flags = end | take_cont(l);
	ret->used = n;
	l->cut = end == END_CUT;
	l->scan = l->scan > n ? l->scan - n : 0;
	return 0;
}

static bool fits(const struct lines *l, const struct lines_limits *limits, size_t end)
{
	return end <= limits->joined && l->multi.lines < limits->joined_lines;
}

/* No newline in the rest of the view, or not one within the limit. */
static int tail(struct lines *l, const struct lines_limits *limits, struct bytes in,
		enum lines_press press, struct line *ret)
{
	size_t from = l->open ? l->body + 1 : 0;
	struct bytes part = bytes_from(in, from);

	if (l->open) {
		struct multi copy = l->multi; /* the line will be looked at again when whole */

		if (press == LINES_END && part.len && fits(l, limits, in.len) &&
		    multi_goes_on(&copy, bytes_sub(in, 0, l->body), part)) {
			l->open = false;
			return give_piece(l, in, in.len, END_EOF, ret);
		}
		if (press != LINES_WAIT || !fits(l, limits, in.len))
			return give_record(l, in, l->scan, ret);
		if (part.len >= MULTI_HEAD &&
		    !multi_goes_on(&copy, bytes_sub(in, 0, l->body), part))
			return give_record(l, in, l->scan, ret);
		return LINES_MORE;
	}
	if (part.len > limits->record)
		return give_piece(l, in, limits->record, END_CUT, ret);
	if (!part.len)
		return LINES_MORE;
	if (press == LINES_CUT)
		return give_piece(l, in, part.len, END_CUT, ret);
	if (press == LINES_END)
		return give_piece(l, in, part.len, END_EOF, ret);
	return LINES_MORE;
}

int lines_next(struct lines *l, const struct lines_limits *limits, struct bytes in,
	       enum lines_press press, struct line *ret)
{
	/* A file that shrank under a record in the making: its bytes are not those of before. */
	if (__builtin_expect(l->scan > in.len || (l->open && l->body >= in.len), 0)) {
		l->open = false;
		l->scan = 0;
	}
	for (;;) {
		size_t from = l->open ? l->body + 1 : 0;
		const uint8_t *p =
			in.len > l->scan ? memchr(in.at + l->scan, '\n', in.len - l->scan) : NULL;
		size_t end;

		if (!p) {
			l->scan = in.len;
			return tail(l, limits, in, press, ret);
		}
		end = (size_t)(p - in.at);
		if (!l->open) {
			if (end > limits->record) {
				l->scan = end;
				return give_piece(l, in, limits->record, END_CUT, ret);
			}
			if (l->cut || !limits->joined_lines) {
				uint32_t flags = END_LF | take_cont(l);

				l->body = end;
				give_record(l, in, end + 1, ret);
				ret->flags = flags;
				return 0;
			}
			multi_first(&l->multi, bytes_sub(in, 0, end));
			l->open = true;
		} else if (!fits(l, limits, end) ||
			   !multi_goes_on(&l->multi, bytes_sub(in, 0, l->body),
					  bytes_of(in.at + from, end - from))) {
			size_t length = end - from;

			give_record(l, in, end, ret);
			if (length > limits->record)
				return 0;
			/* The next record's first line is known already: not looked for again. */
			multi_first(&l->multi, bytes_of(in.at + from, length));
			l->open = true;
			l->body = length;
			l->scan = length + 1;
			return 0;
		}
		l->body = end;
		l->scan = end + 1;
	}
}
