/* SPDX-License-Identifier: Apache-2.0 */
/* The small parts: names of rotated files, positions, the stage, batches, limits, control. */
#include "guard/fdpass.h"
#include "intake/batch.h"
#include "intake/control.h"
#include "intake/counts.h"
#include "intake/position.h"
#include "intake/rotation.h"
#include "intake/stage.h"
#include "tap.h"
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

static void rotation(void)
{
	static const char *const yes[] = {
		"/d/app.log.1",	  "/d/app.log-20261122",	  "/d/app.log.2026-11-22",
		"/d/app.log.old", "/d/app.log-2026112207.backup", "/d/app-20261122.log",
		"/d/app.1.log",	  "/d/app.log-20261122-01",	  "/d/app.log.2026-11-22T01:00"
	};
	static const char *const no[] = { "/d/app.log",	     "/d/app.log.1.gz", "/d/app.log.bak",
					  "/d/apple.log",    "/d/app.logs",	"/e/app.log.1",
					  "/d/x/app.log.1",  "/d/app.log.",	"/d/app.log1",
					  "/d/app-1.log.gz", "/d/app.log.-",	"/d/app1.log" };
	size_t bad = 0;

	for (size_t i = 0; i < sizeof(yes) / sizeof(*yes); i++)
		if (!rotation_of(BYTES("/d/app.log"), bytes_str(yes[i])) && ++bad)
			printf("# %s is a rotated name\n", yes[i]);
	for (size_t i = 0; i < sizeof(no) / sizeof(*no); i++)
		if (rotation_of(BYTES("/d/app.log"), bytes_str(no[i])) && ++bad)
			printf("# %s is no rotated name\n", no[i]);
	is_int(bad, 0, "names that rotation gives");
	ok(rotation_of(BYTES("/d/syslog"), BYTES("/d/syslog.1")) &&
		   !rotation_of(BYTES("/d/.x"), BYTES("/d/1.x")),
	   "names without an extension");
	ok(rotation_compressed(BYTES("/d/a.log.2.gz")) && !rotation_compressed(BYTES("/d/a.log")),
	   "compressed names");
}

static void positions(void)
{
	struct position p[POSITION_FILES] = { 0 }, q[POSITION_FILES];
	char path[] = "/tmp/vedette-position-XXXXXX";
	struct buf b = { 0 }, again = { 0 };
	int fd = mkstemp(path);
	size_t n, bad = 0;

	for (size_t i = 0; i < POSITION_FILES; i++)
		p[i] = (struct position){ .dev = i, .ino = i * 7, .offset = 1000, .head_len = 9 };
	position_encode(&b, p, POSITION_FILES);
	ok(b.len <= BATCH_POSITION_MAX, "as many files as there may be fit: %zu bytes", b.len);
	ok(position_decode(buf_view(&b), q, &n) && n == POSITION_FILES, "and are positions");
	position_encode(&again, q, n);
	ok(bytes_eq(buf_view(&again), buf_view(&b)), "the same");
	buf_done(&again);
	for (size_t i = 0; i < b.len; i++)
		bad += position_decode(bytes_sub(buf_view(&b), 0, i), q, &n);
	is_int(bad, 0, "no part of it is a position");
	if (fd < 0 || write(fd, "0123456789abcdef", 16) != 16)
		abort();
	p[0] = (struct position){ .offset = 10 };
	is_int(position_take(fd, &p[0]), 0, "taken");
	is_int(position_check(fd, &p[0]), POSITION_SAME, "the same");
	if (pwrite(fd, "X", 1, 12) != 1)
		abort();
	is_int(position_check(fd, &p[0]), POSITION_SAME, "what comes later does not matter");
	if (ftruncate(fd, 5) < 0)
		abort();
	is_int(position_check(fd, &p[0]), POSITION_SHORT, "shorter");
	if (pwrite(fd, "y123456789", 10, 0) != 10)
		abort();
	is_int(position_check(fd, &p[0]), POSITION_OTHER, "another");
	close(fd);
	unlink(path);
	buf_done(&b);
}

/* Against a plain queue. */
static void staging(void)
{
	struct speaker sp[3] = { { .handle = 1 }, { .handle = 2 }, { .handle = 3 } };
	static uint8_t room[3000];
	size_t lens[4096], head = 0, tail = 0, bad = 0;
	struct stage s;
	struct staged e;

	stage_init(&s, 1 << 16);
	srand(7);
	for (int i = 0; i < 200000; i++) {
		if (rand() % 2) {
			size_t len = (size_t)rand() % sizeof(room), k = (size_t)rand() % 3;

			memset(room, (int)(head & 255), len);
			if (stage_put(&s, &sp[k], (usec)head, false, END_FRAME,
				      bytes_of(room, len)))
				lens[head++ % 4096] = len;
		} else if (stage_peek(&s, &e)) {
			bad += e.raw.len != lens[tail % 4096] || e.arrival != (usec)tail ||
			       (e.raw.len && (e.raw.at[0] != (tail & 255) ||
					      e.raw.at[e.raw.len - 1] != (tail & 255)));
			if (e.raw.len > 10 && rand() % 10 == 0) {
				stage_shorten(&s, 10);
				stage_peek(&s, &e);
				bad += e.raw.len != lens[tail % 4096] - 10 || !e.cont;
			}
			stage_drop(&s);
			tail++;
		} else {
			bad += head != tail;
		}
	}
	while (stage_peek(&s, &e)) {
		stage_drop(&s);
		tail++;
	}
	is_int(bad, 0, "first in, first out, %zu times", head);
	ok(head == tail && !s.used && !sp[0].staged && !sp[1].staged && !sp[2].staged,
	   "and nothing stays");
	while (stage_put(&s, &sp[0], 0, false, END_FRAME, bytes_of(room, 1000)))
		;
	ok(sp[0].staged <= s.cap / 2 + 1100, "one alone takes half");
	ok(stage_put(&s, &sp[1], 0, false, END_FRAME, bytes_of(room, 1000)), "another finds room");
	stage_done(&s);
}

