/* SPDX-License-Identifier: Apache-2.0 */
/* encode.h — a closed segment becomes the payload of a block: every record is parsed and given to
 * the builder. For the analyst of serve and the second thread of import.
 * Threads: one owner. Memory: a builder, a scratch arena, the payload. */
#pragma once
#include "base/buf.h"
#include "event/source.h"
#include "ledger/segment.h"

struct encoder;
/* Source by id; NULL: unknown. Lent during the call. */
typedef const struct source *encoder_source_fn(void *ctx, uint32_t id);

int encoder_new(struct encoder **ret, encoder_source_fn *fn, void *ctx);
struct encoder *encoder_free(struct encoder *e);
/* plain: no parser looks at the records (one of them may have crashed it); their fields are found
 * when somebody asks. Appends to ret. */
int encoder_run(struct encoder *e, const struct segment *s, bool plain, struct buf *ret);
