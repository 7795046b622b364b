/* SPDX-License-Identifier: Apache-2.0 */
/* ask.h — requests of the desk to the analyst over their socket pair, one at a time.
 *   request  u32le number, u8 length, who asks (empty: the text says), text
 *   answer   u32le number, u8 last, a piece of the text; as many as it takes
 * The number tells an answer that came too late from the one that is waited for.
 * Threads: one at each end. Memory: one answer, at most ASK_ANSWER_MAX. */
#pragma once
#include "base/buf.h"
#include "base/clock.h"

#define ASK_ANSWER_MAX ((size_t)64 << 20)
#define ASK_REQUEST_MAX 16000u

/* Asks and waits. 0; -EPIPE: nobody is there; -ETIMEDOUT; -EMSGSIZE: the request is too long. */
int ask(int sock, uint32_t number, struct bytes by, struct bytes request, usec patience,
	struct buf *ret);

/* The other end. 0, FDPASS_NONE or FDPASS_CLOSED; both texts are lent by `room`. */
int ask_next(int sock, struct buf *room, uint32_t *ret_number, struct bytes *ret_by,
	     struct bytes *ret_request);
int ask_answer(int sock, uint32_t number, struct bytes text, usec patience);
