/* SPDX-License-Identifier: Apache-2.0 */
#include "detect/sigma/correlation_state.h"
#include "base/buf.h"
#include "base/hash.h"
#include "detect/sigma/correlation_proofs.h"
#include <assert.h>
#include <stdlib.h>

#define STATE_BYTES ((size_t)64 << 20)
#define LATE (5 * 60 * USEC_PER_SEC)
#define GROUPS_OF_KEY 64 /* times apart that one key is remembered */
#define TABLE_FIRST 256u
#define ALLOCATION 16u /* what malloc takes beside */

struct group {
	struct group *chain;
	struct group *older, *newer; /* by touch */
	uint64_t hash;
	struct window window;
	struct proofs proofs;
	usec told_at; /* USEC_NONE: not told */
	usec since;
	uint64_t running; /* events since it was told first */
	uint64_t serial;
	uint32_t of, key_len;
	uint32_t bytes; /* as accounted */
	bool busy; /* its hit is being told */
	uint8_t key[];
};

struct owner { /* a correlation */
	const struct correlation *is;
	struct group *oldest, *newest;
	size_t bytes;
	uint64_t evicted;
	usec first_end; /* no window of it ends earlier; for those that close */
};

struct correlator {
	struct owner *owners;
	size_t owners_n;
	struct group **table;
	size_t table_n; /* a power of two */
	size_t bytes, limit, groups;
	usec late;
	usec now; /* told by a tick; before the first: the latest event */
	bool ticked;
	uint64_t evicted, too_late;
};

struct correlator *correlator_new(const struct correlation *const *list, size_t n,
				  size_t state_bytes, usec late)
{
	struct correlator *c = mem_new(1, sizeof(*c));

	c->owners = mem_new(n + 1, sizeof(*c->owners));
	c->owners_n = n;
	for (size_t i = 0; i < n; i++) {
		c->owners[i].is = list[i];
		c->owners[i].first_end = INT64_MAX;
	}
	c->table_n = TABLE_FIRST;
	c->table = mem_new(c->table_n, sizeof(struct group *));
	c->bytes = c->table_n * sizeof(struct group *);
	c->limit = state_bytes ? state_bytes : STATE_BYTES;
	c->late = late ? late : LATE;
	c->now = USEC_NONE;
	return c;
}

/* ---- lists, table, account ---- */

static void list_out(struct owner *o, struct group *g)
{
	*(g->older ? &g->older->newer : &o->oldest) = g->newer;
	*(g->newer ? &g->newer->older : &o->newest) = g->older;
	g->older = g->newer = NULL;
}

static void list_in(struct owner *o, struct group *g)
{
	g->older = o->newest;
	g->newer = NULL;
	*(o->newest ? &o->newest->newer : &o->oldest) = g;
	o->newest = g;
}

static struct group **slot_of(struct correlator *c, uint64_t hash)
{
	return &c->table[hash & (c->table_n - 1)];
}

static uint64_t hash_of(size_t of, struct bytes key)
{
	return hash_keyed(key) ^ (of + 1) * 0x9e3779b97f4a7c15u;
}

static void account(struct correlator *c, struct group *g, size_t bytes)
{
	struct owner *o = &c->owners[g->of];

	o->bytes += bytes - g->bytes;
	c->bytes += bytes - g->bytes;
	g->bytes = (uint32_t)bytes;
}

static size_t bytes_of_group(const struct group *g)
{
	return sizeof(*g) + g->key_len + window_bytes(&g->window) + proofs_bytes(&g->proofs) +
	       3 * ALLOCATION;
}

static void group_free(struct correlator *c, struct group *g)
{
	struct group **at = slot_of(c, g->hash);

	while (*at != g)
		at = &(*at)->chain;
	*at = g->chain;
	list_out(&c->owners[g->of], g);
	account(c, g, 0);
	c->groups--;
	window_done(&g->window);
	proofs_done(&g->proofs);
	free(g);
}

struct correlator *correlator_free(struct correlator *c)
{
	if (!c)
		return NULL;
	for (size_t i = 0; i < c->owners_n; i++)
		while (c->owners[i].oldest)
			group_free(c, c->owners[i].oldest);
	free(c->owners);
	free(c->table);
	free(c);
	return NULL;
}

static void table_grow(struct correlator *c)
{
	size_t n = c->table_n * 2;
	struct group **table;

	if (c->groups < c->table_n)
		return;
	table = mem_new(n, sizeof(struct group *));
	for (size_t i = 0; i < c->table_n; i++) {
		struct group *g = c->table[i], *next;

		for (; g; g = next) {
			next = g->chain;
			g->chain = table[g->hash & (n - 1)];
			table[g->hash & (n - 1)] = g;
		}
	}
	free(c->table);
	c->table = table;
	c->bytes += (n - c->table_n) * sizeof(struct group *);
	c->table_n = n;
}

