/* SPDX-License-Identifier: Apache-2.0 */
/* Opening for writing. What a crash may leave, and only that, is put right:
 *   drafts (*.tmp)                      removed
 *   a torn or unfinished batch          overwritten with zeros (none of it was acknowledged)
 *   a segment that is a block already   removed, when the block is whole and signed
 *   a .vb beside its .gone              removed
 *   unfinished tiles beside wider ones  removed
 *   checkpoint behind checkpoints       replaced
 * Anything else is harm: the ledger is not opened for writing, since going on would bury it. */
#include "ledger/blocks.h"
#include "ledger/core.h"
#include "ledger/segment.h"
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define VERIFY_HINT "run `vedette verify -d` on this ledger, then restore it from a backup"

static int remove_drafts(int dirfd, const char *folder)
{
	struct file_names f;
	int r = file_names(dirfd, folder, &f), fd;

	if (r)
		return r == -ENOENT || r == -ENOTDIR ? 0 : r;
	fd = file_open_dir(dirfd, folder, false);
	for (size_t i = 0; i < f.n && fd >= 0 && !r; i++) {
		if (bytes_ends(bytes_str(f.at[i]), BYTES(".tmp")))
			r = file_unlink(fd, f.at[i]);
	}
	file_names_done(&f);
	if (fd >= 0)
		close(fd);
	return fd < 0 ? fd : r;
}

static int tidy(struct ledger *l)
{
	struct file_names f;
	int r = remove_drafts(l->dirfd, ".");

	if (!r)
		r = remove_drafts(l->waldir, ".");
	if (!r)
		r = file_names(l->dirfd, "blocks", &f);
	if (r)
		return r;
	for (size_t i = 0; i < f.n && !r; i++) {
		char path[FILE_NAME_MAX * 2];

		if (snprintf(path, sizeof(path), "blocks/%s", f.at[i]) < (int)sizeof(path))
			r = remove_drafts(l->dirfd, path);
	}
	file_names_done(&f);
	return r;
}

/* Both forms of a dropped block: the crash came before the payload was removed. */
static int finish_drop(struct ledger *l, uint64_t first)
{
	char path[BLOCK_PATH_MAX];
	struct trailer t;

	if (block_trailer(l->dirfd, first, true, &t, NULL))
		return 0;
	if (!trailer_check(&t, &l->id.verifier)) {
		trailer_done(&t);
		return 0;
	}
	trailer_done(&t);
	block_path(first, false, path);
	return file_unlink(l->dirfd, path);
}

static int take_block(struct ledger *l, struct block_name *b, struct trailer *last, struct why *why)
{
	uint64_t want = trailer_size(last);
	struct trailer t;
	int r;

	if (b->first != want)
		return why_set(
			why, -EBADMSG,
			"blocks/: records %llu to before %llu are missing or doubled; " VERIFY_HINT,
			(unsigned long long)want, (unsigned long long)b->first);
	if (!b->gone) {
		char path[BLOCK_PATH_MAX];

		r = finish_drop(l, b->first);
		block_path(b->first, false, path);
		if (!r && faccessat(l->dirfd, path, F_OK, 0) < 0)
			b->gone = true;
		if (r)
			return r;
	}
	if (b->gone && l->dropped < l->blocks)
		return why_set(why, -EBADMSG,
			       "blocks/: the block of record %llu is dropped though older ones are "
			       "there; " VERIFY_HINT,
			       (unsigned long long)b->first);
	r = block_trailer(l->dirfd, b->first, b->gone, &t, why);
	if (r)
		return r;
	block_add(l, &(struct kept_block){ .first = t.first,
					   .raw_bytes = t.raw_bytes,
					   .file_bytes = t.body_len + t.bytes.len + TRAILER_FOOTER,
					   .arrival_max = t.arrival_max,
					   .count = t.count,
					   .gone = t.gone });
	trailer_done(last);
	*last = t;
	return 0;
}

