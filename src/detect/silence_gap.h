/* SPDX-License-Identifier: Apache-2.0 */
/* silence_gap.h — how long a source is usually silent, learned from its longest gaps.
 *
 * A count of all gaps says nothing of the next long one: a log that writes a thousand lines in a
 * burst each hour has nearly no gaps but tiny ones. What tells is how the longest gaps are spread.
 * The TAIL_N longest are kept. If they are all alike (a poll each minute, a job each night), the
 * next will be like them. If they are spread as those of independent events (an exponential tail),
 * or wider (a Pareto tail, Hill's estimator), the longest gap of a week to come lies beyond them by
 * an amount that their spread tells.
 *
 * Hours of the week: once a source is known for three weeks, a second tail is kept on a clock that
 * runs only as fast as the source usually speaks at that hour of the week, so that nights and
 * weekends do not hide a silence of office hours.
 *
 * Threads: pure. Memory: embedded, fixed. */
#pragma once
#include "base/buf.h"
#include "base/clock.h"
#include "base/cursor.h"

#define TAIL_N 16u
#define GAP_UNIT ((usec)10000) /* gaps are kept in hundredths of a second: 497 days at most */
#define WEEK_HOURS 168u

struct tail {
	uint32_t gap[TAIL_N]; /* no order */
	uint32_t day[TAIL_N]; /* when, in days */
	uint32_t least, most; /* least: what a gap must exceed to be kept; 0 while there is room */
	uint8_t n;
};

struct judgement {
	usec expected; /* the longest gap to be expected in a week; 0: nothing can be said */
	usec alarm; /* silent for so long: tell; at most twice `expected` */
	bool even; /* its gaps are all alike: a clock drives it, not what people ask of it */
};

void tail_add_slow(struct tail *t, uint32_t gap, uint32_t day);

static inline void tail_add(struct tail *t, usec gap, usec at)
{
	usec units = gap / GAP_UNIT;

	if (__builtin_expect(units > (usec)t->least, 0))
		tail_add_slow(t, units > UINT32_MAX ? UINT32_MAX : (uint32_t)units,
			      (uint32_t)(at / USEC_PER_DAY));
}

/* Gaps of more than five weeks ago shrink day by day, so that what has changed is learned anew. */
void tail_age(struct tail *t, uint32_t today);
/* `known`: for how long the source has been watched; no answer is below `least`. */
void tail_judge(const struct tail *t, usec known, usec least, struct judgement *ret);
void tail_save(const struct tail *t, struct buf *to);
void tail_load(struct tail *t, struct cursor *c);

struct week {
	uint8_t spoke[WEEK_HOURS]; /* of 255: how often it spoke in this hour of the week */
	uint8_t seen[WEEK_HOURS]; /* in how many weeks, up to 255 */
	int64_t hour; /* the hour that is under way, since 1970; 0: none yet */
};

void week_hour(struct week *w, int64_t hour); /* spoke in this hour; those between were silent */

static inline void week_spoke(struct week *w, usec real)
{
	int64_t hour = real / (3600 * USEC_PER_SEC);

	if (__builtin_expect(hour != w->hour, 0))
		week_hour(w, hour);
}

/* How far the clock of the week runs from one moment to another; and how long it takes to run so
 * far. */
usec week_warp(const struct week *w, usec from, usec to);
usec week_unwarp(const struct week *w, usec from, usec warped);
