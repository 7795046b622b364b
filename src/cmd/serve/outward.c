/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/serve/outward.h"
#include "base/cursor.h"
#include "cmd/serve/hand.h"
#include "cmd/serve/talk.h"
#include <unistd.h>

void outward_init(struct outward *o, enum outward_to to, int sock, uint64_t taken)
{
	*o = (struct outward){ .to = to,
			       .sock = sock,
			       .greeted = to == OUTWARD_LEDGER,
			       .sent = taken,
			       .taken = taken };
}

void outward_close(struct outward *o)
{
	if (o->to == OUTWARD_HAND && o->sock >= 0)
		close(o->sock);
	o->sock = -1;
	o->greeted = false;
	buf_done(&o->room);
}

void outward_open(struct outward *o, int sock)
{
	outward_close(o);
	o->sock = sock;
}

void outward_taken(struct outward *o, struct alerts *a, uint64_t number)
{
	if (number > o->taken)
		o->taken = number;
	if (number > o->sent)
		o->sent = number;
	alerts_forget(a, o->to == OUTWARD_LEDGER ? ALERTS_LEDGER : ALERTS_NOTIFY, o->taken);
}

void outward_met(struct outward *o, uint64_t number)
{
	if (number == o->sent + 1)
		o->sent = number;
}

static int send_one(struct outward *o, uint64_t number, struct bytes text)
{
	buf_clear(&o->room);
	buf_u8(&o->room, o->to == OUTWARD_LEDGER ? TALK_NOTE : HAND_CHANGE);
	buf_u64le(&o->room, number);
	buf_bytes(&o->room, text);
	return fdpass_send(o->sock, buf_view(&o->room), NULL, 0);
}

static bool send_change(void *ctx, uint64_t id, struct bytes text)
{
	struct outward *o = ctx;

	if (send_one(o, id, text) < 0)
		return false;
	o->sent = id;
	return true;
}

static void hear_hand(struct outward *o, struct alerts *a)
{
	uint8_t room[64];
	int fds[FDPASS_MAX], r;
	size_t len = 0, n = 0;

	while ((r = fdpass_recv(o->sock, room, sizeof(room), &len, fds, &n)) == 0) {
		struct cursor c = cursor_of(bytes_of(room, len));
		uint8_t what = cur_u8(&c);
		uint64_t number = cur_u64le(&c);

		while (n)
			close(fds[--n]);
		if (c.bad || what != HAND_TAKEN)
			continue;
		if (!o->greeted)
			o->sent = number; /* what it says it has, and nothing else, it has */
		o->greeted = true;
		outward_taken(o, a, number);
	}
	if (r != FDPASS_NONE)
		outward_close(o);
}

void outward_step(struct outward *o, struct alerts *a)
{
	struct alerts_numbers n;

	if (o->to == OUTWARD_HAND && o->sock >= 0)
		hear_hand(o, a);
	if (o->sock < 0 || !o->greeted)
		return;
	alerts_numbers(a, &n);
	if (n.changes > o->sent)
		(void)alerts_changes(a, o->sent, send_change, o);
}

void outward_nobody(struct outward *o, struct alerts *a)
{
	struct alerts_numbers n;

	alerts_numbers(a, &n);
	if (n.changes > o->taken)
		outward_taken(o, a, n.changes);
}

void outward_note(struct outward *o, struct bytes json)
{
	if (o->sock >= 0)
		(void)send_one(o, 0, json);
}
