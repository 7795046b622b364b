/* SPDX-License-Identifier: Apache-2.0 */
/* dict.h — distinct texts of a block in order of first use, while it is built.
 * The hash is keyed: a sender that makes words collide gains nothing.
 * Threads: one owner. Memory: grows with the distinct texts; texts are borrowed. */
#pragma once
#include "base/buf.h"
#include "ledger/block/ids.h"

struct dict_entry {
	struct bytes text;
	uint64_t key; /* of the filter: made while the text is at hand */
	uint32_t uses, hash;
};

struct dict {
	struct dict_entry *entry;
	uint32_t *slot; /* 1 + index; 0 empty */
	uint32_t n, cap, mask;
};

void dict_clear(struct dict *d);
void dict_done(struct dict *d);
uint32_t dict_add(struct dict *d, struct bytes text); /* index; counts the use */
/* Reorders by use, most used first, and forgets what is not used (any more); map[old index] = new
 * index. */
void dict_sort(struct dict *d, uint32_t *map);

/* The same for uuids: many, nearly all of them new, and found by their bits. Their table is larger
 * than the caches near the core: id_look() has the place fetched that id_dict_add() will need. */
struct id_dict {
	struct uuid *id;
	uint64_t *key; /* of the filter */
	uint32_t *slot; /* six bits of the hash, 26 bits 1 + index; 0 empty */
	uint32_t n, cap, mask;
};

struct id_look {
	struct uuid id;
	uint32_t hash;
};

void id_dict_clear(struct id_dict *d);
void id_dict_done(struct id_dict *d);
struct id_look id_look(const struct id_dict *d, const uint8_t text[36]); /* known to be a uuid */
uint32_t id_dict_add(struct id_dict *d, const struct id_look *look, const uint8_t text[36]);

/* A set of 64-bit hashes, for the keys of the filter that come from text. */
struct hash_set {
	uint64_t *slot;
	size_t n, mask;
	bool zero;
};
void hash_set_add(struct hash_set *s, uint64_t h);
bool hash_set_has(const struct hash_set *s, uint64_t h);
void hash_set_clear(struct hash_set *s);
void hash_set_done(struct hash_set *s);
size_t hash_set_list(const struct hash_set *s, uint64_t *ret); /* room for s->n + 1 */
