/* SPDX-License-Identifier: Apache-2.0 */
/* filter.h — Sigma filters (Sigma filters specification): documents that narrow rules without
 * touching their files. Threads: one owner. Memory: the arena of the set. */
#pragma once
#include "detect/sigma/rule.h"

/* Each rule that a filter names (by id or name, or `any`), of its log source, becomes: the rule and
 * the filter's condition. Filters that name nobody or do not compile are refused
 * (ruleset_refuse()). Before the prefilter is made. */
int filters_apply(struct ruleset *s, struct why *why);
