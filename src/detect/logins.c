/* SPDX-License-Identifier: Apache-2.0 */
#include "detect/logins_in.h"
#include <stdio.h>
#include <stdlib.h>

#define HOUR (3600 * USEC_PER_SEC)
#define HOURS_LEAST 40u /* logins before an hour can be unusual */
#define HOURS_DAYS (14 * USEC_PER_DAY)
#define ROAMING 20u /* networks: from then on a new one is nothing special */
#define CHAIN_LASTS (12 * HOUR)

enum first { FIRST_KEY, FIRST_SOURCE, UNUSUAL_HOUR, FIRST_SUDO };

static const struct {
	const char *id, *title;
	enum level level;
	const char *tag;
} firsts[] = {
	[FIRST_KEY] = { "vedette.login.first-key", "A login with a key that was never seen",
			LEVEL_MEDIUM, "attack.t1098.004" },
	[FIRST_SOURCE] = { "vedette.login.first-source",
			   "A login from a network that was never seen", LEVEL_MEDIUM,
			   "attack.t1078" },
	[UNUSUAL_HOUR] = { "vedette.login.unusual-hour", "A login at an unusual hour", LEVEL_LOW,
			   "attack.t1078" },
	[FIRST_SUDO] = { "vedette.login.first-sudo", "An account became another for the first time",
			 LEVEL_MEDIUM, "attack.t1548.003" },
};

int logins_new(struct logins **ret, const struct logins_options *o)
{
	struct logins *l = mem_new(1, sizeof(*l));

	l->o = *o;
	if (!l->o.users_max)
		l->o.users_max = 16384;
	if (!l->o.pairs_max)
		l->o.pairs_max = 65536;
	if (!l->o.warm_up)
		l->o.warm_up = 3 * USEC_PER_DAY;
	if (!l->o.forget)
		l->o.forget = 90 * USEC_PER_DAY;
	l->accounts = keyed_new(sizeof(struct account), l->o.users_max, NULL);
	l->pairs = keyed_new(sizeof(struct pair), l->o.pairs_max, NULL);
	l->terminals = keyed_new(sizeof(struct terminal), l->o.users_max, NULL);
	*ret = l;
	return 0;
}

struct logins *logins_free(struct logins *l)
{
	if (!l)
		return NULL;
	keyed_free(l->accounts);
	keyed_free(l->pairs);
	keyed_free(l->terminals);
	compose_done(&l->compose);
	free(l);
	return NULL;
}

void logins_calendar(struct logins *l, struct calendar *c)
{
	l->o.calendar = c;
}

static bool is_warm(const struct logins *l)
{
	return l->now - l->began >= l->o.warm_up;
}

/* Was this of the account known? Now it is. */
static bool learn(struct logins *l, char kind, struct bytes account, struct bytes thing, usec at)
{
	uint8_t key[KEYED_KEY];
	bool fresh;
	struct pair *p;

	account = bytes_sub(account, 0, 200);
	thing = bytes_sub(thing, 0, KEYED_KEY - 202);
	key[0] = (uint8_t)kind;
	memcpy(key + 1, account.at, account.len);
	key[1 + account.len] = 0;
	memcpy(key + 2 + account.len, thing.at, thing.len);
	p = keyed_get(l->pairs, bytes_of(key, 2 + account.len + thing.len), &fresh);
	if (!fresh && at - p->last > l->o.forget)
		fresh = true;
	if (!p->n++)
		p->first = at;
	if (at > p->last)
		p->last = at;
	return !fresh;
}

