/* SPDX-License-Identifier: Apache-2.0 */
/* Error log of MariaDB and MySQL, from behind the stamp: " 0 [Note] text", " [Warning] text",
 * " 113 [Note] [MY-010926] [Server] text". */
#include "parse/line.h"

/* "Access denied for user 'NAME'@'HOST' (using password: YES)": NAME is a stranger's, so its end
 * is the last '@' in quotes, and nothing may follow that the server does not write. */
static bool denied(struct line *l, struct bytes b)
{
	struct bytes who = b, host, tail;
	size_t at;

	if (!TAKE(&who, "Access denied for user '"))
		return false;
	at = LAST(who, "'@'");
	if (at == BYTES_NONE)
		return false;
	tail = bytes_from(who, at + 3);
	if (!scan_take_to(&tail, '\'', &host))
		return false;
	if (TAKE(&tail, " to database '"))
		scan_skip(&tail, scan_chr(tail, '\'') + 1);
	if (TAKE(&tail, " (using password: "))
		scan_skip(&tail, scan_chr(tail, ')') + 1);
	if (bytes_trim(tail).len)
		return false;
	set(l, FIELD_USER_NAME, scan_head(who, at));
	set_source(l, host);
	SET(l, EVENT_CATEGORY, "authentication");
	SET(l, EVENT_ACTION, "authenticate");
	SET(l, EVENT_OUTCOME, "failure");
	set(l, FIELD_EVENT_REASON, b);
	return true;
}

/* "Aborted connection 12 to db: 'nova' user: 'nova' host: '10.0.0.5' (Got an error …)" */
static bool aborted(struct line *l, struct bytes b)
{
	size_t host = LAST(b, "' host: '"), user;
	struct bytes name;

	if (!STARTS(b, "Aborted connection ") || host == BYTES_NONE)
		return false;
	user = LAST(scan_head(b, host), " user: '");
	if (user == BYTES_NONE)
		return false;
	name = bytes_sub(b, user + 8, host - user - 8);
	if (!IS(name, "unauthenticated")) /* the server's word for nobody yet */
		set(l, FIELD_USER_NAME, name);
	name = bytes_from(b, host + 9);
	set_source(l, scan_head(name, scan_chr(name, '\'')));
	SET(l, EVENT_CATEGORY, "network");
	SET(l, EVENT_ACTION, "connection-aborted");
	return true;
}

static void by_text(struct line *l, struct bytes b)
{
	if (denied(l, b) || aborted(l, b))
		return;
	if (HAS(scan_head(b, 120), "ready for connections")) {
		SET(l, EVENT_CATEGORY, "process");
		SET(l, EVENT_ACTION, "service-start");
	} else if (HAS(scan_head(b, 120), "Shutdown complete") || HAS(b, "Normal shutdown")) {
		SET(l, EVENT_CATEGORY, "process");
		SET(l, EVENT_ACTION, "service-stop");
	}
}

bool mysql_text(struct line *l, struct bytes text)
{
	by_text(l, text);
	SET(l, EVENT_DATASET, "mysql");
	SET(l, SERVICE_NAME, "mysql");
	set(l, FIELD_MESSAGE, text);
	return true;
}

bool mysql_line(struct line *l, struct bytes b)
{
	struct bytes thread, word, code;

	if (!scan_take_chr(&b, ' '))
		return false;
	thread = scan_digits(&b);
	if (thread.len && !scan_take_chr(&b, ' '))
		return false;
	if (!scan_take_chr(&b, '[') || !scan_take_to(&b, ']', &word))
		return false;
	if (!level_of(word).len && !IS(word, "System"))
		return false;
	scan_take_chr(&b, ' ');
	if (STARTS(b, "[MY-")) { /* [MY-010926] [Server] */
		scan_skip(&b, 1);
		if (!scan_take_to(&b, ']', &code))
			return false;
		set(l, FIELD_EVENT_CODE, code);
		scan_take_chr(&b, ' ');
		if (scan_take_chr(&b, '[') && scan_take_to(&b, ']', &code))
			set(l, FIELD_LOG_LOGGER, code);
		scan_take_chr(&b, ' ');
	}
	set(l, FIELD_LOG_LEVEL, IS(word, "System") ? BYTES("info") : level_of(word));
	set(l, FIELD_PROCESS_THREAD_NAME, thread);
	return mysql_text(l, b);
}
