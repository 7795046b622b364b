/* SPDX-License-Identifier: Apache-2.0 */
/* output.h — records and tables as text, raw bytes or JSON.
 * Text is made safe for terminals: nothing a record holds can move the cursor, change colours or
 * look like another record. Threads: a struct output is read-only once made. */
#pragma once
#include "query/query.h"
#include "query/search.h"
#include "query/table.h"

#define MARKS_MAX 16

struct output {
	enum query_format format;
	bool colour, original;
	const unsigned *fields; /* columns of `| fields`; NULL: the usual ones */
	unsigned fields_n;
	const struct test *marks[MARKS_MAX]; /* what is marked in colours */
	unsigned marks_n;
};

void output_init(struct output *o, const struct query *q, const struct query_options *options);
/* One record, at its end a newline (raw: what ended it). */
void output_row(struct buf *to, const struct output *o, struct search *s, uint32_t row,
		const struct record *r);
void output_table(struct buf *to, const struct table *t, bool json, bool colour);
/* A field's value as JSON: a number where the type says so and it is one, else a string. */
void output_json_value(struct buf *to, enum field_type type, struct bytes v);
