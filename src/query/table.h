/* SPDX-License-Identifier: Apache-2.0 */
/* table.h — rows of values: what stats makes, what sorting keeps.
 * Threads: one owner. Memory: owned; table_bytes() tells. */
#pragma once
#include "query/ast.h"

enum item_kind { ITEM_NONE, ITEM_NUM, ITEM_TIME, ITEM_REAL, ITEM_TEXT };

struct item {
	enum item_kind kind;
	union {
		__int128 num; /* NUM: billionths; TIME: microseconds */
		double real;
		struct bytes text; /* lent by the table's arena */
	};
};

struct table_column {
	struct bytes name; /* lent by the query */
	enum field_type type;
};

struct table {
	struct arena arena;
	struct table_column *columns; /* of the arena */
	unsigned columns_n;
	struct item *items; /* rows * columns_n */
	size_t rows, cap;
};

void table_init(struct table *t, unsigned columns);
void table_done(struct table *t);
struct item *table_add(struct table *t); /* a new row of ITEM_NONE, to be filled at once */
size_t table_bytes(const struct table *t);

static inline struct item *table_row(const struct table *t, size_t row)
{
	return t->items + row * t->columns_n;
}

/* Stable; what a row lacks comes last, whichever way. */
void table_sort(struct table *t, const unsigned *columns, const bool *down, unsigned n);
void table_keep(struct table *t, size_t from, size_t n); /* only these rows */
void table_compact(struct table *t); /* gives back the memory of texts of rows that are gone */
/* At most n rows, the first (or last) ones, for each value of the columns by. */
void table_keep_by(struct table *t, const unsigned *by, unsigned by_n, uint64_t n, bool last);
void table_where(struct table *t, const struct having *h, unsigned n);
void table_pick(struct table *t, const unsigned *columns, unsigned n); /* these columns */
int item_cmp(const struct item *a, const struct item *b, enum field_type type);
void item_text(struct buf *to, const struct item *i); /* for people and JSON strings; not escaped */
