/* SPDX-License-Identifier: Apache-2.0 */
#include "intake/frame.h"

static int give(struct framer *f, struct bytes in, size_t n, size_t end_bytes, uint32_t end,
		struct frame *ret)
{
	ret->raw = bytes_sub(in, 0, n);
	ret->flags = end | (f->cut ? RECORD_CONT : 0);
	ret->used = n + end_bytes;
	f->cut = (end & RECORD_END_MASK) == END_CUT;
	f->scan = f->scan > ret->used ? f->scan - ret->used : 0;
	return 0;
}

/* Inside a counted message: `left` bytes of it are still to be given. */
static int counted_next(struct framer *f, struct bytes in, size_t limit, enum frame_press press,
			struct frame *ret)
{
	size_t n = in.len < f->left ? in.len : (size_t)f->left;

	f->scan = 0;
	if (n == f->left && n <= limit) {
		f->counting = false;
		f->counted = true;
		return give(f, in, n, 0, END_FRAME, ret);
	}
	if (n > limit)
		n = limit;
	else if (press == FRAME_WAIT && n < limit)
		return FRAME_MORE;
	if (!n && press == FRAME_END)
		f->counting = false;
	if (!n)
		return FRAME_MORE;
	f->left -= n;
	if (press == FRAME_END && n == in.len) {
		f->counting = false;
		return give(f, in, n, 0, END_EOF, ret);
	}
	return give(f, in, n, 0, END_CUT, ret);
}

enum { COUNT_NO, COUNT_YES, COUNT_MAYBE };

/* Is there a count at the beginning? */
static int count_at(const struct framer *f, struct bytes in, uint64_t *ret, size_t *ret_used)
{
	uint64_t n = 0;
	size_t i = 0;

	if (f->cut || !in.len || !is_digit(in.at[0]) || in.at[0] == '0')
		return COUNT_NO;
	for (; i < in.len && is_digit(in.at[i]); i++) {
		if (i == FRAME_DIGITS)
			return COUNT_NO;
		n = 10 * n + (uint64_t)(in.at[i] - '0');
	}
	if (i == in.len)
		return COUNT_MAYBE;
	if (in.at[i] != ' ')
		return COUNT_NO;
	i++;
	if (!f->counted) {
		if (i == in.len)
			return COUNT_MAYBE;
		if (in.at[i] != '<')
			return COUNT_NO;
	}
	*ret = n;
	*ret_used = i;
	return COUNT_YES;
}

/* Where a NUL ends the message that has shown no newline so far: it must be followed by the
 * beginning of a message, or by nothing while the stream ends. */
static size_t nul_end(struct framer *f, struct bytes in, size_t newline, enum frame_press press)
{
	size_t to = newline < in.len ? newline : in.len, at = f->scan;

	while (at < to) {
		size_t k = bytes_chr(bytes_of(in.at + at, to - at), 0);

		if (k == BYTES_NONE)
			break;
		at += k;
		if (at + 1 == in.len) {
			f->scan = at; /* to be looked at again with what comes */
			return press == FRAME_WAIT ? BYTES_NONE : at;
		}
		if (in.at[at + 1] == '<' || is_digit(in.at[at + 1]))
			return at;
		at++;
	}
	f->scan = to;
	return BYTES_NONE;
}

static int plain_next(struct framer *f, struct bytes in, size_t limit, enum frame_press press,
		      struct frame *ret)
{
	size_t rest = f->scan < in.len ? in.len - f->scan : 0;
	size_t end = rest ? bytes_chr(bytes_of(in.at + f->scan, rest), '\n') : BYTES_NONE;
	size_t nul = BYTES_NONE;

	if (end != BYTES_NONE)
		end += f->scan;
	if (!f->newlines)
		nul = nul_end(f, in, end, press);
	else
		f->scan = end != BYTES_NONE ? end : in.len;
	if (nul != BYTES_NONE)
		end = nul;
	if (end != BYTES_NONE && end <= limit) {
		f->newlines |= nul == BYTES_NONE;
		f->counted = false;
		return give(f, in, end, 1, END_LF | (nul != BYTES_NONE ? RECORD_NUL : 0), ret);
	}
	if (in.len > limit)
		return give(f, in, limit, 0, END_CUT, ret);
	if (press == FRAME_WAIT || !in.len)
		return FRAME_MORE;
	return give(f, in, in.len, 0, press == FRAME_CUT ? END_CUT : END_EOF, ret);
}

int frame_next(struct framer *f, struct bytes in, size_t limit, enum frame_press press,
	       struct frame *ret)
{
	uint64_t n = 0;
	size_t used = 0;
	int r;

	if (f->counting)
		return counted_next(f, in, limit, press, ret);
	if (!in.len)
		return FRAME_MORE;
	/* Some end a counted message with a newline as well, which is a message of nobody. */
	if (f->counted && !f->cut && (in.at[0] == '\n' || !in.at[0])) {
		ret->raw = bytes_sub(in, 0, 0);
		ret->flags = 0;
		ret->used = 1;
		f->scan = 0;
		return FRAME_SKIP;
	}
	if (f->scan)
		return plain_next(f, in, limit, press, ret); /* its beginning is known */
	r = count_at(f, in, &n, &used);
	if (r == COUNT_MAYBE && press == FRAME_WAIT)
		return FRAME_MORE;
	if (r != COUNT_YES)
		return plain_next(f, in, limit, press, ret);
	f->counting = true;
	f->left = n;
	ret->raw = bytes_sub(in, 0, 0);
	ret->flags = 0;
	ret->used = used;
	return FRAME_SKIP;
}
