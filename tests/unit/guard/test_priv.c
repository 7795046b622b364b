/* SPDX-License-Identifier: Apache-2.0 */
/* What is given up is gone: looked at from inside a child that gave it up. */
#include "guard/priv.h"
#include "tap.h"
#include <fcntl.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

static const char *const usual[] = { "nobody", NULL };
static const char *const nowhere[] = { "no-such-account", NULL };

static int in_child(int (*fn)(void))
{
	int status;
	pid_t pid = fork();

	if (pid == 0)
		_exit(fn());
	waitpid(pid, &status, 0);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static bool status_says(const char *line)
{
	char text[8192];
	int fd = open("/proc/self/status", O_RDONLY | O_CLOEXEC);
	ssize_t n = read(fd, text, sizeof(text));

	close(fd);
	return n > 0 && bytes_find(bytes_of(text, (size_t)n), bytes_str(line)) != BYTES_NONE;
}

static int dropped(void)
{
	struct priv_account a;
	struct why why = { "" };

	if (priv_account(NULL, usual, &a, &why) < 0 || priv_drop(&a, &why) < 0)
		return 1;
	if (a.change && (getuid() == 0 || geteuid() == 0 || getgid() == 0 || getgroups(0, NULL)))
		return 2;
	if (!status_says("CapEff:\t0000000000000000") || !status_says("CapPrm:\t0000000000000000"))
		return 3;
	if (!status_says("NoNewPrivs:\t1"))
		return 4;
	if (prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) != 0)
		return 5;
	if (a.change && !status_says("CapBnd:\t0000000000000000"))
		return 6;
	return 42;
}

static int limited(void)
{
	struct rlimit l;

	if (priv_limits(PRIV_NO_CORE, 77) < 0)
		return 1;
	getrlimit(RLIMIT_NOFILE, &l);
	if (l.rlim_cur != 77)
		return 2;
	getrlimit(RLIMIT_CORE, &l);
	return l.rlim_max == 0 ? 42 : 3;
}

static int orphan(void)
{
	return priv_die_with(1) == -ESRCH ? 42 : 1; /* our parent is not process 1 */
}

static int not_root_asks(void)
{
	struct priv_account a;
	struct why why = { "" };

	if (setresuid(65534, 65534, 65534) < 0)
		return 43;
	return priv_account("root", usual, &a, &why) == -EPERM && why.line[0] ? 42 : 1;
}

int main(void)
{
	struct priv_account a = { .uid = 7 };
	struct why why = { "" };
	int got;

	is_int(priv_account("no-such-account", usual, &a, &why), -ENOENT, "unknown account");
	ok(strstr(why.line, "no-such-account"), "is named: %s", why.line);
	is_int(a.uid, 7, "untouched on failure");
	is_int(in_child(dropped), 42, "nothing is left after priv_drop");
	is_int(in_child(limited), 42, "limits hold");
	is_int(in_child(orphan), 42, "a child whose parent is gone notices");
	if (geteuid() == 0) {
		is_int(priv_account(NULL, nowhere, &a, &why), -ENOENT, "nobody to become");
		got = in_child(not_root_asks);
		ok(got == 42 || got == 43, "only root may ask for another account");
	} else {
		is_int(priv_account(NULL, nowhere, &a, &why), 0, "stays who it is");
		ok(!a.change, "no change");
	}
	return done_testing();
}
