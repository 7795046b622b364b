/* SPDX-License-Identifier: Apache-2.0 */
/* text.h — the rows of a block that are kept as text: their bytes with a newline after each, cut
 * into pieces of TEXT_FRAME bytes, each a zstd frame.
 *   varint raw length, then for each frame: varint length, frame
 * Threads: pure. */
#pragma once
#include "base/buf.h"
#include "base/err.h"
#include <zstd.h>

/* level 0: chosen by size, so that small blocks cost little disk and large ones little time. */
int text_pack(ZSTD_CCtx *z, struct bytes text, int level, struct buf *ret);
/* The whole text, appended to ret; -EBADMSG when damaged. limit bounds what it may grow to. */
int text_unpack(struct bytes packed, uint64_t limit, struct buf *ret);
/* One zstd frame: `raw` must be its exact length. */
int frame_unpack(struct bytes frame, size_t raw, struct buf *ret);
int frame_pack(ZSTD_CCtx *z, struct bytes raw, int level, struct buf *ret);
