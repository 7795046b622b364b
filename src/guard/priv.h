/* SPDX-License-Identifier: Apache-2.0 */
/* priv.h — giving up what a process does not need, for good.
 * In: the name of an account. Out: a process that runs as it, without capabilities, that cannot
 * gain any by exec, cannot be looked into by others of the same account and leaves no core file.
 * Threads: call before any thread is started. Memory: none.
 * Not here: system call filters and Landlock. */
#pragma once
#include "base/err.h"
#include <sys/types.h>

struct priv_account {
	char name[64];
	uid_t uid;
	gid_t gid;
	bool change; /* false: the process stays who it is (not root, or nobody else to be) */
};

/* Looks up the account to become. `wanted`: its name, or NULL to take the first there is of
 * `usual` (a list that ends in NULL). When not root there is nothing to change, and asking for
 * another account by name is refused. */
int priv_account(const char *wanted, const char *const *usual, struct priv_account *ret,
		 struct why *why);

/* Becomes the account: supplementary groups, ids, capabilities (all sets and the bounding set),
 * no new privileges, not dumpable. There is no way back, which is checked. */
int priv_drop(const struct priv_account *a, struct why *why);

enum priv_limit {
	PRIV_NO_CORE = 1, /* no core file: memory may hold records of others */
	PRIV_NO_FORK = 2, /* no further process or thread */
};
/* descriptors: RLIMIT_NOFILE (0: as it is; never above the hard limit unless privileged). */
int priv_limits(unsigned what, unsigned descriptors);

/* Dies with its parent, also when the parent died just before the call. Call after priv_drop():
 * the kernel forgets the wish when ids change. */
int priv_die_with(pid_t parent);
