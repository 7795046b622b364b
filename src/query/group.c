/* SPDX-License-Identifier: Apache-2.0 */
#include "base/buf.h"
#include "base/hash.h"
#include "query/group_in.h"
#include <stdlib.h>

struct groups *groups_new(const struct stage *stats)
{
	struct groups *g = mem_new(1, sizeof(*g));

	g->st = stats;
	return g;
}

struct groups *groups_free(struct groups *g)
{
	if (!g)
		return NULL;
	for (uint32_t i = 0; i < g->n; i++)
		for (unsigned a = 0; a < g->st->aggs_n; a++)
			tally_done(&g->tallies[i * g->st->aggs_n + a], g->st->aggs[a].kind);
	for (unsigned i = 0; i < KEYS_MAX; i++)
		intern_done(&g->keys[i]);
	for (unsigned i = 0; i < AGGS_MAX; i++)
		intern_done(&g->distinct[i]);
	free(g->slots);
	free(g->codes);
	free(g->tallies);
	free(g);
	return NULL;
}

size_t groups_bytes(const struct groups *g)
{
	size_t n =
		g->bytes + g->slots_n * sizeof(*g->slots) +
		g->cap * (g->st->keys_n * sizeof(*g->codes) + g->st->aggs_n * sizeof(*g->tallies));

	for (unsigned i = 0; i < g->st->keys_n; i++)
		n += intern_bytes(&g->keys[i]);
	for (unsigned i = 0; i < g->st->aggs_n; i++)
		n += intern_bytes(&g->distinct[i]);
	return n;
}

uint32_t groups_count(const struct groups *g)
{
	return g->n;
}

static uint32_t codes_hash(const uint32_t *codes, unsigned n)
{
	return (uint32_t)hash_fast(bytes_of(codes, n * sizeof(*codes)), 0);
}

static void slots_grow(struct groups *g)
{
	unsigned k = g->st->keys_n;
	uint32_t n = g->slots_n ? 2 * g->slots_n : 256;

	free(g->slots);
	g->slots = mem_new(n, sizeof(*g->slots));
	g->slots_n = n;
	for (uint32_t i = 0; i < g->n; i++) {
		uint32_t at = codes_hash(g->codes + (size_t)i * k, k) & (n - 1);

		while (g->slots[at])
			at = (at + 1) & (n - 1);
		g->slots[at] = i + 1;
	}
}

uint32_t groups_find(struct groups *g, const uint32_t *codes)
{
	unsigned k = g->st->keys_n;
	uint32_t at;

	if (g->n >= g->slots_n / 2)
		slots_grow(g);
	for (at = codes_hash(codes, k) & (g->slots_n - 1); g->slots[at];
	     at = (at + 1) & (g->slots_n - 1)) {
		uint32_t i = g->slots[at] - 1;

		if (!k || !memcmp(g->codes + (size_t)i * k, codes, k * sizeof(*codes)))
			return i;
	}
	if (g->n == g->cap) {
		g->cap = g->cap ? 2 * g->cap : 64;
		g->codes = mem_must(reallocarray(g->codes, g->cap, (k + !k) * sizeof(*codes)));
		g->tallies = mem_must(
			reallocarray(g->tallies, g->cap, g->st->aggs_n * sizeof(*g->tallies)));
	}
	if (k)
		memcpy(g->codes + (size_t)g->n * k, codes, k * sizeof(*codes));
	memset(g->tallies + (size_t)g->n * g->st->aggs_n, 0, g->st->aggs_n * sizeof(*g->tallies));
	g->slots[at] = g->n + 1;
	return g->n++;
}

/* Numbers of `from` as those of `to`. */
static uint32_t *renamed(struct intern *to, const struct intern *from)
{
	uint32_t *names = mem_new((size_t)from->n + 1, sizeof(*names));

	for (uint32_t i = 0; i < from->n; i++)
		names[i] = intern_put(to, from->values[i]);
	return names;
}

