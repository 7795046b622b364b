/* SPDX-License-Identifier: Apache-2.0 */
#include "ledger/prover.h"
#include "ledger/blocks.h"
#include "ledger/file.h"
#include "ledger/leaves.h"
#include "ledger/tree/tiles.h"
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#define GROUPS_KEPT 4u

struct group { /* the leaves of one, as far as they can be had */
	uint64_t index;
	struct range before; /* dropped leaves at its start */
	unsigned from, to; /* leaf[from .. to) are known */
	struct hash256 leaf[GROUP];
	struct buf raw; /* their bytes, as one decoding costs more than keeping them */
	struct record record[GROUP]; /* their raw is only set when they are handed out */
	size_t at[GROUP], len[GROUP]; /* of raw, in the bytes above */
	bool used;
};

struct prover {
	const struct view *v;
	int dirfd, treefd;
	struct group group[GROUPS_KEPT];
	unsigned next; /* to be given up */
	struct block *block; /* the last one opened */
	size_t block_unit;
	uint64_t live_from; /* first group whose root was asked for and is not in the tiles */
	struct hash256 *live;
	bool *have;
	size_t live_n;
	struct why why;
};

int prover_open(struct prover **ret, const struct view *v, struct why *why)
{
	struct prover *p = mem_new(1, sizeof(*p));

	p->v = v;
	p->live_from = UINT64_MAX;
	p->treefd = -1;
	p->dirfd = open(view_dir(v), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (p->dirfd >= 0)
		p->treefd = file_open_dir(p->dirfd, "tree", false);
	if (p->treefd < 0) {
		prover_free(p);
		return why_set(why, -ENOENT, "%s/tree: cannot be read", view_dir(v));
	}
	*ret = p;
	return 0;
}

struct prover *prover_free(struct prover *p)
{
	if (!p)
		return NULL;
	block_free(p->block);
	if (p->treefd >= 0)
		close(p->treefd);
	if (p->dirfd >= 0)
		close(p->dirfd);
	free(p->live);
	free(p->have);
	for (unsigned i = 0; i < GROUPS_KEPT; i++)
		buf_done(&p->group[i].raw);
	free(p);
	return NULL;
}

/* The unit that holds seq, or the first one behind it; view_units() where there is none. */
static size_t unit_of(const struct prover *p, uint64_t seq)
{
	size_t low = 0, high = view_units(p->v);

	while (low < high) {
		size_t middle = (low + high) / 2;
		const struct unit *u = view_unit(p->v, middle);

		if (u->first + u->count <= seq)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static int open_block(struct prover *p, size_t i)
{
	struct block *b;
	int r;

	if (p->block && p->block_unit == i)
		return 0;
	r = view_block(p->v, i, &b, &p->why);
	if (r)
		return -ENODATA;
	block_free(p->block);
	p->block = b;
	p->block_unit = i;
	return 0;
}

static int keep_record(void *ctx, const struct record *r)
{
	struct group *g = ctx;
	unsigned i = (unsigned)(r->seq % GROUP);

	g->record[i] = *r;
	g->at[i] = g->raw.len;
	g->len[i] = r->raw.len;
	buf_bytes(&g->raw, r->raw);
	return 0;
}

static int unit_leaves(struct prover *p, size_t i, uint64_t from, uint64_t to, struct group *g)
{
	struct hash256 *ret = g->leaf + from % GROUP;
	const struct unit *u = view_unit(p->v, i);
	uint32_t a = (uint32_t)(from - u->first), b = (uint32_t)(to - u->first);
	struct segment *s;
	int r;

	if (!u->live) {
		r = open_block(p, i);
		return r ? r : leaves_of_block(p->block, a, b, ret, keep_record, g);
	}
	r = view_segment(p->v, i, &s, &p->why);
	if (r)
		return r;
	leaves_of_segment(s, a, b, ret);
	for (; a < b; a++) {
		struct record rec;

		segment_record(s, a, &rec);
		keep_record(g, &rec);
	}
	segment_free(s);
	return 0;
}

/* The compact range at the end of the block that ends with `end`, from its trailer. */
static int low_at(struct prover *p, uint64_t end, struct range *ret)
{
	struct blocks list;
	struct trailer t;
	struct why inner;
	int r = blocks_list(p->dirfd, &list);
	const struct block_name *b = NULL;

	if (r)
		return r;
	for (size_t i = 0; i < list.n; i++) {
		if (list.at[i].first < end)
			b = &list.at[i];
	}
	r = b ? block_trailer(p->dirfd, b->first, b->gone, &t, &inner) : -ENODATA;
	blocks_done(&list);
	if (r)
		return -ENODATA;
	r = trailer_size(&t) == end ? 0 : -ENODATA;
	if (!r)
		*ret = t.low;
	trailer_done(&t);
	return r;
}

static int load_group(struct prover *p, uint64_t index, struct group *g)
{
	uint64_t at = index * GROUP, end = at + GROUP;
	size_t i = unit_of(p, at), n = view_units(p->v);
	int r = 0;

	g->used = false;
	g->before.size = 0;
	buf_clear(&g->raw);
	if (i < n && view_unit(p->v, i)->first > at) {
		if (view_unit(p->v, i)->first >= end)
			return why_set(&p->why, -ENODATA,
				       "records %llu..%llu are dropped by retention or harmed",
				       (unsigned long long)at, (unsigned long long)end - 1);
		at = view_unit(p->v, i)->first;
		r = low_at(p, at, &g->before);
	}
	g->from = g->to = (unsigned)(at % GROUP);
	for (; i < n && at < end && !r; i++) {
		const struct unit *u = view_unit(p->v, i);
		uint64_t to = u->first + u->count < end ? u->first + u->count : end;

		if (u->first > at)
			break; /* a hole */
		r = unit_leaves(p, i, at, to, g);
		g->to += (unsigned)(to - at);
		at = to;
		if (r && !u->live && to < end && !low_at(p, to, &g->before)) {
			/* A harmed block: its trailer stands for it, and the rest can be proven. */
			g->from = g->to = (unsigned)(to % GROUP);
			p->why.line[0] = 0;
			r = 0;
		}
	}
	if (r)
		return p->why.line[0] ? -ENODATA
				      : why_set(&p->why, -ENODATA, "records %llu..%llu are harmed",
						(unsigned long long)(index * GROUP),
						(unsigned long long)end - 1);
	g->index = index;
	g->used = true;
	return 0;
}

static int group_at(struct prover *p, uint64_t index, struct group **ret)
{
	struct group *g;
	int r;

	for (unsigned i = 0; i < GROUPS_KEPT; i++) {
		if (p->group[i].used && p->group[i].index == index) {
			*ret = &p->group[i];
			return 0;
		}
	}
	g = &p->group[p->next];
	p->next = (p->next + 1) % GROUPS_KEPT;
	r = load_group(p, index, g);
	if (!r)
		*ret = g;
	return r;
}

static int lower_node(struct prover *p, unsigned level, uint64_t index, struct hash256 *ret)
{
	unsigned first, n = 1u << level;
	struct hash256 h[GROUP];
	struct group *g;
	int r = group_at(p, index >> (GROUP_LEVEL - level), &g);

	if (r)
		return r;
	first = (unsigned)(index << level) % GROUP;
	if (first >= g->from && first + n <= g->to) {
		memcpy(h, g->leaf + first, n * sizeof(*h));
		tree_fold(h, level);
		*ret = h[0];
		return 0;
	}
	if (level == GROUP_LEVEL && g->to == GROUP && g->before.size == g->from) {
		struct range all = g->before;

		for (unsigned i = g->from; i < GROUP; i++)
			range_add(&all, 0, &g->leaf[i]);
		*ret = all.node[GROUP_LEVEL];
		return 0;
	}
	if ((g->before.size >> level & 1) && level < GROUP_LEVEL &&
	    first == g->before.size >> (level + 1) << (level + 1)) {
		*ret = g->before.node[level];
		return 0;
	}
	return why_set(&p->why, -ENODATA, "a proof needs records from %llu on that are not there",
		       (unsigned long long)(index << level));
}

/* The root of a group that is not in the tiles; kept, as every proof asks for the same ones. */
static int live_group(struct prover *p, uint64_t index, struct hash256 *ret)
{
	size_t at;
	int r;

	if (p->live_from == UINT64_MAX)
		p->live_from = index;
	if (index < p->live_from)
		return lower_node(p, GROUP_LEVEL, index, ret);
	at = (size_t)(index - p->live_from);
	if (at >= p->live_n) {
		size_t n = at + 256;

		p->live = mem_must(realloc(p->live, n * sizeof(*p->live)));
		p->have = mem_must(realloc(p->have, n * sizeof(*p->have)));
		memset(p->have + p->live_n, 0, (n - p->live_n) * sizeof(*p->have));
		p->live_n = n;
	}
	if (!p->have[at]) {
		r = lower_node(p, GROUP_LEVEL, index, &p->live[at]);
		if (r)
			return r;
		p->have[at] = true;
	}
	*ret = p->live[at];
	return 0;
}

static int node(void *ctx, unsigned level, uint64_t index, struct hash256 *ret)
{
	struct prover *p = ctx;
	struct hash256 left, right;
	int r;

	if (level < GROUP_LEVEL)
		return lower_node(p, level, index, ret);
	r = tile_node(p->treefd, level, index, ret);
	if (r != -ENOENT)
		return r;
	if (level == GROUP_LEVEL)
		return live_group(p, index, ret);
	r = node(p, level - 1, 2 * index, &left);
	if (!r)
		r = node(p, level - 1, 2 * index + 1, &right);
	if (!r)
		sha256_node(&left, &right, ret);
	return r;
}

static int said(struct prover *p, int r, struct why *why)
{
	if (r && p->why.line[0])
		why_set(why, r, "%s", p->why.line);
	else if (r)
		why_set(why, r, "a proof cannot be made: %s", strerror(-r));
	p->why.line[0] = 0;
	return r;
}

int prover_inclusion(struct prover *p, uint64_t seq, uint64_t size, struct proof *ret,
		     struct why *why)
{
	return said(p, proof_inclusion(seq, size, node, p, ret), why);
}

int prover_consistency(struct prover *p, uint64_t size1, uint64_t size2, struct proof *ret,
		       struct why *why)
{
	return said(p, proof_consistency(size1, size2, node, p, ret), why);
}

int prover_root(struct prover *p, uint64_t size, struct hash256 *ret, struct why *why)
{
	return said(p, proof_root(size, node, p, ret), why);
}

int prover_leaf_tile(struct prover *p, uint64_t index, struct hash256 ret[static GROUP],
		     unsigned *ret_n, struct why *why)
{
	struct group *g;
	int r = group_at(p, index, &g);

	if (!r && g->from)
		r = why_set(&p->why, -ENODATA, "the first records of group %llu are dropped",
			    (unsigned long long)index);
	if (r)
		return said(p, r, why);
	memcpy(ret, g->leaf, g->to * sizeof(*ret));
	*ret_n = g->to;
	return 0;
}

int prover_record(struct prover *p, uint64_t seq, struct record *ret, struct hash256 *ret_leaf,
		  struct why *why)
{
	unsigned i = (unsigned)(seq % GROUP);
	struct group *g;
	int r = group_at(p, seq / GROUP, &g);

	if (r)
		return said(p, r, why);
	if (i < g->from || i >= g->to)
		return why_set(why, -ENOENT, "record %llu is not there%s", (unsigned long long)seq,
			       i < g->from ? ": dropped by retention, or harmed" : "");
	*ret = g->record[i];
	ret->raw = bytes_sub(buf_view(&g->raw), g->at[i], g->len[i]);
	*ret_leaf = g->leaf[i];
	return 0;
}
