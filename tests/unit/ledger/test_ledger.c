/* SPDX-License-Identifier: Apache-2.0 */
#include "scratch.h"

static void test_life(void)
{
	const char *dir = scratch_dir();
	struct ledger_options o = { .block_records = 1000 };
	struct ledger *l = scratch_open(dir, &o);
	struct verify_result res;
	uint32_t src;

	ok(l != NULL, "a new ledger opens");
	if (!l)
		return;
	src = scratch_source(l, "/var/log/a");
	is_int(src, 1, "the first source is 1");
	is_int(scratch_source(l, "/var/log/a"), 1, "and found again");
	is_int(scratch_fill(l, src, 0, 3499, 170), 0, "records go in");
	is_int(ledger_size(l), 3500, "with the definition");
	is_int(ledger_position(l, src, BYTES("offset 17")), 0, "a position");
	is_int(ledger_ring_position(l, 3, 12345), 0, "a ring's");
	ok(!ledger_position_of(l, src).len, "is not durable yet");
	is_int(ledger_commit(l), 0, "commit");
	is_bytes(ledger_position_of(l, src), BYTES("offset 17"), "and now it is");
	is_int(scratch_verify(dir), 0, "verifies while it is open");
	is_int(scratch_seal(l), 3, "three segments are sealed");
	is_int(scratch_verify(dir), 0, "verifies");
	ledger_close(l);
	is_int(scratch_verify_with(dir, NULL, NULL, false, &res, NULL), 0, "verifies when closed");
	is_int(res.records, 3500, "records");
	is_int(res.blocks, 3, "blocks");
	is_int(res.unsigned_records, 0, "all signed");
	l = scratch_open(dir, &o);
	ok(l != NULL, "opens again");
	if (!l)
		return;
	is_int(ledger_size(l), 3500, "with all records");
	is_bytes(ledger_position_of(l, src), BYTES("offset 17"), "and the position");
	is_int(ledger_ring_position_of(l, 3), 12345, "and the ring's");
	is_int(scratch_source(l, "/var/log/a"), 1, "and the source");
	is_int(scratch_fill(l, src, 3499, 5000, 333), 0, "more");
	is_int(ledger_close_segment(l), 0, "close the segment");
	is_int(scratch_seal(l), 6, "sealed");
	is_int(ledger_size(l), 8500, "size");
	ledger_close(l);
	is_int(scratch_verify(dir), 0, "verifies");
	l = scratch_open(dir, &o);
	is_bytes(ledger_position_of(l, src), BYTES("offset 17"), "the position outlived segments");
	ledger_close(l);
	is_int(scratch_verify(dir), 0, "verifies");
	scratch_remove(dir);
}

/* One commit over several segments is one batch: all of it or nothing. */
static void test_long_batch(void)
{
	const char *dir = scratch_dir();
	struct ledger_options o = { .block_records = 100 };
	struct ledger *l = scratch_open(dir, &o);
	uint32_t src = scratch_source(l, "/a");
	struct ledger_counts c;

	for (uint64_t i = 0; i < 949; i++)
		scratch_put(l, src, i);
	is_int(ledger_size(l), 0, "nothing is durable before the commit");
	ok(ledger_pending(l) > 949 * 60, "bytes wait");
	is_int(ledger_commit(l), 0, "one commit");
	is_int(ledger_size(l), 950, "all durable");
	is_int(ledger_pending(l), 0, "nothing waits");
	ledger_counts(l, &c);
	is_int(c.closed_segments, 9, "nine segments are full, exactly");
	is_int(scratch_seal(l), 9, "sealed");
	is_int(scratch_verify(dir), 0, "verifies");
	ledger_close(l);
	l = scratch_open(dir, &o);
	is_int(ledger_size(l), 950, "opens");
	is_int(scratch_fill(l, src, 949, 51, 51), 0, "the open segment is filled");
	ledger_counts(l, &c);
	is_int(c.closed_segments, 1, "and closed");
	ledger_close(l);
	is_int(scratch_verify(dir), 0, "verifies");
	scratch_remove(dir);
}

