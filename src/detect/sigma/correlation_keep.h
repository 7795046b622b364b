/* SPDX-License-Identifier: Apache-2.0 */
/* correlation_keep.h — which correlations of a fresh set are those of the set before: what counted
 * in their windows goes on then. Same is: the document, the documents of all that it refers to, and
 * all filters say the same.
 * Threads: pure. Memory: none. */
#pragma once
#include "detect/sigma/correlation_rule.h"

#define KEEP_NONE 0u /* a document too large to be looked through: never the same as another */

/* Of all linked correlations, into ->print; once all of them are linked. */
void keep_prints(struct ruleset *s, const struct correlation_links *l);
/* For each of the fresh ones the number of the old one that it is, else SIZE_MAX; to be freed. */
size_t *keep_pairs(const struct ruleset *fresh, const struct ruleset *old);
