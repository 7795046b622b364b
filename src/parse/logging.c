/* SPDX-License-Identifier: Apache-2.0 */
/* What the log daemons say of themselves: systemd-journald, rsyslogd, syslog-ng. They tell when
 * lines were dropped, when logging stopped, and when old lines were thrown away. */
#include "parse/line.h"

static bool did(struct line *l, struct bytes action)
{
	SET(l, EVENT_CATEGORY, "process");
	set(l, FIELD_EVENT_ACTION, action);
	return true;
}

/* "Suppressed 4021 messages from nova-api.service" */
static bool suppressed(struct line *l, struct bytes b)
{
	struct bytes n;

	if (!TAKE(&b, "Suppressed "))
		return false;
	n = scan_digits(&b);
	if (!n.len || !TAKE(&b, " messages from "))
		return false;
	set(l, FIELD_SYSTEMD_UNIT, scan_head(b, scan_chr(b, ' ')));
	return did(l, BYTES("log-dropped"));
}

bool journald_text(struct line *l, struct bytes b)
{
	SET(l, EVENT_DATASET, "journald");
	set(l, FIELD_MESSAGE, b);
	if (suppressed(l, b))
		return true;
	if (STARTS(b, "Journal stopped") || STARTS(b, "Received SIGTERM"))
		return did(l, BYTES("log-stop"));
	if (STARTS(b, "Journal started"))
		return did(l, BYTES("log-start"));
	if (STARTS(b, "Vacuuming done, freed ") || STARTS(b, "Deleted archived journal "))
		return did(l, BYTES("log-vacuumed"));
	if (STARTS(b, "Missed ") || STARTS(b, "Forwarding to syslog missed "))
		return did(l, BYTES("log-dropped"));
	if (STARTS(b, "File ") && HAS(b, " corrupted or uncleanly shut down"))
		return did(l, BYTES("log-corrupt"));
	return true;
}

/* "[origin software="rsyslogd" …] exiting on signal 15.", "imjournal: 21512 messages lost …" */
bool rsyslogd_text(struct line *l, struct bytes text)
{
	struct bytes b = text;

	SET(l, EVENT_DATASET, "rsyslog");
	set(l, FIELD_MESSAGE, text);
	if (TAKE(&b, "[origin ")) {
		scan_skip(&b, scan_chr(b, ']') + 1);
		scan_blanks(&b);
		if (STARTS(b, "exiting on signal"))
			return did(l, BYTES("log-stop"));
		return !STARTS(b, "start") || did(l, BYTES("log-start"));
	}
	if (HAS(b, "messages lost due to rate-limiting") || HAS(b, " begin to drop messages"))
		return did(l, BYTES("log-dropped"));
	if (STARTS(b, "action '") && HAS(b, "suspended"))
		return did(l, BYTES("log-forward-failed"));
	return true;
}

bool syslog_ng_text(struct line *l, struct bytes b)
{
	SET(l, EVENT_DATASET, "syslog-ng");
	set(l, FIELD_MESSAGE, b);
	if (STARTS(b, "syslog-ng shutting down"))
		return did(l, BYTES("log-stop"));
	return !STARTS(b, "syslog-ng starting up") || did(l, BYTES("log-start"));
}
