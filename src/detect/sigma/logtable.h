/* SPDX-License-Identifier: Apache-2.0 */
/* logtable.h — which of our events belong to which of Sigma's log sources, and what the fields of
 * rules are called here. In: tables in YAML (doc/rules.md has the form): the built-in one and those
 * of the operator, who can add and override. Threads: read-only once made; each matcher has its own
 * struct classifier. Memory: the arena of the set. */
#pragma once
#include "detect/sigma/rule.h"

struct classifier;

/* The built-in table is read first; in tables read later an entry with the same product, category
 * and service takes the place of an earlier one. */
int logtable_new(struct logtable **ret, struct arena *a, struct why *why);
int logtable_read(struct logtable *t, struct arena *a, struct bytes yaml, struct bytes file,
		  struct why *why);
struct bytes logtable_builtin(void);

/* The log sources that a rule's logsource takes in; none: it never matches here. */
void logtable_sources(const struct logtable *t, const struct rule *r, struct mask *ret);
/* Where the values of a field of such a rule are. */
void logtable_field(const struct logtable *t, const struct mask *sources, struct bytes name,
		    struct slot *ret);
/* The values of a placeholder, a list; NULL: none. */
const struct yaml_node *logtable_placeholder(const struct logtable *t, struct bytes name);

struct classifier *classifier_new(const struct logtable *t);
struct classifier *classifier_free(struct classifier *c);
/* The log sources that an event belongs to; lent until the next call. */
const struct mask *classifier_of(struct classifier *c, const struct item *i);
