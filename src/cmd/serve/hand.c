/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/serve/hand.h"
#include "base/cursor.h"
#include "base/sqlite_here.h"
#include "cmd/serve/talk.h"
#include "notify/courier.h"
#include "notify/teller.h"
#include <curl/curl.h>
#include <unistd.h>

#define MESSAGE_MAX (TALK_MAX + 16)
#define SLICE 500u /* changes in one transaction */
#define TICK_EVERY USEC_PER_SEC

struct hand {
	const struct hand_start *start;
	struct teller teller;
	struct courier *courier;
	int analyst; /* -1: none */
	usec ticked;
	uint8_t room[MESSAGE_MAX];
};

static void close_analyst(struct hand *h)
{
	if (h->analyst >= 0)
		close(h->analyst);
	h->analyst = -1;
}

static void tell_taken(struct hand *h)
{
	struct buf b = { 0 };

	if (h->analyst < 0)
		return;
	buf_u8(&b, HAND_TAKEN);
	buf_u64le(&b, teller_taken(&h->teller));
	/* One that is lost to a full socket is made good by the next. */
	if (fdpass_send(h->analyst, buf_view(&b), NULL, 0) == -EPIPE)
		close_analyst(h);
	buf_done(&b);
}

/* false: it is gone, and so are we. */
static bool hear_supervisor(struct hand *h)
{
	int fds[FDPASS_MAX], r;
	size_t len = 0, n = 0;

	for (;;) {
		r = fdpass_recv(h->start->supervisor, h->room, sizeof(h->room), &len, fds, &n);
		if (r == -EMSGSIZE)
			continue;
		if (r == 0 && len && h->room[0] == TALK_ALERTS && n == 1) {
			close_analyst(h);
			h->analyst = fds[--n];
			tell_taken(h);
		}
		while (r == 0 && n)
			close(fds[--n]);
		if (r)
			return r == FDPASS_NONE;
	}
}

/* Whether something came. What is no change is passed over. */
static bool hear_analyst(struct hand *h, usec now)
{
	int fds[FDPASS_MAX], r = FDPASS_NONE;
	size_t len = 0, n = 0;
	unsigned got = 0;

	while (h->analyst >= 0 && got < SLICE) {
		struct cursor c;
		uint8_t what;
		uint64_t number;

		r = fdpass_recv(h->analyst, h->room, sizeof(h->room), &len, fds, &n);
		if (r == -EMSGSIZE)
			continue;
		if (r != 0)
			break;
		while (n)
			close(fds[--n]);
		c = cursor_of(bytes_of(h->room, len));
		what = cur_u8(&c);
		number = cur_u64le(&c);
		if (c.bad || what != HAND_CHANGE)
			continue;
		teller_take(&h->teller, number, cur_rest(&c), now);
		got++;
	}
	if (r != 0 && r != FDPASS_NONE)
		close_analyst(h);
	return got > 0;
}

static int turn(struct hand *h, struct why *why)
{
	usec now = clock_real();
	bool got = hear_analyst(h, now);
	int r;

	if (clock_mono() - h->ticked >= TICK_EVERY) {
		h->ticked = clock_mono();
		teller_tick(&h->teller, now);
	}
	if (got) { /* on disk before anybody is told, so that nobody is told twice */
		r = outbox_commit(h->teller.outbox, why);
		if (r < 0)
			return r;
		tell_taken(h);
	}
	courier_step(h->courier, now);
	r = outbox_commit(h->teller.outbox, why);
	if (r < 0)
		return r;
	courier_note(h->courier, now);
	outbox_commit(h->teller.outbox, NULL); /* what is not noted is not seen, no more */
	return 0;
}

/* What the daily mail says of the other processes. */
static bool facts(void *ctx, struct buf *to)
{
	const struct shared *s = ctx;
	const struct keeper_numbers *k = &s->keeper;
	bool well = count_get(&k->ready) && !count_get(&k->disk_full);

	buf_printf(to,
		   "ledger: %llu records in %llu blocks, %llu sources, %s\n"
		   "records looked at since the start: %llu; rules: %llu, refused: %llu\n",
		   (unsigned long long)count_get(&k->tree_size),
		   (unsigned long long)count_get(&k->blocks),
		   (unsigned long long)count_get(&k->sources),
		   count_get(&k->disk_full)    ? "NOTHING IS TAKEN: the disk is full"
		   : count_get(&k->ready) == 0 ? "the keeper does not run"
					       : "takes records",
		   (unsigned long long)count_get(&s->analyst.records),
		   (unsigned long long)count_get(&s->analyst.rules),
		   (unsigned long long)count_get(&s->analyst.rules_refused));
	if (count_get(&s->analyst.poison_n))
		buf_printf(to, "records that nobody could parse: %llu\n",
			   (unsigned long long)count_get(&s->analyst.poison_n));
	for (unsigned i = 0; i < SERVE_ROLES; i++) {
		uint64_t restarts = count_get(&s->role[i].restarts);

		if (restarts)
			buf_printf(to, "%s was started again %llu times\n", serve_role_names[i],
				   (unsigned long long)restarts);
		well = well && !restarts;
	}
	return well && !count_get(&s->analyst.poison_n);
}

static int set_up(struct hand *h, struct why *why)
{
	const struct hand_start *s = h->start;
	int r = fchdir(s->dirfd) < 0 ? -errno : sqlite_here();

	if (r < 0)
		return why_set(why, r, "the directory of the outbox: %s", strerror(-r));
	r = outbox_open(&h->teller.outbox, "outbox.db", clock_real(), why);
	if (r < 0)
		return r;
	h->teller.config = s->notify;
	h->teller.host = bytes_str(s->shared ? s->shared->host : "this machine");
	h->teller.facts = s->shared ? facts : NULL;
	h->teller.facts_ctx = (void *)(uintptr_t)s->shared;
	return courier_new(&h->courier, s->notify, h->teller.outbox, why);
}

int hand_run(const struct hand_start *start)
{
	static struct hand h;
	struct why why = { "" };
	int r;

	h = (struct hand){ .start = start, .analyst = -1 };
	r = set_up(&h, &why);
	while (r == 0) {
		struct curl_waitfd p[2] = {
			{ .fd = start->supervisor, .events = CURL_WAIT_POLLIN },
			{ .fd = h.analyst, .events = CURL_WAIT_POLLIN },
		};

		courier_wait(h.courier, p, h.analyst >= 0 ? 2 : 1, 250);
		if (!hear_supervisor(&h))
			break;
		r = turn(&h, &why);
	}
	if (r < 0)
		say(SAY_ERROR, "%s", why.line);
	close_analyst(&h);
	courier_free(h.courier);
	outbox_close(h.teller.outbox);
	return r < 0;
}
