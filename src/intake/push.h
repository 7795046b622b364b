/* SPDX-License-Identifier: Apache-2.0 */
/* push.h — records go into messages of batch.h, built in the room of the ring: one copy.
 * In: records, positions, notes. Out: messages on the ring. A record's arrival is the time of the
 * last push_now(), taken once for what one call to the kernel brought.
 * Threads: one owner, the ring's producer. Memory: none but the ring's. */
#pragma once
#include "base/buf.h"
#include "intake/batch.h"
#include "intake/counts.h"

/* A full ring is back-pressure: the caller keeps the bytes and tries again when there is space.
 * PUSH_SPLIT: the message of push_begin() is full: end it with a position, begin another. */
enum { PUSH_FULL = 1, PUSH_SPLIT = 2 };

struct push {
	struct ring *ring;
	struct counts *counts; /* never NULL */
	usec arrival;
	uint8_t *room; /* of the message in the making, NULL: none */
	size_t cap, used;
	uint32_t at; /* handle of a MSG_RECORDS_AT in the making, 0: MSG_RECORDS */
	size_t wanted; /* room that was missing at the last PUSH_FULL */
	/* One batch at a time is timed until it is durable. */
	uint64_t sample_end;
	usec sample_start;
	usec full_since; /* 0: not waiting */
};

void push_init(struct push *p, struct ring *ring, struct counts *counts);

static inline void push_now(struct push *p)
{
	p->arrival = clock_real();
}

int push_room(struct push *p, size_t need); /* the slow part of push_record() */

/* row: of the source, or NULL. 0, PUSH_FULL, or PUSH_SPLIT (between begin and end only). */
static inline int push_record(struct push *p, uint32_t handle, struct count_row *row,
			      uint32_t flags, struct bytes raw)
{
	struct leaf_head head = { p->arrival, handle, flags };
	size_t need = BATCH_HEAD + raw.len;
	uint32_t len = (uint32_t)raw.len;
	uint8_t *to;

	if (__builtin_expect(p->cap - p->used < need, 0)) {
		int r = push_room(p, need);

		if (r)
			return r;
	}
	to = p->room + p->used;
	memcpy(to, &len, 4);
	memcpy(to + 4, &head, sizeof(head));
	if (raw.len)
		memcpy(to + BATCH_HEAD, raw.at, raw.len);
	p->used += need;
	count_add(&p->counts->records, 1);
	count_add(&p->counts->bytes, raw.len);
	if (row) {
		count_add(&row->records, 1);
		count_add(&row->bytes, raw.len);
		count_set(&row->last, (uint64_t)p->arrival);
	}
	if (__builtin_expect((flags & RECORD_END_MASK) == END_CUT, 0)) {
		count_add(&p->counts->cut, 1);
		if (row)
			count_add(&row->cut, 1);
	}
	return 0;
}

/* Changes with whatever is given: has somebody had his turn, before the ring was full? */
static inline uint64_t push_given(const struct push *p)
{
	return ring_pushed(p->ring) + p->used;
}

void push_flush(struct push *p); /* what is in the making goes out now */

/* Records and the position after them as one message: all or nothing becomes durable.
 * push_begin(), push_record() of any source, push_end(); nothing else in between. A message without
 * records is a MSG_POSITION. */
int push_begin(struct push *p, uint32_t handle, size_t first); /* first record; 0 or PUSH_FULL */
void push_end(struct push *p, struct bytes position); /* at most BATCH_POSITION_MAX */

int push_source(struct push *p, uint32_t handle, const struct source *def); /* 0 or PUSH_FULL */
int push_position(struct push *p, uint32_t handle, struct bytes position); /* 0 or PUSH_FULL */
int push_note(struct push *p, uint32_t handle, struct bytes json); /* 0 or PUSH_FULL */

/* Arranges to be woken through ring_space_fd() for what it waits for: room after a PUSH_FULL, a
 * timed batch's becoming durable. False: do not sleep, something has come already. */
bool push_will_wait(struct push *p, bool for_room);
void push_woken(struct push *p); /* after waking, or at any time: looks what has become durable */
