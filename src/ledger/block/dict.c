/* SPDX-License-Identifier: Apache-2.0 */
#include "ledger/block/dict.h"
#include "base/hash.h"
#include "ledger/block/filter.h"
#include "ledger/block/token.h"
#include <stdlib.h>
#include <sys/random.h>

static uint64_t seed(void)
{
	static _Thread_local uint64_t drawn;

	while (!drawn)
		if (getrandom(&drawn, sizeof(drawn), 0) != sizeof(drawn))
			drawn = 0;
	return drawn;
}

static void dict_grow(struct dict *d)
{
	uint32_t size = d->mask ? (d->mask + 1) * 2 : 1024;

	free(d->slot);
	d->slot = mem_new(size, sizeof(*d->slot));
	d->mask = size - 1;
	for (uint32_t i = 0; i < d->n; i++) {
		uint32_t at = d->entry[i].hash & d->mask;

		while (d->slot[at])
			at = (at + 1) & d->mask;
		d->slot[at] = i + 1;
	}
}

uint32_t dict_add(struct dict *d, struct bytes text)
{
	uint32_t hash = (uint32_t)hash_fast(text, seed()), at;

	if (!d->mask || d->n * 2 > d->mask)
		dict_grow(d);
	for (at = hash & d->mask; d->slot[at]; at = (at + 1) & d->mask) {
		struct dict_entry *e = &d->entry[d->slot[at] - 1];

		if (e->hash == hash && bytes_eq(e->text, text)) {
			e->uses++;
			return d->slot[at] - 1;
		}
	}
	if (d->n == d->cap) {
		d->cap = d->cap ? d->cap * 2 : 1024;
		d->entry = mem_must(realloc(d->entry, d->cap * sizeof(*d->entry)));
	}
	d->entry[d->n] = (struct dict_entry){ text, filter_key(text), 1, hash };
	d->slot[at] = ++d->n;
	return d->n - 1;
}

void dict_clear(struct dict *d)
{
	d->n = 0;
	if (d->slot)
		memset(d->slot, 0, ((size_t)d->mask + 1) * sizeof(*d->slot));
}

void dict_done(struct dict *d)
{
	free(d->slot);
	free(d->entry);
	*d = (struct dict){ 0 };
}

/* Keyed: without the seed nobody can make uuids that collide. */
static uint32_t id_hash(const struct uuid *id)
{
	uint64_t hi, lo;
	unsigned __int128 v;

	memcpy(&hi, id->at, 8);
	memcpy(&lo, id->at + 8, 8);
	v = (unsigned __int128)(hi ^ seed()) * (lo ^ (seed() << 32 | seed() >> 32));
	return (uint32_t)(v >> 64) ^ (uint32_t)v;
}

#define ID_INDEX 0x3ffffffu /* a block has at most ROWS_MAX * LINE_VARS of them */
_Static_assert((uint64_t)ROWS_MAX *LINE_VARS < ID_INDEX, "26 bits are enough");

static void id_place(struct id_dict *d, uint32_t hash, uint32_t i)
{
	uint32_t at = hash & d->mask;

	while (d->slot[at])
		at = (at + 1) & d->mask;
	d->slot[at] = (hash & ~ID_INDEX) | (i + 1);
}

static void id_dict_grow(struct id_dict *d)
{
	uint32_t size = d->mask ? (d->mask + 1) * 2 : 4096;

	free(d->slot);
	d->slot = mem_new(size, sizeof(*d->slot));
	d->mask = size - 1;
	for (uint32_t i = 0; i < d->n; i++)
		id_place(d, id_hash(&d->id[i]), i);
}

struct id_look id_look(const struct id_dict *d, const uint8_t text[36])
{
	struct id_look look;

	token_uuid_bytes(text, look.id.at);
	look.hash = id_hash(&look.id);
	if (d->slot)
		__builtin_prefetch(&d->slot[look.hash & d->mask]);
	return look;
}

