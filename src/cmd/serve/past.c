/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/serve/past.h"
#include "base/io.h"
#include "ledger/block/block.h"
#include "ledger/trailer.h"

struct show {
	struct encoder *encoder;
	encoder_look_fn *look;
	void *ctx;
};

static int row(void *ctx, uint32_t at, const struct record *r)
{
	const struct show *s = ctx;

	(void)at;
	encoder_show(s->encoder, r, s->look, s->ctx);
	return 0;
}

static int body(int fd, struct buf *ret, struct why *why)
{
	struct trailer t;
	ssize_t n;
	int r = trailer_read(fd, &t, why);

	if (r)
		return r;
	n = io_pread(fd, buf_reserve(ret, t.body_len), t.body_len, 0);
	if (n < 0 || (uint64_t)n != t.body_len)
		r = why_set(why, n < 0 ? (int)n : -EBADMSG, "it cannot be read");
	else
		ret->len += (size_t)n;
	trailer_done(&t);
	return r;
}

int past_show(int fd, struct encoder *e, encoder_look_fn *look, void *ctx, struct why *why)
{
	struct show s = { e, look, ctx };
	struct buf payload = { 0 };
	struct block *b = NULL;
	int r = body(fd, &payload, why);

	if (r == 0)
		r = block_open(&b, buf_view(&payload), why);
	if (r == 0)
		r = block_decode(b, NULL, row, &s);
	block_free(b);
	buf_done(&payload);
	return r;
}
