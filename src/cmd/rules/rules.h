/* SPDX-License-Identifier: Apache-2.0 */
/* rules.h — what the verbs of `vedette rules` share, each in a file of its own.
 * Threads: one owner. Memory: the set. */
#pragma once
#include "cmd/args.h"
#include "detect/sigma/ruleset.h"

struct rules {
	struct args *args;
	const char *verb;
	const char *wanted; /* explain: which rule */
	const char *config, *socket; /* canary: where to ask */
	const char **paths, **tables;
	size_t paths_n, tables_n;
	bool json, quiet, flat;
	struct ruleset *set;
	struct buf out; /* a line in the making */
};

/* Each gives the exit status. */
int rules_check(struct rules *r);
int rules_list(struct rules *r);
int rules_explain(struct rules *r);
int rules_test(struct rules *r);
int rules_canary(struct rules *r);

/* "file:line: " of a rule, made safe, into r->out. */
void rules_where(struct rules *r, struct bytes file, unsigned line);
/* r->out and a newline, to stdout; then it is empty. */
void rules_say(struct rules *r);
const char *rules_kind(const struct rule_info *i);
