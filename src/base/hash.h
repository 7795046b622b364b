/* SPDX-License-Identifier: Apache-2.0 */
/* hash.h — checksums (XXH3-64, xxHash specification 0.8) and keyed hashing for tables.
 * hash_keyed() is SipHash-1-3 (Aumasson, Bernstein 2012) under a key drawn at start: use it for
 * every table whose keys a remote chooses, so that nobody can make them collide.
 * Threads: hash_key_init() once at start (it is lazy); then pure. */
#pragma once
#include "base/bytes.h"

uint64_t checksum64(struct bytes b); /* XXH3_64bits, seed 0: torn and flipped bytes */
uint64_t hash_fast(struct bytes b, uint64_t seed); /* XXH3: keys of ours, filters */
uint64_t hash_keyed(struct bytes b);
