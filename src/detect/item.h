/* SPDX-License-Identifier: Apache-2.0 */
/* item.h — what detection is given: a record, its source and its parsed event.
 * Threads: none. Memory: all lent during the call. */
#pragma once
#include "detect/finding.h"
#include "event/event.h"
#include "event/record.h"
#include "event/source.h"

struct item {
	const struct record *record; /* raw bytes, arrival; seq is in `ref` */
	const struct source *source; /* NULL: unknown. id 0 (kind SELF): a note of Vedette itself,
				      * raw is one JSON object {"event":"file-truncated",…} */
	const struct event
		*event; /* as parsed; fields borrow from raw, or are constants, or scratch */
	usec time; /* the time that counts (detect/when.h): event time where it can be believed */
	struct record_ref ref;
};
