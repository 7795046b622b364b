/* SPDX-License-Identifier: Apache-2.0 */
#include "ledger/wal_frame.h"
#include "base/cursor.h"
#include "base/hash.h"
#include "ledger/file.h"
#include <assert.h>
#include <stdlib.h>

void segment_header_write(const struct segment_header *h, uint8_t ret[static SEGMENT_HEADER])
{
	uint32_t version = SEGMENT_VERSION;
	uint64_t sum;

	memset(ret, 0, SEGMENT_HEADER);
	memcpy(ret, SEGMENT_MAGIC, 8);
	memcpy(ret + 8, &version, 4);
	memcpy(ret + 16, h->id, LEDGER_ID_LEN);
	memcpy(ret + 32, &h->first, 8);
	memcpy(ret + 40, &h->salt, 8);
	memcpy(ret + 48, &h->created, 8);
	sum = checksum64(bytes_of(ret, 56));
	memcpy(ret + 56, &sum, 8);
}

bool segment_header_parse(struct bytes b, struct segment_header *ret, struct why *why)
{
	struct cursor c = cursor_of(b);
	struct segment_header h;
	struct bytes magic = cur_take(&c, 8), id;
	uint32_t version = cur_u32le(&c), zero = cur_u32le(&c);

	id = cur_take(&c, LEDGER_ID_LEN);
	h.first = cur_u64le(&c);
	h.salt = cur_u64le(&c);
	h.created = (usec)cur_u64le(&c);
	if (cur_u64le(&c) != checksum64(bytes_sub(b, 0, 56)) || c.bad ||
	    !bytes_eq(magic, BYTES(SEGMENT_MAGIC)) || zero || h.first > SEQ_MAX) {
		why_set(why, 0, "its header is harmed");
		return false;
	}
	if (version != SEGMENT_VERSION) {
		why_set(why, 0, "its version is %u, this program reads %u", version,
			SEGMENT_VERSION);
		return false;
	}
	memcpy(h.id, id.at, LEDGER_ID_LEN);
	*ret = h;
	return true;
}

static bool zeros(struct bytes b)
{
	for (size_t i = 0; i < b.len; i++) {
		if (b.at[i])
			return false;
	}
	return true;
}

bool wal_frame_record(struct bytes *records, struct bytes *ret_leaf)
{
	struct cursor c = cursor_of(*records);
	uint32_t len = cur_u32le(&c);
	struct bytes leaf = cur_take(&c, sizeof(struct leaf_head) + (uint64_t)len);

	if (c.bad)
		return false;
	*ret_leaf = leaf;
	*records = bytes_from(*records, 4 + leaf.len);
	return true;
}

void record_of_leaf(struct bytes leaf, uint64_t seq, struct record *ret)
{
	struct leaf_head h;

	memcpy(&h, leaf.at, sizeof(h));
	*ret = (struct record){ .seq = seq,
				.arrival = h.arrival,
				.source = h.source,
				.flags = h.flags,
				.raw = bytes_from(leaf, sizeof(h)) };
}

/* The frame's records are whole and as many as it says. One walk checks and indexes: each step of
 * it waits for memory. */
static bool take_leaves(struct bytes file, const struct wal_frame *f, struct wal_leaves *l)
{
	struct bytes rest = f->records, leaf;
	uint32_t n = 0;

	if (f->count > f->records.len / RECORD_HEAD)
		return false;
	if (l && l->cap - l->n < f->count) {
		l->cap = l->n + f->count + l->cap / 2;
		l->at = mem_must(realloc(l->at, l->cap * sizeof(*l->at)));
	}
	for (; rest.len && n < f->count && wal_frame_record(&rest, &leaf); n++)
		if (l)
			l->at[l->n + n] = (uint64_t)(leaf.at - file.at);
	if (rest.len || n != f->count)
		return false;
	if (l)
		l->n += n;
	return true;
}

