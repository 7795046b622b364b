/* SPDX-License-Identifier: Apache-2.0 */
/* Framing: the same frames however the stream is split, and every byte accounted for.
 * Input: u8 seed of the splits, u8 limit, the stream. */
#include "base/buf.h"
#include "intake/frame.h"
#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void run(struct bytes in, size_t limit, uint32_t seed, struct buf *out)
{
	size_t at = 0, have = seed ? 0 : in.len;
	struct framer f = { 0 };
	struct frame fr;

	for (;;) {
		bool end = have == in.len;
		int r;

		while ((r = frame_next(&f, bytes_of(in.at + at, have - at), limit,
				       end ? FRAME_END : FRAME_WAIT, &fr)) != FRAME_MORE) {
			assert(fr.used <= have - at && fr.used + fr.raw.len > 0);
			assert(fr.raw.len <= limit);
			at += fr.used;
			if (r == FRAME_SKIP)
				continue;
			buf_u32le(out, fr.flags);
			buf_u32le(out, (uint32_t)fr.raw.len);
			buf_bytes(out, fr.raw);
		}
		if (end)
			break;
		/* A view longer than the limit and a count always gives something. */
		assert(have - at <= limit + FRAME_DIGITS + 2);
		seed = seed * 1664525u + 1013904223u;
		have += 1 + (seed >> 16) % 7;
		if (have > in.len)
			have = in.len;
	}
	assert(at == in.len);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct buf whole = { 0 }, parts = { 0 };
	struct bytes in;
	size_t limit;

	if (size < 2)
		return 0;
	limit = 1 + (size_t)data[1] * (data[1] > 200 ? 100 : 1);
	in = bytes_of(data + 2, size - 2);
	run(in, limit, data[0] + 1u, &parts);
	/* At the end of a stream a NUL or a count is decided with less to look at, so only the
	 * frames of a stream that ends like one are compared. */
	if (size > 2 && data[size - 1] == '\n') {
		run(in, limit, 0, &whole);
		assert(bytes_chr(in, 0) != BYTES_NONE ||
		       bytes_eq(buf_view(&whole), buf_view(&parts)));
	}
	buf_done(&whole);
	buf_done(&parts);
	return 0;
}
