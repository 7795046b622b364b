/* SPDX-License-Identifier: Apache-2.0 */
/* block.h — reading a sealed block's payload: records, fields, searches on the columns.
 * In: the payload bytes made by block/build.h (untrusted: every length is checked; damage is an
 * answer, never a crash). Out: records byte for byte, and bitmaps of rows.
 * A row is a record's index in the block, 0 .. n-1. A bitmap has BLOCK_WORDS(n) words, bit r of
 * word r/64; functions that fill one only set bits, the caller clears it first.
 * Typed rows have their fields kept as columns; untyped ones (rare shapes) must be decoded and
 * parsed again by whoever wants their fields: block_untyped() names them.
 * Threads: a struct block has one owner. Memory: columns are decoded on first use and kept. */
#pragma once
#include "base/arena.h"
#include "base/err.h"
#include "event/event.h"
#include "event/record.h"

struct block;

#define BLOCK_WORDS(n) (((size_t)(n) + 63) / 64)

struct block_info {
	uint64_t first; /* seq of row 0 */
	uint32_t rows;
	uint64_t raw_bytes;
	usec time_min, time_max; /* of row times: event time, else arrival */
	usec arrival_min, arrival_max;
};

/* The payload is lent until block_free(). -EBADMSG with the reason for anything damaged. */
int block_open(struct block **ret, struct bytes payload, struct why *why);
struct block *block_free(struct block *b);
const struct block_info *block_info(const struct block *b);
/* Hands the block what it rests on (a map, a descriptor) to be given back by block_free(). */
typedef void block_release_fn(void *ctx);
void block_on_free(struct block *b, block_release_fn *fn, void *ctx);

/* Row columns: n entries, lent until block_free(). */
int block_times(struct block *b, const usec **ret); /* event time, else arrival */
int block_arrivals(struct block *b, const usec **ret);
int block_sources(struct block *b, const uint32_t **ret);

/* The records of the marked rows (all when rows is NULL), in order. fn returns 0 to go on, anything
 * else to stop: it is returned. The record is lent during the call. */
typedef int block_row_fn(void *ctx, uint32_t row, const struct record *r);
int block_decode(struct block *b, const uint64_t *rows, block_row_fn *fn, void *ctx);

/* Exactly the rows whose raw bytes hold `pattern` (len > 0). May first ask the filter. */
int block_match(struct block *b, struct bytes pattern, bool nocase, uint64_t *rows);
/* The same, but only among the rows kept as text. */
int block_match_text(struct block *b, struct bytes pattern, bool nocase, uint64_t *rows);
/* By the filter alone, in microseconds, without reading the block. false: surely no row has a field
 * with this value (values end at blanks, quotes, brackets and the like); surely no row's raw bytes
 * hold this pattern (block_match() asks this by itself). */
bool block_may_hold(struct block *b, struct bytes value);
bool block_may_match(struct block *b, struct bytes pattern);

/* Rows that have no field columns. Lent. NULL bitmap when there are none. */
const uint64_t *block_untyped(struct block *b);
/* Typed rows that have the field and whose value the predicate accepts; asked at least once for
 * each distinct value, not once a row. */
typedef bool block_value_fn(void *ctx, struct bytes value);
int block_field_match(struct block *b, enum field f, block_value_fn *fn, void *ctx, uint64_t *rows);
/* The field as a column: for each row 0 (absent, or untyped) or 1 + index into values. Values may
 * repeat. Only rows in `rows` (NULL: all) are filled. Lent until the arena is reset. */
struct block_column {
	uint32_t n;
	const struct bytes *values;
	const uint32_t *ids; /* one a row */
};
int block_field_column(struct block *b, enum field f, const uint64_t *rows, struct arena *a,
		       struct block_column *ret);
/* Bit f: some typed row has the field. */
void block_fields(const struct block *b, uint64_t ret[2]);
