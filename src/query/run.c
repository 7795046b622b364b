/* SPDX-License-Identifier: Apache-2.0 */
#include "query/run.h"
#include "query/bits.h"
#include <malloc.h>
#include <stdlib.h>
#include <unistd.h>

#define THREADS_MAX 64

static int put_row(void *ctx, uint32_t row, const struct record *r)
{
	struct worker *w = ctx;
	struct chunk *c = &w->chunk;

	output_row(&c->text, &w->run->out, &w->s, row, r);
	if (w->run->limited) {
		if (c->rows == c->cap) {
			c->cap = c->cap ? 2 * c->cap : 256;
			c->ends = mem_must(reallocarray(c->ends, c->cap, sizeof(*c->ends)));
		}
		c->ends[c->rows] = c->text.len;
	}
	c->rows++;
	if (c->text.len < CHUNK_BYTES)
		return 0;
	return run_put(w->run, w->unit, c);
}

/* Locked. */
static void count_bytes(struct worker *w, size_t bytes)
{
	w->run->bytes += bytes - w->bytes;
	w->bytes = bytes;
}

static int keep_within(struct worker *w)
{
	struct run *run = w->run;
	bool over;

	pthread_mutex_lock(&run->lock);
	count_bytes(w, w->groups ? groups_bytes(w->groups) : table_bytes(&w->kept));
	over = run->bytes > QUERY_MEMORY;
	pthread_mutex_unlock(&run->lock);
	if (w->groups && (over || groups_count(w->groups) > QUERY_GROUPS_MAX))
		return why_set(&w->s.why, -ENOMEM,
			       "stats makes more than %d groups or takes more than %zu MiB: group "
			       "by fewer or coarser columns, or ask for a shorter time",
			       QUERY_GROUPS_MAX, QUERY_MEMORY >> 20);
	if (over)
		return why_set(&w->s.why, -ENOMEM,
			       "sorting takes more than %zu MiB: ask for fewer records",
			       QUERY_MEMORY >> 20);
	return 0;
}

/* Keeps only what a head after the sort can still ask for. */
static void prune(struct worker *w)
{
	const struct query *q = w->run->q;
	unsigned keys[NAMES_MAX], columns[NAMES_MAX], n = sort_columns(q, keys), i = 0;
	const struct stage *sort, *head;

	while (q->stages[i]->kind != STAGE_SORT)
		i++;
	if (i + 1 >= q->stages_n || q->stages[i + 1]->kind != STAGE_HEAD)
		return;
	sort = q->stages[i];
	head = q->stages[i + 1];
	if (head->n > w->kept.rows || w->kept.rows < 4 * head->n + 65536)
		return;
	for (unsigned c = 0; c < sort->columns_n; c++)
		for (unsigned k = 0; k < n; k++)
			if (keys[k] == sort->columns[c])
				columns[c] = k;
	table_sort(&w->kept, columns, sort->down, sort->columns_n);
	table_keep(&w->kept, 0, head->n);
	table_compact(&w->kept);
}

/* What is done with the hits of a unit. */
static int use_hits(struct worker *w, uint64_t *hits)
{
	struct run *run = w->run;
	uint64_t n = bits_count(hits, w->s.words), left;
	int r = 0;

	pthread_mutex_lock(&run->lock);
	left = run->left;
	pthread_mutex_unlock(&run->lock);
	if (w->unit == run->first && run->skip) {
		bits_window(hits, w->s.n, run->skip, UINT64_MAX);
		n -= run->skip < n ? run->skip : n;
	}
	if (run->limited && n > left) { /* left only shrinks: more is never needed */
		bits_window(hits, w->s.n, 0, left);
		n = bits_count(hits, w->s.words);
	}
	switch (run->mode) {
	case RUN_COUNT:
		break;
	case RUN_ROWS:
		if (n)
			r = search_each(&w->s, hits, put_row, w);
		break;
	case RUN_STATS:
		r = groups_add(w->groups, &w->s, hits);
		break;
	case RUN_SORT:
		r = n ? sort_keep(w, hits) : 0;
		prune(w);
		break;
	}
	if (r >= 0 && (run->mode == RUN_STATS || run->mode == RUN_SORT))
		r = keep_within(w);
	pthread_mutex_lock(&run->lock);
	run->matched += n;
	if (run->limited && run->mode != RUN_ROWS) {
		run->left -= n < run->left ? n : run->left;
		if (!run->left)
			atomic_store(&run->stop, true);
	}
	pthread_mutex_unlock(&run->lock);
	return r;
}

static void damaged(struct worker *w, int r)
{
	struct run *run = w->run;
	const struct unit *u = view_unit(run->v, w->unit);

	pthread_mutex_lock(&run->lock);
	if (!run->result.damaged++)
		why_set(&run->why, -EBADMSG,
			"records %llu to %llu cannot be read and are left out: %s",
			(unsigned long long)u->first, (unsigned long long)(u->first + u->count - 1),
			w->s.why.line[0] ? w->s.why.line
			: r == -EBADMSG	 ? "the block is damaged; vedette verify tells more"
					 : strerror(-r));
	pthread_mutex_unlock(&run->lock);
}

