/* SPDX-License-Identifier: Apache-2.0 */
/* A connection that is read: its unfinished message (`own`) is put before what comes in the one
 * shared buffer, frames are given straight from there, and what is left goes back to `own`. Only
 * a message longer than SMALL is received in its own memory, so that bytes which trickle in are
 * not moved about. */
#include "intake/stream.h"
#include "intake/frame.h"
#include "intake/note.h"
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <unistd.h>

#define READ_BYTES (256u << 10)
#define SMALL 4096u
#define QUANTUM (256u << 10) /* of a peer in one round */
#define ACCEPTS 64 /* a turn */
#define BACKLOG_TURNS 64 /* for what waits at a socket that is closed */
#define IDLE_EVICT (60 * USEC_PER_SEC)
#define LISTENERS 64
#define PEER_NOTES 16 /* a second */

struct conn {
	struct polled polled;
	struct speaker *speaker;
	struct framer framer;
	struct buf own; /* begins with an unfinished message */
	usec heard;
	bool queued; /* in the ready list */
	const char *how; /* it ended */
	bool ended; /* the other end has closed, or it is to give way */
	bool parsed; /* all of `own` has been looked at */
	struct conn *next_ready;
	struct conn *older, *newer; /* by when last heard */
};

struct acceptor {
	struct polled polled;
	enum source_kind kind;
	char *name;
	int held; /* accepted, but the ring had no room for a new source; -1: none */
	struct sockaddr_storage held_from;
};

struct streams {
	struct push *push;
	struct sources *sources;
	const struct intake_limits *limits;
	int epoll_fd;
	struct acceptor *acceptor[LISTENERS];
	size_t acceptor_n;
	struct conn *ready, **ready_end; /* first in, first out */
	struct conn *oldest, *newest;
	uint32_t conn_n;
	uint64_t memory; /* capacity of all `own` */
	uint64_t round;
	uint64_t refused; /* not yet told */
	usec peers_from;
	unsigned peers_told; /* in the second since then */
	usec now, due;
	uint8_t *read; /* READ_BYTES + SMALL */
};

struct streams *streams_new(struct push *push, struct sources *sources,
			    const struct intake_limits *limits, int epoll_fd)
{
	struct streams *s = mem_new(1, sizeof(*s));

	s->push = push;
	s->sources = sources;
	s->limits = limits;
	s->epoll_fd = epoll_fd;
	s->ready_end = &s->ready;
	s->read = mem_new(READ_BYTES + SMALL, 1);
	s->due = USEC_NONE;
	s->now = clock_mono();
	return s;
}

static void own_size(struct streams *s, struct conn *c, size_t cap)
{
	s->memory -= c->own.cap;
	if (cap) {
		c->own.at = mem_must(realloc(c->own.at, cap));
		c->own.cap = cap;
	} else {
		buf_done(&c->own);
	}
	s->memory += c->own.cap;
}

static void unlink_age(struct streams *s, struct conn *c)
{
	*(c->older ? &c->older->newer : &s->oldest) = c->newer;
	*(c->newer ? &c->newer->older : &s->newest) = c->older;
	c->older = c->newer = NULL;
}

static void link_newest(struct streams *s, struct conn *c)
{
	c->older = s->newest;
	*(s->newest ? &s->newest->newer : &s->oldest) = c;
	s->newest = c;
}

static void heard(struct streams *s, struct conn *c)
{
	c->heard = s->now;
	if (s->newest == c)
		return;
	unlink_age(s, c);
	link_newest(s, c);
}

static void make_ready(struct streams *s, struct conn *c)
{
	if (c->queued)
		return;
	c->queued = true;
	c->next_ready = NULL;
	*s->ready_end = c;
	s->ready_end = &c->next_ready;
}

/* Of who comes and goes all the time only so much is noted: a remote may not fill the ledger. */
static void note_peer(struct streams *s, struct speaker *sp, const char *event, const char *how)
{
	struct buf b;

	if (s->now - s->peers_from >= USEC_PER_SEC) {
		s->peers_from = s->now;
		s->peers_told = 0;
	}
	if (s->peers_told >= PEER_NOTES)
		return;
	s->peers_told++;
	b = note_of(event);
	note_text(&b, "kind", bytes_str(source_kind_name(sp->kind)));
	note_text(&b, "name", sp->name);
	note_number(&b, "connections", sp->connections);
	if (how)
		note_text(&b, "how", bytes_str(how));
	note_send(&b, s->push, sp->handle);
}

static void conn_free(struct streams *s, struct conn *c)
{
	own_size(s, c, 0);
	unlink_age(s, c);
	close(c->polled.fd);
	c->speaker->connections--;
	if (c->how)
		note_peer(s, c->speaker, "peer-closed", c->how);
	s->conn_n--;
	count_set(&s->push->counts->connections, s->conn_n);
	free(c);
}

