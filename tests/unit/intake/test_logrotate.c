/* SPDX-License-Identifier: Apache-2.0 */
/* The real logrotate, as packages configure it, under a writer that does not stop; the intake is
 * up, killed before and started after, or stopped in order and started again: in the end each line
 * is there once.
 * usage: test_logrotate [ROUNDS [SEED]] */
#include "writer.h"

#define LOGROTATE "/usr/sbin/logrotate"

enum state { UP, KILLED, RESTARTED };

enum {
	HOLDS = 1, /* the writer holds still: what comes between copy and cut logrotate loses */
	SECONDS = 2, /* names are apart by seconds */
	HUP = 4, /* the writer reopens when it is told to, not before */
	OLD_TOO = 8, /* the pattern names the rotated files too */
	PACKED = 16, /* what nobody has opened when it is compressed is gone: it is read before */
};

static const struct mode {
	const char *name, *options;
	unsigned how;
	bool up; /* only so: a rotation while it is down compresses away what was not read */
} modes[] = {
	{ "create", "create 0640", 0, false },
	{ "create, old names match too", "create 0640", OLD_TOO, false },
	{ "create, delaycompress", "create 0640\n delaycompress\n compress", PACKED, false },
	{ "create, compress", "create 0640\n compress", PACKED, true },
	{ "nocreate", "nocreate", 0, false },
	{ "nocreate, dateext", "nocreate\n dateext\n dateformat -%Y%m%d-%s", SECONDS, false },
	{ "create, dateext, extension", "create\n dateext\n dateformat -%Y%m%d-%s\n extension .log",
	  SECONDS, false },
	{ "olddir", "create 0640\n olddir old", OLD_TOO, false },
	{ "sharedscripts, HUP",
	  "create 0640\n sharedscripts\n postrotate\n sleep 0.05; kill -HUP $(cat pid)\n endscript",
	  HUP, false },
	{ "delaycompress, HUP",
	  "create 0640\n compress\n delaycompress\n postrotate\n kill -HUP $(cat pid)\n endscript",
	  HUP | PACKED, false },
	{ "copytruncate", "copytruncate", HOLDS, false },
	{ "copytruncate, old names match too", "copytruncate", HOLDS | OLD_TOO, false },
	{ "copytruncate, delaycompress", "copytruncate\n delaycompress\n compress", HOLDS | PACKED,
	  false },
	{ "copytruncate, compress", "copytruncate\n compress", HOLDS | PACKED, true },
};

static volatile sig_atomic_t told_to_reopen;

static void on_hup(int number)
{
	(void)number;
	told_to_reopen = 1;
}

static bool moved(int fd)
{
	struct stat a, b;

	return fstat(fd, &a) < 0 || stat(log_path, &b) < 0 || a.st_ino != b.st_ino;
}

/* As a service: some lines still go to the old file before it opens the new one. */
static void writer(unsigned how)
{
	int fd = open_log();

	signal(SIGHUP, on_hup);
	while (!shared->stop) {
		shared->paused = shared->pause;
		if (shared->paused) {
			usleep(500);
			continue;
		}
		if (how & HUP ? told_to_reopen : !(how & HOLDS) && moved(fd)) {
			told_to_reopen = 0;
			write_lines(fd, 3);
			close(fd);
			fd = open_log();
		}
		write_lines(fd, 1 + (unsigned)rand() % 100);
		usleep((unsigned)rand() % 10000);
	}
	close(fd);
	_exit(0);
}

static void write_file(const char *name, const char *text)
{
	char path[200];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	f = fopen(path, "w");
	if (!f)
		abort();
	fputs(text, f);
	fclose(f);
}

static pid_t logrotate(void)
{
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (!pid) {
		if (chdir(dir) == 0)
			execl(LOGROTATE, LOGROTATE, "-f", "-s", "state", "conf", NULL);
		_exit(127);
	}
	return pid;
}

static void rotate_once(struct world *w, unsigned how)
{
	bool up = w->pid > 0;
	int status = 0;
	pid_t pid;

	shared->pause = (how & HOLDS) != 0;
	while (how & HOLDS && !shared->paused)
		usleep(500);
	if (up && how & PACKED)
		settle(w, 0);
	for (pid = logrotate(); waitpid(pid, &status, WNOHANG) == 0;) {
		if (up)
			world_pump(w);
		else
			usleep(500);
	}
	if (status)
		printf("# logrotate: %d\n", status);
	shared->pause = 0;
	shared->rotations++;
}

static void set_up(struct world *w, const struct mode *m)
{
	char full[160], old[160], conf[600];

	dir_new();
	snprintf(old, sizeof(old), "%s/old", dir);
	mkdir(old, 0755);
	snprintf(conf, sizeof(conf), "%s {\n rotate 50\n %s\n}\n", log_path, m->options);
	write_file("conf", conf);
	snprintf(full, sizeof(full), "%s/%s", dir, m->how & OLD_TOO ? "app.log*" : "*.log");
	names_add(w->names, SOURCE_FILE, full, NULL);
	if (m->how & OLD_TOO) {
		snprintf(full, sizeof(full), "%s/old/app.log*", dir);
		names_add(w->names, SOURCE_FILE, full, NULL);
	}
	w->config.limits.line_wait = 20000;
}

static void run(const struct mode *m, enum state state)
{
	static const char *const states[] = { "up", "killed", "restarted" };
	struct world *w = world_new(4 << 20);
	char what[128], number[32];
	pid_t pid;

	snprintf(what, sizeof(what), "%s, %s", m->name, states[state]);
	set_up(w, m);
	world_start(w);
	fflush(stdout);
	pid = fork();
	if (!pid)
		writer(m->how);
	snprintf(number, sizeof(number), "%d", (int)pid);
	write_file("pid", number);
	for (int i = m->how & SECONDS ? 1 : 5; i >= 0; i--) {
		world_run(w, rand() % 100);
		if (state != UP && m->how & PACKED)
			settle(w, 0);
		if (state == KILLED)
			world_kill(w);
		else if (state == RESTARTED)
			is_int(world_stop(w), 0, "%s: stops in good order", what);
		rotate_once(w, m->how);
		if (state != UP)
			world_start(w);
		if (m->how & SECONDS)
			world_run(w, 1050);
	}
	shared->stop = 1;
	waitpid(pid, NULL, 0);
	settle(w, 300);
	is_int(world_stop(w), 0, "%s: stops in good order", what);
	judge(w, what);
	world_free(w);
	dir_done();
}

int main(int argc, char **argv)
{
	int rounds = argc > 1 ? atoi(argv[1]) : 1;

	if (access(LOGROTATE, X_OK) < 0) {
		skip("no logrotate");
		return done_testing();
	}
	shared_new();
	srand(argc > 2 ? (unsigned)atoi(argv[2]) : 1);
	for (int k = 0; k < rounds; k++) {
		for (size_t i = 0; i < sizeof(modes) / sizeof(*modes); i++) {
			run(&modes[i], UP);
			/* One of the two a round: the other in the next. */
			if (!modes[i].up)
				run(&modes[i], (i + (size_t)k) % 2 ? KILLED : RESTARTED);
		}
	}
	return done_testing();
}
