/* SPDX-License-Identifier: Apache-2.0 */
/* samples.h — the lines that stand beside a rule and must, or must not, make it fire: beside
 * foo.yml a file foo.samples.yml:
 *
 *   samples:
 *     - match: true                  must it fire?
 *       why: one line for people
 *       lines: [ "…", "…" ]          as the service writes them, in their order; a whole story for
 *                                    a correlation
 *       source: /var/log/x.log       where they come from; default: a path that fits the logsource
 *       host: ctl-1
 *       rule: name or id             of several rules in foo.yml: default the first that raises
 *                                    findings of its own
 *       expect: { source.ip: … }     fields of a finding
 *       count: 1                     findings; default: at least one, or none
 *
 * A sample goes the way of every record: lines are joined to records, parsed, and held against a
 * fresh matcher with ALL rules of the set. So it also proves that a rule is alive in this set
 * (the canary). In: files from the operator. Out: what was wrong, in one line.
 * Threads: one owner; the set is only read. Memory: an arena a file; a matcher while one runs. */
#pragma once
#include "base/arena.h"
#include "detect/sigma/ruleset.h"

struct sample_field {
	struct bytes name, value;
};

struct sample {
	unsigned line; /* in the file of samples */
	bool match;
	struct bytes why, source, host, rule; /* empty: not given */
	struct bytes text; /* the lines, each with its newline */
	struct sample_field *expect;
	size_t expect_n;
	bool counted;
	uint64_t count;
};

struct samples {
	struct arena arena;
	struct bytes file;
	struct sample *at;
	size_t n;
};

/* -ENOENT: there is no such file. -EINVAL: "file:line: what is wrong". */
int samples_load(struct samples **ret, const char *path, struct why *why);
/* The same for the bytes of such a file; path: for people. */
int samples_read(struct samples **ret, struct bytes text, const char *path, struct why *why);
struct samples *samples_free(struct samples *s);
/* foo.samples.yml of foo.yml; appended to ret. */
void samples_path(struct bytes rule_file, struct buf *ret);

/* The rule of the set that a sample beside `file` is of; SIZE_MAX: there is none. */
size_t sample_rule(const struct ruleset *s, struct bytes file, const struct sample *p);

#define SAMPLE_OTHERS 8u
struct sample_result {
	bool good;
	uint64_t fired; /* findings of the rule */
	uint64_t records; /* that the lines make */
	struct why why; /* when it is not good */
	struct {
		struct bytes title; /* lent by the set, or a constant */
		enum level level;
	} other[SAMPLE_OTHERS]; /* rules that fired beside it */
	size_t other_n;
};
/* rule: of the set. < 0: a matcher could not be made. */
int sample_run(const struct ruleset *s, size_t rule, const struct sample *p,
	       struct sample_result *ret);
