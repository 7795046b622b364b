/* SPDX-License-Identifier: Apache-2.0 */
/* look.h — one event while rules are held against it: the values of fields are found when a rule
 * first asks, and lowered once. Threads: one owner. Memory: an arena that is reset with each event,
 * and a small entry a slot. */
#pragma once
#include "detect/sigma/rule.h"
#include "detect/sigma/rx.h"

struct looked_value {
	struct bytes text, lower; /* lower: at NULL until it is asked for */
	enum value_kind kind;
};

struct looked {
	uint32_t epoch; /* of the event for which `at` was found */
	uint32_t n;
	struct looked_value *at;
};

struct look {
	const struct ruleset *set;
	const struct subject *subject;
	struct arena arena;
	struct rx_work *rx;
	struct looked *slots; /* by slot */
	struct looked all; /* what keywords look in */
	uint32_t epoch;
	uint64_t limited; /* evaluations given up, ever */
	bool gave_up; /* in the rule that is looked at */
};

void look_init(struct look *l, const struct ruleset *s);
void look_done(struct look *l);
void look_begin(struct look *l, const struct subject *e);

/* The values of a field of this event, lent until the next one; none: it is not there. */
const struct looked *look_values(struct look *l, uint32_t slot);
const struct looked *look_all(struct look *l); /* what keywords look in */
struct bytes look_lower(struct look *l, const struct looked_value *v);
bool look_expr(struct look *l, const struct expr *e);
