/* SPDX-License-Identifier: Apache-2.0 */
/* Who is overdue, and who is to be blamed: the highest talker that fell silent as a whole. */
#include "detect/silence_in.h"

#define LEVEL_RECORDS 100u /* of a level, before its absence means anything */
#define LEVEL_OTHERS 5u /* lines of other levels that went on without it */
#define GONE_A_TICK 16u /* each makes the table of names anew */
#define WEEK_LEAST (22 * USEC_PER_DAY)

bool pulse_known(const struct silence *s, const struct pulse *p)
{
	return p->n >= s->o.records_least && p->last - p->first >= s->o.warm_up &&
	       p->judged.expected;
}

const struct judgement *pulse_judge(struct silence *s, struct pulse *p)
{
	usec known = p->last - p->first;

	if (p->n < s->o.records_least || known < s->o.warm_up)
		return NULL;
	if (p->stale || (!p->judged.expected && p->n != p->judged_n)) {
		p->judged_n = p->n;
		tail_judge(&p->tail, known, s->o.gap_least, &p->judged);
		p->stale = false;
		/* What has not been watched for as long as it may be silent is not known. */
		if (p->judged.expected > known / 2)
			p->judged = (struct judgement){ 0 };
		/* What is not even depends on the hour: a day and a night must have been seen. */
		if (!p->judged.even && known < 24 * s->o.warm_up)
			p->judged = (struct judgement){ 0 };
	}
	return p->judged.expected ? &p->judged : NULL;
}

/* By the clock of the week, in which a night is short. */
static bool week_overdue(struct silence *s, struct talker *t, usec now, struct judgement *ret)
{
	usec real = t->last_real + (now - t->any.last);
	struct judgement j;

	if (!t->week_first || t->any.last - t->week_first < WEEK_LEAST)
		return false;
	tail_judge(&t->warped, t->any.last - t->any.first, s->o.gap_least, &j);
	if (!j.expected || week_warp(&t->week, t->last_real, real) < j.alarm)
		return false;
	ret->expected = week_unwarp(&t->week, t->last_real, j.expected);
	ret->alarm = week_unwarp(&t->week, t->last_real, j.alarm);
	return ret->alarm >= s->o.gap_least && now - t->any.last >= ret->alarm;
}

bool talker_overdue(struct silence *s, struct talker *t, usec now, struct judgement *ret)
{
	usec gap = now - t->any.last;
	const struct judgement *j = pulse_judge(s, &t->any);

	if (gap < s->o.gap_least || t->any.n < s->o.records_least)
		return false;
	if (j && gap >= j->alarm) {
		*ret = *j;
		return true;
	}
	/* The second look costs; it can only matter to what is longer than most gaps were. */
	if (t->parent != NOBODY && (now / USEC_PER_SEC + talker_index(s, t)) % 16)
		return false;
	return gap / GAP_UNIT > (usec)t->any.tail.least / 8 && gap > 600 * USEC_PER_SEC &&
	       week_overdue(s, t, now, ret);
}

/* How many below each should have spoken by now; hosts count for all that is above hosts. Once a
 * tick: where thousands fall silent, each of them asks. */
static void count_late(struct silence *s, usec now)
{
	for (size_t i = 0; i < s->n; i++)
		s->t[i].late = 0;
	for (size_t i = 0; i < s->n; i++) {
		struct talker *t = &s->t[i];
		const struct judgement *j;

		if (t->kind < TALKER_HOST || !(j = pulse_judge(s, &t->any)) ||
		    now - t->any.last <= j->expected)
			continue;
		for (uint32_t up = t->parent; up != NOBODY; up = s->t[up].parent)
			if ((t->kind == TALKER_HOST) == (s->t[up].kind < TALKER_HOST))
				s->t[up].late++;
	}
	s->late_at = now;
}

static unsigned late_below(struct silence *s, uint32_t above, usec now)
{
	if (s->late_at != now)
		count_late(s, now);
	return s->t[above].late;
}

static unsigned late_least(enum talker_kind kind)
{
	return kind == TALKER_ALL ? 3 : 2;
}

/* The highest above `t` of which nothing was heard since, and of which others are late too. */
static uint32_t silent_above(struct silence *s, const struct talker *t, usec now, usec slack)
{
	uint32_t found = NOBODY;

	for (uint32_t up = t->parent; up != NOBODY; up = s->t[up].parent) {
		if (s->t[up].any.last > t->any.last + slack)
			break;
		if (late_below(s, up, now) >= late_least(s->t[up].kind))
			found = up;
	}
	return found;
}

static enum cause cause_of(const struct talker *t)
{
	if (t->pending)
		return t->pending;
	if (t->kind == TALKER_NET || t->kind == TALKER_ALL)
		return CAUSE_PATH_CUT;
	if (t->kind == TALKER_SOURCE && t->closed)
		return CAUSE_SENDER_GONE;
	if (t->kind == TALKER_SOURCE && t->connected && t->source_kind == SOURCE_SYSLOG_TCP)
		return CAUSE_PATH_CUT; /* it neither closes nor speaks */
	return CAUSE_QUIET;
}

static void cover(struct talker *t, uint32_t by)
{
	t->told = CAUSE_COVERED;
	t->cover = by;
}

