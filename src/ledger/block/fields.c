/* SPDX-License-Identifier: Apache-2.0 */
/* Fields of typed rows. A field of a variant is
 *   the same in all rows:   a constant, or a piece of one literal
 *   one variable exactly:   its dictionary entry or number
 *   anything else:          literals and variables together, rendered row by row
 * The first two kinds answer for thousands of rows with one look at each distinct value. */
#include "base/hash.h"
#include "ledger/block/reader.h"
#include <stdlib.h>

const struct span *block_span(const struct variant_ref *v, enum field f)
{
	for (uint32_t i = 0; i < v->spans; i++)
		if (v->span[i].field == f)
			return &v->span[i];
	return NULL;
}

static bool span_fixed(const struct variant_ref *v, const struct span *s, struct bytes *ret)
{
	if (s->constant) {
		*ret = s->value;
		return true;
	}
	if (s->from.lit != s->to.lit)
		return false;
	*ret = bytes_sub(v->lit[s->from.lit], s->from.off, s->to.off - s->from.off);
	return true;
}

/* The variable that the span is made of, when there is only one; what stands around it. */
static struct column_ref *span_single(const struct variant_ref *v, const struct span *s,
				      struct bytes *ret_before, struct bytes *ret_after)
{
	if (s->to.lit != s->from.lit + 1)
		return NULL;
	*ret_before = bytes_from(v->lit[s->from.lit], s->from.off);
	*ret_after = bytes_sub(v->lit[s->to.lit], 0, s->to.off);
	return v->var[s->from.lit];
}

static size_t span_room(const struct variant_ref *v)
{
	return v->max_len + TOKEN_TEXT;
}

/* ---- distinct numbers of a column, to ask once for each ---- */

struct seen {
	int64_t *key;
	uint32_t *slot; /* 1 + index of the key's value; 0: free */
	uint32_t mask, n;
};

static void seen_init(struct seen *s, uint32_t rows)
{
	uint32_t size = 16;

	while (size < rows * 2)
		size *= 2;
	s->mask = size - 1;
	s->key = mem_new(size, sizeof(*s->key));
	s->slot = mem_new(size, sizeof(*s->slot));
	s->n = 0;
}

static void seen_done(struct seen *s)
{
	free(s->key);
	free(s->slot);
}

/* Where the key's slot is; *slot is 0 when it is new (the caller fills it). */
static uint32_t *seen_slot(struct seen *s, int64_t key)
{
	uint32_t at = (uint32_t)(((uint64_t)key * 0x9e3779b97f4a7c15ull) >> 32) & s->mask;

	while (s->slot[at] && s->key[at] != key)
		at = (at + 1) & s->mask;
	s->key[at] = key;
	return &s->slot[at];
}

/* ---- one value a row ---- */

/* What a walk over a variant's rows finds: value index for each row, made at first sight. */
struct walk {
	struct block *b;
	struct variant_ref *v;
	const struct span *span;
	const uint64_t *rows; /* NULL: all */
	/* value: gives the text a number, from 1; asked once a distinct value */
	uint32_t (*value)(void *ctx, struct bytes text);
	void (*row)(void *ctx, uint32_t row, uint32_t number);
	void *ctx;
};

static bool wanted(const struct walk *w, uint32_t row)
{
	return !w->rows || bit_get(w->rows, row);
}

static int walk_fixed(const struct walk *w, struct bytes text)
{
	uint32_t number = 0;

	for (uint32_t i = 0; i < w->v->rows; i++) {
		uint32_t row = w->b->rows_of[w->v->first + i];

		if (!wanted(w, row))
			continue;
		if (!number)
			number = w->value(w->ctx, text);
		w->row(w->ctx, row, number);
	}
	return 0;
}

static int walk_single(const struct walk *w, struct column_ref *c, struct bytes before,
		       struct bytes after)
{
	const int64_t *values = block_column_values(w->b, w->v, c);
	struct buf text = { 0 };
	struct seen seen;

