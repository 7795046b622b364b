/* SPDX-License-Identifier: Apache-2.0 */
/* The tree is grown in order from what the workers hashed. Every stored tile entry is compared with
 * the root of its group, every signed root with the root at its size.
 *
 * Where records cannot be had (dropped by retention, left out by --incremental, harmed), the tree
 * goes on by the tiles and the compact range in the trailer; the signed root behind the block says
 * whether those are right. So one harmed block does not hide what is wrong behind it.
 *
 * `whole`: the groups so far are all known. `low_known`: so are the first leaves of the unfinished
 * group. Roots can be compared only where both hold. */
#include "ledger/verify_core.h"
#include <stdio.h>
#include <stdlib.h>

struct level { /* a row of tiles, one of them at a time */
	uint64_t index, n; /* the tile at hand; hashes seen in all */
	struct hash256 stored[TILE_WIDTH], made[TILE_WIDTH];
	unsigned have; /* entries of `stored` */
	bool loaded, told;
};

struct growing {
	struct verify *v;
	uint64_t at; /* seq of the next record */
	struct tree tree; /* its size is `at` where low_known; else that of the groups before */
	bool whole, low_known;
	size_t next_size; /* in v->sizes */
	uint64_t best; /* largest size with a matching root; its root: */
	struct hash256 best_root;
	bool any_best;
	struct level level[TILE_LEVELS];
	/* tile entries that differ from the records of the unit at hand */
	uint64_t *differs;
	size_t differs_n;
	/* bridges into a group that is whole only further on */
	struct waiting {
		uint64_t group, size;
		struct hash256 root;
		char path[BLOCK_PATH_MAX];
	} * waiting;
	size_t waiting_n;
	bool kept_checked;
	bool doubted; /* the records that it grows by may be harmed */
};

static bool same(const struct hash256 *a, const struct hash256 *b)
{
	return !memcmp(a, b, sizeof(*a));
}

/* Entry n of a level, as stored. false: not stored, which is a finding where blocks rest on it. */
static bool stored_entry(struct growing *g, unsigned level, uint64_t n, struct hash256 *ret)
{
	struct level *t = &g->level[level];
	uint64_t index = n / TILE_WIDTH, needed = g->v->blocks_end;
	char name[TILE_NAME_MAX];
	int r;

	if (!t->loaded || t->index != index) {
		t->index = index;
		t->loaded = true;
		t->told = false;
		r = g->v->treefd < 0
			    ? -ENOENT
			    : tile_read(g->v->treefd, level, index, 1, t->stored, &t->have);
		if (r)
			t->have = 0;
		if (r && r != -ENOENT) {
			tile_name(level, index, name);
			finding(g->v, "tree/%s: is harmed: not a row of hashes", name);
			t->told = true;
		}
	}
	if (n % TILE_WIDTH < t->have) {
		*ret = t->stored[n % TILE_WIDTH];
		return true;
	}
	for (unsigned k = 0; k < level; k++)
		needed /= TILE_WIDTH;
	if (n < needed && !t->told) {
		tile_name(level, index, name);
		finding(g->v, "tree/%s: is missing or cut off: hashes from record %llu on", name,
			(unsigned long long)(n << (8 * level)));
		t->told = true;
	}
	return false;
}

/* The next entry of a level above 1, made from the row below. */
static void grow_level(struct growing *g, unsigned level, const struct hash256 *h)
{
	struct level *t = &g->level[level];
	struct hash256 stored, up[TILE_WIDTH];
	char name[TILE_NAME_MAX];

	if (level > 1 && stored_entry(g, level, t->n, &stored) && !same(&stored, h) &&
	    !g->doubted) {
		tile_name(level, t->n / TILE_WIDTH, name);
		finding(g->v, "tree/%s: entry %llu is harmed: not the root of the tile below", name,
			(unsigned long long)(t->n % TILE_WIDTH));
	}
	t->made[t->n++ % TILE_WIDTH] = *h;
	if (t->n % TILE_WIDTH || level + 1 >= TILE_LEVELS)
		return;
	memcpy(up, t->made, sizeof(up));
	tree_fold(up, 8);
	grow_level(g, level + 1, &up[0]);
}