/* ---- hits ---- */

static void tell(struct group *g, usec time, const struct window_answer *a, correlator_fn *fn,
		 void *ctx)
{
	struct record_ref proofs[FINDING_PROOFS];
	struct correlator_hit h = {
		.correlation = g->of,
		.key = bytes_of(g->key, g->key_len),
		.time = time,
		.since = g->told_at == USEC_NONE ? a->since : g->since,
		.count = a->count,
		.value = a->value,
		.proofs = proofs,
	};

	h.proofs_n = proofs_of(&g->proofs, h.since, a->until, proofs);
	if (!h.proofs_n) /* a window in the past: newer records have pushed its own out */
		h.proofs_n = proofs_of(&g->proofs, INT64_MIN, INT64_MAX, proofs);
	g->busy = true;
	fn(ctx, &h);
	g->busy = false;
}

static bool is_over(const struct correlator *c, const struct group *g)
{
	usec end = g->window.newest;

	if (c->owners[g->of].is->closes)
		end = g->window.oldest;
	return c->now != USEC_NONE && end + c->owners[g->of].is->span + c->late < c->now;
}

/* Its window is closed: judged where it is of that kind, then forgotten. Returns the next newer
 * one: what others were in the list may be gone with what the callback fed. */
static struct group *finish(struct correlator *c, struct group *g, correlator_fn *fn, void *ctx)
{
	const struct correlation *is = c->owners[g->of].is;
	struct window_answer a;
	struct group *next;

	if (is->closes && window_closes(is, &g->window, &a))
		tell(g, a.until, &a, fn, ctx);
	next = g->newer;
	group_free(c, g);
	return next;
}

/* ---- memory ---- */

static struct group *victim(struct correlator *c)
{
	struct owner *most = NULL;
	struct group *g;

	for (size_t i = 0; i < c->owners_n; i++)
		if (!most || c->owners[i].bytes > most->bytes)
			most = &c->owners[i];
	g = most ? most->oldest : NULL;
	while (g && g->busy)
		g = g->newer;
	return g;
}

static void reclaim(struct correlator *c, correlator_fn *fn, void *ctx)
{
	struct group *g;

	while (c->bytes > c->limit && (g = victim(c))) {
		if (is_over(c, g)) {
			finish(c, g, fn, ctx);
			continue;
		}
		c->evicted++;
		c->owners[g->of].evicted++;
		group_free(c, g);
	}
}

/* ---- an event ---- */

/* Can an event of time t share a window with what the group holds? */
static bool joins(const struct correlator *c, const struct group *g, usec t)
{
	const struct correlation *is = c->owners[g->of].is;
	const struct window *w = &g->window;

	if (is->closes)
		return t >= w->oldest ? t - w->oldest <= is->span : w->newest - t <= is->span;
	return t >= w->newest ? t - w->newest <= is->span
			      : t >= w->oldest - is->span && t >= w->newest - is->span - c->late;
}

static struct group *group_new(struct correlator *c, size_t of, uint64_t hash, struct bytes key)
{
	struct group *g = mem_must(malloc(sizeof(*g) + key.len)), **slot;

	table_grow(c);
	*g = (struct group){ .hash = hash, .told_at = USEC_NONE, .of = (uint32_t)of };
	g->key_len = (uint32_t)key.len;
	if (key.len)
		memcpy(g->key, key.at, key.len);
	window_init(&g->window);
	proofs_init(&g->proofs);
	slot = slot_of(c, hash);
	g->chain = *slot;
	*slot = g;
	list_in(&c->owners[of], g);
	c->groups++;
	return g;
}

static struct group *group_of(struct correlator *c, size_t of, const struct correlator_event *e,
			      correlator_fn *fn, void *ctx)
{
	uint64_t hash = hash_of(of, e->key);
	struct group *last = NULL;
	unsigned n = 0;

	for (struct group *g = *slot_of(c, hash); g; g = g->chain) {
		if (g->hash != hash || g->of != of ||
		    !bytes_eq(bytes_of(g->key, g->key_len), e->key))
			continue;
		if (joins(c, g, e->of.time))
			return g;
		n++;
		if (!g->busy)
			last = g; /* new ones are put in front */
	}
	if (n >= GROUPS_OF_KEY && last)
		finish(c, last, fn, ctx);
	return group_new(c, of, hash, e->key);
}

/* Told already, and it is not yet time to look again? */
static bool is_quiet(const struct group *g, usec span, usec t)
{
	return g->told_at != USEC_NONE && t <= g->told_at + span && t >= g->told_at - span;
}

