/* SPDX-License-Identifier: Apache-2.0 */
/* correlation_rule.h — a document with `correlation:` read and linked: the rules it refers to, and
 * where the values of its fields are in the events of each. For the files of detect/sigma alone.
 *
 *   many_failed (group-by User) ─ input 0 failed_login ─ leaf failed_login: slots of User
 *   then_success ─ input 0 many_failed ─ leaf failed_login
 *                └ input 1 success ─ leaf success
 *
 * Threads: read-only once linked. Memory: the arena of the set. */
#pragma once
#include "detect/sigma/correlation.h"
#include "detect/sigma/rule.h"

struct correlation_leaf { /* a plain rule whose event reaches the correlation */
	size_t rule;
	uint32_t group[CORRELATION_FIELDS], field[CORRELATION_FIELDS]; /* slots */
};

struct correlation_input {
	struct bytes ref; /* id or name, as written */
	size_t rule; /* of the set */
	struct correlation_leaf *leaves;
	size_t leaves_n;
	struct bytes group[CORRELATION_FIELDS]; /* names in the events, aliases resolved */
};

struct correlation_rule {
	struct correlation is;
	struct correlation_input *inputs; /* is.inputs_n */
	size_t inputs_room;
	struct bytes group[CORRELATION_FIELDS]; /* names as written */
	size_t group_n;
	struct bytes field[CORRELATION_FIELDS];
	size_t field_n;
	const struct yaml_node *aliases; /* NULL: none */
	bool generate;
	bool linked; /* all that it refers to is there */
	bool visiting; /* while links are followed */
	size_t number; /* among the linked ones: after all that it refers to */
	uint64_t print; /* of all that says what it is: correlation_keep.h */
	usec window; /* how far back an event can matter */
};

/* Reads r->document; what it refers to is not looked at. < 0 with the reason and the line. */
int correlation_read(struct ruleset *s, struct rule *r, struct correlation_rule **ret,
		     unsigned *ret_line, struct why *why);

/* In words, lines of text. */
void correlation_explain(const struct ruleset *s, const struct rule *r, struct buf *to);

/* Who is told when rule i matches. */
struct correlation_target {
	size_t correlation; /* number */
	unsigned input;
};
struct correlation_links {
	size_t n;
	const struct correlation **list; /* for correlator_new() */
	size_t *rules; /* by number: the rule */
	size_t *first; /* by rule, rules + 1 entries: into targets */
	struct correlation_target *targets;
};
