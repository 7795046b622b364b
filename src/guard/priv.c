/* SPDX-License-Identifier: Apache-2.0 */
#include "guard/priv.h"
#include "base/bytes.h"
#include <grp.h>
#include <linux/capability.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Is the id known to our user namespace? Only then can a process become it: in a container that
 * maps nobody but root, setresuid() to anyone else is refused. */
static bool id_mapped(const char *map, uint32_t id)
{
	unsigned long inside, outside, n;
	bool found = false;
	FILE *f = fopen(map, "re");

	if (!f)
		return true; /* no such file: no namespaces, everybody is there */
	while (!found && fscanf(f, "%lu %lu %lu", &inside, &outside, &n) == 3)
		found = id >= inside && id - inside < n;
	fclose(f);
	return found;
}

static bool account_of(const char *name, struct priv_account *ret)
{
	const struct passwd *p = getpwnam(name);

	if (!p)
		return false;
	*ret = (struct priv_account){ .uid = p->pw_uid, .gid = p->pw_gid };
	snprintf(ret->name, sizeof(ret->name), "%s", name);
	ret->change = p->pw_uid != geteuid();
	return true;
}

int priv_account(const char *wanted, const char *const *usual, struct priv_account *ret,
		 struct why *why)
{
	struct priv_account a = { .uid = geteuid(), .gid = getegid() };

	if (wanted && !account_of(wanted, &a))
		return why_set(why, -ENOENT, "there is no account \"%s\" on this machine", wanted);
	if (geteuid() != 0) {
		if (wanted && a.change)
			return why_set(why, -EPERM,
				       "only root can run as \"%s\"; start as root, or leave the "
				       "account out",
				       wanted);
		a.change = false;
		*ret = a;
		return 0;
	}
	for (size_t i = 0; !wanted && usual[i]; i++)
		if (account_of(usual[i], &a))
			break;
	if (!wanted && !a.name[0])
		return why_set(why, -ENOENT,
			       "there is no account to run as; create one named \"%s\"", usual[0]);
	if (a.change &&
	    (!id_mapped("/proc/self/uid_map", a.uid) || !id_mapped("/proc/self/gid_map", a.gid))) {
		if (wanted)
			return why_set(why, -EPERM,
				       "account \"%s\" does not exist in this user namespace",
				       wanted);
		a = (struct priv_account){ .uid = geteuid(), .gid = getegid() };
	}
	*ret = a;
	return 0;
}

/* Lowering the bounding set needs a capability. Who has none cannot lower it, and need not:
 * no_new_privs keeps the set from ever being of use. */
static void drop_bounding(void)
{
	for (unsigned long c = 0; prctl(PR_CAPBSET_READ, c, 0, 0, 0) >= 0; c++)
		prctl(PR_CAPBSET_DROP, c, 0, 0, 0);
}

static int drop_capabilities(void)
{
	struct __user_cap_header_struct head = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct none[2] = { 0 };

	if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) < 0 && errno != EINVAL)
		return -errno;
	return syscall(SYS_capset, &head, none) < 0 ? -errno : 0;
}

static int become(const struct priv_account *a)
{
	if (setgroups(0, NULL) < 0)
		return -errno;
	if (setresgid(a->gid, a->gid, a->gid) < 0 || setresuid(a->uid, a->uid, a->uid) < 0)
		return -errno;
	return 0;
}

int priv_drop(const struct priv_account *a, struct why *why)
{
	int r;

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return why_set(why, -errno, "no_new_privs: %s", strerror(errno));
	drop_bounding(); /* while it can be done: before the ids change */
	if (a->change) {
		r = become(a);
		if (r < 0)
			return why_set(why, r, "cannot become account %s (uid %u): %s", a->name,
				       (unsigned)a->uid, strerror(-r));
	}
	r = drop_capabilities();
	if (r < 0)
		return why_set(why, r, "cannot give up capabilities: %s", strerror(-r));
	if (a->change && a->uid != 0 && (setuid(0) == 0 || seteuid(0) == 0))
		return why_set(why, -EPERM, "root was given up but can be had again");
	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0)
		return why_set(why, -errno, "not dumpable: %s", strerror(errno));
	return 0;
}

/* Sanitizers start a thread of their own when they look for leaks at exit. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define SANITIZED 1
#endif
#endif
#ifndef SANITIZED
#define SANITIZED 0
#endif

int priv_limits(unsigned what, unsigned descriptors)
{
	struct rlimit none = { 0, 0 }, files;

	if (what & PRIV_NO_CORE && setrlimit(RLIMIT_CORE, &none) < 0)
		return -errno;
	if (what & PRIV_NO_FORK && !SANITIZED && setrlimit(RLIMIT_NPROC, &none) < 0)
		return -errno;
	if (!descriptors)
		return 0;
	if (getrlimit(RLIMIT_NOFILE, &files) < 0)
		return -errno;
	files.rlim_cur = descriptors;
	if (files.rlim_cur > files.rlim_max) {
		struct rlimit more = { descriptors, descriptors };

		if (setrlimit(RLIMIT_NOFILE, &more) == 0)
			return 0;
		files.rlim_cur = files.rlim_max;
	}
	return setrlimit(RLIMIT_NOFILE, &files) < 0 ? -errno : 0;
}

int priv_die_with(pid_t parent)
{
	if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) < 0)
		return -errno;
	return getppid() == parent ? 0 : -ESRCH;
}
