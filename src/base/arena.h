/* SPDX-License-Identifier: Apache-2.0 */
/* arena.h — memory of one batch: taken piece by piece, given back all at once.
 * Threads: one owner. Memory: chunks of 64 KiB and more, kept for reuse by arena_reset().
 * Under AddressSanitizer every piece is an allocation of its own, so overruns show. */
#pragma once
#include "base/bytes.h"

struct arena {
	struct arena_chunk *chunks; /* newest first */
	uint8_t *at, *end; /* free part of the newest chunk */
	size_t total; /* bytes taken since the last reset */
};

void *arena_take(struct arena *a, size_t n); /* aligned to 16; n may be 0; never NULL */
struct bytes arena_copy(struct arena *a, struct bytes b);
void arena_reset(struct arena *a); /* every piece is gone */
void arena_done(struct arena *a); /* frees all; usable again */
