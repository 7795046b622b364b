/* SPDX-License-Identifier: Apache-2.0 */
#include "base/bytes.h"

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

size_t bytes_ifind(struct bytes b, struct bytes needle)
{
	if (!needle.len)
		return 0;
	for (size_t i = 0; i + needle.len <= b.len; i++)
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
