/* SPDX-License-Identifier: Apache-2.0 */
/* Reading META and what hangs on it. Nothing here is trusted: counts are checked against the rows,
 * anchors against the literals, indexes against the dictionaries; all by cursor. */
#include "ledger/block/column.h"
#include "ledger/block/reader.h"
#include "ledger/block/text.h"
#include <stdlib.h>

#define META_MAX ((size_t)64 << 20)

/* A section that is one zstd frame with its raw length before it. */
static int section_unpack(const struct block *b, enum section s, struct buf *ret)
{
	struct cursor c = cursor_of(b->section[s]);
	uint64_t raw;

	if (!b->section[s].len)
		return 0;
	raw = cur_varint(&c);
	if (c.bad || raw > META_MAX)
		return err_trace(-EBADMSG);
	return err_trace(frame_unpack(cur_rest(&c), (size_t)raw, ret));
}

/* Which variant each row is of, and each variant's rows. */
static int load_rows(struct block *b)
{
	uint32_t n = b->info.rows, at = 0, *fill;
	struct cursor c = cursor_of(b->section[SECTION_ROWS]);
	int64_t *v = mem_new(n, sizeof(*v));

	column_decode(&c, n, v);
	for (uint32_t i = 0; i < n && !c.bad; i++)
		if (v[i] < 0 || v[i] > b->variants)
			c.bad = true;
	if (c.bad || cur_left(&c)) {
		free(v);
		return err_trace(-EBADMSG);
	}
	b->local = mem_new(n, sizeof(*b->local));
	b->rank = mem_new(n, sizeof(*b->rank));
	b->rows_of = mem_new(n, sizeof(*b->rows_of));
	fill = mem_new(b->variants + 1, sizeof(*fill));
	for (uint32_t i = 0; i < n; i++) {
		b->local[i] = (uint32_t)v[i];
		b->rank[i] = fill[v[i]]++;
	}
	free(v);
	b->variant[0].rows = fill[0];
	for (uint32_t i = 0; i <= b->variants; i++) {
		if (fill[i] != b->variant[i].rows)
			c.bad = true;
		b->variant[i].first = at;
		at += fill[i];
	}
	free(fill);
	for (uint32_t i = 0; i < n; i++)
		b->rows_of[b->variant[b->local[i]].first + b->rank[i]] = i;
	if (b->variant[0].rows) {
		b->untyped = mem_new(BLOCK_WORDS(n), sizeof(*b->untyped));
		for (uint32_t i = 0; i < b->variant[0].rows; i++)
			bit_set(b->untyped, b->rows_of[i]);
	}
	return c.bad ? err_trace(-EBADMSG) : 0;
}

static void load_hexes(struct block *b, struct cursor *bad)
{
	struct cursor c = cursor_of(b->section[SECTION_HEXES]);
	uint32_t n = 0;

	while (cur_left(&c) && !c.bad) {
		uint8_t len = cur_u8(&c);

		cur_take(&c, len / 2);
		if (len & 1)
			c.bad = true;
		n++;
	}
	if (c.bad) {
		bad->bad = true;
		return;
	}
	b->hexes = n;
	b->hex = arena_take(&b->arena, (n + 1) * sizeof(*b->hex));
	c = cursor_of(b->section[SECTION_HEXES]);
	for (uint32_t i = 0; i < n; i++) {
		struct bytes raw = cur_take(&c, cur_u8(&c) / 2);
		uint8_t *p = arena_take(&b->arena, 2 * raw.len + 1);

		for (size_t k = 0; k < raw.len; k++) {
			p[2 * k] = (uint8_t) "0123456789abcdef"[raw.at[k] >> 4];
			p[2 * k + 1] = (uint8_t) "0123456789abcdef"[raw.at[k] & 15];
		}
		b->hex[i] = bytes_of(p, 2 * raw.len);
	}
}

