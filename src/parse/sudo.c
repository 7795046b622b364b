/* SPDX-License-Identifier: Apache-2.0 */
/* sudo and su: who became whom, to do what.
 *
 *	alice : TTY=pts/0 ; PWD=/home/alice ; USER=root ; COMMAND=/bin/tail secure
 *	alice : 3 incorrect password attempts ; TTY=pts/0 ; PWD=/ ; USER=root ; COMMAND=/bin/sh
 *	(to root) alice on pts/1      FAILED SU (to root) alice on pts/1      + pts/0 root:alice
 */
#include "parse/line.h"

/* One part between the semicolons; true where it was one of sudo's. */
static bool sudo_part(struct line *l, struct bytes part)
{
	if (TAKE(&part, "TTY="))
		set(l, FIELD_PROCESS_TTY, part);
	else if (TAKE(&part, "PWD="))
		set(l, FIELD_PROCESS_WORKDIR, part);
	else if (TAKE(&part, "USER="))
		set(l, FIELD_USER_EFFECTIVE_NAME, part);
	else if (TAKE(&part, "GROUP="))
		set(l, FIELD_GROUP_NAME, part);
	else if (TAKE(&part, "COMMAND="))
		set(l, FIELD_PROCESS_COMMAND, part);
	else
		return TAKE(&part, "TSID=") || TAKE(&part, "ENV=") || TAKE(&part, "CHROOT=") ||
		       TAKE(&part, "HOST=");
	return true;
}

/* Directory and command are the user's own and may hold " ; USER=root ; COMMAND=": where a second
 * user or command seems to begin, only what stands before the directory is certain, and the command
 * is all that may be it. */
static void sudo_doubtful(struct line *l, struct bytes b)
{
	struct bytes sure = scan_head(b, FIND(b, "PWD=")), part;

	sure = scan_head(sure, FIND(sure, "USER="));

	while ((part = scan_head(sure, FIND(sure, " ; "))).len) {
		sudo_part(l, part);
		scan_skip(&sure, part.len + 3);
	}
	set(l, FIELD_PROCESS_COMMAND, bytes_from(b, FIND(b, "COMMAND=") + 8));
}

static bool is_doubtful(struct bytes b)
{
	size_t command = FIND(b, "COMMAND="), user = FIND(b, "USER=");

	return command != BYTES_NONE && user != BYTES_NONE &&
	       (HAS(bytes_from(b, command + 8), " ; COMMAND=") ||
		(user < command && HAS(bytes_sub(b, user + 5, command - user - 5), "USER=")));
}

static void sudo_parts(struct line *l, struct bytes b)
{
	bool first = true;
	size_t at;

	if (is_doubtful(b)) {
		at = FIND(b, " ; ");
		if (scan_chr(scan_head(b, at), '=') == at) /* the reason, which comes first */
			set(l, FIELD_EVENT_REASON, scan_head(b, at));
		sudo_doubtful(l, b);
		return;
	}
	for (;;) {
		if (STARTS(b, "COMMAND="))
			at = BYTES_NONE;
		else if (STARTS(b, "PWD=") && HAS(b, " ; USER="))
			at = FIND(b, " ; USER=");
		else
			at = FIND(b, " ; ");
		/* a reason comes first; later it would be a piece of the directory */
		if (!sudo_part(l, scan_head(b, at)) && first)
			set(l, FIELD_EVENT_REASON, scan_head(b, at));
		first = false;
		if (at == BYTES_NONE)
			break;
		scan_skip(&b, at + 3);
	}
}

/* {"sudo":{"accept":{…}}} behind syslog's mark for JSON: log_format=json of 1.9 */
static bool sudo_json(struct line *l, struct bytes b)
{
	return TAKE(&b, "@cee:") && scan_is(b, '{') && json_line(l, b);
}

