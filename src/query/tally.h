/* SPDX-License-Identifier: Apache-2.0 */
/* tally.h — one aggregate of one group. Exact, and the same whatever the order: sums are integers,
 * distinct values are kept; percentiles are exact up to TALLY_EXACT values, then within 0.5 %.
 * Threads: one owner. Memory: what tally_bytes grew by. */
#pragma once
#include "query/ast.h"

#define TALLY_EXACT 4096

struct tally {
	uint64_t n; /* values */
	union {
		__int128 num; /* sum, min, max */
		struct distinct *distinct;
		struct spread *spread;
	};
};

void tally_number(struct tally *t, enum agg_kind kind, __int128 v, size_t *bytes);
void tally_code(struct tally *t, uint32_t code, size_t *bytes); /* DC: value by number */
/* `from` is taken in and done; codes are renamed by `rename` (DC). */
void tally_merge(struct tally *t, enum agg_kind kind, struct tally *from, const uint32_t *rename,
		 size_t *bytes);
void tally_done(struct tally *t, enum agg_kind kind);
double tally_percentile(const struct tally *t, unsigned percent); /* n > 0 */
