/* SPDX-License-Identifier: Apache-2.0 */
/* The targets of notify.yaml. */
#include "base/buf.h"
#include "notify/settings_in.h"
#include <stdlib.h>

struct draft { /* of a target, while its keys are read */
	struct target *t;
	struct bytes url, server;
	const yaml_node_t *from_at, *to_at;
	bool has_tls, plaintext;
};

/* An address as RFC 5321 has them, without quoted local parts and with ASCII only: nothing in it
 * can mean anything to SMTP or in a header. */
static bool address_good(struct bytes b)
{
	size_t at = bytes_chr(b, '@');

	if (!at || at == BYTES_NONE || at > 64 || at + 1 >= b.len || b.len > 254 || b.at[0] == '-')
		return false;
	for (size_t i = 0; i < b.len; i++) {
		bool plain = is_alnum(b.at[i]) || memchr("-.", b.at[i], 2);

		if (i != at && !plain && (i > at || !memchr("!#$%&'*+/=?^_`{|}~", b.at[i], 18)))
			return false;
	}
	return true;
}

/* "Vedette <vedette@example.org>", or the address alone */
static int take_from(struct reading *r, const yaml_node_t *v, struct target *t)
{
	struct bytes b = bytes_trim(scalar(v)), text;
	size_t open = bytes_chr(b, '<');
	int e = take_text(r, v, 400, &text);

	if (e < 0)
		return e;
	t->from_name = (struct bytes){ NULL, 0 };
	if (open != BYTES_NONE && b.at[b.len - 1] == '>') {
		t->from_name = arena_copy(&r->c->texts, bytes_trim(bytes_sub(b, 0, open)));
		b = bytes_sub(b, open + 1, b.len - open - 2);
	}
	if (!address_good(b))
		return bad(r, v, "from: expected an address, as vedette@example.org");
	t->from = bytes_of(arena_take(&r->c->texts, b.len + 1), b.len);
	memcpy((uint8_t *)(uintptr_t)t->from.at, b.at, b.len);
	((uint8_t *)(uintptr_t)t->from.at)[b.len] = 0;
	return 0;
}

static int take_kind(struct reading *r, const yaml_node_t *v, struct target *t)
{
	static const char *const names[] = { "mail", "webhook", "alertmanager" };

	for (unsigned i = 0; i < 3; i++)
		if (bytes_eq(scalar(v), bytes_str(names[i])))
			return t->kind = (enum target_kind)(i + 1), 0;
	return bad(r, v, "kind: expected mail, webhook or alertmanager");
}

static int take_tls(struct reading *r, const yaml_node_t *v, struct draft *d)
{
	static const char *const names[] = { "required", "optional", "implicit", "none" };

	d->has_tls = true;
	for (unsigned i = 0; i < 4; i++)
		if (bytes_eq(scalar(v), bytes_str(names[i])))
			return d->t->tls = (enum target_tls)i, 0;
	return bad(r, v, "tls: expected required (STARTTLS), optional, implicit or none");
}

static int target_key(struct reading *r, void *ctx, const yaml_node_t *k, const yaml_node_t *v)
{
	struct draft *d = ctx;
	struct target *t = d->t;

	if (key_is(k, "kind"))
		return take_kind(r, v, t);
	if (key_is(k, "url"))
		return take_text(r, v, 1000, &d->url);
	if (key_is(k, "server"))
		return take_text(r, v, 300, &d->server);
	if (key_is(k, "tls"))
		return take_tls(r, v, d);
	if (key_is(k, "ca"))
		return take_file(r, v, false, &t->ca);
	if (key_is(k, "user"))
		return take_text(r, v, 255, &t->user);
	if (key_is(k, "password_file"))
		return take_file(r, v, true, &t->password);
	if (key_is(k, "bearer_file"))
		return take_file(r, v, true, &t->bearer);
	if (key_is(k, "secret_file"))
		return take_file(r, v, true, &t->secret);
	if (key_is(k, "from"))
		return d->from_at = v, take_from(r, v, t);
	if (key_is(k, "to"))
		return d->to_at = v, take_words(r, v, 254, &t->to);
	if (key_is(k, "timeout"))
		return take_span(r, v, USEC_PER_SEC, 600 * USEC_PER_SEC, &t->timeout);
	if (key_is(k, "resend"))
		return take_span(r, v, USEC_PER_SEC, 3600 * USEC_PER_SEC, &t->resend);
	if (key_is(k, "plaintext"))
		return take_bool(r, v, &d->plaintext);
	return bad(r, k,
		   "a target has kind, url, server, tls, ca, user, password_file, bearer_file, "
		   "secret_file, from, to, timeout, resend, plaintext");
}

