/* SPDX-License-Identifier: Apache-2.0 */
#include "query/table.h"
#include "query/intern.h"
#include <stdlib.h>

void table_init(struct table *t, unsigned columns)
{
	memset(t, 0, sizeof(*t));
	t->columns_n = columns;
	t->columns = arena_take(&t->arena, columns * sizeof(*t->columns));
}

void table_done(struct table *t)
{
	arena_done(&t->arena);
	free(t->items);
	memset(t, 0, sizeof(*t));
}

struct item *table_add(struct table *t)
{
	struct item *row;

	if (t->rows == t->cap) {
		t->cap = t->cap ? t->cap + t->cap / 2 : 256;
		t->items =
			mem_must(reallocarray(t->items, t->cap, t->columns_n * sizeof(*t->items)));
	}
	row = table_row(t, t->rows++);
	memset(row, 0, t->columns_n * sizeof(*row));
	return row;
}

size_t table_bytes(const struct table *t)
{
	return t->arena.total + t->cap * t->columns_n * sizeof(*t->items);
}

/* What a row is sorted by: texts that are addresses or numbers are read once, not at each compare.
 */
struct sort_key {
	enum { KEY_NUMBER, KEY_REAL, KEY_TEXT, KEY_NONE } kind; /* also their order */
	union {
		__int128 num;
		double real;
		struct bytes text;
	};
};

static struct sort_key key_of(const struct item *i, enum field_type type)
{
	struct sort_key k = { .kind = KEY_NUMBER };
	struct addr a;

	switch (i->kind) {
	case ITEM_NONE:
		k.kind = KEY_NONE;
		break;
	case ITEM_REAL:
		k.kind = KEY_REAL;
		k.real = i->real;
		break;
	case ITEM_TEXT:
		if (type == TYPE_IP && addr_parse(i->text, &a)) {
			k.num = addr_order(&a);
		} else if ((type != TYPE_NUMBER && type != TYPE_DECIMAL) ||
			   !num_parse(i->text, &k.num)) {
			k.kind = KEY_TEXT;
			k.text = i->text;
		}
		break;
	default:
		k.num = i->num;
	}
	return k;
}

static int key_cmp(const struct sort_key *a, const struct sort_key *b)
{
	if (a->kind != b->kind)
		return (int)a->kind - (int)b->kind;
	switch (a->kind) {
	case KEY_NUMBER:
		return a->num < b->num ? -1 : a->num > b->num;
	case KEY_REAL:
		return a->real < b->real ? -1 : a->real > b->real;
	case KEY_TEXT:
		return bytes_cmp(a->text, b->text);
	default:
		return 0;
	}
}

struct sorting {
	const struct sort_key *keys; /* n a row */
	const bool *down;
	unsigned n;
};

static int row_cmp(const void *x, const void *y, void *ctx)
{
	const struct sorting *s = ctx;
	const size_t *i = x, *k = y;
	const struct sort_key *a = s->keys + *i * s->n, *b = s->keys + *k * s->n;

	for (unsigned c = 0; c < s->n; c++) {
		int d = key_cmp(&a[c], &b[c]);

		if (d)
			return s->down[c] && a[c].kind != KEY_NONE && b[c].kind != KEY_NONE ? -d
											    : d;
	}
	return *i < *k ? -1 : *i > *k;
}

void table_sort(struct table *t, const unsigned *columns, const bool *down, unsigned n)
{
	struct sort_key *keys = mem_new(t->rows + 1, (n + 1) * sizeof(*keys));
	struct sorting s = { keys, down, n };
	size_t *order = mem_new(t->rows + 1, sizeof(*order));
	struct item *items;

	for (size_t i = 0; i < t->rows; i++) {
		order[i] = i;
		for (unsigned c = 0; c < n; c++)
			keys[i * n + c] =
				key_of(table_row(t, i) + columns[c], t->columns[columns[c]].type);
	}
	qsort_r(order, t->rows, sizeof(*order), row_cmp, &s);
	items = mem_new(t->rows + 1, t->columns_n * sizeof(*items));
	for (size_t i = 0; i < t->rows; i++)
		memcpy(items + i * t->columns_n, table_row(t, order[i]),
		       t->columns_n * sizeof(*items));
	free(t->items);
	free(order);
	free(keys);
	t->items = items;
	t->cap = t->rows + 1;
}

int item_cmp(const struct item *a, const struct item *b, enum field_type type)
{
	struct sort_key x = key_of(a, type), y = key_of(b, type);

	return key_cmp(&x, &y);
}

