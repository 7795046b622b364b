/* SPDX-License-Identifier: Apache-2.0 */
/* Logins that are neither OpenSSH's nor PAM's: login(1) on a console, dropbear, and the old
 * network daemons that say "connection from". */
#include "parse/line.h"

static bool did(struct line *l, struct bytes action, struct bytes outcome)
{
	SET(l, EVENT_CATEGORY, "authentication");
	set(l, FIELD_EVENT_ACTION, action);
	set(l, FIELD_EVENT_OUTCOME, outcome);
	return true;
}

/* "FAILED LOGIN (1) on '/dev/tty1' FROM 'h' FOR 'root', Authentication failure" */
static bool failed(struct line *l, struct bytes b)
{
	size_t at = FIND(b, " FOR "), end;
	struct bytes who;

	if (at == BYTES_NONE)
		return false;
	who = bytes_from(b, at + 5);
	end = LAST(who, ", ");
	if (end != BYTES_NONE)
		set(l, FIELD_EVENT_REASON, bytes_from(who, end + 2));
	set(l, FIELD_USER_NAME, scan_unquote(scan_head(who, end)));
	b.len = at;
	at = FIND(b, " FROM ");
	if (at != BYTES_NONE)
		set_source(l, scan_unquote(bytes_from(b, at + 6)));
	return did(l, BYTES("console_login"), BYTES("failure"));
}

bool login_text(struct line *l, struct bytes text)
{
	struct bytes b = bytes_trim(text);
	size_t at;

	SET(l, EVENT_DATASET, "login");
	set(l, FIELD_MESSAGE, text);
	if (TAKE(&b, "FAILED LOGIN "))
		return failed(l, b);
	if (TAKE(&b, "ROOT LOGIN ")) { /* "ON tty2", "on '/dev/tty1' FROM 'h'" */
		SET(l, USER_NAME, "root");
		scan_blanks(&b);
		scan_word(&b);
		set(l, FIELD_PROCESS_TTY, scan_unquote(scan_word(&b)));
		if (TAKE(&b, "FROM "))
			set_source(l, scan_unquote(b));
		return did(l, BYTES("console_login"), BYTES("success"));
	}
	if (TAKE(&b, "LOGIN ON ") || TAKE(&b, "LOGIN on ")) { /* "tty1 BY alice[ FROM h]" */
		set(l, FIELD_PROCESS_TTY, scan_unquote(scan_word(&b)));
		if (!TAKE(&b, "BY "))
			return true;
		at = LAST(b, " FROM ");
		set(l, FIELD_USER_NAME, scan_unquote(scan_head(b, at)));
		if (at != BYTES_NONE)
			set_source(l, scan_unquote(bytes_from(b, at + 6)));
		return did(l, BYTES("console_login"), BYTES("success"));
	}
	return true;
}

/* "… for 'root' from 1.2.3.4:5": the address is the last word but "with key …" */
static void dropbear_who(struct line *l, struct bytes b)
{
	size_t from = LAST(b, " from "), for_at = FIND(b, " for '"), user_at = FIND(b, "user '");
	struct bytes who, origin;

	if (from == BYTES_NONE)
		return;
	origin = bytes_from(b, from + 6);
	if (scan_take_chr(&origin, '<'))
		origin = scan_head(origin, scan_chr(origin, '>'));
	else
		origin = scan_head(origin, scan_chr(origin, ' '));
	if (!set_source_port(l, origin))
		set_source(l, origin);
	who = scan_head(b, from);
	if (for_at == BYTES_NONE || for_at > from) {
		for_at = user_at;
		who = b; /* "…: (user 'root', 10 fails): …" may stand behind the address */
	}
	if (for_at == BYTES_NONE)
		return;
	scan_skip(&who, scan_chr(bytes_from(who, for_at), '\'') + for_at + 1);
	/* in the first form the last quote before the address ends the name, whatever it holds */
	set(l, FIELD_USER_NAME,
	    scan_head(who, for_at == user_at ? scan_chr(who, '\'') : LAST(who, "'")));
}

static bool istarts(struct bytes b, struct bytes lower)
{
	return bytes_ieq(scan_head(b, lower.len), lower);
}

bool dropbear_text(struct line *l, struct bytes text)
{
	struct bytes b = bytes_trim(text);
	usec unused;

	SET(l, EVENT_DATASET, "dropbear");
	set(l, FIELD_MESSAGE, text);
	if (scan_is(b, '[')) { /* "[825] Jul 10 23:53:52 text": its own pid and stamp again */
		scan_skip(&b, scan_chr(b, ']') + 1);
		scan_blanks(&b);
		stamp_bsd(l->hint, &b, &unused);
		scan_blanks(&b);
	}
	if (HAS(b, "assword auth succeeded") || HAS(b, "ubkey auth succeeded")) {
		size_t key = FIND(b, " with key ");

		if (key != BYTES_NONE) { /* "for 'u' with key md5 … from 1.2.3.4:5" */
			struct bytes k = bytes_from(b, key + 10);

			set(l, FIELD_SSH_KEY, scan_head(k, LAST(k, " from ")));
		}
		dropbear_who(l, b);
		return did(l, BYTES("ssh_login"), BYTES("success"));
	}
	if (istarts(b, BYTES("bad password attempt")) ||
	    istarts(b, BYTES("bad pam password attempt"))) {
		dropbear_who(l, b);
		return did(l, BYTES("ssh_login"), BYTES("failure"));
	}
	if (istarts(b, BYTES("login attempt for nonexistent user"))) {
		dropbear_who(l, b);
		return did(l, BYTES("ssh_invalid_user"), BYTES("failure"));
	}
	if (HAS(b, "Max auth tries reached")) {
		dropbear_who(l, b);
		return did(l, BYTES("ssh_max_attempts"), BYTES("failure"));
	}
	if (STARTS(b, "Child connection from ")) {
		dropbear_who(l, b);
		SET(l, EVENT_CATEGORY, "network");
		SET(l, EVENT_ACTION, "ssh_connection");
	}
	return true;
}
