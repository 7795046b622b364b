/* SPDX-License-Identifier: Apache-2.0 */
#include "ledger/block/ids.h"
#include "base/cursor.h"

#define ID_BITS 122u
#define LOW_BITS 62u

static bool is_v4(const struct uuid *id)
{
	return id->at[6] >> 4 == 4 && id->at[8] >> 6 == 2;
}

static unsigned __int128 squeeze(const struct uuid *id)
{
	uint64_t hi, lo;

	memcpy(&hi, id->at, 8);
	memcpy(&lo, id->at + 8, 8);
	hi = __builtin_bswap64(hi);
	lo = __builtin_bswap64(lo);
	hi = hi >> 16 << 12 | (hi & 0xfff);
	return (unsigned __int128)hi << LOW_BITS | (lo & (UINT64_MAX >> 2));
}

static void expand(unsigned __int128 v, struct uuid *ret)
{
	uint64_t hi = (uint64_t)(v >> LOW_BITS) & (UINT64_MAX >> 4);
	uint64_t lo = ((uint64_t)v & (UINT64_MAX >> 2)) | 2ull << 62;

	hi = hi >> 12 << 16 | 4u << 12 | (hi & 0xfff);
	hi = __builtin_bswap64(hi);
	lo = __builtin_bswap64(lo);
	memcpy(ret->at, &hi, 8);
	memcpy(ret->at + 8, &lo, 8);
}

static size_t packed_len(uint32_t n)
{
	return ((size_t)n * ID_BITS + 7) / 8;
}

void ids_pack(const struct uuid *id, uint32_t n, struct buf *ret)
{
	bool all = true;
	uint8_t *p;

	if (!n)
		return;
	for (uint32_t i = 0; i < n && all; i++)
		all = is_v4(&id[i]);
	buf_u8(ret, all);
	if (!all) {
		buf_add(ret, id, n * sizeof(*id));
		return;
	}
	buf_varint(ret, n);
	p = buf_reserve(ret, packed_len(n) + 24);
	memset(p, 0, packed_len(n) + 24);
	for (uint32_t i = 0; i < n; i++) {
		size_t bit = (size_t)i * ID_BITS;
		unsigned __int128 v = squeeze(&id[i]), had;
		unsigned shift = bit & 7;

		memcpy(&had, p + bit / 8, 16);
		had |= v << shift;
		memcpy(p + bit / 8, &had, 16);
		if (shift > 6) /* 122 + 7 bits: one over */
			p[bit / 8 + 16] = (uint8_t)(v >> (128 - shift));
	}
	ret->len += packed_len(n);
}

bool ids_count(struct bytes packed, uint32_t *ret)
{
	struct cursor c = cursor_of(packed);
	uint64_t n;

	*ret = 0;
	if (!packed.len)
		return true;
	if (cur_u8(&c)) {
		n = cur_varint(&c);
		if (c.bad || n > UINT32_MAX / ID_BITS || packed.at[0] > 1 ||
		    cur_left(&c) != packed_len((uint32_t)n))
			return false;
	} else {
		n = cur_left(&c) / 16;
		if (cur_left(&c) % 16 || n > UINT32_MAX / ID_BITS)
			return false;
	}
	*ret = (uint32_t)n;
	return true;
}

void ids_unpack(struct bytes packed, uint32_t n, struct uuid *ret)
{
	struct cursor c = cursor_of(packed);
	struct bytes bits;

	if (!n)
		return;
	if (!cur_u8(&c)) {
		memcpy(ret, c.at, n * sizeof(*ret));
		return;
	}
	cur_varint(&c);
	bits = cur_rest(&c);
	for (uint32_t i = 0; i < n; i++) {
		size_t bit = (size_t)i * ID_BITS, at = bit / 8, have = bits.len - at;
		unsigned __int128 v = 0;
		unsigned shift = bit & 7;

		memcpy(&v, bits.at + at, have < 16 ? have : 16);
		v >>= shift;
		if (shift > 6)
			v |= (unsigned __int128)bits.at[at + 16] << (128 - shift);
		expand(v, &ret[i]);
	}
}
