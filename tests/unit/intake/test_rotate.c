/* SPDX-License-Identifier: Apache-2.0 */
/* A writer that does not stop, rotation all the time in one of its ways, and an intake that is
 * killed now and then: in the end each line is there once. */
#include "writer.h"

enum way { RENAME, COPYTRUNCATE };

static const char *numbered(int i)
{
	static char path[4][160];
	static int k;

	k = (k + 1) % 4;
	snprintf(path[k], sizeof(path[k]), "%s.%d", log_path, i);
	return path[k];
}

static void shift(void)
{
	for (int i = 99; i > 0; i--) /* none is deleted that nobody can have looked at */
		rename(numbered(i), numbered(i + 1));
}

static void copy_log(void)
{
	static char room[1 << 16];
	int a = open(log_path, O_RDONLY), b;
	ssize_t n;

	b = open(numbered(1), O_WRONLY | O_CREAT | O_TRUNC, 0644);
	while ((n = read(a, room, sizeof(room))) > 0)
		if (write(b, room, (size_t)n) != n)
			abort();
	close(a);
	close(b);
}

/* Lines in bursts; between two, at any moment, a rotation. What logrotate's copytruncate itself
 * loses (lines between its copy and its cut) is not written here. */
static void writer(enum way way, unsigned burst, unsigned gap_us)
{
	int fd = open_log();

	while (!shared->stop) {
		write_lines(fd, 1 + (unsigned)rand() % burst);
		usleep((unsigned)rand() % gap_us);
		if (rand() % 4)
			continue;
		shared->rotations++;
		shift();
		if (way == RENAME) {
			rename(log_path, numbered(1));
			/* Some lines of a writer that has not reopened yet. */
			write_lines(fd, (unsigned)rand() % 3);
			close(fd);
			fd = open_log();
		} else {
			copy_log();
			if (ftruncate(fd, 0) < 0)
				abort();
		}
	}
	close(fd);
	_exit(0);
}

static void run(enum way way, const char *pattern, unsigned burst, unsigned gap_us, int kill_every,
		int seconds, const char *what)
{
	struct world *w = world_new(4 << 20);
	char full[160];
	usec end;
	pid_t pid;

	dir_new();
	snprintf(full, sizeof(full), "%s/%s", dir, pattern);
	names_add(w->names, SOURCE_FILE, full, NULL);
	w->config.limits.line_wait = 20000;
	world_start(w);
	fflush(stdout);
	pid = fork();
	if (!pid)
		writer(way, burst, gap_us);
	end = clock_mono() + seconds * USEC_PER_SEC;
	while (clock_mono() < end) {
		if (!kill_every) {
			world_run(w, 200);
			continue;
		}
		world_run(w, rand() % kill_every);
		world_kill(w);
		usleep((unsigned)rand() % 20000);
		world_start(w);
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
	int seconds = argc > 1 ? (int)(argv[1][0] - '0') * 10 : 1;

	shared_new();
	srand(argc > 2 ? (unsigned)argv[2][0] : 1);
	if (argc > 3)
		goto killed;
	run(RENAME, "*.log", 200, 20000, 0, seconds, "renamed");
	run(RENAME, "*", 200, 20000, 0, seconds, "renamed, old names match too");
	run(COPYTRUNCATE, "*.log", 200, 20000, 0, seconds, "copied and truncated");
	run(COPYTRUNCATE, "*", 200, 20000, 0, seconds, "copied and truncated, copies match too");
killed:
	run(RENAME, "*.log", 50, 100000, 300, seconds, "renamed, killed");
	run(RENAME, "*", 50, 100000, 300, seconds, "renamed, old names match too, killed");
	run(COPYTRUNCATE, "*.log", 50, 100000, 300, seconds, "copied and truncated, killed");
	return done_testing();
}
