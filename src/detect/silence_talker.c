/* SPDX-License-Identifier: Apache-2.0 */
/* Who speaks: talkers are made when they first do, and found by the id of their source or, for
 * networks, hosts and programs, by name in a table with a keyed hash. */
#include "base/hash.h"
#include "detect/silence_in.h"
#include <assert.h>
#include <stdlib.h>

uint32_t talker_index(const struct silence *s, const struct talker *t)
{
	return (uint32_t)(t - s->t);
}

static struct bytes keep(struct bytes b)
{
	uint8_t *p;

	b = bytes_sub(b, 0, NAME_MAX_BYTES);
	p = mem_must(malloc(b.len + 1));
	if (b.len)
		memcpy(p, b.at, b.len);
	p[b.len] = 0;
	return bytes_of(p, b.len);
}

uint64_t talker_key(enum talker_kind kind, uint32_t parent, struct bytes host, struct bytes name)
{
	uint8_t text[8 + 2 * NAME_MAX_BYTES];
	uint32_t head[2] = { (uint32_t)kind, parent };

	host = bytes_sub(host, 0, NAME_MAX_BYTES);
	name = bytes_sub(name, 0, NAME_MAX_BYTES);
	memcpy(text, head, 8);
	if (host.len)
		memcpy(text + 8, host.at, host.len);
	if (name.len)
		memcpy(text + 8 + host.len, name.at, name.len);
	return hash_keyed(bytes_of(text, 8 + host.len + name.len));
}

static bool is_talker(const struct talker *t, enum talker_kind kind, uint32_t parent,
		      struct bytes host, struct bytes name)
{
	return t->kind == kind && t->parent == parent &&
	       bytes_eq(t->host, bytes_sub(host, 0, NAME_MAX_BYTES)) &&
	       bytes_eq(t->name, bytes_sub(name, 0, NAME_MAX_BYTES));
}

static struct talker *find(struct silence *s, enum talker_kind kind, uint32_t parent,
			   struct bytes host, struct bytes name)
{
	size_t mask = s->slots_n - 1, at = talker_key(kind, parent, host, name) & mask;

	for (; s->slots[at]; at = (at + 1) & mask) {
		struct talker *t = &s->t[s->slots[at] - 1];

		if (is_talker(t, kind, parent, host, name))
			return t;
	}
	return NULL;
}

void talker_index_in(struct silence *s, uint32_t index)
{
	const struct talker *t = &s->t[index];
	size_t mask = s->slots_n - 1;
	size_t at = talker_key(t->kind, t->parent, t->host, t->name) & mask;

	while (s->slots[at])
		at = (at + 1) & mask;
	s->slots[at] = index + 1;
}

static void index_all(struct silence *s)
{
	memset(s->slots, 0, s->slots_n * sizeof(*s->slots));
	for (size_t i = 0; i < s->n; i++)
		if (s->t[i].kind != TALKER_FREE && s->t[i].kind != TALKER_SOURCE)
			talker_index_in(s, (uint32_t)i);
}

struct talker *talker_new(struct silence *s, enum talker_kind kind, uint32_t parent,
			  struct bytes host, struct bytes name)
{
	uint32_t index;

	if (s->live == s->o.sources_max) {
		s->counts.unmodelled++;
		return NULL;
	}
	if (s->live < s->n) {
		while (s->t[s->hint].kind != TALKER_FREE)
			s->hint = (s->hint + 1) % s->n;
		index = (uint32_t)s->hint;
	} else {
		if (s->n == s->cap) {
			s->cap = s->cap ? s->cap * 2 : 64;
			s->t = mem_must(realloc(s->t, s->cap * sizeof(*s->t)));
		}
		index = (uint32_t)s->n++;
	}
	s->t[index] = (struct talker){ .kind = kind, .parent = parent, .cover = NOBODY };
	s->t[index].host = keep(host);
	s->t[index].name = keep(name);
	s->live++;
	if (parent != NOBODY)
		s->t[parent].children++;
	if (kind != TALKER_SOURCE)
		talker_index_in(s, index);
	return &s->t[index];
}

