/* SPDX-License-Identifier: Apache-2.0 */
/* correlation_judge.h — is the condition true of these marks? Used by correlation_window.c alone.
 * Threads: pure. Memory: none. */
#pragma once
#include "detect/sigma/correlation_window.h"

/* Temporal: of which rule, of which event. */
static inline unsigned mark_input(const struct mark *m)
{
	return m->v.id & 63;
}

static inline uint64_t mark_serial(const struct mark *m)
{
	return m->v.id >> 6;
}

/* Does the condition speak of the share of each value? */
static inline bool judge_is_share(const struct correlation *c)
{
	return c->type == CORRELATION_VALUE_PERCENTILE && c->percentile < 0;
}

/* Windows that begin with one of the marks [from, to): the first that is true. */
bool judge_sliding(const struct correlation *c, const struct mark *m, uint32_t n, uint32_t from,
		   uint32_t to, struct window_answer *ret);
bool judge_temporal(const struct correlation *c, const struct mark *m, uint32_t n, uint32_t from,
		    uint32_t to, struct window_answer *ret);
/* All marks are of the window; ret holds the counts and gets the value. */
bool judge_closed(const struct correlation *c, const struct mark *m, uint32_t n,
		  struct window_answer *ret);
