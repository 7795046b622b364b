/* SPDX-License-Identifier: Apache-2.0 */
/* values.h — the values of one field of a detection while modifiers work on them: values.c reads
 * them and makes tests of them, modifiers.c and encodings.c change them in between.
 * Threads: one owner. Memory: the arena of the set. */
#pragma once
#include "detect/sigma/logtable.h"
#include "detect/sigma/rule.h"

enum value_form {
	V_TEXT,
	V_NUMBER,
	V_BOOL,
	V_NULL,
	V_REGEX,
	V_CIDR,
	V_FIELDREF,
	V_COMPARE,
	V_PART,
	V_EXISTS
};

struct value {
	enum value_form kind;
	uint32_t
		group; /* the value of the rule that this one is made of; `all` wants one of each */
	struct bytes raw; /* as it stands in the rule */
	struct pattern pattern; /* V_TEXT */
	double number;
	bool truth;
	bool before, behind; /* V_FIELDREF, V_REGEX */
	enum compare_op op;
	enum time_part part;
};

struct values {
	struct compile *c;
	struct arena *a;
	struct value *at;
	size_t n, cap;
	uint32_t slot;
	unsigned applied; /* modifiers so far */
	bool all, negated, cased, keyword;
	bool regex_i, regex_m, regex_s;
};

/* -EINVAL, "modifier <name>: <text>" */
int values_refuse(struct values *v, const char *modifier, const char *text);
/* One value more; -EINVAL: more than a rule may have. */
int values_add(struct values *v, const struct value *one);
/* The text of a value, where it has no wildcards. */
bool values_plain(const struct value *x, struct bytes *ret);
void values_to_text(struct values *v, struct value *x);

int modifier_apply(struct values *v, struct bytes name);

/* encodings.c: modifiers that write a text in another way, or in several. */
int modify_base64(struct values *v);
int modify_base64offset(struct values *v);
int modify_utf16le(struct values *v);
int modify_utf16be(struct values *v);
int modify_utf16(struct values *v);
int modify_windash(struct values *v);
int modify_expand(struct values *v);