int block_load_words(struct block *b)
{
	struct bytes rest;
	uint32_t n = 0;
	int r;

	if (b->words_loaded)
		return 0;
	r = section_unpack(b, SECTION_WORDS, &b->words);
	if (r)
		return r;
	for (size_t i = 0; i < b->words.len; i++)
		n += b->words.at[i] == '\n';
	b->word = mem_new(n, sizeof(*b->word));
	rest = buf_view(&b->words);
	for (uint32_t i = 0; i < n; i++) {
		size_t len = bytes_chr(rest, '\n');

		b->word[i] = bytes_sub(rest, 0, len);
		b->word_max = len > b->word_max ? len : b->word_max;
		rest = bytes_from(rest, len + 1);
	}
	b->word_n = n;
	b->words_loaded = true;
	return rest.len ? err_trace(-EBADMSG) : 0;
}

void block_load_ids(struct block *b)
{
	if (b->id)
		return;
	b->id = mem_new(b->ids, sizeof(*b->id));
	ids_unpack(b->section[SECTION_IDS], b->ids, b->id);
}

static bool params_good(uint8_t type, const uint8_t param[3])
{
	switch (type) {
	case VAR_ISO:
		return param[2] <= 6;
	case VAR_CTIME:
		return param[1] <= 6;
	case VAR_PAD:
		return param[0] >= 1 && param[0] <= 18;
	case VAR_DEC:
		return param[0] >= 1 && param[0] <= 9;
	default:
		return true;
	}
}

/* A variable that is the same in all rows, as text; false when it is not, or depends on the row. */
static bool fold(struct block *b, const struct column_ref *c, struct buf *to, struct cursor *bad)
{
	uint8_t text[TOKEN_TEXT];
	uint64_t i = (uint64_t)c->value;

	if (!c->is_const || var_is_time(c->type) || c->type == VAR_UUID)
		return false;
	if (c->type == VAR_WORD && block_load_words(b))
		bad->bad = true;
	if ((c->type == VAR_HEX && i >= b->hexes) || (c->type == VAR_IP && i >= b->ips) ||
	    (c->type == VAR_WORD && i >= b->word_n))
		bad->bad = true;
	if (bad->bad)
		return false;
	if (c->type == VAR_HEX)
		buf_bytes(to, b->hex[i]);
	else if (c->type == VAR_WORD)
		buf_bytes(to, b->word[i]);
	else
		buf_add(to, text, block_render_value(b, c, c->value, 0, text));
	return true;
}

/* What reading one variant's skeleton needs. */
struct shaping {
	struct buf lit;
	uint32_t lits;
	struct place end[LINE_VARS + 1]; /* place behind variable k - 1 */
	size_t room;
};

static void lit_close(struct block *b, struct variant_ref *v, struct shaping *s)
{
	uint8_t *p = arena_take(&b->arena, s->lit.len + LIT_SLACK);

	if (s->lit.len)
		memcpy(p, s->lit.at, s->lit.len);
	memset(p + s->lit.len, 0, LIT_SLACK);
	v->lit[s->lits++] = bytes_of(p, s->lit.len);
	s->room += s->lit.len;
	buf_clear(&s->lit);
}

/* lit[] and var[] out of the skeleton, constants folded in. */
static void load_shape(struct block *b, struct variant_ref *v, struct bytes skeleton,
		       struct shaping *s, struct cursor *bad)
{
	uint32_t k = 0;

