/* SPDX-License-Identifier: Apache-2.0 */
/* compose.h — a detector puts a finding together: entity, details, one line for people.
 * In: values that live until compose_tell(). Out: a struct finding, lent to a finding_fn.
 * Threads: one owner. Memory: made-up values are of `scratch`, given back by compose_begin(). */
#pragma once
#include "base/arena.h"
#include "base/buf.h"
#include "detect/item.h"

struct compose { /* zeroed: ready */
	struct finding f;
	struct finding_pair entity[4], details[16];
	struct bytes tags[2];
	struct record_ref proof;
	struct buf message;
	struct arena scratch;
};

void compose_begin(struct compose *c, const char *rule_id, const char *title, enum level level,
		   usec time);
/* Where it comes from, what proves it. */
void compose_item(struct compose *c, const struct item *i);
void compose_tag(struct compose *c, const char *tag);
/* Empty values are left out; what does not fit is too. */
void compose_entity(struct compose *c, const char *name, struct bytes value);
void compose_detail(struct compose *c, const char *name, struct bytes value);
void compose_number(struct compose *c, const char *name, uint64_t value);
void compose_span(struct compose *c, const char *name, usec length); /* "1h 20m" */
void compose_time(struct compose *c, const char *name, usec at); /* RFC 3339 */
/* Adds to the line for people. */
void compose_say(struct compose *c, const char *text);
void compose_say_bytes(struct compose *c, struct bytes b);
void compose_say_span(struct compose *c, usec length);
void compose_tell(struct compose *c, finding_fn *fn, void *ctx);
void compose_done(struct compose *c);

/* "0.3s", "12s", "4m 10s", "3h 5m", "2d 4h" */
void span_text(struct buf *to, usec length);
