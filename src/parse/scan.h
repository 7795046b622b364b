/* SPDX-License-Identifier: Apache-2.0 */
/* scan.h — the small steps every parser takes over a struct bytes that shrinks from the front.
 * All lengths are checked here; a parser never adds to a pointer by itself.
 * In/Out: borrowed bytes. Threads: pure functions. Memory: none. */
#pragma once
#include "base/bytes.h"
#ifdef __SSE2__
#include <emmintrin.h>
#endif

static inline uint64_t scan_load8(const uint8_t *p)
{
	uint64_t v;

	memcpy(&v, p, 8);
	return v;
}

/* Where in eight bytes the first one that equals c is, as a bit; 0 where none is. */
static inline uint64_t scan_8(const uint8_t *p, uint8_t c)
{
	uint64_t v = scan_load8(p) ^ 0x0101010101010101 * (uint64_t)c;

	return (v - 0x0101010101010101) & ~v & 0x8080808080808080;
}

/* Offset of the first c, or b.len. Words of a log line are short, so a call of memchr() would
 * cost more than what it finds. */
static inline size_t scan_chr(struct bytes b, uint8_t c)
{
	size_t i = 0;
	uint64_t m;

#ifdef __SSE2__
	const __m128i want = _mm_set1_epi8((char)c);

	for (; b.len - i >= 16; i += 16) {
		__m128i v = _mm_loadu_si128((const __m128i *)(const void *)(b.at + i));
		unsigned hit = (unsigned)_mm_movemask_epi8(_mm_cmpeq_epi8(v, want));

		if (hit)
			return i + (size_t)__builtin_ctz(hit);
	}
#endif
	for (; b.len - i >= 8; i += 8)
		if ((m = scan_8(b.at + i, c)))
			return i + (size_t)__builtin_ctzll(m) / 8;
	if (b.len >= 8 && i < b.len) { /* the last bytes, with some before them once more */
		m = scan_8(b.at + b.len - 8, c);
		return m ? b.len - 8 + (size_t)__builtin_ctzll(m) / 8 : b.len;
	}
	while (i < b.len && b.at[i] != c)
		i++;
	return i;
}

/* The same for the first of two. */
static inline size_t scan_either(struct bytes b, uint8_t c, uint8_t d)
{
	size_t i = 0;

#ifdef __SSE2__
	const __m128i one = _mm_set1_epi8((char)c), two = _mm_set1_epi8((char)d);

	for (; b.len - i >= 16; i += 16) {
		__m128i v = _mm_loadu_si128((const __m128i *)(const void *)(b.at + i));
		unsigned hit = (unsigned)_mm_movemask_epi8(
			_mm_or_si128(_mm_cmpeq_epi8(v, one), _mm_cmpeq_epi8(v, two)));

		if (hit)
			return i + (size_t)__builtin_ctz(hit);
	}
#endif
	while (i < b.len && b.at[i] != c && b.at[i] != d)
		i++;
	return i;
}

/* Offset of the last c, or b.len. */
static inline size_t scan_last_chr(struct bytes b, uint8_t c)
{
	size_t n = b.len;

#ifdef __SSE2__
	const __m128i want = _mm_set1_epi8((char)c);

	for (; n >= 16; n -= 16) {
		__m128i v = _mm_loadu_si128((const __m128i *)(const void *)(b.at + n - 16));
		unsigned hit = (unsigned)_mm_movemask_epi8(_mm_cmpeq_epi8(v, want));

		if (hit)
			return n - 1 - ((unsigned)__builtin_clz(hit) - 16);
	}
#endif
	while (n > 0)
		if (b.at[--n] == c)
			return n;
	return b.len;
}

/* Bit i: byte i of 64 is c or d. */
static inline uint64_t scan_mask64(const uint8_t *p, uint8_t c, uint8_t d)
{
	uint64_t mask = 0;

#ifdef __SSE2__
	const __m128i one = _mm_set1_epi8((char)c), two = _mm_set1_epi8((char)d);

	for (int i = 0; i < 64; i += 16) {
		__m128i v = _mm_loadu_si128((const __m128i *)(const void *)(p + i));
		unsigned hit = (unsigned)_mm_movemask_epi8(
			_mm_or_si128(_mm_cmpeq_epi8(v, one), _mm_cmpeq_epi8(v, two)));

		mask |= (uint64_t)hit << i;
	}
#else
	for (int i = 0; i < 64; i++)
		mask |= (uint64_t)(p[i] == c || p[i] == d) << i;
#endif
	return mask;
}

/* How many digits stand at the front. */
static inline size_t scan_digit_run(struct bytes b)
{
	size_t i = 0;

	for (; b.len - i >= 8; i += 8) {
		uint64_t v = scan_load8(b.at + i) ^ 0x3030303030303030;
		uint64_t other = (v | (v + 0x7676767676767676)) & 0x8080808080808080;

		if (other)
			return i + (size_t)__builtin_ctzll(other) / 8;
	}
	while (i < b.len && is_digit(b.at[i]))
		i++;
	return i;
}

