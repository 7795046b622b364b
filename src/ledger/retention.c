/* SPDX-License-Identifier: Apache-2.0 */
/* Retention drops whole blocks, oldest first: the payload goes, the trailer (with the signed root)
 * and bridges stay. A bridge is made for the block's end and for each checkpoint of ours inside, so
 * that who kept one of those elsewhere can still be shown that the tree goes on from it.
 *
 * All that a .gone file is made of lies on the disk, so whoever can write there could make one and
 * take the block away. What he cannot make is a signed record: a drop is told, and the record
 * signed, before the block goes, and verify asks for it. */
#include "ledger/block/block.h"
#include "ledger/blocks.h"
#include "ledger/core.h"
#include "ledger/leaves.h"
#include <stdlib.h>
#include <unistd.h>

#define BRIDGES_MAX 64u /* a block: some 16 KiB at most */
#define DROPS_A_TICK 8

/* Leaf hashes of [from, to) that lie behind block `i`: in the next blocks, or segments. */
static int leaves_behind(struct ledger *l, size_t i, uint64_t from, uint64_t to,
			 struct hash256 *ret)
{
	int r = 0;

	for (; i < l->blocks && from < to && !r; i++) {
		const struct kept_block *k = &l->block[i];
		uint64_t until = k->first + k->count < to ? k->first + k->count : to;
		struct buf body = { 0 };
		struct block *b = NULL;
		struct trailer t;

		r = block_trailer(l->dirfd, k->first, false, &t, NULL);
		if (r)
			return r;
		r = block_body(l->dirfd, &t, &body, NULL);
		trailer_done(&t);
		if (!r)
			r = block_open(&b, buf_view(&body), NULL);
		if (!r)
			r = leaves_of_block(b, (uint32_t)(from - k->first),
					    (uint32_t)(until - k->first), ret, NULL, NULL);
		block_free(b);
		buf_done(&body);
		ret += until - from;
		from = until;
	}
	for (i = 0; i < l->segments && from < to && !r; i++) {
		const struct wal_segment *w = &l->segment[i];
		uint64_t until = w->first + w->count < to ? w->first + w->count : to;
		struct segment *s;

		r = segment_open(&s, l->waldir, w->name, NULL);
		if (r)
			return r;
		leaves_of_segment(s, (uint32_t)(from - w->first), (uint32_t)(until - w->first),
				  ret);
		segment_free(s);
		ret += until - from;
		from = until;
	}
	return r;
}

/* Sizes that get a bridge, ascending; ret has room for BRIDGES_MAX. */
static size_t bridge_sizes(const struct ledger *l, const struct trailer *t, uint64_t *ret)
{
	const uint64_t *s = l->history.sizes;
	uint64_t end = trailer_size(t);
	size_t from = 0, to, n = 0, step;

	while (from < l->history.n && s[from] <= t->first)
		from++;
	for (to = from; to < l->history.n && s[to] < end; to++)
		;
	step = (to - from) / (BRIDGES_MAX - 1) + 1;
	for (size_t i = from; i < to; i += step) {
		if (s[i] % GROUP && (!n || ret[n - 1] != s[i]))
			ret[n++] = s[i];
	}
	if (end % GROUP)
		ret[n++] = end;
	return n;
}

