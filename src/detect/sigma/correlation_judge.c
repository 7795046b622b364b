/* SPDX-License-Identifier: Apache-2.0 */
#include "detect/sigma/correlation_judge.h"

/* ---- sliding ---- */

bool judge_sliding(const struct correlation *c, const struct mark *m, uint32_t n, uint32_t from,
		   uint32_t to, struct window_answer *ret)
{
	uint64_t events = 0;
	double sum = 0;
	uint32_t end = from;

	for (uint32_t i = from; i < to; i++) {
		double v;

		for (; end < n && m[end].at <= m[i].at + c->span; end++) {
			events += m[end].n;
			sum += m[end].v.number;
		}
		v = c->type == CORRELATION_VALUE_SUM	 ? sum
		    : c->type == CORRELATION_VALUE_COUNT ? (double)(end - i)
							 : (double)events;
		if (correlation_tests(c, v)) {
			*ret = (struct window_answer){
				.count = c->type == CORRELATION_VALUE_COUNT ? end - i : events,
				.events = events,
				.value = v,
				.since = m[i].at,
				.until = m[end - 1].at,
			};
			return true;
		}
		if (end == n)
			return false; /* later windows hold less */
		events -= m[i].n;
		sum -= m[i].v.number;
	}
	return false;
}

/* ---- which rules, and in which order ---- */

/* The longest chain of events whose rules go up: entry r of best is the length of the longest that
 * ends with rule r. An event that several rules match is one link of it, not several: before is
 * what was best before the event. */
static unsigned longest_chain(const struct mark *m, uint32_t from, uint32_t to)
{
	uint8_t best[CORRELATION_INPUTS_TEMPORAL] = { 0 };
	uint8_t before[CORRELATION_INPUTS_TEMPORAL] = { 0 };
	unsigned most = 0;

	for (uint32_t i = from; i < to; i++) {
		unsigned rule = mark_input(&m[i]), longest = 0;

		if (i == from || mark_serial(&m[i]) != mark_serial(&m[i - 1]))
			memcpy(before, best, sizeof(before));
		for (unsigned r = 0; r < rule; r++)
			if (before[r] > longest)
				longest = before[r];
		if (longest + 1 > best[rule])
			best[rule] = (uint8_t)(longest + 1);
		if (best[rule] > most)
			most = best[rule];
	}
	return most;
}

static bool rules_true(const struct correlation *c, const struct mark *m, uint32_t from,
		       uint32_t to, double *ret)
{
	uint64_t present = 0;

	for (uint32_t i = from; i < to; i++)
		present |= 1ull << mark_input(&m[i]);
	*ret = __builtin_popcountll(present);
	if (c->terms_n)
		return correlation_terms(c, present);
	if (c->type == CORRELATION_TEMPORAL)
		return correlation_tests(c, *ret);
	/* Most windows fail here, without the order being looked at. */
	if (!c->closes && !correlation_tests(c, *ret))
		return false;
	*ret = longest_chain(m, from, to);
	return correlation_tests(c, *ret);
}

static uint64_t events_of(const struct mark *m, uint32_t from, uint32_t to)
{
	uint64_t n = 0;

	for (; from < to; from++)
		n += m[from].n;
	return n;
}

bool judge_temporal(const struct correlation *c, const struct mark *m, uint32_t n, uint32_t from,
		    uint32_t to, struct window_answer *ret)
{
	for (uint32_t i = from; i < to; i++) {
		uint32_t end = i;
		double v;

		while (end < n && m[end].at <= m[i].at + c->span)
			end++;
		if (rules_true(c, m, i, end, &v)) {
			*ret = (struct window_answer){ .value = v,
						       .since = m[i].at,
						       .until = m[end - 1].at };
			ret->count = ret->events = events_of(m, i, end);
			return true;
		}
		if (end == n)
			return false;
	}
	return false;
}

/* ---- when the window closes ---- */

/* The value of rank k (from 0), marks being sorted by value. */
static double ranked(const struct mark *m, uint32_t n, uint64_t k)
{
	uint64_t before = 0;

	for (uint32_t i = 0; i < n; i++) {
		before += m[i].n;
		if (k < before)
			return m[i].v.number;
	}
	return n ? m[n - 1].v.number : 0;
}

/* With linear interpolation between ranks, as percentile_cont of SQL. */
static double percentile_of(const struct mark *m, uint32_t n, double percent)
{
	uint64_t total = events_of(m, 0, n), low;
	double rank, part, a, b;

	if (!total)
		return 0;
	rank = (double)(total - 1) * percent / 100;
	low = (uint64_t)rank;
	part = rank - (double)low;
	a = ranked(m, n, low);
	b = ranked(m, n, low + 1);
	return part > 0 ? a + (b - a) * part : a;
}

/* Is there a value whose share of all, in percent, is as asked for? */
static bool share_true(const struct correlation *c, const struct mark *m, uint32_t n,
		       struct window_answer *ret)
{
	for (uint32_t i = 0; i < n; i++) {
		double share = 100.0 * (double)m[i].n / (double)ret->events;

		if (!correlation_tests(c, share))
			continue;
		ret->value = share;
		return true;
	}
	return false;
}

bool judge_closed(const struct correlation *c, const struct mark *m, uint32_t n,
		  struct window_answer *ret)
{
	switch (c->type) {
	case CORRELATION_TEMPORAL:
	case CORRELATION_TEMPORAL_ORDERED:
		return rules_true(c, m, 0, n, &ret->value);
	case CORRELATION_EVENT_COUNT:
	case CORRELATION_VALUE_COUNT:
		ret->value = (double)ret->count;
		break;
	case CORRELATION_VALUE_SUM:
		ret->value = m[0].v.number;
		break;
	case CORRELATION_VALUE_AVG:
		ret->value = m[0].v.number / (double)ret->events;
		break;
	case CORRELATION_VALUE_PERCENTILE:
		if (judge_is_share(c))
			return share_true(c, m, n, ret);
		ret->value = percentile_of(m, n, c->percentile);
		break;
	default:
		ret->value = percentile_of(m, n, 50);
	}
	return correlation_tests(c, ret->value);
}
