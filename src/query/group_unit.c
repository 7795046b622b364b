/* SPDX-License-Identifier: Apache-2.0 */
/* Per unit, every key column becomes a small local number for each row (its values in this unit in
 * order of appearance); the numbers together index an array of counters. Only a combination that
 * occurred is then looked up among the groups, so that a row costs a few loads and no hashing.
 * Where the combinations are too many for an array, each row is looked up by hash. */
#include "base/buf.h"
#include "query/bits.h"
#include "query/group_in.h"
#include <stdlib.h>

/* One unit's work. */

struct local { /* a key column in this unit */
	uint32_t *of_row; /* by hit: local number */
	uint32_t *codes; /* by local number: key code */
	uint32_t n;
};

struct work {
	struct groups *g;
	struct search *s;
	const uint64_t *hits;
	uint32_t *rows; /* the rows hit; NULL: all, in order */
	uint32_t n;
	struct column_data data[KEYS_MAX + AGGS_MAX];
	unsigned data_n;
	unsigned of_key[KEYS_MAX], of_agg[AGGS_MAX]; /* into data */
	struct local local[KEYS_MAX];
	uint32_t *group; /* by hit */
};

static unsigned data_of(struct work *w, unsigned column)
{
	unsigned i = 0;

	while (i < w->data_n && w->data[i].column != column)
		i++;
	if (i == w->data_n)
		w->data[w->data_n++] = (struct column_data){ .column = column };
	return i;
}

static int load(struct work *w)
{
	const struct stage *st = w->g->st;

	for (unsigned i = 0; i < st->keys_n; i++)
		w->of_key[i] = data_of(w, st->keys[i].column);
	for (unsigned i = 0; i < st->aggs_n; i++)
		if (st->aggs[i].column != COLUMN_N)
			w->of_agg[i] = data_of(w, st->aggs[i].column);
	if (w->n < w->s->n) {
		uint32_t *at = w->rows = arena_take(&w->s->arena, (w->n + 1) * sizeof(*w->rows));

		for (size_t i = 0; i < w->s->words; i++)
			for (uint64_t b = w->hits[i]; b; b &= b - 1)
				*at++ = (uint32_t)(i * 64) + (uint32_t)__builtin_ctzll(b);
	}
	return columns_load(w->s, w->hits, w->data, w->data_n);
}

static inline uint32_t row_of(const uint32_t *rows, uint32_t hit)
{
	return rows ? rows[hit] : hit;
}

/* Numbers the key codes that occur in this unit from 0 on. */
struct numbering {
	uint32_t *of; /* by key code: 1 + local number */
	uint32_t cap;
};

static uint32_t local_of(struct local *l, struct numbering *m, uint32_t code)
{
	if (code >= m->cap) {
		uint32_t cap = code < 512 ? 1024 : code * 2;

		m->of = mem_must(reallocarray(m->of, cap, sizeof(*m->of)));
		memset(m->of + m->cap, 0, (cap - m->cap) * sizeof(*m->of));
		m->cap = cap;
	}
	if (!m->of[code]) {
		l->codes[l->n++] = code;
		m->of[code] = l->n;
	}
	return m->of[code] - 1;
}

static usec floor_to(usec t, usec bin)
{
	usec rest = t % bin;

	return t - (rest < 0 ? rest + bin : rest);
}

static void local_numbers(struct work *w, const struct key *k, struct intern *t, struct local *l,
			  const struct column_data *d)
{
	struct numbering m = { 0 };
	usec from = 0, to = 0; /* the last bin: rows next to each other mostly share it */
	uint32_t last = 0;

	for (uint32_t i = 0; i < w->n; i++) {
		usec v = d->num[row_of(w->rows, i)];

		if (!i || v < from || v >= to) {
			from = k->bin ? floor_to(v, k->bin) : v;
			if (__builtin_add_overflow(from, k->bin ? k->bin : 1, &to))
				to = INT64_MAX;
			last = local_of(l, &m, 1 + intern_put(t, bytes_of(&from, sizeof(from))));
		}
		l->of_row[i] = last;
	}
	free(m.of);
}

struct local_ids {
	struct work *w;
	struct intern *t;
	struct local *l;
	const struct column_data *d;
	struct numbering m;
	uint32_t *of_id; /* by id of the column: 1 + local number; many ids may be one value */
};