void groups_merge(struct groups *g, struct groups *from)
{
	const struct stage *st = g->st;
	uint32_t *key[KEYS_MAX] = { NULL }, *distinct[AGGS_MAX] = { NULL };

	for (unsigned i = 0; i < st->keys_n; i++)
		key[i] = renamed(&g->keys[i], &from->keys[i]);
	for (unsigned i = 0; i < st->aggs_n; i++)
		distinct[i] = renamed(&g->distinct[i], &from->distinct[i]);
	for (uint32_t i = 0; i < from->n; i++) {
		uint32_t codes[KEYS_MAX], group;

		for (unsigned k = 0; k < st->keys_n; k++) {
			uint32_t c = from->codes[(size_t)i * st->keys_n + k];

			codes[k] = c == NO_VALUE ? NO_VALUE : 1 + key[k][c - 1];
		}
		group = groups_find(g, codes);
		for (unsigned a = 0; a < st->aggs_n; a++)
			tally_merge(&g->tallies[(size_t)group * st->aggs_n + a], st->aggs[a].kind,
				    &from->tallies[(size_t)i * st->aggs_n + a], distinct[a],
				    &g->bytes);
	}
	from->n = 0;
	for (unsigned i = 0; i < st->keys_n; i++)
		free(key[i]);
	for (unsigned i = 0; i < st->aggs_n; i++)
		free(distinct[i]);
}

static struct item key_item(const struct groups *g, unsigned key, uint32_t code, struct arena *a)
{
	const struct key *k = &g->st->keys[key];
	struct item i = { .kind = ITEM_NONE };
	struct bytes v;
	int64_t num;

	if (code == NO_VALUE)
		return i;
	v = g->keys[key].values[code - 1];
	if (column_type(k->column) == TYPE_TIME || k->column == COLUMN_SEQUENCE ||
	    k->column == COLUMN_SOURCE_ID) {
		bool time = column_type(k->column) == TYPE_TIME;

		memcpy(&num, v.at, sizeof(num));
		i.kind = time ? ITEM_TIME : ITEM_NUM;
		i.num = time ? num : (__int128)num * NUM_ONE;
		return i;
	}
	i.kind = ITEM_TEXT;
	i.text = arena_copy(a, v);
	return i;
}

static struct item agg_item(const struct agg *a, const struct tally *t)
{
	struct item i = { .kind = ITEM_NUM };

	if (a->kind == AGG_COUNT || a->kind == AGG_DC) {
		i.num = (__int128)t->n * NUM_ONE;
	} else if (!t->n) {
		i.kind = a->kind == AGG_SUM ? ITEM_NUM : ITEM_NONE;
		i.num = 0;
	} else if (a->kind == AGG_PERCENTILE) {
		i.kind = ITEM_REAL;
		i.real = tally_percentile(t, a->percent);
	} else if (a->kind == AGG_AVG) {
		i.num = t->num / (__int128)t->n;
	} else {
		i.num = t->num;
		if (column_type(a->column) == TYPE_TIME)
			i.kind = ITEM_TIME;
	}
	return i;
}

void groups_table(struct groups *g, struct table *ret)
{
	const struct stage *st = g->st;
	unsigned order[KEYS_MAX];
	bool down[KEYS_MAX] = { false };
	uint32_t none[KEYS_MAX] = { 0 };

	if (!g->n && !st->keys_n)
		groups_find(g, none); /* a count of nothing is 0, and a row */
	table_init(ret, st->keys_n + st->aggs_n);
	for (unsigned k = 0; k < st->keys_n; k++) {
		ret->columns[k] =
			(struct table_column){ st->keys[k].name, column_type(st->keys[k].column) };
		order[k] = k;
	}
	for (unsigned a = 0; a < st->aggs_n; a++)
		ret->columns[st->keys_n + a] =
			(struct table_column){ st->aggs[a].name, TYPE_NUMBER };
	for (uint32_t i = 0; i < g->n; i++) {
		struct item *row = table_add(ret);

		for (unsigned k = 0; k < st->keys_n; k++)
			row[k] = key_item(g, k, g->codes[(size_t)i * st->keys_n + k], &ret->arena);
		for (unsigned a = 0; a < st->aggs_n; a++)
			row[st->keys_n + a] =
				agg_item(&st->aggs[a], &g->tallies[(size_t)i * st->aggs_n + a]);
	}
	table_sort(ret, order, down, st->keys_n);
}
