/* SPDX-License-Identifier: Apache-2.0 */
#include "ledger/tree/tree.h"
#include <assert.h>

void range_add(struct range *r, unsigned level, const struct hash256 *h)
{
	struct hash256 up = *h;
	unsigned k = level;

	assert(level < 64 && !(r->size & ((1ull << level) - 1)));
	for (; r->size >> k & 1; k++)
		sha256_node(&r->node[k], &up, &up);
	r->node[k] = up;
	r->size += 1ull << level;
}

void range_root(const struct range *r, struct hash256 *ret)
{
	struct hash256 h;
	bool any = false;

	for (unsigned k = 0; k < 64; k++) {
		if (!(r->size >> k & 1))
			continue;
		if (any)
			sha256_node(&r->node[k], &h, &h);
		else
			h = r->node[k];
		any = true;
	}
	if (!any)
		sha256(bytes_of(NULL, 0), &h);
	*ret = h;
}

unsigned range_nodes(const struct range *r, unsigned below, struct hash256 ret[static 64])
{
	unsigned n = 0;

	for (unsigned k = below; k-- > 0;) {
		if (r->size >> k & 1)
			ret[n++] = r->node[k];
	}
	return n;
}

bool range_same(const struct range *a, const struct range *b, unsigned below)
{
	for (unsigned k = 0; k < below; k++) {
		if ((a->size >> k & 1) != (b->size >> k & 1) ||
		    ((a->size >> k & 1) && memcmp(&a->node[k], &b->node[k], SHA256_LEN) != 0))
			return false;
	}
	return true;
}

void range_of_nodes(uint64_t size, const struct hash256 *nodes, struct range *ret)
{
	unsigned n = 0;

	ret->size = size;
	for (unsigned k = 64; k-- > 0;) {
		if (size >> k & 1)
			ret->node[k] = nodes[n++];
	}
}

void tree_begin(struct tree *t, const struct range *groups, const struct range *low)
{
	assert(!(groups->size % GROUP) && low->size < GROUP);
	t->groups = *groups;
	t->before = *low;
	t->n = 0;
}

void tree_fold(struct hash256 *h, unsigned level)
{
	for (unsigned k = level; k-- > 0;)
		sha256_nodes(h, (size_t)1 << k, h);
}

struct hash256 *tree_room(struct tree *t, unsigned *ret_room)
{
	*ret_room = GROUP - (unsigned)t->before.size - t->n;
	return t->leaf + t->n;
}

void tree_took(struct tree *t, unsigned n, tree_group_fn *fn, void *ctx)
{
	struct hash256 root;
	struct range low;

	t->n += n;
	assert(t->before.size + t->n <= GROUP);
	if (t->before.size + t->n < GROUP)
		return;
	if (!t->before.size) {
		tree_fold(t->leaf, GROUP_LEVEL);
		root = t->leaf[0];
	} else {
		tree_low(t, &low);
		root = low.node[GROUP_LEVEL];
	}
	t->n = 0;
	t->before.size = 0;
	if (fn)
		fn(ctx, t->groups.size / GROUP, &root);
	range_add(&t->groups, GROUP_LEVEL, &root);
}

void tree_add(struct tree *t, const struct hash256 *leaves, size_t n, tree_group_fn *fn, void *ctx)
{
	while (n) {
		unsigned room;
		struct hash256 *to = tree_room(t, &room);
		unsigned k = n < room ? (unsigned)n : room;

		memcpy(to, leaves, k * sizeof(*leaves));
		tree_took(t, k, fn, ctx);
		leaves += k;
		n -= k;
	}
}

void tree_add_group(struct tree *t, const struct hash256 *root)
{
	assert(!t->before.size && !t->n);
	range_add(&t->groups, GROUP_LEVEL, root);
}

void tree_low_at(const struct tree *t, unsigned until, struct range *ret)
{
	struct range low = t->before;

	assert(until >= t->before.size && until <= t->before.size + t->n);
	for (unsigned i = 0; low.size < until; i++)
		range_add(&low, 0, &t->leaf[i]);
	*ret = low;
}

void tree_low(const struct tree *t, struct range *ret)
{
	tree_low_at(t, (unsigned)t->before.size + t->n, ret);
}

void tree_join_root(const struct range *groups, const struct range *low, struct hash256 *ret)
{
	struct range all = *groups;

	for (unsigned k = GROUP_LEVEL; k-- > 0;) {
		if (low->size >> k & 1)
			all.node[k] = low->node[k];
	}
	all.size += low->size;
	range_root(&all, ret);
}

void tree_root(const struct tree *t, struct hash256 *ret)
{
	struct range low;

	tree_low(t, &low);
	tree_join_root(&t->groups, &low, ret);
}

void tree_root_text(const struct hash256 *root, char ret[static 65])
{
	static const char digit[] = "0123456789abcdef";

	for (unsigned i = 0; i < SHA256_LEN; i++) {
		ret[2 * i] = digit[root->at[i] >> 4];
		ret[2 * i + 1] = digit[root->at[i] & 15];
	}
	ret[64] = 0;
}
