/* SPDX-License-Identifier: Apache-2.0 */
/* What is shown of bytes from outside: whatever comes in, what goes out is harmless. */
#include "base/text.h"
#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void shown(struct bytes in)
{
	struct buf out = { 0 };

	text_safe(&out, in, "\t");
	for (struct bytes b = buf_view(&out); b.len;) {
		size_t n = utf8_length(b);

		assert(n && b.at[0] != 0x7f && (b.at[0] >= 0x20 || b.at[0] == '\t'));
		assert(!(n == 2 && b.at[0] == 0xc2 && b.at[1] < 0xa0)); /* C1 */
		b = bytes_from(b, n);
	}
	buf_done(&out);
}

static void in_json(struct bytes in)
{
	struct buf out = { 0 };
	struct bytes b;

	json_string(&out, in);
	assert(out.len >= 2 && out.at[0] == '"' && out.at[out.len - 1] == '"');
	b = bytes_sub(buf_view(&out), 1, out.len - 2);
	while (b.len) {
		size_t n = utf8_length(b);

		assert(n && b.at[0] >= 0x20 && b.at[0] != '"');
		if (b.at[0] == '\\') {
			assert(b.len >= 2 && strchr("\"\\nrtu", b.at[1]));
			n = b.at[1] == 'u' ? 6 : 2;
			assert(b.len >= n);
		}
		b = bytes_from(b, n);
	}
	buf_done(&out);
}

static void in_base64(struct bytes in)
{
	struct buf a = { 0 }, b = { 0 };

	/* One text means one value: what is accepted is what would be written. */
	if (base64_decode(in, &a)) {
		base64_encode(&b, buf_view(&a));
		assert(bytes_eq(buf_view(&b), in));
	}
	buf_clear(&a);
	buf_clear(&b);
	base64_encode(&a, in);
	assert(base64_decode(buf_view(&a), &b) && bytes_eq(buf_view(&b), in));
	buf_done(&a);
	buf_done(&b);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bytes in = bytes_of(data, size);

	shown(in);
	in_json(in);
	in_base64(in);
	return 0;
}