static void differs(struct growing *g, uint64_t group)
{
	if (!(g->differs_n & (g->differs_n - 1)))
		g->differs = mem_must(realloc(g->differs, (g->differs_n ? g->differs_n * 2 : 1) *
								  sizeof(*g->differs)));
	g->differs[g->differs_n++] = group;
}

static void check_waiting(struct growing *g, uint64_t group, const struct hash256 *root)
{
	size_t kept = 0;

	for (size_t i = 0; i < g->waiting_n; i++) {
		const struct waiting *w = &g->waiting[i];

		if (w->group > group)
			g->waiting[kept++] = *w;
		else if (w->group == group && !same(&w->root, root))
			finding(g->v, "%s: the bridge at %llu does not lead to its group", w->path,
				(unsigned long long)w->size);
	}
	g->waiting_n = kept;
}

static void wait_for_group(struct growing *g, const struct bridge *b, const struct hash256 *root,
			   const char *path)
{
	struct waiting *w;

	if (!(g->waiting_n & (g->waiting_n - 1)))
		g->waiting = mem_must(realloc(g->waiting, (g->waiting_n ? g->waiting_n * 2 : 1) *
								  sizeof(*g->waiting)));
	w = &g->waiting[g->waiting_n++];
	w->group = b->size / GROUP;
	w->size = b->size;
	w->root = *root;
	snprintf(w->path, sizeof(w->path), "%s", path);
}

/* A group whose root came from its records. */
static void group_made(void *ctx, uint64_t group, const struct hash256 *root)
{
	struct growing *g = ctx;
	struct hash256 stored;

	check_waiting(g, group, root);
	if (stored_entry(g, 1, group, &stored) && !same(&stored, root))
		differs(g, group);
	if (g->whole)
		grow_level(g, 1, root);
}

/* ---- signed sizes ---- */

static void check_root(struct growing *g, const struct hash256 *root, uint64_t size)
{
	struct verify *v = g->v;

	for (; g->next_size < v->n_sizes && v->sizes[g->next_size].size == size; g->next_size++) {
		const struct signed_size *s = &v->sizes[g->next_size];

		if (!same(root, &s->root)) {
			finding(v,
				s->kept ? "%s: the checkpoint kept elsewhere, of %llu records, has "
					  "another root: the history before it was rewritten, in "
					  "records %llu..%llu"
					: "%s: its signed root of %llu records is not that of the "
					  "records: the harm is in records %llu..%llu",
				s->where, (unsigned long long)size, (unsigned long long)g->best,
				(unsigned long long)(size ? size - 1 : 0));
			continue;
		}
		g->best = size;
		g->best_root = *root;
		g->any_best = true;
		g->kept_checked |= s->kept;
	}
}

/* Sizes below `size` that could not be looked at. */
static void pass_sizes(struct growing *g, uint64_t size)
{
	struct verify *v = g->v;

	for (; g->next_size < v->n_sizes && v->sizes[g->next_size].size < size; g->next_size++) {
		const struct signed_size *s = &v->sizes[g->next_size];

		if (s->kept && !v->cannot.line[0])
			why_set(&v->cannot, 0,
				"the checkpoint kept elsewhere, of %llu records, cannot be "
				"compared: records around it are dropped or harmed; keep a newer "
				"one",
				(unsigned long long)s->size);
	}
}

static bool wanted(struct growing *g, uint64_t size)
{
	pass_sizes(g, size);
	return g->next_size < g->v->n_sizes && g->v->sizes[g->next_size].size == size;
}

static void root_at_low(struct growing *g, uint64_t size, const struct range *low)
{
	struct hash256 root;

	if (!g->whole || !wanted(g, size))
		return;
	tree_join_root(&g->tree.groups, low, &root);
	check_root(g, &root, size);
}

