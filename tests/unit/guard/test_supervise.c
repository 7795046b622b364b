/* SPDX-License-Identifier: Apache-2.0 */
/* Roles live, die, come back with back-off, and end when wanted. */
#include "guard/supervise.h"
#include "tap.h"
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

static struct priv_account me; /* no change */
static int started, ended, prepared, refuse;

static int prepare(void *ctx)
{
	(void)ctx;
	prepared++;
	return refuse ? -ENOMEM : 0;
}

static void on_start(void *ctx)
{
	(void)ctx;
	started++;
}

static void on_end(void *ctx)
{
	(void)ctx;
	ended++;
}

static int die_at_once(void *ctx)
{
	(void)ctx;
	return 3;
}

static int live_on(void *ctx)
{
	(void)ctx;
	while (pause() < 0)
		;
	return 0;
}

/* Exit status: how many of the descriptors 3..63 are open. */
static int count_open(void *ctx)
{
	int n = 0;

	(void)ctx;
	for (int fd = 3; fd < 64; fd++)
		n += fcntl(fd, F_GETFD) >= 0;
	return n;
}

static void reap_until_dead(struct role *r)
{
	for (int i = 0; i < 2000 && r->pid; i++) {
		supervise_reap(&r, 1, clock_mono());
		usleep(1000);
	}
}

static void dying(void)
{
	struct role r = { .name = "dying",
			  .run = die_at_once,
			  .prepare = prepare,
			  .started = on_start,
			  .ended = on_end,
			  .account = &me };
	struct role *all = &r;

	is_int(role_start(&r, clock_mono()), 0, "started");
	ok(r.pid > 0 && started == 1 && prepared == 1, "hooks were called");
	reap_until_dead(&r);
	is_int(WEXITSTATUS(r.status), 3, "its status");
	is_int(ended, 1, "its end was told");
	is_int(r.restarts, 1, "counted");
	ok(supervise_due(&all, 1) <= clock_mono(), "first back-off is none");
	supervise_tick(&all, 1, clock_mono());
	ok(r.pid > 0, "lives again");
	reap_until_dead(&r);
	ok(r.not_before > clock_mono(), "second back-off is some");
	supervise_tick(&all, 1, r.not_before - 1);
	is_int(r.pid, 0, "not before");
	r.failures = 1000;
	r.stopping = false;
	supervise_tick(&all, 1, r.not_before);
	reap_until_dead(&r);
	ok(r.not_before < clock_mono() + 11 * USEC_PER_SEC, "back-off is bounded");
	role_stop(&r);
	is_int(supervise_due(&all, 1), USEC_NONE, "a stopped role is not due");
	refuse = 1;
	is_int(role_start(&r, clock_mono()), -ENOMEM, "a failing prepare is a failing start");
	refuse = 0;
}

static void living(void)
{
	struct role r = { .name = "living", .run = live_on, .account = &me };
	struct role *all = &r;
	pid_t pid;

	role_start(&r, clock_mono());
	pid = r.pid;
	usleep(100000);
	kill(pid, SIGTERM);
	usleep(50000);
	is_int(supervise_reap(&all, 1, clock_mono()), 0, "TERM is ignored");
	role_stop(&r);
	is_int(WTERMSIG(role_wait(&r, USEC_PER_SEC / 20)), SIGKILL, "killed when patience is over");
	is_int(r.pid, 0, "gone");
	is_int(r.restarts, 0, "a wanted end is no failure");
}

static void descriptors(void)
{
	struct role r = { .name = "open", .run = count_open, .account = &me };
	int a = open("/dev/null", O_RDONLY | O_CLOEXEC),
	    b = open("/dev/null", O_RDONLY | O_CLOEXEC);
	int c = open("/dev/null", O_RDONLY | O_CLOEXEC);

	role_keep(&r, c);
	role_keep(&r, a);
	role_keep(&r, -1);
	is_int(r.keep_n, 2, "no negative descriptor");
	role_start(&r, clock_mono());
	role_stop(&r);
	is_int(WEXITSTATUS(role_wait(&r, USEC_PER_SEC * 5)), 2, "only what is kept stays open");
	close(b);
}

int main(void)
{
	say_level = SAY_ERROR;
	dying();
	living();
	descriptors();
	return done_testing();
}
