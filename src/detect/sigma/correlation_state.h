/* SPDX-License-Identifier: Apache-2.0 */
/* correlation_state.h — the groups of all correlations of a set, inside one bound of memory.
 *
 *   table ─▶ group ─▶ group …            by keyed hash of (correlation, key)
 *   correlation ─▶ oldest … newest       by when they were last touched
 *
 * A key may have several groups, one for each time it was busy; an event joins the one whose window
 * it can share. So files read one after the other correlate as far as memory reaches.
 * When memory is short, the correlation that takes the most gives the group it has not touched
 * longest: a flood of keys of one rule costs that rule, not the others. Groups whose time is over
 * are judged and forgotten first; only those that still waited for more count as evicted.
 * In: events with their group. Out: hits, by callback, during which feeding others is allowed.
 * Threads: one owner. Memory: at most `state_bytes`, table and proofs and all. */
#pragma once
#include "detect/finding.h"
#include "detect/sigma/correlation_window.h"

struct correlator;

struct correlator_event {
	struct window_event of;
	struct bytes key; /* the group */
	const struct record_ref *proofs; /* oldest first */
	size_t proofs_n;
};

struct correlator_hit { /* lent during the call */
	size_t correlation;
	struct bytes key;
	usec time, since;
	uint64_t count;
	double value;
	const struct record_ref *proofs; /* newest last */
	size_t proofs_n;
};
typedef void correlator_fn(void *ctx, const struct correlator_hit *h);

/* The correlations are lent. */
struct correlator *correlator_new(const struct correlation *const *c, size_t n, size_t state_bytes,
				  usec late);
struct correlator *correlator_free(struct correlator *c);
/* Groups of correlations that go on: from[i] is what fresh correlation i was in old, or SIZE_MAX.
 * They leave old, which then is to be freed. Serials of events must go on, too. */
void correlator_take_over(struct correlator *fresh, struct correlator *old, const size_t *from);
void correlator_feed(struct correlator *c, size_t i, const struct correlator_event *e,
		     correlator_fn *fn, void *ctx);
/* Event time has come to `now`: windows that ended more than `late` before are judged, and
 * forgotten. Whoever is behind (a replay) says the time of what it reads, not of the clock.
 * INT64_MAX: nothing comes any more. Without ticks all is kept as long as memory lasts. */
void correlator_tick(struct correlator *c, usec now, correlator_fn *fn, void *ctx);

struct correlator_counts {
	uint64_t groups, evicted;
	uint64_t too_late; /* events of windows that had been judged already */
	size_t bytes;
};
void correlator_counts(const struct correlator *c, struct correlator_counts *ret);
uint64_t correlator_evicted(const struct correlator *c, size_t i); /* of one correlation */
