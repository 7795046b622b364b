/* SPDX-License-Identifier: Apache-2.0 */
/* leaves.h — leaf hashes out of blocks and segments. Threads: pure. Memory: a batch of records. */
#pragma once
#include "base/sha256.h"
#include "ledger/block/block.h"
#include "ledger/segment.h"

/* Told every record while its leaf is hashed; what is not 0 stops. May be NULL. */
typedef int leaves_record_fn(void *ctx, const struct record *r);

/* The hashes of rows from .. to-1. -EBADMSG where the block does not give them all. */
int leaves_of_block(struct block *b, uint32_t from, uint32_t to, struct hash256 *ret,
		    leaves_record_fn *fn, void *ctx);
void leaves_of_segment(const struct segment *s, uint32_t from, uint32_t to, struct hash256 *ret);
