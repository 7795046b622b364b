/* SPDX-License-Identifier: Apache-2.0 */
/* Open addressing on 64 bits of a keyed hash; names are chosen by others, the key is not. Two names
 * whose 64 bits are equal would share a position: at 65,536 names the odds are 1 in 10^10. */
#include "cmd/serve/places.h"
#include "base/buf.h"
#include "base/hash.h"
#include <stdlib.h>

struct places {
	struct place {
		uint64_t hash;
		uint32_t id;
	} * at;
	size_t n, cap; /* cap: a power of two */
};

struct places *places_new(void)
{
	struct places *p = mem_new(1, sizeof(*p));

	p->cap = 1024;
	p->at = mem_new(p->cap, sizeof(*p->at));
	return p;
}

struct places *places_free(struct places *p)
{
	if (!p)
		return NULL;
	free(p->at);
	free(p);
	return NULL;
}

static uint64_t hash_of(const struct source *s)
{
	struct buf b = { 0 };
	uint64_t h;

	buf_u8(&b, (uint8_t)s->kind);
	buf_bytes(&b, s->name);
	h = hash_keyed(buf_view(&b));
	buf_done(&b);
	return h ? h : 1; /* 0 is an empty slot */
}

static struct place *slot(const struct places *p, uint64_t hash)
{
	size_t i = hash & (p->cap - 1);

	while (p->at[i].hash && p->at[i].hash != hash)
		i = (i + 1) & (p->cap - 1);
	return &p->at[i];
}

static void grow(struct places *p)
{
	struct places old = *p;

	p->cap *= 2;
	p->at = mem_new(p->cap, sizeof(*p->at));
	for (size_t i = 0; i < old.cap; i++)
		if (old.at[i].hash)
			*slot(p, old.at[i].hash) = old.at[i];
	free(old.at);
}

uint32_t places_of(struct places *p, const struct source *s, uint32_t id)
{
	uint64_t h = hash_of(s);
	struct place *at = slot(p, h);

	if (at->hash)
		return at->id;
	*at = (struct place){ .hash = h, .id = id };
	if (++p->n > p->cap / 2)
		grow(p);
	return id;
}
