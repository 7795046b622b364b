/* SPDX-License-Identifier: Apache-2.0 */
/* What each process of serve is given before its fork, and what is done when it has ended. */
#include "cmd/serve/analyst.h"
#include "cmd/serve/supervisor_in.h"
#include "cmd/serve/talk.h"
#include "notify/settings.h"
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>

/* In a child that is not the hand: passwords and tokens are no business of it. */
static void forget_secrets(struct supervisor *s)
{
	s->notify = notify_config_free(s->notify);
}

/* ---- keeper ---- */

static int keeper_child(void *ctx)
{
	struct supervisor *s = ctx;

	forget_secrets(s);
	return keeper_run(&s->keeper_start);
}

static int keeper_prepare(void *ctx)
{
	struct supervisor *s = ctx;
	int pair[2], r = fdpass_pair(pair);

	if (r < 0)
		return r;
	s->keeper_sock = pair[0];
	s->keeper_start.supervisor = pair[1];
	s->keeper_start.config = s->config;
	s->keeper.keep_n = 0;
	role_keep(&s->keeper, pair[1]);
	role_keep(&s->keeper, s->keeper_start.dirfd);
	role_keep(&s->keeper, s->keeper_start.wake);
	for (size_t i = 0; i < s->feeders; i++) {
		role_keep(&s->keeper, ring_data_fd(s->feeder[i].ring));
		role_keep(&s->keeper, ring_space_fd(s->feeder[i].ring));
	}
	return 0;
}

static void keeper_started(void *ctx)
{
	struct supervisor *s = ctx;

	close_fd(&s->keeper_start.supervisor);
}

/* A producer that wrote what is no message is not believed again: both ends begin with a new
 * ring. What was in the old one was never acknowledged. */
static void renew_ring(struct supervisor *s, struct feeder *f)
{
	struct ring *fresh;
	unsigned i = f->ring_index;

	if (f->role.pid > 0)
		kill(f->role.pid, SIGKILL);
	if (ring_new(&fresh, s->config->ring) < 0)
		return; /* flag stays: next time */
	ring_free(f->ring);
	f->ring = fresh;
	s->keeper_start.ring[i] = fresh;
	count_set(&f->notes->incarnation, 0);
	count_set(&f->notes->broken, 0);
}

static void keeper_ended(void *ctx)
{
	struct supervisor *s = ctx;

	close_fd(&s->keeper_sock);
	close_fd(&s->keeper_start.supervisor);
	s->keeper_ready = false;
	count_set(&s->shared->keeper.ready, 0);
	if (!s->was_ready && WIFEXITED(s->keeper.status) &&
	    WEXITSTATUS(s->keeper.status) == KEEPER_REFUSED) {
		s->refused = KEEPER_REFUSED;
		s->stop = true;
	}
	for (size_t i = 0; i < s->feeders; i++) {
		feeder_keeper_gone(&s->feeder[i]);
		if (count_get(&s->feeder[i].notes->broken))
			renew_ring(s, &s->feeder[i]);
	}
}

/* ---- analyst and desk ---- */

static int analyst_child(void *ctx)
{
	struct supervisor *s = ctx;

	forget_secrets(s);
	return analyst_run(&s->analyst_start);
}

static int analyst_prepare(void *ctx)
{
	struct supervisor *s = ctx;
	int pair[2], own[2], r;

	close_fd(&s->analyst_sock);
	close_fd(&s->analyst_control);
	r = fdpass_pair(pair);
	if (r < 0)
		return r;
	r = fdpass_pair(own);
	if (r < 0) {
		close(pair[0]);
		close(pair[1]);
		return r;
	}
	s->analyst_sock = pair[0]; /* goes to the keeper as soon as there is one */
	s->analyst_control = own[0];
	s->analyst_start.config = s->config;
	s->analyst_start.keeper = pair[1];
	s->analyst_start.supervisor = own[1];
	s->analyst.keep_n = 0;
	role_keep(&s->analyst, pair[1]);
	role_keep(&s->analyst, own[1]);
	role_keep(&s->analyst, s->analyst_start.wake);
	role_keep(&s->analyst, s->analyst_start.dirfd);
	s->rules_mark = 0; /* a new one has none */
	s->rules_looked = 0;
	return 0;
}

static void analyst_started(void *ctx)
{
	struct supervisor *s = ctx;

	close_fd(&s->analyst_start.keeper);
	close_fd(&s->analyst_start.supervisor);
}

static int desk_child(void *ctx)
{
	struct supervisor *s = ctx;

	forget_secrets(s);
	s->desk_start.supervisor = s->desk_child;
	return desk_run(&s->desk_start);
}

static int desk_prepare(void *ctx)
{
	struct supervisor *s = ctx;
	int pair[2], r;

	close_fd(&s->desk_sock);
	r = fdpass_pair(pair);
	if (r < 0)
		return r;
	s->desk_sock = pair[0];
	s->desk_child = pair[1];
	s->desk.keep_n = 0;
	role_keep(&s->desk, pair[1]);
	role_keep(&s->desk, s->desk_start.http_fd);
	role_keep(&s->desk, s->desk_start.status_fd);
	return 0;
}

static void desk_started(void *ctx)
{
	struct supervisor *s = ctx;

	close_fd(&s->desk_child);
}

/* ---- hand ---- */

