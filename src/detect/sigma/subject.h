/* SPDX-License-Identifier: Apache-2.0 */
/* subject.h — one event as Sigma rules see it: named fields with values.
 * Two kinds: a parsed record (struct item; rule fields are mapped to fields.def by the log-source
 * table), and a flat JSON event (`detect --events`), whose keys are the rules' own field names and
 * where keyword rules look in every value. Threads: none. Memory: lent during the call. */
#pragma once
#include "detect/item.h"

enum value_kind { VALUE_TEXT, VALUE_NUMBER, VALUE_BOOL, VALUE_NULL };

struct subject_value { /* of a flat event; an array gives several with the same name */
	struct bytes name, text; /* text: strings unescaped, numbers and booleans as written */
	enum value_kind kind;
};

struct subject {
	const struct item *item; /* never NULL: time and ref are needed always */
	const struct subject_value *values; /* NULL: the fields are those of item->event */
	size_t values_n;
};
