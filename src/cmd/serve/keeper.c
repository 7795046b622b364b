/* SPDX-License-Identifier: Apache-2.0 */
/* The loop: take what the rings hold (a few MiB at most), commit it, release it; that is the group
 * commit: whatever arrives during an fdatasync goes into the next. In between blocks are adopted
 * and checkpoints signed. It sleeps only when all rings are empty. */
#include "cmd/serve/keeper.h"
#include "cmd/birth.h"
#include "cmd/serve/adopt.h"
#include "cmd/serve/frontier.h"
#include "cmd/serve/take.h"
#include "cmd/serve/talk.h"
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <unistd.h>

#define BATCH_BYTES ((size_t)4 << 20) /* from one ring, for one commit */
#define TICK_EVERY (USEC_PER_SEC / 4)
#define FULL_RETRY USEC_PER_SEC
#define HEARTBEAT_EVERY (10 * USEC_PER_SEC)
#define STOP_PATIENCE (5 * USEC_PER_SEC) /* with a full disk, at the end */

struct keeper {
	const struct keeper_start *start;
	struct ledger *ledger;
	struct places *places;
	struct keeper_numbers *numbers;
	struct feed feed[SERVE_RINGS];
	size_t feeds;
	struct adopter adopter;
	usec ticked, beat;
	usec full_since, retried; /* 0: the disk is not full */
	usec stopping; /* 0, or when it was told to */
};

static struct ledger_options options_of(const struct config *c)
{
	return (struct ledger_options){ .dir = ".",
					.create = true,
					.origin = *c->ledger.origin ? c->ledger.origin : NULL,
					.block_records = c->ledger.block_records,
					.block_bytes = c->ledger.block_bytes,
					.block_age = c->ledger.block_age,
					.checkpoint_every = c->ledger.checkpoint_every,
					.keep_bytes = c->ledger.keep_bytes,
					.keep_age = c->ledger.keep_age,
					.reserve_bytes = c->ledger.reserve };
}

static int open_ledger(struct keeper *k)
{
	const struct config *c = k->start->config;
	struct ledger_options o = options_of(c);
	struct why why = { "" };
	bool fresh;
	int r;

	if (fchdir(k->start->dirfd) < 0)
		return -errno;
	fresh = birth_pending(AT_FDCWD);
	r = ledger_open(&k->ledger, &o, &why);
	if (r < 0) {
		why_in(&why, r, "ledger %s", c->ledger.dir);
		say(SAY_ERROR, "%s", why.line);
		return r;
	}
	if (fresh)
		birth_say(AT_FDCWD, c->ledger.dir);
	return 0;
}

static int broken_ring(struct keeper *k, struct feed *f)
{
	say(SAY_ERROR, "the ring of %s holds what is no message; it is made anew",
	    serve_role_names[f->index]);
	ledger_note(k->ledger, BYTES("{\"event\":\"ring-broken\"}"));
	ledger_commit(k->ledger);
	count_set(&f->notes->broken, 1);
	return FEED_BROKEN;
}

static int start_feeds(struct keeper *k)
{
	struct ledger_counts n;

	k->places = places_new();
	ledger_counts(k->ledger, &n);
	for (uint32_t id = 1; id < n.sources; id++) {
		const struct source *s = ledger_source_by_id(k->ledger, id);

		if (s)
			places_of(k->places, s, id);
	}
	for (unsigned i = 0; i < SERVE_RINGS; i++) {
		struct feed *f = &k->feed[k->feeds];
		int r;

		if (!k->start->ring[i])
			continue;
		*f = (struct feed){ .index = i,
				    .ring = k->start->ring[i],
				    .notes = k->start->notes[i],
				    .ledger = k->ledger,
				    .numbers = k->numbers,
				    .places = k->places };
		k->feeds++;
		r = feed_start(f);
		if (r != 0)
			return r == FEED_BROKEN ? broken_ring(k, f) : r;
	}
	return 0;
}

static void disk_full(struct keeper *k, usec now)
{
	if (!k->full_since) {
		say(SAY_ERROR,
		    "the disk of %s is full (or has less than ledger.reserve free): "
		    "nothing is accepted until there is room; senders wait",
		    k->start->config->ledger.dir);
		count_set(&k->numbers->disk_full, 1);
		k->full_since = now;
	}
	k->retried = now;
}

static void disk_has_room(struct keeper *k, usec now)
{
	if (!k->full_since)
		return;
	say(SAY_INFO, "the disk has room again after %lld s; going on",
	    (long long)((now - k->full_since) / USEC_PER_SEC));
	count_set(&k->numbers->disk_full, 0);
	k->full_since = 0;
}

