/* SPDX-License-Identifier: Apache-2.0 */
/* A closed segment becomes a block. The order of the steps is what makes a crash harmless:
 *   1 a checkpoint that reaches behind it   (no block is newer than the newest checkpoint)
 *   2 the block as a draft, synced
 *   3 tiles, sources, positions: what is only in the segment so far
 *   4 the draft gets its name               (from here on the segment is not needed)
 *   5 the segment goes */
#include "ledger/block/block.h"
#include "ledger/blocks.h"
#include "ledger/core.h"
#include "ledger/segment.h"
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

void block_add(struct ledger *l, const struct kept_block *b)
{
	if (!(l->blocks & (l->blocks - 1)))
		l->block = mem_must(
			realloc(l->block, (l->blocks ? l->blocks * 2 : 1) * sizeof(*l->block)));
	l->block[l->blocks++] = *b;
	if (b->gone)
		l->dropped++;
}

/* The text is lent by the ledger, which only remembers it. */
__attribute__((format(printf, 2, 3))) static const char *lent_path(const struct ledger *l,
								   const char *fmt, ...)
{
	struct ledger *own = (struct ledger *)(uintptr_t)l;
	char *path = NULL;
	va_list ap;

	va_start(ap, fmt);
	if (vasprintf(&path, fmt, ap) < 0)
		mem_must(NULL);
	va_end(ap);
	free(own->lent_path);
	own->lent_path = path;
	return path;
}

size_t ledger_segments(const struct ledger *l)
{
	return l->segments;
}

void ledger_segment(const struct ledger *l, size_t i, struct ledger_segment *ret)
{
	const struct wal_segment *s = &l->segment[i];

	*ret = (struct ledger_segment){ s->first, s->count, s->closed,
					lent_path(l, "%s/wal/%s", l->dir, s->name) };
}

size_t ledger_blocks(const struct ledger *l)
{
	return l->blocks;
}

void ledger_block(const struct ledger *l, size_t i, struct ledger_block *ret)
{
	const struct kept_block *b = &l->block[i];
	char name[BLOCK_PATH_MAX];

	block_path(b->first, b->gone, name);
	*ret = (struct ledger_block){ b->first, b->count, b->arrival_max, b->gone,
				      lent_path(l, "%s/%s", l->dir, name) };
}

bool ledger_closed_segment(const struct ledger *l, uint64_t *ret_first, const char **ret_path)
{
	struct ledger_segment s;

	if (!l->segments || !l->segment[0].closed)
		return false;
	ledger_segment(l, 0, &s);
	*ret_first = s.first;
	*ret_path = s.path;
	return true;
}

struct compare {
	const struct segment *s;
	uint32_t at;
	usec min, max; /* of the arrivals */
};

static int same_record(void *ctx, uint32_t row, const struct record *r)
{
	struct compare *c = ctx;
	struct record want;

	if (row != c->at || row >= segment_count(c->s))
		return 1;
	segment_record(c->s, row, &want);
	if (r->seq != want.seq || r->arrival != want.arrival || r->source != want.source ||
	    r->flags != want.flags || !bytes_eq(r->raw, want.raw))
		return 1;
	if (!c->at || want.arrival < c->min)
		c->min = want.arrival;
	if (!c->at || want.arrival > c->max)
		c->max = want.arrival;
	c->at++;
	return 0;
}

/* The payload, decoded, is the segment. Sets the times of the trailer: arrivals are those of the
 * segment, event times what the block says. */
static int check_payload(const struct wal_segment *w, const struct segment *s, struct bytes payload,
			 struct trailer *t, struct why *why)
{
	struct compare c = { .s = s };
	struct block_info info = { 0 };
	struct block *b;
	int r = block_open(&b, payload, why);

	if (r)
		return why_in(why, -EBADMSG, "the block offered for record %llu",
			      (unsigned long long)w->first);
	info = *block_info(b);
	r = block_decode(b, NULL, same_record, &c);
	block_free(b);
	if (r || c.at != w->count || info.first != w->first || info.rows != w->count ||
	    info.raw_bytes != w->raw_bytes)
		return why_set(why, -EBADMSG,
			       "the block offered for record %llu does not give its segment back: "
			       "record %llu differs",
			       (unsigned long long)w->first, (unsigned long long)w->first + c.at);
	t->time_min = info.time_min;
	t->time_max = info.time_max;
	t->arrival_min = c.min;
	t->arrival_max = c.max;
	return 0;
}

