/* SPDX-License-Identifier: Apache-2.0 */
/* column.h — a run of integers as few bytes, chosen by size.
 *   u8 kind, then by kind
 *   CONST  svarint value
 *   PACK   svarint min, u8 bits, the values minus min as a little-endian bit stream
 *   PLANES svarint min, u8 bytes, varint length, zstd of byte planes, highest first
 *   RUNS   varint number of runs, varint length, zstd of (varint length, svarint value) pairs
 *   DELTA  [| SCALE: varint factor] svarint first value, then a column of the n - 1 differences
 *          between neighbours (divided by the factor)
 * Decoding checks every length; nothing is believed. Threads: pure but for the coder passed in. */
#pragma once
#include "ledger/block/format.h"
#include <zstd.h>

struct column_coder { /* one thread's scratch; zeroed to start */
	ZSTD_CCtx *z;
	struct buf planes, packed;
	int64_t *delta;
	size_t delta_cap;
};
void column_coder_done(struct column_coder *c);

/* Appends the column of n values. is_large tells whether the body was compressed on its own
 * or would not compress: then it is not worth a second compression together with others. */
void column_encode(struct column_coder *c, const int64_t *v, size_t n, struct buf *ret,
		   bool *ret_large);

/* Reads one column of n values; sets cur->bad on anything wrong. */
void column_decode(struct cursor *cur, size_t n, int64_t *ret);
/* True, with the value, when the column at the cursor is CONST (the cursor does not move). */
bool column_is_const(const struct cursor *cur, int64_t *ret);
/* Moves past one column without decoding it. */
void column_skip(struct cursor *cur, size_t n);
