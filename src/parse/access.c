/* SPDX-License-Identifier: Apache-2.0 */
/* Request lines:
 *
 *	10.0.0.1 "GET /v2.1/x HTTP/1.1" status: 200  len: 1893 time: 0.2477829     nova, neutron, …
 *	10.0.0.1 - - [22/Nov/2026 01:20:00] "GET / HTTP/1.1" 200 1893 0.247          eventlet
 *	10.0.0.1 - user [22/Nov/2026:01:20:00 +0000] "GET / HTTP/1.1" 200 1893 "-" "agent"
 *	example.org:443 10.0.0.1 - …                                                    vhost first
 *	- - - [22/Nov/2026:01:47:40 +0000] "POST / HTTP/1.1" 201 1217 184711 "-" "agent"     Kolla
 *
 * A request is outside data and may hold quotes, escaped by Apache, bare from eventlet: its end is
 * the quote behind which an answer stands. */
#include "parse/line.h"

/* ` status: 200  len: 1893 microversion: 2.1 time: 0.2477829` */
static bool wsgi_answer(struct line *l, struct bytes b)
{
	struct bytes status, v;

	if (!TAKE(&b, " status: "))
		return false;
	status = scan_head(b, 3);
	scan_skip(&b, 3);
	http_done(l, status);
	if (TAKE(&b, " len: ") || TAKE(&b, "  len: ")) {
		v = scan_digits(&b);
		set(l, FIELD_HTTP_BYTES, v);
		if (!v.len)
			scan_take_chr(&b, '-');
	}
	if (TAKE(&b, " microversion: "))
		scan_skip(&b, scan_chr(b, ' '));
	if (TAKE(&b, " time: "))
		set(l, FIELD_EVENT_DURATION_S, scan_decimal(&b));
	return true;
}

/* `GET /x HTTP/1.1" status: …` from behind the opening quote. eventlet does not escape a quote in
 * the request, so the last place that looks like an answer is the server's own. */
static bool wsgi_request(struct line *l, struct bytes b)
{
	struct bytes answer = bytes_from(b, scan_last_chr(b, '"') + 1);

	if (!STARTS(answer, " status: ")) { /* lines follow, with quotes in them */
		size_t at = LAST(b, "\" status: ");

		if (at == BYTES_NONE)
			return false;
		answer = bytes_from(b, at + 1);
	}
	http_request(l, scan_head(b, b.len - answer.len - 1));
	return wsgi_answer(l, answer);
}

/* Behind the answer's length: a time in seconds or microseconds, referrer, agent, other words. */
static void clf_tail(struct line *l, struct bytes b)
{
	struct bytes v, rest, seconds;
	bool quoted = false;

	for (scan_blanks(&b); b.len; scan_blanks(&b)) {
		if (scan_take_chr(&b, '"')) {
			size_t n = scan_either(b, '"', '\\');

			while (n < b.len && b.at[n] == '\\') {
				n += 2;
				n += scan_either(bytes_from(b, n), '"', '\\');
			}
			v = scan_head(b, n);
			scan_skip(&b, n + 1);
			if (!is_absent(v) && !quoted)
				set(l, FIELD_HTTP_REFERRER, v);
			else if (!is_absent(v))
				set(l, FIELD_USER_AGENT, v);
			if (quoted)
				break;
			quoted = true;
			continue;
		}
		v = scan_word(&b);
		rest = v;
		seconds = scan_decimal(&rest);
		if (scan_all_digits(v))
			set(l, FIELD_EVENT_DURATION_US, v);
		else if (scan_digit(v) && !rest.len)
			set(l, FIELD_EVENT_DURATION_S, seconds);
	}
	scan_blanks(&b);
	v = scan_word(&b);
	if (scan_all_digits(v))
		set(l, FIELD_EVENT_DURATION_US, v);
}

/* ` 200 1893…` behind the closing quote of the request; "-" where there was no answer */
static bool is_answer(struct bytes b)
{
	struct bytes status;

	if (!scan_take_chr(&b, ' '))
		return false;
	status = scan_word(&b);
	return IS(status, "-") || (status.len == 3 && scan_all_digits(status) &&
				   (scan_digit(b) || scan_is(b, '-') || !b.len));
}

/* Escaped: quotes of the request are (Apache), so the first answer counts; else the last. */
static bool clf_request(struct line *l, struct bytes b, bool escaped)
{
	struct bytes rest = { NULL, 0 }, v;

	for (size_t n = scan_either(b, '"', '\\'); n < b.len;
	     n++, n += scan_either(bytes_from(b, n), '"', '\\')) {
		if (b.at[n] == '\\' && escaped)
			n++;
		else if (b.at[n] == '"' && is_answer(bytes_from(b, n + 1))) {
			rest = bytes_from(b, n + 1);
			if (escaped)
				break;
		}
	}
	if (!rest.len)
		return false;
	http_request(l, scan_head(b, b.len - rest.len - 1));
	scan_take_chr(&rest, ' ');
	v = scan_word(&rest);
	http_done(l, v);
	set_number(l, FIELD_HTTP_BYTES, scan_word(&rest));
	clf_tail(l, rest);
	return true;
}