static void count_commit(struct keeper *k, usec took)
{
	unsigned i = 0;

	while (i < COMMIT_BUCKETS - 1 && ((usec)1 << i) < took)
		i++;
	count_add(&k->numbers->commit_usec[i], 1);
	count_add(&k->numbers->commits, 1);
	count_set(&k->numbers->last_commit, (uint64_t)clock_real());
	count_set(&k->numbers->tree_size, ledger_size(k->ledger));
	frontier_tell(&k->start->shared->frontier, k->start->wake, ledger_size(k->ledger));
}

/* What all feeds have taken becomes durable and is released. */
static int commit(struct keeper *k)
{
	usec from = clock_mono();
	int r = 0;

	for (size_t i = 0; r == 0 && i < k->feeds; i++)
		r = feed_before_commit(&k->feed[i]);
	if (r == 0)
		r = ledger_commit(k->ledger);
	if (r < 0)
		return r;
	for (size_t i = 0; i < k->feeds; i++)
		feed_durable(&k->feed[i]);
	adopter_durable(&k->adopter);
	count_commit(k, clock_mono() - from);
	return 0;
}

static bool something_taken(const struct keeper *k)
{
	for (size_t i = 0; i < k->feeds; i++)
		if (k->feed[i].taken != ring_released(k->feed[i].ring))
			return true;
	return ledger_pending(k->ledger) > 0;
}

/* 0: all empty; FEED_MORE; FEED_FULL; or a failure. */
static int take_and_commit(struct keeper *k, usec now)
{
	bool more = false, full = false;
	int r = k->full_since ? commit(k) : 0; /* what did not fit comes first: more is refused */

	if (r == -ENOSPC) {
		disk_full(k, now);
		return FEED_FULL;
	}
	if (r < 0)
		return r;
	for (size_t i = 0; i < k->feeds; i++) {
		r = feed_take(&k->feed[i], BATCH_BYTES);
		if (r == FEED_BROKEN)
			return broken_ring(k, &k->feed[i]);
		if (r < 0)
			return r;
		more |= r == FEED_MORE;
		full |= r == FEED_FULL;
	}
	r = !full && something_taken(k) ? commit(k) : 0;
	if (r == -ENOSPC || full) {
		disk_full(k, now);
		return FEED_FULL;
	}
	if (r < 0)
		return r;
	disk_has_room(k, now);
	return more ? FEED_MORE : 0;
}

static void show_counts(struct keeper *k)
{
	struct ledger_counts n;

	ledger_counts(k->ledger, &n);
	count_set(&k->numbers->tree_size, ledger_size(k->ledger));
	count_set(&k->numbers->blocks, n.blocks);
	count_set(&k->numbers->dropped_blocks, n.dropped_blocks);
	count_set(&k->numbers->checkpoints, n.checkpoints);
	count_set(&k->numbers->sources, n.sources);
	count_set(&k->numbers->closed_segments, n.closed_segments);
	count_set(&k->numbers->disk_bytes, n.disk_bytes);
	count_set(&k->numbers->raw_bytes, n.raw_bytes);
}

/* The proof, in the ledger itself, that we were awake: a gap of the heartbeat is not a silence of
 * those who send. */
static void heartbeat(struct keeper *k, usec now)
{
	struct buf b = { 0 };

	if (now - k->beat < HEARTBEAT_EVERY || k->full_since)
		return;
	k->beat = now;
	buf_printf(&b, "{\"event\":\"heartbeat\",\"records\":%llu,\"bytes\":%llu}",
		   (unsigned long long)count_get(&k->numbers->records),
		   (unsigned long long)count_get(&k->numbers->bytes));
	(void)ledger_note(k->ledger, buf_view(&b)); /* a full disk has its own words */
	buf_done(&b);
}

static int tick(struct keeper *k, usec now)
{
	int r;

	if (now - k->ticked < TICK_EVERY)
		return 0;
	k->ticked = now;
	heartbeat(k, now);
	r = ledger_tick(k->ledger, clock_real());
	show_counts(k);
	return r == -ENOSPC ? 0 : r;
}