/* The tree as it is after the last block: its groups from the tiles, the rest from the trailer. */
static int take_blocks(struct ledger *l, struct why *why)
{
	static const struct range none;
	struct trailer last = { 0 };
	struct blocks list;
	struct hash256 root;
	struct range groups;
	int r = blocks_list(l->dirfd, &list);
	bool listed = !r;

	for (size_t i = 0; !r && i < list.n; i++)
		r = take_block(l, &list.at[i], &last, why);
	if (listed)
		blocks_done(&list);
	if (!r && last.count && !trailer_check(&last, &l->id.verifier))
		r = why_set(why, -EBADMSG,
			    "blocks/: the block of record %llu is not signed by this ledger's "
			    "key; " VERIFY_HINT,
			    (unsigned long long)last.first);
	if (!r)
		r = tiles_load(&l->tiles, l->treefd, trailer_size(&last) / GROUP, &groups, why);
	if (!r) {
		tree_begin(&l->tree, &groups, last.count ? &last.low : &none);
		tree_root(&l->tree, &root);
		if (last.count && memcmp(&root, &last.root, sizeof(root)) != 0)
			r = why_set(why, -EBADMSG,
				    "tree/: the tiles do not give the root that is signed for %llu "
				    "records; " VERIFY_HINT,
				    (unsigned long long)trailer_size(&last));
	}
	trailer_done(&last);
	return r;
}

/* A segment whose block is there already, whole and signed: the crash came before its removal. */
static int drop_adopted(struct ledger *l, const char *name, uint64_t first, struct why *why)
{
	struct buf body = { 0 };
	struct trailer t;
	struct hash256 h;
	int r;

	r = block_trailer(l->dirfd, first, false, &t, why);
	if (r) {
		r = block_trailer(l->dirfd, first, true, &t, why);
		if (r)
			return r;
		trailer_done(&t);
		return file_unlink(l->waldir, name);
	}
	r = block_body(l->dirfd, &t, &body, why);
	if (!r) {
		sha256(buf_view(&body), &h);
		if (memcmp(&h, &t.payload, sizeof(h)) != 0 || !trailer_check(&t, &l->id.verifier))
			r = why_set(why, -EBADMSG,
				    "wal/%s: its block is there but harmed; remove the block file "
				    "of record %llu to have it made again",
				    name, (unsigned long long)first);
	}
	buf_done(&body);
	trailer_done(&t);
	return r ? r : file_unlink(l->waldir, name);
}

struct found { /* one segment file */
	struct segment *s;
	char name[FILE_NAME_MAX];
	uint64_t end;
	uint32_t count;
	bool dirty;
};

/* The last frames may be torn, or belong to a batch that was never finished: neither can hold an
 * acknowledged record. Empty segments at the end go. */
static int cut_end(struct ledger *l, struct found *f, size_t *n, uint64_t *ret_cut)
{
	while (*n) {
		struct found *last = &f[*n - 1];
		const struct segment_end *e = segment_end(last->s);

		if (e->torn)
			last->dirty = true;
		if (e->more) { /* one frame of a batch in each segment */
			*ret_cut +=
				last->count - (uint32_t)(e->last_first - segment_first(last->s));
			last->count = (uint32_t)(e->last_first - segment_first(last->s));
			last->end = e->last_at;
			last->dirty = true;
		}
		if (last->end > SEGMENT_HEADER)
			return 0;
		int r = file_unlink(l->waldir, last->name);

		segment_free(last->s);
		last->s = NULL;
		(*n)--;
		if (r)
			return r;
	}
	return 0;
}

/* A segment without a single frame holds nothing; one may be left at the end, begun for a batch
 * that was given up. */
static int drop_empty(struct ledger *l, struct found *f, size_t *n)
{
	const struct segment_end *e = *n ? segment_end(f[*n - 1].s) : NULL;
	int r = 0;

	if (e && !e->frames && !e->torn) {
		r = file_unlink(l->waldir, f[--*n].name);
		f[*n].s = segment_free(f[*n].s);
	}
	return r;
}

