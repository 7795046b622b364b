/* SPDX-License-Identifier: Apache-2.0 */
/* intern.h — texts as small numbers, in order of first appearance; exact.
 * Threads: one owner. Memory: each text once, and 24 bytes; intern_bytes() tells. */
#pragma once
#include "base/arena.h"

struct intern {
	struct arena arena;
	struct bytes *values; /* by number */
	uint32_t *slots; /* 1 + number; a power of two of them */
	uint32_t *hashes; /* by number */
	uint32_t n, slots_n, values_cap;
};

uint32_t intern_put(struct intern *t, struct bytes v); /* copies; the number, from 0 */
bool intern_has(const struct intern *t, struct bytes v);
void intern_done(struct intern *t);
size_t intern_bytes(const struct intern *t);
