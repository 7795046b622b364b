/* SPDX-License-Identifier: Apache-2.0 */
/* request.h — what operators ask of alerts: one JSON object in, lines of JSON out.
 * doc/alerts.md has the requests, member by member. The schema is closed: a member that is not
 * known, is there twice or has a bad value is refused with one clear line.
 * In: {"request":"ack","id":7,"by":"ann"}. Out: lines, the last of which has "ok":
 *	{"ok":true,…} or {"ok":false,"error":"…"}. A reply without that last line was cut off.
 * Threads: the owner of the struct alerts. Memory: a reply is at most REPLY_MOST bytes and one
 * alert: `list` goes on with "after". */
#pragma once
#include "alert/alert.h"

#define REQUEST_MOST 65536u
#define REPLY_MOST (512u << 10)

/* Answers: */
enum {
	REQUEST_REFUSED = 1, /* the reply says why */
	REQUEST_LATER = 2, /* findings wait for their commit: send the reply after the next
			    * alerts_commit(), when what was asked is durable */
};
/* by: who asks as far as the caller can tell, and then a "by" in the request does not count; empty:
 * the request says. 0: done and, if it changed something, durable. Call alerts_tick() before. */
int alerts_request(struct alerts *a, struct bytes by, struct bytes request, struct buf *reply);
