/* SPDX-License-Identifier: Apache-2.0 */
/* correlation.h — a Sigma correlation, compiled (Sigma correlation rules specification 2.1, and the
 * forms that pySigma reads beyond it: value_median, `percentile`, conditions over rule names).
 *
 * Event time. An event that a referenced rule matches belongs to a group, by the values of the
 * group-by fields (a missing field is a value too). A window is `span` long, both ends included.
 *
 * When it fires. Two kinds, told apart by what can still change:
 * - "at once": more events can only make it truer (gt, gte of event_count, value_count, value_sum;
 *   temporal without `not`). The window slides: it fires with the event that makes some window
 *   true. Then the group is told: for one span no further event fires, they are only counted. The
 *   first event after that span looks again: still true (by what came since) fires once more, with
 *   the count of all since the beginning; not true, and the group starts anew. So an attack of any
 *   speed gives one finding a span, and a burst that begins more than a span after the last
 *   finding is always told.
 * - "when the window closes" (lt, lte, eq, neq, ranges, average, percentile, median, `not`): the
 *   first event opens a window, and when time has passed its end by `late` it is judged once, with
 *   all that came; the next event opens another.
 *
 * Late events are put where their time says and complete windows that lie in the past as well; a
 * window is kept until time has passed its end by `late`. A late repeat of a value already counted
 * near it moves nothing.
 *
 * Out: nothing here; correlation_state.h keeps the groups, correlation_feed.h reads the fields.
 * Threads: read-only once made. Memory: one piece, freed with the set. */
#pragma once
#include "base/bytes.h"
#include "base/clock.h"

enum correlation_type {
	CORRELATION_EVENT_COUNT,
	CORRELATION_VALUE_COUNT,
	CORRELATION_TEMPORAL,
	CORRELATION_TEMPORAL_ORDERED,
	CORRELATION_VALUE_SUM,
	CORRELATION_VALUE_AVG,
	CORRELATION_VALUE_PERCENTILE,
	CORRELATION_VALUE_MEDIAN,
	CORRELATION_TYPE_N
};
const char *correlation_type_name(enum correlation_type t);

enum correlation_op { OP_GT, OP_GTE, OP_LT, OP_LTE, OP_EQ, OP_NEQ, OP_N };
struct correlation_test {
	enum correlation_op op;
	double number;
};

/* A condition over the referenced rules, in postfix: inputs are 0 .. 63. */
enum { TERM_AND = 64, TERM_OR = 65, TERM_NOT = 66 };
#define CORRELATION_TERMS 128
#define CORRELATION_INPUTS_TEMPORAL 64u /* presence is a bit each */
#define CORRELATION_FIELDS 16u /* of group-by, and of `field` */
#define PERCENTILE_NONE (-1.0)

struct correlation {
	enum correlation_type type;
	usec span;
	uint32_t inputs_n; /* rules referred to */
	struct correlation_test tests[OP_N];
	size_t tests_n; /* all must hold; 0 with terms */
	uint8_t terms[CORRELATION_TERMS];
	size_t terms_n;
	/* Of value_percentile; without one the share of each value among all, in percent, is held
	 * against the condition (the specification's own example). */
	double percentile;
	bool closes; /* judged when the window closes */
	uint64_t need; /* at once: the count that makes it true; else one more than any limit */
};

/* Fills in `closes` and `need` from the rest. */
void correlation_settle(struct correlation *c);
bool correlation_tests(const struct correlation *c, double v); /* do all hold for v? */
bool correlation_terms(const struct correlation *c, uint64_t present);

/* "90m": number and one of s m h d w M y. */
bool correlation_span(struct bytes text, usec *ret);
