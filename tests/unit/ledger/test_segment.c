/* SPDX-License-Identifier: Apache-2.0 */
/* Log-ahead segments: torn and harmed at every byte, forged frames inside records. */
#include "ledger/wal_frame.h"
#include "scratch.h"

static struct buf file;

static void make(const char *dir)
{
	struct ledger *l = scratch_open(dir, NULL);
	uint32_t src = scratch_source(l, "/a");

	scratch_fill(l, src, 0, 9, 3);
	ledger_close(l);
}

static int put_file(const char *dir, struct bytes b)
{
	char path[128];
	int fd, r;

	snprintf(path, sizeof(path), "%s/wal/0000000000000000.wal", dir);
	fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	r = fd < 0 ? -errno : io_write(fd, b);
	close(fd);
	return r;
}

static int get_file(const char *dir)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/wal/0000000000000000.wal", dir);
	buf_clear(&file);
	return io_read_file(AT_FDCWD, path, 8 << 20, &file);
}

/* How many records, and whether damage is said. */
static int look(const char *dir, uint32_t *ret_n, bool *ret_damaged, bool *ret_torn)
{
	char path[128];
	struct segment *s;
	struct why why;
	int r;

	snprintf(path, sizeof(path), "%s/wal/0000000000000000.wal", dir);
	r = segment_open_whole(&s, AT_FDCWD, path, &why);
	if (r)
		return r;
	*ret_n = segment_count(s);
	*ret_damaged = segment_damaged(s, &why);
	*ret_torn = segment_end(s)->torn;
	for (uint32_t i = 0; i < *ret_n; i++) {
		struct record rec;

		segment_record(s, i, &rec);
		if (segment_leaf(s, i).len != rec.raw.len + 16)
			r = -EINVAL;
	}
	segment_free(s);
	return r;
}

static void test_harm(const char *dir)
{
	unsigned unseen = 0, lost = 0, n_cut = 0;
	uint32_t n, whole;
	bool damaged, torn;

	is_int(look(dir, &whole, &damaged, &torn), 0, "a segment opens");
	is_int(whole, 10, "with its records");
	ok(!damaged && !torn, "sound");
	for (size_t i = 0; i < file.len; i++) {
		int r;

		file.at[i] ^= 4;
		put_file(dir, buf_view(&file));
		r = look(dir, &n, &damaged, &torn);
		unseen += !r && n == whole && !damaged && !torn;
		/* three of ten at most are in one frame */
		lost += !r && damaged && n < whole - 4;
		file.at[i] ^= 4;
	}
	is_int(unseen, 0, "a flip at any byte of %zu is seen", file.len);
	is_int(lost, 0, "frames behind the harmed one are still read");
	for (size_t i = 0; i < file.len; i++) {
		int r;

		put_file(dir, bytes_sub(buf_view(&file), 0, i));
		r = look(dir, &n, &damaged, &torn);
		n_cut += r == 0;
		unseen += !r && (n >= whole || damaged);
	}
	is_int(unseen, 0, "cut at any byte, whole frames before are read");
	ok(n_cut > file.len / 2, "mostly");
	put_file(dir, buf_view(&file));
}

/* A sender who puts a whole frame into a record must not be able to make one: it would turn a torn
 * end into damage, and the ledger would not open. */
static void test_forged(void)
{
	const char *dir = scratch_dir();
	struct ledger *l = scratch_open(dir, NULL);
	uint32_t src = scratch_source(l, "/a");
	struct leaf_head head = { 1, 1, 0 };
	struct buf f = { 0 }, all = { 0 };
	bool damaged, torn;
	uint32_t n;

	for (uint64_t salt = 0; salt < 4; salt++) {
		buf_clear(&f);
		wal_frame_begin(&f);
		wal_frame_put(&f, &head, BYTES("forged"));
		wal_frame_finish(&f, 0, salt, 2, 1, 0, 0);
		for (unsigned pad = 0; pad < 8; pad++) {
			buf_clear(&all);
			buf_add(&all, "        ", pad);
			buf_bytes(&all, buf_view(&f));
			ledger_put(l, src, 1, 0, buf_view(&all));
		}
	}
	is_int(ledger_commit(l), 0, "records with frames in them");
	ledger_close(l);
	get_file(dir);
	put_file(dir, bytes_sub(buf_view(&file), 0, file.len - 20));
	is_int(look(dir, &n, &damaged, &torn), 0, "torn in that frame");
	ok(torn && !damaged && n == 0, "is torn, not damaged");
	buf_done(&f);
	buf_done(&all);
	scratch_remove(dir);
}

static void test_recovery(const char *dir)
{
	struct ledger_options o = { .dir = dir };
	struct ledger *l;
	struct why why;

	/* Behind what is signed a torn frame is cut; what is signed must be there. */
	file.at[file.len - 12] ^= 1;
	put_file(dir, buf_view(&file));
	is_int(ledger_open(&l, &o, &why), -EBADMSG, "signed records are missing: not opened");
	ok(strstr(why.line, "vedette verify") != NULL, "and what to do is said: %s", why.line);
	is_int(scratch_verify(dir), 1, "verify says so too");
	file.at[file.len - 12] ^= 1;
	file.at[SEGMENT_HEADER + 40] ^= 1;
	put_file(dir, buf_view(&file));
	is_int(ledger_open(&l, &o, &why), -EBADMSG, "harm in the middle: not opened");
	ok(strstr(why.line, "cannot be read") != NULL, "said: %s", why.line);
	file.at[SEGMENT_HEADER + 40] ^= 1;
	put_file(dir, buf_view(&file));
	l = scratch_open(dir, NULL);
	is_int(ledger_size(l), 10, "sound again");
	ledger_close(l);
	scratch_remove(dir);
}

static void test_unsigned_tail(void)
{
	const char *dir = scratch_dir();
	struct ledger *l = scratch_open(dir, NULL);
	uint32_t src = scratch_source(l, "/a");
	struct verify_result res;
	uint64_t whole;

	scratch_fill(l, src, 0, 5, 5);
	ledger_checkpoint(l);
	scratch_fill(l, src, 5, 5, 5);
	get_file(dir);
	whole = file.len;
	is_int(scratch_verify_with(dir, NULL, NULL, false, &res, NULL), 0, "verifies");
	is_int(res.unsigned_records, 5, "the unsigned tail is told");
	while (file.len && !file.at[file.len - 1])
		file.len--;
	ok(file.len < whole, "room was taken in advance");
	ledger_close(l);
	scratch_remove(dir);
}

int main(void)
{
	const char *dir = scratch_dir();

	make(dir);
	get_file(dir);
	test_harm(dir);
	test_recovery(dir);
	test_forged();
	test_unsigned_tail();
	buf_done(&file);
	return done_testing();
}
