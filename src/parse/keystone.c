/* SPDX-License-Identifier: Apache-2.0 */
/* What Keystone says of logins. A wrong password is told without the user ("Authorization failed.
 * The request you have made requires authentication. from 127.0.0.1"); an unknown user, domain or
 * project, a disabled or locked account in a line of its own; the request id joins them. */
#include "parse/line.h"

/* Up to the error summary ": keystone.exception.Unauthorized: …", which repeats what stands before
 * it: a name in the text may look like the beginning of one. */
static struct bytes without_summary(struct bytes text)
{
	struct bytes rest, said, head;
	size_t at = 0, end;

	text = scan_head(text, scan_chr(text, '\n'));
	while ((end = FIND(bytes_from(text, at), ": keystone.exception.")) != BYTES_NONE) {
		head = scan_head(text, at + end);
		rest = bytes_from(text, at + end + 2);
		at += end + 2;
		said = bytes_from(rest,
				  FIND(rest, ": ") == BYTES_NONE ? rest.len : FIND(rest, ": ") + 2);
		TAKE(&head, "Authorization failed. ");
		if (said.len && bytes_starts(head, said) &&
		    (head.len == said.len || STARTS(bytes_from(head, said.len), " from ")))
			return scan_head(text, at - 2);
	}
	end = FIND(text, ": keystone.exception.");
	return scan_head(text, end != BYTES_NONE ? end : trace_summary(text));
}

static bool is_address_list(struct bytes list)
{
	while (list.len) {
		size_t comma = scan_chr(list, ',');
		struct bytes one = bytes_trim(scan_head(list, comma));

		if (scan_chr(one, '%') < one.len)
			one = scan_head(one, scan_chr(one, '%')); /* fe80::1%eth0 */
		if (!is_ip(one) && !is_ip_port(one) && !IS(one, "unknown") && !IS(one, "<none>"))
			return false;
		scan_skip(&list, comma + 1);
	}
	return true;
}

/* As it was typed: 'root' in quotes is not root, and who calls himself None is no nobody. */
static void set_user(struct line *l, struct bytes who)
{
	if (!who.len)
		return;
	if (is_identifier(who))
		set(l, FIELD_USER_ID, who);
	else
		set(l, FIELD_USER_NAME, who);
}

/* "… user: X." and the like: X may hold blanks and points, so only the last point goes. */
static void user_of_reason(struct line *l, struct bytes reason)
{
	size_t at;
	struct bytes who;

	if (STARTS(reason, "Could not find ") && !STARTS(reason, "Could not find user"))
		return; /* what was not found is a stranger's text and may speak of a user */
	at = FIND(reason, "user: ");
	if (at == BYTES_NONE && STARTS(reason, "User is disabled: "))
		at = 12;
	if (at != BYTES_NONE) {
		who = bytes_from(reason, at + 6);
		if (ENDS(who, "."))
			who.len--;
	} else if (STARTS(reason, "Could not find user, ")) {
		who = bytes_from(reason, 21);
		if (ENDS(who, "."))
			who.len--;
		who = scan_unquote(who);
	} else if ((at = FIND(reason, " for user ")) != BYTES_NONE) {
		who = bytes_from(reason, at + 10);
		who = scan_head(who, scan_chr(who, ' '));
		if (ENDS(who, ".") || ENDS(who, ","))
			who.len--;
	} else if (STARTS(reason, "User ") &&
		   (HAS(reason, " has no access to ") || HAS(reason, " is unauthorized for "))) {
		who = bytes_from(reason, 5);
		who = scan_head(who, scan_chr(who, ' '));
	} else {
		return;
	}
	set_user(l, who);
}

static void failed_login(struct line *l, struct bytes reason)
{
	SET(l, EVENT_CATEGORY, "authentication");
	SET(l, EVENT_ACTION, "authenticate");
	SET(l, EVENT_OUTCOME, "failure");
	set(l, FIELD_EVENT_REASON, reason);
}

/* "… from 127.0.0.1" at the end: the last one counts, a name in the text may hold another. */
static struct bytes take_origin(struct line *l, struct bytes text)
{
	size_t at = LAST(text, " from ");
	struct bytes origin;

	if (at == BYTES_NONE)
		return text;
	origin = bytes_trim(bytes_from(text, at + 6));
	if (!origin.len || !is_address_list(origin))
		return text;
	set_source_list(l, origin);
	return scan_head(text, at);
}

static bool authorization_failed(struct line *l, struct bytes text)
{
	struct bytes b = text, reason;
	size_t details;

	if (!TAKE(&b, "Authorization failed"))
		return false;
	scan_take_chr(&b, '.');
	scan_blanks(&b);
	reason = take_origin(l, b);
	details = FIND(reason, " (Disable ");
	reason = scan_head(reason, details);
	failed_login(l, reason);
	user_of_reason(l, reason);
	return true;
}

/* What is told in a line of its own, by the start of the text. Keystone writes no address here: an
 * end that looks like one is part of a name. */
static bool refused_login(struct line *l, struct bytes text)
{
	static const char *const starts[] = {
		"Could not find user",
		"Could not find domain",
		"Could not find project",
		"Could not find tenant",
		"Could not find application credential",
		"Could not find credential",
		"Could not find trust",
		"User is disabled",
		"Domain is disabled",
		"Project is disabled",
		"Tenant is disabled",
		"The account is locked for user",
		"The account is disabled for user",
		"The password is expired",
		"Invalid username or password",
		"Invalid user / password",
		"Invalid user/password",
		"Invalid user token",
		"Invalid application credential",
		"User has no access to project",
		"Password lock is active for user",
	};
	struct bytes reason;

	for (size_t i = 0; i < sizeof(starts) / sizeof(starts[0]); i++) {
		if (!bytes_starts(text, bytes_str(starts[i])))
			continue;
		reason = scan_head(text, FIND(text, " (Disable "));
		failed_login(l, reason);
		user_of_reason(l, reason);
		return true;
	}
	if (STARTS(text, "User ") &&
	    (HAS(text, " has no access to ") || HAS(text, " is unauthorized for "))) {
		failed_login(l, text);
		user_of_reason(l, text);
		return true;
	}
	return false;
}

/* keystonemiddleware in another service: "Authorization failed for token" */
static bool middleware_message(struct line *l, struct bytes text)
{
	if (!STARTS(text, "Authorization failed for token") &&
	    !STARTS(text, "Identity server rejected authorization") &&
	    !STARTS(text, "Token validation failure") && !STARTS(text, "Rejecting request"))
		return false;
	SET(l, EVENT_CATEGORY, "authentication");
	SET(l, EVENT_ACTION, "validate-token");
	SET(l, EVENT_OUTCOME, "failure");
	set(l, FIELD_EVENT_REASON, text);
	return true;
}

bool keystone_message(struct line *l, struct bytes logger, struct bytes text)
{
	uint8_t c = scan_at(text, 0);

	if (STARTS(logger, "keystonemiddleware") || STARTS(logger, "keystoneclient"))
		return (c == 'A' || c == 'I' || c == 'T' || c == 'R') &&
		       middleware_message(l, scan_head(text, scan_chr(text, '\n')));
	switch (c) { /* the first letters of what is looked for */
	case 'A':
		return authorization_failed(l, without_summary(text));
	case 'C': /* "Could not find …" is no login where it answers a question of the API */
		if (!STARTS(text, "Could not find user") && !STARTS(logger, "keystone.auth"))
			return false;
		return refused_login(l, without_summary(text));
	case 'U':
	case 'D':
	case 'P':
	case 'T':
	case 'I':
		return refused_login(l, without_summary(text));
	default:
		return false;
	}
}
