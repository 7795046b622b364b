/* SPDX-License-Identifier: Apache-2.0 */
/* The receive area is cut into slots that do not begin at multiples of a power of two: else the
 * first lines of all slots would fall into the same few sets of the caches. */
#include "intake/datagram.h"
#include "intake/note.h"
#include "intake/stage.h"
#include <linux/sock_diag.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <unistd.h>

#define SLOT_N 128
#define SLOT_BYTES (65536 + 576) /* the longest UDP message, and an odd number of cache lines */
#define WIDE_N 8 /* unix datagrams may be longer: fewer and wider slots */
#define WIDE_BYTES (SLOT_N * SLOT_BYTES / WIDE_N)
#define ROUNDS 8 /* calls to the kernel a turn */
#define LAST_ROUNDS 4096 /* calls for what waits in a socket that is closed */
#define SOCKETS 64

struct inlet {
	struct polled polled;
	enum source_kind kind;
	char *name;
	uint32_t slot;
	struct speaker *speaker; /* of a unix socket */
	uint64_t lost, nameless; /* not yet told: in the kernel; by us, of a newcomer */
};

struct datagrams {
	struct push *push;
	struct sources *sources;
	const struct intake_limits *limits;
	uint8_t *area;
	struct mmsghdr msgs[SLOT_N];
	struct iovec iov[SLOT_N];
	struct sockaddr_storage from[SLOT_N];
	struct inlet *inlet[SOCKETS];
	size_t inlet_n;
	struct stage stage;
	struct speaker *lossy; /* those with lost > 0 */
	struct sockaddr_storage last_from; /* peers come in bursts */
	struct speaker *last;
	enum source_kind last_kind;
	usec mono; /* of the last receive */
};

