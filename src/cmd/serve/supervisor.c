/* SPDX-License-Identifier: Apache-2.0 */
/* Start:  accounts, directory, sockets → keeper → (ready) → intake, journal, analyst, desk → ready.
 * Stop:   in the order of the data: intakes, keeper, analyst, desk.
 * A dead keeper: the rings wait, the analyst starts again with it, the intakes notice nothing.
 * A dead intake: feeder.h. */
#include "cmd/serve/frontier.h"
#include "cmd/serve/supervisor_in.h"
#include "cmd/serve/talk.h"
#include "intake/listen.h"
#include "notify/settings.h"
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <systemd/sd-daemon.h>

#define INTAKE_PATIENCE (15 * USEC_PER_SEC)
#define KEEPER_PATIENCE (60 * USEC_PER_SEC)
#define OTHERS_PATIENCE (3 * USEC_PER_SEC)

/* ---- start ---- */

static int set_up(struct supervisor *s, struct why *why)
{
	const struct config *c = s->config;
	struct buf room = { 0 };
	int r = setup_accounts(c, &s->accounts, why);

	snprintf(s->host, sizeof(s->host), "%s", c->host);
	if (!*s->host && gethostname(s->host, sizeof(s->host) - 1) < 0)
		snprintf(s->host, sizeof(s->host), "localhost");
	snprintf(s->shared->host, sizeof(s->shared->host), "%s", s->host);
	snprintf(s->shared->dir, sizeof(s->shared->dir), "%s", c->ledger.dir);
	count_set(&s->shared->started, (uint64_t)clock_real());
	if (r == 0) /* the supervisor itself watches names and holds all sockets */
		priv_limits(0, c->limits.max_files + 4096);
	if (r == 0)
		r = setup_directory(c, &s->accounts.keeper, &s->keeper_start.dirfd, why);
	if (r == 0)
		r = setup_state(config_alerts_dir(c, &room), "alerts.dir", &s->accounts.outside,
				&s->analyst_start.dirfd, why);
	buf_done(&room);
	if (r == 0)
		r = setup_listeners(c, NULL, &s->listeners, why);
	if (r == 0 && *c->desk_listen) {
		r = listen_open(SOURCE_SYSLOG_TCP, c->desk_listen, 0, &s->desk_start.http_fd, why);
		if (r < 0)
			why_in(why, r, "desk.listen %s", c->desk_listen);
	}
	if (r == 0)
		r = supervisor_notify(s, why);
	if (r == 0)
		r = supervisor_make_feeders(s, why);
	if (r == 0)
		supervisor_make_roles(s);
	return r;
}

static void say_listening(const struct supervisor *s)
{
	for (size_t i = 0; i < s->listeners.n; i++) {
		const struct listener *l = &s->listeners.at[i];

		if (l->kind == SOURCE_SYSLOG_UNIX)
			say(SAY_INFO, "listening: %s %s", source_kind_name(l->kind), l->address);
		else
			say(SAY_INFO, "listening: %s %s (port %u)", source_kind_name(l->kind),
			    l->address, listen_port(l->fd));
	}
	if (s->desk_start.http_fd >= 0)
		say(SAY_INFO, "listening: http %s (port %u)", s->config->desk_listen,
		    listen_port(s->desk_start.http_fd));
}

static int wait_signals(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGHUP);
	sigprocmask(SIG_BLOCK, &set, NULL);
	return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

/* ---- the loop ---- */

static void take_signals(struct supervisor *s)
{
	struct signalfd_siginfo i;

	while (read(s->signals, &i, sizeof(i)) == sizeof(i)) {
		if (i.ssi_signo == SIGTERM || i.ssi_signo == SIGINT)
			s->stop = true;
		if (i.ssi_signo == SIGHUP)
			s->reload = true;
	}
}

static struct feeder *feeder_of(struct supervisor *s, uint8_t kind)
{
	for (size_t i = 0; i < s->feeders; i++)
		if (s->feeder[i].kind == (enum source_kind)kind)
			return &s->feeder[i];
	return NULL;
}

static void open_status(struct supervisor *s, struct why *why)
{
	int r = setup_status_socket(s->config, &s->accounts.keeper, &s->desk_start.status_fd, why);

	if (r == 0)
		return;
	if (*s->config->desk_socket || (r != -EACCES && r != -EROFS)) {
		say(SAY_ERROR, "%s", why->line);
		s->refused = 2;
		s->stop = true;
		return;
	}
	say(SAY_WARN, "vedette status cannot ask this serve: %s (set desk.socket)", why->line);
}