void table_keep(struct table *t, size_t from, size_t n)
{
	if (from > t->rows)
		from = t->rows;
	if (n > t->rows - from)
		n = t->rows - from;
	if (from && n)
		memmove(t->items, table_row(t, from), n * t->columns_n * sizeof(*t->items));
	t->rows = n;
}

void table_compact(struct table *t)
{
	struct arena old = t->arena;
	struct table_column *columns = t->columns;

	t->arena = (struct arena){ 0 };
	t->columns = arena_take(&t->arena, t->columns_n * sizeof(*columns));
	memcpy(t->columns, columns, t->columns_n * sizeof(*columns));
	for (size_t i = 0; i < t->rows * t->columns_n; i++)
		if (t->items[i].kind == ITEM_TEXT)
			t->items[i].text = arena_copy(&t->arena, t->items[i].text);
	arena_done(&old);
}

/* Keeps the rows whose mark is set. */
static void keep_marked(struct table *t, const bool *mark)
{
	size_t n = 0;

	for (size_t i = 0; i < t->rows; i++) {
		if (!mark[i])
			continue;
		if (n != i)
			memcpy(table_row(t, n), table_row(t, i), t->columns_n * sizeof(*t->items));
		n++;
	}
	t->rows = n;
}

void table_keep_by(struct table *t, const unsigned *by, unsigned by_n, uint64_t n, bool last)
{
	struct intern seen = { 0 };
	uint64_t *count = mem_new(t->rows + 1, sizeof(*count));
	bool *mark = mem_new(t->rows + 1, sizeof(*mark));
	struct buf key = { 0 };

	for (size_t k = 0; k < t->rows; k++) {
		size_t i = last ? t->rows - 1 - k : k;

		buf_clear(&key);
		for (unsigned c = 0; c < by_n; c++) {
			struct buf text = { 0 };

			item_text(&text, table_row(t, i) + by[c]);
			buf_u64le(&key, text.len);
			buf_bytes(&key, buf_view(&text));
			buf_done(&text);
		}
		mark[i] = count[intern_put(&seen, buf_view(&key))]++ < n;
	}
	keep_marked(t, mark);
	buf_done(&key);
	intern_done(&seen);
	free(count);
	free(mark);
}

static bool holds(const struct item *i, enum field_type type, const struct having *h)
{
	struct item want = { .kind = i->kind };
	int d;

	if (i->kind == ITEM_NONE)
		return h->op == CMP_NE;
	if (i->kind == ITEM_TEXT)
		want.text = h->text;
	else if (i->kind == ITEM_REAL)
		want.real = num_double(h->num);
	else
		want.num = h->num;
	d = item_cmp(i, &want, type);
	switch (h->op) {
	case CMP_EQ:
		return d == 0;
	case CMP_NE:
		return d != 0;
	case CMP_LT:
		return d < 0;
	case CMP_LE:
		return d <= 0;
	case CMP_GT:
		return d > 0;
	case CMP_GE:
		return d >= 0;
	}
	return false;
}

void table_where(struct table *t, const struct having *h, unsigned n)
{
	bool *mark = mem_new(t->rows + 1, sizeof(*mark));

	for (size_t i = 0; i < t->rows; i++) {
		mark[i] = true;
		for (unsigned k = 0; k < n; k++)
			mark[i] &= holds(table_row(t, i) + h[k].column,
					 t->columns[h[k].column].type, &h[k]);
	}
	keep_marked(t, mark);
	free(mark);
}

void table_pick(struct table *t, const unsigned *columns, unsigned n)
{
	struct table_column *names = arena_take(&t->arena, n * sizeof(*names));
	struct item *items = mem_new(t->rows + 1, n * sizeof(*items));

	for (unsigned c = 0; c < n; c++)
		names[c] = t->columns[columns[c]];
	for (size_t i = 0; i < t->rows; i++)
		for (unsigned c = 0; c < n; c++)
			items[i * n + c] = table_row(t, i)[columns[c]];
	free(t->items);
	t->items = items;
	t->cap = t->rows + 1;
	t->columns = names;
	t->columns_n = n;
}

void item_text(struct buf *to, const struct item *i)
{
	switch (i->kind) {
	case ITEM_NONE:
		break;
	case ITEM_NUM:
		num_text(to, i->num);
		break;
	case ITEM_TIME:
		buf_time(to, (usec)i->num);
		break;
	case ITEM_REAL:
		buf_printf(to, "%.9g", i->real);
		break;
	case ITEM_TEXT:
		buf_bytes(to, i->text);
		break;
	}
}
