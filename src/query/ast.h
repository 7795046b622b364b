/* SPDX-License-Identifier: Apache-2.0 */
/* ast.h — a query as a tree of tests, and the stages after it.
 * Memory: all of it lies in the query's arena, but for compiled regular expressions.
 * Threads: read-only once made. */
#pragma once
#include "base/arena.h"
#include "query/column.h"
#include "query/regex.h"
#include "query/value.h"

enum test_kind {
	TEST_EXISTS, /* the record has the column */
	TEST_EQUAL, /* the value is `text` */
	TEST_HOLDS, /* the value holds `text` (raw bytes, message) */
	TEST_GLOB, /* the whole value matches the wildcards; raw bytes, message: some part of it */
	TEST_REGEX, /* found somewhere in the value */
	TEST_RANGE, /* lo <= value <= hi, by the type of the column */
	TEST_ONE_OF, /* one of many texts or ranges (sets.c): a list of bad addresses is long */
};

struct interval { /* numbers; addresses as addr_order() has them */
	__int128 lo, hi;
};

/* One end of a range; an end that is not set is open. Whether it belongs to the range was worked
 * into the number, the time or the address where that is possible, and is `without` otherwise. */
struct bound {
	bool set, without;
	__int128 num; /* NUMBER, DECIMAL; TIME as microseconds */
	struct addr addr; /* IP */
	struct bytes text; /* KEYWORD */
};

struct test {
	enum test_kind kind;
	unsigned column;
	struct bytes text; /* EQUAL, HOLDS: the text; GLOB, REGEX: the pattern */
	struct bytes flags; /* REGEX */
	const struct need *need; /* what raw bytes must hold (RAW: any kind; else only a hint) */
	struct regex *regex;
	struct bound lo, hi;
	const struct bytes *texts; /* ONE_OF: ascending; NULL: intervals */
	const struct interval *intervals; /* ONE_OF: ascending, apart from each other */
	uint32_t many; /* texts or intervals */
};

enum node_kind { NODE_ALL, NODE_AND, NODE_OR, NODE_NOT, NODE_TEST };

struct node {
	enum node_kind kind;
	uint32_t id; /* 0 .. query.nodes - 1 */
	unsigned cost; /* of trying it on one record: only its order counts */
	struct node *child, *next; /* first child; next of the same parent */
	struct test test; /* TEST */
};

enum agg_kind {
	AGG_COUNT,
	AGG_DC,
	AGG_MIN,
	AGG_MAX,
	AGG_SUM,
	AGG_AVG,
	AGG_PERCENTILE,
};

struct agg {
	enum agg_kind kind;
	unsigned column; /* COUNT: COLUMN_N counts records, else those that have the column */
	unsigned percent; /* PERCENTILE: 1 .. 99 */
	struct bytes name; /* of the column it makes */
};

struct key { /* what is grouped by */
	unsigned column;
	usec bin; /* TIME: length of a bin; 0: not binned */
	struct bytes name;
};

enum compare { CMP_EQ, CMP_NE, CMP_LT, CMP_LE, CMP_GT, CMP_GE };

struct having { /* one comparison of a `where` */
	unsigned column;
	enum compare op;
	struct bytes text;
	__int128 num; /* the text as a number (billionths) or a time, where the column holds such */
};

#define AGGS_MAX 16
#define KEYS_MAX 8
#define NAMES_MAX 32
#define STAGES_MAX 16

enum stage_kind { STAGE_STATS, STAGE_SORT, STAGE_HEAD, STAGE_TAIL, STAGE_FIELDS, STAGE_WHERE };

/* Before a stats, columns are those of column.h; after it they count the columns of its table:
 * keys, then aggregates. Stages come in an order that run.c can do: on records at most one HEAD or
 * TAIL, then a STATS or a SORT; FIELDS on records anywhere. */
struct stage {
	enum stage_kind kind;
	uint64_t n; /* HEAD, TAIL */
	struct agg aggs[AGGS_MAX]; /* STATS */
	struct key keys[KEYS_MAX]; /* STATS */
	unsigned aggs_n, keys_n;
	unsigned columns[NAMES_MAX]; /* FIELDS; SORT; HEAD, TAIL: so many for each value of these */
	bool down[NAMES_MAX]; /* SORT */
	unsigned columns_n;
	struct having havings[NAMES_MAX]; /* WHERE */
	unsigned havings_n;
};

/* sets.c: many tests of one column in an OR become one. */
void sets_make(struct arena *a, struct node *n);
bool sets_match(const struct test *t, struct bytes value);

struct query {
	struct arena arena;
	struct node *root; /* never NULL */
	struct stage *stages[STAGES_MAX];
	unsigned stages_n;
	const struct stage *stats; /* one of the stages, or NULL */
	uint32_t nodes;
	struct regex **regexes; /* to be freed */
	size_t regexes_n;
	usec since, until; /* what the tree asks of @timestamp anyway: since <= t < until */
};
