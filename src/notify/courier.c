/* SPDX-License-Identifier: Apache-2.0 */
#include "notify/courier.h"
#include "notify/mime.h"
#include "notify/post.h"
#include "notify/wire.h"
#include <stdlib.h>
#include <sys/random.h>

#define BATCH 200u /* alerts in one post to Alertmanager */
#define TURNS 64u /* conversations that end in one step */
#define URGENT_AFTER (30 * USEC_PER_SEC)
#define QUIET_RETRIES 1u /* failures in a row before the next one is said */

struct lane { /* to one target */
	struct courier *courier;
	struct wire wire;
	bool busy;
	struct outbox_entry entry;
	uint64_t rev; /* Alertmanager: the newest in the body */
	usec next, tried, resent;
	unsigned failures; /* in a row */
	CURLcode reason; /* of the newest failure */
	long answer;
	bool changed, noted; /* since courier_note(); whether the outbox has failures of it */
};

struct courier {
	const struct notify_config *config;
	struct outbox *outbox;
	CURLM *multi;
	struct lane lane[NOTIFY_TARGETS];
};

struct listing {
	struct lane *lane;
	usec until;
};

static void list_alert(void *ctx, const struct outbox_live *a)
{
	struct listing *g = ctx;
	struct lane *l = g->lane;
	struct told_change c;
	size_t from = l->wire.body.len;

	l->rev = a->rev;
	if (!told_parse(&c, 0, a->text))
		return;
	buf_str(&l->wire.body, from > 1 ? "," : "");
	if (!post_alert(&l->wire.body, &c, a->level, a->over, a->at, g->until))
		l->wire.body.len = from;
	told_done(&c);
}

/* Alerts are said again and again, with an end that is three times as far as the next time: so
 * Alertmanager takes back what we do not confirm, and keeps what we do. */
static bool list_alerts(struct lane *l, usec now)
{
	usec every = l->wire.target->resend;
	struct listing g = { .lane = l, .until = now + 3 * every + 60 * USEC_PER_SEC };

	if (now - l->resent >= every || now < l->resent) {
		outbox_live_again(l->courier->outbox, l->wire.target->name);
		l->resent = now;
	}
	buf_str(&l->wire.body, "[");
	if (!outbox_live_due(l->courier->outbox, l->wire.target->name, BATCH, list_alert, &g))
		return false;
	buf_str(&l->wire.body, "]");
	return true;
}

/* A server that was away for hours is asked seldom; not so while a critical message waits. A clock
 * that was set back does not make the wait longer than it may be. */
static bool is_time(struct lane *l, usec now)
{
	if (now >= l->next || l->next - now > l->courier->config->limits.retry_most)
		return true;
	return l->failures && now - l->tried >= URGENT_AFTER &&
	       outbox_worst(l->courier->outbox, l->wire.target->name) == LEVEL_CRITICAL;
}

static void begin(struct lane *l, usec now)
{
	struct outbox *o = l->courier->outbox;

	if (l->busy || !is_time(l, now))
		return;
	l->tried = now;
	buf_clear(&l->wire.body);
	if (l->wire.target->kind == TARGET_ALERTMANAGER
		    ? !list_alerts(l, now)
		    : !outbox_next(o, l->wire.target->name, now, &l->entry, &l->wire.body))
		return;
	wire_begin(&l->wire, l->entry.number, now);
	curl_easy_setopt(l->wire.easy, CURLOPT_PRIVATE, l);
	l->busy = curl_multi_add_handle(l->courier->multi, l->wire.easy) == CURLM_OK;
}

/* ---- end ---- */

static usec back_off(const struct notify_config *c, unsigned failures)
{
	usec wait = c->limits.retry_first;
	uint16_t draw = 0;

	for (unsigned i = 1; i < failures && wait < c->limits.retry_most; i++)
		wait *= 2;
	if (wait > c->limits.retry_most)
		wait = c->limits.retry_most;
	if (getrandom(&draw, sizeof(draw), GRND_NONBLOCK) < 0)
		draw = 0;
	return wait - wait / 4 * (draw % 1000) / 1000; /* many must not come back at once */
}

static void say_failure(const struct lane *l, CURLcode r, long code)
{
	struct buf text = { 0 };

	mime_plain(&text, bytes_str(l->wire.error[0] ? l->wire.error : curl_easy_strerror(r)),
		   true);
	if (l->failures <= QUIET_RETRIES)
		say(SAY_WARN, "target %s: not told, tried again later: %s (answer %ld)",
		    target_text(l->wire.target->name), r == CURLE_OK ? "refused" : buf_cstr(&text),
		    code);
	buf_done(&text);
}