static void tell(struct logins *l, enum first what, const struct item *i, struct bytes account,
		 const char *words, struct bytes thing, const char *name, int lower, finding_fn *fn,
		 void *ctx)
{
	struct compose *c = &l->compose;
	struct bytes host = event_get(i->event, FIELD_HOST_NAME), window;
	struct calendar_ask ask = { i->time, host, event_get(i->event, FIELD_PROCESS_NAME), account,
				    CALENDAR_LOGIN };
	int level = (int)firsts[what].level - lower;

	compose_begin(c, firsts[what].id, firsts[what].title, (enum level)(level < 0 ? 0 : level),
		      i->time);
	compose_tag(c, firsts[what].tag);
	compose_item(c, i);
	compose_entity(c, "user.name", account);
	compose_entity(c, "host.name", host);
	compose_detail(c, name, thing);
	compose_detail(c, "source.ip", event_get(i->event, FIELD_SOURCE_IP));
	compose_detail(c, "ssh.key", event_get(i->event, FIELD_SSH_KEY));
	compose_detail(c, "process.command_line", event_get(i->event, FIELD_PROCESS_COMMAND));
	compose_say_bytes(c, account);
	compose_say(c, " on ");
	compose_say_bytes(c, host);
	compose_say(c, words);
	compose_say_bytes(c, thing);
	if (calendar_covers(l->o.calendar, &ask, &window)) {
		c->f.level = LEVEL_INFORMATIONAL;
		compose_detail(c, "vedette.window", window);
	}
	l->counts.told++;
	compose_tell(c, fn, ctx);
}

/* 192.0.2.7 is of 192.0.2, an IPv6 address of its first four groups. */
static struct bytes network_of(struct bytes a)
{
	size_t colons = 0;

	for (size_t i = 0; i < a.len; i++)
		if (a.at[i] == ':' && ++colons == 4)
			return bytes_sub(a, 0, i);
	if (colons)
		return a;
	for (size_t i = a.len; i-- > 0;)
		if (a.at[i] == '.')
			return bytes_sub(a, 0, i);
	return a;
}

static unsigned hour_of(usec at)
{
	int64_t day = at / USEC_PER_DAY; /* the first was a Thursday */
	bool weekend = (day + 3) % 7 >= 5;

	return (unsigned)(at / HOUR % 24) + (weekend ? 24 : 0);
}

/* An hour is unusual when it and its neighbours hold less than one in a hundred of all logins. */
static bool is_unusual(const struct account *a, unsigned hour)
{
	unsigned base = hour / 24 * 24, near = 0, all = 0;

	for (unsigned k = 0; k < HOURS; k++)
		all += a->hour[k];
	for (unsigned k = 23; k <= 25; k++)
		near += a->hour[base + (hour - base + k) % 24];
	return all >= HOURS_LEAST && near * 100 < all;
}

static void count_hour(struct account *a, unsigned hour)
{
	if (a->hour[hour] == UINT16_MAX)
		for (unsigned k = 0; k < HOURS; k++)
			a->hour[k] /= 2;
	a->hour[hour]++;
}

static void logged_in(struct logins *l, const struct item *i, struct bytes name, finding_fn *fn,
		      void *ctx)
{
	struct bytes ip = event_get(i->event, FIELD_SOURCE_IP), key, network = network_of(ip);
	unsigned hour = hour_of(i->time);
	bool fresh, warm = is_warm(l);
	struct account *a = keyed_get(l->accounts, name, &fresh);

	l->counts.logins++;
	key = event_get(i->event, FIELD_SSH_KEY);
	if (key.len && !learn(l, 'k', name, key, i->time) && warm)
		tell(l, FIRST_KEY, i, name, " logged in with a new key: ", key, "ssh.key", 0, fn,
		     ctx);
	if (network.len && !learn(l, 'n', name, network, i->time)) {
		a->networks += a->networks < UINT32_MAX;
		if (warm)
			tell(l, FIRST_SOURCE, i, name, " logged in from a new network: ", ip,
			     "vedette.network", a->networks > ROAMING ? 1 : 0, fn, ctx);
	}
	if (warm && a->n && i->time - a->first >= HOURS_DAYS && is_unusual(a, hour)) {
		char text[16];

		snprintf(text, sizeof(text), "%02u:00 UTC", hour % 24);
		tell(l, UNUSUAL_HOUR, i, name, " logged in at an unusual hour: ", bytes_str(text),
		     "vedette.hour", 0, fn, ctx);
	}
	count_hour(a, hour);
	if (!a->n++)
		a->first = i->time;
	if (i->time > a->last)
		a->last = i->time;
}

