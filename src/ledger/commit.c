/* SPDX-License-Identifier: Apache-2.0 */
/* A batch is one frame, or, where a segment's limit falls into it, one frame a segment, all but the
 * last with WAL_FRAME_MORE: after a crash an unfinished batch is cut away whole. Nothing of the
 * ledger's state changes before all of it is written; then the last segment is synced by the helper
 * thread while this one hashes the leaves. */
#include "ledger/core.h"
#include <assert.h>
#include <stdlib.h>
#include <unistd.h>

#define SYNC_ALONE (32u << 10) /* below, hashing is shorter than waking a thread */

int ledger_failure(struct ledger *l, int r)
{
	if (r == -EIO)
		l->failed = r;
	return r;
}

static void part_begin(struct part *p)
{
	buf_clear(&p->b);
	wal_frame_begin(&p->b);
	p->raw_bytes = 0;
	p->count = 0;
}

void batch_begin(struct ledger *l)
{
	for (size_t i = 1; i < l->parts_made; i++)
		buf_done(&l->part[i].b);
	if (!l->part)
		l->part = mem_new(1, sizeof(*l->part));
	l->parts = l->parts_made = 1;
	part_begin(&l->part[0]);
	l->batch_records = l->batch_bytes = 0;
}

void batch_next_part(struct ledger *l)
{
	l->part = mem_must(realloc(l->part, (l->parts + 1) * sizeof(*l->part)));
	l->part[l->parts] = (struct part){ 0 };
	part_begin(&l->part[l->parts++]);
	l->parts_made = l->parts;
}

struct wal_segment *segment_add(struct ledger *l)
{
	l->segment = mem_must(realloc(l->segment, (l->segments + 1) * sizeof(*l->segment)));
	l->segment[l->segments] = (struct wal_segment){ .fd = -1 };
	return &l->segment[l->segments++];
}

void group_take(void *ctx, uint64_t index, const struct hash256 *root)
{
	struct ledger *l = ctx;

	assert(index == l->tiles.groups + l->groups);
	if (l->groups == l->groups_cap) {
		l->groups_cap = l->groups_cap ? l->groups_cap * 2 : 512;
		l->group = mem_must(realloc(l->group, l->groups_cap * sizeof(*l->group)));
	}
	l->group[l->groups++] = *root;
}

void tree_take(struct ledger *l, struct bytes records)
{
	struct bytes leaf[GROUP];

	while (records.len) {
		unsigned room, n = 0;
		struct hash256 *to = tree_room(&l->tree, &room);

		while (n < room && records.len && wal_frame_record(&records, &leaf[n]))
			n++;
		sha256_leaves(leaf, n, to);
		tree_took(&l->tree, n, group_take, l);
	}
}

void segment_shut(struct ledger *l)
{
	struct wal_segment *s = open_segment(l);

	assert(s && s->first + s->count == tree_size(&l->tree));
	tree_low(&l->tree, &s->low);
	tree_join_root(&l->tree.groups, &s->low, &s->root);
	s->closed = true;
	wal_close(s);
}

/* Everything of the batch into files, the last of them not yet synced. */
static int write_parts(struct ledger *l, size_t positions_len)
{
	uint64_t first = tree_size(&l->tree);
	int r = 0;

	for (size_t i = 0; i < l->parts && !r; i++) {
		struct part *p = &l->part[i];
		bool last = i + 1 == l->parts;
		struct wal_segment *s;

		if (!p->count && !last)
			continue; /* the open segment took nothing of this batch */
		if (i || !open_segment(l)) {
			s = segment_add(l);
			r = wal_begin(l->waldir, l->id.id, first, p->since, s);
			if (r)
				break;
		}
		p->segment = l->segments - 1;
		s = &l->segment[p->segment];
		wal_frame_finish(&p->b, 0, s->salt, first, p->count,
				 last ? (uint32_t)positions_len : 0, last ? 0 : WAL_FRAME_MORE);
		r = wal_room(s, p->b.len, l->o.reserve_bytes);
		if (!r)
			r = wal_write(s, buf_view(&p->b));
		if (!r && !last && file_sync(s->fd))
			r = -EIO; /* whatever it says: this file's pages are not to be trusted */
		first += p->count;
	}
	return r;
}

/* Back to before the batch was written; it stays in memory. */
static void unwrite_parts(struct ledger *l, size_t segments, const size_t *len)
{
	bool dropped = false;

	while (l->segments > segments) {
		struct wal_segment *s = &l->segment[--l->segments];

		if (s->fd < 0)
			continue;
		close(s->fd);
		file_unlink(l->waldir, s->name);
		dropped = true;
	}
	if (dropped) /* before what they go on from is overwritten */
		file_sync_dir(l->waldir);
	if (open_segment(l))
		wal_undo(open_segment(l), l->part[0].b.len);
	for (size_t i = 0; i < l->parts; i++)
		l->part[i].b.len = len[i];
}

