/* SPDX-License-Identifier: Apache-2.0 */
/* forge.c — someone with the whole disk and all of our code, who rewrites a ledger over one edited
 * record so that nothing in it speaks against it but signatures (or, with the very key, only what
 * others have kept). The same sizes are signed as before, under the same names. */
#include "fault/forge.h"
#include "ledger/blocks.h"
#include "ledger/file.h"
#include "ledger/leaves.h"
#include "ledger/seal/identity.h"
#include "ledger/trailer.h"
#include "ledger/tree/tiles.h"
#include "ledger/wal_frame.h"
#include "unit/ledger/scratch.h"

struct copy { /* a record, and where its bytes lie in `bytes` */
	struct record r;
	size_t at;
};

struct forger {
	int dirfd;
	struct key *key;
	struct verifier as; /* its name is that of the ledger */
	struct verifier was;
	uint64_t seq;
	unsigned how;
	struct tree tree;
	struct buf groups; /* roots of whole groups, from the start */
	struct hash256 *root; /* of each size */
	uint64_t sizes;
	struct copy *copy; /* of the unit at hand */
	size_t n, cap;
	struct buf bytes;
};

static int read_file(struct forger *f, const char *name, struct buf *ret)
{
	buf_clear(ret);
	return io_read_file(f->dirfd, name, 64u << 20, ret);
}

static int write_file(struct forger *f, const char *name, const struct buf *b)
{
	return io_replace_file(f->dirfd, name, buf_view(b), 0600);
}

/* ---- the records of a unit, edited ---- */

static int take(void *ctx, uint32_t row, const struct record *r)
{
	struct forger *f = ctx;

	(void)row;
	if (f->n == f->cap) {
		f->cap = f->cap ? f->cap * 2 : 512;
		f->copy = mem_must(realloc(f->copy, f->cap * sizeof(*f->copy)));
	}
	f->copy[f->n++] = (struct copy){ *r, f->bytes.len };
	buf_bytes(&f->bytes, r->raw);
	return 0;
}

static void lend_bytes(struct forger *f)
{
	for (size_t i = 0; i < f->n; i++)
		f->copy[i].r.raw = bytes_of(f->bytes.at + f->copy[i].at, f->copy[i].r.raw.len);
}

static void edit(struct forger *f, uint64_t first)
{
	size_t i = (size_t)(f->seq - first);
	struct copy *c, *last, spare;

	if (f->seq < first || i >= f->n)
		return;
	c = &f->copy[i];
	last = &f->copy[f->n - 1];
	spare = *c;
	if (f->how == 0) {
		f->bytes.at[c->at] ^= 1;
	} else if (f->how == 1 || (f->how == 3 && c == last)) {
		c->r.arrival += 1000000;
	} else if (f->how == 2) {
		c->r.source = c->r.source > 1 ? c->r.source - 1 : c->r.source + 1;
	} else if (f->how == 3) {
		*c = c[1];
		c[1] = spare;
	} else {
		memmove(c, c + 1, (size_t)(last - c) * sizeof(*c));
		*last = spare;
		last->r.raw = BYTES("nothing happened here");
	}
	for (size_t k = 0; k < f->n; k++)
		f->copy[k].r.seq = first + k;
}

static void group_made(void *ctx, uint64_t group, const struct hash256 *root)
{
	struct forger *f = ctx;

	(void)group;
	buf_add(&f->groups, root, sizeof(*root));
}

static void grow(struct forger *f)
{
	struct buf leaf = { 0 };

	for (size_t i = 0; i < f->n; i++) {
		const struct record *r = &f->copy[i].r;
		struct leaf_head head = { r->arrival, r->source, r->flags };
		struct hash256 h;
		struct bytes all;

		buf_clear(&leaf);
		buf_add(&leaf, &head, sizeof(head));
		buf_bytes(&leaf, r->raw);
		all = buf_view(&leaf);
		sha256_leaves(&all, 1, &h);
		tree_add(&f->tree, &h, 1, group_made, f);
		f->sizes = tree_size(&f->tree);
		f->root = mem_must(realloc(f->root, (size_t)(f->sizes + 1) * sizeof(*f->root)));
		tree_root(&f->tree, &f->root[f->sizes]);
	}
	buf_done(&leaf);
}

