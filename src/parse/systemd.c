/* SPDX-License-Identifier: Apache-2.0 */
/* systemd, systemd-logind and cron: units, sessions, jobs. */
#include "parse/line.h"

/* The unit of a text: a word ending in .service and the like. */
static bool is_unit(struct bytes w)
{
	static const char *const ends[] = { ".service", ".socket", ".timer", ".target", ".mount",
					    ".scope",	".slice",  ".path",  ".device", ".swap" };

	for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++)
		if (bytes_ends(w, bytes_str(ends[i])))
			return true;
	return false;
}

static bool did(struct line *l, struct bytes action, struct bytes rest)
{
	struct bytes word = scan_head(rest, scan_chr(rest, ' '));

	while (ENDS(word, "."))
		word.len--;
	if (is_unit(word))
		set(l, FIELD_SYSTEMD_UNIT, word);
	SET(l, EVENT_CATEGORY, "process");
	set(l, FIELD_EVENT_ACTION, action);
	return true;
}

/* "foo.service: Main process exited, code=killed, status=9/KILL" */
static bool of_unit(struct line *l, struct bytes b)
{
	struct bytes unit, v;
	size_t at = FIND(b, ": ");

	unit = scan_head(b, at);
	if (at == BYTES_NONE || scan_chr(unit, ' ') < unit.len || !is_unit(unit))
		return false;
	set(l, FIELD_SYSTEMD_UNIT, unit);
	SET(l, EVENT_CATEGORY, "process");
	scan_skip(&b, at + 2);
	if (STARTS(b, "Main process exited") || STARTS(b, "Control process exited")) {
		set(l, FIELD_EVENT_ACTION, BYTES("service-exit"));
		if (HAS(b, "code=exited,") && KEY(b, "status=", &v)) /* else a signal */
			set_number(l, FIELD_PROCESS_EXIT_CODE, scan_head(v, scan_chr(v, '/')));
	} else if (TAKE(&b, "Failed with result '")) {
		SET(l, EVENT_ACTION, "service-failed");
		SET(l, EVENT_OUTCOME, "failure");
		set(l, FIELD_EVENT_REASON, scan_head(b, scan_chr(b, '\'')));
	} else if (STARTS(b, "Scheduled restart job")) {
		SET(l, EVENT_ACTION, "service-restart");
	} else if (STARTS(b, "Deactivated successfully") || STARTS(b, "Succeeded")) {
		SET(l, EVENT_ACTION, "service-stop");
		SET(l, EVENT_OUTCOME, "success");
	} else if (STARTS(b, "Killing process ") || STARTS(b, "Sent signal ")) {
		SET(l, EVENT_ACTION, "service-kill");
	} else if (STARTS(b, "A process of this unit has been killed by the OOM killer")) {
		SET(l, EVENT_ACTION, "oom-kill");
	} else if (STARTS(b, "Start request repeated too quickly")) {
		SET(l, EVENT_ACTION, "service-start");
		SET(l, EVENT_OUTCOME, "failure");
	}
	return true;
}

