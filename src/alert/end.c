/* SPDX-License-Identifier: Apache-2.0 */
/* Alerts that end by themselves: a detector says that what it told of is over. */
#include "alert/state.h"
#include "alert/text.h"
#include "detect/compose.h"

/* "over after 1h 3m: it speaks again: …" */
static void remark(struct buf *to, const struct finding *f, const struct row *r)
{
	usec from = f->since < f->time ? f->since : r->last;
	struct buf b = { 0 };

	buf_str(&b, "over after ");
	span_text(&b, f->time - from);
	buf_str(&b, ": ");
	buf_bytes(&b, f->message);
	text_keep(to, buf_view(&b), REMARK_MOST);
	buf_done(&b);
}

static int end(struct alerts *a, struct row *r, const struct finding *f)
{
	struct change c = { .kind = CHANGE_CLOSED, .by = BYTES(OUR_NAME) };
	struct buf words = { 0 };
	int x = r->say ? row_put(a, r, true) : 0; /* what it was is told first */

	if (x < 0)
		return x;
	remark(&words, f, r);
	c.comment = buf_view(&words);
	r->state = ALERT_CLOSED;
	r->closed = a->now;
	x = change_add(a, r, &c);
	buf_done(&words);
	if (x == 0)
		row_touch(a, r);
	return x;
}

int alerts_end(struct alerts *a, const struct finding *f)
{
	uint8_t key[KEY_LEN];
	int x = a->failed;

	for (struct bytes rest = f->ends; rest.len && x == 0;) {
		size_t n = bytes_chr(rest, ' ');
		struct row *r;

		alert_key(a, false, bytes_sub(rest, 0, n), f->entity, f->entity_n, key);
		rest = n == BYTES_NONE ? BYTES("") : bytes_from(rest, n + 1);
		r = row_by_key(a, key);
		x = a->failed;
		/* One that was told of anew since then is not over. */
		if (x == 0 && r && r->state != ALERT_CLOSED && f->time >= r->last)
			x = end(a, r, f);
	}
	return x;
}
