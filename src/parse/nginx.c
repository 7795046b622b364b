/* SPDX-License-Identifier: Apache-2.0 */
/* nginx's error log, from behind the stamp:
 *
 *	 [error] 80#81: *2 text, client: 10.0.0.5, server: h, request: "GET / HTTP/1.1", host: "h"
 *
 * The text may quote a path or a user name and the request is the client's, and nothing of it is
 * escaped: where ", client: " fits in several places none is taken. */
#include "parse/line.h"

/* What an end of the text looks like: ", client: ADDRESS, server: ", or nothing behind it. */
static size_t client_at(struct bytes b)
{
	size_t from = 0, at, found = BYTES_NONE;

	while ((at = FIND(bytes_from(b, from), ", client: ")) != BYTES_NONE) {
		struct bytes rest = bytes_from(b, from + at + 10);
		struct bytes host = scan_head(rest, scan_chr(rest, ','));

		if ((is_ip(host) || IS(host, "unix:")) &&
		    (host.len == rest.len || STARTS(bytes_from(rest, host.len), ", server: "))) {
			if (found != BYTES_NONE)
				return BYTES_NONE;
			found = from + at;
		}
		from += at + 10;
	}
	return found;
}

/* `request: "GET / HTTP/1.1", upstream: "…", host: "h"`: host and referrer are the client's too,
 * so the request is taken up to the first quote. */
static void set_request(struct line *l, struct bytes b)
{
	struct bytes request;
	size_t at = FIND(b, ", request: \"");

	if (at == BYTES_NONE)
		return;
	scan_skip(&b, at + 12);
	if (scan_take_to(&b, '"', &request) && (!b.len || STARTS(b, ", ")))
		http_request(l, request);
}

/* `user "x": password mismatch`, `user "x" was not found in "…"`: the name is a stranger's.
 * ngx_http_auth_pam writes `PAM: user 'x' - not authenticated: …`. */
static bool refused(struct line *l, struct bytes b)
{
	size_t end;

	if (TAKE(&b, "user \"")) {
		end = LAST(b, "\": password mismatch");
		if (end == BYTES_NONE)
			end = LAST(b, "\" was not found in \"");
		if (end == BYTES_NONE)
			return false;
		set(l, FIELD_USER_NAME, scan_head(b, end));
	} else if (TAKE(&b, "PAM: user '")) { /* "NAME' - not authenticated: …" */
		end = LAST(b, "' - not authenticated: ");
		if (end == BYTES_NONE)
			return false;
		set(l, FIELD_USER_NAME, scan_head(b, end));
	} else if (!STARTS(b, "no user/password was provided for basic authentication")) {
		return false;
	}
	SET(l, EVENT_CATEGORY, "authentication");
	SET(l, EVENT_ACTION, "authenticate");
	SET(l, EVENT_OUTCOME, "failure");
	return true;
}

static void by_text(struct line *l, struct bytes text)
{
	struct bytes b = text;
	size_t at;

	if (refused(l, text)) {
		set(l, FIELD_EVENT_REASON, text);
	} else if (STARTS(b, "access forbidden by rule") || STARTS(b, "directory index of ") ||
		   STARTS(b, "limiting requests") || STARTS(b, "limiting connections")) {
		SET(l, EVENT_ACTION, "access-denied");
		SET(l, EVENT_OUTCOME, "failure");
		set(l, FIELD_EVENT_REASON, text);
	} else if (TAKE(&b, "signal ") && HAS(b, "received, exiting")) {
		SET(l, EVENT_CATEGORY, "process");
		SET(l, EVENT_ACTION, "service-stop");
	} else if (TAKE(&b, "worker process ") && (at = FIND(b, " exited ")) != BYTES_NONE) {
		SET(l, EVENT_CATEGORY, "process");
		SET(l, EVENT_ACTION, "service-child-exit");
	}
	SET(l, EVENT_CATEGORY, "web");
}

bool nginx_line(struct line *l, struct bytes b)
{
	struct bytes word, pid, thread, text, more;
	size_t at;

	if (!TAKE(&b, " [") || !scan_take_to(&b, ']', &word) || !level_of(word).len ||
	    !scan_take_chr(&b, ' '))
		return false;
	pid = scan_digits(&b);
	if (!pid.len || !scan_take_chr(&b, '#'))
		return false;
	thread = scan_digits(&b);
	if (!thread.len || !TAKE(&b, ": "))
		return false;
	set(l, FIELD_LOG_LEVEL, level_of(word));
	set_number(l, FIELD_PROCESS_PID, pid);
	set(l, FIELD_PROCESS_THREAD_NAME, thread);
	SET(l, EVENT_DATASET, "nginx.error");
	SET(l, SERVICE_NAME, "nginx");
	set(l, FIELD_MESSAGE, b);
	if (scan_take_chr(&b, '*')) { /* the number of the connection */
		scan_digits(&b);
		scan_take_chr(&b, ' ');
	}
	at = client_at(b);
	text = scan_head(b, at);
	by_text(l, text);
	if (at == BYTES_NONE)
		return true;
	more = bytes_from(b, at + 10);
	set_source(l, scan_head(more, scan_chr(more, ',')));
	set_request(l, more);
	return true;
}
