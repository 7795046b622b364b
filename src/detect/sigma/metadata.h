/* SPDX-License-Identifier: Apache-2.0 */
/* metadata.h — what stands in a rule beside its detection: checked as the specification's schema
 * and pySigma have it, and kept. Threads: one owner. Memory: the arena of the set. */
#pragma once
#include "detect/sigma/rule.h"

/* -EINVAL with a reason that names the field; *ret_line is where. */
int metadata_read(struct ruleset *s, const struct yaml_node *n, struct rule *r, unsigned *ret_line,
		  struct why *why);
