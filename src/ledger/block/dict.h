/* SPDX-License-Identifier: Apache-2.0 */
/* dict.h — distinct texts of a block in order of first use, while it is built.
 * The hash is keyed: a sender that makes words collide gains nothing.
 * Threads: one owner. Memory: grows with the distinct texts; texts are borrowed. */
#pragma once
#include "base/buf.h"
#include "ledger/block/ids.h"

struct dict_entry {
	struct bytes text;
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
/* Reorders by use, most used first; map[old index] = new index. */
void dict_sort(struct dict *d, uint32_t *map);

/* The same for uuids: many, nearly all of them new, and found by their bits. */
struct id_dict {
	struct uuid *id;
	struct bytes *text;
	uint32_t *slot; /* 1 + index; 0 empty */
	uint32_t n, cap, mask;
};

void id_dict_clear(struct id_dict *d);
void id_dict_done(struct id_dict *d);
uint32_t id_dict_add(struct id_dict *d, struct bytes text); /* 36 bytes known to be a uuid */

/* A set of 64-bit hashes, for the keys of the filter. */
struct hash_set {
	uint64_t *slot;
	size_t n, mask;
	bool zero;
};
void hash_set_add(struct hash_set *s, uint64_t h);
void hash_set_clear(struct hash_set *s);
void hash_set_done(struct hash_set *s);
size_t hash_set_list(const struct hash_set *s, uint64_t *ret); /* room for s->n + 1 */
