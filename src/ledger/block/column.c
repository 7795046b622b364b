/* SPDX-License-Identifier: Apache-2.0 */
#include "ledger/block/column.h"
#include <stdlib.h>

enum { KIND_CONST, KIND_PACK, KIND_PLANES, KIND_RUNS, KIND_DELTA = 16, KIND_SCALE = 32 };

#define COLUMN_LEVEL 1 /* zstd: entropy coding is nearly all that helps on planes */
#define COLUMN_SMALL 256u /* packed bytes below which a frame of its own does not pay */

void column_coder_done(struct column_coder *c)
{
	ZSTD_freeCCtx(c->z);
	buf_done(&c->planes);
	buf_done(&c->packed);
	free(c->delta);
	*c = (struct column_coder){ 0 };
}

static unsigned bits_of(uint64_t v)
{
	return v ? 64 - (unsigned)__builtin_clzll(v) : 0;
}

static uint64_t zigzag(int64_t v)
{
	return (uint64_t)v << 1 ^ (uint64_t)(v >> 63);
}

/* Wrapping difference: exact for any two values, undone by a wrapping sum. */
static int64_t minus(int64_t a, int64_t b)
{
	return (int64_t)((uint64_t)a - (uint64_t)b);
}

static int64_t plus(int64_t a, int64_t b)
{
	return (int64_t)((uint64_t)a + (uint64_t)b);
}

struct range {
	int64_t min, max;
};

static struct range range_of(const int64_t *v, size_t n)
{
	struct range r = { v[0], v[0] };

	for (size_t i = 1; i < n; i++) {
		r.min = v[i] < r.min ? v[i] : r.min;
		r.max = v[i] > r.max ? v[i] : r.max;
	}
	return r;
}

static void pack_bits(struct buf *to, const int64_t *v, size_t n, int64_t min, unsigned bits)
{
	uint8_t *p = buf_reserve(to, (n * bits + 7) / 8 + 16);
	unsigned __int128 acc = 0;
	unsigned have = 0;
	size_t k = 0;

	for (size_t i = 0; i < n; i++) {
		acc |= (unsigned __int128)(uint64_t)minus(v[i], min) << have;
		for (have += bits; have >= 32; have -= 32) {
			uint32_t w = (uint32_t)acc;

			memcpy(p + k, &w, 4);
			k += 4;
			acc >>= 32;
		}
	}
	for (; have; have -= have < 8 ? have : 8, acc >>= 8)
		p[k++] = (uint8_t)acc;
	to->len += k;
}

static size_t compress(struct column_coder *c, struct bytes b, struct buf *to)
{
	size_t room = ZSTD_compressBound(b.len), z;

	if (!c->z) {
		c->z = mem_must(ZSTD_createCCtx());
		ZSTD_CCtx_setParameter(c->z, ZSTD_c_compressionLevel, COLUMN_LEVEL);
	}
	buf_clear(to);
	z = ZSTD_compress2(c->z, buf_reserve(to, room), room, b.at, b.len);
	if (ZSTD_isError(z))
		return SIZE_MAX;
	to->len = z;
	return z;
}

static void make_planes(struct buf *to, const int64_t *v, size_t n, int64_t min, unsigned bytes)
{
	uint8_t *p;

	buf_clear(to);
	p = buf_reserve(to, n * bytes);
	for (unsigned b = bytes; b--;) {
		for (size_t i = 0; i < n; i++)
			p[i] = (uint8_t)((uint64_t)minus(v[i], min) >> (8 * b));
		p += n;
	}
	to->len = n * bytes;
}

/* PACK, or PLANES where that is clearly smaller. */
static void encode_plain(struct column_coder *c, const int64_t *v, size_t n, struct buf *ret,
			 bool *ret_large)
{
	struct range r = range_of(v, n);
	unsigned bits = bits_of((uint64_t)minus(r.max, r.min)), bytes = (bits + 7) / 8;
	size_t packed = (n * bits + 7) / 8;

	*ret_large = packed >= COLUMN_SMALL;
	if (*ret_large) {
		make_planes(&c->planes, v, n, r.min, bytes);
		if (compress(c, buf_view(&c->planes), &c->packed) < packed - packed / 32) {
			buf_u8(ret, KIND_PLANES);
			buf_svarint(ret, r.min);
			buf_u8(ret, (uint8_t)bytes);
			buf_varint(ret, c->packed.len);
			buf_bytes(ret, buf_view(&c->packed));
			return;
		}
	}
	buf_u8(ret, KIND_PACK);
	buf_svarint(ret, r.min);
	buf_u8(ret, (uint8_t)bits);
	pack_bits(ret, v, n, r.min, bits);
}

