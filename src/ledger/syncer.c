/* SPDX-License-Identifier: Apache-2.0 */
#include "ledger/syncer.h"
#include "ledger/file.h"
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>

struct syncer {
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	enum { IDLE, ASKED, DONE, QUIT } state;
	int fd, result;
};

static void *run(void *ctx)
{
	struct syncer *s = ctx;

	pthread_mutex_lock(&s->lock);
	for (;;) {
		int r;

		while (s->state != ASKED && s->state != QUIT)
			pthread_cond_wait(&s->changed, &s->lock);
		if (s->state == QUIT)
			break;
		pthread_mutex_unlock(&s->lock);
		r = file_sync(s->fd);
		pthread_mutex_lock(&s->lock);
		s->result = r;
		s->state = DONE;
		pthread_cond_broadcast(&s->changed);
	}
	pthread_mutex_unlock(&s->lock);
	return NULL;
}

int syncer_new(struct syncer **ret)
{
	struct syncer *s = mem_new(1, sizeof(*s));
	sigset_t all, old;
	int r;

	pthread_mutex_init(&s->lock, NULL);
	pthread_cond_init(&s->changed, NULL);
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	r = pthread_create(&s->thread, NULL, run, s);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	if (r) {
		free(s);
		return -r;
	}
	*ret = s;
	return 0;
}

struct syncer *syncer_free(struct syncer *s)
{
	if (!s)
		return NULL;
	pthread_mutex_lock(&s->lock);
	s->state = QUIT;
	pthread_cond_broadcast(&s->changed);
	pthread_mutex_unlock(&s->lock);
	pthread_join(s->thread, NULL);
	pthread_mutex_destroy(&s->lock);
	pthread_cond_destroy(&s->changed);
	free(s);
	return NULL;
}

void syncer_start(struct syncer *s, int fd)
{
	pthread_mutex_lock(&s->lock);
	s->fd = fd;
	s->state = ASKED;
	pthread_cond_broadcast(&s->changed);
	pthread_mutex_unlock(&s->lock);
}

int syncer_wait(struct syncer *s)
{
	int r;

	pthread_mutex_lock(&s->lock);
	while (s->state != DONE)
		pthread_cond_wait(&s->changed, &s->lock);
	s->state = IDLE;
	r = s->result;
	pthread_mutex_unlock(&s->lock);
	return r;
}
