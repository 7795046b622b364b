/* SPDX-License-Identifier: Apache-2.0 */
/* correlation_tell.h — what a correlation found becomes a finding; so does what it had to forget.
 * Threads: one owner. Memory: buffers that are used again; the finding is lent during the call. */
#pragma once
#include "detect/sigma/correlation_state.h"
#include "detect/sigma/look.h"

struct tell {
	struct buf message;
	usec lost_told; /* 0 evicted_told: never */
	uint64_t evicted_told;
	uint64_t *evicted_by; /* by correlation, as told last */
};

void tell_done(struct tell *t);
/* l: NULL when a window closed. */
void tell_hit(struct tell *t, const struct rule *r, const struct correlator_hit *h,
	      const struct look *l, finding_fn *fn, void *ctx);
/* A minute after the last time. */
bool tell_is_due(const struct tell *t, usec now);
/* vedette.detect.evicted */
void tell_lost(struct tell *t, const struct ruleset *s, const struct correlator *c, usec now,
	       finding_fn *fn, void *ctx);