/* ---- going on ---- */

static void add_leaves(struct growing *g, const struct hash256 *leaf, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++) {
		struct range low;
		uint64_t size;

		tree_add(&g->tree, &leaf[i], 1, group_made, g);
		size = tree_size(&g->tree);
		pass_sizes(g, size);
		if (wanted(g, size) && g->low_known) {
			tree_low(&g->tree, &low);
			root_at_low(g, size, &low);
		}
	}
}

static void add_groups(struct growing *g, const struct outcome *o)
{
	static const struct range none;
	size_t k = 0;

	for (uint32_t i = 0; i < o->groups; i++) {
		uint64_t from = tree_size(&g->tree);

		for (; k < o->lows && o->low[k].size < from + GROUP; k++) {
			struct range low;

			if (o->low[k].size < from)
				continue;
			range_of_nodes(o->low[k].size % GROUP, o->low[k].node, &low);
			root_at_low(g, o->low[k].size, &low);
		}
		group_made(g, from / GROUP, &o->group[i]);
		tree_add_group(&g->tree, &o->group[i]);
		root_at_low(g, from + GROUP, &none);
	}
}

/* The unfinished group's start is not known: its root comes from the tiles, if it is there. */
static void skip_to_group(struct growing *g, uint64_t size)
{
	static const struct range none;
	struct hash256 stored;

	g->tree.before = none;
	g->tree.n = 0;
	if (size / GROUP == g->tree.groups.size / GROUP)
		return;
	if (stored_entry(g, 1, g->tree.groups.size / GROUP, &stored)) {
		check_waiting(g, g->tree.groups.size / GROUP, &stored);
		if (g->whole)
			grow_level(g, 1, &stored);
		tree_add_group(&g->tree, &stored);
	} else {
		g->whole = false;
		g->tree.groups.size += GROUP;
	}
	g->low_known = true;
}

static void grow_by_records(struct growing *g, const struct vunit *u, const struct outcome *o)
{
	if (g->low_known)
		add_leaves(g, o->head, o->heads);
	else
		skip_to_group(g, u->first + o->heads);
	if (!g->low_known)
		return; /* the unit ends before the group does */
	add_groups(g, o);
	add_leaves(g, o->tail, o->tails);
}

/* Groups up to `size` from the tiles; bridges (ascending) give signed sizes on the way. */
static void grow_by_tiles(struct growing *g, uint64_t size, const struct range *low,
			  const struct bridge *bridge, size_t bridges, const char *path)
{
	static const struct range none;

	g->tree.before = none;
	g->tree.n = 0;
	while (g->tree.groups.size + GROUP <= size ||
	       (bridges && bridge->size / GROUP == g->tree.groups.size / GROUP)) {
		struct hash256 stored, folded;
		bool there = stored_entry(g, 1, g->tree.groups.size / GROUP, &stored);

		for (; bridges && bridge->size / GROUP == g->tree.groups.size / GROUP;
		     bridge++, bridges--) {
			bridge_group(bridge, &folded);
			wait_for_group(g, bridge, &folded, path);
			root_at_low(g, bridge->size, &bridge->low);
		}
		if (there)
			check_waiting(g, g->tree.groups.size / GROUP, &stored);
		if (g->tree.groups.size + GROUP > size)
			break;
		if (!there) { /* no use in walking on: a forged seq may be far away */
			g->whole = false;
			g->tree.groups.size = size / GROUP * GROUP;
			break;
		}
		if (g->whole) {
			grow_level(g, 1, &stored);
			tree_add_group(&g->tree, &stored);
		} else {
			g->tree.groups.size += GROUP;
		}
		root_at_low(g, g->tree.groups.size, &none);
	}
	g->low_known = low != NULL || size % GROUP == 0;
	if (low)
		g->tree.before = *low;
}

/* ---- units ---- */

