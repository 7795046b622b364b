/* SPDX-License-Identifier: Apache-2.0 */
/* frame.h — the bytes of a syslog stream become messages (RFC 6587), each told apart by itself:
 *   octet counting   "123 <34>1 …"   digits, a blank, so many bytes
 *   non-transparent  "<34>1 …\n"     up to a newline; or to a NUL, in a stream that has not shown
 *                                    a newline so far
 * A message may begin with digits without being counted ("2026-11-22 01:02:03 …"): digits are a
 * count only when a blank and "<" follow, or after a counted message.
 * In: a view that begins where the last frame ended. Out: frames that borrow from it. Nothing is
 * dropped: what is longer than the limit comes in END_CUT pieces, what the stream's end cuts off
 * comes as it is.
 * Threads: one owner. Memory: none. Time: every byte is looked at once, however it trickles in. */
#pragma once
#include "event/record.h"

struct framer {
	uint64_t left; /* of a counted message */
	size_t scan; /* so far no end of the message */
	bool counting; /* inside a counted message */
	bool counted; /* the last message was counted */
	bool newlines; /* a message ended with a newline: no NUL is an end any more */
	bool cut; /* the last record was an END_CUT one */
};

/* FRAME_SKIP: ret->used bytes between messages belong to none (a newline after a counted one). */
enum { FRAME_MORE = 1, FRAME_SKIP = 2 };
enum frame_press {
	FRAME_WAIT, /* leave what is incomplete */
	FRAME_CUT, /* take what is there as an END_CUT piece: its room is needed */
	FRAME_END, /* the stream has ended */
};
#define FRAME_DIGITS 9 /* of a count: 999,999,999 bytes; more digits are text */

struct frame {
	struct bytes raw; /* lent by the view */
	uint32_t flags;
	size_t used;
};

/* limit: of a piece, at least 1; a view longer than this plus FRAME_DIGITS + 2 always yields one.
 */
int frame_next(struct framer *f, struct bytes in, size_t limit, enum frame_press press,
	       struct frame *ret);
