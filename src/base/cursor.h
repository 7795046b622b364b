/* SPDX-License-Identifier: Apache-2.0 */
/* cursor.h — the one place where lengths of untrusted bytes are checked.
 * A read past the end sets `bad` for good and yields zeros, so a parser reads a whole
 * structure and asks once. Threads: one owner. Memory: none; results are lent by the input. */
#pragma once
#include "base/bytes.h"

struct cursor {
	const uint8_t *at, *end;
	bool bad;
};

static inline struct cursor cursor_of(struct bytes b)
{
	return (struct cursor){ b.at, b.at ? b.at + b.len : b.at, false };
}

static inline size_t cur_left(const struct cursor *c)
{
	return (size_t)(c->end - c->at);
}

static inline struct bytes cur_take(struct cursor *c, uint64_t n)
{
	struct bytes b = { c->at, (size_t)n };

	if (c->bad || n > cur_left(c)) {
		c->bad = true;
		return (struct bytes){ NULL, 0 };
	}
	c->at += n;
	return b;
}

static inline struct bytes cur_rest(struct cursor *c)
{
	return cur_take(c, c->bad ? 0 : cur_left(c));
}

#define CUR_LE(name, type, n)                                                                      \
	static inline type cur_##name(struct cursor *c)                                            \
	{                                                                                          \
		struct bytes b = cur_take(c, n);                                                   \
		uint64_t v = 0;                                                                    \
		for (size_t i = 0; i < b.len; i++)                                                 \
			v |= (uint64_t)b.at[i] << (8 * i);                                         \
		return (type)v;                                                                    \
	}
#define CUR_BE(name, type, n)                                                                      \
	static inline type cur_##name(struct cursor *c)                                            \
	{                                                                                          \
		struct bytes b = cur_take(c, n);                                                   \
		uint64_t v = 0;                                                                    \
		for (size_t i = 0; i < b.len; i++)                                                 \
			v = v << 8 | b.at[i];                                                      \
		return (type)v;                                                                    \
	}
CUR_LE(u8, uint8_t, 1)
CUR_LE(u16le, uint16_t, 2)
CUR_LE(u32le, uint32_t, 4)
CUR_LE(u64le, uint64_t, 8)
CUR_BE(u16be, uint16_t, 2)
CUR_BE(u32be, uint32_t, 4)
CUR_BE(u64be, uint64_t, 8)
#undef CUR_LE
#undef CUR_BE

/* LEB128, at most ten bytes; a longer one is bad. */
static inline uint64_t cur_varint(struct cursor *c)
{
	uint64_t v = 0;

	for (unsigned shift = 0; shift < 64; shift += 7) {
		uint8_t b = cur_u8(c);

		v |= (uint64_t)(b & 127) << shift;
		if (!(b & 128))
			return c->bad ? 0 : v;
	}
	c->bad = true;
	return 0;
}

/* zigzag of a varint */
static inline int64_t cur_svarint(struct cursor *c)
{
	uint64_t v = cur_varint(c);

	return (int64_t)(v >> 1) ^ -(int64_t)(v & 1);
}