static void tell_harmed_records(struct growing *g, const struct vunit *u, const char *path)
{
	uint64_t end = u->first + u->count;

	if (!g->differs_n) {
		finding(g->v,
			"%s: records %llu..%llu do not give the root that was signed for them",
			path, (unsigned long long)u->first, (unsigned long long)end - 1);
		return;
	}
	for (size_t i = 0; i < g->differs_n; i++) {
		uint64_t from = g->differs[i] * GROUP, to = from + GROUP - 1;

		if (from < u->first)
			from = u->first;
		if (to >= end)
			to = end - 1;
		finding(g->v, "%s: records %llu..%llu are not those that were sealed", path,
			(unsigned long long)from, (unsigned long long)to);
	}
}

static void tell_harmed_tiles(struct growing *g)
{
	for (size_t i = 0; i < g->differs_n; i++) {
		char name[TILE_NAME_MAX];

		tile_name(1, g->differs[i] / TILE_WIDTH, name);
		finding(g->v, "tree/%s: entry %llu is harmed: not the root of records %llu..%llu",
			name, (unsigned long long)(g->differs[i] % TILE_WIDTH),
			(unsigned long long)(g->differs[i] * GROUP),
			(unsigned long long)(g->differs[i] * GROUP + GROUP - 1));
	}
}

/* The records of a unit cannot be had, and what stands for them does not give the signed root. From
 * here on roots cannot be compared: the records behind are judged by their blocks' signed hashes
 * and by the tiles, and are not blamed for what is wrong before them. */
static void tell_harmed_base(struct growing *g, const struct vunit *u, const char *path)
{
	uint64_t from = u->first / GROUP / TILE_WIDTH;
	uint64_t to = (trailer_size(&u->trailer) - 1) / GROUP / TILE_WIDTH;
	char name[TILE_NAME_MAX];

	for (uint64_t i = from; i <= to; i++) {
		tile_name(1, i, name);
		finding(g->v,
			"tree/%s, or %s: is harmed: they do not give the signed root of %llu "
			"records; roots behind it cannot be compared",
			name, path, (unsigned long long)trailer_size(&u->trailer));
	}
	g->whole = false;
}

static void take_definitions(struct verify *v, struct outcome *o)
{
	for (size_t i = 0; i < o->defs; i++) {
		if (!(v->defs & (v->defs - 1)))
			v->def = mem_must(
				realloc(v->def, (v->defs ? v->defs * 2 : 1) * sizeof(*v->def)));
		v->def[v->defs++] = o->def[i];
		o->def[i].raw = (struct buf){ 0 };
	}
}

static void take_drops(struct verify *v, const struct outcome *o)
{
	for (size_t i = 0; i < o->drops; i++) {
		if (!(v->drops & (v->drops - 1)))
			v->drop = mem_must(
				realloc(v->drop, (v->drops ? v->drops * 2 : 1) * sizeof(*v->drop)));
		v->drop[v->drops++] = o->drop[i];
	}
}

/* The trailer's own root: of the tree behind the block. */
static bool root_fits(const struct growing *g, const struct trailer *t)
{
	struct hash256 root;
	struct range low;

	if (tree_size(&g->tree) != trailer_size(t))
		return false;
	tree_low(&g->tree, &low);
	tree_root(&g->tree, &root);
	return same(&root, &t->root) && low.size == t->low.size &&
	       range_same(&low, &t->low, GROUP_LEVEL);
}

/* Each bridge must be of a size inside the block, in order; else it would never be walked over. */
static void check_bridges(struct growing *g, const struct vunit *u, struct outcome *o,
			  const char *path)
{
	uint64_t last = u->first;

	for (size_t i = 0; i < o->bridges; i++) {
		if (o->bridge[i].size <= last || o->bridge[i].size > u->first + u->count) {
			finding(g->v, "%s: its bridges are harmed", path);
			o->bridges = i;
			return;
		}
		last = o->bridge[i].size;
	}
}

