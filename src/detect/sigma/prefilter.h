/* SPDX-License-Identifier: Apache-2.0 */
/* prefilter.h — one scan over an event says which rules may match it. For each rule a set of texts
 * is chosen of which one must be there for a match; all of them together are one Hyperscan
 * database, caseless. Rules for which there is no such set are looked at whenever their log source
 * fits. Threads: read-only once made; each matcher has its own struct scan. Memory: the database.
 */
#pragma once
#include "detect/sigma/look.h"

struct prefilter;
struct scan;

int prefilter_new(struct prefilter **ret, struct ruleset *s, struct why *why);
struct prefilter *prefilter_free(struct prefilter *p);
size_t prefilter_bytes(const struct prefilter *p);

int scan_new(struct scan **ret, const struct ruleset *s);
struct scan *scan_free(struct scan *s);
/* The rules that may match, each once; lent until the next call. NULL mask: any log source. */
const uint32_t *scan_event(struct scan *s, const struct subject *e, const struct mask *sources,
			   size_t *ret_n);
