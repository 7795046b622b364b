/* SPDX-License-Identifier: Apache-2.0 */
/* Segments are listed and opened first, then blocks, then the table of sources is read: what moves
 * from a segment to a block meanwhile is seen in both and counted once, as the block. What is gone
 * from both was harmed; that is looked at once more and then taken as a gap. */
#include "ledger/view.h"
#include "ledger/blocks.h"
#include "ledger/file.h"
#include "ledger/seal/identity.h"
#include "ledger/source_table.h"
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

struct entry {
	struct unit unit;
	struct segment *segment; /* NULL: a block */
};

struct view {
	char *dir;
	int dirfd;
	struct entry *at;
	size_t n, cap;
	uint64_t dropped;
	struct sealed { /* blocks, also dropped ones, in order */
		uint64_t first, raw_bytes;
		uint32_t count;
		bool gone;
	} * sealed;
	size_t sealed_n;
	struct source_table *sources;
	struct why harmed;
};

static void add(struct view *v, const struct unit *u, struct segment *s)
{
	if (v->n == v->cap) {
		v->cap = v->cap ? v->cap * 2 : 16;
		v->at = mem_must(realloc(v->at, v->cap * sizeof(*v->at)));
	}
	v->at[v->n++] = (struct entry){ *u, s };
}

static void clear(struct view *v)
{
	for (size_t i = 0; i < v->n; i++)
		segment_free(v->at[i].segment);
	v->n = 0;
	v->dropped = 0;
	v->sealed_n = 0;
}

__attribute__((format(printf, 2, 3))) static void harmed(struct view *v, const char *fmt, ...)
{
	va_list ap;

	if (v->harmed.line[0])
		return; /* the first thing said is the one to begin with */
	va_start(ap, fmt);
	vsnprintf(v->harmed.line, sizeof(v->harmed.line), fmt, ap);
	va_end(ap);
}

struct segments {
	struct segment **at;
	size_t n;
};

static void segments_done(struct segments *s)
{
	for (size_t i = 0; i < s->n; i++)
		segment_free(s->at[i]);
	free(s->at);
	*s = (struct segments){ 0 };
}

/* All that can be opened; a harmed one is left out, and so is one under another's name: its records
 * show as a gap. Those that were not exchanged must stay readable. */
static int open_segments(struct view *v, struct segments *ret)
{
	int waldir = file_open_dir(v->dirfd, "wal", false), r;
	struct segments s = { 0 };
	struct file_names f;

	if (waldir == -ENOENT) {
		harmed(v, "%s/wal: is missing; run `vedette verify -d`", v->dir);
		*ret = s;
		return 0;
	}
	if (waldir < 0)
		return waldir;
	r = file_names(waldir, ".", &f);
	if (!r) {
		s.at = mem_new(f.n, sizeof(*s.at));
		for (size_t i = 0; i < f.n; i++) {
			uint64_t first;

			if (!file_seq(f.at[i], ".wal", &first) ||
			    segment_open(&s.at[s.n], waldir, f.at[i], NULL))
				continue;
			if (segment_first(s.at[s.n]) == first)
				s.n++;
			else
				segment_free(s.at[s.n]);
		}
		file_names_done(&f);
	}
	close(waldir);
	if (!r)
		*ret = s;
	return r;
}

/* Blocks whose trailer cannot be read are left out too. `next`: seq behind the last one taken. */
static int take_blocks(struct view *v, uint64_t *ret_next)
{
	struct blocks list;
	int r = blocks_list(v->dirfd, &list);

	if (r)
		return r;
	*ret_next = 0;
	free(v->sealed);
	v->sealed = mem_new(list.n, sizeof(*v->sealed));
	for (size_t i = 0; i < list.n; i++) {
		struct trailer t;
		struct unit u = { 0 };

		if (block_trailer(v->dirfd, list.at[i].first, list.at[i].gone, &t, NULL) &&
		    block_trailer(v->dirfd, list.at[i].first, true, &t, NULL))
			continue;
		u.first = t.first;
		u.count = t.count;
		u.raw_bytes = t.raw_bytes;
		u.time_min = t.time_min;
		u.time_max = t.time_max;
		u.arrival_min = t.arrival_min;
		u.arrival_max = t.arrival_max;
		if (t.gone)
			v->dropped += t.count;
		else
			add(v, &u, NULL);
		v->sealed[v->sealed_n++] = (struct sealed){ t.first, t.raw_bytes, t.count, t.gone };
		*ret_next = trailer_size(&t);
		trailer_done(&t);
	}
	blocks_done(&list);
	return 0;
}