static void take_sealed(struct growing *g, const struct vunit *u, struct outcome *o)
{
	struct growing *before = NULL;
	char path[BLOCK_PATH_MAX];
	bool fits;

	block_path(u->first, u->gone, path);
	if (o->unsigned_trailer)
		finding(g->v,
			"%s: records %llu..%llu: its checkpoint is not signed by the key of %s",
			path, (unsigned long long)u->first,
			(unsigned long long)(u->first + u->count - 1), g->v->key.name);
	if (o->r)
		finding(g->v, "%s: records %llu..%llu: %s", path, (unsigned long long)u->first,
			(unsigned long long)(u->first + u->count - 1),
			o->why.line[0] ? o->why.line : "cannot be read");
	else if (o->range_differs)
		finding(g->v, "%s: its trailer tells other times or sizes than its records", path);
	check_bridges(g, u, o, path);
	g->differs_n = 0;
	if (!u->gone && !u->skip && !o->r) {
		before = mem_new(1, sizeof(*before)); /* 130 KiB: not for the stack */
		*before = *g;
		g->doubted = o->payload_differs; /* then the tiles above are not to blame */
		grow_by_records(g, u, o);
		g->doubted = false;
		fits = g->whole && g->low_known ? root_fits(g, &u->trailer)
						: !o->payload_differs || !g->differs_n;
		if (o->payload_differs)
			finding(g->v, "%s: records %llu..%llu: the payload is not the signed one%s",
				path, (unsigned long long)u->first,
				(unsigned long long)(u->first + u->count - 1),
				fits ? "; the records are right, columns or filter are not" : "");
		if (!fits && !o->unsigned_trailer) {
			tell_harmed_records(g, u, path);
			before->differs = g->differs;
			before->waiting = g->waiting; /* those told are told */
			before->waiting_n = g->waiting_n;
			*g = *before; /* on by what was signed */
			grow_by_tiles(g, trailer_size(&u->trailer), &u->trailer.low, NULL, 0, path);
			if (g->whole && !root_fits(g, &u->trailer))
				tell_harmed_base(g, u, path);
		} else {
			tell_harmed_tiles(g);
		}
		free(before);
	} else {
		if (o->payload_differs)
			finding(g->v, "%s: records %llu..%llu: the payload is not the signed one",
				path, (unsigned long long)u->first,
				(unsigned long long)(u->first + u->count - 1));
		grow_by_tiles(g, trailer_size(&u->trailer), &u->trailer.low, o->bridge, o->bridges,
			      path);
		if (g->whole && !root_fits(g, &u->trailer))
			tell_harmed_base(g, u, path);
		else if (u->skip && !u->gone)
			root_at_low(g, g->at, &u->trailer.low);
	}
	pass_sizes(g, trailer_size(&u->trailer));
}

static uint64_t unit_end(const struct vunit *u)
{
	struct record last;

	if (!u->segment || !segment_damaged(u->segment, NULL) || !u->count)
		return u->first + u->count;
	segment_record(u->segment, u->count - 1, &last);
	return last.seq + 1;
}

static void take_unit(struct verify *v, size_t i, struct outcome *o)
{
	struct growing *g = v->growing;
	struct vunit *u = &v->unit[i];

	if (u->first > g->at) {
		finding(v, "records %llu..%llu are missing", (unsigned long long)g->at,
			(unsigned long long)u->first - 1);
		grow_by_tiles(g, u->first, NULL, NULL, 0, "");
	} else if (u->first < g->at) {
		finding(v, "records %llu..%llu are there twice", (unsigned long long)u->first,
			(unsigned long long)g->at - 1);
		return;
	}
	g->at = u->first;
	v->done_bytes += o->file_bytes;
	if (v->o->progress)
		v->o->progress(v->o->ctx, v->done_bytes, v->all_bytes);
	if (!u->readable)
		return; /* was told; the next unit shows how many records it had */
	u->decoded = !o->r && !u->gone && !u->skip;
	if (u->gone) {
		v->res.dropped_blocks++;
	} else {
		v->res.blocks += !u->live;
		v->res.raw_bytes += u->live ? segment_raw_bytes(u->segment) : u->trailer.raw_bytes;
	}
	take_definitions(v, o);
	take_drops(v, o);
	g->at = unit_end(u);
	if (!u->live) {
		take_sealed(g, u, o);
		return;
	}
	g->differs_n = 0;
	if (o->r) { /* a damaged segment: where it goes on is known, what is in the hole is not */
		g->whole = false;
		g->low_known = false;
		g->tree.groups.size = g->at / GROUP * GROUP;
		return;
	}
	grow_by_records(g, u, o);
	tell_harmed_tiles(g);
}

