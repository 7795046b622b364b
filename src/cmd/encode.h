/* SPDX-License-Identifier: Apache-2.0 */
/* encode.h — records become the payload of a block: each is parsed, shown to whoever looks on
 * (detection: so nothing is parsed twice), and given to the builder. For the analyst of serve,
 * record by record while the segment still grows, and for import, a closed segment at a time.
 * Threads: one owner. Memory: a builder, a scratch arena, the payload. */
#pragma once
#include "base/buf.h"
#include "event/event.h"
#include "event/source.h"
#include "ledger/segment.h"

struct encoder;
/* Source by id; NULL: unknown. Lent during the call. */
typedef const struct source *encoder_source_fn(void *ctx, uint32_t id);
/* One record as it was parsed. All is lent during the call. */
typedef void encoder_look_fn(void *ctx, const struct record *r, const struct source *s,
			     const struct event *e);

int encoder_new(struct encoder **ret, encoder_source_fn *fn, void *ctx);
struct encoder *encoder_free(struct encoder *e);

/* plain: no parser looks at it (it may have crashed one); its fields are found when somebody asks.
 * raw is lent until encoder_finish(). look may be NULL. */
void encoder_add(struct encoder *e, const struct record *r, bool plain, encoder_look_fn *look,
		 void *ctx);
/* Parses and shows a record without building anything: for looking at history again. */
void encoder_show(struct encoder *e, const struct record *r, encoder_look_fn *look, void *ctx);
/* Appends the payload of all that was added, and begins anew. */
int encoder_finish(struct encoder *e, struct buf *ret);

/* A whole segment. Appends to ret. */
int encoder_run(struct encoder *e, const struct segment *s, bool plain, struct buf *ret);