bool sudo_text(struct line *l, struct bytes text)
{
	struct bytes b = bytes_trim(text), user;
	size_t at = FIND(b, " : ");

	SET(l, EVENT_DATASET, "sudo");
	set(l, FIELD_MESSAGE, text);
	if (sudo_json(l, b) || at == BYTES_NONE || at > 256)
		return true;
	user = scan_head(b, at);
	scan_skip(&b, at + 3);
	if (!HAS(b, "COMMAND=") && !HAS(b, "USER="))
		return true;
	set(l, FIELD_USER_NAME, user);
	sudo_parts(l, b);
	SET(l, EVENT_CATEGORY, "process");
	SET(l, EVENT_ACTION, "sudo");
	if (event_has(l->ev, FIELD_EVENT_REASON))
		SET(l, EVENT_OUTCOME, "failure");
	else
		SET(l, EVENT_OUTCOME, "success");
	return true;
}

static bool became(struct line *l, struct bytes who, struct bytes whom, bool good)
{
	set(l, FIELD_USER_NAME, who);
	set(l, FIELD_USER_EFFECTIVE_NAME, whom);
	SET(l, EVENT_CATEGORY, "authentication");
	SET(l, EVENT_ACTION, "su");
	if (good)
		SET(l, EVENT_OUTCOME, "success");
	else
		SET(l, EVENT_OUTCOME, "failure");
	return true;
}

/* "(to root) alice on pts/1" */
static bool to_form(struct line *l, struct bytes b, bool good)
{
	struct bytes whom;
	size_t on;

	if (!TAKE(&b, "(to ") || !scan_take_to(&b, ')', &whom))
		return false;
	scan_blanks(&b);
	on = LAST(b, " on ");
	if (on != BYTES_NONE)
		set(l, FIELD_PROCESS_TTY, bytes_from(b, on + 4));
	return became(l, scan_head(b, on), whom, good);
}

/* "Successful su for root by alice", "FAILED su for root by alice" */
static bool for_form(struct line *l, struct bytes b, bool good)
{
	size_t by = LAST(b, " by ");

	return by != BYTES_NONE && became(l, bytes_from(b, by + 4), scan_head(b, by), good);
}

/* "+ pts/0 alice:root", "- /dev/pts/0 alice:root" */
static bool sign_form(struct line *l, struct bytes b, bool good)
{
	size_t colon;

	set(l, FIELD_PROCESS_TTY, scan_word(&b));
	colon = scan_chr(b, ':');
	return colon < b.len && became(l, scan_head(b, colon), bytes_from(b, colon + 1), good);
}

/* "'su root' failed for lonvick on /dev/pts/8" */
static bool quoted_form(struct line *l, struct bytes b)
{
	struct bytes whom;
	bool good;
	size_t on;

	if (!scan_take_to(&b, '\'', &whom))
		return false;
	good = TAKE(&b, " succeeded for ");
	if (!good && !TAKE(&b, " failed for "))
		return false;
	on = LAST(b, " on ");
	if (on != BYTES_NONE)
		set(l, FIELD_PROCESS_TTY, bytes_from(b, on + 4));
	return became(l, scan_head(b, on), whom, good);
}

/* "BAD SU alice to root on /dev/ttyp0" and, good, without the first words */
static bool bsd_form(struct line *l, struct bytes b, bool good)
{
	size_t on = LAST(b, " on "), to;
	struct bytes tty;

	if (on == BYTES_NONE)
		return false;
	tty = bytes_from(b, on + 4);
	b.len = on;
	to = LAST(b, " to ");
	if (to == BYTES_NONE)
		return false;
	set(l, FIELD_PROCESS_TTY, tty);
	return became(l, scan_head(b, to), bytes_from(b, to + 4), good);
}

bool su_text(struct line *l, struct bytes text)
{
	struct bytes b = bytes_trim(text);

	SET(l, EVENT_DATASET, "su");
	set(l, FIELD_MESSAGE, text);
	if (STARTS(b, "(to "))
		to_form(l, b, true);
	else if (TAKE(&b, "FAILED SU "))
		to_form(l, b, false);
	else if (TAKE(&b, "Successful su for "))
		for_form(l, b, true);
	else if (TAKE(&b, "FAILED su for "))
		for_form(l, b, false);
	else if (TAKE(&b, "+ "))
		sign_form(l, b, true);
	else if (TAKE(&b, "- "))
		sign_form(l, b, false);
	else if (TAKE(&b, "'su "))
		quoted_form(l, b);
	else if (TAKE(&b, "BAD SU "))
		bsd_form(l, b, false);
	else
		bsd_form(l, b, true);
	return true;
}
