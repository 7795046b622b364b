/* SPDX-License-Identifier: Apache-2.0 */
/* A reader beside the writer: what is sealed or grows meanwhile changes nothing for an open view.
 */
#include "scratch.h"
#include <pthread.h>
#include <stdatomic.h>

static const char *dir;
static atomic_bool stop;
static atomic_ullong durable;

/* Records in a view, all of them read; -1 when one is wrong. */
static int64_t count_with(const struct view *v, bool gaps)
{
	uint64_t next = 0, n = 0;

	for (size_t i = 0; i < view_units(v); i++) {
		const struct unit *u = view_unit(v, i);
		struct segment *s;
		struct record rec;

		if (u->first != next && !gaps)
			return -1;
		next = u->first + u->count;
		n += u->count;
		if (!u->live) {
			struct block *b;

			if (view_block(v, i, &b, NULL) || block_info(b)->rows != u->count)
				return -1;
			block_free(b);
			continue;
		}
		if (view_segment(v, i, &s, NULL) || segment_count(s) != u->count)
			return -1;
		for (uint32_t k = 0; k < u->count; k++) {
			segment_record(s, k, &rec);
			if (rec.seq != u->first + k || rec.raw.len < 20)
				return -1;
		}
		segment_free(s);
	}
	return (int64_t)n;
}

static int64_t count(const struct view *v)
{
	return count_with(v, false);
}

static void *reader(void *ctx)
{
	unsigned *bad = ctx;

	while (!atomic_load(&stop)) {
		uint64_t least = atomic_load(&durable);
		struct why why = { 0 };
		struct view *v;
		int64_t n;

		if (view_open(&v, dir, &why)) {
			printf("# %s\n", why.line);
			++*bad;
			continue;
		}
		n = count(v);
		if (n < (int64_t)least) {
			printf("# %lld records, %llu were durable\n", (long long)n,
			       (unsigned long long)least);
			++*bad;
		}
		view_free(v);
		if (scratch_verify(dir))
			++*bad;
	}
	return NULL;
}

static void test_beside_writer(void)
{
	struct ledger_options o = { .block_records = 400, .checkpoint_every = 1 };
	struct ledger *l = scratch_open(dir, &o);
	uint32_t src = scratch_source(l, "/a");
	pthread_t t;
	unsigned bad = 0;

	ledger_commit(l);
	pthread_create(&t, NULL, reader, &bad);
	for (uint64_t i = 0; i < 12000; i += 150) {
		scratch_fill(l, src, i, 150, 70);
		atomic_store(&durable, ledger_size(l));
		if (i % 4 == 0)
			scratch_seal(l);
		ledger_tick(l, clock_real());
	}
	atomic_store(&stop, true);
	pthread_join(t, NULL);
	is_int(bad, 0, "views and verify beside a writer at work");
	ledger_close(l);
	is_int(scratch_verify(dir), 0, "verifies");
	scratch_remove(dir);
	mkdir(dir, 0700);
}

static void test_snapshot(void)
{
	struct ledger_options o = { .block_records = 400 };
	struct ledger *l = scratch_open(dir, &o);
	uint32_t src = scratch_source(l, "/a");
	struct why why;
	struct view *v, *w;
	struct block *b;

	scratch_fill(l, src, 0, 999, 100);
	is_int(view_open(&v, dir, &why), 0, "a view of segments");
	is_int(view_units(v), 3, "units");
	ok(view_unit(v, 0)->live, "live");
	is_int(scratch_seal(l), 2, "sealed meanwhile");
	scratch_fill(l, src, 999, 500, 100);
	is_int(count(v), 1000, "the old view has what it had");
	is_int(view_open(&w, dir, &why), 0, "a new view");
	is_int(count(w), 1500, "has all");
	ok(!view_unit(w, 0)->live && view_unit(w, 3)->live, "blocks and segments");
	is_int(view_unit(w, 1)->arrival_min, SCRATCH_T0 + 399 * 1000, "arrival of a block");
	is_int(view_block(w, 3, &b, &why), -EINVAL, "a segment is no block");
	view_free(v);
	view_free(w);
	ledger_close(l);

	o.keep_bytes = 1;
	l = scratch_open(dir, &o);
	is_int(view_open(&v, dir, &why), 0, "a view");
	ledger_tick(l, clock_real());
	is_int(view_block(v, 0, &b, &why), -ENOENT, "dropped meanwhile: %s", why.line);
	is_int(view_open(&w, dir, &why), 0, "a new view");
	is_int(view_dropped(w), 800, "tells how many are dropped");
	view_free(v);
	view_free(w);
	ledger_close(l);
	scratch_remove(dir);
}

