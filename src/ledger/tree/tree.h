/* SPDX-License-Identifier: Apache-2.0 */
/* tree.h — the Merkle tree of RFC 6962 section 2.1, growing to the right.
 *
 * A compact range holds the roots of the complete subtrees that a tree of `size` leaves falls into,
 * one for each bit of the size: node[k] spans 2^k leaves. That is all one needs to go on.
 *
 * The ledger works in groups of 256 leaves: only the roots of whole groups are ever stored (tiles
 * from level 1 on), so a struct tree is a compact range of whole groups and the leaves of the last,
 * unfinished one. When a ledger is opened, the first leaves of that group may be known only by
 * their subtree hashes: that is `before`.
 * Threads: one owner. Memory: 10 KiB each. */
#pragma once
#include "base/sha256.h"

#define GROUP 256u
#define GROUP_LEVEL 8u

struct range {
	uint64_t size;
	struct hash256 node[64];
};

/* The root of a complete subtree of 2^level leaves; size must be a multiple of that. */
void range_add(struct range *r, unsigned level, const struct hash256 *h);
void range_root(const struct range *r, struct hash256 *ret);
/* The nodes below a level, largest subtree first, as they are written to files. Returns how many.
 */
unsigned range_nodes(const struct range *r, unsigned below, struct hash256 ret[static 64]);
bool range_same(const struct range *a, const struct range *b, unsigned below);
/* The inverse, for size < 2^below (only that part of it). */
void range_of_nodes(uint64_t size, const struct hash256 *nodes, struct range *ret);

struct tree {
	struct range groups; /* size: a multiple of GROUP */
	struct range before; /* the first leaves of the unfinished group, only their subtrees */
	unsigned n; /* leaves behind those */
	struct hash256 leaf[GROUP];
};

typedef void tree_group_fn(void *ctx, uint64_t group, const struct hash256 *root);

static inline uint64_t tree_size(const struct tree *t)
{
	return t->groups.size + t->before.size + t->n;
}
/* Goes on at `groups` whole groups and a compact range of fewer than 256 leaves. */
void tree_begin(struct tree *t, const struct range *groups, const struct range *low);
/* Room for the leaf hashes of the unfinished group: where the next go, and how many fit. */
struct hash256 *tree_room(struct tree *t, unsigned *ret_room);
/* n hashes were put there. A group that is whole is told to fn (may be NULL). */
void tree_took(struct tree *t, unsigned n, tree_group_fn *fn, void *ctx);
void tree_add(struct tree *t, const struct hash256 *leaves, size_t n, tree_group_fn *fn, void *ctx);
/* A whole group at once; only when no leaf is waiting. */
void tree_add_group(struct tree *t, const struct hash256 *root);
/* The unfinished group, or its first leaves (until - groups.size of them), as a compact range. */
void tree_low(const struct tree *t, struct range *ret);
void tree_low_at(const struct tree *t, unsigned until, struct range *ret);
void tree_root(const struct tree *t, struct hash256 *ret);
/* The root of groups and a low range behind them. */
void tree_join_root(const struct range *groups, const struct range *low, struct hash256 *ret);

void tree_root_text(const struct hash256 *root, char ret[static 65]); /* hex */

/* Root of 2^level hashes; `h` is overwritten. */
void tree_fold(struct hash256 *h, unsigned level);
