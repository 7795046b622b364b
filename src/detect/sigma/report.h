/* SPDX-License-Identifier: Apache-2.0 */
/* report.h — a rule that matched becomes a finding: what it is about (entity), and the fields that
 * help to understand it. For the files of detect/sigma alone.
 * Threads: one owner. Memory: buffers that are used again; the finding is lent during the call. */
#pragma once
#include "detect/sigma/look.h"

struct report {
	struct buf message;
};

void report_done(struct report *p);
void report_rule(struct report *p, const struct rule *r, struct look *l, finding_fn *fn, void *ctx);
/* The entity of an event: host.name and whom it is about; room for REPORT_ENTITY. How many. */
#define REPORT_ENTITY 4u
size_t report_entity(const struct item *i, struct finding_pair ret[static REPORT_ENTITY]);
/* The fields that help to understand it, the important ones first. */
#define REPORT_DETAILS 32u
size_t report_details(const struct look *l, struct finding_pair ret[static REPORT_DETAILS]);
