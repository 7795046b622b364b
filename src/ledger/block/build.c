/* SPDX-License-Identifier: Apache-2.0 */
/* Two passes. builder_add() finds the shape of each line and keeps its values as they are; only
 * when the block is complete is it known which shapes are frequent enough for columns. Then the
 * rows are gone through once more in order: frequent shapes fill columns and dictionaries, the rest
 * is text. */
#include "ledger/block/build.h"
#include "base/hash.h"
#include "ledger/block/column.h"
#include "ledger/block/dict.h"
#include "ledger/block/filter.h"
#include "ledger/block/ids.h"
#include "ledger/block/text.h"
#include "ledger/block/variant.h"
#include <stdlib.h>

#define FILTER_MIN ((uint64_t)2 << 20) /* smaller blocks are read faster than a filter is worth */

struct row {
	struct bytes raw;
	struct variant *variant; /* NULL: text */
	size_t value; /* index of its first value */
};

/* A column being filled: values of one variable of one variant. */
struct filling {
	int64_t *v; /* value; for dictionary types the index */
	int64_t *coded; /* uuids: 0 = first use in the block, else how far back */
	uint32_t n;
};

struct builder {
	struct builder_options options;
	struct row *row;
	int64_t *time, *arrival, *source, *flags; /* row columns */
	uint32_t rows, cap;
	uint64_t first, raw_bytes;
	int64_t *value; /* numbers; for dictionary types the index */
	size_t values, values_cap;
	struct variants variants;
	struct line line;
	struct id_dict id;
	struct dict hex, ip, word;
	/* second pass */
	uint32_t *id_rank; /* of each uuid: 1 + its place on disk, 0 = only in text so far */
	uint32_t *id_order; /* the other way round */
	uint32_t ids;
	struct filling *fill; /* LINE_VARS for each frequent variant, by local - 1 */
	struct variant **local;
	uint32_t locals;
	struct buf text, meta, small, columns, packed;
	struct hash_set keys;
	struct column_coder coder;
	ZSTD_CCtx *z;
};

int builder_new(struct builder **ret, const struct builder_options *o)
{
	struct builder *b = mem_new(1, sizeof(*b));

	if (o)
		b->options = *o;
	b->z = mem_must(ZSTD_createCCtx());
	*ret = b;
	return 0;
}

struct builder *builder_free(struct builder *b)
{
	if (!b)
		return NULL;
	free(b->row);
	free(b->time);
	free(b->arrival);
	free(b->source);
	free(b->flags);
	free(b->value);
	free(b->fill);
	free(b->local);
	variants_done(&b->variants);
	id_dict_done(&b->id);
	free(b->id_rank);
	free(b->id_order);
	dict_done(&b->hex);
	dict_done(&b->ip);
	dict_done(&b->word);
	buf_done(&b->text);
	buf_done(&b->meta);
	buf_done(&b->small);
	buf_done(&b->columns);
	buf_done(&b->packed);
	hash_set_done(&b->keys);
	column_coder_done(&b->coder);
	ZSTD_freeCCtx(b->z);
	free(b);
	return NULL;
}

static void *grow(void *p, size_t n, size_t size)
{
	return mem_must(realloc(p, n * size));
}

static void rows_grow(struct builder *b)
{
	b->cap = b->cap ? b->cap * 2 : 16384;
	b->row = grow(b->row, b->cap, sizeof(*b->row));
	b->time = grow(b->time, b->cap, sizeof(*b->time));
	b->arrival = grow(b->arrival, b->cap, sizeof(*b->arrival));
	b->source = grow(b->source, b->cap, sizeof(*b->source));
	b->flags = grow(b->flags, b->cap, sizeof(*b->flags));
}

static struct dict *dict_of(struct builder *b, uint8_t type)
{
	return type == VAR_HEX	  ? &b->hex
	       : type == VAR_IP	  ? &b->ip
	       : type == VAR_WORD ? &b->word
				  : NULL;
}

/* The values go into the dictionaries here, while the line is in the cache: it is not looked at
 * again unless it turns out to be text. */
