/* SPDX-License-Identifier: Apache-2.0 */
/* bits.h — sets of rows: bit r of word r/64. Bits past the last row are never set.
 * Threads: pure. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

static inline void bits_none(uint64_t *a, size_t words)
{
	memset(a, 0, words * 8);
}

static inline void bits_all(uint64_t *a, uint32_t n)
{
	memset(a, 0xff, n / 64 * 8);
	if (n % 64)
		a[n / 64] = (1ull << n % 64) - 1;
}

static inline void bits_copy(uint64_t *to, const uint64_t *from, size_t words)
{
	memcpy(to, from, words * 8);
}

static inline void bits_and(uint64_t *a, const uint64_t *b, size_t words)
{
	for (size_t i = 0; i < words; i++)
		a[i] &= b[i];
}

static inline void bits_or(uint64_t *a, const uint64_t *b, size_t words)
{
	for (size_t i = 0; i < words; i++)
		a[i] |= b[i];
}

static inline void bits_and_not(uint64_t *a, const uint64_t *b, size_t words)
{
	for (size_t i = 0; i < words; i++)
		a[i] &= ~b[i];
}

static inline bool bits_any(const uint64_t *a, size_t words)
{
	uint64_t v = 0;

	for (size_t i = 0; i < words; i++)
		v |= a[i];
	return v;
}

static inline uint64_t bits_count(const uint64_t *a, size_t words)
{
	uint64_t n = 0;

	for (size_t i = 0; i < words; i++)
		n += (uint64_t)__builtin_popcountll(a[i]);
	return n;
}

static inline bool bits_get(const uint64_t *a, uint32_t i)
{
	return a[i / 64] >> (i & 63) & 1;
}

static inline void bits_set(uint64_t *a, uint32_t i)
{
	a[i / 64] |= 1ull << (i & 63);
}

static inline void bits_clear(uint64_t *a, uint32_t i)
{
	a[i / 64] &= ~(1ull << (i & 63));
}

/* for (uint32_t r = bits_next(a, n, 0); r < n; r = bits_next(a, n, r + 1)) */
static inline uint32_t bits_next(const uint64_t *a, uint32_t n, uint32_t from)
{
	uint64_t w;
	uint32_t i = from / 64;

	if (from >= n)
		return n;
	w = a[i] & ~0ull << (from & 63);
	while (!w) {
		if (++i >= (n + 63) / 64)
			return n;
		w = a[i];
	}
	return i * 64 + (uint32_t)__builtin_ctzll(w);
}

/* Keeps the first `keep` bits that are set, after leaving out the first `skip`. */
static inline void bits_window(uint64_t *a, uint32_t n, uint64_t skip, uint64_t keep)
{
	for (uint32_t r = bits_next(a, n, 0); r < n; r = bits_next(a, n, r + 1)) {
		if (skip)
			skip--;
		else if (keep) {
			keep--;
			continue;
		}
		bits_clear(a, r);
	}
}
