/* SPDX-License-Identifier: Apache-2.0 */
/* build.h — making a block's payload out of records and their parsed events.
 * In: records of consecutive seq, each with its event (values pointing into raw, or constants).
 * Out: a payload that block/block.h decodes to the very records; self-contained.
 * Threads: one owner. Memory: some 150 bytes a record while building, beside the raw bytes of the
 * caller. */
#pragma once
#include "base/buf.h"
#include "event/event.h"
#include "event/record.h"

struct builder;

struct builder_options {
	int level; /* zstd level of text (0: by size of the block) */
	bool no_filter; /* leave the word filter out (it is left out of small blocks anyway) */
};

int builder_new(struct builder **ret, const struct builder_options *o);
struct builder *builder_free(struct builder *b);
/* raw is lent until builder_finish() (it lies in a mapped segment anyway); the event is only looked
 * at. The first record sets the block's first seq; seq must go up by one. */
void builder_add(struct builder *b, const struct record *r, const struct event *e);
/* Appends the payload to ret and forgets the records; the builder is ready for the next block. */
int builder_finish(struct builder *b, struct buf *ret);