static void values_add(struct builder *b, const struct line *l, struct bytes raw, usec row_time)
{
	struct id_look look[LINE_VARS];
	int64_t *to;

	if (b->values + LINE_VARS > b->values_cap) {
		b->values_cap = b->values_cap ? b->values_cap * 2 : 1u << 17;
		b->value = grow(b->value, b->values_cap, sizeof(*b->value));
	}
	to = b->value + b->values;
	b->values += l->n;
	for (unsigned i = 0; i < l->n; i++)
		if (l->tok[i].type == VAR_UUID)
			look[i] = id_look(&b->id, raw.at + l->tok[i].start);
	for (unsigned i = 0; i < l->n; i++) {
		const struct token *t = &l->tok[i];
		struct bytes text = bytes_of(raw.at + t->start, t->end - t->start);
		struct dict *d = dict_of(b, t->type);

		if (d)
			to[i] = dict_add(d, text);
		else if (t->type == VAR_UUID)
			to[i] = id_dict_add(&b->id, &look[i], text.at);
		else
			to[i] = var_is_time(t->type) ? t->value - row_time : t->value;
	}
}

void builder_add(struct builder *b, const struct record *r, const struct event *e)
{
	struct row *row;
	usec time = e->time != USEC_NONE ? e->time : r->arrival;

	if (b->rows == b->cap)
		rows_grow(b);
	if (!b->rows)
		b->first = r->seq;
	row = &b->row[b->rows];
	*row = (struct row){ .raw = r->raw, .value = b->values };
	b->time[b->rows] = time;
	b->arrival[b->rows] = r->arrival;
	b->source[b->rows] = r->source;
	b->flags[b->rows] = r->flags;
	b->rows++;
	b->raw_bytes += r->raw.len;
	if (!line_tokenize(&b->line, r->raw, time))
		return;
	row->variant = variant_of(&b->variants, &b->line, r->raw, e);
	if (!row->variant)
		return;
	row->variant->rows++;
	values_add(b, &b->line, r->raw, time);
}

static int by_rows(const void *a, const void *b)
{
	const struct variant *const *x = a, *const *y = b;

	return ((*y)->rows > (*x)->rows) - ((*y)->rows < (*x)->rows);
}

/* Numbers the frequent variants from 1, most frequent first, and makes room for their columns. */
static void choose_variants(struct builder *b)
{
	b->locals = 0;
	b->local = grow(b->local, b->variants.n + 1, sizeof(struct variant *));
	for (uint32_t i = 0; i < b->variants.n; i++) {
		b->variants.all[i]->local = 0;
		if (b->variants.all[i]->rows >= VARIANT_ROWS)
			b->local[b->locals++] = b->variants.all[i];
	}
	qsort(b->local, b->locals, sizeof(struct variant *), by_rows);
	b->fill = grow(b->fill, (size_t)b->locals * LINE_VARS + 1, sizeof(*b->fill));
	memset(b->fill, 0, (size_t)b->locals * LINE_VARS * sizeof(*b->fill));
	for (uint32_t i = 0; i < b->locals; i++) {
		struct variant *v = b->local[i];

		v->local = i + 1;
		for (unsigned k = 0; k < v->vars; k++) {
			struct filling *f = &b->fill[(size_t)i * LINE_VARS + k];

			f->v = mem_new(v->rows, sizeof(*f->v));
			if (v->type[k] == VAR_UUID)
				f->coded = mem_new(v->rows, sizeof(*f->coded));
		}
	}
}

static void fill_value(struct builder *b, const struct row *row, unsigned k, struct filling *f)
{
	int64_t v = b->value[row->value + k];

	if (row->variant->type[k] == VAR_UUID) {
		if (b->id_rank[v]) {
			f->coded[f->n] = b->ids - (b->id_rank[v] - 1);
		} else {
			b->id_order[b->ids] = (uint32_t)v;
			b->id_rank[v] = ++b->ids;
			f->coded[f->n] = 0;
		}
		v = b->id_rank[v] - 1;
	}
	f->v[f->n++] = v;
}