/* Whoever is below it must have gone before. */
void talker_forget(struct silence *s, struct talker *t)
{
	uint32_t index = talker_index(s, t), up = t->parent;

	if (t->children)
		return;
	for (size_t i = 0; i < s->n; i++) {
		if (s->t[i].cover == index)
			s->t[i].cover = NOBODY;
	}
	if (t->kind == TALKER_SOURCE && t->id < s->by_id_n)
		s->by_id[t->id] = NOBODY;
	free((void *)(uintptr_t)t->host.at);
	free((void *)(uintptr_t)t->name.at);
	*t = (struct talker){ .kind = TALKER_FREE, .cover = NOBODY };
	s->live--;
	if (up != NOBODY)
		s->t[up].children--;
	index_all(s);
}

struct talker *talker_by_id(struct silence *s, uint32_t id)
{
	return id < s->by_id_n && s->by_id[id] != NOBODY ? &s->t[s->by_id[id]] : NULL;
}

#define IDS_MAX (1u << 22)

bool by_id_set(struct silence *s, uint32_t id, uint32_t index)
{
	if (id >= IDS_MAX)
		return false;
	if (id >= s->by_id_n) {
		size_t n = s->by_id_n ? s->by_id_n : 64;

		while (n <= id)
			n *= 2;
		s->by_id = mem_must(realloc(s->by_id, n * sizeof(*s->by_id)));
		for (size_t i = s->by_id_n; i < n; i++)
			s->by_id[i] = NOBODY;
		s->by_id_n = n;
	}
	s->by_id[id] = index;
	return true;
}

/* "192.0.2." or "2001:db8:1:2": the addresses that share a way to us; empty where it is no address.
 */
static struct bytes network_of(const struct source *src)
{
	struct bytes a = src->name;
	size_t colons = 0;

	if (src->kind != SOURCE_SYSLOG_UDP && src->kind != SOURCE_SYSLOG_TCP)
		return BYTES("");
	for (size_t i = 0; i < a.len; i++) {
		if (a.at[i] == ':' && ++colons == 4)
			return bytes_sub(a, 0, i);
	}
	if (colons > 1)
		return a;
	for (size_t i = a.len; i-- > 0;)
		if (a.at[i] == '.')
			return bytes_sub(a, 0, i + 1);
	return BYTES("");
}

static uint32_t find_or_make(struct silence *s, enum talker_kind kind, uint32_t parent,
			     struct bytes host, struct bytes name)
{
	struct talker *t = find(s, kind, parent, host, name);

	if (!t)
		t = talker_new(s, kind, parent, host, name);
	return t ? talker_index(s, t) : NOBODY;
}

static struct talker *make(struct silence *s, const struct item *i, bool alone)
{
	const struct source *src = i->source;
	uint32_t up = NOBODY;
	struct bytes net;
	struct talker *t;

	if (!alone) {
		net = network_of(src);
		up = find_or_make(s, TALKER_ALL, NOBODY, BYTES(""), BYTES(""));
		if (net.len && up != NOBODY)
			up = find_or_make(s, TALKER_NET, up, BYTES(""), net);
		if (up != NOBODY)
			up = find_or_make(s, TALKER_HOST, up, src->host, BYTES(""));
	}
	t = talker_new(s, TALKER_SOURCE, up, src->host, src->name);
	if (!t)
		return NULL;
	t->id = src->id;
	t->source_kind = src->kind;
	t->connected = src->kind == SOURCE_SYSLOG_TCP; /* that was noted before it first spoke */
	if (!by_id_set(s, src->id, talker_index(s, t))) {
		talker_forget(s, t);
		return NULL;
	}
	return t;
}

struct talker *talker_of(struct silence *s, const struct item *i)
{
	struct talker *t = talker_by_id(s, i->source->id);

	return t ? t : make(s, i, s->o.by_time || i->source->kind == SOURCE_IMPORT);
}

/* Behind one sender there may be many hosts and programs: by the names they claim. */
struct talker *talker_program(struct silence *s, struct talker *source, const struct item *i)
{
	struct bytes host = event_get(i->event, FIELD_SYSLOG_HOSTNAME);
	struct bytes name = event_get(i->event, FIELD_PROCESS_NAME);
	uint32_t at;

	if (!name.len || s->live > s->o.sources_max / 4 * 3)
		return NULL;
	if (!host.len)
		host = i->source->host;
	at = find_or_make(s, TALKER_PROGRAM, talker_index(s, source), host, name);
	if (at == NOBODY)
		return NULL;
	s->t[at].source_kind = i->source->kind;
	return &s->t[at];
}