/* ---- its file ---- */

static int write_payload(struct forger *f, struct trailer *t, struct buf *ret)
{
	struct builder_options o = { 0 };
	struct builder *b;
	struct event e;
	int r = builder_new(&b, &o);

	if (r)
		return r;
	event_reset(&e);
	t->raw_bytes = 0;
	t->arrival_min = INT64_MAX;
	t->arrival_max = INT64_MIN;
	for (size_t i = 0; i < f->n; i++) {
		const struct record *rec = &f->copy[i].r;

		builder_add(b, rec, &e);
		t->raw_bytes += rec->raw.len;
		t->arrival_min = rec->arrival < t->arrival_min ? rec->arrival : t->arrival_min;
		t->arrival_max = rec->arrival > t->arrival_max ? rec->arrival : t->arrival_max;
	}
	t->time_min = t->arrival_min; /* no event has a time of its own */
	t->time_max = t->arrival_max;
	r = builder_finish(b, ret);
	builder_free(b);
	return r;
}

static int forge_block(struct forger *f, uint64_t first)
{
	struct buf body = { 0 }, file = { 0 };
	char path[BLOCK_PATH_MAX];
	struct trailer t;
	struct block *b = NULL;
	int r = block_trailer(f->dirfd, first, false, &t, NULL);

	if (r)
		return r;
	r = block_body(f->dirfd, &t, &body, NULL);
	if (!r)
		r = block_open(&b, buf_view(&body), NULL);
	if (!r)
		r = block_decode(b, NULL, take, f);
	block_free(b);
	lend_bytes(f);
	edit(f, first);
	grow(f);
	if (!r)
		r = write_payload(f, &t, &file);
	sha256(buf_view(&file), &t.payload);
	tree_root(&f->tree, &t.root);
	tree_low(&f->tree, &t.low);
	trailer_write(&t, f->key, &f->as, &file);
	block_path(first, false, path);
	if (!r)
		r = write_file(f, path, &file);
	trailer_done(&t);
	buf_done(&body);
	buf_done(&file);
	return r;
}

/* The same frames, with the same positions in them. */
static int forge_segment(struct forger *f, uint64_t first)
{
	char path[FILE_NAME_MAX + 8] = "wal/";
	struct buf was = { 0 }, file = { 0 };
	struct segment *s = NULL;
	struct segment_header h;
	struct wal_frame frame;
	uint64_t at = SEGMENT_HEADER, seq = first;
	size_t k = 0;
	int r;

	file_seq_name(first, ".wal", path + 4);
	r = read_file(f, path, &was);
	if (!r && !segment_header_parse(buf_view(&was), &h, NULL))
		r = -EBADMSG;
	if (!r)
		r = segment_open(&s, f->dirfd, path, NULL);
	for (uint32_t i = 0; !r && i < segment_count(s); i++) {
		struct record rec;

		segment_record(s, i, &rec);
		take(f, i, &rec);
	}
	segment_free(s);
	lend_bytes(f);
	edit(f, first);
	grow(f);
	if (!r)
		buf_add(&file, was.at, SEGMENT_HEADER);
	while (!r && !wal_frame_next(buf_view(&was), h.salt, at, seq, &frame, NULL)) {
		size_t from = file.len;

		wal_frame_begin(&file);
		for (uint32_t i = 0; i < frame.count; i++, k++) {
			const struct record *rec = &f->copy[k].r;
			struct leaf_head head = { rec->arrival, rec->source, rec->flags };

			wal_frame_put(&file, &head, rec->raw);
		}
		buf_bytes(&file, frame.positions);
		wal_frame_finish(&file, from, h.salt, frame.first, frame.count,
				 (uint32_t)frame.positions.len, frame.flags);
		at = frame.end;
		seq += frame.count;
	}
	if (!r)
		r = write_file(f, path, &file);
	buf_done(&was);
	buf_done(&file);
	return r;
}

