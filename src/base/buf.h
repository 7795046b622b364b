/* SPDX-License-Identifier: Apache-2.0 */
/* buf.h — a growable buffer of bytes, owned by its holder.
 * Threads: one owner. Memory: grows by half; running out of memory ends the process with one
 * clear line (the supervisor restarts it, the ledger is built to survive it).
 * A zeroed struct buf is an empty buffer. Not for sizes a remote chooses: check a budget first. */
#pragma once
#include "base/bytes.h"

struct buf {
	uint8_t *at;
	size_t len, cap;
};

void *mem_must(void *p); /* p, or ends the process when it is NULL */
void *mem_new(size_t n, size_t size); /* zeroed */

void buf_done(struct buf *b); /* frees the bytes; the buffer is empty and usable again */
void buf_grow(struct buf *b, size_t room); /* out of line part of buf_reserve */

/* Makes sure `room` more bytes fit; the bytes may move. */
static inline uint8_t *buf_reserve(struct buf *b, size_t room)
{
	if (__builtin_expect(b->cap - b->len < room, 0))
		buf_grow(b, room);
	return b->at + b->len;
}

static inline void buf_add(struct buf *b, const void *p, size_t n)
{
	if (n)
		memcpy(buf_reserve(b, n), p, n);
	b->len += n;
}

static inline void buf_bytes(struct buf *b, struct bytes s)
{
	buf_add(b, s.at, s.len);
}

static inline void buf_str(struct buf *b, const char *s)
{
	buf_add(b, s, strlen(s));
}

static inline void buf_u8(struct buf *b, uint8_t v)
{
	*buf_reserve(b, 1) = v;
	b->len++;
}

static inline void buf_u16le(struct buf *b, uint16_t v)
{
	buf_add(b, &v, 2);
}

static inline void buf_u32le(struct buf *b, uint32_t v)
{
	buf_add(b, &v, 4);
}

static inline void buf_u64le(struct buf *b, uint64_t v)
{
	buf_add(b, &v, 8);
}

/* LEB128 */
static inline void buf_varint(struct buf *b, uint64_t v)
{
	uint8_t *p = buf_reserve(b, 10), *q = p;

	for (; v >= 128; v >>= 7)
		*q++ = (uint8_t)(v | 128);
	*q++ = (uint8_t)v;
	b->len += (size_t)(q - p);
}

/* zigzag */
static inline void buf_svarint(struct buf *b, int64_t v)
{
	buf_varint(b, ((uint64_t)v << 1) ^ (uint64_t)(v >> 63));
}

void buf_printf(struct buf *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void buf_time(struct buf *b, int64_t usec); /* RFC 3339, UTC, microseconds if not whole ms */

static inline struct bytes buf_view(const struct buf *b) /* lent until the next change */
{
	return bytes_of(b->at, b->len);
}

/* NUL-terminated view, lent until the next change. */
const char *buf_cstr(struct buf *b);

static inline void buf_clear(struct buf *b)
{
	b->len = 0;
}

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "on-disk integers are little-endian");