static void keeper_says(struct supervisor *s, struct bytes message, struct why *why)
{
	struct cursor c = cursor_of(message);
	uint8_t what = cur_u8(&c), kind = cur_u8(&c);
	struct feeder *f = feeder_of(s, kind);
	struct bytes name;

	if (what == TALK_READY) {
		s->keeper_ready = true;
		if (!s->was_ready)
			open_status(s, why);
		s->was_ready = true;
	} else if (what == TALK_POSITION && f) {
		name = cur_take(&c, cur_u16le(&c));
		if (!c.bad)
			feeder_position(f, name, cur_rest(&c));
	} else if (what == TALK_POSITIONS_END && f) {
		feeder_positions_end(f);
	}
}

static void hear_keeper(struct supervisor *s)
{
	static uint8_t buf[TALK_MAX];
	struct why why = { "" };

	while (s->keeper_sock >= 0) {
		int fds[FDPASS_MAX], r;
		size_t len = 0, n = 0;

		r = fdpass_recv(s->keeper_sock, buf, sizeof(buf), &len, fds, &n);
		while (n)
			close(fds[--n]); /* it has none to give */
		if (r != 0)
			return; /* its end is told by SIGCHLD */
		keeper_says(s, bytes_of(buf, len), &why);
	}
}

/* The analyst and another speak to each other; when either is new they are given a new pair. */
static void acquaint(struct supervisor *s, struct acquainted *k, const struct role *other,
		     int other_sock, enum talk to_analyst, enum talk to_other)
{
	uint8_t word[2] = { (uint8_t)to_analyst, 0 }, back[2] = { (uint8_t)to_other, 0 };
	int pair[2];

	if (!other->pid || !s->analyst.pid || other_sock < 0 || s->analyst_control < 0 ||
	    (k->analyst == s->analyst.pid && k->other == other->pid))
		return;
	if (fdpass_pair(pair) < 0)
		return;
	if (talk_send(s->analyst_control, bytes_of(word, 2), &pair[0], 1, USEC_PER_SEC) == 0 &&
	    talk_send(other_sock, bytes_of(back, 2), &pair[1], 1, USEC_PER_SEC) == 0)
		*k = (struct acquainted){ s->analyst.pid, other->pid };
	close(pair[0]);
	close(pair[1]);
}

/* Analyst and desk wait for a ready keeper; a new analyst is handed to it. */
static void others(struct supervisor *s, usec now)
{
	uint8_t word[2] = { TALK_ANALYST, 0 };

	if (!s->keeper_ready)
		return;
	if (!s->desk.pid && now >= s->desk.not_before)
		role_start(&s->desk, now);
	if (!s->analyst.pid && now >= s->analyst.not_before)
		role_start(&s->analyst, now);
	if (s->notify && !s->hand.pid && now >= s->hand.not_before)
		role_start(&s->hand, now);
	acquaint(s, &s->desk_knows, &s->desk, s->desk_sock, TALK_DESK, TALK_ALERTS);
	acquaint(s, &s->hand_knows, &s->hand, s->hand_sock, TALK_HAND, TALK_ALERTS);
	if (s->analyst_sock >= 0 &&
	    talk_send(s->keeper_sock, bytes_of(word, 2), &s->analyst_sock, 1, USEC_PER_SEC) == 0)
		close_fd(&s->analyst_sock);
}

static void show_roles(struct supervisor *s)
{
	for (unsigned i = 0; i < SERVE_ROLES; i++) {
		struct role_numbers *n = &s->shared->role[i];

		if (!s->role[i])
			continue;
		if (count_get(&n->pid) != (uint64_t)s->role[i]->pid && s->role[i]->pid)
			count_set(&n->since, (uint64_t)clock_real());
		count_set(&n->pid, (uint64_t)s->role[i]->pid);
		count_set(&n->restarts, s->role[i]->restarts);
	}
}

static void tell_ready(struct supervisor *s)
{
	bool all = s->keeper_ready && s->desk.pid && s->analyst.pid;

	for (size_t i = 0; i < s->feeders; i++)
		all &= s->feeder[i].state == FEEDER_RUNNING;
	if (!all || s->told_ready)
		return;
	s->told_ready = true;
	say_listening(s);
	fprintf(stderr, "vedette: ready\n"); /* also where little else is wanted */
	sd_notify(0, "READY=1");
}

static int timeout_of(struct supervisor *s, usec now)
{
	usec due = supervisor_witness_due(s, now);
	const struct role *const rest[] = { &s->keeper, &s->analyst, &s->desk, &s->hand };

	for (size_t i = 0; i < s->feeders; i++) {
		usec d = feeder_due(&s->feeder[i], now);

		due = d < due ? d : due;
	}
	for (size_t i = 0; i < sizeof(rest) / sizeof(*rest); i++)
		if (!rest[i]->pid && rest[i]->not_before > now && rest[i]->not_before < due)
			due = rest[i]->not_before;
	return due <= now ? 0 : (int)((due - now) / 1000) + 1;
}