static int hand_child(void *ctx)
{
	const struct supervisor *s = ctx;

	return hand_run(&s->hand_start);
}

static int hand_prepare(void *ctx)
{
	struct supervisor *s = ctx;
	int pair[2], r;

	close_fd(&s->hand_sock);
	r = fdpass_pair(pair);
	if (r < 0)
		return r;
	s->hand_sock = pair[0];
	s->hand_start.supervisor = pair[1];
	s->hand_start.config = s->config;
	s->hand_start.notify = s->notify;
	s->hand.keep_n = 0;
	role_keep(&s->hand, pair[1]);
	role_keep(&s->hand, s->hand_start.dirfd);
	return 0;
}

static void hand_started(void *ctx)
{
	struct supervisor *s = ctx;

	close_fd(&s->hand_start.supervisor);
}

int supervisor_notify(struct supervisor *s, struct why *why)
{
	struct notify_config *fresh = NULL;
	struct buf room = { 0 };
	int r = 0;

	if (*s->config->notify_file)
		r = notify_load(&fresh, s->config->notify_file, why);
	if (r == 0 && fresh && s->hand_start.dirfd < 0)
		r = setup_state(config_notify_dir(s->config, &room), "notify.dir",
				&s->accounts.outside, &s->hand_start.dirfd, why);
	buf_done(&room);
	if (r < 0) {
		notify_config_free(fresh);
		return why_in(why, r, "notify.file");
	}
	notify_config_free(s->notify);
	s->notify = fresh;
	s->analyst_start.told = fresh != NULL;
	return 0;
}

/* ---- all of them ---- */

/* In an intake: the memory of others is no business of a process that reads foreign bytes. */
static void forget(void *ctx)
{
	struct supervisor *s = ctx;

	forget_secrets(s);
	for (size_t i = 0; i < s->feeders; i++) {
		munmap(s->feeder[i].notes, sizeof(*s->feeder[i].notes));
		if (strcmp(s->feeder[i].role.name, say_role) != 0) {
			ring_free(s->feeder[i].ring);
			counts_free(s->feeder[i].counts);
		}
	}
	munmap(s->shared, sizeof(*s->shared));
}

int supervisor_make_feeders(struct supervisor *s, struct why *why)
{
	const struct {
		unsigned ring, role;
		enum source_kind kind;
		bool wanted;
	} all[] = {
		{ RING_INTAKE, ROLE_INTAKE, SOURCE_FILE, true },
		{ RING_JOURNAL, ROLE_JOURNAL, SOURCE_JOURNAL, s->config->journal_enabled },
		{ RING_CONFIGS, ROLE_CONFIGS, SOURCE_CONFIG, s->config->watch_config.n > 0 },
	};
	int r = 0;

	for (size_t i = 0; r == 0 && i < sizeof(all) / sizeof(*all); i++) {
		struct feeder *f = &s->feeder[s->feeders];

		if (!all[i].wanted)
			continue;
		s->feeders++;
		r = feeder_init(f, all[i].kind, s->config, serve_role_names[all[i].role],
				&s->accounts.outside, why);
		f->ring_index = all[i].ring;
		f->listeners = all[i].kind == SOURCE_FILE ? &s->listeners : NULL;
		f->host = s->host;
		f->forget = forget;
		f->forget_ctx = s;
		s->role[all[i].role] = &f->role;
		s->keeper_start.ring[all[i].ring] = f->ring;
		s->keeper_start.notes[all[i].ring] = f->notes;
		s->desk_start.counts[all[i].ring] = f->counts;
	}
	return r;
}

void supervisor_make_roles(struct supervisor *s)
{
	s->keeper = (struct role){ .name = serve_role_names[ROLE_KEEPER],
				   .run = keeper_child,
				   .prepare = keeper_prepare,
				   .started = keeper_started,
				   .ended = keeper_ended,
				   .ctx = s,
				   .account = &s->accounts.keeper,
				   .limits = PRIV_NO_CORE };
	s->analyst = (struct role){ .name = serve_role_names[ROLE_ANALYST],
				    .run = analyst_child,
				    .prepare = analyst_prepare,
				    .started = analyst_started,
				    .ctx = s,
				    .account = &s->accounts.outside,
				    .limits = PRIV_NO_CORE, /* a thread compiles rules */
				    .descriptors = 128 };
	s->desk = (struct role){ .name = serve_role_names[ROLE_DESK],
				 .run = desk_child,
				 .prepare = desk_prepare,
				 .started = desk_started,
				 .ctx = s,
				 .account = &s->accounts.outside,
				 .limits = PRIV_NO_CORE | PRIV_NO_FORK,
				 .descriptors = 256 };
	s->role[ROLE_KEEPER] = &s->keeper;
	s->role[ROLE_ANALYST] = &s->analyst;
	s->role[ROLE_DESK] = &s->desk;
	s->hand = (struct role){ .name = serve_role_names[ROLE_HAND],
				 .run = hand_child,
				 .prepare = hand_prepare,
				 .started = hand_started,
				 .ctx = s,
				 .account = &s->accounts.outside,
				 .limits = PRIV_NO_CORE, /* names are resolved in a thread */
				 .descriptors = 256 };
	if (s->notify)
		s->role[ROLE_HAND] = &s->hand;
	s->hand_start.shared = s->shared;
	s->keeper_start.shared = s->analyst_start.shared = s->shared;
	s->desk_start.shared = s->shared;
}
