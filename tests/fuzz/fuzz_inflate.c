/* SPDX-License-Identifier: Apache-2.0 */
/* Archives from outside, as the reader sees them.
 * Input: u8 how they are cut into pieces, the archive. */
#include "intake/inflate.h"
#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static uint8_t out[4096];
	struct why why = { "" };
	struct inflate *f;
	struct bytes all;
	size_t given = 0, total = 0, idle = 0, n;
	int r = 0;

	if (!size)
		return 0;
	all = bytes_of(data + 1, size - 1);
	inflate_new(&f, inflate_detect(all));
	while (!r && total < 1 << 20) {
		size_t piece = 1 + data[0], before;
		struct bytes in = bytes_sub(all, given, piece);
		bool last = given + in.len == all.len;

		before = in.len;
		r = inflate_step(f, &in, last, out, 1 + data[0] * 16u, &n, &why);
		assert(in.len <= before && n <= sizeof(out));
		given += before - in.len;
		total += n;
		/* Nothing taken, nothing given, nothing said, again and again: it would never end
		 * (xz needs to be asked twice before it says so). */
		idle = r || n || before != in.len || !last ? 0 : idle + 1;
		assert(idle < 3);
	}
	assert(r != INFLATE_BAD || why.line[0]);
	inflate_free(f);
	return 0;
}