/* Something above it was told: it is covered as long as that stays silent. */
static bool covered(struct silence *s, struct talker *t, usec now)
{
	for (uint32_t up = t->parent; up != NOBODY; up = s->t[up].parent) {
		if (s->t[up].told == CAUSE_NONE || s->t[up].told == CAUSE_COVERED)
			continue;
		cover(t, up);
		return true;
	}
	if (t->told == CAUSE_COVERED) {
		/* What covered it speaks again: it gets as long as it may usually take. */
		t->told = CAUSE_NONE;
		t->cover = NOBODY;
		t->hold = now + (t->any.judged.expected > s->o.grace ? t->any.judged.expected
								     : s->o.grace);
	}
	return now < t->hold;
}

static void judge(struct silence *s, struct talker *t, usec now, finding_fn *fn, void *ctx)
{
	struct judgement j;
	uint32_t above;

	if (covered(s, t, now) || (t->kind < TALKER_SOURCE && t->children < late_least(t->kind)) ||
	    !talker_overdue(s, t, now, &j))
		return;
	if (t->kind == TALKER_SOURCE || t->kind == TALKER_PROGRAM) {
		above = silent_above(s, t, now, j.expected / 2 + 2 * USEC_PER_SEC);
		if (above != NOBODY && !t->pending) {
			tell_talker(s, &s->t[above], cause_of(&s->t[above]), now, &j, fn, ctx);
			cover(t, above);
			return;
		}
		/* All above is silent too, but nobody else is late yet: a moment more tells. */
		if (!t->pending && t->parent != NOBODY && s->t[t->parent].children > 1 &&
		    s->t[t->parent].any.last <= t->any.last &&
		    now - t->any.last < j.expected * 7 / 4)
			return;
	} else if (late_below(s, talker_index(s, t), now) < late_least(t->kind)) {
		return; /* whoever is below it is told by itself */
	}
	tell_talker(s, t, cause_of(t), now, &j, fn, ctx);
}

void judge_levels(struct silence *s, struct talker *t, usec now, finding_fn *fn, void *ctx)
{
	for (unsigned k = 0; k < LEVELS; k++) {
		struct pulse *p = &t->level[k].pulse;
		const struct judgement *j;

		if (p->n < LEVEL_RECORDS || t->level[k].told || t->level[k].others < LEVEL_OTHERS ||
		    t->level[k].others < 2 * t->level[k].others_most + LEVEL_OTHERS)
			continue;
		j = pulse_judge(s, p);
		if (!j || now - p->last < j->alarm)
			continue;
		t->level[k].told = true;
		tell_level(s, t, k, now, false, fn, ctx);
	}
}

static void judge_pending(struct silence *s, struct talker *t, usec now, finding_fn *fn, void *ctx)
{
	if (!t->pending || now < t->due)
		return;
	t->due = INT64_MAX;
	if (t->told != t->pending)
		tell_talker(s, t, t->pending, now, NULL, fn, ctx);
	/* a deed, and done, where lines still come */
	if (t->pending == CAUSE_FILE_TRUNCATED || t->any.last > t->noted) {
		t->pending = CAUSE_NONE;
		t->told = CAUSE_NONE;
	}
}

static void judge_wanted(struct silence *s, usec now, finding_fn *fn, void *ctx)
{
	if (now - s->began < s->o.never_after)
		return;
	for (size_t i = 0; i < s->wanted_n; i++) {
		if (s->wanted[i].spoke || s->wanted[i].told)
			continue;
		s->wanted[i].told = true;
		tell_never(s, &s->wanted[i], now, false, fn, ctx);
	}
}

/* Whether it is forgotten. */
static bool judge_gone(struct silence *s, struct talker *t, usec now, finding_fn *fn, void *ctx)
{
	usec silent = now - t->any.last;

	if (silent < s->o.forget || silent < 10 * t->any.judged.expected || t->children)
		return false;
	if (t->told != CAUSE_NONE && t->told != CAUSE_COVERED)
		tell_gone(s, t, now, fn, ctx);
	else if (t->kind != TALKER_PROGRAM || pulse_known(s, &t->any))
		return false;
	talker_forget(s, t);
	return true;
}

void judge_all(struct silence *s, usec now, finding_fn *fn, void *ctx)
{
	unsigned gone = 0;

	judge_wanted(s, now, fn, ctx);
	for (size_t i = 0; i < s->n; i++) {
		struct talker *t = &s->t[i];

		if (t->kind == TALKER_FREE || (t->kind == TALKER_SOURCE && t->parent == NOBODY))
			continue;
		judge_pending(s, t, now, fn, ctx);
		if (t->told == CAUSE_NONE || t->told == CAUSE_COVERED) {
			/* never silent before for as long as a gap it has often had */
			if (now - t->any.last > (usec)t->any.tail.least * GAP_UNIT / 8)
				judge(s, t, now, fn, ctx);
			if (t->level[0].pulse.n || t->level[1].pulse.n)
				judge_levels(s, t, now, fn, ctx);
		}
		if (gone < GONE_A_TICK)
			gone += judge_gone(s, t, now, fn, ctx);
	}
}