/* The row's shape is too rare: what is only in text is in no dictionary. */
static void forget_values(struct builder *b, const struct row *row)
{
	for (unsigned k = 0; k < row->variant->vars; k++) {
		struct dict *d = dict_of(b, row->variant->type[k]);

		if (d)
			d->entry[b->value[row->value + k]].uses--;
	}
}

static void text_key(void *ctx, uint8_t type, struct bytes text)
{
	(void)type;
	hash_set_add(ctx, filter_key(text));
}

static int64_t newlines(struct bytes b)
{
	int64_t n = 0;

	for (size_t at; (at = bytes_chr(b, '\n')) != BYTES_NONE; n++)
		b = bytes_from(b, at + 1);
	return n;
}

/* The second pass; returns the newlines inside each text row (NULL: none anywhere), and how many
 * text rows there are. The rows' local numbers go to `locals`. */
static int64_t *fill_rows(struct builder *b, bool filter, int64_t *locals, uint32_t *ret_texts)
{
	int64_t *breaks = mem_new(b->rows, sizeof(*breaks)), any = 0;
	uint32_t texts = 0;

	for (uint32_t r = 0; r < b->rows; r++) {
		struct row *row = &b->row[r];
		uint32_t local = row->variant ? row->variant->local : 0;

		locals[r] = local;
		if (local) {
			for (unsigned k = 0; k < row->variant->vars; k++)
				fill_value(b, row, k,
					   &b->fill[(size_t)(local - 1) * LINE_VARS + k]);
			continue;
		}
		if (row->variant)
			forget_values(b, row);
		buf_bytes(&b->text, row->raw);
		buf_u8(&b->text, '\n');
		breaks[texts] = newlines(row->raw);
		any |= breaks[texts++];
		if (filter)
			token_keys(row->raw, text_key, &b->keys);
	}
	*ret_texts = texts;
	if (any)
		return breaks;
	free(breaks);
	return NULL;
}

static void ids_begin(struct builder *b)
{
	b->ids = 0;
	b->id_rank = grow(b->id_rank, b->id.n + 1u, sizeof(*b->id_rank));
	b->id_order = grow(b->id_order, b->id.n + 1u, sizeof(*b->id_order));
	memset(b->id_rank, 0, b->id.n * sizeof(*b->id_rank));
}

/* Small numbers for the values used most: fewer bits in the high planes of the columns. */
static void renumber(struct builder *b, struct dict *d, uint8_t type)
{
	uint32_t *map = mem_new(d->n + 1u, sizeof(*map));

	dict_sort(d, map);
	for (uint32_t i = 0; i < b->locals; i++) {
		for (unsigned k = 0; k < b->local[i]->vars; k++) {
			struct filling *f = &b->fill[(size_t)i * LINE_VARS + k];

			if (b->local[i]->type[k] != type)
				continue;
			for (uint32_t r = 0; r < f->n; r++)
				f->v[r] = map[f->v[r]];
		}
	}
	free(map);
}

/* An earlier variable of the variant that always has the same value: nothing need be stored. */
static int same_as(const struct variant *v, const struct filling *fill, unsigned k)
{
	for (unsigned j = 0; j < k; j++)
		if (v->type[j] == v->type[k] && !memcmp(v->param[j], v->param[k], 3) &&
		    !memcmp(fill[j].v, fill[k].v, fill[k].n * sizeof(int64_t)))
			return (int)j;
	return -1;
}

static void meta_map(struct buf *meta, const struct variant *v)
{
	buf_u8(meta, v->has_time);
	buf_varint(meta, v->fields);
	for (unsigned i = 0; i < v->fields; i++) {
		const struct field_map *m = &v->map[i];

		buf_u8(meta, m->field);
		buf_u8(meta, m->constant);
		if (m->constant) {
			buf_varint(meta, m->value.len);
			buf_bytes(meta, m->value);
			continue;
		}
		buf_varint(meta, m->from.var);
		buf_varint(meta, m->from.off);
		buf_varint(meta, m->to.var);
		buf_varint(meta, m->to.off);
	}
}

/* META: varint variants, then each: rows, skeleton, field map, and for each variable where its
 * column is: 0 in SMALL, 1 in COLUMNS, 2 + j: the same as variable j. */
