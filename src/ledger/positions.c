/* SPDX-License-Identifier: Apache-2.0 */
/* An entry in a frame: u8 kind, u32le id (source or ring), u16le length, value. */
#include "ledger/positions.h"
#include "base/cursor.h"
#include <errno.h>
#include <stdlib.h>

enum { KIND_SOURCE = 0, KIND_RING = 1 };
#define NOWHERE UINT64_MAX

struct entry {
	struct buf durable, waiting;
	uint64_t segment; /* where the durable value lies; NOWHERE: there is none */
	bool dirty;
};

struct positions {
	struct entry *source; /* by id */
	uint32_t n;
	struct entry ring[POSITION_RINGS];
	uint32_t *dirty; /* ids of sources; rings are few enough to look at */
	size_t dirty_n, dirty_cap;
	bool ring_dirty;
};

struct positions *positions_new(void)
{
	struct positions *p = mem_new(1, sizeof(*p));

	for (unsigned i = 0; i < POSITION_RINGS; i++)
		p->ring[i].segment = NOWHERE;
	return p;
}

static void entry_done(struct entry *e)
{
	buf_done(&e->durable);
	buf_done(&e->waiting);
}

struct positions *positions_free(struct positions *p)
{
	if (!p)
		return NULL;
	for (uint32_t i = 0; i < p->n; i++)
		entry_done(&p->source[i]);
	for (unsigned i = 0; i < POSITION_RINGS; i++)
		entry_done(&p->ring[i]);
	free(p->source);
	free(p->dirty);
	free(p);
	return NULL;
}

static struct entry *source_entry(struct positions *p, uint32_t id)
{
	if (id >= p->n) {
		uint32_t n = id + 1 + id / 2;

		p->source = mem_must(realloc(p->source, n * sizeof(*p->source)));
		for (; p->n < n; p->n++)
			p->source[p->n] = (struct entry){ .segment = NOWHERE };
	}
	return &p->source[id];
}

static void set(struct entry *e, struct bytes value)
{
	buf_clear(&e->waiting);
	buf_bytes(&e->waiting, value);
	e->dirty = true;
}

int positions_set(struct positions *p, uint32_t source, struct bytes value)
{
	struct entry *e;

	if (value.len > POSITION_MAX || source >= UINT32_MAX / 2)
		return -EMSGSIZE;
	e = source_entry(p, source);
	if (!e->dirty) {
		if (p->dirty_n == p->dirty_cap) {
			p->dirty_cap = p->dirty_cap ? p->dirty_cap * 2 : 16;
			p->dirty = mem_must(realloc(p->dirty, p->dirty_cap * sizeof(*p->dirty)));
		}
		p->dirty[p->dirty_n++] = source;
	}
	set(e, value);
	return 0;
}

int positions_set_ring(struct positions *p, unsigned ring, uint64_t value)
{
	if (ring >= POSITION_RINGS)
		return -EINVAL;
	set(&p->ring[ring], bytes_of(&value, sizeof(value)));
	p->ring_dirty = true;
	return 0;
}

struct bytes positions_get(const struct positions *p, uint32_t source)
{
	if (source >= p->n || p->source[source].segment == NOWHERE)
		return (struct bytes){ NULL, 0 };
	return buf_view(&p->source[source].durable);
}

uint64_t positions_get_ring(const struct positions *p, unsigned ring)
{
	uint64_t v = 0;

	if (ring < POSITION_RINGS && p->ring[ring].durable.len == sizeof(v))
		memcpy(&v, p->ring[ring].durable.at, sizeof(v));
	return v;
}

bool positions_waiting(const struct positions *p)
{
	return p->dirty_n || p->ring_dirty;
}

static void entry_write(uint8_t kind, uint32_t id, const struct buf *value, struct buf *to)
{
	buf_u8(to, kind);
	buf_u32le(to, id);
	buf_u16le(to, (uint16_t)value->len);
	buf_add(to, value->at, value->len);
}

void positions_write(const struct positions *p, struct buf *to)
{
	for (size_t i = 0; i < p->dirty_n; i++)
		entry_write(KIND_SOURCE, p->dirty[i], &p->source[p->dirty[i]].waiting, to);
	for (uint32_t i = 0; i < POSITION_RINGS; i++) {
		if (p->ring[i].dirty)
			entry_write(KIND_RING, i, &p->ring[i].waiting, to);
	}
}

static void written(struct entry *e, uint64_t segment)
{
	struct buf old = e->durable;

	e->durable = e->waiting;
	e->waiting = old;
	e->segment = segment;
	e->dirty = false;
}

void positions_written(struct positions *p, uint64_t segment)
{
	for (size_t i = 0; i < p->dirty_n; i++)
		written(&p->source[p->dirty[i]], segment);
	p->dirty_n = 0;
	for (unsigned i = 0; i < POSITION_RINGS && p->ring_dirty; i++) {
		if (p->ring[i].dirty)
			written(&p->ring[i], segment);
	}
	p->ring_dirty = false;
}

static bool held(const struct entry *e, uint64_t segment)
{
	return e->segment != NOWHERE && e->segment <= segment;
}

size_t positions_held(const struct positions *p, uint64_t segment, struct buf *to)
{
	size_t n = 0;

	for (uint32_t i = 0; i < p->n; i++) {
		if (held(&p->source[i], segment)) {
			entry_write(KIND_SOURCE, i, &p->source[i].durable, to);
			n++;
		}
	}
	for (uint32_t i = 0; i < POSITION_RINGS; i++) {
		if (held(&p->ring[i], segment)) {
			entry_write(KIND_RING, i, &p->ring[i].durable, to);
			n++;
		}
	}
	return n;
}

void positions_moved(struct positions *p, uint64_t from, uint64_t to)
{
	for (uint32_t i = 0; i < p->n; i++) {
		if (held(&p->source[i], from))
			p->source[i].segment = to;
	}
	for (unsigned i = 0; i < POSITION_RINGS; i++) {
		if (held(&p->ring[i], from))
			p->ring[i].segment = to;
	}
}

int positions_read(struct positions *p, struct bytes b, uint64_t segment, uint32_t sources)
{
	struct cursor c = cursor_of(b);

	while (cur_left(&c)) {
		uint8_t kind = cur_u8(&c);
		uint32_t id = cur_u32le(&c);
		uint16_t len = cur_u16le(&c);
		struct bytes value = cur_take(&c, len);
		struct entry *e;

		if (c.bad || len > POSITION_MAX || kind > KIND_RING ||
		    (kind == KIND_RING && (id >= POSITION_RINGS || len != 8)) ||
		    (kind == KIND_SOURCE && id >= sources))
			return -EBADMSG;
		e = kind == KIND_RING ? &p->ring[id] : source_entry(p, id);
		buf_clear(&e->durable);
		buf_bytes(&e->durable, value);
		e->segment = segment;
	}
	return 0;
}
