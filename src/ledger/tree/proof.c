/* SPDX-License-Identifier: Apache-2.0 */
#include "ledger/tree/proof.h"
#include <errno.h>

/* The largest power of two below n (n > 1), as an exponent. */
static unsigned split(uint64_t n)
{
	return 63 - (unsigned)__builtin_clzll(n - 1);
}

/* MTH(D[from:to]); from is a multiple of the largest power of two in the range. */
static int span(uint64_t from, uint64_t to, proof_node_fn *fn, void *ctx, struct hash256 *ret)
{
	struct hash256 left, right;
	uint64_t n = to - from;
	unsigned k;
	int r;

	if (!(n & (n - 1))) {
		k = (unsigned)__builtin_ctzll(n);
		return fn(ctx, k, from >> k, ret);
	}
	k = split(n);
	r = fn(ctx, k, from >> k, &left);
	if (!r)
		r = span(from + (1ull << k), to, fn, ctx, &right);
	if (!r)
		sha256_node(&left, &right, ret);
	return r;
}

int proof_root(uint64_t size, proof_node_fn *fn, void *ctx, struct hash256 *ret)
{
	if (size)
		return span(0, size, fn, ctx, ret);
	sha256(bytes_of(NULL, 0), ret);
	return 0;
}

static void reverse(struct proof *p)
{
	for (unsigned i = 0; i < p->n / 2; i++) {
		struct hash256 h = p->at[i];

		p->at[i] = p->at[p->n - 1 - i];
		p->at[p->n - 1 - i] = h;
	}
}

int proof_inclusion(uint64_t index, uint64_t size, proof_node_fn *fn, void *ctx, struct proof *ret)
{
	uint64_t from = 0, to = size;
	struct proof p = { 0 };
	int r = index < size ? 0 : -EINVAL;

	while (!r && to - from > 1) { /* from the root down; the proof goes up */
		uint64_t middle = from + (1ull << split(to - from));

		if (index < middle) {
			r = span(middle, to, fn, ctx, &p.at[p.n++]);
			to = middle;
		} else {
			r = span(from, middle, fn, ctx, &p.at[p.n++]);
			from = middle;
		}
	}
	if (r)
		return r;
	reverse(&p);
	*ret = p;
	return 0;
}

int proof_consistency(uint64_t size1, uint64_t size2, proof_node_fn *fn, void *ctx,
		      struct proof *ret)
{
	uint64_t from = 0, to = size2;
	struct proof p = { 0 };
	int r = 0;

	if (size1 > size2)
		return -EINVAL;
	if (!size1 || size1 == size2) { /* nothing to say */
		ret->n = 0;
		return 0;
	}
	while (!r && size1 != to) { /* SUBPROOF(size1 - from, D[from:to]) */
		uint64_t middle = from + (1ull << split(to - from));

		if (size1 <= middle) {
			r = span(middle, to, fn, ctx, &p.at[p.n++]);
			to = middle;
		} else {
			r = span(from, middle, fn, ctx, &p.at[p.n++]);
			from = middle;
		}
	}
	if (!r && from) /* where it is the whole old tree the checker has it already */
		r = span(from, to, fn, ctx, &p.at[p.n++]);
	if (r)
		return r;
	reverse(&p);
	*ret = p;
	return 0;
}

static bool same(const struct hash256 *a, const struct hash256 *b)
{
	return !memcmp(a, b, sizeof(*a));
}

/* RFC 9162 section 2.1.3.2 */
bool proof_check_inclusion(uint64_t index, uint64_t size, const struct hash256 *leaf,
			   const struct hash256 *proof, size_t n, const struct hash256 *root)
{
	uint64_t fn = index, sn = size - 1;
	struct hash256 r = *leaf;

	if (index >= size)
		return false;
	for (size_t i = 0; i < n; i++) {
		if (!sn)
			return false;
		if ((fn & 1) || fn == sn) {
			sha256_node(&proof[i], &r, &r);
			while (!(fn & 1) && fn) {
				fn >>= 1;
				sn >>= 1;
			}
		} else {
			sha256_node(&r, &proof[i], &r);
		}
		fn >>= 1;
		sn >>= 1;
	}
	return !sn && same(&r, root);
}

/* RFC 9162 section 2.1.4.2 */
bool proof_check_consistency(uint64_t size1, uint64_t size2, const struct hash256 *root1,
			     const struct hash256 *root2, const struct hash256 *proof, size_t n)
{
	uint64_t fn = size1 - 1, sn = size2 - 1;
	struct hash256 fr, sr;
	size_t i = 0;

	if (!size1 || size1 > size2) /* every tree goes on from the empty one: that says nothing */
		return false;
	if (size1 == size2)
		return !n && same(root1, root2);
	while (fn & 1) {
		fn >>= 1;
		sn >>= 1;
	}
	if (fn) {
		if (!n)
			return false;
		fr = proof[i++];
	} else {
		fr = *root1;
	}
	sr = fr;
	for (; i < n; i++) {
		if (!sn)
			return false;
		if ((fn & 1) || fn == sn) {
			sha256_node(&proof[i], &fr, &fr);
			sha256_node(&proof[i], &sr, &sr);
			while (!(fn & 1) && fn) {
				fn >>= 1;
				sn >>= 1;
			}
		} else {
			sha256_node(&sr, &proof[i], &sr);
		}
		fn >>= 1;
		sn >>= 1;
	}
	return !sn && same(&fr, root1) && same(&sr, root2);
}