uint32_t id_dict_add(struct id_dict *d, const struct id_look *look, const uint8_t text[36])
{
	uint32_t at, slot;

	if (!d->mask || d->n * 2 > d->mask)
		id_dict_grow(d);
	for (at = look->hash & d->mask; (slot = d->slot[at]) != 0; at = (at + 1) & d->mask)
		if (!((slot ^ look->hash) & ~ID_INDEX) &&
		    !memcmp(&d->id[(slot & ID_INDEX) - 1], &look->id, sizeof(look->id)))
			return (slot & ID_INDEX) - 1;
	if (d->n == d->cap) {
		d->cap = d->cap ? d->cap * 2 : 4096;
		d->id = mem_must(realloc(d->id, d->cap * sizeof(*d->id)));
		d->key = mem_must(realloc(d->key, d->cap * sizeof(*d->key)));
	}
	d->id[d->n] = look->id;
	d->key[d->n] = filter_key(bytes_of(text, 36));
	d->slot[at] = (look->hash & ~ID_INDEX) | ++d->n;
	return d->n - 1;
}

void id_dict_clear(struct id_dict *d)
{
	d->n = 0;
	if (d->slot)
		memset(d->slot, 0, ((size_t)d->mask + 1) * sizeof(*d->slot));
}

void id_dict_done(struct id_dict *d)
{
	free(d->id);
	free(d->key);
	free(d->slot);
	*d = (struct id_dict){ 0 };
}

/* By counting: uses above 255 count as 255, which is exact enough for small numbers first. */
void dict_sort(struct dict *d, uint32_t *map)
{
	struct dict_entry *sorted = mem_new(d->n, sizeof(*sorted));
	uint32_t start[257] = { 0 }, used;

	for (uint32_t i = 0; i < d->n; i++) {
		uint32_t u = d->entry[i].uses < 255 ? d->entry[i].uses : 255;

		start[256 - u]++;
	}
	for (uint32_t u = 1; u <= 256; u++)
		start[u] += start[u - 1];
	used = start[255]; /* behind them the ones without a use */
	for (uint32_t i = 0; i < d->n; i++) {
		uint32_t u = d->entry[i].uses < 255 ? d->entry[i].uses : 255;

		map[i] = start[255 - u]++;
		sorted[map[i]] = d->entry[i];
	}
	d->n = used;
	if (d->n)
		memcpy(d->entry, sorted, d->n * sizeof(*sorted));
	free(sorted);
}

void hash_set_add(struct hash_set *s, uint64_t h)
{
	size_t at;

	if (!h) {
		s->zero = true;
		return;
	}
	if (!s->mask || s->n * 2 > s->mask) {
		struct hash_set old = *s;

		s->mask = old.mask ? old.mask * 2 + 1 : 4095;
		s->slot = mem_new(s->mask + 1, sizeof(*s->slot));
		s->n = 0;
		for (size_t i = 0; old.slot && i <= old.mask; i++)
			if (old.slot[i])
				hash_set_add(s, old.slot[i]);
		free(old.slot);
	}
	for (at = h & s->mask; s->slot[at]; at = (at + 1) & s->mask)
		if (s->slot[at] == h)
			return;
	s->slot[at] = h;
	s->n++;
}

bool hash_set_has(const struct hash_set *s, uint64_t h)
{
	if (!h || !s->n)
		return !h && s->zero;
	for (size_t at = h & s->mask; s->slot[at]; at = (at + 1) & s->mask)
		if (s->slot[at] == h)
			return true;
	return false;
}

void hash_set_clear(struct hash_set *s)
{
	if (s->slot)
		memset(s->slot, 0, (s->mask + 1) * sizeof(*s->slot));
	s->n = 0;
	s->zero = false;
}

void hash_set_done(struct hash_set *s)
{
	free(s->slot);
	*s = (struct hash_set){ 0 };
}

size_t hash_set_list(const struct hash_set *s, uint64_t *ret)
{
	size_t n = 0;

	for (size_t i = 0; s->slot && i <= s->mask; i++)
		if (s->slot[i])
			ret[n++] = s->slot[i];
	if (s->zero)
		ret[n++] = 0;
	return n;
}
