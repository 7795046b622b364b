/* SPDX-License-Identifier: Apache-2.0 */
/* run.h — one run of a query, as its workers share it.
 * Workers take units in order. What they write waits for its turn, so that output is in order of
 * seq however long each unit takes. Threads: fields under `lock` but for those set before the
 * start. */
#pragma once
#include "query/group.h"
#include "query/output.h"
#include <pthread.h>
#include <stdatomic.h>

#define RUN_AHEAD 8u /* units a worker may be before the one whose turn it is */
#define CHUNK_BYTES ((size_t)4 << 20) /* a worker that has so much waits for its turn */

enum run_mode { RUN_COUNT, RUN_ROWS, RUN_STATS, RUN_SORT };

struct chunk { /* what one unit gives */
	struct buf text;
	size_t *ends; /* where each row ends in text, when rows are limited */
	size_t rows, cap;
	bool whole; /* nothing of the unit is still to come */
};

struct run {
	const struct query *q;
	const struct view *v;
	const struct query_options *o;
	struct output out;
	enum run_mode mode;
	usec since, until;
	size_t end; /* units */
	size_t first; /* the unit it begins with */
	uint64_t skip; /* hits of that unit that are left out */
	bool limited;

	pthread_mutex_t lock;
	pthread_cond_t moved;
	size_t next, turn; /* unit to be taken, unit to be written */
	struct chunk waiting[RUN_AHEAD]; /* by unit % RUN_AHEAD */
	uint64_t left; /* rows that may still be given, when limited */
	size_t bytes; /* of all workers' groups and rows */
	atomic_bool stop;
	int failed;
	struct why why;
	struct query_result result;
	uint64_t matched; /* records hit */
};

struct worker {
	struct run *run;
	struct search s;
	struct chunk chunk;
	size_t unit;
	size_t bytes; /* counted in run->bytes */
	struct groups *groups; /* STATS */
	struct table kept; /* SORT: the keys, then seq */
	pthread_t thread;
};

/* write.c */
int run_put(struct run *run, size_t unit, struct chunk *c); /* gives the chunk; it is empty after */
void run_fail(struct run *run, int r, const char *line); /* the first failure counts; all stop */
/* sort.c */
int sort_keep(struct worker *w, const uint64_t *hits);
int sort_write(struct run *run, struct table *t, struct search *s); /* rows by seq, in its order */
unsigned sort_columns(const struct query *q, unsigned *ret); /* all columns sorted by */
/* Stages from `from` on; columns of a kept table are found by their place in `keys`. */
void stages_apply(const struct query *q, unsigned from, struct table *t, const unsigned *keys,
		  unsigned keys_n);
