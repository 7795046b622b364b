/* SPDX-License-Identifier: Apache-2.0 */
/* Apache's error log, 2.2 and 2.4, and what mod_wsgi puts into it:
 *
 *	[Sun Dec 04 04:47:44 2005] [error] [client 10.0.0.1] text
 *	[Sun Nov 22 01:19:50.123456 2026] [wsgi:error] [pid 12:tid 34] [client 1.2.3.4:5678] text
 *	[Sun Nov 22 01:19:50.123456 2026] [wsgi:error] [pid 12] [remote 1.2.3.4:5] 2026-11-22 … oslo
 */
#include "parse/line.h"

struct head {
	struct bytes level, logger, pid, thread, client;
};

/* "[module:level]" or "[level]" */
static bool take_level(struct bytes *b, struct head *h)
{
	struct bytes c = *b, in, level;
	size_t colon;

	if (!TAKE(&c, " [") || !scan_take_to(&c, ']', &in))
		return false;
	colon = scan_chr(in, ':');
	level = colon < in.len ? bytes_from(in, colon + 1) : in;
	h->level = STARTS(level, "trace") ? BYTES("trace") : level_of(level);
	if (colon < in.len)
		h->logger = scan_head(in, colon);
	else if (!h->level.len)
		return false;
	*b = c;
	return true;
}

static void take_pid(struct bytes *b, struct head *h)
{
	struct bytes c = *b, in;

	if (!TAKE(&c, " [pid ") || !scan_take_to(&c, ']', &in))
		return;
	h->pid = scan_digits(&in);
	if (TAKE(&in, ":tid "))
		h->thread = in;
	*b = c;
}

static void take_client(struct bytes *b, struct head *h)
{
	struct bytes c = *b, in;

	if (!TAKE(&c, " [client ") && !TAKE(&c, " [remote "))
		return;
	if (scan_is(c, '[')) { /* [client [::1]:80]: the bracket that ends it is the second */
		size_t n = FIND(c, "] ");

		if (n == BYTES_NONE)
			return;
		in = scan_head(c, n);
		scan_skip(&c, n + 1);
	} else if (!scan_take_to(&c, ']', &in)) {
		return;
	}
	if (!h->client.len) /* a second one may be part of the text */
		h->client = in;
	*b = c;
}

static void refused(struct line *l, struct bytes who, struct bytes reason)
{
	SET(l, EVENT_CATEGORY, "authentication");
	SET(l, EVENT_ACTION, "authenticate");
	SET(l, EVENT_OUTCOME, "failure");
	set(l, FIELD_EVENT_REASON, reason);
	if (who.len >= 2 && (who.at[0] == '`' || who.at[0] == '\''))
		who = bytes_sub(who, 1, who.len - 2);
	set(l, FIELD_USER_NAME, who);
}

/* "user X not found: /", "user X: password mismatch: /", "user X: authentication failure for "/":
 * Password Mismatch", "user `X' in realm `Y' not found: /". A name may hold anything: the last
 * place where the rest fits is its end. */
static bool auth_text(struct line *l, struct bytes text)
{
	static const struct bytes after[] = {
#define A(s) { (const uint8_t *)(s), sizeof(s) - 1 }
		A(" not found: "),
		A(": authentication failure for "),
		A(": password mismatch: "),
		A(": authorization failure"),
#undef A
	};
	struct bytes b = text;
	size_t end;

	if (TAKE(&b, "Digest: "))
		text = b;
	if (STARTS(b, "client denied by server configuration") ||
	    STARTS(b, "client used wrong authentication scheme") || STARTS(b, "access to ") ||
	    STARTS(b, "nonce from ") || STARTS(b, "invalid nonce ")) {
		SET(l, EVENT_OUTCOME, "failure");
		SET(l, EVENT_ACTION, "access-denied");
		set(l, FIELD_EVENT_REASON, text);
		return true;
	}
	if (!TAKE(&b, "user "))
		return false;
	if ((scan_is(b, '`') || scan_is(b, '\'')) && (end = FIND(b, "' in realm ")) != BYTES_NONE) {
		refused(l, scan_head(b, end + 1), text);
		return true;
	}
	for (size_t i = 0; i < sizeof(after) / sizeof(after[0]); i++) {
		size_t at = scan_last(b, after[i]);

		if (at == BYTES_NONE || !at)
			continue;
		refused(l, scan_head(b, at), text);
		return true;
	}
	return false;
}