/* host, host:port, [::1]:port */
static bool server_good(struct bytes b)
{
	for (size_t i = 0; i < b.len; i++)
		if (!is_alnum(b.at[i]) && !memchr("-._:[]", b.at[i], 6))
			return false;
	return b.len > 0;
}

static bool is_loopback(struct bytes host)
{
	static const char *const names[] = { "127.0.0.1", "localhost", "[::1]" };

	for (size_t i = 0; i < 3; i++) {
		struct bytes name = bytes_str(names[i]);

		if (bytes_starts(host, name) &&
		    (host.len == name.len || host.at[name.len] == ':' || host.at[name.len] == '/'))
			return true;
	}
	return false;
}

static struct bytes glue(struct reading *r, const char *first, struct bytes b, const char *last)
{
	struct buf text = { 0 };
	uint8_t *p;
	size_t len;

	buf_str(&text, first);
	buf_bytes(&text, b);
	buf_str(&text, last);
	len = text.len;
	p = arena_take(&r->c->texts, len + 1);
	memcpy(p, buf_cstr(&text), len + 1);
	buf_done(&text);
	return bytes_of(p, len);
}

static int finish_mail(struct reading *r, const yaml_node_t *n, struct draft *d)
{
	struct target *t = d->t;
	bool open = t->tls == TARGET_TLS_NONE || t->tls == TARGET_TLS_OPTIONAL;

	if (!server_good(d->server) || !t->from.len || !t->to.n)
		return bad(r, n, "a target of kind mail needs server (host:port), from and to");
	for (size_t i = 0; i < t->to.n; i++)
		if (!address_good(t->to.at[i]))
			return bad(r, d->to_at, "to: expected addresses, as ops@example.org");
	if (d->url.len || t->secret.len || t->bearer.len)
		return bad(r, n, "url, secret_file and bearer_file are not for mail");
	if (open && t->user.len && !is_loopback(d->server))
		return bad(r, n, "a password goes over TLS only: tls: required or implicit");
	t->url = glue(r, t->tls == TARGET_TLS_IMPLICIT ? "smtps://" : "smtp://", d->server, "");
	return 0;
}

static int finish_web(struct reading *r, const yaml_node_t *n, struct draft *d)
{
	struct target *t = d->t;
	bool https = bytes_starts(d->url, BYTES("https://"));
	struct bytes url = d->url;

	if (!https && !bytes_starts(url, BYTES("http://")))
		return bad(r, n, "this target needs url: https://…");
	if (!https && !d->plaintext && !is_loopback(bytes_from(url, 7)))
		return bad(r, n, "http without TLS only to this machine, or with plaintext: true");
	if (bytes_chr(url, '@') != BYTES_NONE)
		return bad(r, n, "no accounts in an url: use user and password_file");
	if (d->server.len || d->has_tls || t->from.len || t->to.n)
		return bad(r, n, "server, tls, from and to are for mail");
	while (t->kind == TARGET_ALERTMANAGER && bytes_ends(url, BYTES("/")))
		url.len--;
	t->url = glue(r, "", url, t->kind == TARGET_ALERTMANAGER ? "/api/v2/alerts" : "");
	return 0;
}

static int one_target(struct reading *r, void *ctx, const yaml_node_t *k, const yaml_node_t *v)
{
	struct draft d = { .t = &r->c->target[r->c->targets] };
	int e;

	(void)ctx;
	if (r->c->targets == NOTIFY_TARGETS)
		return bad(r, k, "more than %u targets", NOTIFY_TARGETS);
	*d.t = (struct target){ .timeout = 30 * USEC_PER_SEC,
				.resend = 60 * USEC_PER_SEC,
				.line = k->start_mark.line + 1 };
	e = take_text(r, k, 64, &d.t->name);
	if (e < 0)
		return e;
	r->c->targets++; /* from here on its secrets are wiped */
	e = each_key(r, v, "a target is a mapping: kind, …", target_key, &d);
	if (e < 0)
		return e;
	if (!d.t->kind)
		return bad(r, k, "this target needs kind: mail, webhook or alertmanager");
	if (!d.t->user.len != !d.t->password.len)
		return bad(r, k, "user and password_file go together");
	if (d.t->user.len && d.t->bearer.len)
		return bad(r, k, "user or bearer_file, not both");
	return d.t->kind == TARGET_MAIL ? finish_mail(r, k, &d) : finish_web(r, k, &d);
}

int read_targets(struct reading *r, const yaml_node_t *n)
{
	return each_key(r, n, "targets: expected names of targets, each with kind, …", one_target,
			NULL);
}