static int check_row(struct ledger *l, const struct found *f, size_t n, struct why *why)
{
	uint64_t at = tree_size(&l->tree);

	for (size_t i = 0; i < n; i++) {
		const struct segment_end *e = segment_end(f[i].s);
		struct why inner = { 0 };

		if (memcmp(segment_header(f[i].s)->id, l->id.id, LEDGER_ID_LEN) != 0)
			return why_set(why, -EBADMSG, "wal/%s: is of another ledger; " VERIFY_HINT,
				       f[i].name);
		if (segment_damaged(f[i].s, &inner))
			return why_set(why, -EBADMSG, "wal/%s: %.200s; " VERIFY_HINT, f[i].name,
				       inner.line);
		if (segment_first(f[i].s) != at)
			return why_set(why, -EBADMSG,
				       "wal/: records %llu to before %llu are missing or "
				       "doubled; " VERIFY_HINT,
				       (unsigned long long)at,
				       (unsigned long long)segment_first(f[i].s));
		if (i + 1 < n && e->torn)
			return why_set(why, -EBADMSG,
				       "wal/%s: its end is harmed though newer segments are "
				       "there; " VERIFY_HINT,
				       f[i].name);
		at += f[i].count;
	}
	return 0;
}

static int take_positions(void *ctx, struct bytes b)
{
	struct ledger *l = ctx;

	return positions_read(l->positions, b, l->segment[l->segments - 1].first,
			      source_table_n(l->sources));
}

/* Hashes records up to seq `until`, and takes in definitions of sources. */
static void take_records(struct ledger *l, const struct segment *s, uint64_t until, uint32_t *i)
{
	struct bytes leaf[GROUP];
	bool wrong = false;

	while (segment_first(s) + *i < until) {
		unsigned room, n = 0;
		struct hash256 *to = tree_room(&l->tree, &room);

		for (; n < room && segment_first(s) + *i < until; n++, (*i)++) {
			struct record r;

			leaf[n] = segment_leaf(s, *i);
			segment_record(s, *i, &r);
			if (r.source == SOURCE_ID_SELF)
				source_table_record(l->sources, r.raw, r.seq, &wrong);
		}
		sha256_leaves(leaf, n, to);
		tree_took(&l->tree, n, group_take, l);
	}
}

static int take_segment(struct ledger *l, const struct found *f, bool last, struct why *why)
{
	const struct checkpoint *cp = &l->history.newest;
	struct wal_segment *s = segment_add(l);
	uint64_t end = segment_first(f->s) + f->count;
	struct hash256 root;
	uint32_t i = 0;
	int r;

	s->first = segment_first(f->s);
	s->salt = segment_header(f->s)->salt;
	s->since = segment_header(f->s)->created;
	memcpy(s->name, f->name, sizeof(s->name));
	if (cp->size >= s->first && cp->size <= end) {
		take_records(l, f->s, cp->size, &i);
		tree_root(&l->tree, &root);
		if (memcmp(&root, &cp->root, sizeof(root)) != 0)
			return why_set(why, -EBADMSG,
				       "wal/%s: its records are not those of the signed checkpoint "
				       "of %llu records; " VERIFY_HINT,
				       f->name, (unsigned long long)cp->size);
	}
	take_records(l, f->s, end, &i);
	for (i = 0; i < f->count; i++) {
		struct record rec;

		segment_record(f->s, i, &rec);
		s->raw_bytes += rec.raw.len;
		if (!i || rec.arrival > s->arrival_max)
			s->arrival_max = rec.arrival;
		if (!i || rec.arrival < s->since)
			s->since = rec.arrival;
	}
	s->count = f->count;
	s->end = f->end;
	if (segment_positions(f->s, take_positions, l))
		return why_set(why, -EBADMSG,
			       "wal/%s: a position in it is not of the form; " VERIFY_HINT,
			       f->name);
	if (!last) {
		s->closed = true;
		tree_low(&l->tree, &s->low);
		tree_join_root(&l->tree.groups, &s->low, &s->root);
		return 0;
	}
	r = wal_resume(l->waldir, f->end, f->dirty, s);
	if (!r && (s->count >= l->o.block_records || s->raw_bytes >= l->o.block_bytes))
		segment_shut(l);
	return r ? why_set(why, r, "wal/%s: cannot be written: %s", f->name, strerror(-r)) : 0;
}