static bool by_text(struct line *l, struct bytes b)
{
	struct bytes c = b;

	if (TAKE(&c, "Starting "))
		return did(l, BYTES("service-starting"), c);
	if (TAKE(&c, "Started "))
		return did(l, BYTES("service-start"), c);
	if (TAKE(&c, "Stopping "))
		return did(l, BYTES("service-stopping"), c);
	if (TAKE(&c, "Stopped "))
		return did(l, BYTES("service-stop"), c);
	if (TAKE(&c, "Finished "))
		return did(l, BYTES("service-finish"), c);
	if (STARTS(c, "Reloading.") || STARTS(c, "Reexecuting."))
		return did(l, BYTES("service-reload"), BYTES(""));
	if (TAKE(&c, "Reloaded ") || TAKE(&c, "Reloading "))
		return did(l, BYTES("service-reload"), c);
	if (TAKE(&c, "Failed to start ") || TAKE(&c, "Dependency failed for ")) {
		SET(l, EVENT_OUTCOME, "failure");
		return did(l, BYTES("service-start"), c);
	}
	if (TAKE(&c, "Reached target ")) { /* since 250 the unit's name stands before its words */
		size_t dash = FIND(c, ".target - ");

		if (dash != BYTES_NONE && scan_chr(scan_head(c, dash), ' ') == dash)
			scan_skip(&c, dash + 10);
		TAKE(&c, "System ");
		if (STARTS(c, "Shutdown") || STARTS(c, "Power-Off") || STARTS(c, "Power Off") ||
		    STARTS(c, "Reboot") || STARTS(c, "Halt"))
			return did(l, BYTES("host-shutdown"), BYTES(""));
		return false;
	}
	if (STARTS(c, "Shutting down."))
		return did(l, BYTES("host-shutdown"), BYTES(""));
	if (STARTS(c, "Startup finished in "))
		return did(l, BYTES("host-start"), BYTES(""));
	return of_unit(l, b);
}

bool systemd_text(struct line *l, struct bytes text)
{
	by_text(l, text);
	SET(l, EVENT_DATASET, "systemd");
	set(l, FIELD_MESSAGE, text);
	return true;
}

bool logind_text(struct line *l, struct bytes text)
{
	struct bytes b = text;
	size_t at;

	if (TAKE(&b, "New session ")) {
		at = LAST(b, " of user ");
		if (at != BYTES_NONE) {
			struct bytes user = bytes_from(b, at + 9);
			size_t class = FIND(user, "' with class '"); /* since 256 */

			if (scan_is(user, '\'') && class != BYTES_NONE)
				user = bytes_sub(user, 1, class - 1);
			else if (ENDS(user, "."))
				user.len--;
			set(l, FIELD_USER_NAME, user);
			SET(l, EVENT_CATEGORY, "session");
			SET(l, EVENT_ACTION, "session-opened");
		}
	} else if (STARTS(b, "Removed session ") || STARTS(b, "Session ")) {
		SET(l, EVENT_CATEGORY, "session");
		SET(l, EVENT_ACTION, "session-closed");
	} else if (STARTS(b, "System is rebooting") || STARTS(b, "The system will reboot")) {
		SET(l, EVENT_CATEGORY, "host");
		SET(l, EVENT_ACTION, "host-reboot");
	} else if (STARTS(b, "System is powering down") || STARTS(b, "Power key pressed") ||
		   STARTS(b, "The system will power off") || STARTS(b, "System is halting")) {
		SET(l, EVENT_CATEGORY, "host");
		SET(l, EVENT_ACTION, "host-shutdown");
	}
	SET(l, EVENT_DATASET, "systemd-logind");
	set(l, FIELD_MESSAGE, text);
	return true;
}

/* "(root) CMD (run-parts /etc/cron.hourly)", "(root) REPLACE (root)" */
bool cron_text(struct line *l, struct bytes text)
{
	struct bytes b = bytes_trim(text), user, rest;

	SET(l, EVENT_DATASET, "cron");
	set(l, FIELD_MESSAGE, text);
	if (!scan_take_chr(&b, '(') || !scan_take_to(&b, ')', &user) || !scan_take_chr(&b, ' '))
		return true;
	if (!IS(user, "CRON") && !IS(user, "*system*"))
		set(l, FIELD_USER_NAME, user);
	if (TAKE(&b, "CMD (")) {
		rest = ENDS(b, ")") ? scan_head(b, b.len - 1) : b;
		set(l, FIELD_PROCESS_COMMAND, rest);
		SET(l, EVENT_CATEGORY, "process");
		SET(l, EVENT_ACTION, "cron-command");
	} else if (STARTS(b, "BEGIN EDIT") || STARTS(b, "REPLACE") || STARTS(b, "DELETE") ||
		   STARTS(b, "RELOAD")) {
		SET(l, EVENT_CATEGORY, "configuration");
		SET(l, EVENT_ACTION, "cron-edit");
	}
	return true;
}
