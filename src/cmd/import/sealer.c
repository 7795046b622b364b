/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/import/sealer.h"
#include "cmd/encode.h"
#include "cmd/known.h"
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#define SEGMENTS_WAITING 4

enum state { SEALER_IDLE, SEALER_BUSY, SEALER_DONE, SEALER_END };

struct sealer {
	struct ledger *ledger;
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	enum state state; /* under the lock; the rest belongs to the thread while BUSY */
	struct encoder *encoder;
	struct known sources; /* the ledger's own table moves as it grows */
	int fd;
	uint64_t first;
	struct buf payload;
	int result;
	struct why why;
};

static const struct source *source_by_id(void *ctx, uint32_t id)
{
	const struct sealer *s = ctx;

	return known_at(&s->sources, id);
}

static void encode(struct sealer *s)
{
	struct segment *segment = NULL;

	s->why.line[0] = 0;
	buf_clear(&s->payload);
	s->result = segment_open_fd(&segment, s->fd, &s->why);
	if (s->result == 0)
		s->result = encoder_run(s->encoder, segment, false, &s->payload);
	segment_free(segment);
	close(s->fd);
}

static void *work(void *ctx)
{
	struct sealer *s = ctx;

	pthread_mutex_lock(&s->lock);
	for (;;) {
		while (s->state != SEALER_BUSY && s->state != SEALER_END)
			pthread_cond_wait(&s->changed, &s->lock);
		if (s->state == SEALER_END)
			break;
		pthread_mutex_unlock(&s->lock);
		encode(s);
		pthread_mutex_lock(&s->lock);
		s->state = SEALER_DONE;
		pthread_cond_broadcast(&s->changed);
	}
	pthread_mutex_unlock(&s->lock);
	return NULL;
}

int sealer_new(struct sealer **ret, struct ledger *l)
{
	struct sealer *s = mem_new(1, sizeof(*s));
	sigset_t all, old;
	int r;

	s->ledger = l;
	r = encoder_new(&s->encoder, source_by_id, s);
	if (r < 0) {
		free(s);
		return r;
	}
	pthread_mutex_init(&s->lock, NULL);
	pthread_cond_init(&s->changed, NULL);
	sigfillset(&all); /* signals are the first thread's */
	pthread_sigmask(SIG_SETMASK, &all, &old);
	r = -pthread_create(&s->thread, NULL, work, s);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	if (r < 0) {
		encoder_free(s->encoder);
		free(s);
		return r;
	}
	*ret = s;
	return 0;
}

struct sealer *sealer_free(struct sealer *s)
{
	if (!s)
		return NULL;
	pthread_mutex_lock(&s->lock);
	while (s->state == SEALER_BUSY)
		pthread_cond_wait(&s->changed, &s->lock);
	s->state = SEALER_END;
	pthread_cond_broadcast(&s->changed);
	pthread_mutex_unlock(&s->lock);
	pthread_join(s->thread, NULL);
	pthread_mutex_destroy(&s->lock);
	pthread_cond_destroy(&s->changed);
	encoder_free(s->encoder);
	known_done(&s->sources);
	buf_done(&s->payload);
	free(s);
	return NULL;
}

static void copy_sources(struct sealer *s)
{
	const struct source *from;

	while ((from = ledger_source_by_id(s->ledger, s->sources.n)) != NULL)
		known_add(&s->sources, from);
}

static enum state state_now(struct sealer *s, bool wait)
{
	enum state now;

	pthread_mutex_lock(&s->lock);
	while (wait && s->state == SEALER_BUSY)
		pthread_cond_wait(&s->changed, &s->lock);
	now = s->state;
	pthread_mutex_unlock(&s->lock);
	return now;
}

static void set_state(struct sealer *s, enum state to)
{
	pthread_mutex_lock(&s->lock);
	s->state = to;
	pthread_cond_broadcast(&s->changed);
	pthread_mutex_unlock(&s->lock);
}

static int adopt(struct sealer *s, struct why *why)
{
	int r = s->result;

	set_state(s, SEALER_IDLE);
	if (r < 0) {
		*why = s->why;
		return why_in(why, r, "sealing the segment of record %llu",
			      (unsigned long long)s->first);
	}
	return ledger_adopt(s->ledger, s->first, buf_view(&s->payload), why);
}

/* The oldest closed segment, if there is one, goes to the thread. */
static int hand_out(struct sealer *s, bool *ret_more, struct why *why)
{
	const char *path;

	*ret_more = ledger_closed_segment(s->ledger, &s->first, &path);
	if (!*ret_more)
		return 0;
	copy_sources(s);
	s->fd = open(path, O_RDONLY | O_CLOEXEC);
	if (s->fd < 0)
		return why_set(why, -errno, "%s: %s", path, strerror(errno));
	set_state(s, SEALER_BUSY);
	return 0;
}

int sealer_step(struct sealer *s, bool wait, struct why *why)
{
	for (;;) {
		struct ledger_counts n;
		bool more = true, must;
		enum state state;
		int r = 0;

		ledger_counts(s->ledger, &n);
		must = wait || n.closed_segments > SEGMENTS_WAITING;
		state = state_now(s, must);
		if (state == SEALER_BUSY)
			return 0;
		if (state == SEALER_DONE)
			r = adopt(s, why);
		if (r == 0)
			r = hand_out(s, &more, why);
		if (r < 0 || !more)
			return r;
		if (!must)
			return 0;
	}
}