static void spoil(const char *name)
{
	char path[128];
	int fd;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	fd = open(path, O_RDWR | O_CLOEXEC);
	io_pwrite(fd, BYTES("X"), 30);
	close(fd);
}

static void test_harmed(void)
{
	struct ledger_options o = { .block_records = 400 };
	struct ledger *l;
	struct why why = { 0 };
	struct view *v;

	mkdir(dir, 0700);
	l = scratch_open(dir, &o);
	scratch_source(l, "/a");
	scratch_fill(l, scratch_source(l, "/b"), 0, 999, 100);
	scratch_seal(l);
	scratch_source(l, "/c");
	ledger_close(l);
	is_int(view_open(&v, dir, &why), 0, "a view");
	ok(!view_harmed(v, &why), "sound");
	view_free(v);
	spoil("sources");
	is_int(view_open(&v, dir, &why), 0, "a view without the table of sources");
	ok(view_harmed(v, &why), "is told: %s", why.line);
	is_int(view_sources(v), 4, "the records define the sources");
	is_bytes(view_source(v, 2)->name, BYTES("/b"), "as they were");
	is_int(count(v), 1002, "all is read");
	view_free(v);
	spoil("key.pub");
	spoil("ledger");
	is_int(view_open(&v, dir, &why), 0, "a view without identity");
	is_int(count(v), 1002, "all is read");
	view_free(v);
	spoil("blocks/00000000/0000000000000000.vb");
	is_int(view_open(&v, dir, &why), 0, "a view with a harmed block");
	view_free(v);
	scratch_remove(dir);
}

/* What was not touched stays readable, whatever became of the files beside it. */
static void test_exchanged(void)
{
	struct ledger_options o = { .block_records = 400 };
	char path[2][128], other[128];
	struct ledger *l;
	struct why why = { 0 };
	struct view *v;

	mkdir(dir, 0700);
	l = scratch_open(dir, &o);
	scratch_fill(l, scratch_source(l, "/a"), 0, 799, 100);
	scratch_seal(l);
	scratch_fill(l, 1, 799, 900, 100);
	ledger_close(l);
	is_int(view_open(&v, dir, &why), 0, "a view");
	is_int(count(v), 1700, "of blocks and segments");
	view_free(v);

	snprintf(path[0], sizeof(path[0]), "%s/wal/%016x.wal", dir, 1600);
	snprintf(path[1], sizeof(path[1]), "%s/wal/%016x.wal", dir, 800);
	is_int(rename(path[0], path[1]), 0, "the last segment in the place of the first");
	is_int(view_open(&v, dir, &why), 0, "a view");
	is_int(count_with(v, true), 800 + 400, "does not let it hide the one between");
	view_free(v);

	snprintf(path[0], sizeof(path[0]), "%s/blocks/00000000/%016x.vb", dir, 400);
	snprintf(other, sizeof(other), "%s/ledger", dir);
	unlink(path[0]);
	unlink(other);
	is_int(view_open(&v, dir, &why), 0, "a view without identity and with a block deleted");
	ok(view_harmed(v, &why), "is told: %s", why.line);
	is_int(count_with(v, true), 400 + 400, "what is there is read");
	view_free(v);
	scratch_remove(dir);
}

int main(void)
{
	struct why why;
	struct view *v;

	is_int(view_open(&v, "/nonexistent", &why), -ENOENT, "%s", why.line);
	is_int(view_open(&v, "/proc", &why), -ENOENT, "%s", why.line);
	dir = scratch_dir();
	test_beside_writer();
	test_snapshot();
	test_harmed();
	test_exchanged();
	return done_testing();
}