static int make_bridges(struct ledger *l, size_t i, const struct trailer *t, struct buf *ret)
{
	uint64_t size[BRIDGES_MAX], end = trailer_size(t),
				    until = (end + GROUP - 1) / GROUP * GROUP;
	size_t n = bridge_sizes(l, t, size);
	struct hash256 *leaf = mem_new(until - t->first, sizeof(*leaf));
	struct buf body = { 0 };
	struct block *b = NULL;
	struct range before = { 0 };
	struct trailer prev = { 0 };
	int r = block_body(l->dirfd, t, &body, NULL);

	if (!r)
		r = block_open(&b, buf_view(&body), NULL);
	if (!r)
		r = leaves_of_block(b, 0, t->count, leaf, NULL, NULL);
	block_free(b);
	buf_done(&body);
	if (!r)
		r = leaves_behind(l, i + 1, end, until, leaf + t->count);
	if (!r && t->first % GROUP)
		r = block_trailer(l->dirfd, l->block[i - 1].first, true, &prev, NULL);
	if (!r)
		before = prev.low;
	buf_u32le(ret, r ? 0 : (uint32_t)n);
	for (size_t k = 0; k < n && !r; k++) {
		uint64_t group = size[k] / GROUP * GROUP;
		struct hash256 whole[GROUP] = { 0 };
		struct bridge bridge;
		bool ours = group >= t->first; /* else the first leaves are known by `before` */
		static const struct range none;

		memcpy(whole + (ours ? 0 : t->first - group), leaf + (ours ? group - t->first : 0),
		       (ours ? GROUP : GROUP - (t->first - group)) * sizeof(*whole));
		bridge_make(size[k], ours ? &none : &before, whole, &bridge);
		bridge_write(&bridge, ret);
	}
	trailer_done(&prev);
	free(leaf);
	return 0; /* a block that cannot be read is dropped without bridges: space must come back */
}

/* The record that block i is dropped, under a signature. It may take the last of the room on a full
 * disk: dropping makes more. */
static int tell_drop(struct ledger *l, const struct kept_block *k)
{
	uint64_t reserve = l->o.reserve_bytes;
	bool full = l->full;
	struct buf note = { 0 };
	int r;

	buf_printf(&note,
		   "{\"event\":\"block-dropped\",\"first\":%llu,\"records\":%u,"
		   "\"arrived_until\":\"",
		   (unsigned long long)k->first, k->count);
	buf_time(&note, k->arrival_max);
	buf_str(&note, "\"}");
	l->full = false;
	l->o.reserve_bytes = 0;
	r = ledger_note(l, buf_view(&note));
	if (r)
		l->full = full;
	if (!r)
		r = ledger_commit(l);
	l->o.reserve_bytes = reserve;
	if (!r)
		r = ledger_checkpoint(l);
	buf_done(&note);
	return r;
}

static int drop(struct ledger *l, size_t i)
{
	struct kept_block *k = &l->block[i];
	char name[FILE_NAME_MAX], gone[FILE_NAME_MAX];
	struct buf file = { 0 };
	struct trailer t;
	int r = block_trailer(l->dirfd, k->first, false, &t, NULL), dirfd;

	if (r)
		return r;
	dirfd = block_folder(l->dirfd, k->first, false);
	if (dirfd < 0) {
		trailer_done(&t);
		return dirfd;
	}
	file_seq_name(k->first, ".vb", name);
	file_seq_name(k->first, ".gone", gone);
	r = make_bridges(l, i, &t, &file);
	trailer_write_gone(&t, &file);
	if (!r)
		r = file_replace(dirfd, gone, buf_view(&file), 0600);
	if (!r)
		r = file_unlink(dirfd, name);
	close(dirfd);
	if (!r) {
		k->gone = true;
		k->file_bytes = file.len;
		l->dropped++;
		l->counts.dropped_blocks++;
	}
	buf_done(&file);
	trailer_done(&t);
	return r;
}

static uint64_t kept_bytes(const struct ledger *l)
{
	struct ledger_counts c;

	ledger_counts(l, &c);
	return c.disk_bytes;
}

int ledger_retain(struct ledger *l, usec now)
{
	int r = 0;

	for (int n = 0; n < DROPS_A_TICK && l->dropped < l->blocks && !r; n++) {
		const struct kept_block *k = &l->block[l->dropped];
		uint64_t end = k->first + k->count;
		bool old = l->o.keep_age && k->arrival_max < now - l->o.keep_age;
		bool over = l->o.keep_bytes && kept_bytes(l) > l->o.keep_bytes;

		if (!old && !over)
			break;
		if ((end + GROUP - 1) / GROUP * GROUP > tree_size(&l->tree))
			break; /* its last group is not whole yet: no bridge could be made */
		r = tell_drop(l, k);
		if (!r)
			r = drop(l, l->dropped);
	}
	return r;
}