static size_t count_runs(const int64_t *v, size_t n)
{
	size_t runs = 1;

	for (size_t i = 1; i < n; i++)
		runs += v[i] != v[i - 1];
	return runs;
}

static void encode_runs(struct column_coder *c, const int64_t *v, size_t n, size_t runs,
			struct buf *ret, bool *ret_large)
{
	size_t from = 0;

	buf_clear(&c->planes);
	for (size_t i = 1; i <= n; i++) {
		if (i < n && v[i] == v[from])
			continue;
		buf_varint(&c->planes, i - from);
		buf_svarint(&c->planes, v[from]);
		from = i;
	}
	compress(c, buf_view(&c->planes), &c->packed);
	buf_u8(ret, KIND_RUNS);
	buf_varint(ret, runs);
	buf_varint(ret, c->packed.len);
	buf_bytes(ret, buf_view(&c->packed));
	*ret_large = c->packed.len >= COLUMN_SMALL;
}

/* Do differences of neighbours need clearly fewer bits than the values do? */
static bool delta_pays(const int64_t *v, size_t n, int64_t min)
{
	size_t step = n > 4096 ? n / 2048 : 1, plain = 0, delta = 0;

	for (size_t i = 1; i < n; i += step) {
		plain += bits_of((uint64_t)minus(v[i], min));
		delta += bits_of(zigzag(minus(v[i], v[i - 1])));
	}
	return delta + delta / 8 < plain;
}

/* 1000000, 1000 or 1: stamps of whole seconds or milliseconds. */
static int64_t scale_of(const int64_t *v, size_t n)
{
	int64_t scale = 1000000;

	for (size_t i = 0; i < n && scale > 1; i++)
		while (v[i] % scale)
			scale /= 1000;
	return scale;
}

static int64_t *delta_room(struct column_coder *c, size_t n)
{
	if (c->delta_cap < n) {
		free(c->delta);
		c->delta = mem_new(n, sizeof(*c->delta));
		c->delta_cap = n;
	}
	return c->delta;
}

void column_encode(struct column_coder *c, const int64_t *v, size_t n, struct buf *ret,
		   bool *ret_large)
{
	struct range r;
	int64_t *d, scale;
	size_t runs;

	*ret_large = false;
	if (!n)
		return;
	r = range_of(v, n);
	if (r.min == r.max) {
		buf_u8(ret, KIND_CONST);
		buf_svarint(ret, r.min);
		return;
	}
	runs = count_runs(v, n);
	if (runs * 8 < n) {
		encode_runs(c, v, n, runs, ret, ret_large);
		return;
	}
	if (!delta_pays(v, n, r.min)) {
		encode_plain(c, v, n, ret, ret_large);
		return;
	}
	d = delta_room(c, n);
	for (size_t i = 1; i < n; i++)
		d[i - 1] = minus(v[i], v[i - 1]);
	scale = scale_of(d, n - 1);
	if (scale > 1)
		for (size_t i = 0; i + 1 < n; i++)
			d[i] /= scale;
	buf_u8(ret, (uint8_t)(KIND_DELTA | (scale > 1 ? KIND_SCALE : 0)));
	if (scale > 1)
		buf_varint(ret, (uint64_t)scale);
	buf_svarint(ret, v[0]);
	encode_plain(c, d, n - 1, ret, ret_large);
}

static void unpack_bits(struct bytes b, size_t n, int64_t min, unsigned bits, int64_t *ret)
{
	size_t safe = b.len >= 16 ? b.len - 16 : 0;
	uint64_t mask = bits == 64 ? UINT64_MAX : ((uint64_t)1 << bits) - 1;

	for (size_t i = 0; i < n; i++) {
		size_t bit = i * bits, at = bit >> 3;
		unsigned __int128 w = 0;

		if (at < safe) {
			memcpy(&w, b.at + at, sizeof(w));
		} else {
			for (size_t k = 0; k < 9 && at + k < b.len; k++)
				w |= (unsigned __int128)b.at[at + k] << (8 * k);
		}
		ret[i] = plus((int64_t)((uint64_t)(w >> (bit & 7)) & mask), min);
	}
}

static void decode_planes(struct cursor *cur, size_t n, int64_t *ret)
{
	int64_t min = cur_svarint(cur);
	unsigned bytes = cur_u8(cur);
	struct bytes z = cur_take(cur, cur_varint(cur));
	uint8_t *p;
	size_t got;

	if (cur->bad || bytes < 1 || bytes > 8) {
		cur->bad = true;
		return;
	}
	p = mem_must(malloc(n * bytes));
	got = ZSTD_decompress(p, n * bytes, z.at, z.len);
	if (got != n * bytes) {
		cur->bad = true;
	} else if (bytes == 1) {
		for (size_t i = 0; i < n; i++)
			ret[i] = plus(p[i], min);
	} else {
		for (size_t i = 0; i < n; i++) {
			uint64_t v = 0;

			for (unsigned b = 0; b < bytes; b++)
				v = v << 8 | p[b * n + i];
			ret[i] = plus((int64_t)v, min);
		}
	}
	free(p);
}