	if (!values)
		return err_trace(-EBADMSG);
	seen_init(&seen, w->v->rows);
	buf_bytes(&text, before);
	for (uint32_t i = 0; i < w->v->rows; i++) {
		uint32_t row = w->b->rows_of[w->v->first + i], *slot;

		if (!wanted(w, row))
			continue;
		slot = seen_slot(&seen, values[i]);
		if (!*slot) {
			text.len = before.len;
			buf_reserve(&text, span_room(w->v));
			text.len += block_render_value(w->b, c, values[i], 0, text.at + text.len);
			buf_bytes(&text, after);
			*slot = w->value(w->ctx, buf_view(&text));
		}
		w->row(w->ctx, row, *slot);
	}
	seen_done(&seen);
	buf_done(&text);
	return 0;
}

static int walk_rendered(const struct walk *w)
{
	struct buf text = { 0 };
	int r = block_load_variant(w->b, w->v);

	buf_reserve(&text, span_room(w->v));
	for (uint32_t i = 0; !r && i < w->v->rows; i++) {
		uint32_t row = w->b->rows_of[w->v->first + i];

		if (!wanted(w, row))
			continue;
		text.len = block_render(w->b, w->v, row, w->span->from, w->span->to, text.at);
		w->row(w->ctx, row, w->value(w->ctx, buf_view(&text)));
	}
	buf_done(&text);
	return r;
}

static int walk_variant(const struct walk *w)
{
	struct bytes fixed, before, after;
	struct column_ref *c;

	if (span_fixed(w->v, w->span, &fixed))
		return walk_fixed(w, fixed);
	c = span_single(w->v, w->span, &before, &after);
	if (c && !var_is_time(c->type))
		return walk_single(w, c, before, after);
	return walk_rendered(w);
}

static int walk_field(struct block *b, enum field f, struct walk *w)
{
	int r = block_load(b);

	w->b = b;
	for (uint32_t i = 1; !r && i <= b->variants; i++) {
		w->v = &b->variant[i];
		w->span = block_span(w->v, f);
		if (w->span)
			r = walk_variant(w);
	}
	return r;
}

/* ---- match ---- */

struct matching {
	block_value_fn *fn;
	void *ctx;
	uint64_t *rows;
};

static uint32_t matching_value(void *ctx, struct bytes text)
{
	struct matching *m = ctx;

	return m->fn(m->ctx, text) ? 2 : 1;
}

static void matching_row(void *ctx, uint32_t row, uint32_t number)
{
	struct matching *m = ctx;

	if (number == 2)
		bit_set(m->rows, row);
}

int block_field_match(struct block *b, enum field f, block_value_fn *fn, void *ctx, uint64_t *rows)
{
	struct matching m = { fn, ctx, rows };
	struct walk w = { .value = matching_value, .row = matching_row, .ctx = &m };

	return walk_field(b, f, &w);
}

/* ---- column ---- */

struct columning {
	struct arena *arena;
	struct bytes *values;
	uint32_t n, cap, *ids;
	struct bytes last; /* rendered rows often repeat the value before */
	uint32_t last_number;
};

static uint32_t column_number(void *ctx, struct bytes text)
{
	struct columning *c = ctx;

	if (c->last_number && bytes_eq(c->last, text))
		return c->last_number;
	if (c->n == c->cap) {
		uint32_t cap = c->cap ? c->cap * 2 : 64;
		struct bytes *more = arena_take(c->arena, cap * sizeof(*more));

		if (c->n)
			memcpy(more, c->values, c->n * sizeof(*more));
		c->values = more;
		c->cap = cap;
	}
	c->values[c->n] = arena_copy(c->arena, text);
	c->last = c->values[c->n];
	c->last_number = ++c->n;
	return c->n;
}

static void column_row(void *ctx, uint32_t row, uint32_t number)
{
	struct columning *c = ctx;

	c->ids[row] = number;
}

int block_field_column(struct block *b, enum field f, const uint64_t *rows, struct arena *a,
		       struct block_column *ret)
{
	struct columning c = { .arena = a };
	struct walk w = { .rows = rows, .value = column_number, .row = column_row, .ctx = &c };
	int r;

	c.ids = arena_take(a, b->info.rows * sizeof(*c.ids));
	memset(c.ids, 0, b->info.rows * sizeof(*c.ids));
	r = walk_field(b, f, &w);
	if (!r)
		*ret = (struct block_column){ c.n, c.values, c.ids };
	return r;
}
