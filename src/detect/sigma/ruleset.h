/* SPDX-License-Identifier: Apache-2.0 */
/* ruleset.h — Sigma rules, correlations and filters (Sigma specification 2.1), compiled.
 * In: files and folders of YAML (*.yml, *.yaml), and log-source tables (doc/rules.md). Out: a
 * read-only set of rules. What cannot run as written is refused alone, by file, line and reason;
 * the others run on. Threads: read-only once made, may be shared. Memory: the set; freed at once.
 */
#pragma once
#include "base/buf.h"
#include "base/err.h"
#include "detect/sigma/subject.h"

struct ruleset;

enum { RULE_PLAIN, RULE_CORRELATION, RULE_FILTER };

struct rule_info { /* lent by the set */
	int kind;
	struct bytes id, name, title, description, author,
		status; /* name: as correlations use it */
	enum level level;
	bool levelled; /* the rule says its level; else it is medium */
	const struct bytes *tags;
	size_t tags_n;
	struct bytes logsource; /* "product/category/service" as written, for people */
	struct bytes file; /* as given */
	unsigned line;
	struct bytes never; /* why it cannot match here (log source, fields); empty: it can */
	bool quiet; /* only there for a correlation without `generate`: raises nothing by itself */
};

struct ruleset_refused { /* one document that does not run */
	struct bytes file;
	unsigned line;
	struct bytes id, title, reason; /* reason: one line, names the field */
};

struct ruleset_text { /* a file whose bytes are there already */
	struct bytes path, text;
	bool table; /* of log sources; else of rules */
};

struct ruleset_options {
	const char *const *paths; /* files and folders of rules */
	size_t paths_n;
	const char *const
		*tables; /* files of log-source tables beside the built-in one; may be none */
	size_t tables_n;
	const struct ruleset_text *texts; /* instead of files, or beside them */
	size_t texts_n;
	bool flat; /* for flat events: field names as they are, no table */
	bool any_logsource; /* every rule on every event */
};

/* < 0 only where nothing can be read at all (no such path); a set without rules is 0. */
int ruleset_load(struct ruleset **ret, const struct ruleset_options *o, struct why *why);
struct ruleset *ruleset_free(struct ruleset *s);
size_t ruleset_n(const struct ruleset *s);
const struct rule_info *ruleset_rule(const struct ruleset *s, size_t i);
size_t ruleset_refused_n(const struct ruleset *s);
const struct ruleset_refused *ruleset_refused(const struct ruleset *s, size_t i);
size_t ruleset_bytes(const struct ruleset *s); /* memory it takes, about */
usec ruleset_window(const struct ruleset *s); /* the longest timespan of a correlation; 0: none */
/* What rule i looks for, in words and with the mapped fields; lines of text. */
void ruleset_explain(const struct ruleset *s, size_t i, struct buf *to);