	v->lit = arena_take(&b->arena, (v->all_n + 1) * sizeof(*v->lit));
	v->var = arena_take(&b->arena, (v->all_n + 1) * sizeof(struct column_ref *));
	s->end[0] = (struct place){ 0, 0 };
	s->lits = 0;
	for (size_t i = 0; i < skeleton.len && !bad->bad; i++) {
		struct column_ref *c = &v->all[k];

		if (!var_known(skeleton.at[i])) {
			buf_u8(&s->lit, skeleton.at[i]);
			continue;
		}
		i += var_params(c->type);
		while (c->same_as)
			c = c->same_as;
		if (!fold(b, c, &s->lit, bad)) {
			v->var[s->lits] = c;
			lit_close(b, v, s);
			s->room += c->type == VAR_WORD	? LINE_BYTES
				   : c->type == VAR_HEX ? 256
							: TOKEN_TEXT;
		}
		s->end[++k] = (struct place){ s->lits, (uint32_t)s->lit.len };
	}
	v->vars = s->lits;
	lit_close(b, v, s);
	v->max_len = s->room + TOKEN_TEXT + LIT_SLACK;
}

static struct place read_anchor(struct cursor *c, const struct variant_ref *v,
				const struct shaping *s)
{
	uint64_t k = cur_varint(c), off = cur_varint(c);
	struct place p = { 0, 0 };

	if (k > v->all_n || off > LINE_BYTES) {
		c->bad = true;
		return p;
	}
	p = s->end[k];
	p.off += (uint32_t)off;
	if (p.off > v->lit[p.lit].len)
		c->bad = true;
	return p;
}

static void load_spans(struct block *b, struct cursor *c, struct variant_ref *v,
		       const struct shaping *s)
{
	v->spans = (uint32_t)cur_varint(c);
	if (v->spans > FIELD_N) {
		c->bad = true;
		return;
	}
	v->span = arena_take(&b->arena, v->spans * sizeof(*v->span));
	for (uint32_t i = 0; i < v->spans && !c->bad; i++) {
		struct span *p = &v->span[i];

		*p = (struct span){ .field = cur_u8(c) };
		p->constant = cur_u8(c);
		if (p->field >= FIELD_N)
			c->bad = true;
		if (p->constant) {
			p->value = cur_take(c, cur_varint(c));
			continue;
		}
		p->from = read_anchor(c, v, s);
		p->to = read_anchor(c, v, s);
		if (c->bad || p->from.lit > p->to.lit ||
		    (p->from.lit == p->to.lit && p->from.off > p->to.off))
			c->bad = true;
	}
}

/* The variables of a skeleton, with their parameters. */
static void load_vars(struct block *b, struct variant_ref *v, struct bytes skeleton,
		      struct cursor *bad)
{
	uint32_t n = 0;

	v->all = arena_take(&b->arena, LINE_VARS * sizeof(*v->all));
	memset(v->all, 0, LINE_VARS * sizeof(*v->all));
	for (size_t i = 0; i < skeleton.len; i++) {
		struct column_ref *c;
		unsigned params;

		if (!var_known(skeleton.at[i]))
			continue;
		params = var_params(skeleton.at[i]);
		if (n == LINE_VARS || params >= skeleton.len - i) {
			bad->bad = true;
			return;
		}
		c = &v->all[n++];
		c->type = skeleton.at[i];
		memcpy(c->param, skeleton.at + i + 1, params);
		i += params;
		if (!params_good(c->type, c->param))
			bad->bad = true;
	}
	v->all_n = n;
}

static void load_columns(struct variant_ref *v, struct cursor *meta, struct cursor *small,
			 struct cursor *large)
{
	for (uint32_t k = 0; k < v->all_n && !meta->bad; k++) {
		struct column_ref *c = &v->all[k];
		uint8_t where = cur_u8(meta);
		struct cursor *from = where == 1 ? large : small;
		const uint8_t *start = from->at;

		if (where >= 2) {
			if (where - 2u >= k || v->all[where - 2].type != c->type)
				meta->bad = true;
			else
				c->same_as = &v->all[where - 2];
			continue;
		}
		c->is_const = column_is_const(from, &c->value);
		if (c->type == VAR_UUID)
			c->is_const = false; /* its numbers are relative */
		column_skip(from, v->rows);
		c->body = bytes_of(start, (size_t)(from->at - start));
		if (from->bad)
			meta->bad = true;
	}
}

