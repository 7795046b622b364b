/* SPDX-License-Identifier: Apache-2.0 */
/* vocabulary.h — a fixed set of words found by a small hash: keys of audit records, programs, paths
 * of JSON. Filled once before main() and read-only afterwards, so any thread may look. In: words
 * that live for ever. Out: their index. Memory: the table itself. */
#pragma once
#include "base/bytes.h"

#define VOCABULARY_SLOTS 1024 /* a power of two, more than twice the words */

struct vocabulary {
	uint16_t slot[VOCABULARY_SLOTS]; /* 1 + index, 0 where none */
	struct bytes word[VOCABULARY_SLOTS / 2];
	size_t n;
};

void vocabulary_add(struct vocabulary *t,
		    struct bytes word); /* its index is the number of earlier calls */
/* BYTES_NONE where it is none of the words; of equal words the first. */
size_t vocabulary_find(const struct vocabulary *t, struct bytes word);
