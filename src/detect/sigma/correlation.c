/* SPDX-License-Identifier: Apache-2.0 */
#include "detect/sigma/correlation.h"
#include <assert.h>

static const char *const type_names[CORRELATION_TYPE_N] = {
	[CORRELATION_EVENT_COUNT] = "event_count",
	[CORRELATION_VALUE_COUNT] = "value_count",
	[CORRELATION_TEMPORAL] = "temporal",
	[CORRELATION_TEMPORAL_ORDERED] = "temporal_ordered",
	[CORRELATION_VALUE_SUM] = "value_sum",
	[CORRELATION_VALUE_AVG] = "value_avg",
	[CORRELATION_VALUE_PERCENTILE] = "value_percentile",
	[CORRELATION_VALUE_MEDIAN] = "value_median",
};

const char *correlation_type_name(enum correlation_type t)
{
	return type_names[t];
}

static bool test_holds(const struct correlation_test *t, double v)
{
	switch (t->op) {
	case OP_GT:
		return v > t->number;
	case OP_GTE:
		return v >= t->number;
	case OP_LT:
		return v < t->number;
	case OP_LTE:
		return v <= t->number;
	case OP_EQ:
		return v <= t->number && v >= t->number;
	case OP_NEQ:
		return v < t->number || v > t->number;
	default:
		return false;
	}
}

bool correlation_tests(const struct correlation *c, double v)
{
	for (size_t i = 0; i < c->tests_n; i++)
		if (!test_holds(&c->tests[i], v))
			return false;
	return true;
}

bool correlation_terms(const struct correlation *c, uint64_t present)
{
	bool stack[CORRELATION_TERMS];
	size_t n = 0;

	for (size_t i = 0; i < c->terms_n; i++) {
		uint8_t t = c->terms[i];

		if (t < TERM_AND) {
			stack[n++] = present >> t & 1;
		} else if (t == TERM_NOT) {
			assert(n >= 1);
			stack[n - 1] = !stack[n - 1];
		} else {
			assert(n >= 2);
			n--;
			stack[n - 1] =
				t == TERM_AND ? stack[n - 1] && stack[n] : stack[n - 1] || stack[n];
		}
	}
	assert(n == 1);
	return stack[0];
}

#define NEED_MAX (1u << 20) /* more distinct values than this are not told apart */

void correlation_settle(struct correlation *c)
{
	double limit = 0;

	c->closes = c->type == CORRELATION_VALUE_AVG || c->type == CORRELATION_VALUE_PERCENTILE ||
		    c->type == CORRELATION_VALUE_MEDIAN;
	for (size_t i = 0; i < c->tests_n; i++) {
		double least = c->tests[i].number + (c->tests[i].op != OP_GTE);

		if (c->tests[i].op > OP_GTE)
			c->closes = true;
		if (least > limit)
			limit = least;
	}
	for (size_t i = 0; i < c->terms_n; i++)
		if (c->terms[i] == TERM_NOT)
			c->closes = true;
	c->need = limit < 1 ? 1 : limit > NEED_MAX ? NEED_MAX : (uint64_t)limit;
}

#define SPAN_MOST (100ull * 31556952) /* a hundred years */

/* The lengths of month and year are the means of the Gregorian calendar, as pySigma has them. */
bool correlation_span(struct bytes text, usec *ret)
{
	static const struct {
		uint8_t letter;
		uint32_t seconds;
	} units[] = {
		{ 's', 1 },	 { 'm', 60 },	   { 'h', 3600 },     { 'd', 86400 },
		{ 'w', 604800 }, { 'M', 2629746 }, { 'y', 31556952 },
	};
	uint32_t n;

	if (text.len < 2 || !bytes_u32(bytes_sub(text, 0, text.len - 1), &n) || !n || n > 1000000)
		return false;
	for (size_t i = 0; i < sizeof(units) / sizeof(*units); i++) {
		if (text.at[text.len - 1] != units[i].letter)
			continue;
		if ((uint64_t)n * units[i].seconds > SPAN_MOST)
			return false;
		*ret = (usec)n * units[i].seconds * USEC_PER_SEC;
		return true;
	}
	return false;
}
