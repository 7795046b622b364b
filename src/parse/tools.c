/* SPDX-License-Identifier: Apache-2.0 */
/* What the security tools on a host write: ClamAV, fail2ban, samhain, rkhunter, AIDE. */
#include "parse/line.h"

/* "PATH: NAME(md5:size) FOUND": a path may hold ": ", a signature does not */
static void found(struct line *l, struct bytes b)
{
	size_t at;

	if (!ENDS(b, " FOUND"))
		return;
	b.len -= 6;
	at = LAST(b, ": ");
	if (at == BYTES_NONE)
		return;
	set(l, FIELD_FILE_PATH, scan_head(b, at));
	b = bytes_from(b, at + 2);
	set(l, FIELD_THREAT_NAME, scan_head(b, scan_chr(b, '(')));
	SET(l, EVENT_CATEGORY, "malware");
	SET(l, EVENT_ACTION, "malware-found");
	SET(l, LOG_LEVEL, "warning");
}

/* "Sun Nov 22 01:36:19 2026 -> text" of clamd and freshclam, or the text alone */
bool clamd_text(struct line *l, struct bytes b)
{
	struct bytes c = b;
	usec at = USEC_NONE;
	bool stamped = stamp_ctime(l->hint, &c, &at);

	if (stamped && !TAKE(&c, " -> "))
		return false;
	if (!stamped && !event_has(l->ev, FIELD_PROCESS_NAME) &&
	    (!ENDS(b, " FOUND") || LAST(b, ": ") == BYTES_NONE))
		return false;
	found(l, c);
	if (STARTS(c, "+++ Started at "))
		SET(l, EVENT_ACTION, "service-start");
	else if (STARTS(c, "--- Stopped at "))
		SET(l, EVENT_ACTION, "service-stop");
	if (TAKE(&c, "WARNING: ") || TAKE(&c, "^"))
		SET(l, LOG_LEVEL, "warning");
	else if (TAKE(&c, "ERROR: ") || TAKE(&c, "!"))
		SET(l, LOG_LEVEL, "error");
	SET(l, EVENT_DATASET, "clamav");
	SET(l, SERVICE_NAME, "clamav");
	set(l, FIELD_MESSAGE, c);
	set_time(l, at);
	return true;
}

/* "[sshd] Ban 203.0.113.9", "[sshd] Found 203.0.113.9 - 2026-…", "[sshd] Restore Ban …" */
static void jail(struct line *l, struct bytes b)
{
	struct bytes name;

	if (!scan_take_chr(&b, '[') || !scan_take_to(&b, ']', &name))
		return;
	set(l, FIELD_FAIL2BAN_JAIL, name);
	scan_blanks(&b);
	TAKE(&b, "Restore ");
	TAKE(&b, "Increase ");
	if (TAKE(&b, "Ban "))
		SET(l, EVENT_ACTION, "ban");
	else if (TAKE(&b, "Unban "))
		SET(l, EVENT_ACTION, "unban");
	else if (TAKE(&b, "Found "))
		SET(l, EVENT_ACTION, "ban-candidate");
	else
		return;
	SET(l, EVENT_CATEGORY, "intrusion_detection");
	set_source(l, scan_word(&b));
}

/* " fail2ban.actions        [4452]: NOTICE  text" */
bool fail2ban_line(struct line *l, struct bytes b)
{
	struct bytes logger, pid, level;

	if (!scan_take_chr(&b, ' '))
		return false;
	logger = scan_word(&b);
	scan_blanks(&b);
	if (!scan_take_chr(&b, '[') || !scan_take_to(&b, ']', &pid) || !TAKE(&b, ": "))
		return false;
	level = level_of(scan_word(&b));
	if (!level.len)
		return false;
	scan_blanks(&b);
	set(l, FIELD_LOG_LEVEL, level);
	set(l, FIELD_LOG_LOGGER, logger);
	set_number(l, FIELD_PROCESS_PID, pid);
	SET(l, EVENT_DATASET, "fail2ban");
	SET(l, SERVICE_NAME, "fail2ban");
	set(l, FIELD_MESSAGE, b);
	if (STARTS(b, "Starting Fail2ban")) {
		SET(l, EVENT_CATEGORY, "process");
		SET(l, EVENT_ACTION, "service-start");
	} else if (STARTS(b, "Shutdown in progress") || STARTS(b, "Exiting Fail2ban")) {
		SET(l, EVENT_CATEGORY, "process");
		SET(l, EVENT_ACTION, "service-stop");
	} else {
		jail(l, b);
	}
	return true;
}

/* The value of "key=<value>" */
static struct bytes angle(struct bytes b, struct bytes key)
{
	size_t at = scan_find(b, key);

