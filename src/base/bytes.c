/* SPDX-License-Identifier: Apache-2.0 */
#include "base/bytes.h"
#ifdef __SSE2__
#include <emmintrin.h>
#endif

size_t bytes_chr(struct bytes b, uint8_t c)
{
	const uint8_t *p = b.len ? memchr(b.at, c, b.len) : NULL;

	return p ? (size_t)(p - b.at) : BYTES_NONE;
}

size_t bytes_find(struct bytes b, struct bytes needle)
{
	const uint8_t *p;

	if (!needle.len)
		return 0;
	if (needle.len > b.len)
		return BYTES_NONE;
	p = memmem(b.at, b.len, needle.at, needle.len);
	return p ? (size_t)(p - b.at) : BYTES_NONE;
}

bool bytes_ieq(struct bytes a, struct bytes b)
{
	if (a.len != b.len)
		return false;
	for (size_t i = 0; i < a.len; i++)
		if (to_lower(a.at[i]) != to_lower(b.at[i]))
			return false;
	return true;
}

#ifdef __SSE2__
/* Bytes of a vector that are this letter in either case, or this other byte. */
static __m128i same_letter(const uint8_t *at, uint8_t c)
{
	__m128i v = _mm_loadu_si128((const __m128i *)(const void *)at);
	uint8_t lower = to_lower(c);
	bool letter = (uint8_t)(lower - 'a') < 26;

	return _mm_or_si128(_mm_cmpeq_epi8(v, _mm_set1_epi8((char)lower)),
			    _mm_cmpeq_epi8(v, _mm_set1_epi8((char)(letter ? lower - 32 : lower))));
}

/* Sixteen places at a time, by the first and the last byte of the needle: where it is found, or
 * where too little is left to look so. */
static size_t ifind_wide(struct bytes b, struct bytes needle)
{
	size_t i = 0, last = needle.len - 1;

	for (; b.len >= needle.len + 15 && i <= b.len - needle.len - 15; i += 16) {
		__m128i both = _mm_and_si128(same_letter(b.at + i, needle.at[0]),
					     same_letter(b.at + i + last, needle.at[last]));
		unsigned hit = (unsigned)_mm_movemask_epi8(both);

		for (; hit; hit &= hit - 1) {
			size_t at = i + (size_t)__builtin_ctz(hit);

			if (bytes_ieq(bytes_of(b.at + at, needle.len), needle))
				return at;
		}
	}
	return i;
}
#endif

size_t bytes_ifind(struct bytes b, struct bytes needle)
{
	size_t i = 0;

	if (!needle.len)
		return 0;
#ifdef __SSE2__
	i = ifind_wide(b, needle);
	if (i + needle.len <= b.len && bytes_ieq(bytes_of(b.at + i, needle.len), needle))
		return i;
#endif
	for (; i + needle.len <= b.len; i++)
		if (to_lower(b.at[i]) == to_lower(needle.at[0]) &&
		    bytes_ieq(bytes_of(b.at + i, needle.len), needle))
			return i;
	return BYTES_NONE;
}

int bytes_cmp(struct bytes a, struct bytes b)
{
	size_t n = a.len < b.len ? a.len : b.len;
	int c = n ? memcmp(a.at, b.at, n) : 0;

	return c ? c : (a.len > b.len) - (a.len < b.len);
}

static bool is_blank(uint8_t c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

struct bytes bytes_trim(struct bytes b)
{
	while (b.len && is_blank(b.at[0])) {
		b.at++;
		b.len--;
	}
	while (b.len && is_blank(b.at[b.len - 1]))
		b.len--;
	return b;
}

bool bytes_u64(struct bytes b, uint64_t *ret)
{
	uint64_t v = 0;

	if (!b.len)
		return false;
	for (size_t i = 0; i < b.len; i++) {
		if (!is_digit(b.at[i]) || __builtin_mul_overflow(v, 10, &v) ||
		    __builtin_add_overflow(v, (uint64_t)(b.at[i] - '0'), &v))
			return false;
	}
	*ret = v;
	return true;
}

bool bytes_u32(struct bytes b, uint32_t *ret)
{
	uint64_t v;

	if (!bytes_u64(b, &v) || v > UINT32_MAX)
		return false;
	*ret = (uint32_t)v;
	return true;
}

bool bytes_i64(struct bytes b, int64_t *ret)
{
	bool neg = b.len && b.at[0] == '-';
	uint64_t v;

	if (!bytes_u64(bytes_from(b, neg), &v))
		return false;
	if (v > (uint64_t)INT64_MAX + neg)
		return false;
	*ret = neg ? (int64_t)(0 - v) : (int64_t)v;
	return true;
}
