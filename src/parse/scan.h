/* SPDX-License-Identifier: Apache-2.0 */
/* scan.h — the small steps every parser takes over a struct bytes that shrinks from the front.
 * All lengths are checked here; a parser never adds to a pointer by itself.
 * In/Out: borrowed bytes. Threads: pure functions. Memory: none. */
#pragma once
#include "base/bytes.h"
#ifdef __SSE2__
#include <emmintrin.h>
#endif

/* Offset of the first c, or b.len. Words of a log line are short, so a call of memchr() would
 * cost more than what it finds. */
static inline size_t scan_chr(struct bytes b, uint8_t c)
{
	size_t i = 0;
#ifdef __SSE2__
	const __m128i want = _mm_set1_epi8((char)c);

	for (; i + 16 <= b.len; i += 16) {
		__m128i v = _mm_loadu_si128((const __m128i *)(const void *)(b.at + i));
		unsigned hit = (unsigned)_mm_movemask_epi8(_mm_cmpeq_epi8(v, want));

		if (hit)
			return i + (size_t)__builtin_ctz(hit);
	}
#endif
	while (i < b.len && b.at[i] != c)
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
	while (b->len && (b->at[0] == ' ' || b->at[0] == '\t'))
		scan_skip(b, 1);
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
	size_t n = 0;

	while (n < b->len && is_digit(b->at[n]))
		n++;
	struct bytes d = scan_head(*b, n);

	scan_skip(b, n);
	return d;
}

/* "12", "0.25", "-1", "+3": a number as written, or nothing. */
static inline struct bytes scan_decimal(struct bytes *b)
{
	struct bytes all = *b;
	size_t n = scan_at(*b, 0) == '-' || scan_at(*b, 0) == '+';
	size_t sign = n;

	while (n < b->len && is_digit(b->at[n]))
		n++;
	if (n == sign)
		return scan_head(all, 0);
	if (n + 1 < b->len && b->at[n] == '.' && is_digit(b->at[n + 1])) {
		for (n++; n < b->len && is_digit(b->at[n]);)
			n++;
	}
	scan_skip(b, n);
	return scan_head(all, n);
}

static inline bool scan_all_digits(struct bytes b)
{
	size_t n = 0;

	while (n < b.len && is_digit(b.at[n]))
		n++;
	return b.len && n == b.len;
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
#define FIND(b, lit) bytes_find((b), BYTES(lit))
#define HAS(b, lit) (bytes_find((b), BYTES(lit)) != BYTES_NONE)
#define LAST(b, lit) scan_last((b), BYTES(lit))

/* The value of a word "key=value" in a list of such words: up to the next blank. Key holds its
 * equals sign and is found only at the start or behind a blank. */
static inline bool scan_key(struct bytes b, struct bytes key, struct bytes *ret)
{
	struct bytes rest = b;
	size_t at;

	while ((at = bytes_find(rest, key)) != BYTES_NONE) {
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
