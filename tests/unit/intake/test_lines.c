/* SPDX-License-Identifier: Apache-2.0 */
#include "base/buf.h"
#include "base/io.h"
#include "intake/lines.h"
#include "tap.h"
#include <fcntl.h>
#include <stdlib.h>

static const struct lines_limits usual = { 1 << 20, 256 << 10, 1000 };

/* Feeds in pieces; collects "flags:raw|", and the bytes as they come back from the records. */
static void feed(struct bytes all, size_t piece, const struct lines_limits *limits, struct buf *out,
		 struct buf *back)
{
	struct lines l = { 0 };
	size_t at = 0, have = 0;
	struct line line;

	buf_clear(out);
	buf_clear(back);
	for (;;) {
		bool end = have == all.len;

		while (!lines_next(&l, limits, bytes_of(all.at + at, have - at),
				   end ? LINES_END : LINES_WAIT, &line)) {
			at += line.used;
			buf_printf(out, "%u:", line.flags);
			buf_bytes(out, line.raw);
			buf_str(out, "|");
			buf_bytes(back, line.raw);
			if ((line.flags & RECORD_END_MASK) == END_LF)
				buf_u8(back, '\n');
		}
		if (end)
			return;
		have = have + piece < all.len ? have + piece : all.len;
	}
}

static void gives(struct bytes in, const struct lines_limits *limits, struct bytes want,
		  const char *what)
{
	struct buf out = { 0 }, back = { 0 };
	size_t bad = 0, lost = 0;

	feed(in, in.len ? in.len : 1, limits, &out, &back);
	is_bytes(buf_view(&out), want, "%s", what);
	for (size_t piece = 1; piece <= in.len; piece++) {
		feed(in, piece, limits, &out, &back);
		bad += !bytes_eq(buf_view(&out), want);
		lost += !bytes_eq(buf_view(&back), in);
	}
	is_int(bad + lost, 0, "%s: the same, and every byte, in pieces of any size", what);
	buf_done(&out);
	buf_done(&back);
}

#define H "2026-11-22 01:24:12.691 25246 "

static void joins(void)
{
	gives(BYTES("a\nb\nc\n"), &usual, BYTES("0:a|0:b|0:c|"), "lines");
	gives(BYTES("a\nb"), &usual, BYTES("0:a|2:b|"), "no newline at the end");
	gives(BYTES(""), &usual, BYTES(""), "an empty file");
	gives(BYTES("\n\n"), &usual, BYTES("0:|0:|"), "empty lines");
	gives(BYTES("a\r\nb\0c\n\xff\xfe\n"), &usual, BYTES("0:a\r|0:b\0c|0:\xff\xfe|"),
	      "CR, NUL and bytes that are no text");
	gives(BYTES("a\n  b"), &usual, BYTES("2:a\n  b|"),
	      "the last line goes on, without newline");
	gives(BYTES("a\n  b\n\tc\nd\n"), &usual, BYTES("0:a\n  b\n\tc|0:d|"), "indented lines");
	gives(BYTES("12:00:01 x\nTraceback (most recent call last):\n  File\nValueError: y\n\n"
		    "During handling of the above exception, another exception occurred:\n\n"
		    "Traceback (most recent call last):\n  File\nKeyError\n12:00:02 z\n"),
	      &usual,
	      BYTES("0:12:00:01 x\nTraceback (most recent call last):\n  File\nValueError: y\n\n"
		    "During handling of the above exception, another exception occurred:\n\n"
		    "Traceback (most recent call last):\n  File\nKeyError|0:12:00:02 z|"),
	      "a traceback in a log with stamps");
	gives(BYTES("x\nTraceback (most recent call last):\n  File\nValueError: y\nnext\n"), &usual,
	      BYTES("0:x|0:Traceback (most recent call last):\n  File\nValueError: y|0:next|"),
	      "a traceback in a log without stamps");
	gives(BYTES("x\n\tat Foo\nCaused by: Bar\n\tat Baz\ny\n"), &usual,
	      BYTES("0:x\n\tat Foo\nCaused by: Bar\n\tat Baz|0:y|"), "Java");
	gives(BYTES(H "WARNING a.b [None req-1 - -] Oops\n" H
		      "ERROR a.b Traceback (most recent call last):\n" H
		      "ERROR a.b   File \"x\"\n" H "ERROR a.b \n" H
		      "INFO a.b [None req-2 - -] next\n"),
	      &usual,
	      BYTES("0:" H "WARNING a.b [None req-1 - -] Oops\n" H
		    "ERROR a.b Traceback (most recent call last):\n" H "ERROR a.b   File \"x\"\n" H
		    "ERROR a.b |0:" H "INFO a.b [None req-2 - -] next|"),
	      "oslo's exception prefix");
	gives(BYTES(H "ERROR n.c [None req-1] [instance: 1] Oops\n" H
		      "ERROR n.c [instance: 1] Traceback (most recent call last):\n" H
		      "ERROR n.c [instance: 1]   File\n" H "ERROR n.c [-] other\n"),
	      &usual,
	      BYTES("0:" H "ERROR n.c [None req-1] [instance: 1] Oops\n" H
		    "ERROR n.c [instance: 1] Traceback (most recent call last):\n" H
		    "ERROR n.c [instance: 1]   File|0:" H "ERROR n.c [-] other|"),
	      "oslo's exception prefix with an instance");
	gives(BYTES(H "ERROR a [-] x\n" H "ERROR b y\n" H "INFO a z\n"
		      "2026-11-22 01:24:12.692 25246 ERROR a w\n"),
	      &usual,
	      BYTES("0:" H "ERROR a [-] x|0:" H "ERROR b y|0:" H "INFO a z|0:"
		    "2026-11-22 01:24:12.692 25246 ERROR a w|"),
	      "another logger, level or time is another record");
	gives(BYTES(H "ERROR a [-] x:\n[SQL: 1]\n\n" H "ERROR a [SQL: 1]\n12:00:00 b\n"), &usual,
	      BYTES("0:" H "ERROR a [-] x:\n[SQL: 1]\n\n" H "ERROR a [SQL: 1]|0:12:00:00 b|"),
	      "a message of several lines");
	gives(BYTES(H
		    "WARNING k [req-1 - -] Authorization failed\n"
		    "[pid: 4355|app: 0|req: 1/2] 10.0.0.7 () {33 vars} [Sun Mar  1 00:01:03 2026]\n"
		    "[pid: 4355] is text\n"),
	      &usual,
	      BYTES("0:" H "WARNING k [req-1 - -] Authorization failed|0:"
		    "[pid: 4355|app: 0|req: 1/2] 10.0.0.7 () {33 vars} [Sun Mar  1 00:01:03 "
		    "2026]|0:"
		    "[pid: 4355] is text|"),
	      "a request line of uWSGI in the log of its service");
	gives(BYTES(H "ERROR a x\n" H "ERROR a y\n"), &usual,
	      BYTES("0:" H "ERROR a x|0:" H "ERROR a y|"), "no context: not oslo's format");
}

