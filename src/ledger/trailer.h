/* SPDX-License-Identifier: Apache-2.0 */
/* trailer.h — the end of a block's file, all of it under the ledger's signature or tied to it:
 *
 *   payload | trailer | footer                      blocks/<8 hex>/<16 hex first seq>.vb
 *   bridges | trailer | footer                      the same with .gone, once retention dropped it
 *
 *   trailer  u8 n, n hashes: the compact range below level 8 of the tree after the block |
 *            a signed checkpoint of the tree after the block, with the extension line
 *            "vedette-block <first> <records> <raw bytes> <time min> <time max> <arrival min>
 *            <arrival max> <base64 SHA-256 of the payload>"
 *   footer   u32 trailer length, u32 low half of XXH3-64 of the trailer, "VDTBLK01" / "VDTGONE1"
 *
 * With the tiles below it, the compact range gives the signed root: the trailer checks itself.
 * Threads: pure. Memory: a trailer owns its bytes. */
#pragma once
#include "base/clock.h"
#include "base/err.h"
#include "ledger/seal/checkpoint.h"
#include "ledger/tree/tree.h"

#define TRAILER_FOOTER 16u
#define TRAILER_MAX 4096u

struct trailer {
	uint64_t first;
	uint32_t count;
	uint64_t raw_bytes;
	usec time_min, time_max, arrival_min, arrival_max;
	struct hash256 payload, root;
	struct range low; /* of the tree of first + count leaves, below level 8 */
	uint64_t body_len; /* bytes of the file before the trailer */
	bool gone;
	struct buf bytes; /* as in the file, without the footer */
	struct bytes note; /* in them */
};

static inline uint64_t trailer_size(const struct trailer *t) /* of the tree after the block */
{
	return t->first + t->count;
}
void trailer_done(struct trailer *t);
/* Appends trailer and footer; root and all above it must be set. */
void trailer_write(const struct trailer *t, const struct key *k, const struct verifier *v,
		   struct buf *ret);
/* The trailer of an open file. Its form is checked, its signature not. */
int trailer_read(int fd, struct trailer *ret, struct why *why);
bool trailer_check(const struct trailer *t, const struct verifier *v);
/* The same trailer for the file that stays when the payload goes. */
void trailer_write_gone(const struct trailer *t, struct buf *ret);

/* A bridge ties the tree of `size` leaves, whose last records are dropped, to the group of 256 they
 * were in: the compact range before, and the subtrees that follow in the group, smallest first. */
struct bridge {
	uint64_t size;
	struct range low;
	unsigned n;
	struct hash256 next[GROUP_LEVEL];
};
void bridge_write(const struct bridge *b, struct buf *to);
/* leaf: all 256 hashes of the group, of which the first `known_from` may be missing (then
 * `before` is their compact range). */
void bridge_make(uint64_t size, const struct range *before, const struct hash256 *leaf,
		 struct bridge *ret);
void bridge_group(const struct bridge *b, struct hash256 *ret); /* the group's root */
/* All bridges of a .gone file's body; free(*ret). */
int bridges_read(struct bytes body, struct bridge **ret, size_t *ret_n);
