/* SPDX-License-Identifier: Apache-2.0 */
/* filter.h — a binary fuse filter with 8-bit fingerprints (Graf, Lemire: "Binary Fuse Filters:
 * Fast and Smaller Than Xor Filters", ACM JEA 2022): some 9.5 bits a key, 0.4 % false positives,
 * never a false negative.
 *   u64 seed, u32 log2 of segment length, u32 segments, the fingerprints
 * Threads: pure. */
#pragma once
#include "base/buf.h"

uint64_t filter_key(struct bytes text);
/* n may be 0; keys may repeat, which costs time. Sorts them in place then. Appends the filter. */
int filter_build(uint64_t *keys, size_t n, struct buf *ret);
/* True (may hold) also for a filter that is no filter. */
bool filter_holds(struct bytes filter, uint64_t key);
/* The filter's own lengths agree. */
bool filter_valid(struct bytes filter);