/* false: the supervisor does not listen; it asks again. */
static bool tell_position(struct keeper *k, enum source_kind kind, uint32_t id)
{
	const struct source *s = ledger_source_by_id(k->ledger, id);
	struct bytes at;
	struct buf b = { 0 };
	bool told;

	if (!s || s->kind != kind)
		return true;
	at = ledger_position_of(k->ledger, id);
	if (!at.len)
		return true;
	buf_u8(&b, TALK_POSITION);
	buf_u8(&b, (uint8_t)kind);
	buf_u16le(&b, (uint16_t)s->name.len);
	buf_bytes(&b, s->name);
	buf_bytes(&b, at);
	told = b.len > TALK_MAX || s->name.len > UINT16_MAX ||
	       talk_send(k->start->supervisor, buf_view(&b), NULL, 0, 5 * USEC_PER_SEC) == 0;
	buf_done(&b);
	return told;
}

static void tell_positions(struct keeper *k, uint8_t kind)
{
	struct ledger_counts n;

	ledger_counts(k->ledger, &n);
	for (uint32_t id = 1; id < n.sources; id++)
		if (!tell_position(k, (enum source_kind)kind, id))
			return;
	talk_word(k->start->supervisor, TALK_POSITIONS_END, kind);
}

/* -EPIPE: the supervisor is gone. */
static int control(struct keeper *k, usec now)
{
	static uint8_t buf[TALK_MAX];

	for (;;) {
		int fds[FDPASS_MAX], r;
		size_t len = 0, n = 0;

		r = fdpass_recv(k->start->supervisor, buf, sizeof(buf), &len, fds, &n);
		if (r == FDPASS_NONE)
			return 0;
		if (r == FDPASS_CLOSED)
			return -EPIPE;
		if (r < 0)
			return r;
		if (len && buf[0] == TALK_STOP && !k->stopping)
			k->stopping = now;
		else if (len >= 2 && buf[0] == TALK_POSITIONS)
			tell_positions(k, buf[1]);
		else if (len && buf[0] == TALK_ANALYST && n == 1)
			adopter_analyst(&k->adopter, fds[--n]);
		while (n)
			close(fds[--n]);
	}
}

/* Until something is in a ring, the others speak, or a tick is due. */
static void rest(struct keeper *k)
{
	struct pollfd p[SERVE_RINGS + 2];
	nfds_t n = 0;
	usec wait = TICK_EVERY;
	bool ready = false;

	p[n++] = (struct pollfd){ .fd = k->start->supervisor, .events = POLLIN };
	p[n++] = (struct pollfd){ .fd = k->adopter.sock, .events = POLLIN };
	for (size_t i = 0; !k->full_since && i < k->feeds; i++) {
		ready |= !ring_will_wait_data(k->feed[i].ring);
		p[n++] = (struct pollfd){ .fd = ring_data_fd(k->feed[i].ring), .events = POLLIN };
	}
	if (!ready)
		poll(p, n, (int)(wait / 1000));
	for (size_t i = 0; !k->full_since && i < k->feeds; i++)
		ring_woken_data(k->feed[i].ring);
}

static int loop(struct keeper *k)
{
	for (;;) {
		usec now = clock_mono();
		int taken = 0, r;

		if (!k->full_since || now - k->retried >= FULL_RETRY)
			taken = take_and_commit(k, now);
		if (taken < 0 || taken == FEED_BROKEN)
			return taken;
		r = adopter_step(&k->adopter, now);
		if (r == 0)
			r = tick(k, now);
		if (r == 0)
			r = control(k, now);
		if (r < 0)
			return r;
		if (k->stopping && taken == 0 && !k->full_since)
			return 0;
		if (k->stopping && k->full_since && now - k->stopping > STOP_PATIENCE)
			return -ENOSPC; /* what the rings hold was never acknowledged */
		if (taken != FEED_MORE)
			rest(k);
	}
}

int keeper_run(const struct keeper_start *start)
{
	struct keeper k = { .start = start, .numbers = &start->shared->keeper };
	int r = open_ledger(&k);

	if (r < 0)
		return KEEPER_REFUSED;
	adopter_init(&k.adopter, k.ledger, k.numbers);
	r = start_feeds(&k);
	if (r == 0) {
		show_counts(&k);
		frontier_tell(&start->shared->frontier, start->wake, ledger_size(k.ledger));
		count_set(&k.numbers->ready, 1);
		talk_word(start->supervisor, TALK_READY, 0);
		r = loop(&k);
	}
	if (r < 0)
		say(SAY_ERROR, "ledger %s: %s", start->config->ledger.dir, strerror(-r));
	adopter_done(&k.adopter);
	if (r >= 0)
		ledger_close(k.ledger);
	places_free(k.places);
	return r == 0 ? 0 : r == FEED_BROKEN ? KEEPER_BROKEN_RING : 1;
}
