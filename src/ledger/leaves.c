/* SPDX-License-Identifier: Apache-2.0 */
#include "ledger/leaves.h"
#include "base/buf.h"
#include <stdlib.h>

#define TOGETHER 64u /* records hashed at once: two at a time are interleaved */

struct hashing {
	struct hash256 *ret;
	uint32_t next, done; /* rows */
	struct buf b; /* their leaves, one after the other */
	size_t end[TOGETHER];
	leaves_record_fn *fn;
	void *ctx;
};

static void hash_waiting(struct hashing *h)
{
	struct bytes leaf[TOGETHER];
	uint32_t n = h->next - h->done;
	size_t at = 0;

	for (uint32_t i = 0; i < n; i++) {
		leaf[i] = bytes_of(h->b.at + at, h->end[i] - at);
		at = h->end[i];
	}
	sha256_leaves(leaf, n, h->ret);
	h->ret += n;
	h->done = h->next;
	buf_clear(&h->b);
}

static int take(void *ctx, uint32_t row, const struct record *r)
{
	struct hashing *h = ctx;
	struct leaf_head head = { r->arrival, r->source, r->flags };

	if (row != h->next)
		return -EBADMSG;
	buf_add(&h->b, &head, sizeof(head));
	buf_bytes(&h->b, r->raw);
	h->end[h->next++ - h->done] = h->b.len;
	if (h->next - h->done == TOGETHER)
		hash_waiting(h);
	return h->fn ? h->fn(h->ctx, r) : 0;
}

int leaves_of_block(struct block *b, uint32_t from, uint32_t to, struct hash256 *ret,
		    leaves_record_fn *fn, void *ctx)
{
	struct hashing h = { .ret = ret, .next = from, .done = from, .fn = fn, .ctx = ctx };
	uint32_t n = block_info(b)->rows;
	uint64_t *rows = NULL;
	int r;

	if (to > n || from > to)
		return -EBADMSG;
	if (from || to < n) {
		rows = mem_new(BLOCK_WORDS(n), sizeof(*rows));
		for (uint32_t i = from; i < to; i++)
			rows[i / 64] |= 1ull << (i % 64);
	}
	r = block_decode(b, rows, take, &h);
	hash_waiting(&h);
	if (!r && h.next != to)
		r = -EBADMSG;
	buf_done(&h.b);
	free(rows);
	return r;
}

void leaves_of_segment(const struct segment *s, uint32_t from, uint32_t to, struct hash256 *ret)
{
	while (from < to) {
		struct bytes leaf[TOGETHER];
		uint32_t n = 0;

		while (n < TOGETHER && from < to)
			leaf[n++] = segment_leaf(s, from++);
		sha256_leaves(leaf, n, ret);
		ret += n;
	}
}
