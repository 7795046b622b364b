/* SPDX-License-Identifier: Apache-2.0 */
/* What verify tells: with a checkpoint kept elsewhere, after retention, of harmed blocks. The
 * campaigns over all files are tests/fault/tamper.py. */
#include "base/hash.h"
#include "ledger/blocks.h"
#include "ledger/seal/checkpoint.h"
#include "ledger/seal/identity.h"
#include "ledger/wal_frame.h"
#include "scratch.h"
#include <sys/wait.h>

static const char *dir;

static void copy_file(const char *from, const char *to)
{
	struct buf b = { 0 };
	int fd;

	io_read_file(AT_FDCWD, from, 64 << 20, &b);
	fd = open(to, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	io_write(fd, buf_view(&b));
	close(fd);
	buf_done(&b);
}

static const char *in(const char *name)
{
	static char path[4][256];
	static int n;
	char *to = path[n++ % 4];

	snprintf(to, 256, "%s/%s", dir, name);
	return to;
}

static const char *keep(int i)
{
	static char path[8][256];

	snprintf(path[i], 256, "%s.kept%d", dir, i);
	copy_file(in("checkpoint"), path[i]);
	return path[i];
}

static int verify(const char *kept, bool incremental, struct buf *said)
{
	return scratch_verify_with(dir, NULL, kept, incremental, NULL, said);
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

static void test_kept(void)
{
	struct ledger_options o = { .block_records = 500, .checkpoint_every = 1 };
	struct ledger *l = scratch_open(dir, &o);
	uint32_t src = scratch_source(l, "/a");
	char tile[64] = "none";
	const char *kept[8];
	struct verify_result res;
	struct buf said = { 0 };

	for (int i = 0; i < 6; i++) {
		scratch_fill(l, src, (uint64_t)i * 700, 700, 100);
		ledger_checkpoint(l);
		kept[i] = keep(i);
		scratch_seal(l);
	}
	for (int i = 0; i < 6; i++) {
		is_int(verify(kept[i], false, NULL), 0, "goes on from checkpoint %d", i);
		is_int(verify(kept[i], true, NULL), 0, "incrementally");
	}
	flip("blocks/00000000/0000000000000000.vb", 40);
	is_int(verify(kept[5], true, &said), 1, "incremental: old bytes are checked as well");
	ok(strstr(buf_cstr(&said), "records 0..499") != NULL, "%s", buf_cstr(&said));
	flip("blocks/00000000/0000000000000000.vb", 40);
	ledger_close(l);

	/* Retention drops blocks that kept checkpoints end in: those are still good. */
	o.keep_bytes = 1;
	l = scratch_open(dir, &o);
	scratch_fill(l, src, 4200, 900, 100);
	scratch_seal(l);
	for (int i = 0; i < 4; i++)
		is_int(ledger_tick(l, clock_real()), 0, "retention");
	ledger_close(l);
	is_int(scratch_verify_with(dir, NULL, NULL, false, &res, NULL), 0, "verifies after that");
	ok(res.dropped_blocks >= 8, "blocks were dropped: %d", (int)res.dropped_blocks);
	for (int i = 0; i < 6; i++) {
		is_int(verify(kept[i], false, NULL), 0, "checkpoint %d in what is dropped", i);
		is_int(verify(kept[i], true, NULL), 0, "incrementally");
	}
	/* The hashes that stand for dropped records are harmed: nothing else is blamed for it. */
	for (int i = 255; i && access(in(tile), F_OK); i--)
		snprintf(tile, sizeof(tile), "tree/tile/1/000.p/%d", i);
	flip(tile, 3 * 32);
	buf_clear(&said);
	is_int(verify(NULL, false, &said), 1, "a harmed tile under what is dropped");
	ok(strstr(buf_cstr(&said), "tree/tile/1/000") != NULL, "is named");
	ok(!strstr(buf_cstr(&said), ".vb"), "and no block: %s", buf_cstr(&said));
	flip(tile, 3 * 32);
	is_int(verify(NULL, false, NULL), 0, "whole again");
	for (int i = 0; i < 6; i++)
		unlink(kept[i]);
	buf_done(&said);
	scratch_remove(dir);
	mkdir(dir, 0700);
}

/* What somebody who can write to the disk, but has no key, makes of a block: what retention would
 * have left of it. */
static void take_away(uint64_t first)
{
	int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC), out;
	char path[BLOCK_PATH_MAX];
	struct trailer t;
	struct buf b = { 0 };

	is_int(block_trailer(fd, first, false, &t, NULL), 0, "its trailer");
	buf_u32le(&b, 0); /* bridges */
	trailer_write_gone(&t, &b);
	block_path(first, true, path);
	out = openat(fd, path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	io_write(out, buf_view(&b));
	close(out);
	block_path(first, false, path);
	unlinkat(fd, path, 0);
	close(fd);
	trailer_done(&t);
	buf_done(&b);
}

static void test_taken_away(void)
{
	struct ledger_options o = { .block_records = 512 };
	struct ledger *l = scratch_open(dir, &o);
	uint32_t src = scratch_source(l, "/a");
	struct buf said = { 0 };
	struct why why = { "" };
	const char *kept;

	scratch_fill(l, src, 0, 3000, 100);
	scratch_seal(l);
	kept = keep(0);
	ledger_close(l);
	is_int(verify(kept, false, NULL), 0, "intact");
	take_away(0);
	is_int(verify(kept, false, &said), 1, "the oldest block taken away is no retention");
	ok(strstr(buf_cstr(&said), "records 0..511 are gone, and no signed record") != NULL, "%s",
	   buf_cstr(&said));
	buf_clear(&said);
	take_away(1024);
	is_int(verify(kept, false, &said), 1, "nor is one from the middle");
	ok(strstr(buf_cstr(&said), "records 1024..1535 are dropped though older") != NULL, "%s",
	   buf_cstr(&said));
	o.dir = dir;
	o.reserve_bytes = 1;
	ok(ledger_open(&l, &o, &why) < 0, "the writer does not go on: %s", why.line);
	buf_done(&said);
	unlink(kept);
	scratch_remove(dir);
	mkdir(dir, 0700);
}

static void test_refused(void)
{
	struct ledger_options o = { .block_records = 300 };
	struct ledger *l = scratch_open(dir, &o);
	uint32_t src = scratch_source(l, "/a");
	struct buf b = { 0 }, said = { 0 };
	const char *kept;
	struct key *k;
	struct identity id;
	struct why why;
	int fd;

	scratch_fill(l, src, 0, 1000, 100);
	scratch_seal(l);
	kept = keep(0);
	ledger_close(l);
	is_int(scratch_verify_with(dir, "nobody+00000000+AAAA", NULL, false, NULL, NULL), -ENOENT,
	       "a key that is none");
	is_int(verify("/nonexistent", false, NULL), -ENOENT, "a checkpoint that is not there");
	is_int(scratch_verify_with("/nonexistent", NULL, NULL, false, NULL, NULL), -ENOENT,
	       "no directory");
	io_read_file(AT_FDCWD, in("key.pub"), 4096, &b);
	b.at[0] ^= 1;
	is_int(scratch_verify_with(dir, buf_cstr(&b), NULL, false, NULL, NULL), -ENOENT,
	       "a key with a flip is no key");
	b.at[0] ^= 1;
	b.len--;
	is_int(scratch_verify_with(dir, buf_cstr(&b), kept, false, NULL, NULL), 0,
	       "the key as text");

	/* A newer format, truly signed, is not called harm. */
	fd = open(dir, O_RDONLY | O_DIRECTORY);
	is_int(identity_read(fd, NULL, &id, &why), 0, "identity");
	is_int(identity_key(fd, &id, &k, &why), 0, "key");
	buf_clear(&b);
	buf_str(&b, "vedette-ledger 2\norigin test.example/ledger\nsomething new\n");
	note_sign(&b, 0, k, &id.verifier);
	copy_file(in("ledger"), in("key.old"));
	io_replace_file(fd, "ledger", buf_view(&b), 0644);
	is_int(scratch_verify(dir), -EPROTONOSUPPORT, "a newer format cannot be told");
	o.dir = dir;
	is_int(ledger_open(&l, &o, &why), -EPROTONOSUPPORT, "nor written: %s", why.line);
	copy_file(in("key.old"), in("ledger"));
	unlink(in("key.old"));
	is_int(scratch_verify(dir), 0, "the old one again");

	/* The kept checkpoint must be signed by this ledger's key. */
	key_free(k);
	is_int(key_new(&k), 0, "another key");
	buf_clear(&b);
	checkpoint_sign(&(struct checkpoint){ .origin = "test.example/ledger", .size = 3 }, k,
			&id.verifier, &b);
	io_replace_file(fd, "x", buf_view(&b), 0644);
	is_int(verify(in("x"), false, NULL), -EBADMSG, "a checkpoint of another key tells nothing");
	unlink(in("x"));
	key_free(k);
	close(fd);
	unlink(kept);
	buf_done(&b);
	buf_done(&said);
	scratch_remove(dir);
	mkdir(dir, 0700);
}

/* The forger has all but the key: edits a record, seals it anew, and makes the tree to fit. */
static void test_forger(void)
{
	struct ledger_options o = { .block_records = 300 };
	struct ledger *l = scratch_open(dir, &o);
	uint32_t src = scratch_source(l, "/a");
	struct buf said = { 0 };
	const char *real = dir, *kept;
	char other[128], cmd[2][256];

	scratch_fill(l, src, 0, 1000, 100);
	scratch_seal(l);
	ledger_close(l);
	kept = keep(1);
	snprintf(other, sizeof(other), "%s.forged", dir);
	dir = other;
	l = scratch_open(dir, &o);
	src = scratch_source(l, "/a");
	scratch_fill(l, src, 1, 1000, 100); /* other records, all consistent, another key */
	scratch_seal(l);
	ledger_close(l);
	snprintf(cmd[0], 256, "%s/key.pub", real);
	is_int(scratch_verify_with(dir, NULL, NULL, false, NULL, NULL), 0, "the forgery by itself");
	is_int(scratch_verify_with(dir, cmd[0], NULL, false, NULL, &said), 1,
	       "but not with the true key");
	is_int(scratch_verify_with(dir, cmd[0], kept, false, NULL, &said), 1,
	       "nor with a kept checkpoint");
	snprintf(cmd[0], 256, "%s/key.pub", real);
	snprintf(cmd[1], 256, "%s/key.pub", dir);
	copy_file(cmd[0], cmd[1]);
	is_int(scratch_verify(dir), 1, "nor with the true key.pub put there");
	scratch_remove(other);
	dir = real;
	unlink(kept);
	buf_done(&said);
	scratch_remove(dir);
}

/* Another last letter for the text in a record of the segment, and a checksum that fits. */
static void edit_segment(const char *name, const char *text)
{
	struct segment_header h;
	struct wal_frame frame;
	struct buf b = { 0 };
	uint64_t at = SEGMENT_HEADER, seq = 0, sum;
	size_t found;

	io_read_file(AT_FDCWD, in(name), 64 << 20, &b);
	found = bytes_find(buf_view(&b), bytes_str(text));
	ok(found != BYTES_NONE && segment_header_parse(buf_view(&b), &h, NULL), "%s", text);
	while (!wal_frame_next(buf_view(&b), h.salt, at, seq, &frame, NULL) && frame.end < found) {
		at = frame.end;
		seq += frame.count;
	}
	b.at[found + strlen(text) - 1] ^= 1;
	sum = hash_fast(bytes_sub(buf_view(&b), frame.at, frame.end - 8 - frame.at), h.salt);
	memcpy(b.at + frame.end - 8, &sum, 8);
	io_replace_file(AT_FDCWD, in(name), buf_view(&b), 0600);
	buf_done(&b);
}

/* Only the first n checkpoints are left. */
static void put_checkpoints_back(int n)
{
	struct buf b = { 0 };
	size_t end = 0, last = 0;
	int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	io_read_file(fd, "checkpoints", 1 << 20, &b);
	for (; n; n--) {
		last = end;
		end += note_length(bytes_from(buf_view(&b), end)) + 1;
	}
	io_replace_file(fd, "checkpoints", bytes_sub(buf_view(&b), 0, end), 0644);
	io_replace_file(fd, "checkpoint", bytes_sub(buf_view(&b), last, end - 1 - last), 0644);
	close(fd);
	buf_done(&b);
}

/* Records behind the newest checkpoint are guarded by nothing but checksums that anyone can make:
 * they are counted, and nobody is told that they are proven. */
static void test_tail(void)
{
	struct verify_result res;
	const char *wal = "wal/0000000000000000.wal", *kept;
	pid_t pid;

	mkdir(dir, 0700);
	pid = fork();
	if (!pid) {
		struct ledger *l = scratch_open(dir, NULL);

		scratch_fill(l, scratch_source(l, "/a"), 0, 500, 100);
		ledger_checkpoint(l);
		scratch_fill(l, 1, 500, 100, 100);
		_exit(0); /* as if killed: the last records are durable and not signed yet */
	}
	waitpid(pid, NULL, 0);
	is_int(scratch_verify_with(dir, NULL, NULL, false, &res, NULL), 0, "a writer was killed");
	is_int(res.unsigned_records, 100, "the newest records are told as unsigned");
	edit_segment(wal, "record 570 ");
	is_int(scratch_verify_with(dir, NULL, NULL, false, &res, NULL), 0,
	       "one of them changed cannot be seen");
	is_int(res.unsigned_records, 100, "but it is among those told as unsigned");
	edit_segment(wal, "record 320 ");
	is_int(scratch_verify_with(dir, NULL, NULL, false, &res, NULL), 1, "a signed one can");
	edit_segment(wal, "record 320!");
	ledger_close(scratch_open(dir, NULL));
	is_int(scratch_verify_with(dir, NULL, NULL, false, &res, NULL), 0, "opened again");
	is_int(res.unsigned_records, 0, "all is signed");
	edit_segment(wal, "record 570!");
	is_int(scratch_verify(dir), 1, "now a change is seen");
	edit_segment(wal, "record 570 ");
	kept = keep(2);
	put_checkpoints_back(2); /* of the empty tree, of 501 records */
	is_int(scratch_verify_with(dir, NULL, NULL, false, &res, NULL), 0,
	       "its checkpoints put back");
	is_int(res.unsigned_records, 100, "leaves records unsigned");
	is_int(verify(kept, false, NULL), 1, "a newer one kept elsewhere tells");
	unlink(kept);
	scratch_remove(dir);
}

int main(void)
{
	dir = scratch_dir();
	test_kept();
	test_taken_away();
	test_refused();
	test_forger();
	test_tail();
	return done_testing();
}
