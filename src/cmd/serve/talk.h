/* SPDX-License-Identifier: Apache-2.0 */
/* talk.h — what supervisor, keeper and analyst say to each other over their socket pairs
 * (guard/fdpass.h). One message: u8 what, then what is said below. All little-endian.
 * Threads: none. Memory: the buffers of the caller. */
#pragma once
#include "base/buf.h"
#include "base/clock.h"
#include "base/cursor.h"
#include "event/source.h"
#include "guard/fdpass.h"

enum talk {
	/* supervisor to keeper */
	TALK_STOP = 1, /* take what is in the rings, commit, sign, end */
	TALK_POSITIONS, /* u8 kind: tell the positions of all sources of this kind */
	TALK_ANALYST, /* + descriptor: here is an analyst */
	/* keeper to supervisor */
	TALK_READY, /* recovered, takes records */
	TALK_POSITION, /* u8 kind, u16 name length, name, position */
	TALK_POSITIONS_END, /* u8 kind */
	/* keeper to analyst */
	TALK_SOURCE, /* u32 id, u8 kind, u16 year, i16 zone, u16 host length, host, name */
	TALK_SEGMENT, /* u64 first, u8 plain + descriptor of a segment that may still grow */
	TALK_CLOSED, /* u64 first, u32 count: that segment is complete: give its block */
	TALK_HISTORY, /* u64 first + descriptor of a sealed block */
	TALK_HISTORY_END, /* u64 seq: what analysts before this one noted is below it */
	TALK_NOTED, /* u64 number: this note is durable */
	/* analyst to keeper */
	TALK_BEGIN, /* i64: show me the blocks with arrivals from then on; USEC_NONE: none */
	TALK_SHOWN, /* u64 first: looked at that block, the next one please */
	TALK_BLOCK, /* u64 first, u64 length + descriptor of the sealed memory that holds it */
	TALK_FAILED, /* u64 first, text */
	TALK_NOTE, /* u64 number, JSON text for the ledger */
	/* supervisor to analyst */
	TALK_HAND, /* + descriptor: here is a hand */
	TALK_DESK, /* + descriptor: here is a desk (ask.h) */
	/* supervisor to desk */
	TALK_ALERTS, /* + descriptor: here is an analyst (ask.h) */
	TALK_RULES, /* + descriptor: a bundle (bundle.h) of rules and calendars */
};
#define TALK_MAX 16384
#define NOTE_MAX (TALK_MAX - 16) /* JSON text of a TALK_NOTE */

void talk_source(struct buf *to, const struct source *s);
bool talk_source_parse(struct cursor *c, struct source *ret); /* lent by the message */
/* Like fdpass_send(), but waits up to `patience` for the other end. */
int talk_send(int sock, struct bytes b, const int *fds, size_t n, usec patience);
int talk_word(int sock, enum talk what, uint8_t value);