static void batches(void)
{
	struct source def;
	struct cursor c;
	struct leaf_head head;
	struct bytes raw;
	uint32_t h;

	is_int(batch_source(BYTES("\1\0\0\0\1\xea\x07\x3c\0\2\0hh\3\0nnn"), &h, &def), 0, "source");
	ok(h == 1 && def.kind == SOURCE_FILE && def.year == 2026 && def.zone_minutes == 60 &&
		   bytes_eq(def.host, BYTES("hh")) && bytes_eq(def.name, BYTES("nnn")),
	   "its parts");
	is_int(batch_source(BYTES("\1\0\0\0\0\0\0\0\0\0\0\0\0"), &h, &def), BATCH_BAD,
	       "nobody else may be Vedette itself");
	is_int(batch_source(BYTES("\1\0\0\0\1\0\0\0\0\0\0\0\0x"), &h, &def), BATCH_BAD, "rubbish");
	c = cursor_of(BYTES("\3\0\0\0"
			    "AAAAAAAA\1\0\0\0\0\0\0\0abc"
			    "\0\0\0\0"
			    "AAAAAAAA\1\0\0\0\0\0\0\0"));
	ok(!batch_next(&c, &head, &raw) && bytes_eq(raw, BYTES("abc")), "a record");
	ok(!batch_next(&c, &head, &raw) && !raw.len, "an empty one");
	is_int(batch_next(&c, &head, &raw), BATCH_END, "the end");
	c = cursor_of(BYTES("\4\0\0\0AAAAAAAA\1\0\0\0\0\0\0\0abc"));
	is_int(batch_next(&c, &head, &raw), BATCH_BAD, "cut off");
	is_int(batch_note(BYTES("\0\0\0\0{\"a\":1}"), &h, &raw), 0, "a note");
	is_int(batch_note(BYTES("\0\0\0\0{\"a\"\n:1}"), &h, &raw), BATCH_BAD, "is one line");
}

static void control(void)
{
	struct control c = { .type = CTL_ROTATED,
			     .name = BYTES("/d/a.1"),
			     .base = BYTES("/d/a"),
			     .dev = 5,
			     .ino = 6,
			     .watch = 7 },
		       d;
	struct intake_limits l;
	struct buf b = { 0 };
	int s[2], i;

	if (fdpass_pair(s) < 0)
		abort();
	c.fd = open("/dev/null", O_RDONLY);
	is_int(control_send(s[0], &c), 0, "sent");
	is_int(control_receive(s[1], &b, &d), 0, "received");
	ok(d.type == CTL_ROTATED && d.dev == 5 && d.ino == 6 && d.watch == 7 && d.fd >= 0 &&
		   bytes_eq(d.name, c.name) && bytes_eq(d.base, c.base),
	   "with its descriptor");
	close(d.fd);
	close(c.fd);
	intake_limits_default(&l);
	l.record_limit = 12345;
	is_int(control_limits(s[0], &l), 0, "limits");
	ok(!control_receive(s[1], &b, &d) && !memcmp(&d.limits, &l, sizeof(l)), "come back");
	l.record_limit = 1;
	control_limits(s[0], &l);
	is_int(control_receive(s[1], &b, &d), CONTROL_BAD, "but not those that make no sense");
	fdpass_send(s[0], BYTES("\x63"), NULL, 0);
	is_int(control_receive(s[1], &b, &d), CONTROL_BAD, "nor rubbish");
	is_int(control_receive(s[1], &b, &d), CONTROL_NONE, "nothing more");
	for (i = 0; i < 100000 && control_stop(s[0]) == 0; i++)
		;
	is_int(control_stop(s[0]), CONTROL_FULL, "after %d unread ones it is full", i);
	close(s[0]);
	while (!control_receive(s[1], &b, &d))
		;
	is_int(control_receive(s[1], &b, &d), CONTROL_CLOSED, "closed");
	close(s[1]);
	buf_done(&b);
}

static void counting(void)
{
	struct counts *c = counts_new();
	struct count_view v;

	ok(!counts_row(c, 0, &v) && !counts_row(c, 1u << 30, &v), "no row");
	counts_name(c, 1, SOURCE_SYSLOG_UDP, BYTES("192.0.2.1"), BYTES("192.0.2.1"));
	count_add(&c->row[0].records, 5);
	ok(counts_row(c, 0, &v) && v.records == 5 && v.kind == SOURCE_SYSLOG_UDP, "a row");
	is_str(v.name, "192.0.2.1", "its name");
	is_int(counts_ack(c, 0.5), 0, "no samples");
	count_add(&c->ack[10], 99);
	count_add(&c->ack[14], 1);
	ok(counts_ack(c, 0.5) == 1024 && counts_ack(c, 0.999) == 16384, "quantiles");
	counts_free(c);
}

int main(void)
{
	struct intake_limits l;
	struct why why = { "" };

	rotation();
	positions();
	staging();
	batches();
	control();
	counting();
	intake_limits_default(&l);
	is_int(intake_limits_check(&l, &why), 0, "the defaults make sense");
	l.max_sources = 1;
	ok(intake_limits_check(&l, &why) == -EINVAL, "refused: %s", why.line);
	return done_testing();
}