static void test_limits(void)
{
	const char *dir = scratch_dir();
	struct ledger_options o = { .block_bytes = 100000 }, bad = { .dir = dir };
	struct ledger *l = scratch_open(dir, &o), *second;
	uint32_t src = scratch_source(l, "/a");
	static uint8_t big[RECORD_MAX + 1];
	struct ledger_counts c;
	struct why why;

	is_int(ledger_put(l, src, 1, 0, bytes_of(big, sizeof(big))), -EMSGSIZE, "too long");
	is_int(ledger_put(l, src, 1, 0, bytes_of(big, RECORD_MAX)), 0, "as long as may be");
	is_int(ledger_put(l, src, 1, 0, bytes_of(NULL, 0)), 0, "empty");
	is_int(ledger_put(l, 77, 1, 0, BYTES("x")), -EINVAL, "no such source");
	is_int(ledger_put(l, src, 1, 64, BYTES("x")), -EINVAL, "no such flag");
	is_int(ledger_note(l, BYTES("{\"event\":\"source\",\"id\":9}")), -EINVAL,
	       "a definition cannot be forged");
	is_int(ledger_note(l, BYTES("hello")), -EINVAL, "a note is a JSON object");
	is_int(ledger_note(l, BYTES("{\"event\":\"hello\"}")), 0, "a note");
	is_int(ledger_position(l, src, bytes_of(big, 4097)), -EMSGSIZE, "position too long");
	is_int(ledger_ring_position(l, 64, 1), -EINVAL, "no such ring");
	is_int(ledger_commit(l), 0, "commit");
	is_int(ledger_open(&second, &bad, &why), -EBUSY, "a second writer: %s", why.line);
	ok(strstr(why.line, "process") != NULL, "who it is is said");
	ledger_counts(l, &c);
	is_int(c.closed_segments, 2, "a huge record has a segment to itself");
	for (int i = 0; i < 20; i++) {
		int r = ledger_put(l, src, 1, 0, bytes_of(big, RECORD_MAX));

		if (r) {
			is_int(r, -ENOBUFS, "a batch has its limit, after %d", i);
			break;
		}
	}
	is_int(ledger_commit(l), 0, "commit makes room");
	is_int(ledger_put(l, src, 1, 0, BYTES("x")), 0, "goes on");
	ledger_close(l);
	is_int(scratch_verify(dir), 0, "verifies");
	bad.create = true;
	bad.dir = "/dev/null";
	ok(ledger_open(&second, &bad, &why) < 0, "not a directory: %s", why.line);
	bad.dir = "/proc";
	ok(ledger_open(&second, &bad, &why) < 0, "not empty: %s", why.line);
	bad.create = false;
	is_int(ledger_open(&second, &bad, &why), -ENOENT, "no ledger: %s", why.line);
	scratch_remove(dir);
}

static void test_sources(void)
{
	const char *dir = scratch_dir();
	struct ledger *l = scratch_open(dir, NULL);
	struct source odd = { .kind = SOURCE_SYSLOG_UDP,
			      .host = BYTES("h\xff\"\\\n"),
			      .name = BYTES("\0\xe2\x80\xa8"),
			      .year = 2024,
			      .zone_minutes = -90 };
	struct source same_but_year = odd;
	const struct source *s;
	uint32_t a, b;
	struct view *v;
	struct why why;

	same_but_year.year = 2025;
	is_int(ledger_source(l, &odd, &a), 0, "any bytes are a name");
	is_int(ledger_source(l, &same_but_year, &b), 0, "another year");
	ok(a != b, "is another source");
	for (int i = 0; i < 500; i++) {
		char name[32];

		snprintf(name, sizeof(name), "/var/log/%d", i);
		scratch_source(l, name);
	}
	is_int(ledger_close_segment(l), 0, "close");
	is_int(scratch_seal(l), 1, "seal");
	is_int(scratch_source(l, "late"), 503, "one in the open segment");
	ledger_close(l);
	is_int(scratch_verify(dir), 0, "verifies");
	is_int(view_open(&v, dir, &why), 0, "view");
	is_int(view_sources(v), 504, "all sources");
	s = view_source(v, a);
	ok(s && bytes_eq(s->host, odd.host) && bytes_eq(s->name, odd.name) && s->year == 2024 &&
		   s->zone_minutes == -90 && s->kind == SOURCE_SYSLOG_UDP,
	   "as it was defined");
	ok(!view_source(v, 504), "no more");
	view_free(v);
	l = scratch_open(dir, NULL);
	is_int(ledger_source(l, &odd, &b), 0, "found again");
	is_int(b, a, "the same");
	is_int(scratch_source(l, "late"), 503, "the late one");
	ledger_close(l);
	scratch_remove(dir);
}

