/* SPDX-License-Identifier: Apache-2.0 */
#include "base/io.h"
#include "ledger/trailer.h"
#include "ledger/tree/proof.h"
#include "ledger/tree/tiles.h"
#include "tap.h"
#include <fcntl.h>
#include <stdlib.h>

#define N 1500u
static struct hash256 leaf[N];

/* MTH() as RFC 6962 section 2.1 writes it down. */
static void naive(const struct hash256 *h, uint64_t n, struct hash256 *ret)
{
	struct hash256 left, right;
	uint64_t k = 1;

	if (n == 1) {
		*ret = *h;
		return;
	}
	while (k * 2 < n)
		k *= 2;
	naive(h, k, &left);
	naive(h + k, n - k, &right);
	sha256_node(&left, &right, ret);
}

static int node(void *ctx, unsigned level, uint64_t index, struct hash256 *ret)
{
	(void)ctx;
	naive(leaf + (index << level), 1ull << level, ret);
	return 0;
}

static bool same(const struct hash256 *a, const struct hash256 *b)
{
	return !memcmp(a, b, sizeof(*a));
}

static bool unhex(struct bytes hex, struct buf *ret)
{
	buf_clear(ret);
	for (size_t i = 0; i + 1 < hex.len; i += 2)
		buf_u8(ret, (uint8_t)(hex_digit(hex.at[i]) << 4 | hex_digit(hex.at[i + 1])));
	return hex.len % 2 == 0;
}

static void test_vectors(const char *root)
{
	struct buf file = { 0 }, hex = { 0 };
	struct bytes rest;
	struct hash256 h[8], got;
	unsigned leaves = 0, roots = 0;
	char path[4096];

	snprintf(path, sizeof(path), "%s/tests/vectors/ledger/rfc6962-tree.txt", root);
	if (io_read_file(AT_FDCWD, path, 1 << 16, &file)) {
		skip("tests/vectors/ledger/rfc6962-tree.txt is not there: run from the checkout");
		return;
	}
	for (rest = buf_view(&file); rest.len;) {
		size_t end = bytes_chr(rest, '\n');
		struct bytes line = bytes_sub(rest, 0, end);

		rest = bytes_from(rest, end + 1);
		if (bytes_starts(line, BYTES("leaf"))) {
			struct bytes b;

			unhex(bytes_trim(bytes_from(line, 4)), &hex);
			b = buf_view(&hex);
			sha256_leaves(&b, 1, &h[leaves++]);
		} else if (bytes_starts(line, BYTES("root "))) {
			struct tree *t = mem_new(1, sizeof(*t));
			struct range r = { 0 };

			unhex(bytes_from(line, 7), &hex);
			for (unsigned i = 0; i < roots; i++)
				range_add(&r, 0, &h[i]);
			tree_add(t, h, roots, NULL, NULL);
			range_root(&r, &got);
			ok(!memcmp(got.at, hex.at, 32), "root of %u leaves, compact range", roots);
			tree_root(t, &got);
			ok(!memcmp(got.at, hex.at, 32), "root of %u leaves, tree", roots);
			free(t);
			roots++;
		}
	}
	is_int(leaves + roots, 17, "all lines of the vector");
	buf_done(&file);
	buf_done(&hex);
}

static void count_group(void *ctx, uint64_t group, const struct hash256 *root)
{
	struct hash256 want;
	unsigned *n = ctx;

	naive(leaf + group * GROUP, GROUP, &want);
	if (group == *n && same(root, &want))
		++*n;
}

static void test_growth(void)
{
	struct tree *t = mem_new(1, sizeof(*t)), *u = mem_new(1, sizeof(*u));
	struct hash256 got, want;
	unsigned groups = 0, step = 1, wrong = 0;
	struct range low, none = { 0 };

	for (unsigned n = 0; n < N; n += step, step = step * 7 % 301) {
		if (step > N - n)
			step = N - n;
		tree_add(t, leaf + n, step, count_group, &groups);
		tree_root(t, &got);
		naive(leaf, n + step, &want);
		wrong += !same(&got, &want);
		/* Gone on from what is stored: groups and the compact range below. */
		tree_low(t, &low);
		tree_begin(u, &t->groups, &low);
		if (n + step + 300 < N) {
			tree_add(u, leaf + n + step, 300, NULL, NULL);
			tree_root(u, &got);
			naive(leaf, n + step + 300, &want);
			wrong += !same(&got, &want);
		}
	}
	is_int(wrong, 0, "every root, by any steps, and gone on from a compact range");
	is_int(groups, N / GROUP, "every group was told, with its root");
	tree_begin(u, &none, &none);
	for (unsigned g = 0; g < 4; g++) {
		naive(leaf + g * GROUP, GROUP, &got);
		tree_add_group(u, &got);
	}
	tree_root(u, &got);
	naive(leaf, 1024, &want);
	ok(same(&got, &want), "whole groups");
	free(t);
	free(u);
}