static int load_variants(struct block *b)
{
	struct cursor c = cursor_of(buf_view(&b->meta)), small = cursor_of(buf_view(&b->small)),
		      large = cursor_of(b->section[SECTION_COLUMNS]), spans;
	struct shaping s = { 0 };
	uint64_t n = cur_varint(&c);

	if (b->meta.len && (c.bad || n > VARIANTS_MAX))
		return err_trace(-EBADMSG);
	b->variants = b->meta.len ? (uint32_t)n : 0;
	c.bad = false;
	b->variant = mem_new(b->variants + 1, sizeof(*b->variant));
	for (uint32_t i = 1; i <= b->variants && !c.bad; i++) {
		struct variant_ref *v = &b->variant[i];
		struct bytes skeleton;
		uint64_t rows = cur_varint(&c);

		if (rows > b->info.rows)
			c.bad = true;
		v->rows = (uint32_t)rows;
		skeleton = cur_take(&c, cur_varint(&c));
		if (skeleton.len > sizeof(((struct line *)0)->skeleton))
			c.bad = true;
		if (c.bad)
			break;
		load_vars(b, v, skeleton, &c);
		cur_u8(&c); /* whether rows have an event time of their own */
		/* The map comes before the columns but needs what they fold to: read it twice. */
		spans = c;
		for (uint64_t f = cur_varint(&c); f && !c.bad; f--) {
			cur_u8(&c);
			if (cur_u8(&c))
				cur_take(&c, cur_varint(&c));
			else
				for (int k = 0; k < 4; k++)
					cur_varint(&c);
		}
		load_columns(v, &c, &small, &large);
		s.room = 0;
		load_shape(b, v, skeleton, &s, &c);
		if (c.bad)
			break;
		load_spans(b, &spans, v, &s);
		c.bad |= spans.bad;
	}
	buf_done(&s.lit);
	if (c.bad || cur_left(&c) || cur_left(&small) || cur_left(&large))
		return err_trace(-EBADMSG);
	return 0;
}

static void load_failed(struct block *b)
{
	b->variants = 0;
	free(b->variant);
	b->variant = NULL;
}

int block_load(struct block *b)
{
	struct cursor bad = { 0 };
	int r;

	if (b->loaded)
		return b->variant ? 0 : -EBADMSG;
	b->loaded = true;
	b->ips = (uint32_t)(b->section[SECTION_IPS].len / 4);
	load_hexes(b, &bad);
	if (bad.bad || !ids_count(b->section[SECTION_IDS], &b->ids) ||
	    b->section[SECTION_IPS].len % 4)
		return err_trace(-EBADMSG);
	r = section_unpack(b, SECTION_META, &b->meta);
	if (!r)
		r = section_unpack(b, SECTION_SMALL, &b->small);
	if (!r)
		r = load_variants(b);
	if (!r)
		r = load_rows(b);
	if (r && b->variant)
		load_failed(b);
	return r;
}

int block_load_text(struct block *b)
{
	int r = block_load(b);

	if (r || b->text_loaded)
		return r;
	r = text_unpack(b->section[SECTION_TEXT], b->info.raw_bytes + b->variant[0].rows, &b->text);
	if (r)
		buf_clear(&b->text);
	b->text_loaded = !r;
	return err_trace(r);
}