int sources_store(struct ledger *l)
{
	struct buf b = { 0 };
	uint32_t n = 1;
	int r;

	while (n < source_table_n(l->sources) &&
	       source_table_seq(l->sources, n) < tree_size(&l->tree))
		n++;
	if (n == l->sources_stored)
		return 0;
	source_table_write(l->sources, tree_size(&l->tree), l->key, &l->id.verifier, &b);
	r = file_replace(l->dirfd, "sources", buf_view(&b), 0644);
	if (!r)
		l->sources_stored = n;
	buf_done(&b);
	return r;
}

int tiles_catch_up(struct ledger *l)
{
	int r = tiles_store(&l->tiles, l->group, l->groups);

	if (!r)
		l->groups = 0;
	return r;
}

/* Steps 2 to 4. */
static int place(struct ledger *l, const struct wal_segment *w, struct bytes payload,
		 const struct trailer *t, uint64_t *ret_bytes)
{
	char name[FILE_NAME_MAX], tmp[FILE_NAME_MAX];
	struct buf tail = { 0 };
	int dirfd = block_folder(l->dirfd, w->first, true), fd = -1, r;

	if (dirfd < 0)
		return dirfd;
	file_seq_name(w->first, ".vb", name);
	file_seq_name(w->first, ".tmp", tmp);
	trailer_write(t, l->key, &l->id.verifier, &tail);
	fd = file_create(dirfd, tmp, 0600);
	r = fd < 0 ? fd : io_write(fd, payload);
	if (!r)
		r = io_write(fd, buf_view(&tail));
	if (!r)
		r = file_sync(fd);
	if (fd >= 0)
		close(fd);
	if (!r)
		r = tiles_catch_up(l);
	if (!r)
		r = sources_store(l);
	if (!r)
		r = positions_refresh(l, w->first);
	w = NULL; /* the table may have moved */
	if (!r)
		r = file_rename(dirfd, tmp, name);
	if (!r)
		r = file_sync_dir(dirfd);
	else if (fd >= 0)
		file_unlink(dirfd, tmp);
	close(dirfd);
	*ret_bytes = payload.len + tail.len;
	buf_done(&tail);
	return r == -EDQUOT ? -ENOSPC : r;
}

static int seal(struct ledger *l, struct segment *s, struct bytes payload, struct why *why)
{
	const struct wal_segment *w = &l->segment[0];
	struct trailer t = { .first = w->first,
			     .count = w->count,
			     .raw_bytes = w->raw_bytes,
			     .low = w->low,
			     .root = w->root };
	char name[FILE_NAME_MAX];
	uint64_t bytes;
	int r = check_payload(w, s, payload, &t, why);

	if (r)
		return r;
	sha256(payload, &t.payload);
	if (l->history.newest.size < trailer_size(&t))
		r = ledger_checkpoint(l);
	if (!r)
		r = place(l, w, payload, &t, &bytes);
	if (r)
		return why_set(why, r, "the block of record %llu cannot be written: %s",
			       (unsigned long long)t.first, strerror(-r));
	memcpy(name, l->segment[0].name, sizeof(name));
	block_add(l, &(struct kept_block){ .first = t.first,
					   .raw_bytes = t.raw_bytes,
					   .file_bytes = bytes,
					   .arrival_max = t.arrival_max,
					   .count = t.count });
	memmove(&l->segment[0], &l->segment[1], --l->segments * sizeof(*l->segment));
	r = file_unlink(l->waldir, name); /* left there, it goes when the ledger is opened next */
	return r ? why_set(why, r, "wal/%s: cannot be removed: %s", name, strerror(-r)) : 0;
}

int ledger_adopt(struct ledger *l, uint64_t first, struct bytes payload, struct why *why)
{
	struct segment *s;
	int r;

	if (l->failed)
		return why_set(why, l->failed, "the ledger has failed: %s", strerror(-l->failed));
	if (!l->segments || !l->segment[0].closed || l->segment[0].first != first)
		return why_set(why, -EINVAL,
			       "no closed segment that begins with record %llu is the oldest one",
			       (unsigned long long)first);
	if (why)
		why->line[0] = 0;
	r = segment_open(&s, l->waldir, l->segment[0].name, why);
	if (r)
		return r;
	r = segment_count(s) == l->segment[0].count ? seal(l, s, payload, why) : -EIO;
	if (r == -EIO)
		why_set(why, r, "wal/%s: cannot be read back", l->segment[0].name);
	segment_free(s);
	return ledger_failure(l, r);
}
