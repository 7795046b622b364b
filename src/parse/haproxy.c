/* SPDX-License-Identifier: Apache-2.0 */
/* HAProxy, HTTP and TCP log, errors and notices:
 *
 *	10.0.0.1:1234 [22/Nov/2026:01:02:03.456] fe be/srv 10/0/30/69/109 200 2750 - - ----
 *1/1/1/1/0 0/0 {captured|request} {captured answer} "GET /index.html HTTP/1.1" 10.0.0.1:1234
 *[22/Nov/2026:01:02:03.456] fe be/srv 0/0/5007 212 -- 0/0/0/0/3 0/0 10.0.0.1:1234
 *[22/Nov/2026:01:02:03.456] fe/bind: SSL handshake failure
 */
#include "parse/line.h"

/* The last of "10/0/30/69/+109" */
static struct bytes total(struct bytes timers)
{
	size_t slash = scan_last(timers, BYTES("/"));
	struct bytes t = slash == BYTES_NONE ? timers : bytes_from(timers, slash + 1);

	if (scan_is(t, '+'))
		scan_skip(&t, 1);
	return scan_all_digits(t) ? t : BYTES("");
}

static unsigned slashes(struct bytes b)
{
	unsigned n = 0;

	for (size_t i = 0; i < b.len; i++) {
		if (b.at[i] == '/')
			n++;
		else if (!is_digit(b.at[i]) && b.at[i] != '-' && b.at[i] != '+')
			return 0;
	}
	return n;
}

static void set_backend(struct line *l, struct bytes frontend, struct bytes backend)
{
	size_t slash = scan_chr(backend, '/');
	struct bytes server = bytes_from(backend, slash + 1);

	if (ENDS(frontend, "~")) /* the connection came over TLS */
		frontend.len--;
	set(l, FIELD_HAPROXY_FRONTEND, frontend);
	set(l, FIELD_HAPROXY_BACKEND, scan_head(backend, slash));
	if (!scan_is(server, '<')) /* <NOSRV>, <STATS> */
		set(l, FIELD_HAPROXY_SERVER, server);
}

/* Behind the timers of an HTTP line: status bytes cookie cookie state connections queues … */
static bool http_rest(struct line *l, struct bytes b)
{
	struct bytes status = scan_word(&b), size = scan_word(&b), state, request;
	size_t quote;

	scan_word(&b);
	scan_word(&b);
	state = scan_word(&b);
	if (state.len != 4 || slashes(scan_word(&b)) != 4 || slashes(scan_word(&b)) != 1)
		return false;
	set(l, FIELD_HAPROXY_STATE, state);
	quote = scan_chr(b, '"'); /* captures are escaped: the first quote opens the request */
	if (quote < b.len) {
		request = bytes_from(b, quote + 1);
		http_request(l, scan_head(request, LAST(request, "\"")));
	}
	http_done(l, status);
	set_number(l, FIELD_HTTP_BYTES, size);
	return true;
}

/* Behind "frontend backend/server ": timers and the rest */
static bool timed(struct line *l, struct bytes b)
{
	struct bytes timers = scan_word(&b), size, state;
	unsigned n = slashes(timers);

	if (n == 4) {
		set(l, FIELD_EVENT_DURATION_MS, total(timers));
		return http_rest(l, b);
	}
	if (n != 2)
		return false;
	size = scan_word(&b);
	state = scan_word(&b);
	if (state.len < 2 || state.len > 4 || slashes(scan_word(&b)) != 4)
		return false;
	set(l, FIELD_EVENT_DURATION_MS, total(timers));
	set_number(l, FIELD_HTTP_BYTES, size);
	set(l, FIELD_HAPROXY_STATE, state);
	SET(l, EVENT_CATEGORY, "network");
	return true;
}

bool haproxy_line(struct line *l, struct bytes b)
{
	struct line_mark mark = line_mark(l);
	struct bytes c = b, client = scan_word(&c), frontend, backend, rest;
	usec at;

	if (!scan_take_chr(&c, '[') || !stamp_clf(l->hint, &c, &at) || !TAKE(&c, "] "))
		return false;
	if (!set_source_port(l, client) && !STARTS(client, "unix:"))
		return false;
	rest = c;
	frontend = scan_word(&rest);
	if (ENDS(frontend, ":")) {
		frontend.len--;
		set(l, FIELD_HAPROXY_FRONTEND, scan_head(frontend, scan_chr(frontend, '/')));
		SET(l, EVENT_CATEGORY, "network");
		SET(l, EVENT_OUTCOME, "failure");
		set(l, FIELD_EVENT_REASON, rest);
	} else {
		backend = scan_word(&rest);
		set_backend(l, frontend, backend);
		if (!timed(l, rest)) {
			line_back(l, &mark);
			return false;
		}
	}
	SET(l, EVENT_DATASET, "haproxy");
	SET(l, SERVICE_NAME, "haproxy");
	set(l, FIELD_MESSAGE, b);
	set_time(l, at);
	return true;
}

