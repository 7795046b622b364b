/* SPDX-License-Identifier: Apache-2.0 */
/* rule.h — the inside of a ruleset, for the files of detect/sigma alone: how a rule looks once it
 * is compiled, and what is known of the fields it asks for.
 *
 *   rule ─ expr (and, or, not) ─ test (field slot, what its value must be)
 *   slot ─ name as the rules write it, and where its values are: fields.def, key=value text, JSON
 *   source (of logs) ─ condition on an event; a rule has a mask of the sources it applies to
 *
 * Threads: read-only once made. Memory: the arena of the set; expressions of Hyperscan and PCRE2
 * are freed with it. */
#pragma once
#include "base/arena.h"
#include "detect/sigma/pattern.h"
#include "detect/sigma/ruleset.h"
#include "detect/sigma/yaml.h"

enum test_kind {
	TEST_PATTERN, /* the whole value, wildcards */
	TEST_NUMBER, /* equal as numbers */
	TEST_COMPARE, /* lt, lte, gt, gte */
	TEST_BOOL,
	TEST_NULL, /* the field is not there, or null */
	TEST_EXISTS,
	TEST_REGEX,
	TEST_CIDR,
	TEST_FIELDREF,
	TEST_TIME, /* a part of a time: minute, hour, … */
};
enum compare_op { COMPARE_LT, COMPARE_LTE, COMPARE_GT, COMPARE_GTE };
enum time_part { PART_NONE, PART_MINUTE, PART_HOUR, PART_DAY, PART_WEEK, PART_MONTH, PART_YEAR };

struct rx;

struct cidr {
	uint8_t net[16]; /* of IPv4: ::ffff:a.b.c.d */
	unsigned bits; /* of 128 */
};

#define SLOT_KEYWORD UINT32_MAX /* no field: everywhere */

struct test {
	enum test_kind kind;
	uint32_t slot;
	bool cased;
	bool before, behind; /* TEST_FIELDREF: anything before, behind the other field's value */
	enum compare_op op;
	enum time_part part;
	bool truth; /* TEST_BOOL, TEST_EXISTS */
	double number;
	uint32_t other; /* TEST_FIELDREF: slot */
	struct pattern pattern;
	struct rx *regex;
	struct cidr cidr;
};

enum expr_kind { EXPR_FALSE, EXPR_TRUE, EXPR_TEST, EXPR_NOT, EXPR_AND, EXPR_OR };
struct expr {
	enum expr_kind kind;
	uint32_t n;
	struct expr **sub; /* NOT has one */
	const struct test *test;
};

/* What rules can ask for that is no field of the event but of the record: */
enum { FIELD_SOURCE = FIELD_N, FIELD_WHEN, FIELDS_ALL }; /* source.name, @timestamp */

#define SLOT_FIELDS 8u
enum slot_place { SLOT_NOWHERE = 0, SLOT_ECS = 1, SLOT_KV = 2, SLOT_JSON = 4 };
struct slot {
	struct bytes name;
	unsigned place; /* any of enum slot_place */
	uint8_t fields[SLOT_FIELDS]; /* SLOT_ECS: enum field, FIELD_SOURCE or FIELD_WHEN */
	unsigned fields_n;
	uint64_t hash; /* of the name: for flat events */
};

#define SOURCES_MAX 256u
struct mask { /* of log sources */
	uint64_t bits[SOURCES_MAX / 64];
};

struct rule {
	struct rule_info info;
	struct expr *expr; /* RULE_PLAIN */
	struct mask sources; /* flat: none */
	bool everywhere; /* any log source: flat events, or so wished */
	bool first; /* nothing to scan for: looked at for every event of its sources */
	struct bytes product, category, service;
	const struct yaml_node
		*document; /* as read: for correlations and filters; lives in the arena */
	void *extra; /* of correlations: theirs */
};

struct logtable;
struct prefilter;

struct ruleset {
	struct arena arena;
	struct ruleset_options options;
	struct rule *rules;
	size_t n, cap;
	struct ruleset_refused *refused;
	size_t refused_n, refused_cap;
	struct slot *slots;
	uint32_t slots_n, slots_cap;
	uint32_t *slot_table; /* open addressing by name hash and places; 1 + slot */
	size_t slot_table_n;
	struct rx *regexes; /* all of them, linked */
	struct logtable *table;
	struct prefilter *prefilter;
	usec window;
	void *correlations; /* of correlation_*.c */
};

/* compile: one rule's tests. Failure: < 0 with the reason. */
struct compile {
	struct ruleset *set;
	struct rule *rule;
	struct why *why;
	unsigned line; /* where the trouble is */
	size_t budget; /* values that a rule may have, aliases counted each time */
};
int detection_compile(struct compile *c, const struct yaml_node *detection, struct expr **ret);
int values_compile(struct compile *c, struct bytes key, const struct yaml_node *value,
		   struct expr **ret);
int condition_compile(struct compile *c, struct bytes text, const struct yaml_node *detections,
		      struct expr *const *named, struct expr **ret);

/* The named detections and the condition of a mapping (also of a filter's). */
int rule_compile(struct ruleset *s, struct rule *r, const struct yaml_node *detections,
		 struct expr **ret, unsigned *ret_line, struct why *why);
void ruleset_refuse(struct ruleset *s, const struct rule *r, unsigned line, const char *reason);

struct expr *expr_new(struct arena *a, enum expr_kind kind, uint32_t room);
void expr_add(struct expr *e, struct expr *sub);

/* A slot for a field name as this rule means it. */
uint32_t slot_of(struct ruleset *s, const struct rule *r, struct bytes name);

int rx_new(struct ruleset *s, struct bytes pattern, bool caseless, bool multiline, bool dotall,
	   struct rx **ret, struct why *why);
struct bytes rx_text(const struct rx *r);
struct rx *rx_free_all(struct rx *r);