static void judge(struct correlator *c, struct group *g, const struct correlator_event *e,
		  correlator_fn *fn, void *ctx)
{
	const struct correlation *is = c->owners[g->of].is;
	struct window_answer a;

	g->running++;
	if (is_quiet(g, is->span, e->of.time))
		return;
	if (!window_true(is, &g->window, e->of.time, &a)) {
		g->told_at = USEC_NONE;
		return;
	}
	if (g->told_at == USEC_NONE) {
		g->running = a.events;
		g->since = a.since;
	} else if (is->type != CORRELATION_VALUE_COUNT) {
		a.count = g->running;
	}
	tell(g, e->of.time, &a, fn, ctx);
	g->told_at = e->of.time;
}

void correlator_feed(struct correlator *c, size_t i, const struct correlator_event *e,
		     correlator_fn *fn, void *ctx)
{
	struct owner *o = &c->owners[i];
	const struct correlation *is = o->is;
	bool each = is->type == CORRELATION_TEMPORAL || is->type == CORRELATION_TEMPORAL_ORDERED;
	struct group *g;

	if (is->closes && c->ticked && e->of.time + is->span + c->late < c->now) {
		c->too_late++; /* its window has been judged */
		return;
	}
	g = group_of(c, i, e, fn, ctx);
	if (g->serial == e->of.serial && g->window.n && !each)
		return;
	g->serial = e->of.serial;
	if (g != o->newest) {
		list_out(o, g);
		list_in(o, g);
	}
	if (!c->ticked && e->of.time > c->now)
		c->now = e->of.time;
	for (size_t p = 0; p < e->proofs_n; p++)
		proofs_add(&g->proofs, &e->proofs[p], e->of.time);
	window_put(is, &g->window, &e->of, is->span + c->late);
	account(c, g, bytes_of_group(g));
	if (is->closes && g->window.oldest + is->span < o->first_end)
		o->first_end = g->window.oldest + is->span;
	if (!is->closes)
		judge(c, g, e, fn, ctx);
	reclaim(c, fn, ctx);
}

/* ---- a change of rules ---- */

static void move(struct correlator *fresh, struct correlator *old, struct group *g, size_t to)
{
	struct group **at = slot_of(old, g->hash);
	size_t bytes = g->bytes;

	while (*at != g)
		at = &(*at)->chain;
	*at = g->chain;
	list_out(&old->owners[g->of], g);
	account(old, g, 0);
	old->groups--;
	table_grow(fresh);
	g->of = (uint32_t)to;
	g->hash = hash_of(to, bytes_of(g->key, g->key_len));
	at = slot_of(fresh, g->hash);
	g->chain = *at;
	*at = g;
	list_in(&fresh->owners[to], g);
	account(fresh, g, bytes);
	fresh->groups++;
}

void correlator_take_over(struct correlator *fresh, struct correlator *old, const size_t *from)
{
	fresh->now = old->now;
	fresh->ticked = old->ticked;
	for (size_t i = 0; i < fresh->owners_n; i++) {
		struct owner *was = from[i] == SIZE_MAX ? NULL : &old->owners[from[i]];

		if (!was)
			continue;
		fresh->owners[i].first_end = was->first_end;
		while (was->oldest)
			move(fresh, old, was->oldest, i);
	}
}

/* ---- time ---- */

#define LOOK_PAST 16 /* groups not over that may stand before one that is */

/* Nobody waits for the end of these: only memory is to be gained. */
static void tick_sliding(struct correlator *c, struct owner *o)
{
	struct group *g = o->oldest, *next;

	for (unsigned past = 0; g && past < LOOK_PAST; g = next) {
		next = g->newer;
		if (!g->busy && is_over(c, g))
			group_free(c, g);
		else
			past++;
	}
}

static void tick_closing(struct correlator *c, struct owner *o, correlator_fn *fn, void *ctx)
{
	struct group *g = o->oldest;
	usec first = INT64_MAX;

	if (o->first_end == INT64_MAX || o->first_end + c->late >= c->now)
		return;
	while (g) {
		if (is_over(c, g)) {
			g = finish(c, g, fn, ctx);
			continue;
		}
		if (g->window.oldest + o->is->span < first)
			first = g->window.oldest + o->is->span;
		g = g->newer;
	}
	o->first_end = first;
}

void correlator_tick(struct correlator *c, usec now, correlator_fn *fn, void *ctx)
{
	if (!c->ticked || now > c->now)
		c->now = now;
	c->ticked = true;
	for (size_t i = 0; i < c->owners_n; i++) {
		if (c->owners[i].is->closes)
			tick_closing(c, &c->owners[i], fn, ctx);
		else
			tick_sliding(c, &c->owners[i]);
	}
}

void correlator_counts(const struct correlator *c, struct correlator_counts *ret)
{
	*ret = (struct correlator_counts){ c->groups, c->evicted, c->too_late, c->bytes };
}

uint64_t correlator_evicted(const struct correlator *c, size_t i)
{
	return c->owners[i].evicted;
}