/* `- user [22/Nov/2026:01:20:00 +0000] "…` behind the client */
static bool clf_rest(struct line *l, struct bytes b, bool escaped)
{
	struct line_mark mark = line_mark(l);
	struct bytes user, c = b, names;
	usec at;
	size_t n;

	scan_word(&c); /* identd: never of use */
	names = c;
	do { /* a name may hold " [" too, but no quote that is not escaped */
		n = FIND(c, " [");
		if (n == BYTES_NONE)
			return false;
		scan_skip(&c, n + 2);
		user = scan_head(names, names.len - c.len - 2);
		b = c;
	} while (!stamp_clf(l->hint, &b, &at) || !TAKE(&b, "] \""));
	c = b;
	if (!is_absent(user) && !IS(user, "\"\""))
		set(l, FIELD_USER_NAME, user);
	if (clf_request(l, c, escaped)) {
		if (l->ev->time == USEC_NONE)
			set_time(l, at);
		return true;
	}
	line_back(l, &mark);
	return false;
}

/* The clients of a request: one address, or several with commas and perhaps blanks between. */
static inline struct bytes take_clients(struct bytes *b)
{
	struct bytes all = *b;
	size_t n = scan_either(all, ' ', ',');

	if (scan_at(all, n) == ' ') { /* one, as usual */
		scan_skip(b, n + 1);
		return scan_head(all, n);
	}
	do {
		struct bytes word = scan_word(b);

		n = (size_t)(word.at + word.len - all.at);
		if (!ENDS(word, ","))
			break;
	} while (b->len && n < 400);
	return scan_head(all, n);
}

bool access_wsgi(struct line *l, struct bytes text)
{
	struct bytes b = text, clients = take_clients(&b);

	if (!clients.len || clients.len > 400)
		return false;
	if (scan_take_chr(&b, '"')) {
		if (!wsgi_request(l, b))
			return false;
	} else if (!clf_rest(l, b, false)) {
		return false;
	}
	set_source_list(l, clients);
	return true;
}

/* "example.org:443": a virtual host and its port */
static bool is_vhost(struct bytes w)
{
	size_t colon = scan_last(w, BYTES(":"));

	return colon != BYTES_NONE && w.len - colon < 7 &&
	       scan_all_digits(bytes_from(w, colon + 1)) && !is_ip(w);
}

bool access_line(struct line *l, struct bytes b)
{
	struct bytes all = b, clients = take_clients(&b), vhost = { NULL, 0 };

	if (!clients.len || clients.len > 400 || b.len < 24)
		return false;
	if (is_vhost(clients)) {
		vhost = scan_head(clients, scan_last(clients, BYTES(":")));
		clients = take_clients(&b);
	} else if (!is_ip(clients) && is_ip(scan_head(b, scan_chr(b, ' ')))) {
		vhost = clients; /* without its port */
		clients = take_clients(&b);
	}
	if (!clf_rest(l, b, true))
		return false;
	if (!is_absent(clients))
		set_source_list(l, clients);
	set(l, FIELD_URL_DOMAIN, vhost);
	SET(l, EVENT_DATASET, "apache.access");
	set(l, FIELD_MESSAGE, all);
	return true;
}

/* Swift's proxy: client remote date method path protocol status referrer agent token received
 * sent etag transaction headers time source info start end policy; "-" where there is nothing. */
bool access_swift(struct line *l, struct bytes b)
{
	struct line_mark mark = line_mark(l);
	struct bytes all = b, client = scan_word(&b), remote = scan_word(&b), date = scan_word(&b),
		     w[18];
	size_t n = 0;

	if (!(is_ip(client) || is_absent(client)) || !(is_ip(remote) || is_absent(remote)) ||
	    date.len != 20 || date.at[2] != '/' || date.at[11] != '/')
		return false;
	while (b.len && n < 18)
		w[n++] = scan_word(&b);
	if (n < 13 || w[3].len != 3 || !scan_all_digits(w[3]))
		return false;
	line_back(l, &mark);
	set_source(l, is_absent(remote) ? client : remote);
	if (!bytes_eq(client, remote) && is_ip(client))
		set(l, FIELD_CLIENT_IP, client);
	set(l, FIELD_HTTP_METHOD, w[0]);
	set(l, FIELD_URL_ORIGINAL, w[1]);
	set(l, FIELD_URL_PATH, scan_head(w[1], scan_chr(w[1], '?')));
	set(l, FIELD_URL_QUERY, bytes_from(w[1], scan_chr(w[1], '?') + 1));
	http_done(l, w[3]);
	if (STARTS(w[2], "HTTP/"))
		set(l, FIELD_HTTP_VERSION, bytes_from(w[2], 5));
	if (!is_absent(w[5]))
		set(l, FIELD_USER_AGENT, w[5]);
	set_number(l, FIELD_HTTP_BYTES, w[8]);
	if (!is_absent(w[10]))
		set(l, FIELD_OS_REQUEST_ID, w[10]);
	if (scan_digit(w[12]))
		set(l, FIELD_EVENT_DURATION_S, w[12]);
	SET(l, SERVICE_NAME, "swift");
	SET(l, EVENT_DATASET, "swift");
	set(l, FIELD_MESSAGE, all);
	return true;
}
