/* SPDX-License-Identifier: Apache-2.0 */
#include "notify/wire.h"
#include "notify/post.h"

#define HEARD 300u

/* ---- what libcurl calls ---- */

static size_t give(char *to, size_t size, size_t n, void *ctx)
{
	struct wire *w = ctx;
	size_t room = size * n, left = w->body.len - w->sent;

	if (room > left)
		room = left;
	memcpy(to, w->body.at + w->sent, room);
	w->sent += room;
	return room;
}

static int again(void *ctx, curl_off_t offset, int origin) /* for a request that is sent twice */
{
	struct wire *w = ctx;

	if (origin != SEEK_SET || offset < 0 || (uint64_t)offset > w->body.len)
		return CURL_SEEKFUNC_FAIL;
	w->sent = (size_t)offset;
	return CURL_SEEKFUNC_OK;
}

static size_t hear(char *at, size_t size, size_t n, void *ctx)
{
	struct wire *w = ctx;

	if (w->heard && w->heard->len < HEARD)
		buf_add(w->heard, at, size * n < HEARD ? size * n : HEARD);
	w->answered += size * n;
	return w->answered > WIRE_ANSWER ? 0 : size * n;
}

static void common(struct wire *w)
{
	const struct target *t = w->target;
	struct curl_blob ca = { .data = (void *)(uintptr_t)t->ca.at, .len = t->ca.len };

	curl_easy_reset(w->easy);
	curl_easy_setopt(w->easy, CURLOPT_URL, target_text(t->url));
	curl_easy_setopt(w->easy, CURLOPT_ERRORBUFFER, w->error);
	curl_easy_setopt(w->easy, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(w->easy, CURLOPT_TIMEOUT_MS, (long)(t->timeout / 1000));
	curl_easy_setopt(w->easy, CURLOPT_WRITEFUNCTION, hear);
	curl_easy_setopt(w->easy, CURLOPT_WRITEDATA, w);
	curl_easy_setopt(w->easy, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
	curl_easy_setopt(w->easy, CURLOPT_PROXY, "");
	if (t->ca.len)
		curl_easy_setopt(w->easy, CURLOPT_CAINFO_BLOB, &ca);
	if (t->user.len) {
		curl_easy_setopt(w->easy, CURLOPT_USERNAME, target_text(t->user));
		curl_easy_setopt(w->easy, CURLOPT_PASSWORD, target_text(t->password));
	}
	w->error[0] = 0;
	w->sent = w->answered = 0;
	curl_slist_free_all(w->list);
	w->list = NULL;
}

static void add(struct wire *w, struct buf *line)
{
	w->list = mem_must(curl_slist_append(w->list, buf_cstr(line)));
	buf_done(line);
}

static void mail(struct wire *w)
{
	static const long tls[] = { CURLUSESSL_ALL, CURLUSESSL_TRY, CURLUSESSL_ALL,
				    CURLUSESSL_NONE };
	const struct target *t = w->target;
	struct buf line = { 0 };

	common(w);
	curl_easy_setopt(w->easy, CURLOPT_PROTOCOLS_STR, "smtp,smtps");
	curl_easy_setopt(w->easy, CURLOPT_USE_SSL, tls[t->tls]);
	buf_printf(&line, "<%s>", target_text(t->from));
	curl_easy_setopt(w->easy, CURLOPT_MAIL_FROM, buf_cstr(&line));
	buf_done(&line);
	for (size_t i = 0; i < t->to.n; i++) {
		buf_printf(&line, "<%s>", target_text(t->to.at[i]));
		add(w, &line);
	}
	curl_easy_setopt(w->easy, CURLOPT_MAIL_RCPT, w->list);
	curl_easy_setopt(w->easy, CURLOPT_MAIL_RCPT_ALLLOWFAILS, 1L);
	curl_easy_setopt(w->easy, CURLOPT_UPLOAD, 1L);
	curl_easy_setopt(w->easy, CURLOPT_READFUNCTION, give);
	curl_easy_setopt(w->easy, CURLOPT_READDATA, w);
	curl_easy_setopt(w->easy, CURLOPT_SEEKFUNCTION, again);
	curl_easy_setopt(w->easy, CURLOPT_SEEKDATA, w);
	curl_easy_setopt(w->easy, CURLOPT_INFILESIZE_LARGE, (curl_off_t)w->body.len);
}

static void post(struct wire *w, uint64_t number, usec now)
{
	const struct target *t = w->target;
	unsigned long long seconds = (unsigned long long)(now / USEC_PER_SEC);
	struct buf line = { 0 };

	common(w);
	curl_easy_setopt(w->easy, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(w->easy, CURLOPT_FOLLOWLOCATION, 0L);
	curl_easy_setopt(w->easy, CURLOPT_USERAGENT, "vedette/" VEDETTE_VERSION);
	curl_easy_setopt(w->easy, CURLOPT_HTTPAUTH, (long)CURLAUTH_BASIC);
	buf_str(&line, "Content-Type: application/json");
	add(w, &line);
	buf_str(&line, "Expect:");
	add(w, &line);
	if (t->kind == TARGET_WEBHOOK) {
		buf_printf(&line, "X-Vedette-Change: %llu", (unsigned long long)number);
		add(w, &line);
		buf_printf(&line, "X-Vedette-Timestamp: %llu", seconds);
		add(w, &line);
	}
	if (t->kind == TARGET_WEBHOOK && t->secret.len) {
		buf_str(&line, "X-Vedette-Signature: sha256=");
		post_signature(&line, t->secret, seconds, buf_view(&w->body));
		add(w, &line);
	}
	if (t->bearer.len) {
		buf_printf(&line, "Authorization: Bearer %s", target_text(t->bearer));
		add(w, &line);
	}
	curl_easy_setopt(w->easy, CURLOPT_HTTPHEADER, w->list);
	curl_easy_setopt(w->easy, CURLOPT_POST, 1L);
	curl_easy_setopt(w->easy, CURLOPT_POSTFIELDS, (const char *)w->body.at);
	curl_easy_setopt(w->easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)w->body.len);
}

void wire_begin(struct wire *w, uint64_t number, usec now)
{
	if (w->target->kind == TARGET_MAIL)
		mail(w);
	else
		post(w, number, now);
}

bool wire_taken(const struct wire *w, CURLcode r, long code)
{
	/* Said yes, and then more than we want to hear: it was taken. */
	bool enough = r == CURLE_WRITE_ERROR && w->answered > WIRE_ANSWER;

	return (r == CURLE_OK || enough) && code / 100 == 2;
}

void wire_done(struct wire *w)
{
	curl_easy_cleanup(w->easy);
	curl_slist_free_all(w->list);
	buf_done(&w->body);
}