static void apache_text(struct line *l, struct bytes text)
{
	struct bytes b = text, code = scan_head(b, 7);
	size_t at = LAST(text, ", referer: ");

	if (code.len == 7 && STARTS(code, "AH") && scan_all_digits(bytes_from(code, 2)) &&
	    STARTS(bytes_from(b, 7), ": ")) {
		set(l, FIELD_EVENT_CODE, code);
		scan_skip(&b, 9);
	}
	if (at != BYTES_NONE)
		set(l, FIELD_HTTP_REFERRER, bytes_from(text, at + 11));
	if (STARTS(b, "caught SIG") || STARTS(b, "shutting down")) {
		SET(l, EVENT_CATEGORY, "process");
		SET(l, EVENT_ACTION, "service-stop");
	} else if (HAS(b, " configured -- resuming normal operations")) {
		SET(l, EVENT_CATEGORY, "process");
		SET(l, EVENT_ACTION, "service-start");
	} else {
		auth_text(l, scan_head(b, LAST(b, ", referer: ")));
	}
	SET(l, EVENT_CATEGORY, "web");
}

bool horizon_message(struct line *l, struct bytes text)
{
	bool good = STARTS(text, "Login successful for user \"");
	struct bytes b = text, user, domain, address;
	size_t at;

	if (!good && !STARTS(text, "Login failed for user \""))
		return false;
	scan_skip(&b, scan_chr(b, '"') + 1);
	/* a name may hold quotes: what follows it is known */
	at = LAST(b, ", remote address ");
	if (at == BYTES_NONE)
		at = b.len;
	user = scan_head(b, at);
	address = bytes_trim(bytes_from(b, at + 17));
	if (ENDS(address, "."))
		address.len--;
	set_source_list(l, address);
	at = LAST(user, "\" using domain \"");
	if (at != BYTES_NONE) {
		domain = bytes_from(user, at + 16);
		set(l, FIELD_USER_DOMAIN, scan_head(domain, scan_chr(domain, '"')));
		user.len = at;
	} else {
		user = scan_head(user, LAST(user, "\""));
	}
	set(l, FIELD_USER_NAME, user);
	SET(l, EVENT_CATEGORY, "authentication");
	SET(l, EVENT_ACTION, "horizon_login");
	if (good)
		SET(l, EVENT_OUTCOME, "success");
	else
		SET(l, EVENT_OUTCOME, "failure");
	PUT(l, SERVICE_NAME, "horizon");
	return true;
}

bool apache_error(struct line *l, struct bytes b)
{
	struct head h = { 0 };
	struct bytes c = b;
	usec at;

	if (!scan_take_chr(&c, '[') || !stamp_ctime(l->hint, &c, &at) || !scan_take_chr(&c, ']') ||
	    !take_level(&c, &h))
		return false;
	take_pid(&c, &h);
	if (STARTS(c, " (")) { /* " (13)Permission denied: [client 1.2.3.4:5] text" */
		size_t client = FIND(scan_head(c, 200), ": [client ");

		if (client != BYTES_NONE)
			scan_skip(&c, client + 1);
	}
	take_client(&c, &h);
	take_client(&c, &h); /* mod_wsgi may write both */
	scan_take_chr(&c, ' ');
	set_time(l, at);
	/* a wrapped line knows its own level, logger and pid better: it goes first */
	if (!(IS(h.logger, "wsgi") || stamp_is_iso(c)) || !line_body(l, c)) {
		SET(l, EVENT_DATASET, "apache.error");
		set(l, FIELD_MESSAGE, c);
		apache_text(l, c);
	}
	if (h.client.len && !event_has(l->ev, FIELD_SOURCE_IP) &&
	    (is_ip(h.client) || !set_source_port(l, h.client)))
		set_source(l, h.client);
	set(l, FIELD_LOG_LEVEL, h.level);
	set(l, FIELD_LOG_LOGGER, h.logger);
	set(l, FIELD_PROCESS_PID, h.pid);
	set(l, FIELD_PROCESS_THREAD_NAME, h.thread);
	return true;
}
