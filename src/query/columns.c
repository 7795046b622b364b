/* SPDX-License-Identifier: Apache-2.0 */
#include "query/columns.h"
#include "query/bits.h"

/* One column while it is filled: ids is ours, values has room for one more a row to be parsed. */
struct filling {
	struct column_data *to;
	uint32_t *ids;
	struct bytes *values;
	int64_t *num;
	uint32_t n;
};

struct load {
	struct search *s;
	struct filling f[64];
	unsigned n;
};

static bool is_numeric(unsigned column)
{
	return column == COLUMN_TIME || column == COLUMN_INGESTED || column == COLUMN_SEQUENCE ||
	       column == COLUMN_SOURCE_ID;
}

static bool wants_parsing(unsigned column)
{
	return column_is_field(column);
}

static void put(struct load *l, struct filling *f, uint32_t row, struct bytes v)
{
	if (!v.len || f->ids[row])
		return;
	f->values[f->n] = arena_copy(&l->s->arena, v);
	f->ids[row] = ++f->n;
}

static int fill_row(void *ctx, uint32_t row, const struct record *r)
{
	struct load *l = ctx;

	for (unsigned i = 0; i < l->n; i++) {
		struct filling *f = &l->f[i];
		unsigned c = f->to->column;

		if (column_is_field(c))
			put(l, f, row, event_get(search_event(l->s, row, r), (enum field)c));
		else if (c == COLUMN_RAW)
			put(l, f, row, r->raw);
		else if (c == COLUMN_TIME && !l->s->block)
			f->num[row] = search_time(l->s, row, r);
	}
	return 0;
}

static int numbers(struct search *s, const uint64_t *hits, struct filling *f)
{
	unsigned c = f->to->column;
	const uint32_t *sources = NULL;
	int r;

	f->to->numeric = true;
	if (s->block && c == COLUMN_TIME)
		return block_times(s->block, &f->to->num);
	if (s->block && c == COLUMN_INGESTED)
		return block_arrivals(s->block, &f->to->num);
	f->num = arena_take(&s->arena, s->n * sizeof(*f->num) + 8);
	f->to->num = f->num;
	if (s->block && c == COLUMN_SOURCE_ID) {
		r = block_sources(s->block, &sources);
		if (r < 0)
			return r;
	}
	for (uint32_t i = bits_next(hits, s->n, 0); i < s->n; i = bits_next(hits, s->n, i + 1)) {
		struct record rec = { 0 };

		if (s->segment)
			segment_record(s->segment, i, &rec);
		f->num[i] = c == COLUMN_SEQUENCE   ? (int64_t)(s->unit->first + i)
			    : c == COLUMN_INGESTED ? rec.arrival
			    : sources		   ? sources[i]
						   : rec.source;
	}
	return 0;
}

/* A column that the source tells; rows that have a value already keep it. */
static int by_source(struct search *s, const uint64_t *hits, struct filling *f, unsigned column)
{
	const uint32_t *sources = NULL;
	uint32_t last = UINT32_MAX, id = 0;
	int r = s->block ? block_sources(s->block, &sources) : 0;

	if (r < 0)
		return r;
	for (uint32_t i = bits_next(hits, s->n, 0); i < s->n; i = bits_next(hits, s->n, i + 1)) {
		struct record rec;
		const struct source *source;

		if (f->ids[i])
			continue;
		if (s->segment)
			segment_record(s->segment, i, &rec);
		else
			rec.source = sources[i];
		if (rec.source != last) {
			last = rec.source;
			source = view_source(s->view, last);
			id = 0;
			if (source) {
				struct bytes v = column_of_source(column, source);

				if (v.len) {
					f->values[f->n] = v;
					id = ++f->n;
				}
			}
		}
		f->ids[i] = id;
	}
	return 0;
}

/* What the block has as a column. `more`: how many rows are still to be parsed. */
static int typed(struct search *s, const uint64_t *hits, struct filling *f, size_t more)
{
	unsigned c = f->to->column;
	struct block_column b = { 0 };
	uint64_t has[2] = { 0 };
	int r = 0;

	if (s->block && column_is_field(c))
		block_fields(s->block, has);
	if (column_is_field(c) && has[c / 64] >> (c % 64) & 1)
		r = block_field_column(s->block, (enum field)c, hits, &s->arena, &b);
	if (r < 0)
		return r;
	if (b.ids && !more && c != FIELD_LOG_FILE) {
		f->to->ids = b.ids;
		f->to->values = b.values;
		f->to->n = b.n;
		return 0;
	}
	if (c == COLUMN_RAW || c == FIELD_LOG_FILE || column_is_source(c))
		more = s->n;
	f->ids = arena_take(&s->arena, s->n * sizeof(*f->ids) + 8);
	f->values = arena_take(&s->arena, (b.n + more) * sizeof(*f->values) + 8);
	f->n = b.n;
	if (b.n)
		memcpy(f->values, b.values, b.n * sizeof(*f->values));
	if (b.ids)
		memcpy(f->ids, b.ids, s->n * sizeof(*f->ids));
	else
		memset(f->ids, 0, s->n * sizeof(*f->ids));
	return 0;
}

/* The rows whose records are needed: all of a segment, the untyped of a block. */
static const uint64_t *rows_to_parse(struct search *s, const uint64_t *hits,
				     const struct column_data *columns, unsigned n)
{
	uint64_t *rows = arena_take(&s->arena, s->words * 8 + 8);
	const uint64_t *untyped = s->block ? block_untyped(s->block) : hits;
	bool parse = false, raw = false;

	for (unsigned i = 0; i < n; i++) {
		parse |= wants_parsing(columns[i].column) ||
			 (!s->block && columns[i].column == COLUMN_TIME);
		raw |= columns[i].column == COLUMN_RAW;
	}
	bits_copy(rows, hits, s->words);
	if (!raw && (!parse || !untyped))
		bits_none(rows, s->words);
	else if (!raw)
		bits_and(rows, untyped, s->words);
	return rows;
}

int columns_load(struct search *s, const uint64_t *hits, struct column_data *columns, unsigned n)
{
	struct load l = { .s = s, .n = 0 };
	const uint64_t *rows = rows_to_parse(s, hits, columns, n);
	size_t more = (size_t)bits_count(rows, s->words);
	int r = 0;

	for (unsigned i = 0; i < n && !r; i++) {
		struct filling *f = &l.f[l.n];

		*f = (struct filling){ .to = &columns[i] };
		columns[i].numeric = is_numeric(columns[i].column);
		r = columns[i].numeric ? numbers(s, hits, f) : typed(s, hits, f, more);
		l.n += f->ids || f->num;
	}
	if (!r && more)
		r = search_each(s, rows, fill_row, &l);
	for (unsigned i = 0; i < l.n && !r; i++) {
		struct filling *f = &l.f[i];
		unsigned c = f->to->column;

		if (f->ids && (column_is_source(c) || c == FIELD_LOG_FILE))
			r = by_source(s, hits, f, c == FIELD_LOG_FILE ? COLUMN_SOURCE_FILE : c);
		if (f->ids) {
			f->to->ids = f->ids;
			f->to->values = f->values;
			f->to->n = f->n;
		}
	}
	return r;
}