static void take_definitions(struct view *v, const struct segment *s)
{
	bool wrong = false;

	for (uint32_t i = 0; i < segment_count(s); i++) {
		struct record r;

		segment_record(s, i, &r);
		if (r.source == SOURCE_ID_SELF)
			source_table_record(v->sources, r.raw, r.seq, &wrong);
	}
}

/* Has the segment become a block? A block under its name that is of other records, or that nobody
 * signed, was put there and must not hide it. */
static bool is_sealed(const struct view *v, const struct segment *s, const struct verifier *key)
{
	size_t low = 0, high = v->sealed_n;
	uint64_t first = segment_first(s);
	const struct sealed *b;
	struct trailer t;
	bool good = true;

	while (low < high) {
		size_t middle = (low + high) / 2;

		if (v->sealed[middle].first < first)
			low = middle + 1;
		else
			high = middle;
	}
	b = &v->sealed[low];
	if (low == v->sealed_n || b->first != first || b->count != segment_count(s) ||
	    b->raw_bytes != segment_raw_bytes(s))
		return false;
	if (!key || block_trailer(v->dirfd, first, b->gone, &t, NULL))
		return true; /* seldom: dropped just now */
	good = trailer_check(&t, key);
	trailer_done(&t);
	return good;
}

/* true: no gap between blocks and segments (or there is one that will not go away). */
static bool take_segments(struct view *v, struct segments *s, const struct verifier *key,
			  uint64_t next, bool last_try)
{
	for (size_t i = 0; i < s->n; i++) {
		struct segment *x = s->at[i];
		struct unit u = { .live = true,
				  .first = segment_first(x),
				  .count = segment_count(x),
				  .raw_bytes = segment_raw_bytes(x),
				  .time_min = INT64_MIN + 1,
				  .time_max = INT64_MAX,
				  .arrival_min = INT64_MIN + 1,
				  .arrival_max = INT64_MAX };

		if (!u.count || is_sealed(v, x, key))
			continue;
		if (u.first > next && !last_try)
			return false;
		add(v, &u, segment_ref(x));
		if (u.first + u.count > next)
			next = u.first + u.count;
	}
	return true;
}

/* Definitions of a block: its records of source 0. */
static int define(void *ctx, uint32_t row, const struct record *r)
{
	struct view *v = ctx;
	struct source unknown = { .kind = SOURCE_SELF, .name = BYTES("unknown") }, d;
	struct buf hold = { 0 };

	(void)row;
	if (source_definition_parse(r->raw, &d, &hold) && d.id < 1u << 24) {
		while (source_table_n(v->sources) < d.id) /* defined in what is dropped or harmed */
			source_table_add(v->sources, &unknown, r->seq);
		if (source_table_n(v->sources) == d.id)
			source_table_add(v->sources, &d, r->seq);
	}
	buf_done(&hold);
	return 0;
}

/* Without the table the records are still to be read, and they hold all that is in it. */
static void sources_from_blocks(struct view *v)
{
	for (size_t i = 0; i < v->n; i++) {
		const uint32_t *source;
		struct block *b;
		uint64_t *rows;

		if (v->at[i].segment || view_block(v, i, &b, NULL))
			continue;
		rows = mem_new(BLOCK_WORDS(block_info(b)->rows), sizeof(*rows));
		if (!block_sources(b, &source)) {
			for (uint32_t k = 0; k < block_info(b)->rows; k++)
				rows[k / 64] |= (uint64_t)(source[k] == SOURCE_ID_SELF) << (k % 64);
			block_decode(b, rows, define, v);
		}
		free(rows);
		block_free(b);
	}
}

static void read_sources(struct view *v, const struct verifier *key)
{
	struct buf b = { 0 };
	int r = key ? file_read(v->dirfd, "sources", SOURCES_FILE_MAX, &b) : -EBADMSG;

	if (!r)
		r = source_table_read(buf_view(&b), key, v->sources);
	buf_done(&b);
	if (!r)
		return;
	harmed(v, "%s/sources: cannot be read or is harmed; run `vedette verify -d`", v->dir);
	source_table_free(v->sources);
	v->sources = source_table_new();
	sources_from_blocks(v);
}

static int look(struct view *v, const struct verifier *key, bool last_try, struct why *why)
{
	struct segments s = { 0 };
	uint64_t next;
	bool whole;
	int r = open_segments(v, &s);

	clear(v);
	source_table_free(v->sources);
	v->sources = source_table_new();
	if (!r)
		r = take_blocks(v, &next);
	if (r) {
		segments_done(&s);
		return why_set(why, r, "%s: cannot be read: %s", v->dir, strerror(-r));
	}
	whole = take_segments(v, &s, key, next, last_try);
	if (whole)
		read_sources(v, key);
	for (size_t i = 0; i < v->n && whole; i++) {
		if (v->at[i].segment)
			take_definitions(v, v->at[i].segment);
	}
	segments_done(&s);
	return whole ? 0 : -EAGAIN;
}

