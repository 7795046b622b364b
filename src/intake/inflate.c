/* SPDX-License-Identifier: Apache-2.0 */
#include "intake/inflate.h"
#include "base/buf.h"
#include <lzma.h>
#include <stdlib.h>
#include <zlib.h>
#include <zstd.h>

#define XZ_MEMORY (256ull << 20)

struct inflate {
	enum inflate_kind kind;
	bool inside; /* a member has begun and not ended */
	bool any; /* a member has ended */
	z_stream z;
	lzma_stream xz;
	ZSTD_DStream *zstd;
};

enum inflate_kind inflate_detect(struct bytes first)
{
	if (bytes_starts(first, BYTES("\x1f\x8b")))
		return INFLATE_GZIP;
	if (bytes_starts(first, BYTES("\xfd"
				      "7zXZ\0")))
		return INFLATE_XZ;
	if (bytes_starts(first, BYTES("\x28\xb5\x2f\xfd")))
		return INFLATE_ZSTD;
	return INFLATE_PLAIN;
}

int inflate_new(struct inflate **ret, enum inflate_kind kind)
{
	struct inflate *f = mem_new(1, sizeof(*f));
	bool good = true;

	f->kind = kind;
	if (kind == INFLATE_GZIP)
		good = inflateInit2(&f->z, 15 + 16) == Z_OK;
	else if (kind == INFLATE_XZ)
		good = lzma_stream_decoder(&f->xz, XZ_MEMORY, LZMA_CONCATENATED) == LZMA_OK;
	else if (kind == INFLATE_ZSTD)
		good = (f->zstd = ZSTD_createDStream()) != NULL;
	mem_must(good ? f : NULL);
	*ret = f;
	return 0;
}

struct inflate *inflate_free(struct inflate *f)
{
	if (!f)
		return NULL;
	if (f->kind == INFLATE_GZIP)
		inflateEnd(&f->z);
	else if (f->kind == INFLATE_XZ)
		lzma_end(&f->xz);
	else if (f->kind == INFLATE_ZSTD)
		ZSTD_freeDStream(f->zstd);
	free(f);
	return NULL;
}

static int bad(struct why *why, const char *what, const char *detail)
{
	why_set(why, 0, "damaged %s data: %s", what, detail);
	return INFLATE_BAD;
}

static int cut_off(struct why *why, const char *what)
{
	why_set(why, 0, "the %s data ends too early: the file is cut off", what);
	return INFLATE_BAD;
}

static int gzip_step(struct inflate *f, struct bytes *in, bool last, uint8_t *out, size_t cap,
		     size_t *ret_n, struct why *why)
{
	uInt room = cap > 1u << 30 ? 1u << 30 : (uInt)cap;
	uInt have = in->len > 1u << 30 ? 1u << 30 : (uInt)in->len;
	int r;

	if (!f->inside) {
		/* Between members: zero bytes may follow (tapes had them), anything else is the
		 * next member or damage. */
		while (f->any && in->len && !in->at[0])
			*in = bytes_from(*in, 1);
		if (!in->len) {
			if (!last)
				return 0;
			return f->any ? INFLATE_WHOLE : cut_off(why, "gzip");
		}
		if (f->any && in->at[0] != 0x1f)
			return bad(why, "gzip", "something else follows the compressed data");
		inflateReset(&f->z);
		f->inside = true;
		have = in->len > 1u << 30 ? 1u << 30 : (uInt)in->len;
	}
	f->z.next_in = (Bytef *)(uintptr_t)in->at;
	f->z.avail_in = have;
	f->z.next_out = out;
	f->z.avail_out = room;
	r = inflate(&f->z, Z_NO_FLUSH);
	*in = bytes_from(*in, have - f->z.avail_in);
	*ret_n = room - f->z.avail_out;
	if (r == Z_STREAM_END) {
		f->inside = false;
		f->any = true;
		return 0;
	}
	if (r == Z_OK)
		return 0;
	if (r == Z_BUF_ERROR)
		return last && !in->len && !*ret_n ? cut_off(why, "gzip") : 0;
	return bad(why, "gzip", f->z.msg ? f->z.msg : "it cannot be decoded");
}

static int xz_step(struct inflate *f, struct bytes *in, bool last, uint8_t *out, size_t cap,
		   size_t *ret_n, struct why *why)
{
	bool finish;
	lzma_ret r;

	f->xz.next_in = in->at;
	f->xz.avail_in = in->len;
	f->xz.next_out = out;
	f->xz.avail_out = cap;
	finish = last;
	r = lzma_code(&f->xz, finish ? LZMA_FINISH : LZMA_RUN);
	*in = bytes_from(*in, in->len - f->xz.avail_in);
	*ret_n = cap - f->xz.avail_out;
	switch (r) {
	case LZMA_OK:
		return 0;
	case LZMA_STREAM_END:
		return INFLATE_WHOLE;
	case LZMA_BUF_ERROR:
		return last && !in->len && !*ret_n ? cut_off(why, "xz") : 0;
	case LZMA_MEM_ERROR:
		mem_must(NULL);
		return 0;
	case LZMA_MEMLIMIT_ERROR:
		return bad(why, "xz", "it needs more than 256 MiB of memory to decode");
	case LZMA_FORMAT_ERROR:
		return bad(why, "xz", "something else follows the compressed data");
	default:
		return bad(why, "xz", "it cannot be decoded");
	}
}

static int zstd_step(struct inflate *f, struct bytes *in, bool last, uint8_t *out, size_t cap,
		     size_t *ret_n, struct why *why)
{
	ZSTD_inBuffer ib = { in->at, in->len, 0 };
	ZSTD_outBuffer ob = { out, cap, 0 };
	size_t r;

	if (!in->len && !f->inside) {
		if (!last)
			return 0;
		return f->any ? INFLATE_WHOLE : cut_off(why, "zstd");
	}
	f->inside = true;
	r = ZSTD_decompressStream(f->zstd, &ob, &ib);
	*in = bytes_from(*in, ib.pos);
	*ret_n = ob.pos;
	if (ZSTD_isError(r))
		return bad(why, "zstd", ZSTD_getErrorName(r));
	if (!r) {
		f->inside = false;
		f->any = true;
		return 0;
	}
	if (last && !in->len && !ob.pos && !ib.pos)
		return cut_off(why, "zstd");
	return 0;
}

int inflate_step(struct inflate *f, struct bytes *in, bool last, uint8_t *out, size_t cap,
		 size_t *ret_n, struct why *why)
{
	*ret_n = 0;
	switch (f->kind) {
	case INFLATE_GZIP:
		return gzip_step(f, in, last, out, cap, ret_n, why);
	case INFLATE_XZ:
		return xz_step(f, in, last, out, cap, ret_n, why);
	case INFLATE_ZSTD:
		return zstd_step(f, in, last, out, cap, ret_n, why);
	default:
		break;
	}
	*ret_n = in->len < cap ? in->len : cap;
	if (*ret_n)
		memcpy(out, in->at, *ret_n);
	*in = bytes_from(*in, *ret_n);
	return last && !in->len ? INFLATE_WHOLE : 0;
}
