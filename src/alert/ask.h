/* SPDX-License-Identifier: Apache-2.0 */
/* ask.h — one request as it was understood. Not for other steps.
 * Threads: the owner of the struct alerts. Memory: texts are lent by the JSON, which request.c
 * frees when the reply is written. */
#pragma once
#include "alert/state.h"

struct ask {
	struct alerts *a;
	struct buf *reply;
	unsigned has; /* bit m: member m was there */
	uint64_t id, limit;
	unsigned states; /* bit s: state s is wanted */
	enum level level;
	enum sql order;
	int64_t after[3]; /* keys of the last row of the page before */
	usec since, until;
	struct bytes text, comment, to, reason, by;
	struct suppression *pattern; /* of rule and entity; taken by who sets it NULL */
	bool changed; /* something is to be committed */
};

enum ask_member {
	ASK_AFTER,
	ASK_BY,
	ASK_COMMENT,
	ASK_ENTITY,
	ASK_FOR,
	ASK_ID,
	ASK_LEVEL,
	ASK_LIMIT,
	ASK_ORDER,
	ASK_REASON,
	ASK_RULE,
	ASK_SINCE,
	ASK_STATE,
	ASK_TEXT,
	ASK_TO,
	ASK_UNTIL,
	ASK_MEMBERS
};
#define ASK(m) (1u << ASK_##m)

/* All: 0 done, the reply has the last line; REQUEST_REFUSED: it says why; < 0: the database. */
int ask_refuse(struct ask *q, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* list.c */
int ask_list(struct ask *q);
int ask_show(struct ask *q);
int ask_suppressions(struct ask *q);
int ask_stats(struct ask *q);

/* act.c */
int ask_ack(struct ask *q);
int ask_close(struct ask *q);
int ask_reopen(struct ask *q);
int ask_assign(struct ask *q);
int ask_comment(struct ask *q);
int ask_suppress(struct ask *q);
int ask_unsuppress(struct ask *q);
