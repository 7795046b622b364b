/* SPDX-License-Identifier: Apache-2.0 */
/* What the keeper reads from a hostile intake, and the position blobs both read.
 * Input: u8 which message, its payload. */
#include "intake/batch.h"
#include "intake/position.h"
#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static volatile size_t sink; /* what was read is used */

static size_t touch(struct bytes b)
{
	size_t n = 0;

	for (size_t i = 0; i < b.len; i++)
		n += b.at[i];
	return n;
}

static size_t records(struct cursor c)
{
	struct leaf_head head;
	struct bytes raw;
	size_t n = 0;
	int r;

	while (!(r = batch_next(&c, &head, &raw)))
		n += touch(raw) + head.flags;
	assert(r == BATCH_END || r == BATCH_BAD);
	return n;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct position all[POSITION_FILES];
	struct bytes in, b = { 0 };
	struct source def;
	struct cursor c;
	uint32_t handle;
	size_t n;

	if (!size)
		return 0;
	in = bytes_of(data + 1, size - 1);
	switch (data[0] % 6) {
	case 0:
		if (!batch_source(in, &handle, &def))
			sink = sink + touch(def.host) + touch(def.name);
		break;
	case 1:
		sink = sink + records(cursor_of(in));
		break;
	case 2:
		if (!batch_position(in, &handle, &b))
			sink = sink + touch(b);
		break;
	case 3:
		if (!batch_note(in, &handle, &b))
			sink = sink + touch(b);
		break;
	case 4:
		if (!batch_records_at(in, &handle, &c, &b))
			sink = sink + records(c) + touch(b);
		break;
	default:
		if (position_decode(in, all, &n)) {
			struct buf back = { 0 };

			position_encode(&back, all, n);
			assert(bytes_eq(buf_view(&back), in));
			buf_done(&back);
		}
		break;
	}
	return 0;
}