static void part_done(struct ledger *l, struct wal_segment *s, const struct part *p)
{
	struct bytes rest = bytes_from(buf_view(&p->b), WAL_FRAME_HEADER);

	s->end += p->b.len;
	if (p->count && (!s->count || p->since < s->since))
		s->since = p->since;
	if (p->count && (!s->count || p->arrival_max > s->arrival_max))
		s->arrival_max = p->arrival_max;
	s->count += p->count;
	s->raw_bytes += p->raw_bytes;
	tree_take(l, bytes_sub(rest, 0, p->count * RECORD_HEAD + p->raw_bytes));
	l->counts.bytes += p->raw_bytes;
}

/* The tree and the table of segments take in what was written, while the last one is synced. */
static int take_parts(struct ledger *l)
{
	struct part *last = &l->part[l->parts - 1];
	bool apart = last->b.len >= SYNC_ALONE;
	int fd = l->segment[last->segment].fd, r = 0;

	if (apart)
		syncer_start(l->syncer, fd);
	else
		r = file_sync(fd);
	for (struct part *p = l->part; p <= last && !r; p++) {
		struct wal_segment *s = &l->segment[p->segment];

		if (!p->count && p != last)
			continue;
		part_done(l, s, p);
		if (p != last) {
			tree_low(&l->tree, &s->low);
			tree_join_root(&l->tree.groups, &s->low, &s->root);
		}
	}
	if (apart)
		r = syncer_wait(l->syncer);
	return r;
}

/* Segments that the batch has filled or passed by. */
static void shut_passed(struct ledger *l, size_t from)
{
	for (size_t i = from; i + 1 < l->segments; i++) {
		if (!l->segment[i].closed) {
			l->segment[i].closed = true;
			wal_close(&l->segment[i]);
		}
	}
	if (open_segment(l) && (open_segment(l)->count >= l->o.block_records ||
				open_segment(l)->raw_bytes >= l->o.block_bytes))
		segment_shut(l);
}

int ledger_commit(struct ledger *l)
{
	size_t segments = l->segments, len[64], *lens = len;
	struct part *last = &l->part[l->parts - 1];
	struct wal_segment *open = open_segment(l);
	size_t before;
	int r;

	if (l->failed)
		return l->failed;
	if (!l->batch_records && !positions_waiting(l->positions)) {
		l->full = false;
		return 0;
	}
	/* An open segment that takes nothing more, because the batch begins with a record that does
	 * not fit, is closed with the tree as it stands. */
	if (open && l->parts > 1 && !l->part[0].count) {
		tree_low(&l->tree, &open->low);
		tree_join_root(&l->tree.groups, &open->low, &open->root);
	}
	if (l->parts > 64)
		lens = mem_new(l->parts, sizeof(*lens));
	for (size_t i = 0; i < l->parts; i++)
		lens[i] = l->part[i].b.len;
	before = last->b.len;
	positions_write(l->positions, &last->b);
	r = write_parts(l, last->b.len - before);
	if (r) {
		unwrite_parts(l, segments, lens);
		l->full = r == -ENOSPC;
	} else {
		r = take_parts(l);
		if (r) /* the tree may have grown by what is not durable: no way back */
			r = -EIO;
	}
	if (lens != len)
		free(lens);
	if (r)
		return ledger_failure(l, r);
	positions_written(l->positions, l->segment[l->segments - 1].first);
	shut_passed(l, segments ? segments - 1 : 0);
	l->full = false;
	l->counts.commits++;
	batch_begin(l);
	return 0;
}

int positions_refresh(struct ledger *l, uint64_t first)
{
	struct buf b = { 0 };
	struct wal_segment *s = open_segment(l);
	size_t segments = l->segments;
	int r = 0;

	wal_frame_begin(&b);
	if (!positions_held(l->positions, first, &b)) {
		buf_done(&b);
		return 0;
	}
	if (!s) {
		s = segment_add(l);
		r = wal_begin(l->waldir, l->id.id, tree_size(&l->tree), 0, s);
		if (r)
			l->segments = segments;
	}
	if (!r) {
		wal_frame_finish(&b, 0, s->salt, tree_size(&l->tree), 0,
				 (uint32_t)(b.len - WAL_FRAME_HEADER), 0);
		r = wal_room(s, b.len, 0);
		if (!r)
			r = wal_write(s, buf_view(&b));
		if (r)
			wal_undo(s, b.len);
		else if (file_sync(s->fd))
			r = -EIO;
		if (!r) {
			s->end += b.len;
			positions_moved(l->positions, first, s->first);
		}
	}
	buf_done(&b);
	return ledger_failure(l, r);
}
