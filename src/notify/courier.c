/* SPDX-License-Identifier: Apache-2.0 */
#include "notify/courier.h"
#include "notify/mime.h"
#include "notify/post.h"
#include <curl/curl.h>
#include <stdlib.h>
#include <sys/random.h>

#define BATCH 200u /* alerts in one post to Alertmanager */
#define TURNS 64u /* conversations that end in one step */
#define URGENT_AFTER (30 * USEC_PER_SEC)
#define QUIET_RETRIES 1u /* failures in a row before the next one is said */

struct lane { /* to one target */
	struct courier *courier;
	const struct target *target;
	CURL *easy;
	struct curl_slist *list; /* recipients, or headers */
	bool busy;
	struct outbox_entry entry;
	uint64_t rev; /* Alertmanager: the newest in the body */
	struct buf body;
	size_t sent, answered;
	usec next, tried, resent;
	unsigned failures; /* in a row */
	char error[CURL_ERROR_SIZE];
};

struct courier {
	const struct notify_config *config;
	struct outbox *outbox;
	CURLM *multi;
	struct lane lane[NOTIFY_TARGETS];
};

/* ---- what libcurl calls ---- */

static size_t give(char *to, size_t size, size_t n, void *ctx)
{
	struct lane *l = ctx;
	size_t room = size * n, left = l->body.len - l->sent;

	if (room > left)
		room = left;
	memcpy(to, l->body.at + l->sent, room);
	l->sent += room;
	return room;
}

static int again(void *ctx, curl_off_t offset, int origin) /* for a request that is sent twice */
{
	struct lane *l = ctx;

	if (origin != SEEK_SET || offset < 0 || (uint64_t)offset > l->body.len)
		return CURL_SEEKFUNC_FAIL;
	l->sent = (size_t)offset;
	return CURL_SEEKFUNC_OK;
}

static size_t hear(char *at, size_t size, size_t n, void *ctx)
{
	struct lane *l = ctx;

	(void)at;
	l->answered += size * n;
	return l->answered > COURIER_ANSWER ? 0 : size * n;
}

/* ---- begin ---- */

static const char *cstr(struct bytes b) /* settings keep a NUL behind it */
{
	return (const char *)b.at;
}