static void test_proofs(void)
{
	unsigned wrong = 0, forged = 0, n = 0;
	struct hash256 root, old;
	struct proof p;

	for (uint64_t size = 1; size < 70; size++) {
		proof_root(size, node, NULL, &root);
		for (uint64_t i = 0; i < size; i++, n++) {
			wrong += proof_inclusion(i, size, node, NULL, &p) != 0;
			wrong += !proof_check_inclusion(i, size, &leaf[i], p.at, p.n, &root);
			forged += proof_check_inclusion(i, size, &leaf[i + 1], p.at, p.n, &root);
			forged += proof_check_inclusion(i + 1, size, &leaf[i], p.at, p.n, &root);
			forged += proof_check_inclusion(i, size, &leaf[i], p.at, p.n + 1, &root);
			forged += p.n &&
				  proof_check_inclusion(i, size, &leaf[i], p.at, p.n - 1, &root);
			if (p.n)
				p.at[i % p.n].at[i % 32] ^= 1;
			forged += p.n && proof_check_inclusion(i, size, &leaf[i], p.at, p.n, &root);
		}
		for (uint64_t from = 1; from <= size; from++, n++) {
			proof_root(from, node, NULL, &old);
			wrong += proof_consistency(from, size, node, NULL, &p) != 0;
			wrong += !proof_check_consistency(from, size, &old, &root, p.at, p.n);
			forged += proof_check_consistency(from, size, &root, &old, p.at, p.n) &&
				  from != size;
			forged += proof_check_consistency(from, size, &old, &leaf[3], p.at, p.n);
			if (p.n)
				p.at[from % p.n].at[0] ^= 128;
			forged +=
				p.n && proof_check_consistency(from, size, &old, &root, p.at, p.n);
		}
	}
	is_int(wrong, 0, "%u proofs hold", n);
	is_int(forged, 0, "none that is changed does");
	ok(proof_inclusion(5, 5, node, NULL, &p) < 0, "no proof of a leaf behind the tree");
	ok(proof_consistency(6, 5, node, NULL, &p) < 0, "none from a larger tree");
	ok(!proof_check_inclusion(0, 0, &leaf[0], NULL, 0, &leaf[0]),
	   "an empty tree holds nothing");
}

static void test_bridges(void)
{
	struct range none = { 0 }, before;
	struct hash256 want, got;
	unsigned wrong = 0;
	struct tree *t = mem_new(1, sizeof(*t));
	struct bridge b, *back;
	struct buf file = { 0 };
	size_t n;

	naive(leaf, GROUP, &want);
	buf_u32le(&file, GROUP - 1);
	for (unsigned size = 1; size < GROUP; size++) {
		bridge_make(size, &none, leaf, &b);
		bridge_group(&b, &got);
		wrong += !same(&got, &want);
		bridge_write(&b, &file);
		/* the first leaves known by their compact range only */
		tree_add(t, leaf + size - 1, 1, NULL, NULL);
		tree_low(t, &before);
		bridge_make(size, &before, leaf, &b);
		bridge_group(&b, &got);
		wrong += !same(&got, &want);
	}
	is_int(bridges_read(buf_view(&file), &back, &n), 0, "bridges are read back");
	is_int(n, GROUP - 1, "all");
	for (size_t i = 0; i < n; i++) {
		bridge_group(&back[i], &got);
		wrong += !same(&got, &want);
	}
	is_int(wrong, 0, "every bridge leads to its group");
	free(back);
	file.len--;
	is_int(bridges_read(buf_view(&file), &back, &n), -EBADMSG, "cut off is refused");
	buf_done(&file);
	free(t);
}

static void test_tile_names(void)
{
	char name[TILE_NAME_MAX];
	unsigned level, width;
	uint64_t index;

	tile_name(1, 0, name);
	is_str(name, "tile/1/000", "first tile");
	tile_name(2, 1234067, name);
	is_str(name, "tile/2/x001/x234/067", "as C2SP tlog-tiles writes it");
	ok(tile_name_parse("tile/2/x001/x234/067", &level, &index, &width) && level == 2 &&
		   index == 1234067 && width == 256,
	   "and reads it");
	ok(tile_name_parse("tile/1/000.p/17", &level, &index, &width) && width == 17, "a partial");
	ok(!tile_name_parse("tile/1/x000/001", &level, &index, &width), "one name only");
	ok(!tile_name_parse("tile/1/000.p/256", &level, &index, &width), "a partial is not whole");
	ok(!tile_name_parse("tile/0/000", &level, &index, &width), "level 0 is not stored");
	ok(!tile_name_parse("tile/1/../000", &level, &index, &width), "no way up");
}

int main(int argc, char **argv)
{
	for (unsigned i = 0; i < N; i++) {
		struct bytes b = bytes_of(&i, sizeof(i));

		sha256_leaves(&b, 1, &leaf[i]);
	}
	test_vectors(argc > 1 ? argv[1] : ".");
	test_growth();
	test_proofs();
	test_bridges();
	test_tile_names();
	return done_testing();
}