	if (at == BYTES_NONE)
		return BYTES("");
	b = bytes_from(b, at + key.len);
	return scan_head(b, scan_chr(b, '>'));
}

/* "CRIT   :  [2026-11-22T01:42:58+0000] msg=<POLICY [ReadOnly] C---T>, path=</etc/passwd>, …" */
bool samhain_line(struct line *l, struct bytes b)
{
	struct bytes word = scan_word(&b), level = level_of(word), c, msg;
	usec at;

	if (IS(word, "MARK"))
		level = BYTES("info");
	scan_blanks(&b);
	if (!level.len || !scan_take_chr(&b, ':'))
		return false;
	scan_blanks(&b);
	c = b;
	if (!scan_take_chr(&c, '[') || !stamp_iso(l->hint, &c, &at) || !TAKE(&c, "] "))
		return false;
	set(l, FIELD_LOG_LEVEL, level);
	msg = angle(c, BYTES("msg=<"));
	if (STARTS(msg, "POLICY [")) {
		SET(l, EVENT_CATEGORY, "file");
		SET(l, EVENT_ACTION, "integrity-violation");
		set(l, FIELD_RULE_NAME,
		    scan_head(bytes_from(msg, 8), scan_chr(bytes_from(msg, 8), ']')));
	} else if (IS(msg, "START")) {
		SET(l, EVENT_ACTION, "service-start");
	} else if (IS(msg, "EXIT")) {
		SET(l, EVENT_ACTION, "service-stop");
	}
	set(l, FIELD_FILE_PATH, angle(c, BYTES("path=<")));
	SET(l, EVENT_DATASET, "samhain");
	set(l, FIELD_MESSAGE, c);
	set_time(l, at);
	return true;
}

/* "[01:41:14] Warning: text": a time of day and no date, so no time */
bool rkhunter_line(struct line *l, struct bytes b)
{
	if (!scan_take_chr(&b, '[') || b.len < 9 || b.at[2] != ':' || b.at[5] != ':' ||
	    b.at[8] != ']' || !is_digit(b.at[0]) || !is_digit(b.at[4]) || !is_digit(b.at[7]))
		return false;
	scan_skip(&b, 9);
	scan_take_chr(&b, ' ');
	SET(l, EVENT_DATASET, "rkhunter");
	set(l, FIELD_MESSAGE, b);
	if (STARTS(b, "Warning: ") || ENDS(b, "[ Warning ]")) {
		SET(l, LOG_LEVEL, "warning");
		SET(l, EVENT_CATEGORY, "intrusion_detection");
		SET(l, EVENT_ACTION, "rootkit-warning");
	} else {
		SET(l, LOG_LEVEL, "info");
	}
	return true;
}

/* "f = p.. .......   : /bin/ls", "f+++++++++++++++++: /new", "f-----------------: /gone" */
static bool aide_change(struct line *l, struct bytes b)
{
	size_t at = FIND(scan_head(b, 40), ": /");
	uint8_t c = scan_at(b, 1);

	if (at == BYTES_NONE || at < 10 || !memchr("fdlcbpsD!?", scan_at(b, 0), 10))
		return false;
	for (size_t i = 1; i < at; i++)
		if (!is_alnum(b.at[i]) && !memchr(" +-=<>.:", b.at[i], 8))
			return false;
	if (c == '+' && b.at[2] == '+')
		SET(l, EVENT_ACTION, "file-added");
	else if (c == '-' && b.at[2] == '-')
		SET(l, EVENT_ACTION, "file-removed");
	else if (c == ' ' || memchr("<>=.", c, 4))
		SET(l, EVENT_ACTION, "file-changed");
	else
		return false;
	SET(l, EVENT_CATEGORY, "file");
	set(l, FIELD_FILE_PATH, bytes_from(b, at + 2));
	return true;
}

bool aide_line(struct line *l, struct bytes b)
{
	struct bytes c = b;
	usec at;

	if (TAKE(&c, "Start timestamp: ") || TAKE(&c, "End timestamp: ")) {
		if (stamp_iso(l->hint, &c, &at))
			set_time(l, at);
	} else if (STARTS(b, "AIDE found differences")) {
		SET(l, LOG_LEVEL, "warning");
		SET(l, EVENT_CATEGORY, "file");
		SET(l, EVENT_ACTION, "integrity-violation");
	} else if (STARTS(b, "AIDE found NO differences") || STARTS(b, "AIDE, version ")) {
		SET(l, LOG_LEVEL, "info");
	} else if (!aide_change(l, b)) {
		return false;
	}
	SET(l, EVENT_DATASET, "aide");
	set(l, FIELD_MESSAGE, b);
	return true;
}
