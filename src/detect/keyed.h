/* SPDX-License-Identifier: Apache-2.0 */
/* keyed.h — what a detector knows of each of many things, by a text that a remote may choose.
 * In: keys of at most KEYED_KEY bytes (longer ones are cut). Out: a value of fixed size, zeroed
 * when it is made. Threads: one owner. Memory: at most `max` values; whoever was not asked for
 * longest is thrown out, and counted. The hash has a key, so nobody can make the table slow. */
#pragma once
#include "base/buf.h"
#include "base/bytes.h"
#include "base/clock.h"
#include "base/cursor.h"

#define KEYED_KEY 512u

struct keyed;

/* `done`, where it is not NULL, frees what a value holds. */
struct keyed *keyed_new(size_t value_bytes, size_t max, void (*done)(void *value));
struct keyed *keyed_free(struct keyed *k);
void *keyed_find(const struct keyed *k, struct bytes key); /* NULL: not there; it does not count */
/* Finds or makes it; *ret_new where it was made. Lent until it is thrown out by a later call. */
void *keyed_get(struct keyed *k, struct bytes key, bool *ret_new);
void keyed_drop(struct keyed *k, struct bytes key);
size_t keyed_n(const struct keyed *k);
uint64_t keyed_evicted(const struct keyed *k);

/* From the longest unasked on: for (void *v = keyed_first(k); v; v = keyed_next(k, v)). Nothing may
 * be made or dropped on the way. */
void *keyed_first(const struct keyed *k);
void *keyed_next(const struct keyed *k, const void *value);
struct bytes keyed_key(const void *value);

/* What a detector keeps over a restart. A state that holds what was never written is marked bad. */
void keyed_save_key(struct buf *to, const void *value);
struct bytes keyed_load_key(struct cursor *c);
usec keyed_load_time(struct cursor *c); /* of a value; from 0 on, written by buf_svarint() */
