/* SPDX-License-Identifier: Apache-2.0 */
#include "ledger/evidence.h"
#include "ledger/prover.h"
#include "scratch.h"

static const char *dir;
static char bundle[128], kept[128];
static unsigned called;

static void each(void *ctx, uint64_t seq, struct bytes raw)
{
	char want[32];

	(void)ctx;
	snprintf(want, sizeof(want), "record %llu ", (unsigned long long)seq - 1);
	if (seq && bytes_find(raw, bytes_str(want)) != BYTES_NONE)
		called++;
}

static int export(const uint64_t *seq, size_t n, const char *checkpoint, struct why *why)
{
	FILE *f = fopen(bundle, "w");
	int r = evidence_export_for(dir, seq, n, checkpoint, f, why);

	fclose(f);
	return r;
}

static int check(const char *key, const char *checkpoint, struct evidence_result *ret,
		 struct why *why)
{
	FILE *f = fopen(bundle, "r");
	int r;

	called = 0;
	r = evidence_verify(f, key, checkpoint, each, NULL, ret, why);
	fclose(f);
	return r;
}

static void copy_checkpoint(void)
{
	struct buf b = { 0 };
	char path[128];
	int fd;

	snprintf(path, sizeof(path), "%s/checkpoint", dir);
	io_read_file(AT_FDCWD, path, 9999, &b);
	fd = open(kept, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	io_write(fd, buf_view(&b));
	close(fd);
	buf_done(&b);
}

static void test_mutations(void)
{
	struct evidence_result res;
	struct buf b = { 0 };
	struct why why;
	unsigned accepted = 0, tried = 0;
	FILE *f;

	io_read_file(AT_FDCWD, bundle, 1 << 20, &b);
	for (size_t i = 0; i < b.len; i += 1 + i % 3) {
		b.at[i] ^= (uint8_t)(1u << i % 7);
		f = fmemopen(b.at, b.len, "r");
		accepted += !evidence_verify(f, NULL, NULL, NULL, NULL, &res, &why);
		fclose(f);
		b.at[i] ^= (uint8_t)(1u << i % 7);
		tried++;
	}
	is_int(accepted, 0, "%u flips, none accepted", tried);
	for (size_t i = 1; i < b.len; i += 11) {
		f = fmemopen(b.at, i, "r");
		accepted += !evidence_verify(f, NULL, NULL, NULL, NULL, &res, &why);
		fclose(f);
	}
	is_int(accepted, 0, "cut anywhere, none accepted");
	buf_done(&b);
}

static void test_bundles(struct ledger *l)
{
	const uint64_t some[] = { 1, 2, 255, 256, 700, 1500 }, live[] = { 3, 1990, 2000 };
	struct evidence_result res;
	struct why why = { 0 };
	char key[160];

	snprintf(key, sizeof(key), "%s/key.pub", dir);
	is_int(export(some, 6, NULL, &why), 0, "a bundle %s", why.line);
	is_int(check(NULL, NULL, &res, &why), 0, "is proven %s", why.line);
	is_int(res.records, 6, "all");
	is_int(called, 6, "each was told with its bytes");
	is_str(res.origin, "test.example/ledger", "origin");
	is_int(check(key, NULL, &res, &why), 0, "with the key of the ledger");
	is_int(check("x+00000000+A", NULL, &res, &why), -ENOENT, "with no key");
	test_mutations();

	is_int(export(live, 3, NULL, &why), 0, "records of the open segment %s", why.line);
	is_int(check(NULL, NULL, &res, &why), 0, "are proven %s", why.line);
	copy_checkpoint();
	is_int(scratch_fill(l, 1, 2000, 100, 50), 0, "more records");
	is_int(export((const uint64_t[]){ 2050 }, 1, NULL, &why), -EAGAIN, "not signed: %s",
	       why.line);
	ledger_checkpoint(l);
	is_int(export((const uint64_t[]){ 2050 }, 1, NULL, &why), 0, "signed");
	is_int(check(NULL, kept, &res, &why), EVIDENCE_REFUSED, "not tied: %s", why.line);
	is_int(export((const uint64_t[]){ 2050 }, 1, kept, &why), 0, "for a kept checkpoint");
	is_int(check(NULL, kept, &res, &why), 0, "tied by a consistency proof %s", why.line);
	test_mutations();
	is_int(export(some, 6, kept, &why), 0, "older than the kept checkpoint");
	is_int(check(NULL, kept, &res, &why), 0, "the proofs lead to it %s", why.line);
	is_int(export((const uint64_t[]){ 5, 4 }, 2, NULL, &why), -EINVAL, "%s", why.line);
	is_int(export((const uint64_t[]){ 99999 }, 1, NULL, &why), -EAGAIN, "%s", why.line);
}

static void test_prover(void)
{
	struct why why = { 0 };
	struct prover *p;
	struct view *v;
	unsigned wrong = 0, n;
	struct hash256 root, tile[GROUP], old;

	is_int(view_open(&v, dir, &why), 0, "view");
	is_int(prover_open(&p, v, &why), 0, "prover");
	prover_root(p, 2101, &root, &why);
	for (uint64_t seq = 0; seq < 2101; seq += 13) {
		struct hash256 leaf;
		struct record rec;
		struct proof proof;

		wrong += prover_record(p, seq, &rec, &leaf, &why) != 0 || rec.seq != seq;
		wrong += prover_inclusion(p, seq, 2101, &proof, &why) != 0;
		wrong += !proof_check_inclusion(seq, 2101, &leaf, proof.at, proof.n, &root);
		if (!seq)
			continue;
		wrong += prover_root(p, seq, &old, &why) != 0;
		wrong += prover_consistency(p, seq, 2101, &proof, &why) != 0;
		wrong += !proof_check_consistency(seq, 2101, &old, &root, proof.at, proof.n);
	}
	is_int(wrong, 0, "proofs across blocks, tiles and segments");
	is_int(prover_leaf_tile(p, 2, tile, &n, &why), 0, "a tile of level 0");
	is_int(n, 256, "is whole");
	tree_fold(tile, 8);
	prover_root(p, 256, &root, &why);
	ok(prover_leaf_tile(p, 0, tile, &n, &why) == 0, "the first");
	tree_fold(tile, 8);
	ok(!memcmp(&root, &tile[0], sizeof(root)), "gives the root of the first group");
	prover_free(p);
	view_free(v);
}

static void test_dropped(void)
{
	struct ledger_options o = { .block_records = 500, .keep_bytes = 1 };
	struct ledger *l = scratch_open(dir, &o);
	struct evidence_result res;
	struct why why = { 0 };
	struct buf b = { 0 };

	scratch_fill(l, 1, 2100, 600, 100);
	scratch_seal(l);
	ledger_tick(l, clock_real());
	ledger_close(l);
	is_int(export((const uint64_t[]){ 5 }, 1, NULL, &why), -ENODATA, "dropped: %s", why.line);
	is_int(export((const uint64_t[]){ 2600, 2610 }, 2, NULL, &why), 0, "others %s", why.line);
	is_int(check(NULL, NULL, &res, &why), 0, "are proven %s", why.line);
	is_int(called, 2, "both");
	io_read_file(AT_FDCWD, bundle, 1 << 20, &b);
	ok(bytes_find(buf_view(&b), BYTES("{\"sources\":")) != BYTES_NONE,
	   "with the signed table in place of the dropped definition");
	buf_done(&b);
	test_mutations();
}

int main(void)
{
	struct ledger_options o = { .block_records = 500 };
	struct ledger *l;
	uint32_t src;

	dir = scratch_dir();
	snprintf(bundle, sizeof(bundle), "%s.bundle", dir);
	snprintf(kept, sizeof(kept), "%s.kept", dir);
	l = scratch_open(dir, &o);
	src = scratch_source(l, "/a");
	scratch_fill(l, src, 0, 2000, 100);
	scratch_seal(l);
	ledger_checkpoint(l);
	test_bundles(l);
	test_prover();
	ledger_close(l);
	test_dropped();
	unlink(bundle);
	unlink(kept);
	scratch_remove(dir);
	return done_testing();
}