static void acceptor_free(struct acceptor *a)
{
	if (a->held >= 0)
		close(a->held);
	free(a->name);
	free(a);
}

struct streams *streams_free(struct streams *s)
{
	if (!s)
		return NULL;
	while (s->oldest)
		conn_free(s, s->oldest);
	for (size_t i = 0; i < s->acceptor_n; i++)
		acceptor_free(s->acceptor[i]);
	free(s->read);
	free(s);
	return NULL;
}

struct polled *streams_add(struct streams *s, const struct intake_listener *l)
{
	struct acceptor *a;

	if (s->acceptor_n == LISTENERS)
		return NULL;
	a = mem_new(1, sizeof(*a));
	a->polled = (struct polled){ .kind = POLLED_ACCEPT, .fd = l->fd, .ready = true };
	a->kind = l->kind;
	a->name = mem_must(strdup(l->name ? l->name : ""));
	a->held = -1;
	s->acceptor[s->acceptor_n++] = a;
	return &a->polled;
}

void streams_event(struct streams *s, struct polled *p)
{
	p->ready = true;
	if (p->kind == POLLED_CONNECTION)
		make_ready(s, (struct conn *)(void *)p);
}

/* Gives all frames of the view; returns how many bytes are used. */
static size_t give_frames(struct streams *s, struct conn *c, struct bytes view,
			  enum frame_press press, bool *ret_full)
{
	size_t used = 0;
	struct frame f;
	int r;

	*ret_full = false;
	for (;;) {
		struct framer before = c->framer;

		r = frame_next(&c->framer, bytes_from(view, used), s->limits->record_limit, press,
			       &f);
		if (r == FRAME_MORE)
			return used;
		if (!r &&
		    push_record(s->push, c->speaker->handle, c->speaker->row, f.flags, f.raw)) {
			c->framer = before;
			*ret_full = true;
			return used;
		}
		used += f.used;
	}
}

/* What is left of the view begins an unfinished message: it stays in own memory. */
static void keep_rest(struct streams *s, struct conn *c, struct bytes rest)
{
	bool inside = c->own.at && rest.at >= c->own.at && rest.at < c->own.at + c->own.cap;

	if (!rest.len) {
		c->own.len = 0;
		if (c->own.cap)
			own_size(s, c, 0);
		return;
	}
	if (inside) {
		if (rest.at != c->own.at)
			memmove(c->own.at, rest.at, rest.len);
		c->own.len = rest.len;
		if (rest.len <= SMALL && c->own.cap > SMALL)
			own_size(s, c, SMALL);
		return;
	}
	if (c->own.cap < rest.len)
		own_size(s, c, rest.len <= SMALL ? (rest.len + 255) & ~(size_t)255 : rest.len);
	memcpy(c->own.at, rest.at, rest.len);
	c->own.len = rest.len;
}

/* More room for a long message, within the budget of all of them. */
static bool grow_own(struct streams *s, struct conn *c)
{
	size_t most = s->limits->record_limit + SMALL, cap = 2 * c->own.cap;

	if (c->own.cap - c->own.len >= SMALL)
		return true;
	if (cap < 4 * SMALL)
		cap = 4 * SMALL;
	if (cap > most && c->own.len + SMALL <= most)
		cap = most;
	if (s->memory - c->own.cap + cap > s->limits->net_memory)
		return false;
	own_size(s, c, cap);
	return true;
}

/* Is there memory for what is left of a read? If not it goes out as a piece. */
static bool may_keep(const struct streams *s, const struct conn *c, size_t rest)
{
	return rest <= SMALL || s->memory - c->own.cap + rest <= s->limits->net_memory;
}

/* Looks at what is in `own` again: after a full ring, or under pressure. */
static int again(struct streams *s, struct conn *c, enum frame_press press)
{
	struct bytes view = buf_view(&c->own);
	bool full;
	size_t used = give_frames(s, c, view, press, &full);

	keep_rest(s, c, bytes_from(view, used));
	c->parsed = !full;
	return full ? PUSH_FULL : 0;
}

