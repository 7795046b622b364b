/* SPDX-License-Identifier: Apache-2.0 */
/* What is known of accounts, as bytes: a restart does not make everybody a stranger. */
#include "base/cursor.h"
#include "detect/logins_in.h"

#define STATE_VERSION 1

void logins_save(const struct logins *l, struct buf *to)
{
	buf_u8(to, STATE_VERSION);
	buf_svarint(to, l->began);
	buf_svarint(to, l->now);
	buf_varint(to, keyed_n(l->accounts));
	for (struct account *a = keyed_first(l->accounts); a; a = keyed_next(l->accounts, a)) {
		keyed_save_key(to, a);
		buf_svarint(to, a->first);
		buf_svarint(to, a->last);
		buf_varint(to, a->n);
		buf_varint(to, a->networks);
		for (unsigned k = 0; k < HOURS; k++)
			buf_varint(to, a->hour[k]);
	}
	buf_varint(to, keyed_n(l->pairs));
	for (struct pair *p = keyed_first(l->pairs); p; p = keyed_next(l->pairs, p)) {
		keyed_save_key(to, p);
		buf_svarint(to, p->first);
		buf_svarint(to, p->last);
		buf_varint(to, p->n);
	}
}

static bool load_account(struct logins *l, struct cursor *c)
{
	struct bytes key = keyed_load_key(c);
	bool fresh;
	struct account *a = keyed_get(l->accounts, key, &fresh);

	a->first = keyed_load_time(c);
	a->last = keyed_load_time(c);
	a->n = (uint32_t)cur_varint(c);
	a->networks = (uint32_t)cur_varint(c);
	for (unsigned k = 0; k < HOURS; k++)
		a->hour[k] = (uint16_t)cur_varint(c);
	return fresh && !c->bad;
}

static bool load_pair(struct logins *l, struct cursor *c)
{
	struct bytes key = keyed_load_key(c);
	bool fresh;
	struct pair *p = keyed_get(l->pairs, key, &fresh);

	p->first = keyed_load_time(c);
	p->last = keyed_load_time(c);
	p->n = cur_varint(c);
	return fresh && !c->bad;
}

bool logins_load(struct logins *l, struct bytes state)
{
	struct cursor c = cursor_of(state);
	struct logins *fresh;
	bool good;
	uint64_t n;

	if (cur_u8(&c) != STATE_VERSION)
		return false;
	logins_new(&fresh, &l->o);
	fresh->began = keyed_load_time(&c);
	fresh->now = keyed_load_time(&c);
	n = cur_varint(&c);
	good = !c.bad && n <= l->o.users_max;
	for (uint64_t i = 0; i < n && good; i++)
		good = load_account(fresh, &c);
	n = cur_varint(&c);
	good = good && !c.bad && n <= l->o.pairs_max;
	for (uint64_t i = 0; i < n && good; i++)
		good = load_pair(fresh, &c);
	good = good && !c.bad && !cur_left(&c);
	if (good) {
		struct keyed *accounts = l->accounts, *pairs = l->pairs;

		l->accounts = fresh->accounts;
		l->pairs = fresh->pairs;
		l->began = fresh->began;
		l->now = fresh->now;
		fresh->accounts = accounts;
		fresh->pairs = pairs;
	}
	logins_free(fresh);
	return good;
}