static void set_pair(struct line *l, struct bytes pair)
{
	size_t slash = scan_chr(pair, '/');

	set(l, FIELD_HAPROXY_BACKEND, scan_head(pair, slash));
	set(l, FIELD_HAPROXY_SERVER, bytes_from(pair, slash + 1));
}

static bool acted(struct line *l, struct bytes action)
{
	SET(l, EVENT_CATEGORY, "process");
	set(l, FIELD_EVENT_ACTION, action);
	return true;
}

/* "Server be/w1 is DOWN, reason: …", "backend be has no server available!", "Proxy fe started." */
static bool notice(struct line *l, struct bytes b)
{
	struct bytes name;
	size_t at;

	if (TAKE(&b, "Server ") || TAKE(&b, "Backup Server ")) {
		name = scan_word(&b);
		set_pair(l, name);
		at = FIND(b, "reason: ");
		if (at != BYTES_NONE)
			set(l, FIELD_EVENT_REASON, bytes_from(b, at + 8));
		if (STARTS(b, "is DOWN") || STARTS(b, "is going DOWN") || STARTS(b, "went DOWN"))
			return acted(l, BYTES("server-down"));
		if (STARTS(b, "is UP") || STARTS(b, "is READY"))
			return acted(l, BYTES("server-up"));
		return true;
	}
	if (TAKE(&b, "Health check for ")) {
		scan_word(&b); /* server, backup */
		scan_word(&b);
		return true;
	}
	if (TAKE(&b, "backend ") || TAKE(&b, "proxy ")) {
		name = scan_word(&b);
		set(l, FIELD_HAPROXY_BACKEND, name);
		return !STARTS(b, "has no server available") || acted(l, BYTES("backend-down"));
	}
	if (TAKE(&b, "Proxy ")) {
		name = scan_word(&b);
		set(l, FIELD_HAPROXY_FRONTEND, name);
		if (STARTS(b, "started"))
			return acted(l, BYTES("service-start"));
		return !STARTS(b, "stopped") || acted(l, BYTES("service-stop"));
	}
	if (TAKE(&b, "Connect from ")) { /* "10.0.0.5:1234 to 10.0.0.1:5000 (keystone/HTTP)" */
		set_source_port(l, scan_word(&b));
		if (TAKE(&b, "to "))
			set_destination(l, scan_word(&b));
		if (scan_take_chr(&b, '('))
			set(l, FIELD_HAPROXY_FRONTEND, scan_head(b, scan_chr(b, '/')));
		SET(l, EVENT_CATEGORY, "network");
		SET(l, EVENT_ACTION, "connection-accepted");
		return true;
	}
	if (STARTS(b, "Stopping "))
		return acted(l, BYTES("service-stop"));
	return STARTS(b, "New worker ") && acted(l, BYTES("service-child-start"));
}

/* "[NOTICE] 325/012345 (123) : text" and "[ALERT]    (1) : text" of standard error, or the text */
bool haproxy_text(struct line *l, struct bytes b)
{
	struct line_mark mark = line_mark(l);
	struct bytes c = b, level, pid;
	size_t at;

	if (scan_take_chr(&c, '[')) {
		if (!scan_take_to(&c, ']', &level) || !level_of(level).len)
			return false;
		at = FIND(c, ") : ");
		if (at == BYTES_NONE || at > 40 || scan_chr(c, '(') > at)
			return false;
		pid = bytes_sub(c, scan_chr(c, '(') + 1, at - scan_chr(c, '(') - 1);
		set(l, FIELD_LOG_LEVEL, level_of(level));
		set_number(l, FIELD_PROCESS_PID, pid);
		scan_skip(&c, at + 4);
		notice(l, c);
	} else if (!notice(l, c)) {
		line_back(l, &mark);
		return false;
	}
	SET(l, EVENT_DATASET, "haproxy");
	SET(l, SERVICE_NAME, "haproxy");
	set(l, FIELD_MESSAGE, c);
	return true;
}
