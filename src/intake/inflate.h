/* SPDX-License-Identifier: Apache-2.0 */
/* inflate.h — gzip, xz and zstd as streams; several members after one another are one stream.
 * In: compressed bytes from outside. Out: bytes into the caller's buffer, never more than it holds,
 * so a bomb is only a long stream. Threads: one owner. Memory: the decoder's window: 128 MiB at
 * most for zstd, 256 MiB for xz (files that want more are refused). */
#pragma once
#include "base/bytes.h"
#include "base/err.h"

enum inflate_kind { INFLATE_PLAIN, INFLATE_GZIP, INFLATE_XZ, INFLATE_ZSTD };
enum { INFLATE_WHOLE = 1, INFLATE_BAD = 2 };

struct inflate;

/* By the first bytes (6 are enough); PLAIN when they are none of the others. */
enum inflate_kind inflate_detect(struct bytes first);

int inflate_new(struct inflate **ret, enum inflate_kind kind);
struct inflate *inflate_free(struct inflate *f);

/* Takes from *in (advanced) and writes at most cap bytes. 0: go on (with more input, when nothing
 * came out). INFLATE_WHOLE: `last` was said and the stream is complete. INFLATE_BAD: it is damaged,
 * or ends too early; all that came out before is good. The reason is in `why`. */
int inflate_step(struct inflate *f, struct bytes *in, bool last, uint8_t *out, size_t cap,
		 size_t *ret_n, struct why *why);