static void failed(struct lane *l, CURLcode r, long code, usec now)
{
	const struct notify_config *c = l->courier->config;
	/* 408, 421, 425 and 429 say "later" whatever their first digit says. */
	bool mail = l->wire.target->kind == TARGET_MAIL;
	bool never = mail ? code >= 550 && code < 560
			  : code >= 400 && code < 500 && code != 408 && code != 425 && code != 429;

	l->failures++;
	l->reason = r;
	l->answer = code;
	l->changed = true;
	say_failure(l, r, code);
	if (l->wire.target->kind == TARGET_ALERTMANAGER || !never) {
		l->next = now + back_off(c, l->failures);
		return;
	}
	outbox_later(l->courier->outbox, l->entry.id, now + back_off(c, l->entry.attempts + 1));
	l->next = now + c->limits.retry_first / 10;
}

static void ended(struct lane *l, CURLcode r, usec now)
{
	struct outbox *o = l->courier->outbox;
	long code = 0;

	curl_easy_getinfo(l->wire.easy, CURLINFO_RESPONSE_CODE, &code);
	curl_multi_remove_handle(l->courier->multi, l->wire.easy);
	l->busy = false;
	if (!wire_taken(&l->wire, r, code)) {
		failed(l, r, code, now);
		return;
	}
	l->changed = l->changed || l->noted;
	if (l->failures)
		say(SAY_INFO, "target %s: told again", target_text(l->wire.target->name));
	l->failures = 0;
	l->next = now;
	if (l->wire.target->kind == TARGET_ALERTMANAGER)
		outbox_live_taken(o, l->wire.target->name, l->rev);
	else
		outbox_done(o, l->entry.id);
}

/* ---- the whole ---- */

/* Whether a conversation ended. */
static bool turn(struct courier *k, usec now)
{
	int running, left;
	bool any = false;
	CURLMsg *m;

	for (size_t i = 0; i < k->config->targets; i++)
		begin(&k->lane[i], now);
	curl_multi_perform(k->multi, &running);
	while ((m = curl_multi_info_read(k->multi, &left)) != NULL) {
		char *l = NULL;

		if (m->msg != CURLMSG_DONE)
			continue;
		curl_easy_getinfo(m->easy_handle, CURLINFO_PRIVATE, &l);
		ended((struct lane *)(void *)l, m->data.result, now);
		any = true;
	}
	return any;
}

/* What comes after one that ended begins at once: nothing else would wake us for it. The bound is
 * for a server that answers faster than we ask. */
void courier_step(struct courier *k, usec now)
{
	for (unsigned i = 0; i < TURNS && turn(k, now); i++)
		;
}

static void note(struct lane *l, usec now)
{
	struct outbox *o = l->courier->outbox;
	struct bytes name = l->wire.target->name;
	usec next = l->next;

	if (next > now + URGENT_AFTER && outbox_worst(o, name) == LEVEL_CRITICAL)
		next = now + URGENT_AFTER;
	outbox_note(o, "failures", name, l->failures);
	outbox_note(o, "next", name, (uint64_t)next);
	outbox_note(o, "reason", name, (uint64_t)l->reason);
	outbox_note(o, "answer", name, (uint64_t)l->answer);
	l->noted = l->failures != 0;
	l->changed = false;
}

void courier_note(struct courier *k, usec now)
{
	for (size_t i = 0; i < k->config->targets; i++)
		if (k->lane[i].changed)
			note(&k->lane[i], now);
}

void courier_wait(struct courier *k, struct curl_waitfd *extra, unsigned n, int milliseconds)
{
	curl_multi_poll(k->multi, extra, n, milliseconds, NULL);
}

int courier_new(struct courier **ret, const struct notify_config *c, struct outbox *o,
		struct why *why)
{
	struct courier *k = mem_new(1, sizeof(*k));

	k->config = c;
	k->outbox = o;
	k->multi = curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK ? curl_multi_init() : NULL;
	for (size_t i = 0; i < c->targets && k->multi; i++) {
		k->lane[i].courier = k;
		k->lane[i].wire.target = &c->target[i];
		k->lane[i].noted = outbox_count(o, "failures", c->target[i].name) != 0;
		k->lane[i].wire.easy = mem_must(curl_easy_init());
	}
	if (!k->multi) {
		courier_free(k);
		return why_set(why, -ENOMEM, "libcurl cannot begin");
	}
	*ret = k;
	return 0;
}

struct courier *courier_free(struct courier *k)
{
	for (size_t i = 0; k && i < k->config->targets && k->multi; i++) {
		struct lane *l = &k->lane[i];

		if (l->busy)
			curl_multi_remove_handle(k->multi, l->wire.easy);
		wire_done(&l->wire);
	}
	if (k && k->multi)
		curl_multi_cleanup(k->multi);
	free(k);
	return NULL;
}
