/* SPDX-License-Identifier: Apache-2.0 */
/* One round of the loop: what was told, then every kind of source for a share, then the batch goes
 * out. Files are looked at some milliseconds apart at least, so that a busy writer gives batches
 * and not lines. Nothing is polled while nothing happens but once a second. */
#include "intake/datagram.h"
#include "intake/follow.h"
#include "intake/journal.h"
#include "intake/note.h"
#include "intake/stream.h"
#include <poll.h>
#include <sys/epoll.h>
#include <sys/inotify.h>
#include <unistd.h>

#define FILE_PACE (5 * USEC_PER_SEC / 1000)
#define BUSY_GAP 1000 /* usec: woken again so soon, it waits … */
#define BUSY_PAUSE 500 /* … so long first: more comes in one batch, for half a millisecond */
#define TICK USEC_PER_SEC
#define DRAIN (5 * USEC_PER_SEC)

enum part { PART_DATAGRAMS, PART_STREAMS, PART_FILES, PART_JOURNAL, PART_N };

struct intake {
	unsigned first; /* part of the next round */
	struct intake_limits limits;
	struct counts *counts, *own_counts;
	struct push push;
	struct sources *sources;
	struct datagrams *datagrams;
	struct streams *streams;
	struct follow *follow;
	struct journal *journal;
	int epoll_fd;
	struct polled control, ring, watch;
	struct buf scratch;
	bool started, stop;
	usec now, tick_at, files_at, woken_at;
};

static int poll_add(struct intake *in, struct polled *p, uint32_t events)
{
	struct epoll_event ev = { .events = events, .data.ptr = p };

	if (p->fd < 0)
		return 0;
	return epoll_ctl(in->epoll_fd, EPOLL_CTL_ADD, p->fd, &ev) < 0 ? err_trace(-errno) : 0;
}

static int add_listener(struct intake *in, const struct intake_listener *l)
{
	struct polled *p = l->kind == SOURCE_SYSLOG_TCP ? streams_add(in->streams, l)
							: datagrams_add(in->datagrams, l);

	return p ? poll_add(in, p, EPOLLIN | EPOLLET) : -E2BIG;
}

static int add_listeners(struct intake *in, const struct intake_config *c)
{
	int r = 0;

	for (size_t i = 0; i < c->listener_n && !r; i++)
		r = add_listener(in, &c->listeners[i]);
	return r;
}

/* The longest record must fit into a message, which is at most half of the ring. */
static bool ring_fits(const struct ring *ring, const struct intake_limits *l)
{
	size_t most = l->record_limit > l->multiline_bytes ? l->record_limit : l->multiline_bytes;

	return most + BATCH_HEAD + 16 + BATCH_POSITION_MAX <= ring_size(ring) / 2;
}

static int intake_init(struct intake *in, const struct intake_config *c, struct ring *ring,
		       int control_fd)
{
	struct why why = { "" };
	int r = intake_limits_check(&c->limits, &why);

	if (r < 0 || !ring_fits(ring, &c->limits)) {
		say(SAY_ERROR, "%s",
		    r < 0 ? why.line
			  : "the ring is too small for the record limit: it must "
			    "be more than twice as large");
		return -EINVAL;
	}
	in->limits = c->limits;
	in->own_counts = c->counts ? NULL : counts_new();
	in->counts = c->counts ? c->counts : in->own_counts;
	push_init(&in->push, ring, in->counts);
	in->sources =
		sources_new(&in->push, c->host, c->year, c->zone_minutes, c->limits.max_sources);
	in->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	if (in->epoll_fd < 0)
		return err_trace(-errno);
	in->datagrams = datagrams_new(&in->push, in->sources, &in->limits);
	in->streams = streams_new(&in->push, in->sources, &in->limits, in->epoll_fd);
	in->follow = follow_new(&in->push, in->sources, &in->limits);
	in->journal = journal_new(&in->push, in->sources, &in->limits);
	in->control = (struct polled){ .kind = POLLED_CONTROL, .fd = control_fd, .ready = true };
	in->ring = (struct polled){ .kind = POLLED_RING, .fd = ring_space_fd(ring) };
	in->watch = (struct polled){ .kind = POLLED_WATCH, .fd = c->watch_fd };
	r = poll_add(in, &in->control, EPOLLIN | EPOLLET);
	if (!r)
		r = poll_add(in, &in->ring, EPOLLIN);
	if (!r)
		r = poll_add(in, &in->watch, EPOLLIN | EPOLLET);
	return r ? r : add_listeners(in, c);
}

static void intake_done(struct intake *in)
{
	journal_free(in->journal);
	follow_free(in->follow);
	streams_free(in->streams);
	datagrams_free(in->datagrams);
	sources_free(in->sources);
	counts_free(in->own_counts);
	buf_done(&in->scratch);
	if (in->epoll_fd >= 0)
		close(in->epoll_fd);
}

