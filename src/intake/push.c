/* SPDX-License-Identifier: Apache-2.0 */
#include "intake/push.h"
#include <assert.h>

#define MESSAGE_BYTES (256u << 10) /* a batch is passed on when it is so long … */
#define MESSAGE_LEAST                                                                              \
	(16u << 10) /* … and not begun in less room, so that batches stay worth it               \
		     */

void push_init(struct push *p, struct ring *ring, struct counts *counts)
{
	*p = (struct push){ .ring = ring, .counts = counts };
	push_now(p);
}

static size_t message_bytes(const struct push *p)
{
	size_t most = ring_size(p->ring) / 4;

	return most < MESSAGE_BYTES ? most : MESSAGE_BYTES;
}

/* Room for at least `need` bytes of a message. */
static int take_room(struct push *p, size_t need)
{
	assert(!p->at && !p->used); /* a message in the making would be lost */
	size_t usual = message_bytes(p);
	size_t least = need > MESSAGE_LEAST || usual < MESSAGE_LEAST ? need : MESSAGE_LEAST;

	for (size_t want = need > usual ? need : usual;; want = least) {
		int r = ring_room(p->ring, want, &p->room);

		if (!r) {
			p->cap = want;
			p->used = 0;
			p->wanted = 0;
			return 0;
		}
		if (r != RING_FULL || want == least)
			break;
	}
	/* Nobody can ask for more than half of the ring: intake_run() refuses such limits. */
	p->room = NULL;
	p->cap = p->used = 0;
	p->wanted = need > usual ? need : usual;
	return PUSH_FULL;
}

static void sent(struct push *p)
{
	count_add(&p->counts->batches, 1);
	if (!p->sample_end) {
		p->sample_start = clock_mono();
		p->sample_end = ring_pushed(p->ring);
	}
}

void push_flush(struct push *p)
{
	if (p->at)
		return; /* it waits for its position */
	if (p->used) {
		ring_push(p->ring, MSG_RECORDS, p->used);
		sent(p);
	}
	p->room = NULL;
	p->cap = p->used = 0;
}

int push_room(struct push *p, size_t need)
{
	if (p->at)
		return PUSH_SPLIT;
	push_flush(p);
	return take_room(p, need);
}

int push_begin(struct push *p, uint32_t handle, size_t first)
{
	int r;

	assert(!p->at);
	push_flush(p);
	/* The first record always fits, or PUSH_SPLIT would be answered for ever. */
	r = take_room(p, 8 + BATCH_POSITION_MAX + BATCH_HEAD + first);
	if (r)
		return r;
	p->at = handle;
	p->used = 8;
	p->cap -= BATCH_POSITION_MAX;
	return 0;
}

void push_end(struct push *p, struct bytes position)
{
	uint32_t head[2] = { p->at, (uint32_t)(p->used - 8) };
	uint32_t type = head[1] ? MSG_RECORDS_AT : MSG_POSITION;
	size_t used = head[1] ? p->used : 4;

	memcpy(p->room, head, used < 8 ? 4 : 8);
	if (position.len)
		memcpy(p->room + used, position.at, position.len);
	ring_push(p->ring, type, used + position.len);
	if (head[1])
		sent(p);
	count_add(&p->counts->positions, 1);
	p->at = 0;
	p->room = NULL;
	p->cap = p->used = 0;
}

int push_source(struct push *p, uint32_t handle, const struct source *def)
{
	uint16_t year = (uint16_t)def->year, zone = (uint16_t)(int16_t)def->zone_minutes;
	uint16_t host_n = (uint16_t)def->host.len, name_n = (uint16_t)def->name.len;
	uint8_t kind = (uint8_t)def->kind, *to;
	int r;

	push_flush(p);
	r = take_room(p, 13u + host_n + name_n);
	if (r)
		return r;
	to = p->room;
	memcpy(to, &handle, 4);
	memcpy(to + 4, &kind, 1);
	memcpy(to + 5, &year, 2);
	memcpy(to + 7, &zone, 2);
	memcpy(to + 9, &host_n, 2);
	if (host_n)
		memcpy(to + 11, def->host.at, host_n);
	memcpy(to + 11 + host_n, &name_n, 2);
	if (name_n)
		memcpy(to + 13 + host_n, def->name.at, name_n);
	ring_push(p->ring, MSG_SOURCE, 13u + host_n + name_n);
	p->room = NULL;
	p->cap = 0;
	return 0;
}

static int push_tagged(struct push *p, enum message type, uint32_t handle, struct bytes b)
{
	int r;

	push_flush(p);
	r = take_room(p, 4 + b.len);
	if (r)
		return r;
	memcpy(p->room, &handle, 4);
	if (b.len)
		memcpy(p->room + 4, b.at, b.len);
	ring_push(p->ring, type, 4 + b.len);
	p->room = NULL;
	p->cap = 0;
	return 0;
}

int push_position(struct push *p, uint32_t handle, struct bytes position)
{
	int r = push_tagged(p, MSG_POSITION, handle, position);

	if (!r)
		count_add(&p->counts->positions, 1);
	return r;
}

int push_note(struct push *p, uint32_t handle, struct bytes json)
{
	int r = push_tagged(p, MSG_NOTE, handle, json);

	if (!r)
		count_add(&p->counts->notes, 1);
	return r;
}

/* The timed batch has become durable: how long did that take? */
static void sample(struct push *p)
{
	usec took = clock_mono() - p->sample_start;
	unsigned bucket = 0;

	while (bucket < COUNT_BUCKETS - 1 && (1ll << bucket) < took)
		bucket++;
	count_add(&p->counts->ack[bucket], 1);
	p->sample_end = 0;
}

bool push_will_wait(struct push *p, bool for_room)
{
	if (for_room) {
		if (!p->full_since) {
			p->full_since = clock_mono();
			count_add(&p->counts->waits, 1);
		}
		return ring_will_wait_space(p->ring, p->wanted ? p->wanted : MESSAGE_LEAST);
	}
	if (p->sample_end && !ring_will_wait_durable(p->ring, p->sample_end))
		sample(p);
	return true;
}

void push_woken(struct push *p)
{
	ring_woken_space(p->ring);
	if (p->full_since) {
		count_add(&p->counts->wait_usec, (uint64_t)(clock_mono() - p->full_since));
		p->full_since = 0;
	}
	if (p->sample_end && ring_released(p->ring) >= p->sample_end)
		sample(p);
}