static void do_unit(struct worker *w)
{
	struct run *run = w->run;
	uint64_t *hits;
	int r = search_open(&w->s, w->unit);

	if (!r) {
		r = search_hits(&w->s, &hits);
		if (!r)
			r = use_hits(w, hits);
	}
	pthread_mutex_lock(&run->lock);
	run->result.opened += r != SEARCH_OUTSIDE;
	pthread_mutex_unlock(&run->lock);
	if (r == -ENOMEM)
		run_fail(run, r, w->s.why.line);
	else if (r < 0 && r != -ECANCELED)
		damaged(w, r);
	if (run->mode == RUN_ROWS) {
		w->chunk.whole = true;
		run_put(run, w->unit, &w->chunk);
	}
	search_close(&w->s);
}

static void *work(void *ctx)
{
	struct worker *w = ctx;
	struct run *run = w->run;

	for (;;) {
		pthread_mutex_lock(&run->lock);
		w->unit = run->next++;
		pthread_mutex_unlock(&run->lock);
		if (w->unit >= run->end || atomic_load(&run->stop))
			return NULL;
		do_unit(w);
	}
}

static void worker_init(struct worker *w, struct run *run)
{
	*w = (struct worker){ .run = run };
	search_init(&w->s, run->q, run->v);
	w->s.own = run->o->own;
	w->s.since = run->since;
	w->s.until = run->until;
	if (run->mode == RUN_STATS)
		w->groups = groups_new(run->q->stats);
	if (run->mode == RUN_SORT) {
		unsigned columns[NAMES_MAX], n = sort_columns(run->q, columns);

		table_init(&w->kept, n + 1);
		for (unsigned i = 0; i < n; i++)
			w->kept.columns[i].type = column_type(columns[i]);
		w->kept.columns[n].type = TYPE_NUMBER;
	}
}

static void worker_done(struct worker *w)
{
	w->run->result.undecided += w->s.undecided;
	search_done(&w->s);
	buf_done(&w->chunk.text);
	free(w->chunk.ends);
	groups_free(w->groups);
	if (w->run->mode == RUN_SORT)
		table_done(&w->kept);
}

/* `tail N`: from the end back to the unit that holds the first of them. */
static int find_tail(struct run *run, uint64_t n)
{
	struct worker w;
	uint64_t found = 0, *hits;
	size_t u = run->end;
	int r = 0;

	worker_init(&w, run);
	while (u-- > 0 && found < n) {
		w.unit = u;
		r = search_open(&w.s, u);
		if (!r)
			r = search_hits(&w.s, &hits);
		if (r < 0)
			damaged(&w, r);
		if (!r)
			found += bits_count(hits, w.s.words);
		if (found >= n) {
			run->first = u;
			run->skip = found - n;
			break;
		}
	}
	run->result.damaged = 0; /* they will be met again */
	w.s.undecided = 0;
	worker_done(&w);
	run->next = run->turn = run->first;
	return 0;
}

static unsigned threads_of(const struct run *run)
{
	size_t n = run->o->threads;
	long cores = n ? 0 : sysconf(_SC_NPROCESSORS_ONLN);

	if (!n)
		n = cores > 0 ? (size_t)cores : 1;
	if (n > run->end - run->first)
		n = run->end - run->first;
	if (run->limited && run->mode != RUN_ROWS)
		n = 1; /* the first N records: in order */
	return n < 1 ? 1 : n > THREADS_MAX ? THREADS_MAX : (unsigned)n;
}

/* The stages that pick records, and how many rows the option leaves. */
static void plan(struct run *run)
{
	const struct query *q = run->q;
	uint64_t left = UINT64_MAX, tail = 0;
	bool sorts = false;

	for (unsigned i = 0; i < q->stages_n && q->stages[i]->kind != STAGE_STATS && !sorts; i++) {
		sorts = q->stages[i]->kind == STAGE_SORT;
		if (q->stages[i]->kind == STAGE_HEAD)
			left = q->stages[i]->n;
		else if (q->stages[i]->kind == STAGE_TAIL)
			tail = q->stages[i]->n;
	}
	run->mode = q->stats			    ? RUN_STATS
		    : sorts			    ? RUN_SORT
		    : run->o->format == QUERY_COUNT ? RUN_COUNT
						    : RUN_ROWS;
	if (tail)
		find_tail(run, tail);
	if ((run->mode == RUN_ROWS || run->mode == RUN_COUNT) && run->o->limit &&
	    run->o->limit < left)
		left = run->o->limit;
	run->limited = left != UINT64_MAX;
	run->left = left;
}

/* Where the stages begin that a table goes through. */
static unsigned table_stages(const struct query *q, enum stage_kind kind)
{
	unsigned i = 0;

	while (i < q->stages_n && q->stages[i]->kind != kind)
		i++;
	return i;
}