static inline struct bytes scan_head(struct bytes b, size_t n) /* the first n bytes, clamped */
{
	return bytes_of(b.at, n < b.len ? n : b.len);
}

static inline void scan_skip(struct bytes *b, size_t n)
{
	if (n > b->len)
		n = b->len;
	if (n) {
		b->at += n;
		b->len -= n;
	}
}

static inline bool scan_is(struct bytes b, uint8_t c) /* begins with c */
{
	return b.len && b.at[0] == c;
}

static inline uint8_t scan_at(struct bytes b, size_t i) /* byte i, or NUL past the end */
{
	return i < b.len ? b.at[i] : 0;
}

static inline bool scan_digit(struct bytes b) /* begins with a digit */
{
	return b.len && is_digit(b.at[0]);
}

static inline bool scan_take_chr(struct bytes *b, uint8_t c)
{
	if (!scan_is(*b, c))
		return false;
	scan_skip(b, 1);
	return true;
}

static inline bool scan_take_lit(struct bytes *b, struct bytes lit)
{
	if (b->len < lit.len || memcmp(b->at, lit.at, lit.len))
		return false;
	scan_skip(b, lit.len);
	return true;
}
#define TAKE(b, lit) scan_take_lit((b), BYTES(lit))
#define STARTS(b, lit) bytes_starts((b), BYTES(lit))
#define ENDS(b, lit) bytes_ends((b), BYTES(lit))
#define IS(b, lit) bytes_eq((b), BYTES(lit))

static inline void scan_blanks(struct bytes *b)
{
	size_t n = 0;

	while (n < b->len && (b->at[n] == ' ' || b->at[n] == '\t'))
		n++;
	scan_skip(b, n);
}

/* The text before c, which is consumed too. False, and nothing moved, where there is no c. */
static inline bool scan_take_to(struct bytes *b, uint8_t c, struct bytes *ret)
{
	size_t n = scan_chr(*b, c);

	if (n == b->len)
		return false;
	*ret = scan_head(*b, n);
	scan_skip(b, n + 1);
	return true;
}

/* The text up to a blank or the end; one blank is consumed. */
static inline struct bytes scan_word(struct bytes *b)
{
	size_t n = scan_chr(*b, ' ');
	struct bytes w = scan_head(*b, n);

	scan_skip(b, n + 1);
	return w;
}

static inline struct bytes scan_digits(struct bytes *b) /* may be empty */
{
	struct bytes d = bytes_of(b->at, scan_digit_run(*b));

	scan_skip(b, d.len);
	return d;
}

/* "12", "0.25", "-1", "+3": a number as written, or nothing. */
static inline struct bytes scan_decimal(struct bytes *b)
{
	struct bytes all = *b;
	size_t sign = scan_at(*b, 0) == '-' || scan_at(*b, 0) == '+', n = sign;

	while (n < all.len && is_digit(all.at[n]))
		n++;
	if (n == sign)
		return scan_head(all, 0);
	if (n + 1 < all.len && all.at[n] == '.' && is_digit(all.at[n + 1]))
		for (n += 2; n < all.len && is_digit(all.at[n]);)
			n++;
	scan_skip(b, n);
	return scan_head(all, n);
}

static inline bool scan_all_digits(struct bytes b)
{
	return b.len && scan_digit_run(b) == b.len;
}

/* "name" or nothing: without the quotes around it. */
static inline struct bytes scan_unquote(struct bytes b)
{
	if (b.len >= 2 && b.at[0] == b.at[b.len - 1] && (b.at[0] == '"' || b.at[0] == '\''))
		return bytes_sub(b, 1, b.len - 2);
	return b;
}

/* Offset of the last needle (of at least one byte), or BYTES_NONE. */
static inline size_t scan_last(struct bytes b, struct bytes needle)
{
	for (size_t i = b.len < needle.len ? 0 : b.len - needle.len + 1; i-- > 0;)
		if (b.at[i] == needle.at[0] && !memcmp(b.at + i, needle.at, needle.len))
			return i;
	return BYTES_NONE;
}

/* Offset of the first needle (of at least one byte), or BYTES_NONE: as bytes_find(), made for
 * texts of some hundred bytes, where memmem() is still getting ready. */
size_t scan_find(struct bytes b, struct bytes needle);
#define FIND(b, lit) scan_find((b), BYTES(lit))
#define HAS(b, lit) (scan_find((b), BYTES(lit)) != BYTES_NONE)
#define LAST(b, lit) scan_last((b), BYTES(lit))

/* The value of a word "key=value" in a list of such words: up to the next blank. Key holds its
 * equals sign and is found only at the start or behind a blank. */
static inline bool scan_key(struct bytes b, struct bytes key, struct bytes *ret)
{
	struct bytes rest = b;
	size_t at;

	while ((at = scan_find(rest, key)) != BYTES_NONE) {
		bool word = rest.at + at == b.at || rest.at[at - 1] == ' ';

		scan_skip(&rest, at + key.len);
		if (word) {
			*ret = scan_head(rest, scan_chr(rest, ' '));
			return true;
		}
	}
	return false;
}
#define KEY(b, key, ret) scan_key((b), BYTES(key), (ret))