static void chain_add(struct terminal *t, struct bytes b)
{
	size_t n = b.len < CHAIN_BYTES - t->len ? b.len : CHAIN_BYTES - t->len;

	memcpy(t->chain + t->len, b.at, n);
	t->len = (uint16_t)(t->len + n);
}

/* On one terminal: whoever alice has become may become somebody else. */
static struct bytes chain(struct logins *l, const struct item *i, struct bytes from,
			  struct bytes to)
{
	struct bytes host = bytes_sub(event_get(i->event, FIELD_HOST_NAME), 0, 200);
	struct bytes tty = bytes_sub(event_get(i->event, FIELD_PROCESS_TTY), 0, 100);
	uint8_t key[304];
	struct bytes whole;
	struct terminal *t;
	bool fresh;

	memcpy(key, host.at ? host.at : key, host.len);
	key[host.len] = 0;
	memcpy(key + host.len + 1, tty.at ? tty.at : key, tty.len);
	t = keyed_get(l->terminals, bytes_of(key, host.len + 1 + tty.len), &fresh);
	whole = bytes_of(t->chain, t->len);
	if (!tty.len || i->time - t->last > CHAIN_LASTS || i->time < t->last ||
	    !bytes_ends(whole, from) || t->len + to.len + 3 > CHAIN_BYTES) {
		t->len = 0;
		chain_add(t, from);
	}
	chain_add(t, BYTES(" > "));
	chain_add(t, to);
	t->last = i->time;
	return bytes_of(t->chain, t->len);
}

static void became(struct logins *l, const struct item *i, struct bytes name, finding_fn *fn,
		   void *ctx)
{
	struct bytes to = event_get(i->event, FIELD_USER_EFFECTIVE_NAME), whole;

	if (!to.len)
		to = BYTES("root");
	if (bytes_eq(name, to))
		return;
	whole = chain(l, i, name, to);
	if (!learn(l, 's', name, to, i->time) && is_warm(l))
		tell(l, FIRST_SUDO, i, name, " became another account: ", whole, "vedette.chain", 0,
		     fn, ctx);
}

void logins_record(struct logins *l, const struct item *i, finding_fn *fn, void *ctx)
{
	struct bytes act, name;

	l->counts.records++;
	if (!event_has(i->event, FIELD_EVENT_ACTION) || !event_has(i->event, FIELD_USER_NAME) ||
	    !bytes_eq(event_get(i->event, FIELD_EVENT_OUTCOME), BYTES("success")) ||
	    i->time == USEC_NONE || i->time <= 0)
		return;
	act = event_get(i->event, FIELD_EVENT_ACTION);
	name = event_get(i->event, FIELD_USER_NAME);
	if (!l->began)
		l->began = i->time;
	if (i->time > l->now)
		l->now = i->time;
	if (bytes_eq(act, BYTES("ssh_login")) || bytes_eq(act, BYTES("console_login")))
		logged_in(l, i, name, fn, ctx);
	else if (bytes_eq(act, BYTES("sudo")) || bytes_eq(act, BYTES("su")))
		became(l, i, name, fn, ctx);
}

/* Nothing of it waits. */
void logins_tick(struct logins *l, usec now, finding_fn *fn, void *ctx)
{
	(void)fn;
	(void)ctx;
	if (l->began && now > l->now)
		l->now = now;
}

void logins_counts(const struct logins *l, struct logins_counts *ret)
{
	*ret = l->counts;
	ret->users = keyed_n(l->accounts);
	ret->pairs = keyed_n(l->pairs);
	ret->evicted = keyed_evicted(l->accounts) + keyed_evicted(l->pairs);
}
