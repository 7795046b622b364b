/* SPDX-License-Identifier: Apache-2.0 */
/* A role that dies is started again at once the first time, then after 100 ms, 200 ms … up to
 * 10 s; one that has lived for a minute has its failures forgiven. */
#include "guard/supervise.h"
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#define BACKOFF_FIRST (USEC_PER_SEC / 10)
#define BACKOFF_MOST (10 * USEC_PER_SEC)
#define FORGIVEN_AFTER (60 * USEC_PER_SEC)

void role_keep(struct role *r, int fd)
{
	if (fd >= 0 && r->keep_n < ROLE_FDS)
		r->keep[r->keep_n++] = fd;
}

static void sort_fds(int *fd, size_t n)
{
	for (size_t i = 1; i < n; i++)
		for (size_t j = i; j && fd[j] < fd[j - 1]; j--) {
			int swap = fd[j];

			fd[j] = fd[j - 1];
			fd[j - 1] = swap;
		}
}

static void close_others(struct role *r)
{
	unsigned from = 3;

	sort_fds(r->keep, r->keep_n);
	for (size_t i = 0; i < r->keep_n; i++) {
		unsigned fd = (unsigned)r->keep[i];

		if (fd > from)
			close_range(from, fd - 1, 0);
		if (fd >= from)
			from = fd + 1;
	}
	close_range(from, ~0u, 0);
}

static _Noreturn void role_child(struct role *r, pid_t parent)
{
	struct why why = { "" };
	char title[32];
	sigset_t none;

	for (int s = 1; s < NSIG; s++)
		if (s != SIGKILL && s != SIGSTOP)
			signal(s, SIG_DFL);
	/* A terminal or a service manager sends these to all of us at once: only the parent acts on
	 * them, and ends its children in order. */
	signal(SIGTERM, SIG_IGN);
	signal(SIGINT, SIG_IGN);
	signal(SIGHUP, SIG_IGN);
	signal(SIGQUIT, SIG_IGN);
	signal(SIGPIPE, SIG_IGN);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	say_role = r->name;
	snprintf(title, sizeof(title), "vedette-%s", r->name);
	prctl(PR_SET_NAME, title, 0, 0, 0);
	close_others(r);
	if (priv_limits(PRIV_NO_CORE, r->descriptors) < 0 || priv_drop(r->account, &why) < 0 ||
	    priv_limits(r->limits, 0) < 0) {
		say(SAY_ERROR, "%s", why.line[0] ? why.line : "cannot set resource limits");
		_exit(2);
	}
	if (priv_die_with(parent) < 0)
		_exit(2);
	_exit(r->run(r->ctx));
}

static usec backoff(unsigned failures)
{
	usec wait = BACKOFF_FIRST;

	if (failures <= 1)
		return 0;
	for (unsigned i = 2; i < failures && wait < BACKOFF_MOST; i++)
		wait *= 2;
	return wait < BACKOFF_MOST ? wait : BACKOFF_MOST;
}

int role_start(struct role *r, usec now)
{
	pid_t parent = getpid(), pid = -1;
	int e = r->prepare ? r->prepare(r->ctx) : 0;

	if (e == 0) {
		fflush(NULL); /* what is buffered is written once, by us */
		pid = fork();
		if (pid == 0)
			role_child(r, parent);
		e = pid < 0 ? -errno : 0;
	}
	if (e < 0) {
		r->failures++;
		r->not_before = now + backoff(r->failures + 1);
		say(SAY_ERROR, "cannot start %s: %s", r->name, strerror(-e));
		if (r->ended)
			r->ended(r->ctx);
		return e;
	}
	r->pid = pid;
	r->since = now;
	r->stopping = false;
	if (r->started)
		r->started(r->ctx);
	return 0;
}

void role_stop(struct role *r)
{
	r->stopping = true;
}

static void role_ended(struct role *r, int status, usec now)
{
	r->status = status;
	r->pid = 0;
	if (!r->stopping) {
		if (now - r->since > FORGIVEN_AFTER)
			r->failures = 0;
		r->failures++;
		r->restarts++;
		r->not_before = now + backoff(r->failures);
		if (WIFSIGNALED(status))
			say(SAY_WARN, "%s died of signal %d (%s); starting it again", r->name,
			    WTERMSIG(status), strsignal(WTERMSIG(status)));
		else /* status 0: it had its reasons */
			say(status ? SAY_WARN : SAY_DEBUG,
			    "%s ended with status %d; starting it again", r->name,
			    WEXITSTATUS(status));
	}
	if (r->ended)
		r->ended(r->ctx);
}

unsigned supervise_reap(struct role *const *roles, size_t n, usec now)
{
	unsigned ended = 0;
	int status;

	for (size_t i = 0; i < n; i++) {
		if (roles[i]->pid <= 0 || waitpid(roles[i]->pid, &status, WNOHANG) <= 0)
			continue;
		role_ended(roles[i], status, now);
		ended++;
	}
	return ended;
}

void supervise_tick(struct role *const *roles, size_t n, usec now)
{
	for (size_t i = 0; i < n; i++)
		if (!roles[i]->pid && !roles[i]->stopping && now >= roles[i]->not_before)
			role_start(roles[i], now);
}

usec supervise_due(struct role *const *roles, size_t n)
{
	usec due = USEC_NONE;

	for (size_t i = 0; i < n; i++)
		if (!roles[i]->pid && !roles[i]->stopping &&
		    (due == USEC_NONE || roles[i]->not_before < due))
			due = roles[i]->not_before;
	return due;
}

int role_wait(struct role *r, usec patience)
{
	usec until = clock_mono() + patience;
	bool killed = false;
	int status;

	while (r->pid > 0) {
		pid_t got = waitpid(r->pid, &status, WNOHANG);

		if (got < 0 && errno != EINTR) {
			r->pid = 0;
			break;
		}
		if (got > 0) {
			role_ended(r, status, clock_mono());
			break;
		}
		if (clock_mono() > until && !killed) {
			say(SAY_WARN, "%s does not end; killing it", r->name);
			kill(r->pid, SIGKILL);
			killed = true;
		}
		usleep(2000);
	}
	return r->status;
}
