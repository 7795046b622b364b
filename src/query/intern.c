/* SPDX-License-Identifier: Apache-2.0 */
#include "query/intern.h"
#include "base/buf.h"
#include "base/hash.h"
#include <stdlib.h>

static void slots_grow(struct intern *t)
{
	uint32_t n = t->slots_n ? 2 * t->slots_n : 64;

	free(t->slots);
	t->slots = mem_new(n, sizeof(*t->slots));
	t->slots_n = n;
	for (uint32_t i = 0; i < t->n; i++) {
		uint32_t at = t->hashes[i] & (n - 1);

		while (t->slots[at])
			at = (at + 1) & (n - 1);
		t->slots[at] = i + 1;
	}
}

uint32_t intern_put(struct intern *t, struct bytes v)
{
	uint32_t hash = (uint32_t)hash_keyed(v), at;

	if (t->n >= t->slots_n / 2)
		slots_grow(t);
	for (at = hash & (t->slots_n - 1); t->slots[at]; at = (at + 1) & (t->slots_n - 1)) {
		uint32_t i = t->slots[at] - 1;

		if (t->hashes[i] == hash && bytes_eq(t->values[i], v))
			return i;
	}
	if (t->n == t->values_cap) {
		t->values_cap = t->values_cap ? 2 * t->values_cap : 64;
		t->values = mem_must(realloc(t->values, t->values_cap * sizeof(*t->values)));
		t->hashes = mem_must(realloc(t->hashes, t->values_cap * sizeof(*t->hashes)));
	}
	t->values[t->n] = arena_copy(&t->arena, v);
	t->hashes[t->n] = hash;
	t->slots[at] = t->n + 1;
	return t->n++;
}

bool intern_has(const struct intern *t, struct bytes v)
{
	uint32_t hash = (uint32_t)hash_keyed(v), at;

	if (!t->slots_n)
		return false;
	for (at = hash & (t->slots_n - 1); t->slots[at]; at = (at + 1) & (t->slots_n - 1))
		if (t->hashes[t->slots[at] - 1] == hash && bytes_eq(t->values[t->slots[at] - 1], v))
			return true;
	return false;
}

void intern_done(struct intern *t)
{
	arena_done(&t->arena);
	free(t->values);
	free(t->hashes);
	free(t->slots);
	*t = (struct intern){ 0 };
}

size_t intern_bytes(const struct intern *t)
{
	return t->arena.total + t->values_cap * (sizeof(*t->values) + sizeof(*t->hashes)) +
	       t->slots_n * sizeof(*t->slots);
}