/* -- control --------------------------------------------------------------------------------- */

static void set_limits(struct intake *in, const struct intake_limits *l)
{
	if (!ring_fits(in->push.ring, l)) {
		say(SAY_ERROR, "the new record limit is too large for the ring: the old limits "
			       "stay");
		return;
	}
	in->limits = *l;
	sources_limit(in->sources, l->max_sources);
	follow_limits(in->follow);
}

/* The supervisor keeps its own descriptor of the socket, so epoll would go on telling of it. */
static void unlisten(struct intake *in, const struct control *c)
{
	if (c->kind == SOURCE_SYSLOG_TCP)
		streams_remove(in->streams, c->name);
	else
		datagrams_remove(in->datagrams, in->epoll_fd, c->kind, c->name);
}

static void listen_more(struct intake *in, const struct control *c)
{
	struct buf name = { 0 };
	struct intake_listener l = { .fd = c->fd, .kind = c->kind, .slot = c->slot };
	int r;

	buf_bytes(&name, c->name);
	l.name = buf_cstr(&name);
	r = add_listener(in, &l);
	if (r < 0) {
		say(SAY_ERROR, "%s is not listened to: %s", l.name, strerror(-r));
		if (r == -E2BIG)
			close(c->fd);
	}
	buf_done(&name);
}

static void told(struct intake *in, const struct control *c)
{
	switch (c->type) {
	case CTL_POSITION:
		if (c->kind == SOURCE_JOURNAL)
			journal_known(in->journal, c->name, c->position);
		else if (c->kind == SOURCE_FILE)
			follow_known(in->follow, c->name, c->position);
		break;
	case CTL_FILE:
	case CTL_SIBLING:
	case CTL_ROTATED:
	case CTL_GONE:
		follow_told(in->follow, c, in->now);
		break;
	case CTL_JOURNAL:
	case CTL_JOURNAL_GONE:
		journal_told(in->journal, c);
		break;
	case CTL_START:
		in->started = true;
		follow_start(in->follow, in->now);
		break;
	case CTL_LIMITS:
		set_limits(in, &c->limits);
		break;
	case CTL_LISTEN:
		listen_more(in, c);
		break;
	case CTL_UNLISTEN:
		unlisten(in, c);
		break;
	case CTL_STOP:
		in->stop = true;
		break;
	case CTL_NOTE: /* that is for configs.c */
	case CTL_TYPE_N:
		break;
	}
}

static int control_turn(struct intake *in)
{
	while (in->control.ready && !in->stop) {
		struct control c;
		int r = control_receive(in->control.fd, &in->scratch, &c);

		if (r < 0)
			return r;
		if (r == CONTROL_NONE)
			in->control.ready = false;
		else if (r == CONTROL_CLOSED)
			in->stop = true; /* the supervisor is no more */
		else if (!r)
			told(in, &c);
	}
	return 0;
}

/* -- the loop -------------------------------------------------------------------------------- */

static void watch_events(struct intake *in)
{
	_Alignas(struct inotify_event) char room[65536];
	ssize_t n = read(in->watch.fd, room, sizeof(room));

	if (n <= 0) {
		in->watch.ready = false;
		return;
	}
	for (ssize_t at = 0; at + (ssize_t)sizeof(struct inotify_event) <= n;) {
		struct inotify_event e;

		memcpy(&e, room + at, sizeof(e));
		follow_written(in->follow, e.mask & IN_Q_OVERFLOW ? -1 : e.wd);
		at += (ssize_t)(sizeof(e) + e.len);
	}
}

static void tick(struct intake *in)
{
	if (in->now < in->tick_at)
		return;
	in->tick_at = in->now + TICK;
	datagrams_tick(in->datagrams);
	streams_tick(in->streams, in->now);
	follow_look(in->follow, in->now);
	in->files_at = in->now;
}

static int files_turn(struct intake *in)
{
	int r;

	if (in->now < in->files_at)
		return TURN_IDLE;
	while (in->watch.ready)
		watch_events(in);
	r = follow_turn(in->follow, in->now);
	/* Until something is written, or due, there is nothing to do. Not so when the ring was
	 * full: who is not ready at the moment there is room in it, comes after the flood again. */
	in->files_at = in->now + (r == TURN_IDLE ? FILE_PACE : 0);
	return r;
}

static void take(int r, bool *more, bool *full)
{
	*more |= r == TURN_MORE;
	*full |= r == TURN_FULL;
}

