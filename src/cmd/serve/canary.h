/* SPDX-License-Identifier: Apache-2.0 */
/* canary.h — is each rule of a set alive? Its own positive samples (detect/samples.h) go the way of
 * every record, against the whole set: a rule that none of them makes fire is dead, whatever the
 * reason: a table that hides its log source, a filter, a parser that reads the lines otherwise.
 * In: a compiled set, the files of samples of its bundle. Out: a state for each rule. No alert
 * comes of the samples. Threads: any, one at a time. Memory: ids and titles, copied. */
#pragma once
#include "base/arena.h"
#include "base/buf.h"
#include "base/clock.h"
#include "detect/sigma/ruleset.h"

enum canary_state { CANARY_NO_SAMPLE, CANARY_PROVEN, CANARY_DEAD, CANARY_NOT_TRIED, CANARY_STATES };

struct canary_rule {
	struct bytes id, title, file;
	bool quiet; /* raises nothing by itself */
	enum canary_state state;
	struct bytes why; /* of CANARY_DEAD */
};

struct canary {
	struct arena arena;
	struct canary_rule *rule; /* all but filters, and rules that only serve a correlation */
	size_t n, count[CANARY_STATES];
};

/* samples: their paths and texts. It takes `most` at most: what is left then was not tried. */
struct canary *canary_run(const struct ruleset *s, const struct ruleset_text *samples, size_t n,
			  usec most);
struct canary *canary_free(struct canary *c);
/* Members of a note: ,"proven":…,"dead":[ids],… */
void canary_members(const struct canary *c, struct buf *to);
/* A line for each rule. */
void canary_lines(const struct canary *c, struct buf *to);