/* Whole and true, whatever its seq. */
static bool wal_frame_at(struct bytes file, uint64_t salt, uint64_t at, struct wal_frame *ret)
{
	struct bytes b = bytes_from(file, at);
	struct cursor c = cursor_of(b);
	uint32_t magic = cur_u32le(&c), records, positions, zero;
	struct wal_frame f = { .at = at };
	uint64_t sum, all;

	f.flags = cur_u32le(&c);
	f.first = cur_u64le(&c);
	f.count = cur_u32le(&c);
	records = cur_u32le(&c);
	positions = cur_u32le(&c);
	zero = cur_u32le(&c);
	if (c.bad || magic != WAL_FRAME_MAGIC || zero || (f.flags & ~WAL_FRAME_MORE))
		return false;
	f.records = cur_take(&c, records);
	f.positions = cur_take(&c, positions);
	all = ((uint64_t)WAL_FRAME_HEADER + records + positions + 7) & ~7ull;
	cur_take(&c, all - WAL_FRAME_HEADER - records - positions);
	sum = cur_u64le(&c);
	if (c.bad || all > WAL_FRAME_MAX || sum != hash_fast(bytes_sub(b, 0, all), salt))
		return false;
	f.end = at + all + 8;
	*ret = f;
	return true;
}

int wal_frame_next(struct bytes file, uint64_t salt, uint64_t at, uint64_t first,
		   struct wal_frame *ret, struct wal_leaves *leaves)
{
	struct wal_frame f;

	if (at >= file.len)
		return WAL_FRAME_NONE;
	if (wal_frame_at(file, salt, at, &f) && f.first == first && take_leaves(file, &f, leaves)) {
		*ret = f;
		return 0;
	}
	return zeros(bytes_from(file, at)) ? WAL_FRAME_NONE : WAL_FRAME_BAD;
}

int wal_frame_search(struct bytes file, uint64_t salt, uint64_t at, uint64_t first,
		     struct wal_frame *ret, struct wal_leaves *leaves)
{
	uint32_t magic = WAL_FRAME_MAGIC;

	for (at = (at + 7) & ~7ull; at + WAL_FRAME_HEADER <= file.len; at += 8) {
		struct wal_frame f;

		if (!memcmp(file.at + at, &magic, 4) && wal_frame_at(file, salt, at, &f) &&
		    f.first >= first && take_leaves(file, &f, leaves)) {
			*ret = f;
			return 0;
		}
	}
	return WAL_FRAME_NONE;
}

void wal_frame_begin(struct buf *b)
{
	memset(buf_reserve(b, WAL_FRAME_HEADER), 0, WAL_FRAME_HEADER);
	b->len += WAL_FRAME_HEADER;
}

void wal_frame_put(struct buf *b, const struct leaf_head *head, struct bytes raw)
{
	uint8_t *to = buf_reserve(b, RECORD_HEAD + raw.len);
	uint32_t len = (uint32_t)raw.len;

	memcpy(to, &len, 4);
	memcpy(to + 4, head, sizeof(*head));
	if (raw.len)
		memcpy(to + RECORD_HEAD, raw.at, raw.len);
	b->len += RECORD_HEAD + raw.len;
}

void wal_frame_finish(struct buf *b, size_t from, uint64_t salt, uint64_t first, uint32_t count,
		      uint32_t positions_len, uint32_t flags)
{
	uint32_t magic = WAL_FRAME_MAGIC, records;

	assert(b->len - from < WAL_FRAME_MAX);
	records = (uint32_t)(b->len - from) - WAL_FRAME_HEADER - positions_len;
	while ((b->len - from) % 8)
		buf_u8(b, 0);
	memcpy(b->at + from, &magic, 4);
	memcpy(b->at + from + 4, &flags, 4);
	memcpy(b->at + from + 8, &first, 8);
	memcpy(b->at + from + 16, &count, 4);
	memcpy(b->at + from + 20, &records, 4);
	memcpy(b->at + from + 24, &positions_len, 4);
	memset(b->at + from + 28, 0, 4);
	buf_u64le(b, hash_fast(bytes_from(buf_view(b), from), salt));
}
