/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_segment.c — a log-ahead file as it may be found after a crash or harm. The checksums of the
 * input are made good first, so that what lies behind them is reached: the first byte says whether.
 */
#include "base/hash.h"
#include "ledger/positions.h"
#include "ledger/segment.h"
#include "ledger/wal_frame.h"
#include <assert.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int read_positions(void *ctx, struct bytes b)
{
	(void)positions_read(ctx, b, 0, 1000);
	return 0;
}

/* Header and frames get the sums that they should have. */
static void mend(uint8_t *b, size_t len)
{
	uint64_t sum, salt;
	size_t at = SEGMENT_HEADER;

	if (len < SEGMENT_HEADER)
		return;
	memcpy(b, SEGMENT_MAGIC, 8);
	sum = checksum64(bytes_of(b, 56));
	memcpy(b + 56, &sum, 8);
	memcpy(&salt, b + 40, 8);
	while (len - at >= WAL_FRAME_HEADER + 8) {
		uint32_t records, positions;
		uint64_t all;

		memcpy(&records, b + at + 20, 4);
		memcpy(&positions, b + at + 24, 4);
		all = ((uint64_t)WAL_FRAME_HEADER + records + positions + 7) & ~7ull;
		if (all + 8 > len - at)
			break;
		sum = hash_fast(bytes_of(b + at, (size_t)all), salt);
		memcpy(b + at + all, &sum, 8);
		at += (size_t)all + 8;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct positions *p;
	struct segment *s;
	struct why why;
	uint64_t bytes = 0, next = 0;
	uint8_t *copy;
	int fd;

	if (!size || size > 1 << 20)
		return 0;
	copy = malloc(size);
	if (!copy)
		abort();
	memcpy(copy, data + 1, size - 1);
	if (data[0] & 1)
		mend(copy, size - 1);
	fd = memfd_create("segment", MFD_CLOEXEC);
	if (fd < 0 || write(fd, copy, size - 1) < 0)
		abort();
	if (!segment_open_fd(&s, fd, &why)) {
		for (uint32_t i = 0; i < segment_count(s); i++) {
			struct record r;

			segment_record(s, i, &r);
			assert(segment_leaf(s, i).len == r.raw.len + sizeof(struct leaf_head));
			assert(r.seq >= next);
			next = r.seq + 1;
			bytes += r.raw.len;
		}
		assert(bytes == segment_raw_bytes(s));
		assert(segment_end(s)->end <= segment_end(s)->size);
		segment_damaged(s, &why);
		p = positions_new();
		segment_positions(s, read_positions, p);
		positions_free(p);
		segment_free(s);
	}
	close(fd);
	free(copy);
	return 0;
}
