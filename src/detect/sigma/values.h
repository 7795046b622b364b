/* SPDX-License-Identifier: Apache-2.0 */
/* values.h — the values of one field of a detection while modifiers work on them, for values.c.
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
	struct bytes raw; /* as it stands in the rule */
	struct pattern pattern; /* V_TEXT */
	double number;
	bool truth;
	bool before, behind; /* V_FIELDREF, V_REGEX */
	enum compare_op op;
	enum time_part part;
};
