/* SPDX-License-Identifier: Apache-2.0 */
/* repair.h — the stored part of the tree, made again where it is missing or harmed. Tiles are only
 * what hashing the records gives, so nothing is lost with them but time; without those at the right
 * edge a ledger cannot be opened for writing. What is written was proven first: the roots of a
 * block's groups count only once they give the root that was signed for the block.
 * Threads: one owner; takes the writer's lock. Memory: one block. */
#pragma once
#include "base/err.h"
#include <stdint.h>

enum {
	REPAIR_STOPPED = 1
}; /* somewhere neither records nor tiles gave the signed root; said through `say` */

struct repair_options {
	const char *dir;
	const char *public_key; /* as in verify.h */
	void (*say)(void *ctx, const char *line); /* each tile that was made again */
	void *ctx;
};

/* ret_tiles: how many were written. -EBUSY: a writer is at work. */
int repair_tiles(const struct repair_options *o, uint64_t *ret_tiles, struct why *why);
