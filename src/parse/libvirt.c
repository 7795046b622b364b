/* SPDX-License-Identifier: Apache-2.0 */
/* libvirt's daemons, and the log that QEMU keeps for each guest, from behind the stamp:
 *
 *	: 1234: error : virNetSocketReadWire:1234 : End of file while reading data
 *	: starting up libvirt version: 9.0.0, …       : shutting down, reason=destroyed
 *	 qemu-system-x86_64: terminating on signal 15 from pid 1234 (/usr/sbin/libvirtd)
 */
#include "parse/line.h"

static bool guest(struct line *l, struct bytes b)
{
	struct bytes reason = b, v;

	if (STARTS(b, "starting up")) {
		SET(l, EVENT_ACTION, "instance-started");
		if ((FIND(b, "libvirt version: ")) != BYTES_NONE) {
			scan_skip(&reason, FIND(b, "libvirt version: ") + 17);
			set(l, FIELD_SERVICE_VERSION, scan_head(reason, scan_chr(reason, ',')));
		}
	} else if (TAKE(&reason, "shutting down")) {
		SET(l, EVENT_ACTION, "instance-stopped");
		if (TAKE(&reason, ", reason="))
			set(l, FIELD_EVENT_REASON, reason);
	} else if (STARTS(b, "qemu") && scan_take_to(&reason, ':', &v)) {
		set(l, FIELD_PROCESS_NAME, v);
		if (STARTS(reason, " terminating on signal "))
			SET(l, EVENT_ACTION, "instance-terminated");
	} else {
		return false;
	}
	SET(l, EVENT_CATEGORY, "host");
	SET(l, EVENT_DATASET, "qemu");
	SET(l, SERVICE_NAME, "libvirt");
	set(l, FIELD_MESSAGE, b);
	return true;
}

bool libvirt_line(struct line *l, struct bytes b)
{
	struct bytes thread, level, where;
	size_t at;

	if (TAKE(&b, " ") || !TAKE(&b, ": "))
		return guest(l, b);
	thread = b;
	level = scan_digits(&thread);
	if (!level.len || !TAKE(&thread, ": "))
		return guest(l, b);
	b = thread;
	thread = level;
	at = FIND(b, " : ");
	if (at == BYTES_NONE || at > 16 || !level_of(scan_head(b, at)).len)
		return false;
	level = level_of(scan_head(b, at));
	scan_skip(&b, at + 3);
	at = FIND(b, " : "); /* "function:line : " but not before "libvirt version: …" */
	if (at != BYTES_NONE && at < 128) {
		where = scan_head(b, at);
		if (scan_chr(where, ' ') == where.len) {
			set(l, FIELD_LOG_LOGGER, scan_head(where, scan_chr(where, ':')));
			scan_skip(&b, at + 3);
		}
	}
	set(l, FIELD_LOG_LEVEL, level);
	set(l, FIELD_PROCESS_PID, thread);
	SET(l, EVENT_DATASET, "libvirt");
	SET(l, SERVICE_NAME, "libvirt");
	set(l, FIELD_MESSAGE, b);
	if (STARTS(b, "libvirt version: ")) {
		SET(l, EVENT_CATEGORY, "process");
		SET(l, EVENT_ACTION, "service-start");
	} else if (HAS(b, "authentication failed") || HAS(b, "access denied")) {
		SET(l, EVENT_CATEGORY, "authentication");
		SET(l, EVENT_ACTION, "authenticate");
		SET(l, EVENT_OUTCOME, "failure");
	}
	return true;
}
