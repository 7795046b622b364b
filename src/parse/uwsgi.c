/* SPDX-License-Identifier: Apache-2.0 */
/* uWSGI's own log:
 *
 *	[pid: 1|app: 0|req: 1/1] 10.0.0.1 (user) {40 vars in 600 bytes} [Sun Nov 22 01:20:00 2026]
 *	 GET /v3 => generated 250 bytes in 4 msecs (HTTP/1.1 200) 5 headers in 180 bytes (1 switches
 *…)
 *
 * and the lines of its start and end, which have no stamp but the first. */
#include "parse/line.h"

/* `generated 250 bytes in 4 msecs (HTTP/1.1 200) …` */
static void answer(struct line *l, struct bytes b)
{
	struct bytes status = { NULL, 0 }, v;
	size_t at = FIND(b, "generated ");

	if (at != BYTES_NONE) {
		scan_skip(&b, at + 10);
		set(l, FIELD_HTTP_BYTES, scan_digits(&b));
	}
	at = FIND(b, " in ");
	if (at != BYTES_NONE) {
		scan_skip(&b, at + 4);
		v = scan_digits(&b);
		if (STARTS(b, " msecs"))
			set(l, FIELD_EVENT_DURATION_MS, v);
		else if (STARTS(b, " micros"))
			set(l, FIELD_EVENT_DURATION_US, v);
	}
	at = FIND(b, "(HTTP/");
	if (at != BYTES_NONE) {
		scan_skip(&b, at + 6);
		set(l, FIELD_HTTP_VERSION, scan_word(&b));
		status = scan_digits(&b);
	}
	http_done(l, status);
}

/* `GET /v3?a=b => ` : the target may hold " => " itself, the last one ends it */
static bool request(struct line *l, struct bytes b)
{
	size_t at = LAST(b, " => generated ");

	if (at == BYTES_NONE)
		at = LAST(b, " => ");
	if (at == BYTES_NONE)
		return false;
	http_request(l, scan_head(b, at));
	answer(l, bytes_from(b, at + 4));
	return true;
}

bool uwsgi_request(struct line *l, struct bytes b)
{
	struct line_mark mark = line_mark(l);
	struct bytes c = b, pid, user;
	usec when;
	size_t at;

	if (!TAKE(&c, "[pid: "))
		return false;
	pid = scan_digits(&c);
	at = FIND(c, "] ");
	if (!scan_is(c, '|') || at == BYTES_NONE || at > 80)
		return false;
	scan_skip(&c, at + 2);
	at = FIND(c, " {");
	if (at == BYTES_NONE)
		return false;
	user = scan_head(c, at);
	scan_skip(&c, at);
	at = FIND(c, "} [");
	if (at == BYTES_NONE)
		return false;
	scan_skip(&c, at + 3);
	if (!stamp_ctime(l->hint, &c, &when) || !TAKE(&c, "] "))
		return false;
	at = LAST(user, " ("); /* address, then the user in parentheses */
	if (at != BYTES_NONE && ENDS(user, ")")) {
		set(l, FIELD_USER_NAME, bytes_sub(user, at + 2, user.len - at - 3));
		user.len = at;
	} else if (ENDS(user, "()")) {
		user.len -= 2;
	}
	set_source_list(l, bytes_trim(user));
	if (!request(l, c)) {
		line_back(l, &mark);
		return false;
	}
	set(l, FIELD_PROCESS_PID, pid);
	SET(l, EVENT_DATASET, "uwsgi");
	set(l, FIELD_SERVICE_NAME, service_of_path(l->hint->name));
	set(l, FIELD_MESSAGE, b);
	set_time(l, when);
	return true;
}

static bool said(struct line *l, struct bytes b, struct bytes action)
{
	SET(l, EVENT_DATASET, "uwsgi");
	if (action.len) {
		SET(l, EVENT_CATEGORY, "process");
		set(l, FIELD_EVENT_ACTION, action);
	}
	set(l, FIELD_SERVICE_NAME, service_of_path(l->hint->name));
	set(l, FIELD_MESSAGE, b);
	return true;
}

/* "*** Starting uWSGI 2.0.21-debian (64bit) on [Sun Nov 22 01:19:50 2026] ***" */
static bool started(struct line *l, struct bytes b)
{
	struct bytes c = b;
	usec when;
	size_t at = FIND(c, "uWSGI ");

	scan_skip(&c, at + 6);
	set(l, FIELD_SERVICE_VERSION, scan_word(&c));
	at = FIND(c, "on [");
	if (at != BYTES_NONE) {
		scan_skip(&c, at + 4);
		if (stamp_ctime(l->hint, &c, &when))
			set_time(l, when);
	}
	return said(l, b, BYTES("service-start"));
}

static struct bytes pid_in(struct bytes b, struct bytes before)
{
	size_t at = bytes_find(b, before);

	if (at == BYTES_NONE)
		return BYTES("");
	scan_skip(&b, at + before.len);
	return scan_digits(&b);
}

static bool signals(struct bytes b)
{
	return STARTS(b, "SIGINT/SIGTERM received") || STARTS(b, "SIGINT/SIGQUIT received") ||
	       STARTS(b, "SIGTERM received") || STARTS(b, "goodbye to uWSGI") ||
	       STARTS(b, "...gracefully killing workers") ||
	       STARTS(b, "...brutally killing workers") || STARTS(b, "VACUUM: ") ||
	       STARTS(b, "uWSGI worker ") || STARTS(b, "gateway \"");
}

bool uwsgi_text(struct line *l, struct bytes b)
{
	bool ours =
		HAS(l->hint->name, "uwsgi") || HAS(event_get(l->ev, FIELD_PROCESS_NAME), "uwsgi");

	if (STARTS(b, "*** Starting uWSGI "))
		return started(l, b);
	if (STARTS(b, "spawned uWSGI ")) {
		set(l, FIELD_PROCESS_PID, pid_in(b, BYTES("(pid: ")));
		return said(l, b, BYTES("service-child-start"));
	}
	if (STARTS(b, "Respawned uWSGI worker")) {
		set(l, FIELD_PROCESS_PID, pid_in(b, BYTES("(new pid: ")));
		return said(l, b, BYTES("service-child-start"));
	}
	if (STARTS(b, "DAMN ! worker ")) {
		set(l, FIELD_PROCESS_PID, pid_in(b, BYTES("(pid: ")));
		return said(l, b, BYTES("service-child-exit"));
	}
	if (STARTS(b, "!!! uWSGI process ")) {
		SET(l, LOG_LEVEL, "critical");
		set(l, FIELD_PROCESS_PID, pid_in(b, BYTES("process ")));
		return said(l, b, BYTES("service-crash"));
	}
	if (STARTS(b, "worker ") && HAS(b, " buried after "))
		return said(l, b, BYTES("service-child-exit"));
	if (signals(b))
		return said(l, b, BYTES("service-stop"));
	if (STARTS(b, "*** WARNING: you are running uWSGI")) {
		SET(l, LOG_LEVEL, "warning");
		return said(l, b, BYTES(""));
	}
	if (ours || (STARTS(b, "*** ") && HAS(b, "uWSGI")))
		return said(l, b, BYTES(""));
	return false;
}