static void limits(void)
{
	static const struct lines_limits small = { 8, 16, 3 }, single = { 8, 16, 0 };

	gives(BYTES("0123456789abcdefghij\nx\n"), &small,
	      BYTES("3:01234567|7:89abcdef|4:ghij|0:x|"), "a long line comes in pieces");
	gives(BYTES("01234567\nx\n"), &small, BYTES("0:01234567|0:x|"), "exactly the limit");
	gives(BYTES("0123456789"), &small, BYTES("3:01234567|6:89|"), "pieces up to the end");
	gives(BYTES("a\n b\n c\n d\n"), &small, BYTES("0:a\n b\n c|0: d|"),
	      "so many lines, then a new record");
	gives(BYTES("a\n 123456\n 123456\n"), &small, BYTES("0:a\n 123456|0: 123456|"),
	      "so many bytes, then a new record");
	gives(BYTES("a\n b\nc\n"), &single, BYTES("0:a|0: b|0:c|"), "never joined");
	gives(BYTES("a\n 0123456789012345\nb\n"), &small,
	      BYTES("0:a|3: 0123456|7:78901234|4:5|0:b|"), "a long line ends the record before it");
}

static void pressure(void)
{
	struct lines l = { 0 };
	struct line line;
	struct bytes in = BYTES("a\nb");

	is_int(lines_next(&l, &usual, in, LINES_WAIT, &line), LINES_MORE, "a may go on");
	is_int(lines_next(&l, &usual, in, LINES_GIVE, &line), 0, "but need not");
	is_bytes(line.raw, BYTES("a"), "it is a record then");
	in = bytes_from(in, line.used);
	is_int(lines_next(&l, &usual, in, LINES_GIVE, &line), LINES_MORE, "b has no newline yet");
	is_int(lines_next(&l, &usual, in, LINES_CUT, &line), 0, "it can be cut");
	ok(bytes_eq(line.raw, BYTES("b")) && line.flags == END_CUT, "as a piece");
	is_int(lines_next(&l, &usual, BYTES("c\nd\n"), LINES_WAIT, &line), 0, "and goes on");
	ok(bytes_eq(line.raw, BYTES("c")) && line.flags == (END_LF | RECORD_CONT), "with its rest");
	/* A view that shrank: the file was cut. */
	l = (struct lines){ 0 };
	lines_next(&l, &usual, BYTES("first\nsecond"), LINES_WAIT, &line);
	is_int(lines_next(&l, &usual, BYTES("x"), LINES_WAIT, &line), LINES_MORE, "shrunk");
	is_int(lines_next(&l, &usual, BYTES("x\ny\n"), LINES_GIVE, &line), 0, "and read anew");
	is_bytes(line.raw, BYTES("x"), "from its own bytes");
}

/* Real logs. In oslo's the records are the lines with a context, counted with
 * grep -cE '^20[0-9-]+ [0-9:.]+ [0-9]+ [A-Z]+ [^ ]+ \[(None|req|-)' */
static void real(const char *name, long long records)
{
	struct buf b = { 0 }, out = { 0 }, back = { 0 };
	struct lines l = { 0 };
	struct line line;
	size_t at = 0;
	long long n = 0;
	char path[256];

	snprintf(path, sizeof(path), "../shared/corpora/openstack-real/logs-info/%s", name);
	if (io_read_file(AT_FDCWD, path, 64 << 20, &b) < 0) {
		skip("no corpus");
		return;
	}
	while (!lines_next(&l, &usual, bytes_from(buf_view(&b), at), LINES_END, &line)) {
		at += line.used;
		buf_bytes(&back, line.raw);
		if ((line.flags & RECORD_END_MASK) == END_LF)
			buf_u8(&back, '\n');
		n++;
	}
	is_int(n, records, "records in %s", name);
	ok(bytes_eq(buf_view(&b), buf_view(&back)), "every byte of %s", name);
	buf_done(&b);
	buf_done(&out);
	buf_done(&back);
}

int main(void)
{
	joins();
	limits();
	pressure();
	real("keystone.log", 144);
	real("cinder-volume.log", 232);
	real("nova-compute1.log", 55);
	real("neutron-openvswitch-agent.head.log", 166);
	real("nova-api.log", 1616);
	real("rabbit.log", 948); /* every line has its stamp, but is not oslo's */
	return done_testing();
}
