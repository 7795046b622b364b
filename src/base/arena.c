/* SPDX-License-Identifier: Apache-2.0 */
#include "base/arena.h"
#include "base/buf.h"
#include <stdlib.h>

#if defined(__SANITIZE_ADDRESS__)
#define ARENA_CHUNK 0
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define ARENA_CHUNK 0
#endif
#endif
#ifndef ARENA_CHUNK
#define ARENA_CHUNK ((size_t)64 << 10)
#endif

struct arena_chunk {
	struct arena_chunk *next;
	size_t size; /* usable bytes */
	uint8_t data[] __attribute__((aligned(16)));
};

static void arena_chunk_add(struct arena *a, size_t n)
{
	size_t size = n > ARENA_CHUNK ? n : ARENA_CHUNK;
	struct arena_chunk *c = mem_must(malloc(sizeof(*c) + size));

	c->next = a->chunks;
	c->size = size;
	a->chunks = c;
	a->at = c->data;
	a->end = c->data + size;
}

void *arena_take(struct arena *a, size_t n)
{
	uint8_t *p;

	n = ARENA_CHUNK ? (n + 15) & ~(size_t)15 : n;
	if (!a->at || (size_t)(a->end - a->at) < n || !ARENA_CHUNK)
		arena_chunk_add(a, n);
	p = a->at;
	a->at += n;
	a->total += n;
	return p;
}

struct bytes arena_copy(struct arena *a, struct bytes b)
{
	uint8_t *p = arena_take(a, b.len);

	if (b.len)
		memcpy(p, b.at, b.len);
	return bytes_of(p, b.len);
}

void arena_reset(struct arena *a)
{
	struct arena_chunk *keep = ARENA_CHUNK ? a->chunks : NULL;
	struct arena_chunk *c = keep ? keep->next : a->chunks;

	while (c) {
		struct arena_chunk *next = c->next;

		free(c);
		c = next;
	}
	a->chunks = keep;
	a->at = a->end = NULL;
	if (keep) {
		keep->next = NULL;
		a->at = keep->data;
		a->end = keep->data + keep->size;
	}
	a->total = 0;
}

void arena_done(struct arena *a)
{
	struct arena_chunk *c = a->chunks;

	while (c) {
		struct arena_chunk *next = c->next;

		free(c);
		c = next;
	}
	*a = (struct arena){ 0 };
}
