/* SPDX-License-Identifier: Apache-2.0 */
#include "detect/silence_gap.h"
#include <math.h>

#define TAIL_LEAST 8u /* fewer long gaps say nothing of their spread */
#define MISHAP 0.005 /* how many gaps beyond the alarm are expected in a week to come */
#define ERRATIC 0.65 /* a tail so heavy that it has hardly a mean: nothing can be expected */
#define KEEP_DAYS 35u
#define HOUR (3600 * USEC_PER_SEC)
#define WARP_LEAST 4 /* of 255: an hour in which it never spoke still counts a little */

static void bounds(struct tail *t)
{
	t->most = 0;
	t->least = t->n < TAIL_N ? 0 : UINT32_MAX;
	for (unsigned i = 0; i < t->n; i++) {
		if (t->gap[i] > t->most)
			t->most = t->gap[i];
		if (t->n == TAIL_N && t->gap[i] < t->least)
			t->least = t->gap[i];
	}
}

void tail_add_slow(struct tail *t, uint32_t gap, uint32_t day)
{
	unsigned at = t->n;

	if (t->n < TAIL_N) {
		t->n++;
	} else {
		at = 0;
		for (unsigned i = 1; i < TAIL_N; i++)
			if (t->gap[i] < t->gap[at])
				at = i;
	}
	t->gap[at] = gap;
	t->day[at] = day;
	bounds(t);
}

void tail_age(struct tail *t, uint32_t today)
{
	for (unsigned i = 0; i < t->n; i++) {
		/* a weekly job needs nine weeks to be known */
		uint32_t keep =
			KEEP_DAYS + (uint32_t)((usec)t->gap[i] * GAP_UNIT / USEC_PER_DAY) * TAIL_N;

		if (today > t->day[i] && today - t->day[i] > keep)
			t->gap[i] -= t->gap[i] / 8;
	}
	bounds(t);
}

/* Descending. */
static void sorted(const struct tail *t, double x[static TAIL_N])
{
	for (unsigned i = 0; i < t->n; i++) {
		unsigned k = i;

		for (; k > 0 && x[k - 1] < (double)t->gap[i]; k--)
			x[k] = x[k - 1];
		x[k] = (double)t->gap[i];
	}
}

void tail_judge(const struct tail *t, usec known, usec least, struct judgement *ret)
{
	double x[TAIL_N], low, log_sum = 0, sum = 0, beyond, heavy, reach, weeks, expected;
	unsigned k = t->n;

	*ret = (struct judgement){ 0 };
	if (k < TAIL_LEAST)
		return;
	sorted(t, x);
	low = x[k - 1] > 1 ? x[k - 1] : 1;
	for (unsigned i = 0; i + 1 < k; i++) {
		double xi = x[i] > low ? x[i] : low;

		log_sum += log(xi / low);
		sum += xi - low;
	}
	sum /= k - 1;
	log_sum /= k - 1;
	if (log_sum > ERRATIC)
		return;
	/* k gaps of `known` were longer than `low`: so many will be in a week, and of these only a
	 * small part may be longer than `reach`. */
	weeks = (double)(7 * USEC_PER_DAY) / (double)(known > 0 ? known : 1);
	beyond = log(k * (weeks > 1 ? weeks : 1) / MISHAP);
	heavy = log_sum > 0 ? beyond * log_sum : 0; /* log of Pareto's reach over `low` */
	if (heavy > 30)
		heavy = 30;
	reach = low + sum * beyond; /* exponential */
	if (heavy > 0) {
		/* Fifteen independent gaps have a longest one of three times their mean excess; the
		 * more it is beyond that, the more the tail is one of Pareto's. */
		double ratio = sum > 0 ? (x[0] - low) / sum : 0;
		double w = ratio < 2.5 ? 0.25 : ratio > 4 ? 1 : 0.25 + (ratio - 2.5) / 2;
		double pareto = low * exp(heavy);

		if (pareto > reach)
			reach = exp(log(reach) * (1 - w) + log(pareto) * w);
	}
	expected = x[0] > reach / 2 ? x[0] : reach / 2;
	if (expected > 3e9)
		return; /* as good as never: nothing can be said */
	ret->even = reach < 1.5 * x[0];
	ret->expected = (usec)expected * GAP_UNIT;
	if (ret->expected < least / 2)
		ret->expected = least / 2;
	ret->alarm = ret->expected * 3 / 2;
	if (ret->alarm < (usec)reach * GAP_UNIT)
		ret->alarm = (usec)reach * GAP_UNIT;
	if (ret->alarm < least)
		ret->alarm = least;
}

void tail_save(const struct tail *t, struct buf *to)
{
	buf_u8(to, t->n);
	for (unsigned i = 0; i < t->n; i++) {
		buf_varint(to, t->gap[i]);
		buf_varint(to, t->day[i]);
	}
}

void tail_load(struct tail *t, struct cursor *c)
{
	uint8_t n = cur_u8(c);

	if (n > TAIL_N)
		c->bad = true;
	*t = (struct tail){ .n = c->bad ? 0 : n };
	for (unsigned i = 0; i < t->n; i++) {
		t->gap[i] = (uint32_t)cur_varint(c);
		t->day[i] = (uint32_t)cur_varint(c);
	}
	bounds(t);
}

static void mark(struct week *w, int64_t hour, bool spoke)
{
	unsigned h = (unsigned)(hour % WEEK_HOURS);
	unsigned old = w->seen[h] < 3 ? w->seen[h] : 3; /* a fourth of it is the newest week */

	w->spoke[h] = (uint8_t)((w->spoke[h] * old + (spoke ? 255u : 0)) / (old + 1));
	if (w->seen[h] < 255)
		w->seen[h]++;
}

void week_hour(struct week *w, int64_t hour)
{
	if (hour < w->hour || hour < 0)
		return;
	if (w->hour && hour - w->hour <= 4 * WEEK_HOURS)
		for (int64_t h = w->hour + 1; h < hour; h++)
			mark(w, h, false);
	mark(w, hour, true);
	w->hour = hour;
}

static int64_t speed(const struct week *w, int64_t hour)
{
	unsigned s = w->spoke[(unsigned)(hour % WEEK_HOURS)];

	return s > WARP_LEAST ? s : WARP_LEAST;
}

usec week_warp(const struct week *w, usec from, usec to)
{
	usec sum = 0;
	unsigned steps = 0;

	if (from < 0)
		return 0;
	while (from < to && steps++ < 60 * WEEK_HOURS) {
		int64_t hour = from / HOUR;
		usec end = (hour + 1) * HOUR < to ? (hour + 1) * HOUR : to;

		sum += (end - from) * speed(w, hour) / 255;
		from = end;
	}
	return sum;
}

usec week_unwarp(const struct week *w, usec from, usec warped)
{
	usec at = from;

	for (unsigned steps = 0; from >= 0 && steps < 60 * WEEK_HOURS; steps++) {
		int64_t hour = at / HOUR;
		usec end = (hour + 1) * HOUR;
		usec run = (end - at) * speed(w, hour) / 255;

		if (run >= warped)
			return at + warped * 255 / speed(w, hour) - from;
		warped -= run;
		at = end;
	}
	return at - from;
}
