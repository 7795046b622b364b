/* SPDX-License-Identifier: Apache-2.0 */
/* Block by block: its records are hashed and the tree grown; where its records cannot be had (they
 * are dropped or harmed) the stored tiles and the trailer stand for them. Either way the root must
 * be the signed one, or that is where it ends: no hash behind it can be proven. */
#include "ledger/repair.h"
#include "ledger/blocks.h"
#include "ledger/file.h"
#include "ledger/leaves.h"
#include "ledger/seal/identity.h"
#include "ledger/tree/tiles.h"
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <unistd.h>

struct repair {
	const struct repair_options *o;
	int dirfd, lockfd, treefd;
	struct verifier key;
	struct tree tree; /* proven */
	struct tree next; /* with the block at hand */
	struct hash256 *group; /* roots that the block at hand adds */
	size_t groups, cap;
	uint64_t have[TILE_LEVELS]; /* proven hashes of each level, the last ones of them: */
	struct hash256 edge[TILE_LEVELS][TILE_WIDTH];
	uint64_t written;
	bool stopped;
};

__attribute__((format(printf, 2, 3))) static void tell(const struct repair *p, const char *fmt, ...)
{
	char line[512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	if (p->o->say)
		p->o->say(p->o->ctx, line);
}

/* ---- tiles ---- */

static int put_tile(struct repair *p, unsigned level, uint64_t index, unsigned n, struct why *why)
{
	struct hash256 stored[TILE_WIDTH];
	char name[TILE_NAME_MAX];
	unsigned got = 0;
	int r = tile_read(p->treefd, level, index, n, stored, &got), w;

	if (!r && got >= n && !memcmp(stored, p->edge[level], n * sizeof(*stored)))
		return 0;
	tile_name(level, index, name);
	w = tile_write(p->treefd, level, index, p->edge[level], n);
	if (w)
		return why_set(why, w, "tree/%s: cannot be written: %s", name, strerror(-w));
	tell(p, "tree/%s: was %s; made again from the records, as they were signed", name,
	     r == -ENOENT ? "missing" : "harmed");
	p->written++;
	return 0;
}

static int push(struct repair *p, unsigned level, const struct hash256 *h, struct why *why)
{
	struct hash256 up[TILE_WIDTH];
	int r;

	p->edge[level][p->have[level]++ % TILE_WIDTH] = *h;
	if (p->have[level] % TILE_WIDTH)
		return 0;
	r = put_tile(p, level, p->have[level] / TILE_WIDTH - 1, TILE_WIDTH, why);
	if (r || level + 1 >= TILE_LEVELS)
		return r;
	memcpy(up, p->edge[level], sizeof(up));
	tree_fold(up, 8);
	return push(p, level + 1, &up[0], why);
}

static int put_edges(struct repair *p, struct why *why)
{
	int r = 0;

	for (unsigned level = 1; level < TILE_LEVELS && !r; level++) {
		if (p->have[level] % TILE_WIDTH)
			r = put_tile(p, level, p->have[level] / TILE_WIDTH,
				     (unsigned)(p->have[level] % TILE_WIDTH), why);
	}
	return r;
}

/* ---- blocks ---- */

static void add_group(void *ctx, uint64_t index, const struct hash256 *root)
{
	struct repair *p = ctx;

	(void)index;
	if (p->groups == p->cap) {
		p->cap = p->cap ? p->cap * 2 : 256;
		p->group = mem_must(realloc(p->group, p->cap * sizeof(*p->group)));
	}
	p->group[p->groups++] = *root;
}

static bool root_fits(const struct repair *p, const struct trailer *t)
{
	struct hash256 root;

	tree_root(&p->next, &root);
	return tree_size(&p->next) == trailer_size(t) && !memcmp(&root, &t->root, sizeof(root));
}

static bool by_records(struct repair *p, const struct trailer *t)
{
	struct hash256 *leaf = NULL;
	struct buf body = { 0 };
	struct block *b = NULL;
	bool good;

	p->next = p->tree;
	p->groups = 0;
	good = !t->gone && !block_body(p->dirfd, t, &body, NULL) &&
	       !block_open(&b, buf_view(&body), NULL) && block_info(b)->rows == t->count &&
	       block_info(b)->first == t->first;
	if (good) {
		leaf = mem_new(t->count, sizeof(*leaf));
		good = !leaves_of_block(b, 0, t->count, leaf, NULL, NULL);
	}
	if (good)
		tree_add(&p->next, leaf, t->count, add_group, p);
	good = good && root_fits(p, t);
	block_free(b);
	free(leaf);
	buf_done(&body);
	return good;
}

static bool by_tiles(struct repair *p, const struct trailer *t)
{
	struct range groups = p->tree.groups;
	struct hash256 h;

	p->groups = 0;
	while (groups.size + GROUP <= trailer_size(t)) {
		if (tile_node(p->treefd, GROUP_LEVEL, groups.size / GROUP, &h))
			return false;
		add_group(p, 0, &h);
		range_add(&groups, GROUP_LEVEL, &h);
	}
	tree_begin(&p->next, &groups, &t->low);
	return root_fits(p, t);
}

/* true: the tree is proven up to the end of this block. */
static bool take_block(struct repair *p, const struct block_name *name)
{
	uint64_t at = tree_size(&p->tree);
	struct trailer t;
	struct why inner = { 0 };
	bool good = false;

	if (block_trailer(p->dirfd, name->first, name->gone, &t, &inner)) {
		tell(p, "%s", inner.line);
		return false;
	}
	if (t.first != at)
		tell(p, "records %llu..%llu are missing", (unsigned long long)at,
		     (unsigned long long)t.first - 1);
	else if (!trailer_check(&t, &p->key))
		tell(p, "records %llu..%llu: their block is not signed by the key of %s",
		     (unsigned long long)at, (unsigned long long)trailer_size(&t) - 1, p->key.name);
	else if (!by_records(p, &t) && !by_tiles(p, &t))
		tell(p,
		     "records %llu..%llu are dropped or harmed, and the tiles over them too: "
		     "neither "
		     "gives the signed root",
		     (unsigned long long)at, (unsigned long long)trailer_size(&t) - 1);
	else
		good = true;
	trailer_done(&t);
	return good;
}

static int repair_blocks(struct repair *p, const struct blocks *list, struct why *why)
{
	int r = 0;

	for (size_t i = 0; i < list->n && !r; i++) {
		if (!take_block(p, &list->at[i])) {
			tell(p, "tiles from record %llu on are left as they are",
			     (unsigned long long)(p->tree.groups.size));
			p->stopped = true;
			return 0;
		}
		p->tree = p->next;
		for (size_t k = 0; k < p->groups && !r; k++)
			r = push(p, 1, &p->group[k], why);
	}
	return r ? r : put_edges(p, why);
}

/* ---- the ledger ---- */

static int take_lock(struct repair *p, struct why *why)
{
	p->lockfd = openat(p->dirfd, "lock", O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (p->lockfd < 0)
		return why_set(why, -errno, "%s/lock: %s", p->o->dir, strerror(errno));
	if (flock(p->lockfd, LOCK_EX | LOCK_NB) < 0)
		return why_set(why, -EBUSY,
			       "%s: another process is writing this ledger; stop it first",
			       p->o->dir);
	return 0;
}

static int repair_all(struct repair *p, struct why *why)
{
	struct blocks list = { 0 };
	struct identity id;
	int r;

	p->dirfd = open(p->o->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (p->dirfd < 0)
		return why_set(why, -errno, "%s: %s", p->o->dir, strerror(errno));
	r = p->o->public_key ? verifier_option(p->o->public_key, &p->key, why)
			     : identity_public(p->dirfd, &p->key, why);
	if (!r) /* so that no other directory gets a folder of tiles */
		r = identity_read(p->dirfd, &p->key, &id, why);
	if (!r)
		r = take_lock(p, why);
	if (r)
		return r;
	p->treefd = file_open_dir(p->dirfd, "tree", true);
	r = p->treefd < 0 ? p->treefd : blocks_list(p->dirfd, &list);
	if (r)
		why_set(why, r, "%s: cannot be read: %s", p->o->dir, strerror(-r));
	else
		r = repair_blocks(p, &list, why);
	blocks_done(&list);
	return r;
}

int repair_tiles(const struct repair_options *o, uint64_t *ret_tiles, struct why *why)
{
	struct repair *p = mem_new(1, sizeof(*p)); /* 80 KiB: not for the stack */
	int r;

	p->o = o;
	p->dirfd = p->lockfd = p->treefd = -1;
	r = repair_all(p, why);
	if (!r && p->stopped)
		r = REPAIR_STOPPED;
	*ret_tiles = p->written;
	if (p->treefd >= 0)
		close(p->treefd);
	if (p->lockfd >= 0)
		close(p->lockfd);
	if (p->dirfd >= 0)
		close(p->dirfd);
	free(p->group);
	free(p);
	return r;
}
