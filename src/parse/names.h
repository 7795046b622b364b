/* SPDX-License-Identifier: Apache-2.0 */
/* names.h — a fixed set of words found by a small hash: keys of audit records, programs, paths of
 * JSON. Filled once before main() and read-only afterwards, so any thread may look.
 * In: words that live for ever. Out: their index. Memory: the table itself. */
#pragma once
#include "base/bytes.h"

#define NAMES_SLOTS 1024 /* a power of two, more than twice the words */

struct names {
	uint16_t slot[NAMES_SLOTS]; /* 1 + index, 0 where none */
	struct bytes word[NAMES_SLOTS / 2];
	size_t n;
};

void names_add(struct names *t, struct bytes word); /* its index is the number of earlier calls */
/* BYTES_NONE where it is none of the words; of equal words the first. */
size_t names_find(const struct names *t, struct bytes word);