/* What was signed must be there. */
static void check_end(struct growing *g)
{
	struct verify *v = g->v;
	uint64_t size = g->at;
	bool told = false;

	pass_sizes(g, size);
	for (; g->next_size < v->n_sizes; g->next_size++) {
		const struct signed_size *s = &v->sizes[g->next_size];

		if (s->size <= size || (told && !s->kept))
			continue;
		finding(v,
			"%s: %llu records were signed, %llu are there: the newest are missing, or "
			"the ledger was put back",
			s->where, (unsigned long long)s->size, (unsigned long long)size);
		told = true;
	}
	if (v->has_kept && !g->kept_checked && !v->res.findings && !v->cannot.line[0])
		why_set(&v->cannot, 0, "the checkpoint kept elsewhere could not be compared");
	v->res.records = size;
	v->res.unsigned_records = size > g->best ? size - g->best : 0;
	if (g->any_best)
		tree_root_text(&g->best_root, v->res.root);
}

/* Whoever can write to the disk can make a .gone file and take the block away; what he cannot make
 * is the signed record of it. Blocks are dropped oldest first, so the record of the newest of them
 * must be there, and it speaks for those before (whose records may have been dropped themselves).
 */
static void check_drops(struct growing *g)
{
	const struct verify *v = g->v;
	const struct vunit *last = NULL;
	char path[BLOCK_PATH_MAX];
	bool all = true, told = false;

	for (size_t i = 0; i < v->units; i++) {
		const struct vunit *u = &v->unit[i];

		if (u->readable && u->gone && last && !last->gone) {
			block_path(u->first, true, path);
			finding(g->v,
				"%s: records %llu..%llu are dropped though older ones are there: "
				"retention does not do so",
				path, (unsigned long long)u->first,
				(unsigned long long)(u->first + u->count - 1));
		}
		if (u->readable && !u->gone)
			all &= u->decoded;
		last = u;
	}
	for (size_t i = v->units; i-- > 0 && !(v->unit[i].readable && v->unit[i].gone);)
		last = i ? &v->unit[i - 1] : NULL;
	/* Where records could not be looked at, the one asked for may be among them; while a writer
	 * is at work, it may be newer than what was read. */
	if (!last || !last->gone || !all || v->live)
		return;
	for (size_t i = 0; i < v->drops; i++)
		told |= v->drop[i].first == last->first && v->drop[i].seq < g->best;
	block_path(last->first, true, path);
	if (!told)
		finding(g->v,
			"%s: records %llu..%llu are gone, and no signed record tells that they "
			"were dropped",
			path, (unsigned long long)last->first,
			(unsigned long long)(last->first + last->count - 1));
}

int verify_records(struct verify *v, unsigned threads)
{
	static const struct range none;
	struct growing *g = mem_new(1, sizeof(*g));
	struct hash256 root;
	int r;

	g->v = v;
	g->whole = g->low_known = true;
	v->growing = g;
	range_root(&none, &root);
	check_root(g, &root, 0);
	r = verify_run_units(v, threads, take_unit);
	check_end(g);
	check_drops(g);
	if (!r)
		r = verify_walk_tiles(v, g->at);
	v->growing = NULL;
	free(g->differs);
	free(g->waiting);
	free(g);
	return r;
}
