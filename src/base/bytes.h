/* SPDX-License-Identifier: Apache-2.0 */
/* bytes.h — all data from outside is a pointer and a length, passed by value.
 * In/Out: nothing is owned; a struct bytes is borrowed from whoever holds the memory.
 * Threads: pure functions. Memory: none. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct bytes {
	const uint8_t *at; /* may be NULL when len is 0 */
	size_t len;
};

/* A constant of ours. */
#define BYTES(lit) ((struct bytes){ (const uint8_t *)("" lit), sizeof(lit) - 1 })

static inline struct bytes bytes_of(const void *at, size_t len)
{
	return (struct bytes){ (const uint8_t *)at, len };
}

static inline struct bytes bytes_str(const char *s)
{
	return bytes_of(s, s ? strlen(s) : 0);
}

static inline bool bytes_eq(struct bytes a, struct bytes b)
{
	return a.len == b.len && (!a.len || !memcmp(a.at, b.at, a.len));
}

static inline bool bytes_starts(struct bytes b, struct bytes prefix)
{
	return b.len >= prefix.len && (!prefix.len || !memcmp(b.at, prefix.at, prefix.len));
}

static inline bool bytes_ends(struct bytes b, struct bytes suffix)
{
	return b.len >= suffix.len &&
	       (!suffix.len || !memcmp(b.at + b.len - suffix.len, suffix.at, suffix.len));
}

/* The part from `from` (clamped) on, at most `len` bytes. */
static inline struct bytes bytes_sub(struct bytes b, size_t from, size_t len)
{
	if (from > b.len)
		from = b.len;
	if (len > b.len - from)
		len = b.len - from;
	return bytes_of(b.at ? b.at + from : NULL, len);
}

static inline struct bytes bytes_from(struct bytes b, size_t from)
{
	return bytes_sub(b, from, SIZE_MAX);
}

#define BYTES_NONE SIZE_MAX
size_t bytes_chr(struct bytes b, uint8_t c); /* offset, or BYTES_NONE */
size_t bytes_find(struct bytes b, struct bytes needle); /* offset, or BYTES_NONE; "" is at 0 */
size_t bytes_ifind(struct bytes b, struct bytes needle); /* ASCII case ignored */
bool bytes_ieq(struct bytes a, struct bytes b); /* ASCII case ignored */
int bytes_cmp(struct bytes a, struct bytes b); /* memcmp order, shorter first */
struct bytes bytes_trim(struct bytes b); /* without blanks, tabs, CR, LF at both ends */

/* Whole text as a decimal number; false (and *ret untouched) on anything else or overflow. */
bool bytes_u64(struct bytes b, uint64_t *ret);
bool bytes_i64(struct bytes b, int64_t *ret);
bool bytes_u32(struct bytes b, uint32_t *ret);

static inline bool is_digit(uint8_t c)
{
	return (uint8_t)(c - '0') < 10;
}

static inline bool is_alnum(uint8_t c)
{
	return (uint8_t)(c - '0') < 10 || (uint8_t)((c | 32) - 'a') < 26;
}

static inline uint8_t to_lower(uint8_t c)
{
	return (uint8_t)(c - 'A') < 26 ? c | 32 : c;
}

/* 0..15, or -1 */
static inline int hex_digit(uint8_t c)
{
	if (is_digit(c))
		return c - '0';
	c |= 32;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}
