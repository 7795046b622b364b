/* SPDX-License-Identifier: Apache-2.0 */
/* change.h — one change of an alert, as the alert step wrote it (doc/alerts.md), looked at.
 * In: its JSON text, of at most CHANGE_TEXT bytes; its values may be hostile, and so they go
 * nowhere but through the writers of mime.h, text.h and jansson. What is missing is empty.
 * Out: its parts. Threads: one owner. Memory: the JSON values, which lend all bytes. */
#pragma once
#include "base/buf.h"
#include "base/clock.h"
#include "detect/finding.h"
#include <jansson.h>

#define CHANGE_TEXT ((size_t)16384)

enum told { /* the kinds, in the order of doc/alerts.md */
	    TOLD_OPENED,
	    TOLD_REPEATED,
	    TOLD_RAISED,
	    TOLD_REOPENED,
	    TOLD_ACKNOWLEDGED,
	    TOLD_CLOSED,
	    TOLD_ASSIGNED,
	    TOLD_COMMENTED,
	    TOLD_SUPPRESSED,
	    TOLD_UNSUPPRESSED,
	    TOLD_EXPIRED,
	    TOLD_OTHER, /* of a newer alert step */
	    TOLD_N
};

struct told_change {
	json_t *root;
	uint64_t number, delta;
	usec at; /* USEC_NONE: says nothing that is a time */
	enum told kind;
	struct bytes kind_name, by, comment, level_was, assignee;
	const json_t *suppression; /* NULL: none */
	bool has_alert;
	uint64_t id, count, suppressed;
	enum level level; /* without an alert: informational */
	struct bytes rule_uuid, rule_name, state, message, host, project, source;
	struct bytes first, last, opened, closed;
	const json_t *tags, *entity, *details, *seq, *overflow; /* NULL: none */
};

const char *told_name(enum told kind);
/* What is told of a change that cannot be read: that there is one. Nothing to be done with it. */
struct told_change told_unreadable(uint64_t number, usec at);
/* false, and nothing to be done with ret: it is no JSON object. `number` is what the message said;
 * the text is not asked. */
bool told_parse(struct told_change *ret, uint64_t number, struct bytes text);
void told_done(struct told_change *c);

struct bytes told_text(const json_t *v); /* of a string; else empty */
/* "Keystone password guessing: ctl-1, demo": the rule and whom it is about; raw, on one line. */
void told_title(const struct told_change *c, struct buf *to);
