/* SPDX-License-Identifier: Apache-2.0 */
/* Chains of a hash table, and one list in the order of the last asking. */
#include "detect/keyed.h"
#include "base/buf.h"
#include "base/hash.h"
#include <stdlib.h>

struct entry {
	struct entry *chain; /* of its slot */
	struct entry *older, *newer;
	uint64_t hash;
	struct bytes key; /* behind the value */
	_Alignas(16) uint8_t value[];
};

struct keyed {
	struct entry **slots;
	size_t slots_n, n, max, value_bytes;
	struct entry *oldest, *newest;
	uint64_t evicted;
	void (*done)(void *value);
};

static struct entry *entry_of(const void *value)
{
	return (struct entry *)(uintptr_t)((const uint8_t *)value - offsetof(struct entry, value));
}

struct keyed *keyed_new(size_t value_bytes, size_t max, void (*done)(void *value))
{
	struct keyed *k = mem_new(1, sizeof(*k));

	k->slots_n = 64;
	k->slots = mem_new(k->slots_n, sizeof(*k->slots));
	k->max = max ? max : 1;
	k->value_bytes = value_bytes;
	k->done = done;
	return k;
}

static void unlink_age(struct keyed *k, struct entry *e)
{
	*(e->older ? &e->older->newer : &k->oldest) = e->newer;
	*(e->newer ? &e->newer->older : &k->newest) = e->older;
}

static void link_newest(struct keyed *k, struct entry *e)
{
	e->older = k->newest;
	e->newer = NULL;
	*(k->newest ? &k->newest->newer : &k->oldest) = e;
	k->newest = e;
}

static void drop(struct keyed *k, struct entry *e)
{
	struct entry **at = &k->slots[e->hash & (k->slots_n - 1)];

	while (*at != e)
		at = &(*at)->chain;
	*at = e->chain;
	unlink_age(k, e);
	if (k->done)
		k->done(e->value);
	free(e);
	k->n--;
}

struct keyed *keyed_free(struct keyed *k)
{
	if (!k)
		return NULL;
	while (k->oldest)
		drop(k, k->oldest);
	free(k->slots);
	free(k);
	return NULL;
}

static struct entry *find(const struct keyed *k, struct bytes key, uint64_t hash)
{
	struct entry *e = k->slots[hash & (k->slots_n - 1)];

	while (e && !(e->hash == hash && bytes_eq(e->key, key)))
		e = e->chain;
	return e;
}

void *keyed_find(const struct keyed *k, struct bytes key)
{
	struct entry *e;

	key = bytes_sub(key, 0, KEYED_KEY);
	e = find(k, key, hash_keyed(key));
	return e ? e->value : NULL;
}

static void grow(struct keyed *k)
{
	size_t n = k->slots_n * 2;
	struct entry **slots = mem_new(n, sizeof(*slots));

	for (struct entry *e = k->oldest; e; e = e->newer) {
		e->chain = slots[e->hash & (n - 1)];
		slots[e->hash & (n - 1)] = e;
	}
	free(k->slots);
	k->slots = slots;
	k->slots_n = n;
}

void *keyed_get(struct keyed *k, struct bytes key, bool *ret_new)
{
	struct entry *e;
	uint64_t hash;

	key = bytes_sub(key, 0, KEYED_KEY);
	hash = hash_keyed(key);
	e = find(k, key, hash);
	*ret_new = !e;
	if (e) {
		unlink_age(k, e);
		link_newest(k, e);
		return e->value;
	}
	if (k->n == k->max) {
		k->evicted++;
		drop(k, k->oldest);
	}
	if (k->n >= k->slots_n)
		grow(k);
	e = mem_new(1, sizeof(*e) + k->value_bytes + key.len);
	e->hash = hash;
	e->key = bytes_of(e->value + k->value_bytes, key.len);
	if (key.len)
		memcpy(e->value + k->value_bytes, key.at, key.len);
	e->chain = k->slots[hash & (k->slots_n - 1)];
	k->slots[hash & (k->slots_n - 1)] = e;
	link_newest(k, e);
	k->n++;
	return e->value;
}

void keyed_drop(struct keyed *k, struct bytes key)
{
	void *value = keyed_find(k, key);

	if (value)
		drop(k, entry_of(value));
}

size_t keyed_n(const struct keyed *k)
{
	return k->n;
}

uint64_t keyed_evicted(const struct keyed *k)
{
	return k->evicted;
}

void *keyed_first(const struct keyed *k)
{
	return k->oldest ? k->oldest->value : NULL;
}

void *keyed_next(const struct keyed *k, const void *value)
{
	struct entry *e = entry_of(value)->newer;

	(void)k;
	return e ? e->value : NULL;
}

struct bytes keyed_key(const void *value)
{
	return entry_of(value)->key;
}

void keyed_save_key(struct buf *to, const void *value)
{
	struct bytes key = keyed_key(value);

	buf_varint(to, key.len);
	buf_bytes(to, key);
}

struct bytes keyed_load_key(struct cursor *c)
{
	uint64_t n = cur_varint(c);

	if (n > KEYED_KEY)
		c->bad = true;
	return cur_take(c, c->bad ? 0 : n);
}

usec keyed_load_time(struct cursor *c)
{
	int64_t t = cur_svarint(c);

	if (t < 0 || t > 1LL << 60)
		c->bad = true;
	return c->bad ? 0 : t;
}
