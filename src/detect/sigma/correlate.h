/* SPDX-License-Identifier: Apache-2.0 */
/* correlate.h — correlations between the rules of a set and the groups they count in: documents are
 * linked to the rules they name, matches of rules are fed to them, and what they find becomes
 * findings. For the files of detect/sigma alone.
 * Threads: the linked form is read-only; each matcher has its own struct correlate. Memory: the
 * arena of the set; `state_bytes` for the groups. */
#pragma once
#include "detect/sigma/look.h"
#include "detect/sigma/matcher.h"

/* All RULE_CORRELATION documents: those that do not compile, or name rules that are not there, are
 * refused. Sets window of the set, and `quiet` of rules that only serve a correlation. */
int correlations_link(struct ruleset *s, struct why *why);
/* Once it is known which rules never match here: neither do those that need them. */
void correlations_never(struct ruleset *s);
void correlations_free(struct ruleset *s);

struct correlate;
int correlate_new(struct correlate **ret, const struct ruleset *s, const struct matcher_options *o);
struct correlate *correlate_free(struct correlate *c);
/* What counts in correlations that are the same in both goes on; the other is to be freed then.
 * Epochs of the look must go on, too. */
void correlate_take_over(struct correlate *c, struct correlate *old);
/* Rule i matched the event that is looked at. */
void correlate_matched(struct correlate *c, size_t i, struct look *l, finding_fn *fn, void *ctx);
void correlate_tick(struct correlate *c, usec now, finding_fn *fn, void *ctx);
uint64_t correlate_found(const struct correlate *c, size_t i); /* by correlation i of the set */
void correlate_counts(const struct correlate *c, struct matcher_counts *ret); /* adds its part */
