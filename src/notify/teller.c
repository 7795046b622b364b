/* SPDX-License-Identifier: Apache-2.0 */
#include "notify/teller.h"
#include "notify/letter.h"
#include "notify/route.h"

#define HOUR (3600 * USEC_PER_SEC)

static struct outbox_limits limits_of(const struct notify_config *c)
{
	return (struct outbox_limits){ .entries = c->limits.entries,
				       .bytes = c->limits.bytes,
				       .age = c->limits.age };
}

static struct letter_frame frame_of(const struct teller *t, const struct target *to, usec now)
{
	return (struct letter_frame){ .to = to,
				      .host = t->host,
				      .instance = outbox_number(t->outbox, "instance"),
				      .now = now };
}

static void put(const struct teller *t, const struct target *to, enum level level, uint64_t number,
		struct bytes text, usec now)
{
	struct outbox_limits l = limits_of(t->config);
	struct outbox_entry e = { .level = level, .number = number, .made = now };

	outbox_put(t->outbox, to->name, &e, text, &l);
}

uint64_t teller_taken(const struct teller *t)
{
	return outbox_number(t->outbox, "taken");
}

/* ---- a change ---- */

static bool is_told_at_once(enum told kind)
{
	return kind != TOLD_REPEATED && kind != TOLD_COMMENTED;
}

static void digest(const struct teller *t, const struct target *to, const struct route *r,
		   const struct told_change *c, struct bytes text, usec now)
{
	struct outbox_digest d = {
		.alert = c->id, .level = c->level, .changes = 1, .findings = c->delta, .text = text
	};

	outbox_digest_add(t->outbox, to->name, r->name, &d, now);
}

static void mail(const struct teller *t, const struct target *to, const struct route *r,
		 const struct told_change *c, struct bytes text, usec now)
{
	struct letter_frame f;
	struct buf letter = { 0 };

	if (!is_told_at_once(c->kind) || route_is_quiet(r, c->level, now) ||
	    outbox_told_since(t->outbox, to->name, r->name, c->level, now - HOUR) >= r->hourly) {
		digest(t, to, r, c, text, now);
		return;
	}
	f = frame_of(t, to, now);
	letter_change(&letter, &f, c, outbox_digest_held(t->outbox, to->name, r->name));
	put(t, to, c->level, c->number, buf_view(&letter), now);
	outbox_told(t->outbox, to->name, r->name, c->level, now);
	buf_done(&letter);
}

static void live(const struct teller *t, const struct target *to, const struct told_change *c,
		 struct bytes text, usec now)
{
	struct outbox_live l = { .alert = c->id,
				 .level = c->level,
				 .over = bytes_eq(c->state, BYTES("closed")),
				 .at = c->at == USEC_NONE ? now : c->at,
				 .text = text };

	if (c->has_alert && (!l.over || outbox_live_has(t->outbox, to->name, c->id)))
		outbox_live_put(t->outbox, to->name, &l);
}

static void by_route(const struct teller *t, const struct target *to, const struct route *r,
		     const struct told_change *c, struct bytes text, usec now)
{
	switch (to->kind) {
	case TARGET_MAIL:
		mail(t, to, r, c, text, now);
		break;
	case TARGET_WEBHOOK:
		put(t, to, c->level, c->number, text, now);
		break;
	case TARGET_ALERTMANAGER:
		live(t, to, c, text, now);
		break;
	}
}

/* What Alertmanager has heard of it hears the end of, whatever the hour. */
static void tell_the_rest(const struct teller *t, uint32_t told, const struct told_change *c,
			  struct bytes text, usec now)
{
	for (size_t i = 0; i < t->config->targets; i++) {
		const struct target *to = &t->config->target[i];

		if (to->kind == TARGET_ALERTMANAGER && !(told >> i & 1) && c->has_alert &&
		    outbox_live_has(t->outbox, to->name, c->id))
			live(t, to, c, text, now);
	}
}

static void tell(const struct teller *t, const struct told_change *c, struct bytes text, usec now)
{
	uint64_t routes = routes_of(t->config, c, now);
	uint32_t told = 0;

	for (size_t i = 0; i < t->config->routes; i++) {
		const struct route *r = &t->config->route[i];

		if (!(routes >> i & 1))
			continue;
		for (size_t k = 0; k < t->config->targets; k++)
			if (r->to >> k & 1 && !(told >> k & 1))
				by_route(t, &t->config->target[k], r, c, text, now);
		told |= r->to;
	}
	tell_the_rest(t, told, c, text, now);
}

void teller_take(const struct teller *t, uint64_t number, struct bytes text, usec now)
{
	struct told_change c;
	usec born = (usec)outbox_number(t->outbox, "born");

	if (number <= teller_taken(t))
		return;
	outbox_set(t->outbox, "taken", number);
	if (!told_parse(&c, number, text)) {
		c = told_unreadable(number, now);
		text = BYTES("{}");
	}
	/* A new outbox is given all that ever was: nobody wants mails of last year. */
	if (c.at == USEC_NONE || c.at > born - HOUR) {
		outbox_add(t->outbox, "day", bytes_str(told_name(c.kind)), 1);
		tell(t, &c, text, now);
	}
	told_done(&c);
}

