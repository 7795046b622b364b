/* SPDX-License-Identifier: Apache-2.0 */
#include "ledger/block/text.h"
#include "ledger/block/format.h"

int frame_pack(ZSTD_CCtx *z, struct bytes raw, int level, struct buf *ret)
{
	size_t room = ZSTD_compressBound(raw.len), n;

	ZSTD_CCtx_reset(z, ZSTD_reset_session_and_parameters);
	ZSTD_CCtx_setParameter(z, ZSTD_c_compressionLevel, level);
	ZSTD_CCtx_setParameter(z, ZSTD_c_windowLog,
			       23); /* TEXT_FRAME: all of a frame is in reach */
	ZSTD_CCtx_setParameter(z, ZSTD_c_contentSizeFlag, 0);
	n = ZSTD_compress2(z, buf_reserve(ret, room), room, raw.at, raw.len);
	if (ZSTD_isError(n))
		return -ENOMEM;
	ret->len += n;
	return 0;
}

int frame_unpack(struct bytes frame, size_t raw, struct buf *ret)
{
	size_t n;

	if (!raw && !frame.len)
		return 0;
	n = ZSTD_decompress(buf_reserve(ret, raw + 1), raw, frame.at, frame.len);
	if (ZSTD_isError(n) || n != raw)
		return -EBADMSG;
	ret->len += n;
	return 0;
}

/* Levels by how much there is: at level 9 a small text costs milliseconds, a large one seconds. */
static int level_for(size_t len)
{
	return len <= (size_t)1 << 20 ? 15 : len <= (size_t)4 << 20 ? 9 : 5;
}

int text_pack(ZSTD_CCtx *z, struct bytes text, int level, struct buf *ret)
{
	struct buf frame = { 0 };
	int r = 0;

	if (!text.len)
		return 0;
	buf_varint(ret, text.len);
	for (size_t at = 0; at < text.len && !r; at += TEXT_FRAME) {
		buf_clear(&frame);
		r = frame_pack(z, bytes_sub(text, at, TEXT_FRAME),
			       level ? level : level_for(text.len), &frame);
		buf_varint(ret, frame.len);
		buf_bytes(ret, buf_view(&frame));
	}
	buf_done(&frame);
	return r;
}

int text_unpack(struct bytes packed, uint64_t limit, struct buf *ret)
{
	struct cursor c = cursor_of(packed);
	uint64_t left;
	int r = 0;

	if (!packed.len)
		return 0;
	left = cur_varint(&c);
	if (c.bad || left > limit)
		return -EBADMSG;
	while (left && !r) {
		size_t n = left < TEXT_FRAME ? (size_t)left : TEXT_FRAME;
		struct bytes frame = cur_take(&c, cur_varint(&c));

		r = c.bad ? -EBADMSG : frame_unpack(frame, n, ret);
		left -= n;
	}
	return r ? r : cur_left(&c) ? -EBADMSG : 0;
}
