/* SPDX-License-Identifier: Apache-2.0 */
/* finding.h — one hit of a rule or detector, with the records that prove it.
 * In: made by a rule, a correlation or a detector. Out: `vedette detect` prints it, alert/ groups
 * it. Threads: none. Memory: everything is borrowed, lent during the call of finding_fn. */
#pragma once
#include "base/bytes.h"
#include "base/clock.h"

/* Sigma's levels, in their order (Sigma rules specification 2, "level"). */
enum level { LEVEL_INFORMATIONAL, LEVEL_LOW, LEVEL_MEDIUM, LEVEL_HIGH, LEVEL_CRITICAL, LEVEL_N };
const char *level_name(enum level l);
bool level_parse(struct bytes name, enum level *ret);

/* Where a record is: in a ledger (seq), or in a file that detect reads (file, line from 1). */
struct record_ref {
	uint64_t seq; /* SEQ_NONE: not of a ledger */
	struct bytes file; /* empty: of a ledger */
	uint64_t line;
	struct bytes id; /* `_id` of an event given with --events; empty: none */
};
#define SEQ_NONE UINT64_MAX

struct finding_pair { /* a field and its value; names are ECS names or, with --events, the input's
		       */
	struct bytes name, value;
};

#define FINDING_PROOFS 64u /* references kept; `count` says how many there were */

struct finding {
	usec time; /* event time of the record that completed it; for silence: when it was noticed
		    */
	usec since; /* of the first record that proves it; = time for a single one */
	struct bytes rule_id; /* uuid of the rule, or "vedette.silence.file-removed": names what */
	struct bytes rule_name; /* title */
	enum level level;
	const struct bytes *tags; /* "attack.t1110.003", … */
	size_t tags_n;
	/* Whom or what it is about: the alert's key beside the rule. Correlations: the group-by
	 * fields. Rules: host.name and the first that is there of finding_entity_fields
	 * (subject.h). Detectors: what they say. In this order, always. */
	const struct finding_pair *entity;
	size_t entity_n;
	/* What else helps to understand it: the fields of the last record that the rule looked at,
	 * expected and seen gap, old and new value, … */
	const struct finding_pair *details;
	size_t details_n;
	struct bytes
		message; /* one line for people, made of constants and values; may be hostile */
	uint64_t count; /* events that made it: 1, or a correlation's number */
	const struct record_ref *proofs; /* newest last */
	size_t proofs_n;
	struct bytes source_host, source_name; /* source of the last record; may be empty */
	/* Ids of rules, a blank between two: what they said of the same entity is over. Their
	 * alerts are closed; a finding that is informational besides opens none of its own. Ids and
	 * no pattern, so that each is one look-up however many alerts there are. */
	struct bytes ends;
	bool correlated; /* made by a correlation: entity is its group */
};

typedef void finding_fn(void *ctx, const struct finding *f);
