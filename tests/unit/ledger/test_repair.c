/* SPDX-License-Identifier: Apache-2.0 */
/* Tiles that are lost come back as they were, out of the records; nothing is written that the
 * signed roots do not prove. */
#include "ledger/repair.h"
#include "scratch.h"

static const char *dir;
static struct buf said;

static void take(void *ctx, const char *line)
{
	(void)ctx;
	buf_printf(&said, "%s\n", line);
}

static int repair(uint64_t *ret_tiles)
{
	struct repair_options o = { .dir = dir, .say = take };
	struct why why = { 0 };
	int r;

	buf_clear(&said);
	*ret_tiles = 0;
	r = repair_tiles(&o, ret_tiles, &why);
	if (r < 0)
		printf("# %s\n", why.line);
	return r;
}

static const char *in(const char *name)
{
	static char path[4][256];
	static int n;
	char *to = path[n++ % 4];

	snprintf(to, 256, "%s/%s", dir, name);
	return to;
}

static void read_file(const char *name, struct buf *ret)
{
	buf_clear(ret);
	io_read_file(AT_FDCWD, in(name), 1 << 20, ret);
}

static void flip(const char *name, uint64_t at)
{
	int fd = open(in(name), O_RDWR | O_CLOEXEC);
	uint8_t c = 0;

	io_pread(fd, &c, 1, at);
	c ^= 1;
	io_pwrite(fd, bytes_of(&c, 1), at);
	close(fd);
}

/* 265 groups in blocks of 40 and a bit: one whole tile, an unfinished one, one of level 2. */
static const char *const tiles[] = { "tree/tile/1/000", "tree/tile/1/001.p/9",
				     "tree/tile/2/000.p/1" };

static void test_lost(void)
{
	struct ledger_options o = { .block_records = 10300 };
	struct ledger *l = scratch_open(dir, &o);
	struct buf was[3] = { 0 }, now = { 0 };
	struct why why = { 0 };
	uint64_t n;

	scratch_fill(l, scratch_source(l, "/a"), 0, 68000, 5000);
	ledger_close_segment(l);
	scratch_seal(l);
	is_int(repair(&n), -EBUSY, "not beside a writer");
	ledger_close(l);
	for (int i = 0; i < 3; i++) {
		read_file(tiles[i], &was[i]);
		ok(was[i].len > 0, "%s is there", tiles[i]);
	}
	is_int(repair(&n), 0, "a sound ledger");
	is_int(n, 0, "nothing is written");

	scratch_remove(in("tree"));
	o.dir = dir;
	ok(ledger_open(&l, &o, &why) < 0, "cannot be written without tiles: %s", why.line);
	is_int(repair(&n), 0, "all tiles lost");
	is_int(n, 3, "all made again: %s", buf_cstr(&said));
	for (int i = 0; i < 3; i++) {
		read_file(tiles[i], &now);
		is_bytes(buf_view(&now), buf_view(&was[i]), "%s as it was", tiles[i]);
	}
	is_int(scratch_verify(dir), 0, "proven");
	flip(tiles[0], 5000);
	is_int(scratch_verify(dir), 1, "one is harmed");
	is_int(repair(&n), 0, "repaired");
	is_int(n, 1, "that one: %s", buf_cstr(&said));
	is_int(scratch_verify(dir), 0, "proven");

	/* A harmed block: the tiles stand for it while they are sound; else it ends there. */
	flip("blocks/00000000/000000000000283c.vb", 2000);
	unlink(in(tiles[2]));
	is_int(repair(&n), 0, "a harmed block under sound tiles");
	is_int(n, 1, "what was lost is made again");
	flip(tiles[0], 45 * 32);
	unlink(in(tiles[1]));
	is_int(repair(&n), REPAIR_STOPPED, "no proof goes past records and tiles both harmed");
	is_int(n, 0, "nothing unproven is written: %s", buf_cstr(&said));
	flip(tiles[0], 45 * 32);
	flip("blocks/00000000/000000000000283c.vb", 2000);
	is_int(repair(&n), 0, "the records came back");
	is_int(scratch_verify(dir), 0, "proven");
	for (int i = 0; i < 3; i++)
		buf_done(&was[i]);
	buf_done(&now);
}

static void test_dropped(void)
{
	struct ledger_options o = { .block_records = 10300, .keep_bytes = 1 };
	struct ledger *l = scratch_open(dir, &o);
	uint64_t n;

	ledger_tick(l, clock_real());
	ledger_close(l);
	is_int(scratch_verify(dir), 0, "all blocks are dropped");
	unlink(in(tiles[2]));
	is_int(repair(&n), 0, "the level above is made from the one below");
	is_int(n, 1, "%s", buf_cstr(&said));
	is_int(scratch_verify(dir), 0, "proven");
	unlink(in(tiles[0]));
	is_int(repair(&n), REPAIR_STOPPED, "hashes of dropped records cannot come back");
	is_int(n, 0, "is said: %s", buf_cstr(&said));
}

int main(void)
{
	dir = scratch_dir();
	test_lost();
	test_dropped();
	buf_done(&said);
	scratch_remove(dir);
	return done_testing();
}
