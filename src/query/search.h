/* SPDX-License-Identifier: Apache-2.0 */
/* search.h — which rows of one block or segment a query hits, and what their columns hold.
 * A tree is first tried on columns and on the filter of the block, which tells for each row: hit,
 * no hit, or not decided; only the rows not decided are decoded, and parsed where fields are asked
 * for. Threads: one struct search a thread. Memory: the unit at hand; the arena is reset with each.
 */
#pragma once
#include "ledger/view.h"
#include "query/ast.h"

struct search {
	const struct query *q;
	const struct view *view;
	bool own;
	usec since, until; /* USEC_NONE: open */
	struct regex_work *work;
	uint64_t undecided; /* regular expressions that gave up */
	struct arena arena; /* of the unit at hand */

	const struct unit *unit; /* NULL: none is open */
	struct block *block; /* one of the two */
	struct segment *segment;
	uint32_t n; /* rows */
	size_t words;
	const usec *times; /* block: NULL until asked for */
	bool untyped_only; /* texts are looked for in rows that have no columns, and only there */
	uint64_t *escaped; /* rows with a backslash; NULL until asked for */
	struct why why; /* what is damaged */

	struct event event; /* of event_row */
	struct arena scratch;
	uint32_t event_row; /* UINT32_MAX: none */
	uint64_t **spare; /* bitmaps not in use */
	size_t spare_n, spare_cap;
};

void search_init(struct search *s, const struct query *q, const struct view *v);
void search_done(struct search *s);

enum { SEARCH_OUTSIDE = 1 }; /* no row of the unit can be in the range of time: not opened */
int search_open(struct search *s, size_t unit);
void search_close(struct search *s);

/* The rows that are hit; lent until search_close(). */
int search_hits(struct search *s, uint64_t **ret);

/* The records of the marked rows in order. fn: 0 to go on; anything else is returned. */
typedef int search_row_fn(void *ctx, uint32_t row, const struct record *r);
int search_each(struct search *s, const uint64_t *rows, search_row_fn *fn, void *ctx);
/* The parsed record; lent until another row's is asked for. r must be the record of the row. */
const struct event *search_event(struct search *s, uint32_t row, const struct record *r);
usec search_time(struct search *s, uint32_t row, const struct record *r); /* event, else arrival */
const struct source *search_source(const struct search *s, const struct record *r); /* or NULL */

/* bounds.c: lo ⊆ hits of the node ⊆ hi, both within `in`. */
int search_bounds(struct search *s, const struct node *n, const uint64_t *in, uint64_t *lo,
		  uint64_t *hi);
uint64_t *search_take(struct search *s); /* a bitmap of the unit's rows, not cleared */
void search_give(struct search *s, uint64_t *bits);

/* match.c: the tree on one record, and a test on one value. */
bool match_record(struct search *s, const struct node *n, uint32_t row, const struct record *r);
bool match_value(struct search *s, const struct test *t, struct bytes value);
bool match_number(const struct test *t, __int128 v);
