/* SPDX-License-Identifier: Apache-2.0 */
/* parse.h — the bytes of a record become the fields of an event.
 * In: raw bytes from outside, and what is known of their source. Out: an event whose values
 * borrow from the raw bytes (see event.h) and an answer. Pure: same bytes, same hint, same event;
 * no clock is read, no state is kept between lines (lines are joined later, by request id).
 * Threads: a struct parser is read-only once made and may be shared; each thread has its own event
 * and scratch arena. Memory: bounded by the length of the line. Never fails. */
#pragma once
#include "event/event.h"
#include "event/source.h"

enum { PARSE_OK = 0, PARSE_PLAIN = 1 }; /* PLAIN: no parser knew it: message, and time if any */

/* What the parser may know besides the bytes. */
struct parse_hint {
	enum source_kind kind; /* syslog kinds may begin with a PRI header */
	struct bytes name; /* path or peer of the source; only compared, never opened */
	struct bytes host; /* the host it speaks for; used for host.name where the line has none */
	usec arrival; /* anchors years (RFC 3164) */
	int year; /* 0, or the year to assume (import --assume-year) */
	int zone_minutes; /* local time of zoneless stamps, east of UTC; 0 = UTC */
};

/* Clears and fills the event. event_dataset is always set; message is the rest of the line. */
int parse_record(const struct parse_hint *hint, struct bytes raw, struct event *ret);