static int open_segments(struct ledger *l, struct found *f, size_t *n,
			 const struct file_names *names, struct why *why)
{
	int r = 0;

	for (size_t i = 0; i < names->n && !r; i++) {
		struct found *x = &f[*n];
		uint64_t first;

		if (!file_seq(names->at[i], ".wal", &first))
			continue;
		if (first < tree_size(&l->tree)) {
			r = drop_adopted(l, names->at[i], first, why);
			continue;
		}
		r = segment_open_whole(&x->s, l->waldir, names->at[i], why);
		if (r)
			return why ? why_in(why, r, "wal") : r;
		snprintf(x->name, sizeof(x->name), "%s", names->at[i]);
		x->end = segment_end(x->s)->end;
		x->count = segment_count(x->s);
		(*n)++;
		if (segment_first(x->s) != first)
			r = why_set(why, -EBADMSG,
				    "wal/%s: is another segment under this name; " VERIFY_HINT,
				    x->name);
	}
	return r;
}

static int take_segments(struct ledger *l, struct why *why)
{
	uint64_t cut = 0;
	bool torn = false;
	struct file_names names;
	struct found *f;
	size_t n = 0;
	int r = file_names(l->waldir, ".", &names);

	if (r)
		return r;
	f = mem_new(names.n, sizeof(*f));
	r = open_segments(l, f, &n, &names, why);
	if (!r && n)
		torn = segment_end(f[n - 1].s)->torn;
	if (!r)
		r = drop_empty(l, f, &n);
	if (!r)
		r = check_row(l, f, n, why);
	if (!r)
		r = cut_end(l, f, &n, &cut);
	for (size_t i = 0; i < n && !r; i++)
		r = take_segment(l, &f[i], i + 1 == n, why);
	for (size_t i = 0; i < names.n; i++)
		segment_free(f[i].s);
	free(f);
	file_names_done(&names);
	if (!r && (cut || torn)) {
		struct buf b = { 0 };

		buf_printf(&b, "{\"event\":\"unfinished-batch-removed\",\"whole_records\":%llu}",
			   (unsigned long long)cut);
		r = ledger_note(l, buf_view(&b));
		buf_done(&b);
	}
	return r;
}

static int take_sources(struct ledger *l, struct why *why)
{
	struct buf b = { 0 };
	int r = file_read(l->dirfd, "sources", SOURCES_FILE_MAX, &b);

	if (!r)
		r = source_table_read(buf_view(&b), &l->id.verifier, l->sources);
	buf_done(&b);
	l->sources_stored = source_table_n(l->sources);
	return r ? why_set(why, r, "sources: cannot be read or is harmed (%s); " VERIFY_HINT,
			   strerror(-r))
		 : 0;
}

int ledger_recover(struct ledger *l, struct why *why)
{
	struct hash256 root;
	int r = tidy(l);

	if (!r)
		r = take_sources(l, why);
	if (!r)
		r = history_open(&l->history, l->dirfd, &l->id.verifier, why);
	if (!r)
		r = take_blocks(l, why);
	if (!r)
		r = tiles_tidy(l->treefd, l->tiles.groups);
	if (!r && l->history.newest.size < tree_size(&l->tree))
		r = why_set(why, -EBADMSG,
			    "checkpoint: is older than the sealed blocks: it was put "
			    "back; " VERIFY_HINT);
	if (!r)
		r = take_segments(l, why);
	if (!r && l->history.newest.size > tree_size(&l->tree))
		r = why_set(why, -EBADMSG,
			    "wal/: the newest records are missing: %llu were signed, %llu are "
			    "there; " VERIFY_HINT,
			    (unsigned long long)l->history.newest.size,
			    (unsigned long long)tree_size(&l->tree));
	tree_root(&l->tree, &root);
	if (!r && l->history.newest.size == tree_size(&l->tree) &&
	    memcmp(&root, &l->history.newest.root, sizeof(root)) != 0)
		r = why_set(why, -EBADMSG,
			    "checkpoint: its root is not that of the records; " VERIFY_HINT);
	return r;
}