static int part_turn(struct intake *in, enum part part)
{
	switch (part) {
	case PART_DATAGRAMS:
		return datagrams_turn(in->datagrams);
	case PART_STREAMS:
		return streams_turn(in->streams);
	case PART_FILES:
		return in->started ? files_turn(in) : TURN_IDLE;
	case PART_JOURNAL:
		return in->started ? journal_turn(in->journal, in->now) : TURN_IDLE;
	case PART_N:
		break;
	}
	return TURN_IDLE;
}

/* Reads everything once. The order is that of who can wait least; but when the ring is full, those
 * behind whoever filled it are first the next time, or a flood would keep them out for ever.
 * Datagrams are received in any case: they do not wait in the kernel. */
static void round_of(struct intake *in, bool *ret_more, bool *ret_full)
{
	unsigned first = in->first;
	bool more = false, full = false;

	in->first = PART_DATAGRAMS;
	for (unsigned i = 0; i < PART_N; i++) {
		enum part part = (first + i) % PART_N;
		uint64_t given = push_given(&in->push);
		bool before = full;

		if (full && part != PART_DATAGRAMS)
			continue;
		take(part_turn(in, part), &more, &full);
		if (full && !before)
			in->first = (part + (push_given(&in->push) != given)) % PART_N;
	}
	push_flush(&in->push);
	*ret_more = more;
	*ret_full = full;
}

static void sooner(usec *at, usec other)
{
	if (other != USEC_NONE && other < *at)
		*at = other;
}

static int sleep_ms(struct intake *in, bool more, bool full)
{
	usec until = in->tick_at, files = follow_due(in->follow), wait;

	if (more && !full)
		return 0;
	if (!full) {
		sooner(&until, streams_due(in->streams));
		sooner(&until, journal_due(in->journal));
		if (in->watch.ready)
			sooner(&until, in->files_at);
		if (files != USEC_NONE)
			sooner(&until, files > in->files_at ? files : in->files_at);
	}
	if (!push_will_wait(&in->push, full))
		return 0;
	wait = until - clock_mono();
	return wait <= 0 ? 0 : (int)((wait + 999) / 1000);
}

static int wait_events(struct intake *in, int ms)
{
	struct epoll_event ev[64];
	int n;

	if (ms && in->now - in->woken_at < BUSY_GAP)
		usleep(BUSY_PAUSE);
	n = epoll_wait(in->epoll_fd, ev, 64, ms);
	if (n < 0 && errno != EINTR)
		return err_trace(-errno);
	for (int i = 0; i < n; i++) {
		struct polled *p = ev[i].data.ptr;

		p->hangup |= (ev[i].events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0;
		if (p->kind == POLLED_RING)
			push_woken(&in->push);
		else if (p->kind == POLLED_CONNECTION || p->kind == POLLED_ACCEPT)
			streams_event(in->streams, p);
		else
			p->ready = true;
	}
	in->woken_at = in->now;
	in->now = clock_mono();
	return 0;
}

static int loop(struct intake *in)
{
	bool more = true, full = false;

	in->now = clock_mono();
	in->tick_at = in->now + TICK;
	for (;;) {
		int r = control_turn(in);

		if (r < 0 || in->stop)
			return r;
		round_of(in, &more, &full);
		tick(in);
		r = wait_events(in, sleep_ms(in, more, full));
		if (r < 0)
			return r;
	}
}

/* What has come in already goes out; then all of it becomes durable, or time is up. */
static int finish(struct intake *in)
{
	usec end = clock_mono() + DRAIN;
	bool more = true, full = false, ended = false;
	uint64_t last = 0;

	follow_end(in->follow);
	while (clock_mono() < end) {
		in->files_at = 0;
		if (more || full)
			round_of(in, &more, &full);
		if (!more && !full && !ended) {
			datagrams_tick(in->datagrams);
			ended = streams_end(in->streams) == TURN_IDLE;
			full = !ended;
			push_flush(&in->push);
		}
		last = ring_pushed(in->push.ring);
		if (ended && ring_released(in->push.ring) >= last)
			return 0;
		if (full ? push_will_wait(&in->push, true)
			 : !more && ring_will_wait_durable(in->push.ring, last)) {
			struct pollfd p = { .fd = in->ring.fd, .events = POLLIN };

			poll(&p, 1, 100);
			push_woken(&in->push);
		}
	}
	say(SAY_WARN,
	    "stopped before the keeper had made everything durable: %llu bytes wait in "
	    "the ring",
	    (unsigned long long)(last - ring_released(in->push.ring)));
	return 0;
}

int intake_run(const struct intake_config *c, struct ring *ring, int control_fd)
{
	struct intake in = { .epoll_fd = -1 };
	int r;

	ring_rewind(ring); /* an intake before us may have written to it */
	r = intake_init(&in, c, ring, control_fd);
	if (!r)
		r = loop(&in);
	if (!r)
		r = finish(&in);
	intake_done(&in);
	return r;
}