static void common(struct lane *l)
{
	const struct target *t = l->target;
	struct curl_blob ca = { .data = (void *)(uintptr_t)t->ca.at, .len = t->ca.len };

	curl_easy_reset(l->easy);
	curl_easy_setopt(l->easy, CURLOPT_URL, cstr(t->url));
	curl_easy_setopt(l->easy, CURLOPT_PRIVATE, l);
	curl_easy_setopt(l->easy, CURLOPT_ERRORBUFFER, l->error);
	curl_easy_setopt(l->easy, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(l->easy, CURLOPT_TIMEOUT_MS, (long)(t->timeout / 1000));
	curl_easy_setopt(l->easy, CURLOPT_WRITEFUNCTION, hear);
	curl_easy_setopt(l->easy, CURLOPT_WRITEDATA, l);
	curl_easy_setopt(l->easy, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
	curl_easy_setopt(l->easy, CURLOPT_PROXY, "");
	if (t->ca.len)
		curl_easy_setopt(l->easy, CURLOPT_CAINFO_BLOB, &ca);
	if (t->user.len) {
		curl_easy_setopt(l->easy, CURLOPT_USERNAME, cstr(t->user));
		curl_easy_setopt(l->easy, CURLOPT_PASSWORD, cstr(t->password));
	}
	l->error[0] = 0;
	l->sent = l->answered = 0;
	curl_slist_free_all(l->list);
	l->list = NULL;
}

static void add(struct lane *l, struct buf *line)
{
	l->list = mem_must(curl_slist_append(l->list, buf_cstr(line)));
	buf_done(line);
}

static void mail(struct lane *l)
{
	static const long tls[] = { CURLUSESSL_ALL, CURLUSESSL_TRY, CURLUSESSL_ALL,
				    CURLUSESSL_NONE };
	const struct target *t = l->target;
	struct buf line = { 0 };

	common(l);
	curl_easy_setopt(l->easy, CURLOPT_PROTOCOLS_STR, "smtp,smtps");
	curl_easy_setopt(l->easy, CURLOPT_USE_SSL, tls[t->tls]);
	buf_printf(&line, "<%s>", cstr(t->from));
	curl_easy_setopt(l->easy, CURLOPT_MAIL_FROM, buf_cstr(&line));
	buf_done(&line);
	for (size_t i = 0; i < t->to.n; i++) {
		buf_printf(&line, "<%s>", cstr(t->to.at[i]));
		add(l, &line);
	}
	curl_easy_setopt(l->easy, CURLOPT_MAIL_RCPT, l->list);
	curl_easy_setopt(l->easy, CURLOPT_MAIL_RCPT_ALLLOWFAILS, 1L);
	curl_easy_setopt(l->easy, CURLOPT_UPLOAD, 1L);
	curl_easy_setopt(l->easy, CURLOPT_READFUNCTION, give);
	curl_easy_setopt(l->easy, CURLOPT_READDATA, l);
	curl_easy_setopt(l->easy, CURLOPT_SEEKFUNCTION, again);
	curl_easy_setopt(l->easy, CURLOPT_SEEKDATA, l);
	curl_easy_setopt(l->easy, CURLOPT_INFILESIZE_LARGE, (curl_off_t)l->body.len);
}

static void post(struct lane *l, usec now)
{
	const struct target *t = l->target;
	unsigned long long seconds = (unsigned long long)(now / USEC_PER_SEC);
	struct buf line = { 0 };

	common(l);
	curl_easy_setopt(l->easy, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(l->easy, CURLOPT_FOLLOWLOCATION, 0L);
	curl_easy_setopt(l->easy, CURLOPT_USERAGENT, "vedette/" VEDETTE_VERSION);
	curl_easy_setopt(l->easy, CURLOPT_HTTPAUTH, (long)CURLAUTH_BASIC);
	buf_str(&line, "Content-Type: application/json");
	add(l, &line);
	buf_str(&line, "Expect:");
	add(l, &line);
	if (t->kind == TARGET_WEBHOOK) {
		buf_printf(&line, "X-Vedette-Change: %llu", (unsigned long long)l->entry.number);
		add(l, &line);
		buf_printf(&line, "X-Vedette-Timestamp: %llu", seconds);
		add(l, &line);
	}
	if (t->kind == TARGET_WEBHOOK && t->secret.len) {
		buf_str(&line, "X-Vedette-Signature: sha256=");
		post_signature(&line, t->secret, seconds, buf_view(&l->body));
		add(l, &line);
	}
	if (t->bearer.len) {
		buf_printf(&line, "Authorization: Bearer %s", cstr(t->bearer));
		add(l, &line);
	}
	curl_easy_setopt(l->easy, CURLOPT_HTTPHEADER, l->list);
	curl_easy_setopt(l->easy, CURLOPT_POST, 1L);
	curl_easy_setopt(l->easy, CURLOPT_POSTFIELDS, (const char *)l->body.at);
	curl_easy_setopt(l->easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)l->body.len);
}

struct listing {
	struct lane *lane;
	usec until;
};

static void list_alert(void *ctx, const struct outbox_live *a)
{
	struct listing *g = ctx;
	struct lane *l = g->lane;
	struct told_change c;
	size_t from = l->body.len;

	l->rev = a->rev;
	if (!told_parse(&c, 0, a->text))
		return;
	buf_str(&l->body, from > 1 ? "," : "");
	if (!post_alert(&l->body, &c, a->level, a->over, a->at, g->until))
		l->body.len = from;
	told_done(&c);
}

/* Alerts are said again and again, with an end that is three times as far as the next time: so
 * Alertmanager takes back what we do not confirm, and keeps what we do. */
static bool list_alerts(struct lane *l, usec now)
{
	usec every = l->target->resend;
	struct listing g = { .lane = l, .until = now + 3 * every + 60 * USEC_PER_SEC };

	if (now - l->resent >= every || now < l->resent) {
		outbox_live_again(l->courier->outbox, l->target->name);
		l->resent = now;
	}
	buf_str(&l->body, "[");
	if (!outbox_live_due(l->courier->outbox, l->target->name, BATCH, list_alert, &g))
		return false;
	buf_str(&l->body, "]");
	return true;
}

/* A server that was away for hours is asked seldom; not so while a critical message waits. A clock
 * that was set back does not make the wait longer than it may be. */
static bool is_time(struct lane *l, usec now)
{
	if (now >= l->next || l->next - now > l->courier->config->limits.retry_most)
		return true;
	return l->failures && now - l->tried >= URGENT_AFTER &&
	       outbox_worst(l->courier->outbox, l->target->name) == LEVEL_CRITICAL;
}

static void begin(struct lane *l, usec now)
{
	struct outbox *o = l->courier->outbox;

	if (l->busy || !is_time(l, now))
		return;
	l->tried = now;
	buf_clear(&l->body);
	if (l->target->kind == TARGET_ALERTMANAGER
		    ? !list_alerts(l, now)
		    : !outbox_next(o, l->target->name, now, &l->entry, &l->body))
		return;
	if (l->target->kind == TARGET_MAIL)
		mail(l);
	else
		post(l, now);
	l->busy = curl_multi_add_handle(l->courier->multi, l->easy) == CURLM_OK;
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

	mime_plain(&text, bytes_str(l->error[0] ? l->error : curl_easy_strerror(r)), true);
	if (l->failures <= QUIET_RETRIES)
		say(SAY_WARN, "target %s: not told, tried again later: %s (answer %ld)",
		    cstr(l->target->name), r == CURLE_OK ? "refused" : buf_cstr(&text), code);
	buf_done(&text);
}

static void failed(struct lane *l, CURLcode r, long code, usec now)
{
	const struct notify_config *c = l->courier->config;
	/* 408, 421, 425 and 429 say "later" whatever their first digit says. */
	bool mail = l->target->kind == TARGET_MAIL;
	bool never = mail ? code >= 550 && code < 560
			  : code >= 400 && code < 500 && code != 408 && code != 425 && code != 429;

	l->failures++;
	say_failure(l, r, code);
	if (l->target->kind == TARGET_ALERTMANAGER || !never) {
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
	bool good;

	curl_easy_getinfo(l->easy, CURLINFO_RESPONSE_CODE, &code);
	curl_multi_remove_handle(l->courier->multi, l->easy);
	l->busy = false;
	good = r == CURLE_OK && code >= 200 && code < 300;
	/* Said yes, and then more than we want to hear: it was taken. */
	good |= r == CURLE_WRITE_ERROR && l->answered > COURIER_ANSWER && code / 100 == 2;
	if (!good) {
		failed(l, r, code, now);
		return;
	}
	if (l->failures)
		say(SAY_INFO, "target %s: told again", cstr(l->target->name));
	l->failures = 0;
	l->next = now;
	if (l->target->kind == TARGET_ALERTMANAGER)
		outbox_live_taken(o, l->target->name, l->rev);
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
		k->lane[i].target = &c->target[i];
		k->lane[i].easy = mem_must(curl_easy_init());
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
			curl_multi_remove_handle(k->multi, l->easy);
		curl_easy_cleanup(l->easy);
		curl_slist_free_all(l->list);
		buf_done(&l->body);
	}
	if (k && k->multi)
		curl_multi_cleanup(k->multi);
	free(k);
	return NULL;
}
