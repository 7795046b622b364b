/* SPDX-License-Identifier: Apache-2.0 */
/* correlation_window.h — what a correlation remembers of one group, and when that is enough.
 *
 *    marks, by time   [at, n, value] [at, n, value] … at most window_limit() of them
 *
 * A mark is one or more events: events of the same microsecond are one mark; a value that comes
 * again moves its mark; a run of events of one rule is one mark (temporal). Where the limit is
 * reached, marks of the same part of the span become one: then the edge of the window is blurred
 * by as much (a five-hundredth of the span; more where the count asked for is small, but then only
 * after it has been reached), and no count is lost. Windows judged when they close keep what the
 * judgement needs: a sum, the values, or a sketch of their distribution (exact up to WINDOW_MARKS
 * values).
 * Threads: one owner. Memory: one mark inside, more on the heap; bounded by the rule's own
 * numbers, never by what is sent. */
#pragma once
#include "detect/sigma/correlation.h"

#define WINDOW_MARKS 1024u

struct mark {
	usec at;
	uint64_t n; /* events */
	union {
		uint64_t id; /* hash of the value; or serial of the event << 6 | input */
		double number;
	} v;
};

struct window {
	struct mark *marks; /* of the heap once cap is not 0 */
	uint32_t n, cap;
	struct mark first; /* while one is enough */
	usec oldest, newest; /* times of the first and the last event kept */
	uint64_t events; /* of a window that closes: all */
};

struct window_event {
	usec time;
	unsigned input; /* which of the rules referred to */
	uint64_t serial; /* of the event: one that several rules match is one event */
	uint64_t id; /* value_count, and percentile without `percentile`: hash of the value */
	double number; /* of the other value_… */
};

struct window_answer {
	uint64_t count; /* events; distinct values of value_count */
	uint64_t events;
	double value; /* what was held against the condition */
	usec since, until; /* of the events that made it true */
};

void window_init(struct window *w);
void window_done(struct window *w);
static inline size_t window_bytes(const struct window *w) /* beside the struct itself */
{
	return w->cap * sizeof(struct mark);
}

/* keep: how long before the newest event marks may still be of use. */
void window_put(const struct correlation *c, struct window *w, const struct window_event *e,
		usec keep);
/* At once: does some window that holds an event of time t make it true? */
bool window_true(const struct correlation *c, const struct window *w, usec t,
		 struct window_answer *ret);
/* When it closes: is it true? */
bool window_closes(const struct correlation *c, const struct window *w, struct window_answer *ret);
