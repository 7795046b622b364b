/* SPDX-License-Identifier: Apache-2.0 */
/* A writer that does not stop, rotation all the time in one of its ways, and an intake that is
 * killed now and then: in the end each line is there once. */
#include "world.h"
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>

enum way { RENAME, COPYTRUNCATE };

static char dir[64], log_path[128];
static struct shared { /* with the writer */
	_Atomic unsigned long lines;
	_Atomic unsigned long rotations;
	_Atomic int stop;
	_Atomic int pause, paused; /* nobody writes while the writer sleeps */
} * shared;

static const char *numbered(int i)
{
	static char path[4][160];
	static int k;

	k = (k + 1) % 4;
	snprintf(path[k], sizeof(path[k]), "%s.%d", log_path, i);
	return path[k];
}

static int open_log(void)
{
	int fd = open(log_path, O_WRONLY | O_CREAT | O_APPEND, 0644);

	if (fd < 0)
		abort();
	return fd;
}

static void shift(void)
{
	for (int i = 9; i > 0; i--)
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

static void write_lines(int fd, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		char line[256];
		unsigned long k = shared->lines;
		int len = snprintf(
			line, sizeof(line), "%08lu 12:00:00 some %.*s text\n", k, (int)(k * 7 % 90),
			"abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyzabcdefghijkl"
			"mnopqrstuvwxyzabcdefghij");

		if (write(fd, line, (size_t)len) != len)
			abort();
		shared->lines = k + 1;
	}
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

/* How often is each line there? */
static void judge(struct world *w, const char *what)
{
	unsigned long n = shared->lines, lost = 0, twice = 0, other = 0, order = 0, last = 0;
	uint8_t *seen = mem_new(n + 1, 1);

	for (size_t i = 0; i < w->got_n; i++) {
		struct bytes b = buf_view(&w->got[i].bytes);

		while (b.len) {
			size_t len = bytes_chr(b, '\n');
			uint64_t k;

			if (len == BYTES_NONE || len < 8 || !bytes_u64(bytes_sub(b, 0, 8), &k) ||
			    k >= n) {
				other++;
			} else {
				if (seen[k] < 255)
					seen[k]++;
				order += k < last;
				last = k;
			}
			b = bytes_from(b, len == BYTES_NONE ? b.len : len + 1);
		}
	}
	for (unsigned long k = 0; k < n; k++) {
		if (!seen[k] && lost++ < 3)
			printf("# line %lu is lost\n", k);
		if (seen[k] > 1 && twice++ < 3)
			printf("# line %lu is there %u times\n", k, seen[k]);
	}
	printf("# %s: %lu lines, %lu rotations, %lu out of order\n", what, n, shared->rotations,
	       order);
	is_int(lost, 0, "%s: no line is lost", what);
	is_int(twice, 0, "%s: no line is there twice", what);
	is_int(other, 0, "%s: no line is broken", what);
	free(seen);
}

static void run(enum way way, const char *pattern, unsigned burst, unsigned gap_us, int kill_every,
		int seconds, const char *what)
{
	struct world *w = world_new(4 << 20);
	char command[160], full[160];
	usec end;
	pid_t pid;

	snprintf(dir, sizeof(dir), "/tmp/vedette-rotate-XXXXXX");
	if (!mkdtemp(dir))
		abort();
	snprintf(log_path, sizeof(log_path), "%s/app.log", dir);
	snprintf(full, sizeof(full), "%s/%s", dir, pattern);
	names_add(w->names, SOURCE_FILE, full, NULL);
	w->config.limits.line_wait = 20000;
	shared->lines = shared->rotations = 0;
	shared->stop = 0;
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
	world_run(w, 1500);
	is_int(world_stop(w), 0, "%s: stops in good order", what);
	judge(w, what);
	world_free(w);
	snprintf(command, sizeof(command), "rm -rf %s", dir);
	if (system(command))
		abort();
}

int main(int argc, char **argv)
{
	int seconds = argc > 1 ? (int)(argv[1][0] - '0') * 10 : 1;

	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1,
		      0);
	if (shared == MAP_FAILED)
		abort();
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
