/* SPDX-License-Identifier: Apache-2.0 */
#include "detect/sigma/correlation_window.h"
#include "base/buf.h"
#include "detect/sigma/correlation_judge.h"
#include <assert.h>
#include <stdlib.h>

void window_init(struct window *w)
{
	*w = (struct window){ .oldest = USEC_NONE, .newest = USEC_NONE };
}

void window_done(struct window *w)
{
	if (w->cap)
		free(w->marks);
	window_init(w);
}

static struct mark *marks_of(struct window *w)
{
	return w->cap ? w->marks : &w->first;
}

static bool is_temporal(const struct correlation *c)
{
	return c->type == CORRELATION_TEMPORAL || c->type == CORRELATION_TEMPORAL_ORDERED;
}

/* Values told apart, by hash. */
static bool is_distinct(const struct correlation *c)
{
	return c->type == CORRELATION_VALUE_COUNT || judge_is_share(c);
}

/* Only a sum and a number are needed of it. */
static bool is_sum(const struct correlation *c)
{
	return c->closes && (c->type == CORRELATION_EVENT_COUNT ||
			     c->type == CORRELATION_VALUE_SUM || c->type == CORRELATION_VALUE_AVG);
}

static uint32_t limit_of(const struct correlation *c)
{
	uint64_t n;

	if (is_temporal(c))
		return 64;
	if (c->type == CORRELATION_VALUE_COUNT)
		return c->need < 256 ? 256 : (uint32_t)c->need;
	if (is_sum(c))
		return 1;
	if (c->closes || c->type == CORRELATION_VALUE_SUM)
		return WINDOW_MARKS;
	n = c->need * 2;
	return n < 64 ? 64 : n > WINDOW_MARKS ? WINDOW_MARKS : (uint32_t)n;
}

static void drop(struct window *w, uint32_t from, uint32_t n)
{
	struct mark *m = marks_of(w);

	memmove(m + from, m + from + n, (w->n - from - n) * sizeof(*m));
	w->n -= n;
}

/* What lies in the same part of the span becomes one mark, with the time of the latest: no event
 * leaves the window too early. */
static void merge_near(struct window *w, usec width)
{
	struct mark *m = marks_of(w);
	uint32_t to = 0;

	for (uint32_t i = 1; i < w->n; i++) {
		if (m[i].at / width != m[to].at / width) {
			m[++to] = m[i];
			continue;
		}
		m[to].at = m[i].at;
		m[to].n += m[i].n;
		m[to].v.number += m[i].v.number;
	}
	w->n = to + 1;
}

/* A distribution, which is sorted by value: of two neighbours one stands for both,
 * now the lower, now the higher, so that errors do not add up. */
static void merge_values(struct window *w)
{
	struct mark *m = marks_of(w);
	uint32_t to = 0;

	for (uint32_t i = 0; i + 1 < w->n; i += 2) {
		struct mark one = m[i + (i / 2 & 1)];

		one.n = m[i].n + m[i + 1].n;
		m[to++] = one;
	}
	w->n = to;
}

/* The earliest one whose rule comes again later; there is one, or else there would be more marks
 * than rules. */
static void drop_repeated(struct window *w)
{
	struct mark *m = marks_of(w);
	uint64_t seen = 0;
	uint32_t at = 0;

	for (uint32_t i = w->n; i-- > 0;) {
		if (seen >> mark_input(&m[i]) & 1)
			at = i;
		seen |= 1ull << mark_input(&m[i]);
	}
	drop(w, at, 1);
}

static bool drop_older(struct window *w, usec than)
{
	struct mark *m = marks_of(w);
	uint32_t n = 0;

	while (n < w->n && m[n].at < than)
		n++;
	drop(w, 0, n);
	return n != 0;
}

static void make_room(const struct correlation *c, struct window *w, uint32_t limit, usec keep)
{
	if (!c->closes && drop_older(w, w->newest - keep))
		return;
	if (is_temporal(c))
		drop_repeated(w);
	else if (c->closes && !is_distinct(c))
		merge_values(w);
	else if (!c->closes && !drop_older(w, w->newest - c->span)) {
		if (is_distinct(c))
			drop(w, 0, w->n / 8);
		else
			merge_near(w, c->span / (limit / 2) + 1);
	}
}

static bool grow(const struct correlation *c, struct window *w, usec keep)
{
	uint32_t limit = limit_of(c), cap = w->cap ? w->cap * 2 : 4;

	if (w->n < (w->cap ? w->cap : 1))
		return true;
	if (w->n >= limit) {
		make_room(c, w, limit, keep);
		return w->n < limit;
	}
	if (cap > limit)
		cap = limit;
	w->marks = mem_must(realloc(w->cap ? w->marks : NULL, cap * sizeof(*w->marks)));
	if (!w->cap)
		w->marks[0] = w->first;
	w->cap = cap;
	return true;
}

