/* SPDX-License-Identifier: Apache-2.0 */
/* Sorting records: only their keys and seq are kept; the rows that remain in the end are decoded
 * again, unit by unit, and written in the order asked for. */
#include "query/bits.h"
#include "query/run.h"
#include <stdlib.h>

unsigned sort_columns(const struct query *q, unsigned *ret)
{
	unsigned n = 0;

	for (unsigned i = 0; i < q->stages_n; i++) {
		const struct stage *st = q->stages[i];

		for (unsigned c = 0; c < st->columns_n && st->kind == STAGE_SORT; c++) {
			unsigned k = 0;

			while (k < n && ret[k] != st->columns[c])
				k++;
			if (k == n && n < NAMES_MAX)
				ret[n++] = st->columns[c];
		}
	}
	return n;
}

void stages_apply(const struct query *q, unsigned from, struct table *t, const unsigned *keys,
		  unsigned keys_n)
{
	for (unsigned i = from; i < q->stages_n; i++) {
		const struct stage *st = q->stages[i];
		unsigned columns[NAMES_MAX];

		for (unsigned c = 0; c < st->columns_n; c++) {
			columns[c] = st->columns[c];
			for (unsigned k = 0; k < keys_n; k++)
				if (keys[k] == st->columns[c])
					columns[c] = k;
		}
		switch (st->kind) {
		case STAGE_SORT:
			table_sort(t, columns, st->down, st->columns_n);
			break;
		case STAGE_HEAD:
		case STAGE_TAIL:
			if (st->columns_n)
				table_keep_by(t, columns, st->columns_n, st->n,
					      st->kind == STAGE_TAIL);
			else if (st->kind == STAGE_HEAD)
				table_keep(t, 0, st->n);
			else if (t->rows > st->n)
				table_keep(t, t->rows - st->n, st->n);
			break;
		case STAGE_WHERE:
			table_where(t, st->havings, st->havings_n);
			break;
		case STAGE_FIELDS:
			if (!keys)
				table_pick(t, columns, st->columns_n);
			break;
		case STAGE_STATS:
			break;
		}
	}
}

int sort_keep(struct worker *w, const uint64_t *hits)
{
	struct column_data d[NAMES_MAX];
	unsigned columns[NAMES_MAX], n = sort_columns(w->run->q, columns);
	struct search *s = &w->s;
	int r;

	for (unsigned i = 0; i < n; i++)
		d[i] = (struct column_data){ .column = columns[i] };
	r = columns_load(s, hits, d, n);
	if (r < 0)
		return r;
	for (uint32_t row = bits_next(hits, s->n, 0); row < s->n;
	     row = bits_next(hits, s->n, row + 1)) {
		struct item *items = table_add(&w->kept);

		for (unsigned i = 0; i < n; i++) {
			bool time = column_type(columns[i]) == TYPE_TIME;

			if (d[i].numeric) {
				items[i].kind = time ? ITEM_TIME : ITEM_NUM;
				items[i].num = d[i].num[row] * (time ? 1 : NUM_ONE);
			} else if (d[i].ids[row]) {
				items[i].kind = ITEM_TEXT;
				items[i].text =
					arena_copy(&w->kept.arena, d[i].values[d[i].ids[row] - 1]);
			}
		}
		items[n].kind = ITEM_NUM;
		items[n].num = (__int128)(s->unit->first + row);
	}
	return 0;
}

struct piece {
	uint64_t seq;
	size_t place, from, to; /* place: in the order asked for */
};

struct pieces {
	struct run *run;
	struct search *s;
	struct piece *at;
	size_t next;
	struct buf text;
};

static int by_seq(const void *a, const void *b)
{
	const struct piece *x = a, *y = b;

	return x->seq < y->seq ? -1 : x->seq > y->seq;
}

static int by_place(const void *a, const void *b)
{
	const struct piece *x = a, *y = b;

	return x->place < y->place ? -1 : x->place > y->place;
}

static int piece_row(void *ctx, uint32_t row, const struct record *r)
{
	struct pieces *p = ctx;
	struct piece *piece = &p->at[p->next++];

	piece->from = p->text.len;
	output_row(&p->text, &p->run->out, p->s, row, r);
	piece->to = p->text.len;
	return p->text.len > QUERY_MEMORY ? -ENOMEM : 0;
}

static int piece_units(struct pieces *p, size_t n)
{
	for (size_t u = 0; u < p->run->end && p->next < n; u++) {
		const struct unit *unit = view_unit(p->run->v, u);
		uint64_t *rows;
		int r;

		if (p->at[p->next].seq >= unit->first + unit->count)
			continue;
		r = search_open(p->s, u);
		if (r < 0)
			return r;
		rows = arena_take(&p->s->arena, p->s->words * 8 + 8);
		bits_none(rows, p->s->words);
		for (size_t i = p->next; i < n && p->at[i].seq < unit->first + p->s->n; i++)
			bits_set(rows, (uint32_t)(p->at[i].seq - unit->first));
		r = search_each(p->s, rows, piece_row, p);
		if (r < 0)
			return r;
	}
	return 0;
}

int sort_write(struct run *run, struct table *t, struct search *s)
{
	struct pieces p = { .run = run, .s = s };
	int r;

	p.at = mem_new(t->rows + 1, sizeof(*p.at));
	for (size_t i = 0; i < t->rows; i++) {
		p.at[i].seq = (uint64_t)table_row(t, i)[t->columns_n - 1].num;
		p.at[i].place = i;
	}
	if (t->rows)
		qsort(p.at, t->rows, sizeof(*p.at), by_seq);
	r = piece_units(&p, t->rows);
	if (r == -ENOMEM)
		why_set(&run->why, r,
			"the sorted records take more than %zu MiB: end the query with | head N",
			QUERY_MEMORY >> 20);
	else if (r < 0)
		why_set(&run->why, r,
			"the sorted records cannot be read again: a block is damaged; "
			"vedette verify tells more");
	if (t->rows)
		qsort(p.at, t->rows, sizeof(*p.at), by_place);
	for (size_t i = 0; i < t->rows && !r; i++) {
		size_t len = p.at[i].to - p.at[i].from;

		if (fwrite(p.text.at + p.at[i].from, 1, len, run->o->out) != len)
			r = why_set(&run->why, errno ? -errno : -EIO, "cannot write the output: %s",
				    strerror(errno));
	}
	if (!r)
		run->result.hits = t->rows;
	buf_done(&p.text);
	free(p.at);
	return r;
}