static void encode_variants(struct builder *b)
{
	struct buf body = { 0 };

	buf_varint(&b->meta, b->locals);
	for (uint32_t i = 0; i < b->locals; i++) {
		const struct variant *v = b->local[i];
		struct filling *fill = &b->fill[(size_t)i * LINE_VARS];

		buf_varint(&b->meta, v->rows);
		buf_varint(&b->meta, v->skeleton.len);
		buf_bytes(&b->meta, v->skeleton);
		meta_map(&b->meta, v);
		for (unsigned k = 0; k < v->vars; k++) {
			int same = same_as(v, fill, k);
			bool large;

			if (same >= 0) {
				buf_u8(&b->meta, (uint8_t)(2 + same));
				continue;
			}
			buf_clear(&body);
			column_encode(&b->coder, fill[k].coded ? fill[k].coded : fill[k].v,
				      fill[k].n, &body, &large);
			buf_u8(&b->meta, large);
			buf_bytes(large ? &b->columns : &b->small, buf_view(&body));
		}
	}
	buf_done(&body);
}

static void fill_done(struct builder *b)
{
	for (uint32_t i = 0; i < b->locals; i++) {
		for (unsigned k = 0; k < b->local[i]->vars; k++) {
			struct filling *f = &b->fill[(size_t)i * LINE_VARS + k];

			free(f->v);
			free(f->coded);
		}
	}
}

/* Those of the dictionaries are distinct already; b->keys holds what text has. */
static size_t add_key(const struct builder *b, uint64_t key, uint64_t *keys, size_t n)
{
	if (!hash_set_has(&b->keys, key))
		keys[n++] = key;
	return n;
}

static size_t add_dict_keys(const struct builder *b, const struct dict *d, uint64_t *keys, size_t n)
{
	for (uint32_t i = 0; i < d->n; i++)
		n = add_key(b, d->entry[i].key, keys, n);
	return n;
}

static int encode_filter(struct builder *b, struct buf *ret)
{
	uint64_t *keys = mem_new((size_t)b->keys.n + b->ids + b->hex.n + b->ip.n + b->word.n + 1,
				 sizeof(*keys));
	size_t n = hash_set_list(&b->keys, keys);
	int r;

	for (uint32_t i = 0; i < b->ids; i++)
		n = add_key(b, b->id.key[b->id_order[i]], keys, n);
	n = add_dict_keys(b, &b->hex, keys, n);
	n = add_dict_keys(b, &b->ip, keys, n);
	n = add_dict_keys(b, &b->word, keys, n);
	r = filter_build(keys, n, ret);
	free(keys);
	return r;
}

/* A zstd frame with its raw length before it. */
static int encode_frame(struct builder *b, const struct buf *raw, struct buf *ret)
{
	if (!raw->len)
		return 0;
	buf_varint(ret, raw->len);
	return frame_pack(b->z, buf_view(raw), raw->len < 1u << 18 ? 12 : 3, ret);
}

static void encode_dicts(struct builder *b, struct buf *sections)
{
	struct uuid *ids = mem_new(b->ids, sizeof(*ids));
	struct buf words = { 0 };

	for (uint32_t i = 0; i < b->ids; i++)
		ids[i] = b->id.id[b->id_order[i]];
	ids_pack(ids, b->ids, &sections[SECTION_IDS]);
	free(ids);
	for (uint32_t i = 0; i < b->ip.n; i++) {
		uint8_t ip[4];

		token_parse_ip(b->ip.entry[i].text, ip);
		buf_add(&sections[SECTION_IPS], ip, sizeof(ip));
	}
	for (uint32_t i = 0; i < b->hex.n; i++) {
		struct bytes t = b->hex.entry[i].text;

		buf_u8(&sections[SECTION_HEXES], (uint8_t)t.len);
		for (size_t k = 0; k < t.len; k += 2)
			buf_u8(&sections[SECTION_HEXES],
			       (uint8_t)(hex_digit(t.at[k]) << 4 | hex_digit(t.at[k + 1])));
	}
	for (uint32_t i = 0; i < b->word.n; i++) {
		buf_bytes(&words, b->word.entry[i].text);
		buf_u8(&words, '\n');
	}
	encode_frame(b, &words, &sections[SECTION_WORDS]);
	buf_done(&words);
}

