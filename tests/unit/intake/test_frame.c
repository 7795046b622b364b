/* SPDX-License-Identifier: Apache-2.0 */
#include "base/buf.h"
#include "intake/frame.h"
#include "tap.h"

/* What a stream gives when it comes in pieces of the given sizes, as text: a line a frame. */
static void feed(struct bytes all, size_t piece, size_t limit, struct buf *out)
{
	struct framer f = { 0 };
	size_t at = 0, have = 0;
	struct frame fr;
	int r;

	buf_clear(out);
	for (;;) {
		bool end = have == all.len;

		while ((r = frame_next(&f, bytes_of(all.at + at, have - at), limit,
				       end ? FRAME_END : FRAME_WAIT, &fr)) != FRAME_MORE) {
			at += fr.used;
			if (r == FRAME_SKIP)
				continue;
			buf_printf(out, "%u:", fr.flags);
			buf_bytes(out, fr.raw);
			buf_str(out, "|");
		}
		if (end)
			break;
		have = have + piece < all.len ? have + piece : all.len;
	}
}

/* The same result however the bytes are split. */
static void gives(struct bytes in, size_t limit, struct bytes want, const char *what)
{
	struct buf out = { 0 };
	size_t bad = 0;

	feed(in, in.len, limit, &out);
	is_bytes(buf_view(&out), want, "%s", what);
	for (size_t piece = 1; piece < in.len; piece++) {
		feed(in, piece, limit, &out);
		bad += !bytes_eq(buf_view(&out), want);
	}
	is_int(bad, 0, "%s: the same in pieces of any size", what);
	buf_done(&out);
}

static void split_in_two(struct bytes in, struct bytes want, const char *what)
{
	size_t bad = 0;

	for (size_t cut = 0; cut <= in.len; cut++) {
		struct framer f = { 0 };
		struct buf out = { 0 };
		struct frame fr;
		size_t at = 0;
		int r;

		for (int part = 0; part < 2; part++) {
			size_t have = part ? in.len : cut;

			while ((r = frame_next(&f, bytes_of(in.at + at, have - at), 1000,
					       part ? FRAME_END : FRAME_WAIT, &fr)) != FRAME_MORE) {
				at += fr.used;
				if (r == FRAME_SKIP)
					continue;
				buf_printf(&out, "%u:", fr.flags);
				buf_bytes(&out, fr.raw);
				buf_str(&out, "|");
			}
		}
		bad += !bytes_eq(buf_view(&out), want);
		buf_done(&out);
	}
	is_int(bad, 0, "%s: the same when cut in two anywhere", what);
}

int main(void)
{
	struct buf big = { 0 };
	struct buf out = { 0 };

	gives(BYTES("<13>one\n<14>two\n"), 1000, BYTES("0:<13>one|0:<14>two|"), "newlines");
	gives(BYTES("7 <13>one8 <14>two!"), 1000, BYTES("1:<13>one|1:<14>two!|"), "counts");
	gives(BYTES("7 <13>one<14>two\n7 <13>six"), 1000, BYTES("1:<13>one|0:<14>two|1:<13>six|"),
	      "counts and newlines, told apart each time");
	gives(BYTES("7 <13>one\n7 <13>two\n"), 1000, BYTES("1:<13>one|1:<13>two|"),
	      "a newline after a counted message is nobody's");
	gives(BYTES("13 <13>two\nlines"), 1000, BYTES("1:<13>two\nlines|"),
	      "a newline inside a counted message");
	gives(BYTES("2026-11-22 01:02:03 x\n500 Internal Server Error\n"), 1000,
	      BYTES("0:2026-11-22 01:02:03 x|0:500 Internal Server Error|"),
	      "digits that are no count");
	gives(BYTES("7 <13>one5 hello"), 1000, BYTES("1:<13>one|1:hello|"),
	      "after a count, a count without a priority");
	gives(BYTES("\n\n<1>a\n"), 1000, BYTES("0:|0:|0:<1>a|"), "empty lines are records");
	gives(BYTES("<1>a\r\n<1>b\r\n"), 1000, BYTES("0:<1>a\r|0:<1>b\r|"), "CR is kept");
	gives(BYTES("<1>no end"), 1000, BYTES("2:<1>no end|"), "the stream ends in a message");
	gives(BYTES("99 <1>cut off"), 1000, BYTES("2:<1>cut off|"), "a count that was too large");
	gives(BYTES("99 "), 1000, BYTES("2:99 |"), "nothing but a count");
	gives(BYTES("<1>abcdefghij\n<2>x\n"), 5, BYTES("3:<1>ab|7:cdefg|4:hij|0:<2>x|"),
	      "longer than the limit: pieces");
	gives(BYTES("10 <1>abcdefg7 <2>wxyz"), 5, BYTES("3:<1>ab|5:cdefg|3:<2>wx|5:yz|"),
	      "a count above the limit: pieces, and the next message is found");
	gives(BYTES("<1>abc\n<2>x\n"), 6, BYTES("0:<1>abc|0:<2>x|"), "exactly the limit");
	gives(BYTES("<1>a\0b\n<1>c\0<1>d\n"), 1000, BYTES("0:<1>a\0b|0:<1>c\0<1>d|"),
	      "NULs in a stream of newlines are part of the message");
	split_in_two(BYTES("<1>a\0<1>b\0<1>c\0"), BYTES("8:<1>a|8:<1>b|8:<1>c|"), "NUL trailers");
	split_in_two(BYTES("7 <13>one\n<14>two\n3 <1>9 <1>\n\n\n\n\n\n"),
		     BYTES("1:<13>one|0:<14>two|1:<1>|1:<1>\n\n\n\n\n\n|"), "mixture");
	gives(BYTES("0 <1>a\n"), 1000, BYTES("0:0 <1>a|"), "a count does not begin with 0");
	gives(BYTES("1234567890 <1>a\n<1>b\n"), 1000, BYTES("0:1234567890 <1>a|0:<1>b|"),
	      "ten digits are no count");

	/* CVE-2022-24903 and its like: endless digits. */
	for (int i = 0; i < 1000; i++)
		buf_u8(&big, '9');
	buf_str(&big, " <1>x\n<1>after\n");
	feed(buf_view(&big), 7, 100000, &out);
	ok(bytes_ends(buf_view(&out), BYTES("<1>x|0:<1>after|")) && out.len == 1000 + 5 + 2 + 12,
	   "a thousand digits are text, and the next message is found");
	buf_clear(&big);
	buf_str(&big, "999999999 <1>");
	for (int i = 0; i < 5000; i++)
		buf_str(&big, "0123456789");
	feed(buf_view(&big), 4096, 1024, &out);
	is_int(out.len, 50003 + 3 * 49, "a count of a gigabyte comes in pieces, unbuffered");
	buf_done(&big);
	buf_done(&out);
	return done_testing();
}
