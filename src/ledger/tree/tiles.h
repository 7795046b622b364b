/* SPDX-License-Identifier: Apache-2.0 */
/* tiles.h — the stored part of the tree: C2SP tlog-tiles of height 8, from level 1 on.
 *   tree/tile/<level>/<index>            256 hashes, 8 KiB, never changed
 *   tree/tile/<level>/<index>.p/<width>  the unfinished tile at the right edge
 * Entry i of tile (level, index) is the root of the complete subtree of 256^level leaves number
 * index * 256 + i. Level 0 is not stored (32 bytes a record would be twice the compressed record):
 * it comes from hashing the records again.
 * Threads: writer one owner; tile_read() is pure. Memory: one tile a level. */
#pragma once
#include "base/err.h"
#include "ledger/tree/tree.h"

#define TILE_WIDTH 256u
#define TILE_LEVELS 8u /* levels 1 .. 7 reach 2^63 records */

struct tiles {
	int fd; /* of tree/ */
	uint64_t groups; /* hashes of level 1 that are stored and durable */
	struct hash256 edge[TILE_LEVELS][TILE_WIDTH]; /* the unfinished tile of each level */
};

/* Loads the right edge at `groups` hashes of level 1. ret_range: the compact range over them. */
int tiles_load(struct tiles *t, int treefd, uint64_t groups, struct range *ret_range,
	       struct why *why);
/* Stores the next n hashes of level 1; durable on return. On failure nothing has changed but that
 * some tiles may already be there, which is no harm: their content is what it will be. */
int tiles_store(struct tiles *t, const struct hash256 *h, size_t n);
/* Removes what a crash has left at the right edge: unfinished tiles that a larger one replaces. */
int tiles_tidy(int treefd, uint64_t groups);

/* At least `want` hashes of a tile; -ENOENT where they are not stored. */
int tile_read(int treefd, unsigned level, uint64_t index, unsigned want,
	      struct hash256 ret[static TILE_WIDTH], unsigned *ret_n);
/* One tile of n hashes, durable; other forms of it go. */
int tile_write(int treefd, unsigned level, uint64_t index, const struct hash256 *h, unsigned n);
/* "tile/1/x001/234" */
#define TILE_NAME_MAX 64
void tile_name(unsigned level, uint64_t index, char ret[static TILE_NAME_MAX]);
/* The inverse, also with ".p/<width>" at the end; width 256 for a whole tile. */
bool tile_name_parse(const char *name, unsigned *ret_level, uint64_t *ret_index,
		     unsigned *ret_width);
/* The node at `level` (>= 8) and index, from the tiles. */
int tile_node(int treefd, unsigned level, uint64_t index, struct hash256 *ret);
/* The compact range over `groups` whole groups, from the tiles. */
int tile_range(int treefd, uint64_t groups, struct range *ret);