/* ---- digests ---- */

static void digest_row(void *ctx, const struct outbox_digest *d)
{
	struct letter_digest *letter = ctx;
	struct told_change c;

	if (!d->alert || !told_parse(&c, 0, d->text)) {
		letter_digest_others(letter, d->changes);
		return;
	}
	c.level = d->level;
	letter_digest_row(letter, &c, d->changes, d->findings);
	told_done(&c);
}

static void digest_of(const struct teller *t, const struct target *to, const struct route *r,
		      usec now)
{
	usec since = outbox_digest_since(t->outbox, to->name, r->name);
	struct letter_digest *letter;
	struct letter_frame f;
	struct buf text = { 0 };
	uint64_t number;

	if (since == USEC_NONE || (now - since < r->digest && since <= now) ||
	    route_is_quiet(r, LEVEL_INFORMATIONAL, now))
		return;
	number = outbox_number(t->outbox, "digests") + 1;
	outbox_set(t->outbox, "digests", number);
	letter = letter_digest_new();
	outbox_digest_each(t->outbox, to->name, r->name, digest_row, letter);
	f = frame_of(t, to, now);
	letter_digest_done(&text, &f, letter, number, since);
	put(t, to, LEVEL_MEDIUM, 0, buf_view(&text), now);
	outbox_digest_clear(t->outbox, to->name, r->name);
	buf_done(&text);
}

/* ---- the daily mail ---- */

static bool facts(const struct teller *t, struct buf *to)
{
	bool well = true;

	buf_str(to, "changes of alerts since the last one of these mails\n");
	for (unsigned k = 0; k < TOLD_N; k++) {
		struct bytes name = bytes_str(told_name((enum told)k));
		uint64_t n = outbox_count(t->outbox, "day", name);

		if (n)
			buf_printf(to, "  %s: %llu\n", told_name((enum told)k),
				   (unsigned long long)n);
		well = well && !(n && (k == TOLD_OPENED || k == TOLD_RAISED || k == TOLD_REOPENED));
	}
	for (size_t i = 0; i < t->config->targets; i++) {
		struct bytes name = t->config->target[i].name;
		uint64_t waiting = outbox_waiting(t->outbox, name),
			 dropped = outbox_count(t->outbox, "dropped", name);

		buf_printf(to, "target %.*s: %llu wait, %llu dropped\n", (int)name.len,
			   (const char *)name.at, (unsigned long long)waiting,
			   (unsigned long long)dropped);
		well = well && !dropped && waiting < 2;
	}
	if (t->facts)
		well &= t->facts(t->facts_ctx, to);
	return well;
}

static void forget_day(const struct teller *t)
{
	struct buf name = { 0 };

	for (unsigned k = 0; k < TOLD_N; k++) {
		buf_clear(&name);
		buf_printf(&name, "day.%s", told_name((enum told)k));
		outbox_set(t->outbox, buf_cstr(&name), 0);
	}
	for (size_t i = 0; i < t->config->targets; i++) {
		struct bytes target = t->config->target[i].name;

		buf_clear(&name);
		buf_printf(&name, "dropped.%.*s", (int)target.len, (const char *)target.at);
		outbox_set(t->outbox, buf_cstr(&name), 0);
	}
	buf_done(&name);
}

static void heartbeat(const struct teller *t, usec now)
{
	const struct notify_config *c = t->config;
	usec due, last = (usec)outbox_number(t->outbox, "heartbeat");
	struct buf lines = { 0 }, text = { 0 };
	bool well;

	if (!c->heartbeat.to)
		return;
	due = zone_last(c->heartbeat.zone, c->heartbeat.minute, now);
	if (!last)
		last = (usec)outbox_number(t->outbox, "born");
	if (last >= due && last <= now)
		return;
	outbox_set(t->outbox, "heartbeat", (uint64_t)now);
	well = facts(t, &lines);
	for (size_t i = 0; i < c->targets; i++) {
		struct letter_frame f = frame_of(t, &c->target[i], now);

		if (!(c->heartbeat.to >> i & 1))
			continue;
		buf_clear(&text);
		letter_heartbeat(&text, &f, buf_view(&lines), well, (uint64_t)(now / USEC_PER_SEC));
		put(t, &c->target[i], LEVEL_HIGH, 0, buf_view(&text), now);
	}
	forget_day(t);
	buf_done(&lines);
	buf_done(&text);
}

void teller_tick(const struct teller *t, usec now)
{
	const struct notify_config *c = t->config;

	for (size_t i = 0; i < c->targets; i++) {
		uint64_t old = outbox_expire(t->outbox, c->target[i].name, now - c->limits.age);

		if (old)
			say(SAY_WARN, "target %.64s: %llu messages were too old and are not told",
			    (const char *)c->target[i].name.at, (unsigned long long)old);
		for (size_t r = 0; r < c->routes; r++)
			if (c->target[i].kind == TARGET_MAIL && c->route[r].to >> i & 1)
				digest_of(t, &c->target[i], &c->route[r], now);
	}
	heartbeat(t, now);
}
