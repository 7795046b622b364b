/* SPDX-License-Identifier: Apache-2.0 */
/* What was learned, as bytes: so that a restart does not begin a warm-up anew. A state from
 * elsewhere is believed in nothing: parents stand before their children or it is none. */
#include "detect/silence_in.h"
#include <stdlib.h>

#define STATE_VERSION 2
#define ID_MAX (1u << 22)

static void save_bytes(struct buf *to, struct bytes b)
{
	buf_varint(to, b.len);
	buf_bytes(to, b);
}

static void save_pulse(struct buf *to, const struct pulse *p)
{
	buf_svarint(to, p->first);
	buf_svarint(to, p->last);
	buf_varint(to, p->n);
	if (p->n)
		tail_save(&p->tail, to);
}

static void save_talker(const struct talker *t, const uint32_t *place, struct buf *to)
{
	buf_u8(to, (uint8_t)t->kind);
	buf_u32le(to, t->parent == NOBODY ? NOBODY : place[t->parent]);
	buf_varint(to, t->id);
	buf_u8(to, (uint8_t)t->source_kind);
	save_bytes(to, t->host);
	save_bytes(to, t->name);
	save_pulse(to, &t->any);
	tail_save(&t->warped, to);
	buf_svarint(to, t->week.hour);
	if (t->week.hour) {
		buf_add(to, t->week.spoke, WEEK_HOURS);
		buf_add(to, t->week.seen, WEEK_HOURS);
	}
	buf_svarint(to, t->last_real);
	buf_varint(to, t->last_seq);
	buf_varint(to, t->last_line);
	buf_svarint(to, t->week_first);
	buf_u8(to, (uint8_t)(t->leaving | t->connected << 1 | t->closed << 2));
	buf_u8(to, (uint8_t)t->told);
	buf_svarint(to, t->told_at);
	buf_u8(to, (uint8_t)t->pending);
	buf_svarint(to, t->due);
	buf_svarint(to, t->noted);
	for (unsigned k = 0; k < LEVELS; k++) {
		save_pulse(to, &t->level[k].pulse);
		buf_varint(to, t->level[k].others);
		buf_varint(to, t->level[k].others_most);
		buf_u8(to, t->level[k].told);
	}
}

void silence_save(const struct silence *s, struct buf *to)
{
	uint32_t *place = mem_new(s->n + 1, sizeof(*place)), next = 0;

	buf_u8(to, STATE_VERSION);
	buf_u8(to, s->heartbeats);
	buf_svarint(to, s->alive == USEC_NONE ? -1 : s->alive);
	buf_svarint(to, s->asleep);
	buf_svarint(to, s->began == USEC_NONE ? -1 : s->began);
	buf_varint(to, s->live);
	/* A child may lie before its parent where freed places were taken: so kind by kind. */
	for (enum talker_kind kind = TALKER_ALL; kind <= TALKER_PROGRAM; kind++)
		for (size_t i = 0; i < s->n; i++)
			if (s->t[i].kind == kind) {
				place[i] = next++;
				save_talker(&s->t[i], place, to);
			}
	free(place);
}

static usec cur_time(struct cursor *c)
{
	int64_t t = cur_svarint(c);

	if (t < -(1LL << 60) || t > 1LL << 60) {
		c->bad = true;
		return 0;
	}
	return t;
}

static struct bytes cur_name(struct cursor *c)
{
	uint64_t n = cur_varint(c);

	if (n > NAME_MAX_BYTES)
		c->bad = true;
	return cur_take(c, c->bad ? 0 : n);
}

static void load_pulse(struct cursor *c, struct pulse *p)
{
	*p = (struct pulse){ .stale = true };
	p->first = cur_time(c);
	p->last = cur_time(c);
	p->n = cur_varint(c);
	if (p->n)
		tail_load(&p->tail, c);
	if (p->last < p->first)
		c->bad = true;
}

static enum cause cur_cause(struct cursor *c)
{
	uint8_t v = cur_u8(c);

	if (v >= CAUSE_N)
		c->bad = true;
	return c->bad ? CAUSE_NONE : (enum cause)v;
}