static void pause_until(struct supervisor *s, usec now)
{
	struct pollfd p[2 + 2 * SERVE_RINGS];
	nfds_t n = 0;

	p[n++] = (struct pollfd){ .fd = s->signals, .events = POLLIN };
	p[n++] = (struct pollfd){ .fd = s->keeper_sock, .events = POLLIN };
	for (size_t i = 0; i < s->feeders; i++) {
		const struct feeder *f = &s->feeder[i];

		p[n++] =
			(struct pollfd){ .fd = f->state == FEEDER_RUNNING ? names_fd(f->names) : -1,
					 .events = POLLIN };
		p[n++] = (struct pollfd){ .fd = feeder_wants_room(f) ? f->control : -1,
					  .events = POLLOUT };
	}
	poll(p, n, timeout_of(s, now));
	for (size_t i = 0; i < s->feeders; i++)
		s->feeder[i].changed |= (p[2 + 2 * i].revents & POLLIN) != 0;
}

/* ---- stop ---- */

static void stop_all(struct supervisor *s)
{
	sd_notify(0, "STOPPING=1");
	for (size_t i = 0; i < s->feeders; i++) {
		role_stop(&s->feeder[i].role);
		feeder_stop(&s->feeder[i]);
		while (s->feeder[i].stopping) { /* its socket is full: it reads soon */
			feeder_step(&s->feeder[i], -1, clock_mono());
			usleep(1000);
		}
	}
	for (size_t i = 0; i < s->feeders; i++)
		role_wait(&s->feeder[i].role, INTAKE_PATIENCE);
	role_stop(&s->keeper);
	if (s->keeper_sock >= 0)
		talk_word(s->keeper_sock, TALK_STOP, 0);
	role_wait(&s->keeper, KEEPER_PATIENCE);
	role_stop(&s->analyst);
	close_fd(&s->analyst_sock); /* the keeper's end is closed: it has nobody to work for */
	close_fd(&s->analyst_control);
	role_wait(&s->analyst, OTHERS_PATIENCE);
	role_stop(&s->desk);
	close_fd(&s->desk_sock);
	role_wait(&s->desk, OTHERS_PATIENCE);
	role_stop(&s->hand);
	close_fd(&s->hand_sock);
	role_wait(&s->hand, OTHERS_PATIENCE);
	if (s->desk_start.status_fd >= 0)
		setup_status_remove(s->config);
}

static void loop(struct supervisor *s)
{
	struct role *all[SERVE_ROLES];
	size_t n = 0;

	for (unsigned i = 0; i < SERVE_ROLES; i++)
		if (s->role[i])
			all[n++] = s->role[i];
	while (!s->stop) {
		usec now = clock_mono();

		if (!s->keeper.pid && now >= s->keeper.not_before)
			role_start(&s->keeper, now);
		hear_keeper(s);
		if (s->reload)
			supervisor_reload(s);
		for (size_t i = 0; i < s->feeders; i++)
			feeder_step(&s->feeder[i], s->keeper_ready ? s->keeper_sock : -1, now);
		others(s, now);
		supervisor_witness(s, now);
		supervisor_rules(s, now);
		show_roles(s);
		tell_ready(s);
		pause_until(s, now);
		take_signals(s);
		supervise_reap(all, n, clock_mono());
	}
}

int supervisor_run(struct config *config, const char *config_file)
{
	static struct supervisor s;
	struct why why = { "" };
	int status;

	s = (struct supervisor){ .config = config,
				 .config_file = config_file,
				 .shared = shared_new(),
				 .signals = wait_signals(),
				 .keeper_sock = -1,
				 .analyst_sock = -1,
				 .desk_sock = -1,
				 .hand_sock = -1,
				 .analyst_control = -1,
				 .desk_child = -1 };
	s.keeper_start.dirfd = s.keeper_start.supervisor = -1;
	s.analyst_start.keeper = s.analyst_start.supervisor = s.analyst_start.dirfd = -1;
	s.keeper_start.wake = s.analyst_start.wake = frontier_fd();
	s.desk_start.http_fd = s.desk_start.status_fd = s.desk_start.supervisor = -1;
	s.desk_start.analyst = -1;
	s.hand_start.supervisor = s.hand_start.dirfd = -1;
	if (set_up(&s, &why) < 0) {
		say(SAY_ERROR, "%s", why.line);
		status = 2;
	} else {
		loop(&s);
		stop_all(&s);
		status = s.refused ? s.refused
			 : WIFEXITED(s.keeper.status) && WEXITSTATUS(s.keeper.status) == 0 ? 0
											   : 2;
	}
	for (size_t i = 0; i < s.feeders; i++)
		feeder_done(&s.feeder[i]);
	holders_free(s.holders);
	setup_listeners_done(&s.listeners);
	notify_config_free(s.notify);
	config_done(s.config);
	free(s.config);
	return status;
}
