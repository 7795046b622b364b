/* SPDX-License-Identifier: Apache-2.0 */
/* columns.h — the values of some columns for the rows that were hit, from the columns of a block
 * where there are any, else by parsing. Threads: as struct search. Memory: the search's arena,
 * until its unit is closed. */
#pragma once
#include "query/search.h"

struct column_data {
	unsigned column; /* in: enum column */
	bool numeric; /* num is filled (times in microseconds, numbers), else ids and values */
	const int64_t *num; /* by row */
	const uint32_t *ids; /* by row: 0 none, else 1 + index into values; values may repeat */
	const struct bytes *values;
	uint32_t n; /* values */
};

/* Only the rows in `hits` are filled. */
int columns_load(struct search *s, const uint64_t *hits, struct column_data *columns, unsigned n);
