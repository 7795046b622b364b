/* SPDX-License-Identifier: Apache-2.0 */
/* source.ip:(a OR b OR … a thousand more): asked one by one, every value of every block would be
 * read a thousand times. */
#include "base/buf.h"
#include "query/ast.h"
#include <stdlib.h>

#define SET_MIN 8

static bool as_interval(const struct test *t, struct interval *ret)
{
	enum field_type type = column_type(t->column);

	if (t->kind != TEST_RANGE || !t->lo.set || !t->hi.set || t->lo.without || t->hi.without)
		return false;
	if (type == TYPE_IP)
		*ret = (struct interval){ addr_order(&t->lo.addr), addr_order(&t->hi.addr) };
	else if (type == TYPE_NUMBER || type == TYPE_DECIMAL)
		*ret = (struct interval){ t->lo.num, t->hi.num };
	else
		return false;
	return column_is_field(t->column);
}

static bool as_text(const struct test *t)
{
	return t->kind == TEST_EQUAL && t->column != COLUMN_RAW;
}

/* 0 not one of a set, 1 a text, 2 an interval. */
static int set_kind(const struct node *n)
{
	struct interval spare;

	if (n->kind != NODE_TEST)
		return 0;
	return as_text(&n->test) ? 1 : as_interval(&n->test, &spare) ? 2 : 0;
}

static int text_cmp(const void *a, const void *b)
{
	return bytes_cmp(*(const struct bytes *)a, *(const struct bytes *)b);
}

static int interval_cmp(const void *a, const void *b)
{
	const struct interval *x = a, *y = b;

	return x->lo < y->lo ? -1 : x->lo > y->lo;
}

static void fill_texts(struct arena *a, struct test *t, const struct node *first, uint32_t n)
{
	struct bytes *texts = arena_take(a, n * sizeof(*texts));

	t->many = 0;
	for (const struct node *c = first; c; c = c->next)
		if (set_kind(c) == 1 && c->test.column == t->column)
			texts[t->many++] = c->test.text;
	qsort(texts, t->many, sizeof(*texts), text_cmp);
	t->texts = texts;
}

static void fill_intervals(struct arena *a, struct test *t, const struct node *first, uint32_t n)
{
	struct interval *all = arena_take(a, n * sizeof(*all));
	uint32_t k = 0, kept = 0;

	for (const struct node *c = first; c; c = c->next)
		if (c->kind == NODE_TEST && c->test.column == t->column &&
		    as_interval(&c->test, &all[k]) && all[k].lo <= all[k].hi)
			k++;
	qsort(all, k, sizeof(*all), interval_cmp);
	for (uint32_t i = 0; i < k; i++) {
		if (kept && all[i].lo <= all[kept - 1].hi)
			all[kept - 1].hi =
				all[i].hi > all[kept - 1].hi ? all[i].hi : all[kept - 1].hi;
		else
			all[kept++] = all[i];
	}
	t->intervals = all;
	t->many = kept;
}

/* Takes all children like `first` into it. */
static void gather(struct arena *a, struct node *first, uint32_t n, int kind)
{
	struct test t = { .kind = TEST_ONE_OF, .column = first->test.column };

	if (kind == 1)
		fill_texts(a, &t, first, n);
	else
		fill_intervals(a, &t, first, n);
	for (struct node **at = &first->next; *at;) {
		if (set_kind(*at) == kind && (*at)->test.column == t.column)
			*at = (*at)->next;
		else
			at = &(*at)->next;
	}
	first->test = t;
}

void sets_make(struct arena *a, struct node *n)
{
	uint16_t count[COLUMN_N][3] = { 0 };

	for (struct node *c = n->child; c; c = c->next) {
		int kind = set_kind(c);

		sets_make(a, c);
		if (kind)
			count[c->test.column][kind]++;
	}
	for (struct node *c = n->child; c && n->kind == NODE_OR; c = c->next) {
		int kind = set_kind(c);

		if (kind && count[c->test.column][kind] >= SET_MIN)
			gather(a, c, count[c->test.column][kind], kind);
	}
}

bool sets_match(const struct test *t, struct bytes value)
{
	uint32_t lo = 0, hi = t->many;
	struct addr a;
	__int128 v = 0;

	if (!t->texts && column_type(t->column) == TYPE_IP) {
		if (!addr_parse(value, &a))
			return false;
		v = addr_order(&a);
	} else if (!t->texts && !num_parse(value, &v)) {
		return false;
	}
	while (lo < hi) {
		uint32_t mid = lo + (hi - lo) / 2;
		int d;

		if (t->texts)
			d = bytes_cmp(value, t->texts[mid]);
		else
			d = v < t->intervals[mid].lo ? -1 : v > t->intervals[mid].hi;
		if (!d)
			return true;
		if (d < 0)
			hi = mid;
		else
			lo = mid + 1;
	}
	return false;
}
