/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/serve/analyst.h"
#include "base/io.h"
#include "cmd/encode.h"
#include "cmd/known.h"
#include "cmd/serve/frontier.h"
#include "cmd/serve/past.h"
#include "cmd/serve/pending.h"
#include "cmd/serve/talk.h"
#include "cmd/serve/watcher.h"
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#define ANSWER_PATIENCE (60 * USEC_PER_SEC) /* the keeper may be waiting for a slow disk */
#define SLICE 2048 /* records between looks at the sockets */
#define TICK_EVERY (USEC_PER_SEC / 4)

struct analyst {
	const struct analyst_start *start;
	struct analyst_numbers *numbers;
	struct encoder *encoder;
	struct known sources;
	struct pending pending;
	struct watcher *watcher;
	struct buf payload;
	usec ticked;
	bool begun, live; /* history has been asked for, and shown */
	bool over; /* one of the others is gone */
};

static const struct source *source_by_id(void *ctx, uint32_t id)
{
	const struct analyst *a = ctx;

	return known_at(&a->sources, id);
}

/* ---- blocks ---- */

static int failed(struct analyst *a, uint64_t first, int error, const struct why *why)
{
	struct buf b = { 0 };
	int r;

	buf_u8(&b, TALK_FAILED);
	buf_u64le(&b, first);
	buf_str(&b, why->line[0] ? why->line : strerror(-error));
	r = talk_send(a->start->keeper, buf_view(&b), NULL, 0, ANSWER_PATIENCE);
	buf_done(&b);
	return r;
}

static int answer(struct analyst *a, uint64_t first)
{
	struct buf b = { 0 };
	struct why why = { "" };
	int fd = io_sealed("vedette-block", buf_view(&a->payload)), r;

	if (fd < 0)
		return failed(a, first, fd, &why);
	buf_u8(&b, TALK_BLOCK);
	buf_u64le(&b, first);
	buf_u64le(&b, a->payload.len);
	r = talk_send(a->start->keeper, buf_view(&b), &fd, 1, ANSWER_PATIENCE);
	buf_done(&b);
	close(fd);
	return r;
}

/* The oldest segment has been read to its end. What was found in it is committed first: once it is
 * a block it does not come again. */
static int finish(struct analyst *a)
{
	uint64_t first = a->pending.job[0].first;
	struct why why = { "" };
	int r;

	buf_clear(&a->payload);
	watcher_commit(a->watcher);
	r = encoder_finish(a->encoder, &a->payload);
	pending_drop(&a->pending);
	return r < 0 ? failed(a, first, r, &why) : answer(a, first);
}

/* ---- records ---- */

static bool is_poison(const struct analyst_numbers *n, uint64_t seq)
{
	uint64_t all = count_get(&n->poison_n);

	for (uint64_t i = 0; i < all && i < POISON_MAX; i++)
		if (count_get(&n->poison[i]) == seq + 1)
			return true;
	return false;
}

static void look(void *ctx, const struct record *r, const struct source *s, const struct event *e)
{
	struct analyst *a = ctx;

	if (r->source == SOURCE_ID_SELF)
		known_record(&a->sources, r);
	watcher_record(a->watcher, r, s, e);
}

/* false: nothing is there now. */
static bool take_record(struct analyst *a)
{
	struct record r;
	bool plain;

	if (!pending_next(&a->pending, frontier_durable(&a->start->shared->frontier), &r, &plain))
		return false;
	plain |= is_poison(a->numbers, r.seq);
	count_set(&a->numbers->at, plain ? 0 : r.seq + 1);
	encoder_add(a->encoder, &r, plain, look, a);
	if (plain)
		watcher_skip(a->watcher, r.seq);
	return true;
}

static int take_records(struct analyst *a)
{
	unsigned n = 0;

	while (n < SLICE && take_record(a))
		n++;
	count_set(&a->numbers->at, 0);
	count_add(&a->numbers->records, n);
	return pending_done(&a->pending) ? finish(a) : 0;
}

/* ---- messages ---- */

static int take_segment(struct analyst *a, struct cursor *c, const int *fds, size_t n)
{
	uint64_t first = cur_u64le(c);
	bool plain = cur_u8(c);
	struct why why = { "" };
	int r;

	if (c->bad || n != 1)
		return 0;
	r = pending_add(&a->pending, first, plain, fds[0], &why);
	return r < 0 ? failed(a, first, r, &why) : 0;
}

static int show_past(struct analyst *a, uint64_t first, const int *fds, size_t n)
{
	struct buf b = { 0 };
	struct why why = { "" };
	int r = 0;

	if (n == 1)
		r = past_show(fds[0], a->encoder, look, a, &why);
	if (r < 0)
		say(SAY_WARN, "the block of record %llu is not looked at again: %s",
		    (unsigned long long)first, why.line);
	buf_u8(&b, TALK_SHOWN);
	buf_u64le(&b, first);
	r = talk_send(a->start->keeper, buf_view(&b), NULL, 0, ANSWER_PATIENCE);
	buf_done(&b);
	return r;
}

static int hear_keeper(void *ctx, struct bytes message, const int *fds, size_t n)
{
	struct analyst *a = ctx;
	struct cursor c = cursor_of(message);
	struct source s;
	uint64_t number;

	switch (cur_u8(&c)) {
	case TALK_SOURCE:
		if (talk_source_parse(&c, &s))
			known_add(&a->sources, &s);
		return 0;
	case TALK_SEGMENT:
		return take_segment(a, &c, fds, n);
	case TALK_CLOSED:
		number = cur_u64le(&c);
		pending_close(&a->pending, number, cur_u32le(&c));
		return 0;
	case TALK_HISTORY:
		return show_past(a, cur_u64le(&c), fds, n);
	case TALK_HISTORY_END:
		watcher_live(a->watcher, cur_u64le(&c));
		a->live = true;
		return 0;
	case TALK_NOTED:
		watcher_noted(a->watcher, cur_u64le(&c));
		return 0;
	default:
		return 0;
	}
}