int view_open(struct view **ret, const char *dir, struct why *why)
{
	struct view *v = mem_new(1, sizeof(*v));
	struct identity id;
	int r, known = 0; /* 0: whose ledger it is; or why that is not known */

	v->dir = mem_must(strdup(dir));
	v->dirfd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	r = v->dirfd < 0 ? why_set(why, -errno, "%s: %s", dir, strerror(errno)) : 0;
	if (!r) {
		/* A harmed identity, or none, takes no record away: each file says by itself of
		 * what form it is. Only a newer format that is truly signed is not looked into. */
		known = identity_read(v->dirfd, NULL, &id, &v->harmed);
		if (known == -EPROTONOSUPPORT)
			r = why_set(why, known, "%s: %s", dir, v->harmed.line);
	}
	if (!r) {
		r = -EAGAIN;
		for (int try = 0; try < 2 && r == -EAGAIN; try++)
			r = look(v, known ? NULL : &id.verifier, try == 1, why);
	}
	if (!r && known && !v->n && !v->dropped)
		r = why_set(why, known, "%s: %s", dir, v->harmed.line);
	if (r) {
		view_free(v);
		return r;
	}
	*ret = v;
	return 0;
}

struct view *view_free(struct view *v)
{
	if (!v)
		return NULL;
	clear(v);
	if (v->dirfd >= 0)
		close(v->dirfd);
	source_table_free(v->sources);
	free(v->sealed);
	free(v->at);
	free(v->dir);
	free(v);
	return NULL;
}

size_t view_units(const struct view *v)
{
	return v->n;
}

const struct unit *view_unit(const struct view *v, size_t i)
{
	return i < v->n ? &v->at[i].unit : NULL;
}

uint64_t view_dropped(const struct view *v)
{
	return v->dropped;
}

struct map {
	struct bytes whole;
};

static void unmap(void *ctx)
{
	struct map *m = ctx;

	munmap((void *)(uintptr_t)m->whole.at, m->whole.len);
	free(m);
}

int view_block(const struct view *v, size_t i, struct block **ret, struct why *why)
{
	char path[BLOCK_PATH_MAX];
	struct trailer t;
	struct map *m;
	uint64_t len;
	int fd, r;

	if (i >= v->n || v->at[i].segment)
		return why_set(why, -EINVAL, "unit %zu is no sealed block", i);
	block_path(v->at[i].unit.first, false, path);
	fd = file_open(v->dirfd, path);
	if (fd < 0)
		return why_set(why, fd, "%s/%s: %s", v->dir, path,
			       fd == -ENOENT ? "was dropped by retention meanwhile"
					     : strerror(-fd));
	if (why)
		why->line[0] = 0;
	r = trailer_read(fd, &t, why);
	if (r) {
		close(fd);
		return why_in(why, r, "%s/%s", v->dir, path);
	}
	m = mem_new(1, sizeof(*m));
	len = t.body_len;
	trailer_done(&t);
	r = io_map(fd, len ? len : 1, &m->whole);
	close(fd);
	if (r) {
		free(m);
		return why_set(why, r, "%s/%s: cannot be mapped: %s", v->dir, path, strerror(-r));
	}
	r = block_open(ret, bytes_sub(m->whole, 0, len), why);
	if (r) {
		unmap(m);
		return why_in(why, r, "%s/%s", v->dir, path);
	}
	block_on_free(*ret, unmap, m);
	return 0;
}

int view_segment(const struct view *v, size_t i, struct segment **ret, struct why *why)
{
	if (i >= v->n || !v->at[i].segment)
		return why_set(why, -EINVAL, "unit %zu is no segment", i);
	*ret = segment_ref(v->at[i].segment);
	return 0;
}

const struct source *view_source(const struct view *v, uint32_t id)
{
	return source_table_at(v->sources, id);
}

uint32_t view_sources(const struct view *v)
{
	return source_table_n(v->sources);
}

uint64_t view_source_seq(const struct view *v, uint32_t id)
{
	return source_table_seq(v->sources, id);
}

bool view_harmed(const struct view *v, struct why *why)
{
	if (v->harmed.line[0] && why)
		*why = v->harmed;
	return v->harmed.line[0];
}

const char *view_dir(const struct view *v)
{
	return v->dir;
}
