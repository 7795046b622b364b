/* SPDX-License-Identifier: Apache-2.0 */
/* Workers take units in order and may be ahead of the one who takes the outcomes, in order, by
 * WINDOW units at most: that bounds the memory. */
#include "ledger/block/block.h"
#include "ledger/file.h"
#include "ledger/form.h"
#include "ledger/leaves.h"
#include "ledger/verify_core.h"
#include "ledger/wal_frame.h"
#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

static struct vunit *unit_add(struct verify *v, uint64_t first)
{
	if (!(v->units & (v->units - 1)))
		v->unit = mem_must(
			realloc(v->unit, (v->units ? v->units * 2 : 1) * sizeof(*v->unit)));
	v->unit[v->units] = (struct vunit){ .first = first };
	return &v->unit[v->units++];
}

void verify_units_done(struct verify *v)
{
	for (size_t i = 0; i < v->units; i++) {
		trailer_done(&v->unit[i].trailer);
		segment_free(v->unit[i].segment);
	}
	free(v->unit);
	v->unit = NULL;
	v->units = 0;
}

static void list_block(struct verify *v, const struct block_name *b)
{
	struct vunit *u = unit_add(v, b->first);
	char path[BLOCK_PATH_MAX];
	struct why why = { 0 };
	int r = block_trailer(v->dirfd, b->first, b->gone, &u->trailer, &why);

	if (r == -ENOENT && !b->gone) /* retention was there meanwhile */
		r = block_trailer(v->dirfd, b->first, true, &u->trailer, &why);
	block_path(b->first, true, path);
	if (!b->gone && !u->trailer.gone && faccessat(v->dirfd, path, F_OK, 0) == 0)
		unsettled(v, "%s: the payload of this dropped block is still there", path);
	if (r) {
		finding(v, "%s", why.line);
		return;
	}
	u->readable = true;
	u->gone = u->trailer.gone;
	u->count = u->trailer.count;
	u->skip = v->o->incremental && v->has_kept && trailer_size(&u->trailer) <= v->kept.size;
}

static void list_segment(struct verify *v, struct segment *s, const char *name, uint64_t first)
{
	const struct segment_end *e = segment_end(s);
	struct vunit *u;
	struct why why;

	if (segment_first(s) != first) {
		finding(v, "wal/%s: is another segment under this name", name);
		segment_free(s);
		return;
	}
	if (v->id_known && memcmp(segment_header(s)->id, v->id.id, LEDGER_ID_LEN) != 0)
		finding(v, "wal/%s: is of another ledger", name);
	if (segment_damaged(s, &why))
		finding(v, "wal/%s: %s", name, why.line);
	if (e->torn)
		unsettled(v,
			  "wal/%s: bytes from %llu on are no whole frame: a batch that a crash cut "
			  "off, or harm",
			  name, (unsigned long long)e->end);
	u = unit_add(v, first);
	u->live = u->readable = true;
	u->segment = s;
	u->count = segment_count(s);
}

static int list_segments(struct verify *v, uint64_t after, const struct file_names *names,
			 struct segment *const *s, const struct why *why)
{
	const struct vunit *last;

	for (size_t i = 0; i < names->n; i++) {
		uint64_t first;

		if (!file_seq(names->at[i], ".wal", &first))
			continue;
		if (first < after) {
			unsettled(v, "wal/%s: is sealed as a block already", names->at[i]);
			segment_free(s[i]);
		} else if (s[i]) {
			list_segment(v, s[i], names->at[i], first);
		} else {
			finding(v, "wal/%s", why[i].line);
			unit_add(v, first)->live = true;
		}
	}
	last = v->units ? &v->unit[v->units - 1] : NULL;
	if (last && last->segment && segment_end(last->segment)->more)
		unsettled(v, "wal/: the last batch was never finished");
	return 0;
}