/* One receive. Returns bytes, 0 when there is nothing more now, or -1 when the stream ended. */
static ssize_t read_some(struct streams *s, struct conn *c, bool *ret_full, const char **ret_how)
{
	size_t have = c->own.len, cap = READ_BYTES + SMALL, used;
	uint8_t *base = s->read;
	ssize_t n;

	*ret_full = false;
	if (have > SMALL) {
		if (!grow_own(s, c)) {
			*ret_full = again(s, c, FRAME_CUT) != 0;
			if (*ret_full)
				return 0;
			have = c->own.len;
		}
	}
	if (have > SMALL) {
		base = c->own.at;
		cap = c->own.cap;
	} else if (have) {
		memcpy(base, c->own.at, have);
	}
	do
		n = recv(c->polled.fd, base + have, cap - have, MSG_DONTWAIT);
	while (n < 0 && errno == EINTR);
	if (n <= 0) {
		if (n < 0 && errno == EAGAIN) {
			c->polled.ready = false;
			return 0;
		}
		*ret_how = !n ? "closed" : errno == ETIMEDOUT ? "timed-out" : "reset";
		return -1;
	}
	/* A short read has emptied the socket: the next byte, or its end, is a new event. */
	if ((size_t)n < cap - have && !c->polled.hangup)
		c->polled.ready = false;
	push_now(s->push);
	used = give_frames(s, c, bytes_of(base, have + (size_t)n), FRAME_WAIT, ret_full);
	if (base == s->read && !*ret_full && !may_keep(s, c, have + (size_t)n - used))
		used += give_frames(s, c, bytes_of(base + used, have + (size_t)n - used), FRAME_CUT,
				    ret_full);
	keep_rest(s, c, bytes_of(base + used, have + (size_t)n - used));
	c->parsed = !*ret_full;
	return n;
}

/* May the peer be read now? Otherwise it stays in the ready list. */
static bool may_read(struct streams *s, struct speaker *sp)
{
	int64_t rate = (int64_t)s->limits->source_rate, add;

	if (sp->round != s->round) {
		sp->round = s->round;
		sp->spent = 0;
	}
	if (sp->spent >= QUANTUM)
		return false;
	if (!rate)
		return true;
	add = s->now - sp->tokens_at >= USEC_PER_SEC
		      ? rate
		      : rate / 1000 * (s->now - sp->tokens_at) / 1000;
	if (add > 0) {
		sp->tokens = sp->tokens + add > rate ? rate : sp->tokens + add;
		sp->tokens_at = s->now;
	}
	if (sp->tokens > 0)
		return true;
	if (s->due == USEC_NONE || s->due > s->now + USEC_PER_SEC / 100)
		s->due = s->now + USEC_PER_SEC / 100;
	return false;
}

enum { CONN_STAYS, CONN_GONE, CONN_FULL };

static int conn_turn(struct streams *s, struct conn *c)
{
	if (!c->parsed && again(s, c, c->ended ? FRAME_END : FRAME_WAIT))
		return CONN_FULL;
	while (!c->ended && c->polled.ready && may_read(s, c->speaker)) {
		const char *how_ended = NULL;
		bool full;
		ssize_t n = read_some(s, c, &full, &how_ended);

		if (n > 0) {
			c->speaker->spent += (uint64_t)n;
			c->speaker->tokens -= n;
			heard(s, c);
		}
		if (full)
			return CONN_FULL;
		if (n < 0) {
			c->ended = true;
			c->how = how_ended;
		}
	}
	if (!c->ended)
		return CONN_STAYS;
	return again(s, c, FRAME_END) ? CONN_FULL : CONN_GONE;
}

static int conn_new(struct streams *s, struct acceptor *a, int fd,
		    const struct sockaddr_storage *from)
{
	struct epoll_event ev = { .events = EPOLLIN | EPOLLRDHUP | EPOLLET };
	struct speaker *sp;
	struct conn *c;
	const int one = 1, idle = 30, every = 10, times = 3;
	int r;

	r = sources_peer(s->sources, a->kind, from, &sp);
	if (r)
		return r;
	if (sp->connections >= s->limits->max_peer_connections ||
	    s->conn_n >= s->limits->max_connections) {
		s->refused++;
		count_add(&s->push->counts->connections_refused, 1);
		close(fd);
		return 0;
	}
	c = mem_new(1, sizeof(*c));
	c->polled = (struct polled){ .kind = POLLED_CONNECTION, .fd = fd };
	c->speaker = sp;
	c->parsed = true;
	c->heard = s->now;
	ev.data.ptr = &c->polled;
	/* A peer that vanished without a word, or the way to it, is noticed by the kernel, within a
	 * minute. */
	setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &one, sizeof(one));
	setsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &idle, sizeof(idle));
	setsockopt(fd, IPPROTO_TCP, TCP_KEEPINTVL, &every, sizeof(every));
	setsockopt(fd, IPPROTO_TCP, TCP_KEEPCNT, &times, sizeof(times));
	if (epoll_ctl(s->epoll_fd, EPOLL_CTL_ADD, fd, &ev) < 0) {
		close(fd);
		free(c);
		return 0;
	}
	sp->connections++;
	s->conn_n++;
	link_newest(s, c);
	count_set(&s->push->counts->connections, s->conn_n);
	count_add(&s->push->counts->connections_total, 1);
	note_peer(s, sp, "peer-connected", NULL);
	return 0;
}