static void decode_runs(struct cursor *cur, size_t n, int64_t *ret)
{
	uint64_t runs = cur_varint(cur);
	struct bytes z = cur_take(cur, cur_varint(cur));
	struct cursor c;
	uint8_t *p;
	size_t got, at = 0;

	if (cur->bad || runs > n) {
		cur->bad = true;
		return;
	}
	p = mem_must(malloc((size_t)runs * 20 + 1));
	got = ZSTD_decompress(p, (size_t)runs * 20, z.at, z.len);
	c = cursor_of(bytes_of(p, ZSTD_isError(got) ? 0 : got));
	for (uint64_t k = 0; k < runs && !c.bad; k++) {
		uint64_t len = cur_varint(&c);
		int64_t v = cur_svarint(&c);

		if (len > n - at)
			c.bad = true;
		else
			for (size_t end = at + (size_t)len; at < end; at++)
				ret[at] = v;
	}
	if (c.bad || at != n || cur_left(&c))
		cur->bad = true;
	free(p);
}

static void decode_body(struct cursor *cur, size_t n, int64_t *ret)
{
	uint8_t kind = cur_u8(cur);

	if (kind == KIND_CONST) {
		int64_t v = cur_svarint(cur);

		for (size_t i = 0; i < n; i++)
			ret[i] = v;
	} else if (kind == KIND_PACK) {
		int64_t min = cur_svarint(cur);
		unsigned bits = cur_u8(cur);

		if (bits > 64) {
			cur->bad = true;
		} else {
			struct bytes b = cur_take(cur, (n * bits + 7) / 8);

			if (!cur->bad)
				unpack_bits(b, n, min, bits, ret);
		}
	} else if (kind == KIND_PLANES) {
		decode_planes(cur, n, ret);
	} else if (kind == KIND_RUNS) {
		decode_runs(cur, n, ret);
	} else {
		cur->bad = true;
	}
}

void column_decode(struct cursor *cur, size_t n, int64_t *ret)
{
	uint8_t kind = cur_left(cur) && !cur->bad ? *cur->at : 0;
	int64_t scale = 1;

	if (!n)
		return;
	if (!(kind & KIND_DELTA)) {
		decode_body(cur, n, ret);
		goto out;
	}
	cur_u8(cur);
	if (kind & ~(KIND_DELTA | KIND_SCALE))
		cur->bad = true;
	if (kind & KIND_SCALE)
		scale = (int64_t)cur_varint(cur);
	ret[0] = cur_svarint(cur);
	if (n > 1 && !cur->bad)
		decode_body(cur, n - 1, ret + 1);
	if (!cur->bad)
		for (size_t i = 1; i < n; i++)
			ret[i] = plus(ret[i - 1], (int64_t)((uint64_t)ret[i] * (uint64_t)scale));
out:
	if (cur->bad)
		memset(ret, 0, n * sizeof(*ret));
}

bool column_is_const(const struct cursor *cur, int64_t *ret)
{
	struct cursor c = *cur;

	if (cur_u8(&c) != KIND_CONST || c.bad)
		return false;
	*ret = cur_svarint(&c);
	return !c.bad;
}

static void skip_body(struct cursor *cur, size_t n)
{
	uint8_t kind = cur_u8(cur);

	if (kind == KIND_CONST) {
		cur_svarint(cur);
	} else if (kind == KIND_PACK) {
		unsigned bits;

		cur_svarint(cur);
		bits = cur_u8(cur);
		cur_take(cur, bits > 64 ? UINT64_MAX : (n * bits + 7) / 8);
	} else if (kind == KIND_PLANES) {
		cur_svarint(cur);
		cur_u8(cur);
		cur_take(cur, cur_varint(cur));
	} else if (kind == KIND_RUNS) {
		cur_varint(cur);
		cur_take(cur, cur_varint(cur));
	} else {
		cur->bad = true;
	}
}

void column_skip(struct cursor *cur, size_t n)
{
	uint8_t kind = cur_left(cur) && !cur->bad ? *cur->at : 0;

	if (!n)
		return;
	if (!(kind & KIND_DELTA)) {
		skip_body(cur, n);
		return;
	}
	cur_u8(cur);
	if (kind & KIND_SCALE)
		cur_varint(cur);
	cur_svarint(cur);
	if (n > 1)
		skip_body(cur, n - 1);
}