/* Segments are opened before blocks are listed, as in view.c. */
static int list_once(struct verify *v)
{
	int waldir = file_open_dir(v->dirfd, "wal", false), r;
	struct file_names names = { 0 };
	struct blocks blocks = { 0 };
	struct segment **s;
	struct why *why;

	if (waldir < 0)
		return waldir;
	r = file_names(waldir, ".", &names);
	s = mem_new(names.n, sizeof(*s));
	why = mem_new(names.n, sizeof(*why));
	for (size_t i = 0; i < names.n && !r; i++) {
		uint64_t first;

		if (file_seq(names.at[i], ".wal", &first) &&
		    segment_open_whole(&s[i], waldir, names.at[i], &why[i]))
			s[i] = NULL;
	}
	close(waldir);
	if (!r)
		r = blocks_list(v->dirfd, &blocks);
	for (size_t i = 0; i < blocks.n && !r; i++)
		list_block(v, &blocks.at[i]);
	if (!r) {
		const struct vunit *last = v->units ? &v->unit[v->units - 1] : NULL;

		v->blocks_end = !last		 ? 0
				: last->readable ? trailer_size(&last->trailer)
						 : last->first + 1;
		r = list_segments(v, v->blocks_end, &names, s, why);
	}
	blocks_done(&blocks);
	file_names_done(&names);
	free(s);
	free(why);
	return r;
}

int verify_list_units(struct verify *v, struct why *why)
{
	int r = list_once(v);

	return r ? why_set(why, r, "%s: cannot be read: %s", v->o->dir, strerror(-r)) : 0;
}

/* ---- one unit ---- */

struct seen {
	struct outcome *o;
	uint64_t raw_bytes;
	usec arrival_min, arrival_max;
	uint64_t n;
	bool in_block;
};

/* What retention.c writes; another writing of it does not count. */
static void see_drop(struct outcome *o, const struct record *r)
{
	struct bytes b = r->raw;
	uint64_t first;

	if (!form_take(&b, "{\"event\":\"block-dropped\",\"first\":") || !form_u64(&b, &first) ||
	    !form_take(&b, ",\"records\":"))
		return;
	if (!(o->drops & (o->drops - 1)))
		o->drop = mem_must(
			realloc(o->drop, (o->drops ? o->drops * 2 : 1) * sizeof(*o->drop)));
	o->drop[o->drops++] = (struct drop){ r->seq, first };
}

static int see(void *ctx, const struct record *r)
{
	struct seen *s = ctx;
	struct outcome *o = s->o;

	s->raw_bytes += r->raw.len;
	if (!s->n || r->arrival < s->arrival_min)
		s->arrival_min = r->arrival;
	if (!s->n || r->arrival > s->arrival_max)
		s->arrival_max = r->arrival;
	s->n++;
	if (r->source != SOURCE_ID_SELF)
		return 0;
	see_drop(o, r);
	if (bytes_starts(r->raw, BYTES("{\"event\":\"source\","))) {
		if (!(o->defs & (o->defs - 1)))
			o->def = mem_must(
				realloc(o->def, (o->defs ? o->defs * 2 : 1) * sizeof(*o->def)));
		o->def[o->defs] = (struct definition){ .seq = r->seq, .in_block = s->in_block };
		buf_bytes(&o->def[o->defs++].raw, r->raw);
	}
	return 0;
}

static void keep_low(struct outcome *o, uint64_t size, const struct hash256 *leaf)
{
	struct range low = { 0 };
	struct hash256 node[64];

	for (unsigned i = 0; i < size % GROUP; i++)
		range_add(&low, 0, &leaf[i]);
	if (!(o->lows & (o->lows - 1)))
		o->low = mem_must(realloc(o->low, (o->lows ? o->lows * 2 : 1) * sizeof(*o->low)));
	o->low[o->lows].size = size;
	range_nodes(&low, GROUP_LEVEL, node);
	memcpy(o->low[o->lows++].node, node, sizeof(o->low->node));
}

