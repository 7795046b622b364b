/* SPDX-License-Identifier: Apache-2.0 */
/* take.h — the keeper's end of one ring: its messages become calls of the ledger.
 * In: messages of intake/batch.h, which are bytes from outside (the intake may be somebody else's
 * by now). Out: pending records, sources, positions, notes. What was taken is given back to the
 * ring only by feed_durable(), after the commit.
 * Threads: one owner. Memory: none of its own; a message is used where it lies. */
#pragma once
#include "cmd/serve/places.h"
#include "cmd/serve/shared.h"
#include "intake/batch.h"
#include "ledger/ledger.h"

struct feed {
	unsigned index; /* number of the ring in the ledger */
	struct ring *ring;
	struct ring_notes *notes;
	struct ledger *ledger;
	struct keeper_numbers *numbers;
	struct places *places;
	/* The message in hand, when the disk was full in the middle of it. */
	bool in_hand;
	uint32_t type, handle;
	struct bytes message, position;
	struct cursor records;
	uint64_t taken; /* ring position behind the last whole message */
};

enum {
	FEED_MORE = 1, /* there may be more: the budget was used up */
	FEED_FULL = 2, /* the disk is full: call again later; do not commit meanwhile */
	FEED_BROKEN = 3, /* the ring holds what is no message: its producer cannot be believed */
};

/* Goes on where the last keeper stopped: what it had made durable but not released is skipped. */
int feed_start(struct feed *f);
/* 0: the ring is empty. Or an answer, or a failure of the ledger. */
int feed_take(struct feed *f, size_t budget_bytes);
int feed_before_commit(struct feed *f); /* the ring position goes into the same commit */
void feed_durable(struct feed *f);