/* Where each row ends: only asked for where a row is wanted, as most searches want none. */
int block_load_lines(struct block *b)
{
	uint32_t n, row = 0;
	int64_t *breaks;
	struct cursor c;
	int r = block_load_text(b);

	if (r || b->line)
		return r;
	n = b->variant[0].rows;
	breaks = mem_new(n, sizeof(*breaks));
	c = cursor_of(b->section[SECTION_BREAKS]);
	if (cur_left(&c))
		column_decode(&c, n, breaks);
	b->line = mem_new((size_t)n + 1, sizeof(*b->line));
	for (size_t at = 0; row < n && !c.bad; row++) {
		struct bytes rest = bytes_from(buf_view(&b->text), at);

		b->line[row] = at;
		for (int64_t k = breaks[row]; k >= 0; k--) {
			size_t nl = bytes_chr(rest, '\n');

			if (nl == BYTES_NONE) {
				c.bad = true;
				break;
			}
			rest = bytes_from(rest, nl + 1);
		}
		at = b->text.len - rest.len;
		b->line[row + 1] = at;
	}
	free(breaks);
	if (!c.bad && !cur_left(&c) && b->line[n] == b->text.len)
		return 0;
	free(b->line);
	b->line = NULL;
	return err_trace(-EBADMSG);
}

struct bytes block_text_row(const struct block *b, uint32_t rank)
{
	return bytes_of(b->text.at + b->line[rank], b->line[rank + 1] - b->line[rank] - 1);
}

static bool indexes_good(const struct block *b, const struct column_ref *c, uint32_t n)
{
	uint64_t limit = c->type == VAR_HEX    ? b->hexes
			 : c->type == VAR_IP   ? b->ips
			 : c->type == VAR_WORD ? b->word_n
					       : UINT64_MAX;

	if (limit == UINT64_MAX)
		return true;
	for (uint32_t i = 0; i < n; i++)
		if ((uint64_t)c->v[i] >= limit)
			return false;
	return true;
}

static bool column_load(struct variant_ref *v, struct column_ref *c)
{
	struct cursor cur = cursor_of(c->body);

	c->v = mem_new(v->rows, sizeof(*c->v));
	column_decode(&cur, v->rows, c->v);
	return !cur.bad;
}

/* Uuid columns count back from the number of uuids known so far, over all rows in order: all of
 * them are turned into indexes at once. */
static int ids_load(struct block *b)
{
	int64_t known = 0;

	if (b->ids_loaded)
		return 0;
	b->ids_loaded = true;
	block_load_ids(b);
	for (uint32_t i = 1; i <= b->variants; i++)
		for (uint32_t k = 0; k < b->variant[i].all_n; k++) {
			struct column_ref *c = &b->variant[i].all[k];

			if (c->type == VAR_UUID && !c->same_as && !column_load(&b->variant[i], c))
				return err_trace(-EBADMSG);
		}
	for (uint32_t row = 0; row < b->info.rows; row++) {
		struct variant_ref *v = &b->variant[b->local[row]];

		for (uint32_t k = 0; k < v->all_n; k++) {
			struct column_ref *c = &v->all[k];
			int64_t back;

			if (c->type != VAR_UUID || c->same_as)
				continue;
			back = c->v[b->rank[row]];
			if (back < 0 || back > known || (!back && known == b->ids)) {
				b->ids = 0; /* nothing of them may be used */
				return err_trace(-EBADMSG);
			}
			c->v[b->rank[row]] = back ? known - back : known++;
		}
	}
	return 0;
}

const int64_t *block_column_values(struct block *b, struct variant_ref *v, struct column_ref *c)
{
	while (c->same_as)
		c = c->same_as;
	if (c->type == VAR_UUID) {
		if (ids_load(b) || (!b->ids && v->rows))
			return NULL;
		return c->v;
	}
	if (c->v)
		return c->v;
	if (c->type == VAR_WORD && block_load_words(b))
		return NULL;
	if (!column_load(v, c) || !indexes_good(b, c, v->rows)) {
		free(c->v);
		c->v = NULL;
	}
	return c->v;
}

int block_load_variant(struct block *b, struct variant_ref *v)
{
	const usec *times;
	int r = block_times(b, &times);

	for (uint32_t k = 0; !r && k < v->vars; k++)
		if (!v->var[k]->is_const && !block_column_values(b, v, v->var[k]))
			r = err_trace(-EBADMSG);
	return r;
}
