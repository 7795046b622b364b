/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/serve/take.h"
#include "base/buf.h"

#define POSITION_BITS 48
#define POSITION_MASK (((uint64_t)1 << POSITION_BITS) - 1)
#define NOTE_MAX 65536

static uint64_t stored(const struct feed *f, uint64_t position)
{
	return count_get(&f->notes->incarnation) << POSITION_BITS | (position & POSITION_MASK);
}

int feed_start(struct feed *f)
{
	uint64_t known = ledger_ring_position_of(f->ledger, f->index);
	uint32_t type;
	struct bytes skipped;

	ring_rewind(f->ring);
	f->taken = ring_taken(f->ring);
	if (!count_get(&f->notes->incarnation)) {
		uint64_t next = ((known >> POSITION_BITS) + 1) & 0xffff;

		count_set(&f->notes->incarnation, next ? next : 1);
		return 0;
	}
	if (known >> POSITION_BITS != count_get(&f->notes->incarnation))
		return 0; /* nothing of this start was committed yet */
	while (f->taken < (known & POSITION_MASK)) {
		if (ring_next(f->ring, &type, &skipped) != 0)
			return FEED_BROKEN;
		f->taken = ring_taken(f->ring);
	}
	ring_release(f->ring, f->taken);
	return 0;
}

/* Id of a handle, or 0 when it was never defined. */
static uint32_t id_of(struct feed *f, uint32_t handle)
{
	uint32_t id = handle < HANDLES_MAX ? f->notes->id[handle] : 0;

	if (!id)
		count_add(&f->numbers->unknown_handles, 1);
	return id;
}

static int take_source(struct feed *f)
{
	struct source def;
	uint32_t handle, id;
	int r = batch_source(f->message, &handle, &def);

	if (r != 0 || !handle || handle >= HANDLES_MAX || def.kind == SOURCE_SELF) {
		count_add(&f->numbers->bad_messages, 1);
		return 0;
	}
	r = ledger_source(f->ledger, &def, &id);
	if (r < 0)
		return r;
	f->notes->id[handle] = id;
	f->notes->place[handle] = places_of(f->places, &def, id);
	return 0;
}

/* The records that are left of the message in hand. */
static int take_records(struct feed *f)
{
	uint32_t last = 0, id = 0;

	for (;;) {
		struct cursor before = f->records;
		struct leaf_head head;
		struct bytes raw;
		int r = batch_next(&f->records, &head, &raw);

		if (r == BATCH_END)
			return 0;
		if (r == BATCH_BAD) {
			count_add(&f->numbers->bad_messages, 1);
			return 0;
		}
		if (head.source != last || !id) {
			id = id_of(f, head.source);
			last = head.source;
		}
		if (!id)
			continue;
		r = ledger_put(f->ledger, id, head.arrival, head.flags & RECORD_FLAGS, raw);
		if (r == -EMSGSIZE) {
			count_add(&f->numbers->bad_messages, 1);
			continue;
		}
		if (r < 0) {
			f->records = before; /* this one again, later */
			return r;
		}
		count_add(&f->numbers->records, 1);
		count_add(&f->numbers->bytes, raw.len);
	}
}

static int take_position(struct feed *f, uint32_t handle, struct bytes position)
{
	if (!id_of(f, handle))
		return 0;
	return ledger_position(f->ledger, f->notes->place[handle], position);
}

/* One JSON object of ours, as intake/note.h makes it; definitions of sources are the ledger's
 * alone. */
static bool good_note(struct bytes json)
{
	if (json.len > NOTE_MAX || !bytes_starts(json, BYTES("{\"event\":\"")) ||
	    bytes_starts(json, BYTES("{\"event\":\"source\"")) || !bytes_ends(json, BYTES("}")))
		return false;
	for (size_t i = 0; i < json.len; i++)
		if (json.at[i] < 0x20)
			return false;
	return true;
}

static int take_note(struct feed *f)
{
	struct buf text = { 0 };
	struct bytes json;
	uint32_t handle, id;
	int r = batch_note(f->message, &handle, &json);

	if (r != 0 || !good_note(json)) {
		count_add(&f->numbers->bad_messages, 1);
		return 0;
	}
	id = handle ? id_of(f, handle) : 0;
	buf_bytes(&text, bytes_sub(json, 0, json.len - 1));
	if (id)
		buf_printf(&text, ",\"source\":%u", id);
	buf_str(&text, "}");
	r = ledger_note(f->ledger, buf_view(&text));
	buf_done(&text);
	if (r == 0)
		count_add(&f->numbers->notes, 1);
	return r;
}

/* Looks at a new message; what can be interrupted is left to take_message(). */
static void begin(struct feed *f)
{
	f->position = (struct bytes){ NULL, 0 };
	f->records = cursor_of((struct bytes){ NULL, 0 });
	if (f->type == MSG_RECORDS)
		f->records = cursor_of(f->message);
	if (f->type == MSG_RECORDS_AT &&
	    batch_records_at(f->message, &f->handle, &f->records, &f->position) != 0) {
		count_add(&f->numbers->bad_messages, 1);
		f->records = cursor_of((struct bytes){ NULL, 0 });
		f->position = (struct bytes){ NULL, 0 };
	}
}

static int take_message(struct feed *f)
{
	struct bytes position;
	uint32_t handle;
	int r;

	switch (f->type) {
	case MSG_SOURCE:
		return take_source(f);
	case MSG_NOTE:
		return take_note(f);
	case MSG_POSITION:
		if (batch_position(f->message, &handle, &position) == 0)
			return take_position(f, handle, position);
		break;
	case MSG_RECORDS:
		return take_records(f);
	case MSG_RECORDS_AT:
		r = take_records(f);
		return r == 0 && f->position.len ? take_position(f, f->handle, f->position) : r;
	default:
		break;
	}
	count_add(&f->numbers->bad_messages, 1);
	return 0;
}

int feed_take(struct feed *f, size_t budget_bytes)
{
	size_t used = 0;
	int r;

	while (used < budget_bytes) {
		if (!f->in_hand) {
			r = ring_next(f->ring, &f->type, &f->message);
			if (r == RING_EMPTY)
				return 0;
			if (r < 0)
				return FEED_BROKEN;
			begin(f);
			f->in_hand = true;
		}
		r = take_message(f);
		if (r == -ENOSPC)
			return FEED_FULL;
		if (r < 0)
			return r;
		f->in_hand = false;
		used += f->message.len + 64;
		f->taken = ring_taken(f->ring);
	}
	return FEED_MORE;
}

int feed_before_commit(struct feed *f)
{
	return ledger_ring_position(f->ledger, f->index, stored(f, f->taken));
}

void feed_durable(struct feed *f)
{
	if (f->taken != ring_released(f->ring))
		ring_release(f->ring, f->taken);
}
