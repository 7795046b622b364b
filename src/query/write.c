/* SPDX-License-Identifier: Apache-2.0 */
#include "query/run.h"
#include <stdlib.h>

void run_fail(struct run *run, int r, const char *line)
{
	pthread_mutex_lock(&run->lock);
	if (!run->failed) {
		run->failed = r;
		why_set(&run->why, r, "%s", line);
	}
	atomic_store(&run->stop, true);
	pthread_cond_broadcast(&run->moved);
	pthread_mutex_unlock(&run->lock);
}

static void chunk_done(struct chunk *c)
{
	buf_done(&c->text);
	free(c->ends);
	*c = (struct chunk){ 0 };
}

/* Locked. Writes what the limit leaves of it. */
static void write_chunk(struct run *run, struct chunk *c)
{
	size_t rows = c->rows, len = c->text.len;

	if (run->limited && rows > run->left) {
		rows = (size_t)run->left;
		len = rows ? c->ends[rows - 1] : 0;
	}
	if (len && !run->failed && fwrite(c->text.at, 1, len, run->o->out) != len) {
		run->failed = errno ? -errno : -EIO;
		why_set(&run->why, run->failed, "cannot write the output: %s",
			strerror(-run->failed));
		atomic_store(&run->stop, true);
	}
	run->result.hits += rows;
	if (run->limited) {
		run->left -= rows;
		if (!run->left)
			atomic_store(&run->stop, true);
	}
}

/* Locked. Writes the chunks that have been waiting for this turn. */
static void write_waiting(struct run *run)
{
	for (;;) {
		struct chunk *c = &run->waiting[run->turn % RUN_AHEAD];

		if (!c->whole)
			break;
		write_chunk(run, c);
		chunk_done(c);
		run->turn++;
	}
	pthread_cond_broadcast(&run->moved);
}

int run_put(struct run *run, size_t unit, struct chunk *c)
{
	pthread_mutex_lock(&run->lock);
	while (unit != run->turn && !atomic_load(&run->stop) &&
	       (!c->whole || unit >= run->turn + RUN_AHEAD))
		pthread_cond_wait(&run->moved, &run->lock);
	if (unit == run->turn) {
		write_chunk(run, c);
		if (c->whole) {
			run->turn++;
			chunk_done(c);
			write_waiting(run);
		}
		buf_clear(&c->text);
		c->rows = 0;
	} else if (!atomic_load(&run->stop)) {
		run->waiting[unit % RUN_AHEAD] = *c;
		*c = (struct chunk){ 0 };
	} else {
		chunk_done(c);
	}
	pthread_mutex_unlock(&run->lock);
	return atomic_load(&run->stop) ? -ECANCELED : 0;
}