static void load_rest(struct cursor *c, struct talker *t)
{
	struct bytes hours;
	uint8_t flags;

	load_pulse(c, &t->any);
	tail_load(&t->warped, c);
	t->week.hour = cur_time(c);
	if (t->week.hour < 0)
		c->bad = true;
	if (t->week.hour) {
		hours = cur_take(c, 2 * WEEK_HOURS);
		if (hours.len) {
			memcpy(t->week.spoke, hours.at, WEEK_HOURS);
			memcpy(t->week.seen, hours.at + WEEK_HOURS, WEEK_HOURS);
		}
	}
	t->last_real = cur_time(c);
	t->last_seq = cur_varint(c);
	t->last_line = cur_varint(c);
	t->week_first = cur_time(c);
	flags = cur_u8(c);
	t->leaving = flags & 1;
	t->connected = flags & 2;
	t->closed = flags & 4;
	t->told = cur_cause(c);
	t->told_at = cur_time(c);
	t->pending = cur_cause(c);
	if (t->pending == CAUSE_COVERED)
		c->bad = true;
	t->due = cur_svarint(c);
	t->noted = cur_time(c);
	for (unsigned k = 0; k < LEVELS; k++) {
		load_pulse(c, &t->level[k].pulse);
		t->level[k].others = (uint32_t)cur_varint(c);
		t->level[k].others_most = (uint32_t)cur_varint(c) & INT32_MAX;
		t->level[k].told = cur_u8(c) & 1;
	}
}

/* A parent of a kind that stands above. */
static bool good_parent(const struct silence *s, enum talker_kind kind, uint32_t parent)
{
	return parent == NOBODY || (parent < s->n && s->t[parent].kind < kind);
}

static bool load_talker(struct silence *s, struct cursor *c)
{
	enum talker_kind kind = (enum talker_kind)cur_u8(c);
	uint32_t parent = cur_u32le(c);
	uint64_t id = cur_varint(c);
	uint8_t source_kind = cur_u8(c);
	struct bytes host = cur_name(c), name = cur_name(c);
	struct talker *t;

	if (c->bad || kind < TALKER_ALL || kind > TALKER_PROGRAM || id >= ID_MAX ||
	    source_kind >= SOURCE_KIND_N || !good_parent(s, kind, parent))
		return false;
	t = talker_new(s, kind, parent, host, name);
	if (!t)
		return false;
	t->id = (uint32_t)id;
	t->source_kind = (enum source_kind)source_kind;
	load_rest(c, t);
	if (t->told == CAUSE_COVERED) /* found out anew */
		t->told = CAUSE_NONE;
	return !c->bad && (kind != TALKER_SOURCE ||
			   (!talker_by_id(s, t->id) && by_id_set(s, t->id, talker_index(s, t))));
}

/* In place of what was there, but the options. */
static void take_over(struct silence *s, struct silence *from)
{
	struct silence old = *s;

	s->t = from->t;
	s->n = from->n;
	s->cap = from->cap;
	s->live = from->live;
	s->hint = from->hint;
	s->by_id = from->by_id;
	s->by_id_n = from->by_id_n;
	s->slots = from->slots;
	s->slots_n = from->slots_n;
	s->heartbeats = from->heartbeats;
	s->alive = from->alive;
	s->asleep = from->asleep;
	s->began = from->began;
	s->aged = from->aged;
	from->t = old.t;
	from->n = old.n;
	from->by_id = old.by_id;
	from->slots = old.slots;
}

bool silence_load(struct silence *s, struct bytes state)
{
	struct cursor c = cursor_of(state);
	struct silence_options o = s->o;
	struct silence *fresh;
	uint64_t n;
	bool good;

	o.expected_n = 0;
	if (cur_u8(&c) != STATE_VERSION || silence_new(&fresh, &o) < 0)
		return false;
	fresh->heartbeats = cur_u8(&c) & 1;
	fresh->alive = cur_time(&c);
	fresh->asleep = cur_time(&c);
	fresh->began = cur_time(&c);
	if (fresh->alive < 0)
		fresh->alive = USEC_NONE;
	if (fresh->began < 0)
		fresh->began = USEC_NONE;
	n = cur_varint(&c);
	good = !c.bad && n <= o.sources_max &&
	       (fresh->alive == USEC_NONE) == (fresh->began == USEC_NONE);
	for (uint64_t i = 0; i < n && good; i++)
		good = load_talker(fresh, &c);
	good = good && !c.bad && !cur_left(&c);
	if (good)
		take_over(s, fresh);
	silence_free(fresh);
	return good;
}