static int give_table(struct run *run, struct table *t)
{
	struct buf text = { 0 };
	int r = 0;

	if (run->o->limit)
		table_keep(t, 0, run->o->limit);
	run->result.hits = run->matched ? t->rows : 0;
	if (run->o->format == QUERY_COUNT)
		return 0;
	output_table(&text, t, run->o->format == QUERY_JSON, run->o->colour);
	if (text.len && fwrite(text.at, 1, text.len, run->o->out) != text.len)
		r = why_set(&run->why, errno ? -errno : -EIO, "cannot write the output: %s",
			    strerror(errno));
	buf_done(&text);
	return r;
}

static int finish_stats(struct run *run, struct worker *w, unsigned n)
{
	struct table t;
	int r;

	for (unsigned i = 1; i < n; i++)
		groups_merge(w[0].groups, w[i].groups);
	groups_table(w[0].groups, &t);
	stages_apply(run->q, table_stages(run->q, STAGE_STATS), &t, NULL, 0);
	r = give_table(run, &t);
	table_done(&t);
	return r;
}

static int finish_sort(struct run *run, struct worker *w, unsigned n)
{
	struct table *t = &w[0].kept;
	unsigned keys[NAMES_MAX], keys_n = sort_columns(run->q, keys), seq = t->columns_n - 1;
	bool up = false;

	for (unsigned i = 1; i < n; i++)
		for (size_t row = 0; row < w[i].kept.rows; row++)
			memcpy(table_add(t), table_row(&w[i].kept, row),
			       t->columns_n * sizeof(*t->items));
	table_sort(t, &seq, &up, 1);
	stages_apply(run->q, table_stages(run->q, STAGE_SORT), t, keys, keys_n);
	if (run->o->limit)
		table_keep(t, 0, run->o->limit);
	run->result.hits = t->rows;
	return run->o->format == QUERY_COUNT ? 0 : sort_write(run, t, &w[0].s);
}

static int run_all(struct run *run)
{
	unsigned n = threads_of(run), started = 1;
	struct worker *w = mem_new(n, sizeof(*w));
	int r;

	for (unsigned i = 0; i < n; i++)
		worker_init(&w[i], run);
	for (; started < n; started++)
		if (pthread_create(&w[started].thread, NULL, work, &w[started]))
			break; /* fewer workers do all the same */
	work(&w[0]);
	for (unsigned i = 1; i < started; i++)
		pthread_join(w[i].thread, NULL);
	r = run->failed;
	if (!r && run->mode == RUN_STATS)
		r = finish_stats(run, w, n);
	else if (!r && run->mode == RUN_SORT)
		r = finish_sort(run, w, n);
	else if (!r && run->mode == RUN_COUNT)
		run->result.hits = run->matched;
	for (unsigned i = 0; i < n; i++)
		worker_done(&w[i]);
	free(w);
	for (unsigned i = 0; i < RUN_AHEAD; i++) {
		buf_done(&run->waiting[i].text);
		free(run->waiting[i].ends);
	}
	return r;
}

static usec later(usec a, usec b)
{
	return a == USEC_NONE || (b != USEC_NONE && b > a) ? b : a;
}

static usec sooner(usec a, usec b)
{
	return a == USEC_NONE || (b != USEC_NONE && b < a) ? b : a;
}

/* Each unit takes and gives back the same megabytes; handing them to the kernel in between costs a
 * third of a quick query in page faults (measured: 22,700 of them on 78 blocks, against 1,100). */
static void keep_memory(void)
{
	mallopt(M_MMAP_THRESHOLD, 1 << 30);
	mallopt(M_TRIM_THRESHOLD, 256 << 20);
	mallopt(M_TOP_PAD, 16 << 20);
}

int query_run(const struct query *q, const struct view *v, const struct query_options *o,
	      struct query_result *ret, struct why *why)
{
	struct run run = { .q = q, .v = v, .o = o, .end = view_units(v) };
	int r;

	if (o->format == QUERY_RAW && q->stats)
		return why_set(why, -EINVAL,
			       "a table has no raw form: ask for text or json, or leave stats out");
	keep_memory();
	pthread_mutex_init(&run.lock, NULL);
	pthread_cond_init(&run.moved, NULL);
	run.since = later(q->since, o->since);
	run.until = sooner(q->until, o->until);
	run.result.units = run.end;
	output_init(&run.out, q, o);
	plan(&run);
	r = run_all(&run);
	if (!r && o->format == QUERY_COUNT)
		fprintf(o->out, "%llu\n", (unsigned long long)run.result.hits);
	if (!r && fflush(o->out) != 0)
		r = why_set(&run.why, errno ? -errno : -EIO, "cannot write the output: %s",
			    strerror(errno));
	if (!r && run.result.damaged)
		r = -EBADMSG;
	pthread_mutex_destroy(&run.lock);
	pthread_cond_destroy(&run.moved);
	if (r < 0)
		why_set(why, r, "%s", run.why.line);
	*ret = run.result;
	return r;
}