static uint32_t __attribute__((noinline)) new_id(struct local_ids *x, uint32_t id)
{
	uint32_t code = id ? 1 + intern_put(x->t, x->d->values[id - 1]) : NO_VALUE;

	return x->of_id[id] = 1 + local_of(x->l, &x->m, code);
}

/* Inlined for each caller, so that the loop knows whether all rows are hit. */
static inline __attribute__((always_inline)) void texts_loop(struct local_ids *x,
							     const uint32_t *rows)
{
	const uint32_t *ids = x->d->ids;
	uint32_t *of_row = x->l->of_row, *of_id = x->of_id, n = x->w->n;

	for (uint32_t i = 0; i < n; i++) {
		uint32_t id = ids[row_of(rows, i)], local = of_id[id];

		if (__builtin_expect(!local, 0))
			local = new_id(x, id);
		of_row[i] = local - 1;
	}
}

static void local_texts(struct work *w, struct intern *t, struct local *l,
			const struct column_data *d)
{
	struct local_ids x = { .w = w, .t = t, .l = l, .d = d };

	x.of_id = mem_new((size_t)d->n + 1, sizeof(*x.of_id));
	if (w->rows)
		texts_loop(&x, w->rows);
	else
		texts_loop(&x, NULL);
	free(x.of_id);
	free(x.m.of);
}

static void localize(struct work *w, unsigned key)
{
	struct local *l = &w->local[key];
	const struct column_data *d = &w->data[w->of_key[key]];

	l->of_row = arena_take(&w->s->arena, (w->n + 1) * sizeof(*l->of_row));
	l->codes = arena_take(&w->s->arena, (w->n + 1) * sizeof(*l->codes));
	if (d->numeric)
		local_numbers(w, &w->g->st->keys[key], &w->g->keys[key], l, d);
	else
		local_texts(w, &w->g->keys[key], l, d);
}

/* How many combinations of local numbers there could be; 0: too many for an array. */
static uint32_t combinations(const struct work *w)
{
	uint64_t p = 1, most = w->n < 16384 ? 65536 : 4ull * w->n;

	for (unsigned i = 0; i < w->g->st->keys_n; i++) {
		p *= w->local[i].n;
		if (p > most)
			return 0;
	}
	return (uint32_t)p;
}

static uint32_t group_of_combination(struct work *w, uint32_t c)
{
	uint32_t codes[KEYS_MAX];

	for (unsigned i = w->g->st->keys_n; i-- > 0;) {
		codes[i] = w->local[i].codes[c % w->local[i].n];
		c /= w->local[i].n;
	}
	return groups_find(w->g, codes);
}

static uint32_t combination(const struct work *w, uint32_t hit)
{
	uint32_t c = 0;

	for (unsigned i = 0; i < w->g->st->keys_n; i++)
		c = c * w->local[i].n + w->local[i].of_row[hit];
	return c;
}

static bool only_counts(const struct stage *st)
{
	for (unsigned i = 0; i < st->aggs_n; i++)
		if (st->aggs[i].kind != AGG_COUNT || st->aggs[i].column != COLUMN_N)
			return false;
	return true;
}

static void count_rows(struct work *w, uint32_t all)
{
	uint32_t *count = mem_new(all, sizeof(*count));
	const uint32_t *a = w->g->st->keys_n > 0 ? w->local[0].of_row : NULL;
	const uint32_t *b = w->g->st->keys_n > 1 ? w->local[1].of_row : NULL;
	unsigned aggs = w->g->st->aggs_n;

	if (w->g->st->keys_n == 1)
		for (uint32_t i = 0; i < w->n; i++)
			count[a[i]]++;
	else if (w->g->st->keys_n == 2)
		for (uint32_t i = 0; i < w->n; i++)
			count[a[i] * w->local[1].n + b[i]]++;
	else
		for (uint32_t i = 0; i < w->n; i++)
			count[combination(w, i)]++;
	for (uint32_t c = 0; c < all; c++) {
		if (count[c]) {
			uint32_t group = group_of_combination(w, c);

			for (unsigned i = 0; i < aggs; i++)
				w->g->tallies[(size_t)group * aggs + i].n += count[c];
		}
	}
	free(count);
}