static void encode_header(struct builder *b, const struct buf *sections, struct buf *ret)
{
	int64_t t0 = b->time[0], t1 = t0, a0 = b->arrival[0], a1 = a0;

	for (uint32_t r = 1; r < b->rows; r++) {
		t0 = b->time[r] < t0 ? b->time[r] : t0;
		t1 = b->time[r] > t1 ? b->time[r] : t1;
		a0 = b->arrival[r] < a0 ? b->arrival[r] : a0;
		a1 = b->arrival[r] > a1 ? b->arrival[r] : a1;
	}
	buf_add(ret, PAYLOAD_MAGIC, PAYLOAD_MAGIC_LEN);
	buf_varint(ret, b->rows);
	buf_varint(ret, b->first);
	buf_varint(ret, b->raw_bytes);
	buf_svarint(ret, t0);
	buf_varint(ret, (uint64_t)t1 - (uint64_t)t0);
	buf_svarint(ret, a0);
	buf_varint(ret, (uint64_t)a1 - (uint64_t)a0);
	for (int s = 0; s < SECTION_N; s++)
		buf_varint(ret, sections[s].len);
	for (int s = 0; s < SECTION_N; s++)
		buf_bytes(ret, buf_view(&sections[s]));
}

static void builder_clear(struct builder *b)
{
	fill_done(b);
	b->rows = 0;
	b->values = 0;
	b->raw_bytes = 0;
	b->locals = 0;
	variants_clear(&b->variants);
	id_dict_clear(&b->id);
	dict_clear(&b->hex);
	dict_clear(&b->ip);
	dict_clear(&b->word);
	hash_set_clear(&b->keys);
	buf_clear(&b->text);
	buf_clear(&b->meta);
	buf_clear(&b->small);
	buf_clear(&b->columns);
}

int builder_finish(struct builder *b, struct buf *ret)
{
	struct buf sections[SECTION_N] = { 0 };
	bool filter = b->raw_bytes >= FILTER_MIN && !b->options.no_filter, large;
	int64_t *locals, *breaks;
	uint32_t texts;
	int r;

	if (!b->rows)
		return -EINVAL;
	locals = mem_new(b->rows, sizeof(*locals));
	choose_variants(b);
	ids_begin(b);
	breaks = fill_rows(b, filter, locals, &texts);
	renumber(b, &b->hex, VAR_HEX);
	renumber(b, &b->ip, VAR_IP);
	renumber(b, &b->word, VAR_WORD);
	encode_variants(b);
	column_encode(&b->coder, locals, b->rows, &sections[SECTION_ROWS], &large);
	column_encode(&b->coder, b->time, b->rows, &sections[SECTION_TIMES], &large);
	column_encode(&b->coder, b->arrival, b->rows, &sections[SECTION_ARRIVALS], &large);
	column_encode(&b->coder, b->source, b->rows, &sections[SECTION_SOURCES], &large);
	column_encode(&b->coder, b->flags, b->rows, &sections[SECTION_FLAGS], &large);
	if (breaks)
		column_encode(&b->coder, breaks, texts, &sections[SECTION_BREAKS], &large);
	encode_dicts(b, sections);
	buf_bytes(&sections[SECTION_COLUMNS], buf_view(&b->columns));
	r = encode_frame(b, &b->meta, &sections[SECTION_META]);
	if (!r)
		r = encode_frame(b, &b->small, &sections[SECTION_SMALL]);
	if (!r)
		r = text_pack(b->z, buf_view(&b->text), b->options.level, &sections[SECTION_TEXT]);
	if (!r && filter)
		r = encode_filter(b, &sections[SECTION_FILTER]);
	if (!r)
		encode_header(b, sections, ret);
	for (int s = 0; s < SECTION_N; s++)
		buf_done(&sections[s]);
	free(locals);
	free(breaks);
	builder_clear(b);
	return r;
}