/* ---- what is signed over all of it ---- */

/* A note of the ledger's own key, with another root of its size where it is a checkpoint. */
static void sign_again(struct forger *f, struct bytes note, bool checkpoint, struct buf *ret)
{
	struct bytes text;
	struct checkpoint c;
	size_t from = ret->len;

	if (checkpoint && checkpoint_open(note, &f->was, true, &c)) {
		if (c.size && c.size <= f->sizes)
			c.root = f->root[c.size];
		checkpoint_sign(&c, f->key, &f->as, ret);
	} else if (note_open_own(note, &f->was, &text)) {
		buf_bytes(ret, text);
		note_sign(ret, from, f->key, &f->as);
	}
}

static int forge_notes(struct forger *f)
{
	static const char *const one[] = { "checkpoint", "sources", "ledger" };
	struct buf was = { 0 }, now = { 0 };
	struct bytes rest;
	int r = 0;

	for (size_t i = 0; !r && i < 3; i++) {
		r = read_file(f, one[i], &was);
		buf_clear(&now);
		sign_again(f, buf_view(&was), i == 0, &now);
		if (!r)
			r = write_file(f, one[i], &now);
	}
	if (!r)
		r = read_file(f, "checkpoints", &was);
	buf_clear(&now);
	for (rest = buf_view(&was); !r && rest.len;) {
		size_t len = note_length(rest);

		sign_again(f, bytes_sub(rest, 0, len), true, &now);
		buf_u8(&now, '\n');
		rest = bytes_from(rest, len + 1);
	}
	if (!r)
		r = write_file(f, "checkpoints", &now);
	buf_clear(&now);
	verifier_text(&f->as, &now);
	buf_u8(&now, '\n');
	if (!r)
		r = write_file(f, "key.pub", &now);
	buf_done(&was);
	buf_done(&now);
	return r;
}

/* Tiles as far as there were any. */
static int forge_tiles(struct forger *f, uint64_t blocks_end)
{
	struct tiles *t = mem_new(1, sizeof(*t));
	int r;

	t->fd = file_open_dir(f->dirfd, "tree", false);
	r = t->fd < 0 ? t->fd
		      : tiles_store(t, (const struct hash256 *)(const void *)f->groups.at,
				    (size_t)(blocks_end / GROUP));
	if (t->fd >= 0)
		close(t->fd);
	free(t);
	return r;
}

static int forge_units(struct forger *f, const struct view *v)
{
	uint64_t blocks_end = 0;
	int r = 0;

	for (size_t i = 0; !r && i < view_units(v); i++) {
		const struct unit *u = view_unit(v, i);

		f->n = 0;
		buf_clear(&f->bytes);
		r = u->live ? forge_segment(f, u->first) : forge_block(f, u->first);
		if (!u->live)
			blocks_end = u->first + u->count;
	}
	return r ? r : forge_tiles(f, blocks_end);
}

int forge(const char *dir, uint64_t seq, unsigned how, const char *pem)
{
	struct forger f = { .seq = seq, .how = how };
	uint8_t pub[KEY_PUBLIC_LEN];
	static const struct range none;
	struct buf b = { 0 };
	struct why why = { 0 };
	struct view *v = NULL;
	int r = io_read_file(AT_FDCWD, pem, 4096, &b);

	if (!r)
		r = key_read_pem(buf_view(&b), &f.key);
	buf_done(&b);
	f.dirfd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (!r)
		r = identity_public(f.dirfd, &f.was, &why);
	if (!r)
		r = view_open(&v, dir, &why);
	if (r)
		return r;
	key_public(f.key, pub);
	verifier_of(f.was.name, pub, &f.as);
	tree_begin(&f.tree, &none, &none);
	r = forge_units(&f, v);
	if (!r)
		r = forge_notes(&f);
	view_free(v);
	key_free(f.key);
	close(f.dirfd);
	free(f.root);
	free(f.copy);
	buf_done(&f.groups);
	buf_done(&f.bytes);
	return r;
}