static void test_adopt(void)
{
	const char *dir = scratch_dir(), *path;
	struct ledger_options o = { .block_records = 100 };
	struct ledger *l = scratch_open(dir, &o);
	uint32_t src = scratch_source(l, "/a");
	struct buf first = { 0 }, second = { 0 };
	struct why why = { 0 };
	char path2[128];
	uint64_t at;

	scratch_fill(l, src, 0, 250, 50);
	ok(ledger_closed_segment(l, &at, &path), "a closed segment");
	is_int(scratch_encode(path, &first, &why), 0, "its block");
	snprintf(path2, sizeof(path2), "%s/wal/0000000000000064.wal", dir);
	is_int(scratch_encode(path2, &second, &why), 0, "the next one's");
	is_int(ledger_adopt(l, 0, buf_view(&second), &why), -EBADMSG, "%s", why.line);
	is_int(ledger_adopt(l, 100, buf_view(&second), &why), -EINVAL, "%s", why.line);
	is_int(ledger_adopt(l, 0, BYTES("nonsense"), &why), -EBADMSG, "%s", why.line);
	ok(ledger_closed_segment(l, &at, &path), "the segment stays");
	is_int(scratch_verify(dir), 0, "nothing was harmed");
	is_int(scratch_seal(l), 2, "the true ones");
	ok(!ledger_closed_segment(l, &at, &path), "no more");
	ledger_close(l);
	is_int(scratch_verify(dir), 0, "verifies");
	buf_done(&first);
	buf_done(&second);
	scratch_remove(dir);
}

static void test_time(void)
{
	const char *dir = scratch_dir();
	struct ledger_options o = { .block_age = 60 * USEC_PER_SEC,
				    .checkpoint_every = 5 * USEC_PER_SEC };
	struct ledger *l = scratch_open(dir, &o);
	usec now = clock_real();
	struct ledger_counts c;

	ledger_put(l, 0, now, END_FRAME, BYTES("x"));
	ledger_commit(l);
	is_int(ledger_tick(l, now + 59 * USEC_PER_SEC), 0, "tick");
	ledger_counts(l, &c);
	is_int(c.closed_segments, 0, "too young");
	is_int(c.checkpoints, 1, "a checkpoint was due");
	ledger_tick(l, now + 70 * USEC_PER_SEC);
	ledger_counts(l, &c);
	is_int(c.closed_segments, 1, "a segment is closed by age");
	is_int(c.checkpoints, 1, "no new checkpoint for the same tree");
	ledger_put(l, 0, now, END_FRAME, BYTES("y"));
	is_int(ledger_commit(l), 0, "goes on in the next");
	ledger_tick(l, now); /* the clock stepped back: signed all the same */
	ledger_counts(l, &c);
	is_int(c.checkpoints, 2, "a clock that steps back does not stop checkpoints");
	ledger_close(l);
	is_int(scratch_verify(dir), 0, "verifies");
	scratch_remove(dir);
}

/* Many checkpoints: the row keeps to its budget, and stays sound. */
static void test_history(void)
{
	const char *dir = scratch_dir();
	struct ledger *l = scratch_open(dir, NULL);
	char path[128];
	struct stat st;
	int r = 0;

	for (int i = 0; i < 6500 && !r; i++) {
		r = ledger_put(l, 0, SCRATCH_T0 + i, END_FRAME, BYTES("x"));
		if (!r)
			r = ledger_commit(l);
		if (!r)
			r = ledger_checkpoint(l);
	}
	is_int(r, 0, "many checkpoints");
	ledger_close(l);
	snprintf(path, sizeof(path), "%s/checkpoints", dir);
	is_int(stat(path, &st), 0, "the row");
	ok(st.st_size < 1 << 20, "keeps to its budget: %lld bytes", (long long)st.st_size);
	l = scratch_open(dir, NULL);
	ok(l != NULL, "opens");
	ledger_close(l);
	is_int(scratch_verify(dir), 0, "verifies");
	scratch_remove(dir);
}

int main(void)
{
	test_life();
	test_long_batch();
	test_limits();
	test_sources();
	test_adopt();
	test_time();
	test_history();
	return done_testing();
}
