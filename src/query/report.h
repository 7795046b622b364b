/* SPDX-License-Identifier: Apache-2.0 */
/* report.h — what the reports share. Threads: one. Memory: one unit. */
#pragma once
#include "query/query.h"
#include "query/search.h"

struct report_scan {
	const struct view *v;
	const struct query *q;
	usec since, until;
	bool own;
	search_row_fn *fn;
	void *ctx;
	struct search *s; /* while fn is called */
};

/* fn for each record hit, in order of seq. A damaged unit is counted, told in `why`, left out. */
int report_scan(struct report_scan *r, struct query_result *ret, struct why *why);
/* Answers of a damaged ledger: -EBADMSG after everything else was done. */
int report_finish(const struct report_options *o, struct buf *text, const struct query_result *ret,
		  struct why *why);
void report_time(struct buf *to, usec at); /* to the second */