/* Room for a newcomer: the connection that was silent longest ends, if that was long. */
static void make_way(struct streams *s)
{
	struct conn *c = s->oldest;

	if (s->conn_n < s->limits->max_connections || !c || c->queued ||
	    s->now - c->heard < IDLE_EVICT)
		return;
	c->ended = true;
	c->how = "evicted";
	make_ready(s, c);
}

/* False: the ring is full, and has no room to tell the keeper of a newcomer. */
static bool accept_some(struct streams *s, struct acceptor *a)
{
	for (int i = 0; i < ACCEPTS && (a->polled.ready || a->held >= 0); i++) {
		socklen_t len = sizeof(a->held_from);

		if (a->held < 0) {
			memset(&a->held_from, 0, sizeof(a->held_from));
			a->held = accept4(a->polled.fd, (struct sockaddr *)&a->held_from, &len,
					  SOCK_NONBLOCK | SOCK_CLOEXEC);
		}
		if (a->held < 0) {
			if (errno == EINTR || errno == ECONNABORTED)
				continue;
			/* Out of descriptors: it is tried again by the next tick. */
			a->polled.ready = false;
			return true;
		}
		make_way(s);
		if (conn_new(s, a, a->held, &a->held_from))
			return false;
		a->held = -1;
	}
	return true;
}

void streams_remove(struct streams *s, struct bytes name)
{
	for (size_t i = 0; i < s->acceptor_n; i++) {
		struct acceptor *a = s->acceptor[i];

		if (!bytes_eq(bytes_str(a->name), name))
			continue;
		/* Those that were let in by the kernel already are taken. */
		a->polled.ready = true;
		for (int k = 0; k < BACKLOG_TURNS && a->polled.ready && accept_some(s, a); k++)
			;
		epoll_ctl(s->epoll_fd, EPOLL_CTL_DEL, a->polled.fd, NULL);
		close(a->polled.fd);
		acceptor_free(a);
		s->acceptor[i] = s->acceptor[--s->acceptor_n];
		return;
	}
}

int streams_turn(struct streams *s)
{
	struct conn *c = s->ready, *next, *served = NULL, **served_end = NULL;
	bool full = false, more = false;

	s->now = clock_mono();
	s->round++;
	s->due = USEC_NONE;
	s->ready = NULL;
	s->ready_end = &s->ready;
	for (size_t i = 0; i < s->acceptor_n && !full; i++) {
		struct acceptor *a = s->acceptor[i];

		if (a->polled.ready || a->held >= 0)
			full |= !accept_some(s, a);
		more |= a->polled.ready;
	}
	for (; c; c = next) {
		int r = CONN_FULL;

		next = c->next_ready;
		c->queued = false;
		if (!full)
			r = conn_turn(s, c);
		if (r == CONN_GONE) {
			conn_free(s, c);
		} else if (r == CONN_FULL || c->polled.ready) {
			/* It waits for its tokens, or for its turn: only that is more to do. */
			more |= !s->limits->source_rate || c->speaker->tokens > 0;
			make_ready(s, c);
		}
		if (r == CONN_FULL && !full) {
			/* Those that have not had their turn come before those that have. */
			full = true;
			served = s->ready;
			served_end = s->ready_end;
			s->ready = NULL;
			s->ready_end = &s->ready;
		}
	}
	if (served) {
		*s->ready_end = served;
		s->ready_end = served_end;
	}
	return full ? TURN_FULL : more ? TURN_MORE : TURN_IDLE;
}

usec streams_due(const struct streams *s)
{
	return s->due;
}

void streams_tick(struct streams *s, usec now)
{
	struct conn *newer;

	s->now = now;
	for (size_t i = 0; i < s->acceptor_n; i++)
		s->acceptor[i]->polled.ready = true;
	for (struct conn *c = s->oldest; c; c = newer) {
		newer = c->newer;
		if (now - c->heard < s->limits->partial_wait)
			break;
		if (c->own.len && c->parsed && !c->queued && again(s, c, FRAME_CUT))
			make_ready(s, c);
	}
	if (s->refused) {
		struct buf b = note_of("connections-refused");

		note_number(&b, "count", s->refused);
		note_number(&b, "limit", s->limits->max_connections);
		if (!note_send(&b, s->push, 0))
			s->refused = 0;
	}
}

int streams_end(struct streams *s)
{
	struct conn *newer;

	for (struct conn *c = s->oldest; c; c = newer) {
		newer = c->newer;
		if (again(s, c, FRAME_END))
			return TURN_FULL;
		c->own.len = 0;
	}
	return TURN_IDLE;
}
