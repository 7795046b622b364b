/* SPDX-License-Identifier: Apache-2.0 */
/* Mails and posts of a hostile change: lines of a mail are short and end in CR LF, there is no NUL,
 * one end of the headers, three boundaries, and only our own tags in the HTML. */
#include "notify/letter.h"
#include "notify/post.h"
#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void look_at_mail(struct bytes b)
{
	size_t line = 0, bounds = 0;

	for (size_t i = 0; i < b.len; i++) {
		assert(b.at[i] && b.at[i] < 0x7f);
		assert((b.at[i] == '\n') == (i && b.at[i - 1] == '\r'));
		line = b.at[i] == '\n' ? 0 : line + 1;
		assert(line <= 200);
		bounds += bytes_starts(bytes_from(b, i), BYTES("\n--=_vedette"));
	}
	assert(bounds == 3);
	assert(bytes_find(b, BYTES("\r\n.")) == BYTES_NONE);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bytes to[] = { BYTES("ops@example.org") };
	struct target t = { .name = BYTES("ops"),
			    .kind = TARGET_MAIL,
			    .from = BYTES("v@example.org"),
			    .from_name = bytes_of(data, size < 30 ? size : 30),
			    .to = { to, 1 } };
	struct letter_frame f = {
		.to = &t, .host = bytes_of(data, size < 30 ? size : 30), .instance = 7, .now = 1
	};
	struct buf b = { 0 };
	struct told_change c;
	struct letter_digest *d;

	if (!told_parse(&c, 3, bytes_of(data, size)))
		return 0;
	letter_change(&b, &f, &c, 2);
	look_at_mail(buf_view(&b));
	buf_clear(&b);
	d = letter_digest_new();
	letter_digest_row(d, &c, 1, 2);
	letter_digest_done(&b, &f, d, 4, 5);
	look_at_mail(buf_view(&b));
	buf_clear(&b);
	if (post_alert(&b, &c, c.level, false, 1, 2)) {
		json_t *v = json_loadb((const char *)b.at, b.len, JSON_REJECT_DUPLICATES, NULL);

		json_decref(v);
	}
	told_done(&c);
	buf_done(&b);
	return 0;
}
