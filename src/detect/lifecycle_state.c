/* SPDX-License-Identifier: Apache-2.0 */
/* What is known of hosts and services, as bytes. What waits to be told waits on. */
#include "base/cursor.h"
#include "detect/lifecycle_in.h"

#define STATE_VERSION 1

static void save_ref(struct buf *to, const struct record_ref *r)
{
	buf_varint(to, r->seq);
	buf_varint(to, r->line);
}

void lifecycle_save(const struct lifecycle *l, struct buf *to)
{
	buf_u8(to, STATE_VERSION);
	buf_svarint(to, l->now);
	buf_varint(to, keyed_n(l->hosts));
	for (struct host *h = keyed_first(l->hosts); h; h = keyed_next(l->hosts, h)) {
		keyed_save_key(to, h);
		buf_svarint(to, h->first);
		buf_svarint(to, h->last);
		buf_svarint(to, h->shutdown);
		buf_svarint(to, h->booted);
		buf_u64le(to, h->cmdline);
		buf_svarint(to, h->upgrade_first);
		buf_svarint(to, h->upgrade_last);
		buf_varint(to, h->packages);
		buf_varint(to, h->names_len);
		buf_add(to, h->names, h->names_len);
		save_ref(to, &h->upgrade_ref);
	}
	buf_varint(to, keyed_n(l->services));
	for (struct service *s = keyed_first(l->services); s; s = keyed_next(l->services, s)) {
		keyed_save_key(to, s);
		buf_svarint(to, s->started);
		buf_svarint(to, s->stopped);
		buf_svarint(to, s->stopping);
		buf_svarint(to, s->reloaded);
		for (unsigned k = 0; k < CRASHES; k++)
			buf_svarint(to, s->crash[k]);
		buf_u8(to, (uint8_t)(s->crash_at % CRASHES));
		buf_u8(to, s->oneshot);
		buf_svarint(to, s->held);
		save_ref(to, &s->held_ref);
		buf_svarint(to, s->loop_told);
	}
}

static struct record_ref cur_ref(struct cursor *c)
{
	struct record_ref r = { .seq = cur_varint(c) };

	r.line = cur_varint(c);
	return r;
}

static bool load_host(struct lifecycle *l, struct cursor *c)
{
	struct bytes key = keyed_load_key(c), names;
	uint64_t n;
	bool fresh;
	struct host *h = keyed_get(l->hosts, key, &fresh);

	h->first = keyed_load_time(c);
	h->last = keyed_load_time(c);
	h->shutdown = keyed_load_time(c);
	h->booted = keyed_load_time(c);
	h->cmdline = cur_u64le(c);
	h->upgrade_first = keyed_load_time(c);
	h->upgrade_last = keyed_load_time(c);
	h->packages = (uint32_t)cur_varint(c);
	n = cur_varint(c);
	names = cur_take(c, n <= NAMES_BYTES ? n : UINT64_MAX);
	if (names.len)
		memcpy(h->names, names.at, names.len);
	h->names_len = (uint16_t)names.len;
	h->upgrade_ref = cur_ref(c);
	return fresh && !c->bad;
}

static bool load_service(struct lifecycle *l, struct cursor *c)
{
	struct bytes key = keyed_load_key(c);
	bool fresh;
	struct service *s = keyed_get(l->services, key, &fresh);

	s->started = keyed_load_time(c);
	s->stopped = keyed_load_time(c);
	s->stopping = keyed_load_time(c);
	s->reloaded = keyed_load_time(c);
	for (unsigned k = 0; k < CRASHES; k++)
		s->crash[k] = keyed_load_time(c);
	s->crash_at = cur_u8(c) % CRASHES;
	s->oneshot = cur_u8(c) & 1;
	s->held = keyed_load_time(c);
	s->held_ref = cur_ref(c);
	s->loop_told = keyed_load_time(c);
	return fresh && !c->bad;
}

bool lifecycle_load(struct lifecycle *l, struct bytes state)
{
	struct cursor c = cursor_of(state);
	struct lifecycle *fresh;
	bool good;
	uint64_t n;

	if (cur_u8(&c) != STATE_VERSION)
		return false;
	lifecycle_new(&fresh, &l->o);
	fresh->now = keyed_load_time(&c);
	n = cur_varint(&c);
	good = !c.bad && n <= l->o.hosts_max;
	for (uint64_t i = 0; i < n && good; i++)
		good = load_host(fresh, &c);
	n = cur_varint(&c);
	good = good && !c.bad && n <= l->o.services_max;
	for (uint64_t i = 0; i < n && good; i++)
		good = load_service(fresh, &c);
	good = good && !c.bad && !cur_left(&c);
	if (good) {
		struct keyed *services = l->services, *hosts = l->hosts;

		l->services = fresh->services;
		l->hosts = fresh->hosts;
		l->now = fresh->now;
		l->due = 0; /* whatever waits is looked at with the next record */
		fresh->services = services;
		fresh->hosts = hosts;
	}
	lifecycle_free(fresh);
	return good;
}