/* Behind all that are not later: events of one time stay in the order they came in. */
static uint32_t place_by_time(const struct mark *m, uint32_t n, usec at)
{
	uint32_t lo = 0, hi = n;

	if (n && m[n - 1].at <= at)
		return n;
	while (lo < hi) {
		uint32_t mid = lo + (hi - lo) / 2;

		if (m[mid].at <= at)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

static uint32_t place_by_value(const struct mark *m, uint32_t n, double number)
{
	uint32_t lo = 0, hi = n;

	while (lo < hi) {
		uint32_t mid = lo + (hi - lo) / 2;

		if (m[mid].v.number <= number)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

static void insert(struct window *w, uint32_t at, const struct mark *one)
{
	struct mark *m = marks_of(w);

	assert(w->n < (w->cap ? w->cap : 1));
	memmove(m + at + 1, m + at, (w->n - at) * sizeof(*m));
	m[at] = *one;
	w->n++;
}

/* A value that is there already: its mark moves to the later time. */
static bool add_known(const struct correlation *c, struct window *w, const struct window_event *e)
{
	struct mark *m = marks_of(w), one;

	for (uint32_t i = w->n; i-- > 0;) {
		if (m[i].v.id != e->id)
			continue;
		if (e->time < m[i].at && m[i].at - e->time > c->span)
			return false; /* it was of another window */
		m[i].n++;
		if (e->time <= m[i].at)
			return true;
		one = m[i];
		one.at = e->time;
		drop(w, i, 1);
		insert(w, place_by_time(m, w->n, one.at), &one);
		return true;
	}
	return false;
}

/* A run of one rule, or of one microsecond, is one mark. */
static bool add_to_neighbour(const struct correlation *c, struct window *w,
			     const struct window_event *e)
{
	uint32_t at = place_by_time(marks_of(w), w->n, e->time);
	struct mark *m = marks_of(w) + at - 1;

	if (!at)
		return false;
	if (is_temporal(c)) {
		if (mark_input(m) != e->input)
			return false;
		m->v.id = e->serial << 6 | e->input;
		m->at = e->time;
		m->n++;
		return true;
	}
	if (m->at != e->time)
		return false;
	m->n++;
	m->v.number += e->number;
	return true;
}

static void remember(const struct correlation *c, struct window *w, const struct window_event *e,
		     usec keep)
{
	struct mark one = { .at = e->time, .n = 1, .v.number = e->number };
	bool by_value = c->closes && !is_sum(c) && !is_distinct(c) && !is_temporal(c);

	if (is_sum(c) && w->n) {
		w->first.n++;
		w->first.v.number += e->number;
		return;
	}
	if (is_distinct(c)) {
		if (add_known(c, w, e))
			return;
		one.v.id = e->id;
	} else if (is_temporal(c)) {
		one.v.id = e->serial << 6 | e->input;
	}
	if (!is_distinct(c) && !by_value && !is_sum(c) && add_to_neighbour(c, w, e))
		return;
	if (!grow(c, w, keep))
		return; /* full of values: more than any limit of the condition */
	insert(w,
	       by_value ? place_by_value(marks_of(w), w->n, e->number)
			: place_by_time(marks_of(w), w->n, e->time),
	       &one);
}

void window_put(const struct correlation *c, struct window *w, const struct window_event *e,
		usec keep)
{
	if (w->newest == USEC_NONE || e->time > w->newest)
		w->newest = e->time;
	if (w->oldest == USEC_NONE || e->time < w->oldest)
		w->oldest = e->time;
	w->events++;
	remember(c, w, e, keep);
}

bool window_true(const struct correlation *c, const struct window *w, usec t,
		 struct window_answer *ret)
{
	const struct mark *m = w->cap ? w->marks : &w->first;
	uint32_t at = place_by_time(m, w->n, t), from = at;

	while (from && m[from - 1].at >= t - c->span)
		from--;
	if (is_temporal(c))
		return judge_temporal(c, m, w->n, from, at, ret);
	return judge_sliding(c, m, w->n, from, at, ret);
}

bool window_closes(const struct correlation *c, const struct window *w, struct window_answer *ret)
{
	const struct mark *m = w->cap ? w->marks : &w->first;
	struct window_answer a = { .events = w->events, .since = w->oldest, .until = w->newest };

	a.count = c->type == CORRELATION_VALUE_COUNT ? w->n : w->events;
	if (!judge_closed(c, m, w->n, &a))
		return false;
	*ret = a;
	return true;
}