struct datagrams *datagrams_new(struct push *push, struct sources *sources,
				const struct intake_limits *limits)
{
	struct datagrams *d = mem_new(1, sizeof(*d));
	void *area = mmap(NULL, (size_t)SLOT_N * SLOT_BYTES, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	d->push = push;
	d->sources = sources;
	d->limits = limits;
	d->area = mem_must(area == MAP_FAILED ? NULL : area);
	stage_init(&d->stage, (size_t)limits->stage_memory);
	return d;
}

struct datagrams *datagrams_free(struct datagrams *d)
{
	if (!d)
		return NULL;
	for (size_t i = 0; i < d->inlet_n; i++) {
		free(d->inlet[i]->name);
		free(d->inlet[i]);
	}
	stage_done(&d->stage);
	munmap(d->area, (size_t)SLOT_N * SLOT_BYTES);
	free(d);
	return NULL;
}

struct polled *datagrams_add(struct datagrams *d, const struct intake_listener *l)
{
	struct inlet *in;

	if (d->inlet_n == SOCKETS)
		return NULL;
	in = mem_new(1, sizeof(*in));
	in->polled = (struct polled){ .kind = POLLED_DATAGRAM, .fd = l->fd, .ready = true };
	in->kind = l->kind;
	in->name = mem_must(strdup(l->name ? l->name : ""));
	in->slot = l->slot;
	d->inlet[d->inlet_n++] = in;
	return &in->polled;
}

bool datagrams_waiting(const struct datagrams *d)
{
	return d->stage.used > 0;
}

static void lose(struct datagrams *d, struct speaker *sp)
{
	if (!sp->lost++) {
		sp->next_lossy = d->lossy;
		d->lossy = sp;
	}
	count_add(&d->push->counts->lost, 1);
	if (sp->row)
		count_add(&sp->row->lost, 1);
}

/* Pushes raw, in pieces where it is longer than the limit. Returns how much of it went out:
 * all, or up to where the ring was full. */
static size_t deliver(struct datagrams *d, struct speaker *sp, struct bytes raw, bool cont,
		      uint32_t end)
{
	size_t at = 0, limit = d->limits->record_limit;

	do {
		bool last = raw.len - at <= limit;
		uint32_t flags = (last ? end : END_CUT) | (at || cont ? RECORD_CONT : 0);

		if (push_record(d->push, sp->handle, sp->row, flags, bytes_sub(raw, at, limit)))
			return at;
		at += last ? raw.len - at : limit;
		if (last)
			return SIZE_MAX;
	} while (true);
}

/* Over its rate? A bucket of one second; a burst within it passes. */
static bool over_rate(const struct datagrams *d, struct speaker *sp, size_t len, usec now)
{
	int64_t rate = (int64_t)d->limits->source_rate, add;

	if (!rate)
		return false;
	add = now - sp->tokens_at >= USEC_PER_SEC ? rate
						  : rate / 1000 * (now - sp->tokens_at) / 1000;
	if (add > 0) {
		sp->tokens = sp->tokens + add > rate ? rate : sp->tokens + add;
		sp->tokens_at = now;
	}
	if (sp->tokens <= 0)
		return true;
	sp->tokens -= (int64_t)len;
	return false;
}

static void take(struct datagrams *d, struct speaker *sp, struct bytes raw, uint32_t end)
{
	size_t gone = 0;

	if (over_rate(d, sp, raw.len, d->mono)) {
		lose(d, sp);
		return;
	}
	if (!d->stage.used) {
		gone = deliver(d, sp, raw, false, end);
		if (gone == SIZE_MAX)
			return;
	}
	if (!stage_put(&d->stage, sp, d->push->arrival, gone > 0, end, bytes_from(raw, gone)))
		lose(d, sp);
}

/* 0 or PUSH_FULL */
static int unstage(struct datagrams *d)
{
	usec now = d->push->arrival;
	struct staged s;
	int r = 0;

	while (stage_peek(&d->stage, &s)) {
		size_t gone;

		d->push->arrival = s.arrival;
		gone = deliver(d, s.speaker, s.raw, s.cont, s.end);
		if (gone != SIZE_MAX) {
			stage_shorten(&d->stage, gone);
			r = PUSH_FULL;
			break;
		}
		stage_drop(&d->stage);
	}
	d->push->arrival = now;
	count_set(&d->push->counts->staged, d->stage.used);
	return r;
}

static int speaker_of(struct datagrams *d, struct inlet *in, const struct sockaddr_storage *from,
		      struct speaker **ret)
{
	int r;

	if (in->kind == SOURCE_SYSLOG_UNIX) {
		r = in->speaker ? 0
				: sources_named(d->sources, in->kind, bytes_str(in->name),
						&in->speaker);
		*ret = in->speaker;
		return r;
	}
	/* The port, which does not matter, is compared too: it stays within a burst. */
	if (d->last && d->last_kind == in->kind && d->last_from.ss_family == from->ss_family &&
	    !memcmp(&d->last_from, from, 32)) {
		*ret = d->last;
		return 0;
	}
	r = sources_peer(d->sources, in->kind, from, ret);
	if (!r) {
		d->last = *ret;
		d->last_kind = in->kind;
		memcpy(&d->last_from, from, 32);
	}
	return r;
}

static int receive(struct datagrams *d, struct inlet *in)
{
	bool wide = in->kind == SOURCE_SYSLOG_UNIX;
	unsigned n = wide ? WIDE_N : SLOT_N;
	size_t bytes = wide ? WIDE_BYTES : SLOT_BYTES;
	int got;

	for (unsigned i = 0; i < n; i++) {
		d->iov[i] = (struct iovec){ d->area + i * bytes, bytes };
		d->msgs[i].msg_hdr = (struct msghdr){ .msg_name = &d->from[i],
						      .msg_namelen = sizeof(d->from[i]),
						      .msg_iov = &d->iov[i],
						      .msg_iovlen = 1 };
	}
	do
		got = recvmmsg(in->polled.fd, d->msgs, n, MSG_DONTWAIT, NULL);
	while (got < 0 && errno == EINTR);
	if (got < (int)n)
		in->polled.ready = false;
	/* Errors of a datagram socket (an ICMP answer to nothing of ours) end nothing. */
	return got < 0 ? 0 : got;
}

static void take_all(struct datagrams *d, struct inlet *in, int n)
{
	push_now(d->push);
	d->mono = clock_mono();
	for (int i = 0; i < n; i++) {
		bool whole = !(d->msgs[i].msg_hdr.msg_flags & MSG_TRUNC);
		struct bytes raw = bytes_of(d->iov[i].iov_base, d->msgs[i].msg_len);
		struct speaker *sp;

		if (d->msgs[i].msg_hdr.msg_namelen == 0)
			d->from[i].ss_family = AF_UNSPEC;
		if (speaker_of(d, in, &d->from[i], &sp)) {
			/* A newcomer while the ring is full: counted, under no name. */
			count_add(&d->push->counts->lost, 1);
			in->nameless++;
			continue;
		}
		take(d, sp, raw, whole ? END_FRAME : END_CUT);
	}
}

int datagrams_turn(struct datagrams *d)
{
	int answer = TURN_IDLE;

	if (d->stage.used && unstage(d))
		answer = TURN_FULL;
	for (size_t i = 0; i < d->inlet_n; i++) {
		struct inlet *in = d->inlet[i];

		for (int k = 0; k < ROUNDS && in->polled.ready; k++) {
			int n;

			if (in->kind == SOURCE_SYSLOG_UNIX && answer == TURN_FULL)
				break; /* its senders wait */
			n = receive(d, in);
			take_all(d, in, n);
			if (d->stage.used)
				answer = TURN_FULL;
		}
		if (in->polled.ready && answer == TURN_IDLE)
			answer = TURN_MORE;
	}
	count_set(&d->push->counts->staged, d->stage.used);
	return answer;
}

/* The kernel's count since the socket was made; what an intake before us told of it is in the
 * shared counters. */
static void kernel_drops(struct datagrams *d, struct inlet *in)
{
	uint32_t info[SK_MEMINFO_VARS] = { 0 }, now;
	socklen_t len = sizeof(info);
	count *seen = &d->push->counts->kernel_drops[in->slot % COUNT_LISTENERS];
	uint32_t more;

	if (in->kind == SOURCE_SYSLOG_UNIX ||
	    getsockopt(in->polled.fd, SOL_SOCKET, SO_MEMINFO, info, &len) < 0 ||
	    len < (SK_MEMINFO_DROPS + 1) * sizeof(uint32_t))
		return;
	now = info[SK_MEMINFO_DROPS];
	more = now - (uint32_t)count_get(seen); /* it wraps */
	count_set(seen, now);
	in->lost += more;
	count_add(&d->push->counts->lost, more);
}

static int tell_lost(struct datagrams *d, uint32_t handle, enum source_kind kind, struct bytes name,
		     uint64_t n, const char *where)
{
	struct buf b = note_of("datagrams-lost");

	note_text(&b, "kind", bytes_str(source_kind_name(kind)));
	note_text(&b, "name", name);
	note_number(&b, "count", n);
	note_text(&b, "where", bytes_str(where));
	return note_send(&b, d->push, handle);
}

void datagrams_tick(struct datagrams *d)
{
	for (size_t i = 0; i < d->inlet_n; i++) {
		struct inlet *in = d->inlet[i];

		kernel_drops(d, in);
		if (in->lost && !tell_lost(d, 0, in->kind, bytes_str(in->name), in->lost, "kernel"))
			in->lost = 0;
		if (in->nameless &&
		    !tell_lost(d, 0, in->kind, bytes_str(in->name), in->nameless, "here"))
			in->nameless = 0;
	}
	while (d->lossy) {
		struct speaker *sp = d->lossy;

		if (tell_lost(d, sp->handle, sp->kind, sp->name, sp->lost, "here"))
			return; /* the ring is full: told later */
		sp->lost = 0;
		d->lossy = sp->next_lossy;
		sp->next_lossy = NULL;
	}
}

void datagrams_remove(struct datagrams *d, int epoll_fd, enum source_kind kind, struct bytes name)
{
	for (size_t i = 0; i < d->inlet_n; i++) {
		struct inlet *in = d->inlet[i];

		if (in->kind != kind || !bytes_eq(bytes_str(in->name), name))
			continue;
		in->polled.ready = true;
		for (int k = 0; k < LAST_ROUNDS && in->polled.ready; k++)
			take_all(d, in, receive(d, in));
		kernel_drops(d, in);
		if (in->lost)
			tell_lost(d, 0, in->kind, bytes_str(in->name), in->lost, "kernel");
		if (in->nameless)
			tell_lost(d, 0, in->kind, bytes_str(in->name), in->nameless, "here");
		epoll_ctl(epoll_fd, EPOLL_CTL_DEL, in->polled.fd, NULL);
		close(in->polled.fd);
		free(in->name);
		free(in);
		d->inlet[i] = d->inlet[--d->inlet_n];
		return;
	}
}