static void find_groups(struct work *w, uint32_t all)
{
	uint32_t *of = all ? mem_new(all, sizeof(*of)) : NULL;
	uint32_t codes[KEYS_MAX];

	w->group = arena_take(&w->s->arena, (w->n + 1) * sizeof(*w->group));
	for (uint32_t i = 0; i < w->n; i++) {
		if (of) {
			uint32_t c = combination(w, i);

			if (!of[c])
				of[c] = 1 + group_of_combination(w, c);
			w->group[i] = of[c] - 1;
			continue;
		}
		for (unsigned k = 0; k < w->g->st->keys_n; k++)
			codes[k] = w->local[k].codes[w->local[k].of_row[i]];
		w->group[i] = groups_find(w->g, codes);
	}
	free(of);
}

static void add_distinct(struct work *w, unsigned agg, const struct column_data *d)
{
	unsigned aggs = w->g->st->aggs_n;
	uint32_t *of_id = d->numeric ? NULL : mem_new((size_t)d->n + 1, sizeof(*of_id));

	for (uint32_t i = 0; i < w->n; i++) {
		uint32_t code;

		if (d->numeric) {
			code = intern_put(&w->g->distinct[agg],
					  bytes_of(&d->num[row_of(w->rows, i)], sizeof(*d->num)));
		} else {
			uint32_t id = d->ids[row_of(w->rows, i)];

			if (!id)
				continue;
			if (!of_id[id])
				of_id[id] = 1 + intern_put(&w->g->distinct[agg], d->values[id - 1]);
			code = of_id[id] - 1;
		}
		tally_code(&w->g->tallies[(size_t)w->group[i] * aggs + agg], code, &w->g->bytes);
	}
	free(of_id);
}

static void add_numbers(struct work *w, unsigned agg, const struct column_data *d)
{
	const struct stage *st = w->g->st;
	/* by id: the value as a number, once it was asked for */
	__int128 *num = d->numeric ? NULL : mem_new((size_t)d->n + 1, sizeof(*num));
	uint8_t *known = d->numeric ? NULL : mem_new((size_t)d->n + 1, 1); /* 1 number, 2 none */

	for (uint32_t i = 0; i < w->n; i++) {
		__int128 v;

		if (d->numeric) {
			v = d->num[row_of(w->rows, i)];
			if (column_type(d->column) != TYPE_TIME)
				v *= NUM_ONE;
		} else {
			uint32_t id = d->ids[row_of(w->rows, i)];

			if (!id)
				continue;
			if (!known[id])
				known[id] = num_parse(d->values[id - 1], &num[id]) ? 1 : 2;
			if (known[id] == 2)
				continue;
			v = num[id];
		}
		tally_number(&w->g->tallies[(size_t)w->group[i] * st->aggs_n + agg],
			     st->aggs[agg].kind, v, &w->g->bytes);
	}
	free(num);
	free(known);
}

static void add_counts(struct work *w, unsigned agg)
{
	const struct stage *st = w->g->st;
	const struct column_data *d =
		st->aggs[agg].column == COLUMN_N ? NULL : &w->data[w->of_agg[agg]];

	for (uint32_t i = 0; i < w->n; i++)
		if (!d || d->numeric || d->ids[row_of(w->rows, i)])
			w->g->tallies[(size_t)w->group[i] * st->aggs_n + agg].n++;
}

int groups_add(struct groups *g, struct search *s, const uint64_t *hits)
{
	struct work w = { .g = g, .s = s, .hits = hits };
	uint32_t all;
	int r;

	w.n = (uint32_t)bits_count(hits, s->words);
	if (!w.n)
		return 0;
	r = load(&w);
	if (r < 0)
		return r;
	for (unsigned i = 0; i < g->st->keys_n; i++)
		localize(&w, i);
	all = combinations(&w);
	if (all && only_counts(g->st)) {
		count_rows(&w, all);
		return 0;
	}
	find_groups(&w, all);
	for (unsigned i = 0; i < g->st->aggs_n; i++) {
		if (g->st->aggs[i].kind == AGG_COUNT)
			add_counts(&w, i);
		else if (g->st->aggs[i].kind == AGG_DC)
			add_distinct(&w, i, &w.data[w.of_agg[i]]);
		else
			add_numbers(&w, i, &w.data[w.of_agg[i]]);
	}
	return 0;
}