static int hear_supervisor(void *ctx, struct bytes message, const int *fds, size_t n)
{
	struct analyst *a = ctx;
	struct cursor c = cursor_of(message);

	switch (cur_u8(&c)) {
	case TALK_HAND:
		if (n == 1)
			watcher_hand(a->watcher, fcntl(fds[0], F_DUPFD_CLOEXEC, 0));
		return 0;
	case TALK_DESK:
		if (n == 1)
			watcher_desk(a->watcher, fcntl(fds[0], F_DUPFD_CLOEXEC, 0));
		return 0;
	case TALK_RULES:
		if (n == 1)
			watcher_rules(a->watcher, fds[0]);
		return 0;
	default:
		return 0;
	}
}

typedef int hear_fn(void *ctx, struct bytes message, const int *fds, size_t n);

static int hear(struct analyst *a, int sock, hear_fn *fn)
{
	static uint8_t buf[TALK_MAX];
	int r;

	do {
		int fds[FDPASS_MAX];
		size_t len = 0, n = 0;

		r = fdpass_recv(sock, buf, sizeof(buf), &len, fds, &n);
		if (r == FDPASS_NONE)
			return 0;
		if (r == FDPASS_CLOSED || r == -EPIPE || r == -ECONNRESET) {
			a->over = true;
			return 0;
		}
		if (r == 0)
			r = fn(a, bytes_of(buf, len), fds, n);
		for (size_t i = 0; i < n; i++)
			close(fds[i]);
	} while (r == 0 || r == -EMSGSIZE);
	a->over |= r == -EPIPE;
	return r == -EPIPE ? 0 : r;
}

/* ---- the loop ---- */

static void rest(struct analyst *a)
{
	struct frontier *f = &a->start->shared->frontier;
	struct pollfd p[8] = { { .fd = a->start->keeper, .events = POLLIN },
			       { .fd = a->start->supervisor, .events = POLLIN },
			       { .fd = a->start->wake, .events = POLLIN } };
	nfds_t n = 3 + watcher_poll(a->watcher, p + 3, 5);
	const struct job *j = &a->pending.job[0];
	uint64_t seen = a->pending.n ? j->first + j->fed : UINT64_MAX;

	if (frontier_will_wait(f, seen))
		poll(p, n, (int)(TICK_EVERY / 1000));
	frontier_woken(f, a->start->wake);
}

static int begin(struct analyst *a)
{
	struct buf b = { 0 };
	int r;

	buf_u8(&b, TALK_BEGIN);
	buf_u64le(&b, (uint64_t)watcher_history(a->watcher));
	r = talk_send(a->start->keeper, buf_view(&b), NULL, 0, ANSWER_PATIENCE);
	buf_done(&b);
	return r;
}

static int step(struct analyst *a)
{
	usec now = clock_mono();
	int r = hear(a, a->start->keeper, hear_keeper);

	if (r == 0)
		r = hear(a, a->start->supervisor, hear_supervisor);
	if (r == 0 && a->live)
		r = take_records(a);
	if (r < 0)
		return r == -EPIPE ? 0 : r;
	watcher_step(a->watcher);
	if (!a->begun && watcher_ready(a->watcher)) {
		a->begun = true;
		r = begin(a);
	}
	if (r < 0)
		return r;
	if (a->live && now - a->ticked >= TICK_EVERY) {
		a->ticked = now;
		watcher_tick(a->watcher, clock_real());
	}
	return 0;
}

static bool idle(const struct analyst *a)
{
	const struct job *j = &a->pending.job[0];

	return !a->live || !a->pending.n ||
	       (!pending_done(&a->pending) &&
		j->first + j->fed >= frontier_durable(&a->start->shared->frontier));
}

/* Two died over the same record: it is left alone from now on, and this is said. One alone proves
 * nothing: whoever kills the analyst would choose what is never looked at. */
static void remember_poison(struct analyst_numbers *n)
{
	uint64_t at = count_get(&n->at);

	if (!at)
		return;
	count_set(&n->at, 0);
	if (count_get(&n->suspect) != at) {
		count_set(&n->suspect, at);
		return;
	}
	count_set(&n->poison[count_get(&n->poison_n) % POISON_MAX], at);
	count_add(&n->poison_n, 1);
	say(SAY_ERROR, "record %llu ended the analyst twice: it is kept, but not parsed any more",
	    (unsigned long long)(at - 1));
}

int analyst_run(const struct analyst_start *start)
{
	struct analyst a = { .start = start, .numbers = &start->shared->analyst };
	struct why why = { "" };
	int r;

	setpriority(PRIO_PROCESS, 0, 5); /* what arrives goes before what is made of it */
	remember_poison(a.numbers);
	if (encoder_new(&a.encoder, source_by_id, &a) < 0)
		return 1;
	r = watcher_new(&a.watcher, start, &why);
	if (r < 0) {
		say(SAY_ERROR, "%s", why.line);
		return 1;
	}
	r = 0;
	while (r == 0 && !a.over) {
		r = step(&a);
		if (r == 0 && !a.over && idle(&a))
			rest(&a);
	}
	watcher_free(a.watcher); /* commits */
	pending_clear(&a.pending);
	if (r < 0 && r != -EPIPE)
		say(SAY_ERROR, "%s", strerror(-r));
	return r < 0 && r != -EPIPE ? 1 : 0;
}