static size_t first_size(const struct verify *v, uint64_t above)
{
	size_t low = 0, high = v->n_sizes;

	while (low < high) {
		size_t middle = (low + high) / 2;

		if (v->sizes[middle].size <= above)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* Whole groups become their roots; before that, signed sizes inside them get their compact range.
 */
static void reduce(const struct verify *v, uint64_t first, uint32_t n, struct hash256 *leaf,
		   struct outcome *o)
{
	size_t at = first_size(v, first);

	o->heads = (uint32_t)((GROUP - first % GROUP) % GROUP);
	if (o->heads > n)
		o->heads = n;
	o->groups = (n - o->heads) / GROUP;
	o->tails = (n - o->heads) % GROUP;
	o->head = mem_new(o->heads, sizeof(*o->head));
	o->group = mem_new(o->groups, sizeof(*o->group));
	o->tail = mem_new(o->tails, sizeof(*o->tail));
	if (o->heads)
		memcpy(o->head, leaf, o->heads * sizeof(*leaf));
	leaf += o->heads;
	for (uint32_t g = 0; g < o->groups; g++, leaf += GROUP) {
		uint64_t from = first + o->heads + (uint64_t)g * GROUP;

		for (; at < v->n_sizes && v->sizes[at].size < from + GROUP; at++) {
			if (v->sizes[at].size > from &&
			    (!o->lows || o->low[o->lows - 1].size != v->sizes[at].size))
				keep_low(o, v->sizes[at].size, leaf);
		}
		tree_fold(leaf, GROUP_LEVEL);
		o->group[g] = leaf[0];
	}
	if (o->tails)
		memcpy(o->tail, leaf, o->tails * sizeof(*leaf));
}

static int do_block(const struct verify *v, const struct vunit *u, struct bytes body,
		    struct outcome *o)
{
	const struct trailer *t = &u->trailer;
	struct seen seen = { .o = o, .in_block = true };
	struct hash256 *leaf;
	struct block *b;
	int r = block_open(&b, body, &o->why);

	if (r)
		return -EBADMSG;
	if (block_info(b)->rows != u->count || block_info(b)->first != u->first) {
		block_free(b);
		return why_set(&o->why, -EBADMSG, "its payload is of other records");
	}
	leaf = mem_new(u->count, sizeof(*leaf));
	r = leaves_of_block(b, 0, u->count, leaf, see, &seen);
	if (r)
		why_set(&o->why, -EBADMSG, "records from %llu on cannot be decoded",
			(unsigned long long)(u->first + seen.n));
	o->range_differs =
		!r &&
		(seen.raw_bytes != t->raw_bytes || seen.arrival_min != t->arrival_min ||
		 seen.arrival_max != t->arrival_max || block_info(b)->time_min != t->time_min ||
		 block_info(b)->time_max != t->time_max);
	block_free(b);
	if (!r)
		reduce(v, u->first, u->count, leaf, o);
	free(leaf);
	return r ? -EBADMSG : 0;
}

static void do_sealed(const struct verify *v, const struct vunit *u, struct outcome *o)
{
	struct buf body = { 0 };
	struct hash256 h;
	int r = block_body(v->dirfd, &u->trailer, &body, &o->why);

	o->file_bytes = u->trailer.body_len + u->trailer.bytes.len + TRAILER_FOOTER;
	o->unsigned_trailer = !trailer_check(&u->trailer, &v->key);
	if (!r && u->gone) {
		r = bridges_read(buf_view(&body), &o->bridge, &o->bridges);
		if (r)
			why_set(&o->why, r, "its bridges are harmed");
	} else if (!r) {
		sha256(buf_view(&body), &h);
		o->payload_differs = memcmp(&h, &u->trailer.payload, sizeof(h)) != 0;
		if (!u->skip)
			r = do_block(v, u, buf_view(&body), o);
	}
	o->r = r;
	buf_done(&body);
}

static void do_segment(const struct verify *v, const struct vunit *u, struct outcome *o)
{
	struct seen seen = { .o = o };
	struct hash256 *leaf;

	o->file_bytes = segment_end(u->segment)->size;
	if (segment_damaged(u->segment, NULL)) {
		o->r = -EBADMSG; /* was told when it was opened */
		return;
	}
	leaf = mem_new(u->count, sizeof(*leaf));
	leaves_of_segment(u->segment, 0, u->count, leaf);
	for (uint32_t i = 0; i < u->count; i++) {
		struct record r;

		segment_record(u->segment, i, &r);
		see(&seen, &r);
	}
	reduce(v, u->first, u->count, leaf, o);
	free(leaf);
}

static void outcome_done(struct outcome *o)
{
	for (size_t i = 0; i < o->defs; i++)
		buf_done(&o->def[i].raw);
	free(o->head);
	free(o->group);
	free(o->tail);
	free(o->low);
	free(o->def);
	free(o->drop);
	free(o->bridge);
	*o = (struct outcome){ 0 };
}

/* ---- all of them ---- */

#define WINDOW_A_THREAD 3

struct run {
	struct verify *v;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	size_t next, taken, window;
	struct outcome *o; /* by unit % window */
	bool *done;
};

static void do_unit(const struct verify *v, size_t i, struct outcome *o)
{
	const struct vunit *u = &v->unit[i];

	if (!u->readable)
		o->r = -EBADMSG;
	else if (u->segment)
		do_segment(v, u, o);
	else
		do_sealed(v, u, o);
}

static void *work(void *ctx)
{
	struct run *run = ctx;

	pthread_mutex_lock(&run->lock);
	while (run->next < run->v->units) {
		size_t i = run->next;

		if (i >= run->taken + run->window) {
			pthread_cond_wait(&run->changed, &run->lock);
			continue;
		}
		run->next++;
		pthread_mutex_unlock(&run->lock);
		do_unit(run->v, i, &run->o[i % run->window]);
		pthread_mutex_lock(&run->lock);
		run->done[i % run->window] = true;
		pthread_cond_broadcast(&run->changed);
	}
	pthread_mutex_unlock(&run->lock);
	return NULL;
}

static int run_threads(struct run *run, unsigned threads, outcome_fn *fn)
{
	pthread_t *t = mem_new(threads, sizeof(*t));
	unsigned started = 0;
	size_t i;

	while (started < threads && !pthread_create(&t[started], NULL, work, run))
		started++;
	for (i = 0; started && i < run->v->units; i++) {
		size_t k = i % run->window;

		pthread_mutex_lock(&run->lock);
		while (!run->done[k])
			pthread_cond_wait(&run->changed, &run->lock);
		pthread_mutex_unlock(&run->lock);
		fn(run->v, i, &run->o[k]);
		outcome_done(&run->o[k]);
		pthread_mutex_lock(&run->lock);
		run->done[k] = false;
		run->taken = i + 1;
		pthread_cond_broadcast(&run->changed);
		pthread_mutex_unlock(&run->lock);
	}
	for (unsigned k = 0; k < started; k++)
		pthread_join(t[k], NULL);
	free(t);
	return started ? 0 : -EAGAIN;
}

int verify_run_units(struct verify *v, unsigned threads, outcome_fn *fn)
{
	struct run run = { .v = v, .window = (size_t)threads * WINDOW_A_THREAD };
	int r = -EAGAIN;

	if (threads > 1) {
		pthread_mutex_init(&run.lock, NULL);
		pthread_cond_init(&run.changed, NULL);
		run.o = mem_new(run.window, sizeof(*run.o));
		run.done = mem_new(run.window, sizeof(*run.done));
		r = run_threads(&run, threads, fn);
		free(run.o);
		free(run.done);
		pthread_mutex_destroy(&run.lock);
		pthread_cond_destroy(&run.changed);
	}
	for (size_t i = 0; r == -EAGAIN && i < v->units; i++) {
		struct outcome o = { 0 };

		do_unit(v, i, &o);
		fn(v, i, &o);
		outcome_done(&o);
	}
	return 0;
}
