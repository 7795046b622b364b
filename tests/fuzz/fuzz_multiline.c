/* SPDX-License-Identifier: Apache-2.0 */
/* Lines and joined records: the same however the file grows, and every byte comes back.
 * Input: u8 seed of the splits, u8 limits, the file. */
#include "base/buf.h"
#include "intake/lines.h"
#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void run(struct bytes in, const struct lines_limits *limits, uint32_t seed,
		struct buf *records, struct buf *back)
{
	size_t at = 0, have = seed ? 0 : in.len;
	struct lines l = { 0 };
	struct line line;
	bool cut = false;

	for (;;) {
		bool end = have == in.len;

		while (!lines_next(&l, limits, bytes_of(in.at + at, have - at),
				   end ? LINES_END : LINES_WAIT, &line)) {
			assert(line.used && line.used <= have - at);
			assert(!!(line.flags & RECORD_CONT) == cut);
			cut = (line.flags & RECORD_END_MASK) == END_CUT;
			at += line.used;
			buf_u32le(records, line.flags);
			buf_u32le(records, (uint32_t)line.raw.len);
			buf_bytes(back, line.raw);
			if ((line.flags & RECORD_END_MASK) == END_LF)
				buf_u8(back, '\n');
		}
		if (end)
			break;
		assert(have - at < lines_view(limits));
		seed = seed * 1664525u + 1013904223u;
		have += 1 + (seed >> 16) % 31;
		if (have > in.len)
			have = in.len;
	}
	assert(at == in.len);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct buf a = { 0 }, b = { 0 }, back = { 0 };
	struct lines_limits limits;
	struct bytes in;

	if (size < 2)
		return 0;
	limits = (struct lines_limits){ .record = 1 + (size_t)(data[1] & 15) * 40,
					.joined = 1 + (size_t)(data[1] >> 4) * 100,
					.joined_lines = data[1] & 1 ? 5 : 1000 };
	in = bytes_of(data + 2, size - 2);
	run(in, &limits, 0, &a, &back);
	assert(bytes_eq(buf_view(&back), in));
	buf_clear(&back);
	run(in, &limits, data[0] + 1u, &b, &back);
	assert(bytes_eq(buf_view(&back), in));
	assert(bytes_eq(buf_view(&a), buf_view(&b)));
	buf_done(&a);
	buf_done(&b);
	buf_done(&back);
	return 0;
}
