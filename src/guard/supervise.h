/* SPDX-License-Identifier: Apache-2.0 */
/* supervise.h — the roles of a program as child processes: started, watched, started again with
 * back-off when they die, stopped in order.
 * In: a table of roles. Out: processes. The caller owns the loop (it has descriptors of its own to
 * poll): it calls role_start() for each, supervise_reap() on SIGCHLD, supervise_tick() when
 * supervise_due() has come. Threads: one owner. Memory: the caller's table. */
#pragma once
#include "base/clock.h"
#include "base/err.h"
#include "guard/priv.h"

#define ROLE_FDS 64

struct role {
	const char *name;
	/* In the child, once all is dropped; its result is the exit status. */
	int (*run)(void *ctx);
	/* In the parent before each fork: makes what the process needs anew (a socket pair). May
	 * be NULL. A failure is told and tried again with back-off. */
	int (*prepare)(void *ctx);
	/* In the parent after each fork: closes the child's ends. May be NULL. */
	void (*started)(void *ctx);
	/* In the parent when it has died (also at a wanted stop). May be NULL. */
	void (*ended)(void *ctx);
	void *ctx;
	const struct priv_account *account;
	unsigned limits, descriptors; /* see priv_limits() */
	/* Descriptors the process keeps besides 0, 1, 2: filled by the caller before the fork;
	 * everything else is closed in the child. */
	int keep[ROLE_FDS];
	size_t keep_n;

	/* Read only for others. */
	pid_t pid; /* 0: not running */
	usec since, not_before; /* by clock_mono() */
	unsigned failures; /* in a row, for the back-off */
	uint64_t restarts;
	bool stopping;
	int status; /* of the last end, as waitpid() gives it */
};

void role_keep(struct role *r, int fd); /* fd < 0 is ignored */
int role_start(struct role *r, usec now); /* forks; 0 or -errno (then it is due later) */
/* Its next end is wanted: not told, not followed by a start. How it is asked to end is the caller's
 * business (a message): roles ignore TERM, INT and HUP, which reach the whole group at once. */
void role_stop(struct role *r);

/* Collects every role that has ended; says how, unless it was to stop. Returns how many ended. */
unsigned supervise_reap(struct role *const *roles, size_t n, usec now);
/* Starts those whose back-off is over. */
void supervise_tick(struct role *const *roles, size_t n, usec now);
usec supervise_due(struct role *const *roles, size_t n); /* mono time, or USEC_NONE */

/* Waits until the role has ended, at most until `patience` is over, then kills it. Returns the
 * status as waitpid() gives it. */
int role_wait(struct role *r, usec patience);
