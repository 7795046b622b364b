/* SPDX-License-Identifier: Apache-2.0 */
/* blocks.h — the files under blocks/: which there are, opening one, reading it.
 * Threads: pure. Memory: the list; a block's bytes while it is open. */
#pragma once
#include "ledger/trailer.h"

#define BLOCK_PATH_MAX 64

struct blocks {
	struct block_name {
		uint64_t first;
		bool gone;
	} * at; /* by first */
	size_t n;
};

/* "blocks/00000000/0000000000010000.vb" */
void block_path(uint64_t first, bool gone, char ret[static BLOCK_PATH_MAX]);
/* The folder of a block, made where it is missing; a descriptor. */
int block_folder(int dirfd, uint64_t first, bool create);
/* Where both forms of one are there, the crash was between making .gone and removing .vb: the
 * block still counts. Other names are left out. */
int blocks_list(int dirfd, struct blocks *ret);
void blocks_done(struct blocks *b);
int block_trailer(int dirfd, uint64_t first, bool gone, struct trailer *ret, struct why *why);
/* The bytes before the trailer, read into memory. */
int block_body(int dirfd, const struct trailer *t, struct buf *ret, struct why *why);
