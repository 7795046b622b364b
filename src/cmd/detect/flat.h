/* SPDX-License-Identifier: Apache-2.0 */
/* flat.h — a flat event: one JSON object, whose keys are the names that rules use.
 * {"EventID": 4625, "User": "x", "_id": "a#1"} and {"a":{"b":1}} (which is a.b); an element of an
 * array is one more value of its name. The time of the event is the first that can be read of
 * @timestamp, timestamp, _time, time, TimeCreated_SystemTime, TimeCreated, SystemTime, UtcTime,
 * eventTime, EventTime, ts: RFC 3339, a blank instead of the T, or a number of seconds (or milli-,
 * micro-, nanoseconds, told by its size) since 1970.
 * Threads: one owner. Memory: values are lent by the line and the arena. */
#pragma once
#include "base/arena.h"
#include "detect/sigma/subject.h"

struct flat {
	struct subject_value *values;
	size_t n, cap;
	struct bytes id; /* `_id`; empty: none */
	struct bytes raw; /* `_raw`: the line it was made of; empty: none */
	usec time; /* USEC_NONE: says none */
	unsigned rank; /* of the field that time came from */
};

#define FLAT_VALUES 8192 /* an event of more is cut there */

/* false: not exactly one JSON object. The arena is the caller's to reset. */
bool flat_read(struct flat *f, struct bytes line, struct arena *a);
void flat_done(struct flat *f);
