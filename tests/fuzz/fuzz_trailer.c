/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_trailer.c — the end of a block's file, and the bridges of a dropped one. The first byte says
 * whether the footer's length and sum are made good. */
#include "base/hash.h"
#include "ledger/trailer.h"
#include <assert.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void try_bridges(struct bytes b)
{
	struct bridge *all;
	struct hash256 h;
	size_t n;

	if (bridges_read(b, &all, &n))
		return;
	for (size_t i = 0; i < n; i++)
		bridge_group(&all[i], &h);
	free(all);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct trailer t;
	struct buf file = { 0 };
	struct why why;
	int fd;

	if (!size || size > 1 << 16)
		return 0;
	try_bridges(bytes_of(data + 1, size - 1));
	buf_add(&file, data + 1, size - 1);
	if (data[0] & 1) {
		size_t n = file.len < TRAILER_MAX ? file.len : TRAILER_MAX;
		uint32_t sum = (uint32_t)checksum64(bytes_from(buf_view(&file), file.len - n));

		buf_u32le(&file, (uint32_t)n);
		buf_u32le(&file, sum);
		buf_str(&file, data[0] & 2 ? "VDTGONE1" : "VDTBLK01");
	}
	fd = memfd_create("block", MFD_CLOEXEC);
	if (fd < 0 || (file.len && write(fd, file.at, file.len) < 0))
		abort();
	if (!trailer_read(fd, &t, &why)) {
		struct buf b = { 0 };

		assert(trailer_size(&t) >= t.first && t.count);
		assert(t.body_len + t.bytes.len + TRAILER_FOOTER == file.len);
		trailer_write_gone(&t, &b);
		assert(b.len == t.bytes.len + TRAILER_FOOTER);
		buf_done(&b);
		trailer_done(&t);
	}
	close(fd);
	buf_done(&file);
	return 0;
}
