/* SPDX-License-Identifier: Apache-2.0 */
/* PostgreSQL's log, from behind the stamp. What stands before the level is the operator's choice
 * (log_line_prefix), so two usual forms are known; the level and its colon are the server's own:
 *
 *	 UTC [147] 192.0.2.1 alice@nova FATAL:  password authentication failed for user "alice"
 *	 UTC:192.0.2.1(5432):alice@nova:[147]:FATAL:  …
 */
#include "parse/line.h"

static bool is_level(struct bytes w)
{
	return IS(w, "LOG") || IS(w, "FATAL") || IS(w, "ERROR") || IS(w, "WARNING") ||
	       IS(w, "PANIC") || IS(w, "NOTICE") || IS(w, "INFO") || IS(w, "DETAIL") ||
	       IS(w, "HINT") || IS(w, "STATEMENT") || IS(w, "CONTEXT");
}

/* One part of the prefix, by its form. */
static void set_part(struct line *l, struct bytes part)
{
	size_t paren = scan_chr(part, '('), at = scan_chr(part, '@');

	if (scan_is(part, '[') && ENDS(part, "]")) {
		set_number(l, FIELD_PROCESS_PID, bytes_sub(part, 1, part.len - 2));
	} else if (paren < part.len && is_ip(scan_head(part, paren))) {
		set(l, FIELD_SOURCE_IP, scan_head(part, paren));
		part = bytes_from(part, paren + 1);
		set_number(l, FIELD_SOURCE_PORT, scan_head(part, scan_chr(part, ')')));
	} else if (is_ip(part)) {
		set(l, FIELD_SOURCE_IP, part);
	} else if (at && at < part.len && !STARTS(part, "[unknown]")) {
		set(l, FIELD_USER_NAME, scan_head(part, at));
	}
}

static void failed(struct line *l, struct bytes b)
{
	struct bytes who = b;
	size_t at = FIND(b, "authentication failed for user \"");
	bool login = at != BYTES_NONE && at < 32;

	if (login)
		scan_skip(&who, at + 32);
	else if (TAKE(&who, "no pg_hba.conf entry for host \""))
		login = true;
	else if (TAKE(&who, "role \"") && ENDS(who, "\" does not exist"))
		login = true;
	if (!login)
		return;
	if (STARTS(b, "no pg_hba")) {
		set_source(l, scan_head(who, scan_chr(who, '"')));
		at = FIND(who, "user \"");
		scan_skip(&who, at == BYTES_NONE ? who.len : at + 6);
	}
	at = LAST(who, "\"");
	set(l, FIELD_USER_NAME, scan_head(who, STARTS(b, "no pg_hba") ? scan_chr(who, '"') : at));
	SET(l, EVENT_CATEGORY, "authentication");
	SET(l, EVENT_ACTION, "authenticate");
	SET(l, EVENT_OUTCOME, "failure");
	set(l, FIELD_EVENT_REASON, b);
}

bool postgres_line(struct line *l, struct bytes b)
{
	struct line_mark mark = line_mark(l);
	bool colons;
	size_t n = 1;

	if (!scan_take_chr(&b, ' '))
		return false;
	while (n < b.len && n < 6 && (uint8_t)(b.at[n] - 'A') < 26) /* the zone: UTC, CEST */
		n++;
	colons = scan_at(b, n) == ':';
	if (n < 2 || (uint8_t)(b.at[0] - 'A') >= 26 || (!colons && scan_at(b, n) != ' '))
		return false;
	scan_skip(&b, n + 1);
	if (!scan_is(b, '[') && !scan_digit(b))
		return false;
	for (unsigned parts = 0; parts < 6; parts++) {
		struct bytes part, level;

		n = colons ? scan_chr(b, ':') : scan_chr(b, ' ');
		if (n == b.len)
			break;
		part = scan_head(b, n);
		scan_skip(&b, n + 1);
		level = part;
		if (!colons && ENDS(level, ":"))
			level.len--;
		if (!is_level(level)) {
			set_part(l, part);
			continue;
		}
		scan_blanks(&b);
		set(l, FIELD_LOG_LEVEL, level_of(level));
		SET(l, EVENT_DATASET, "postgresql");
		SET(l, SERVICE_NAME, "postgresql");
		set(l, FIELD_MESSAGE, b);
		if (IS(level, "FATAL"))
			failed(l, b);
		return true;
	}
	line_back(l, &mark);
	return false;
}
