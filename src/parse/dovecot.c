/* SPDX-License-Identifier: Apache-2.0 */
/* Dovecot, over syslog or in a file of its own:
 *
 *	imap-login: Disconnected (auth failed, 1 attempts): user=<u>, method=PLAIN, rip=A, lip=B
 *	auth-worker(304): pam(u,A,<session>): pam_authenticate() failed: …
 *	auth-worker(1): conn unix:auth-worker (pid=1,uid=2): auth-worker<5>: sql(u,A): unknown user
 *
 * A name is a stranger's and may look like anything, so an address is taken from the place behind
 * it that only the server writes: the last "rip=", the last word in the parentheses. */
#include "parse/line.h"

static bool failed(struct line *l, struct bytes who, struct bytes address, struct bytes reason)
{
	set(l, FIELD_USER_NAME, who);
	set_source(l, address);
	set(l, FIELD_EVENT_REASON, reason);
	SET(l, EVENT_CATEGORY, "authentication");
	SET(l, EVENT_ACTION, "authenticate");
	SET(l, EVENT_OUTCOME, "failure");
	return true;
}

/* From behind "imap-login: " on */
static bool login(struct line *l, struct bytes b)
{
	size_t rip = LAST(b, " rip="), user, end, open;
	struct bytes head, address, who = BYTES("");

	if (rip == BYTES_NONE)
		return false;
	address = bytes_from(b, rip + 5);
	address = scan_head(address, scan_either(address, ',', ' '));
	head = scan_head(b, rip);
	user = FIND(head, " user=<");
	if (user != BYTES_NONE) {
		who = bytes_from(head, user + 7);
		end = LAST(who, ">");
		who = scan_head(who, end);
		head.len = user;
	}
	open = FIND(head, "(auth failed");
	if (open == BYTES_NONE)
		open = FIND(head, "(tried to use dis");
	if (open == BYTES_NONE)
		open = FIND(head, "(proxy dest auth failed");
	if (open == BYTES_NONE) {
		set_source(l, address);
		SET(l, EVENT_CATEGORY, "network");
		SET(l, EVENT_ACTION, "connection-closed");
		return true;
	}
	head = bytes_from(head, open + 1);
	return failed(l, who, address, scan_head(head, scan_either(head, ')', ',')));
}

/* "driver(user,address[,<session>]): reason" */
static bool driver(struct line *l, struct bytes b)
{
	static const char *const reasons[] = {
		"pam_authenticate() failed", "unknown user",   "Password mismatch", "Unknown user",
		"invalid credentials",	     "user not found",
	};
	struct bytes args, name;
	size_t at = BYTES_NONE, open = scan_chr(b, '('), comma;

	for (size_t i = 0; at == BYTES_NONE && i < sizeof(reasons) / sizeof(reasons[0]); i++) {
		size_t text = scan_last(b, bytes_str(reasons[i]));

		if (text != BYTES_NONE && text >= 3 && !memcmp(b.at + text - 3, "): ", 3))
			at = text - 3;
	}
	if (at == BYTES_NONE || open > at || open > 24)
		return false;
	args = bytes_sub(b, open + 1, at - open - 1);
	comma = scan_last_chr(args, ',');
	name = bytes_from(args, comma + 1);
	if (!is_ip(name)) { /* the session, or nothing, stands behind the address */
		args.len = comma;
		comma = scan_last_chr(args, ',');
		name = bytes_from(args, comma + 1);
	}
	return is_ip(name) && failed(l, scan_head(args, comma), name, bytes_from(b, at + 3));
}

/* "auth-worker(304): ", "auth: ", "auth-worker<55>: ", "conn unix:auth-worker (pid=1,uid=2): " */
static bool take_part(struct bytes *b)
{
	struct bytes c = *b;
	size_t n;

	TAKE(&c, "conn unix:");
	if (!STARTS(c, "auth"))
		return false;
	n = FIND(scan_head(c, 64), ": ");
	if (n == BYTES_NONE)
		return false;
	scan_skip(b, b->len - c.len + n + 2);
	TAKE(b, "Info: ");
	return true;
}

bool dovecot_text(struct line *l, struct bytes program, struct bytes text)
{
	struct bytes b = text;
	size_t n;

	SET(l, EVENT_DATASET, "dovecot");
	SET(l, SERVICE_NAME, "dovecot");
	set(l, FIELD_MESSAGE, text);
	TAKE(&b, "dovecot: ");
	n = FIND(scan_head(b, 32), "-login: ");
	if (ENDS(program, "-login")) {
		TAKE(&b, "Info: ");
		return login(l, b) || true;
	}
	if (n != BYTES_NONE && scan_chr(scan_head(b, n), ' ') == n) {
		scan_skip(&b, n + 8);
		return login(l, b) || true;
	}
	TAKE(&b, "Info: ");
	for (unsigned i = 0; i < 3 && take_part(&b);)
		i++;
	driver(l, b);
	return true;
}

/* Its own file since 2.4: "Aug 30 00:10:57 auth(user,address,sasl:login)<session>: Info: sql:
 * Password mismatch (…)". Dovecot lets no such mark into a name (auth_username_chars). */
bool dovecot_line(struct line *l, struct bytes b)
{
	struct bytes c = b, args, reason, address;
	size_t end, comma;
	usec at;

	if (!stamp_bsd(l->hint, &c, &at) || !TAKE(&c, " auth("))
		return false;
	end = FIND(c, ">: Info: ");
	if (end == BYTES_NONE)
		return false;
	reason = bytes_from(c, end + 9);
	args = scan_head(c, LAST(scan_head(c, end), ")<"));
	args = scan_head(args, scan_last_chr(args, ',')); /* "sasl:login" */
	comma = scan_last_chr(args, ',');
	address = bytes_from(args, comma + 1);
	scan_skip(&reason, FIND(reason, ": ") == BYTES_NONE ? reason.len : FIND(reason, ": ") + 2);
	if (!is_ip(address) ||
	    (!STARTS(reason, "Password mismatch") && !STARTS(reason, "unknown user") &&
	     !STARTS(reason, "pam_authenticate() failed")))
		return false;
	SET(l, EVENT_DATASET, "dovecot");
	SET(l, SERVICE_NAME, "dovecot");
	SET(l, PROCESS_NAME, "auth");
	set(l, FIELD_MESSAGE, bytes_from(c, end + 3));
	set_time(l, at);
	return failed(l, scan_head(args, comma), address, reason);
}
