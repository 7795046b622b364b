/* SPDX-License-Identifier: Apache-2.0 */
/* matcher.h — events held against all rules of a set: one scan by a literal automaton (Hyperscan)
 * says which rules may match, these are evaluated exactly; correlations count what comes out.
 * Out: findings. Threads: one owner each. Memory: scratch; correlation state bounded by
 * `state_bytes`; what is evicted is counted and told. */
#pragma once
#include "detect/sigma/ruleset.h"

struct matcher;

struct matcher_options {
	size_t state_bytes; /* of all correlations; 0: 64 MiB */
	usec late; /* how late, by time, an event may come and still be counted; 0: 5 minutes */
};

int matcher_new(struct matcher **ret, const struct ruleset *s, const struct matcher_options *o);
struct matcher *matcher_free(struct matcher *m);
/* m is to go on in place of old, which is to be freed then, before its set: the windows of
 * correlations that are the same in both, with all that they refer to, stay as full as they are. */
void matcher_take_over(struct matcher *m, struct matcher *old);
/* Holds one event against the set; calls fn for each finding. */
void matcher_feed(struct matcher *m, const struct subject *e, finding_fn *fn, void *ctx);
/* Time has come to `now`: windows that end before it may be forgotten. */
void matcher_tick(struct matcher *m, usec now, finding_fn *fn, void *ctx);

struct matcher_counts {
	uint64_t events, candidates, evaluated, matches, findings;
	uint64_t limited; /* evaluations given up at a match limit: a hostile line or pattern */
	uint64_t groups, evicted; /* correlation groups kept and thrown out for want of memory */
	size_t state_bytes;
};
void matcher_counts(const struct matcher *m, struct matcher_counts *ret);
/* Of rule i: how often it matched; how often it was given up. */
void matcher_rule_counts(const struct matcher *m, size_t i, uint64_t *ret_matches,
			 uint64_t *ret_limited);
