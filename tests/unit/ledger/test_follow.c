/* SPDX-License-Identifier: Apache-2.0 */
/* A segment is read while the keeper writes it: each record once it is durable, none before, and
 * what was lent stays where it was while the file grows by megabytes. */
#include "scratch.h"

static struct segment *follow(const struct ledger *l, size_t i)
{
	struct ledger_segment at;
	struct segment *s = NULL;
	struct why why = { "" };
	int fd;

	ledger_segment(l, i, &at);
	fd = open(at.path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || segment_follow(&s, fd, &why) < 0)
		printf("# %s: %s\n", at.path, why.line);
	close(fd);
	return s;
}

static void test_grows(void)
{
	const char *dir = scratch_dir();
	struct ledger *l = scratch_open(dir, NULL);
	uint32_t source = scratch_source(l, "/a");
	struct record first, again;
	struct bytes lent;
	struct segment *s;
	uint32_t n;

	scratch_fill(l, source, 0, 9, 3);
	s = follow(l, 0);
	is_int(segment_count(s), 0, "nothing is read by itself");
	is_int(segment_more(s, 0), 0, "nothing is durable: nothing is read");
	is_int(segment_more(s, 10), 10, "ten records are durable: they are read");
	segment_record(s, 1, &first);
	lent = first.raw;
	scratch_put(l, source, 9);
	is_int(segment_more(s, ledger_size(l)), 10, "one that waits for its commit is not there");
	scratch_fill(l, source, 10, 40000, 500);
	is_int(segment_more(s, 20), 10 + 501,
	       "a whole batch, when its first records are asked for");
	n = segment_more(s, ledger_size(l));
	is_int(n, ledger_size(l), "all that is durable");
	segment_record(s, 1, &again);
	ok(again.raw.at == lent.at && bytes_eq(again.raw, lent), "what was lent has not moved");
	segment_record(s, n - 1, &again);
	is_int(again.seq, n - 1, "the last record is the newest");
	segment_free(s);
	ledger_close(l);
	scratch_remove(dir);
}

static void test_goes_on_in_the_next(void)
{
	const struct ledger_options o = { .block_records = 100 };
	const char *dir = scratch_dir();
	struct ledger *l = scratch_open(dir, &o);
	uint32_t source = scratch_source(l, "/a");
	struct ledger_segment at;
	struct segment *s;
	uint64_t next = 0;
	bool all = true;

	scratch_fill(l, source, 0, 999, 70);
	is_int(ledger_segments(l), 10, "a thousand records in segments of a hundred");
	for (size_t i = 0; i < ledger_segments(l); i++) {
		ledger_segment(l, i, &at);
		s = follow(l, i);
		all &= at.first == next && segment_first(s) == next;
		all &= segment_more(s, at.closed ? at.first + at.count : ledger_size(l)) ==
		       at.count;
		next += at.count;
		segment_free(s);
	}
	ok(all && next == 1000, "each is read to its end, and the next begins there");
	ledger_segment(l, 9, &at);
	ok(at.closed == (at.count == 100) && at.first == 900, "only the last may be open");
	ledger_close(l);
	scratch_remove(dir);
}

int main(void)
{
	test_grows();
	test_goes_on_in_the_next();
	return done_testing();
}
