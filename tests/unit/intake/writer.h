/* SPDX-License-Identifier: Apache-2.0 */
/* writer.h — a writer of numbered lines in a process of its own, and who counts them afterwards.
 * For tests of rotation. */
#pragma once
#include "world.h"
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>

static char dir[64], log_path[128];
static struct shared { /* with the writer */
	_Atomic unsigned long lines;
	_Atomic unsigned long rotations;
	_Atomic int stop;
	_Atomic int pause, paused; /* nobody writes while the writer sleeps */
} * shared;

static inline int open_log(void)
{
	int fd = open(log_path, O_WRONLY | O_CREAT | O_APPEND, 0644);

	if (fd < 0)
		abort();
	return fd;
}

static inline void write_lines(int fd, unsigned n)
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

static inline void shared_new(void)
{
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1,
		      0);
	if (shared == MAP_FAILED)
		abort();
}

/* A directory of its own; the followed file is app.log in there. */
static inline void dir_new(void)
{
	snprintf(dir, sizeof(dir), "/tmp/vedette-rotate-XXXXXX");
	if (!mkdtemp(dir))
		abort();
	snprintf(log_path, sizeof(log_path), "%s/app.log", dir);
	shared->lines = shared->rotations = 0;
	shared->stop = 0;
}

static inline void dir_done(void)
{
	char command[160];

	snprintf(command, sizeof(command), "rm -rf %s", dir);
	if (system(command))
		abort();
}

/* Until as many lines are there as were written by now; and a while longer, for those that should
 * not come. */
static inline void settle(struct world *w, int longer_ms)
{
	usec end = clock_mono() + 60 * USEC_PER_SEC;
	size_t n = shared->lines;

	while (clock_mono() < end && world_records(w) < n)
		world_run(w, 20);
	usleep(25000); /* names are looked at so often */
	world_tell(w);
	world_run(w, longer_ms);
}

/* How often is each line there? */
static inline void judge(struct world *w, const char *what)
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
