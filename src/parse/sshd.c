/* SPDX-License-Identifier: Apache-2.0 */
/* OpenSSH's server, as releases from 3 to 10 write it. The user name is whatever a stranger typed:
 * it may hold blanks, " from 10.0.0.1 port 22 ssh2" and more. So a line is read from its right
 * end, where the daemon writes address and port itself.
 *
 * Only "Accepted" and "Failed" are ssh_login: one attempt makes one such line. "Invalid user" and
 * what PAM says stand beside it and have actions of their own, so nothing is counted twice. */
#include "parse/line.h"

static void act(struct line *l, struct bytes category, struct bytes action)
{
	set(l, FIELD_EVENT_CATEGORY, category);
	set(l, FIELD_EVENT_ACTION, action);
}

static void fail(struct line *l, struct bytes action)
{
	act(l, BYTES("authentication"), action);
	SET(l, EVENT_OUTCOME, "failure");
}

/* "HOST", "HOST port 22", "HOST port 22 ssh2", "HOST port 22 ssh2: RSA SHA256:…" and nothing else
 */
static bool is_origin(struct bytes b)
{
	struct bytes host = scan_word(&b);

	if (!host.len)
		return false;
	if (!b.len)
		return true;
	if (!TAKE(&b, "port ") || !scan_digits(&b).len)
		return false;
	if (!b.len)
		return true;
	return TAKE(&b, " ssh") && scan_digits(&b).len && (!b.len || scan_is(b, ':'));
}

/* Behind "ssh2": nothing, or ": TYPE FINGERPRINT" of a plain key. */
static bool is_plain_end(struct bytes origin)
{
	size_t at = FIND(origin, " ssh2");
	struct bytes b = bytes_from(origin, at == BYTES_NONE ? origin.len : at + 5);

	if (!TAKE(&b, ": "))
		return true;
	scan_word(&b);
	return b.len && scan_chr(b, ' ') == b.len;
}

#define DOUBTFUL (BYTES_NONE - 1) /* several places may be it */

/* Where the daemon's own " from " stands: the last one that an address and the end follow. Behind
 * the address it may quote the id of a certificate that whoever signed it chose: a second place
 * that fits makes such a line say nothing certain of its origin, so none is taken. */
static size_t origin_at(struct bytes b)
{
	struct bytes left = b;
	size_t at, found = BYTES_NONE;

	while ((at = LAST(left, " from ")) != BYTES_NONE) {
		if (is_origin(bytes_from(b, at + 6))) {
			if (found != BYTES_NONE)
				return DOUBTFUL;
			if (is_plain_end(bytes_from(b, at + 6)))
				return at;
			found = at;
		}
		left.len = at;
	}
	return found;
}

/* "HOST[ port N]…": sets the source, returns what follows. */
static struct bytes take_origin(struct line *l, struct bytes b)
{
	struct bytes host = scan_word(&b);

	if (ENDS(host, ":") && scan_last(host, BYTES(":")) > 0 && !is_ip(host))
		host.len--;
	set_source(l, host);
	if (TAKE(&b, "port "))
		set(l, FIELD_SOURCE_PORT, scan_digits(&b));
	return b;
}

/* "[invalid user ]NAME" */
static void set_user(struct line *l, struct bytes name)
{
	if (TAKE(&name, "invalid user ") || TAKE(&name, "illegal user ") ||
	    TAKE(&name, "unknown user "))
		SET(l, EVENT_REASON, "invalid user");
	set(l, FIELD_USER_NAME, name);
}

/* "NAME from HOST port N ssh2": false where there is no origin; neither is set where two fit */
static bool user_from(struct line *l, struct bytes b)
{
	size_t at = origin_at(b);
	struct bytes key;

	if (at == BYTES_NONE)
		return false;
	if (at == DOUBTFUL)
		return true;
	set_user(l, scan_head(b, at));
	key = take_origin(l, bytes_from(b, at + 6));
	at = FIND(key, ": ");
	if (at != BYTES_NONE) {
		scan_skip(&key, at + 2);
		set(l, FIELD_SSH_KEY, key);
	}
	return true;
}

/* "Accepted METHOD for NAME from HOST port N ssh2[: KEY]", and Failed, Postponed, Partial */
static bool attempt(struct line *l, struct bytes b, struct bytes action, struct bytes outcome)
{
	struct bytes method = scan_word(&b);

	if (!TAKE(&b, "for ") || !user_from(l, b))
		return false;
	set(l, FIELD_SSH_METHOD, method);
	act(l, BYTES("authentication"), action);
	set(l, FIELD_EVENT_OUTCOME, outcome);
	return true;
}

/* "NAME HOST port N[: reason]", NAME may be empty: from the right */
static bool user_host_port(struct line *l, struct bytes b, bool reason)
{
	struct bytes left = b, name, rest;
	size_t at, space;

	while ((at = LAST(left, " port ")) != BYTES_NONE) {
		rest = bytes_from(b, at + 6);
		left.len = at;
		if (!scan_digits(&rest).len || (rest.len && !(reason && scan_is(rest, ':'))))
			continue;
		space = scan_last(left, BYTES(" "));
		name = space == BYTES_NONE ? BYTES("") : scan_head(left, space);
		take_origin(l, bytes_from(b, space == BYTES_NONE ? 0 : space + 1));
		set(l, FIELD_USER_NAME, name);
		if (rest.len)
			set(l, FIELD_EVENT_REASON, bytes_trim(bytes_from(rest, 1)));
		return true;
	}
	return false;
}

#define NAME_CHANGED ": Change of username or service not allowed: ("

/* "NAME HOST port N: Change of username or service not allowed: (NAME,ssh-connection) -> (…": the
 * second pair is a stranger's text, cut after a hundred bytes, and may look like an end of its own.
 * The daemon's end is the one behind which the very same name stands. */
static bool name_changed(struct line *l, struct bytes b)
{
	struct bytes rest = b, who, name, again;
	size_t at;

	for (int tries = 0; tries < 8 && (at = FIND(rest, NAME_CHANGED)) != BYTES_NONE; tries++) {
		who = bytes_of(b.at, b.len - rest.len + at);
		again = bytes_from(rest, at + sizeof(NAME_CHANGED) - 1);
		scan_skip(&rest, at + 2);
		name = scan_head(who, LAST(who, " port "));
		name = scan_head(name, scan_last(name, BYTES(" ")));
		if ((bytes_starts(again, name) && scan_at(again, name.len) == ',') ||
		    (again.len > 50 && bytes_starts(name, again))) {
			set(l, FIELD_EVENT_REASON, rest);
			return user_host_port(l, who, false);
		}
	}
	return false;
}

/* Behind "Connection closed by ", "Disconnected from ", "Disconnecting ": who, if a login was
 * under way ("authenticating user", "invalid user"), then the address. */
static bool ended(struct line *l, struct bytes b, bool reason)
{
	bool login = TAKE(&b, "authenticating user "), invalid = TAKE(&b, "invalid user ");

	if (!login && !invalid)
		TAKE(&b, "user ");
	if (reason && HAS(b, NAME_CHANGED))
		name_changed(l, b);
	else if (!user_host_port(l, b, reason) && scan_chr(b, ' ') == b.len)
		set_source(l, b);
	if (invalid)
		SET(l, EVENT_REASON, "invalid user");
	if (login || invalid)
		fail(l, BYTES("ssh_disconnect"));
	act(l, BYTES("session"), BYTES("ssh_disconnect"));
	return true;
}

/* Whoever connects and speaks no SSH, or a cipher nobody has: scanners. */
static bool probe(struct line *l, struct bytes b, struct bytes reason)
{
	size_t at = origin_at(b);

	if (at < DOUBTFUL)
		take_origin(l, bytes_from(b, at + 6));
	act(l, BYTES("network"), BYTES("ssh_probe"));
	SET(l, EVENT_OUTCOME, "failure");
	set(l, FIELD_EVENT_REASON, reason);
	return true;
}

/* "User NAME from HOST not allowed because …", "User NAME not allowed because account is locked" */
static bool not_allowed(struct line *l, struct bytes b)
{
	size_t why = LAST(b, " not allowed because "), at;
	struct bytes who;

	if (why == BYTES_NONE)
		return false;
	who = scan_head(b, why);
	at = LAST(who, " from ");
	set(l, FIELD_EVENT_REASON, bytes_from(b, why + 1));
	if (at != BYTES_NONE) {
		set_source(l, bytes_from(who, at + 6));
		who.len = at;
	}
	set(l, FIELD_USER_NAME, who);
	fail(l, BYTES("ssh_not_allowed"));
	return true;
}

static bool connection(struct line *l, struct bytes b)
{
	if (TAKE(&b, "closed by ") || TAKE(&b, "reset by "))
		return ended(l, b, false);
	if (TAKE(&b, "from authenticating user ") || TAKE(&b, "from invalid user ") ||
	    TAKE(&b, "from user ")) { /* "NAME HOST port N timed out", "…: Broken pipe" */
		if (ENDS(b, " timed out"))
			b.len -= 10;
		user_host_port(l, b, true);
		act(l, BYTES("session"), BYTES("ssh_disconnect"));
		return true;
	}
	if (TAKE(&b, "from ")) { /* "HOST port N on HOST port N" */
		b = take_origin(l, b);
		if (TAKE(&b, " on ")) {
			struct bytes host = scan_word(&b);

			if (is_ip(host))
				set(l, FIELD_DESTINATION_IP, host);
			if (TAKE(&b, "port "))
				set(l, FIELD_DESTINATION_PORT, scan_digits(&b));
		}
		act(l, BYTES("network"), BYTES("ssh_connection"));
		return true;
	}
	return false;
}

static bool disconnecting(struct line *l, struct bytes b)
{
	if (TAKE(&b, ": Too many authentication failures")) {
		if (TAKE(&b, " for "))
			set_user(l, b);
		fail(l, BYTES("ssh_max_attempts"));
		return true;
	}
	if (!scan_take_chr(&b, ' '))
		return false;
	if (HAS(b, "Too many authentication failures"))
		fail(l, BYTES("ssh_max_attempts"));
	return ended(l, b, true);
}

/* "Received disconnect from HOST[ port N]:[ ]11: text": text is the client's, so from the left */
static bool received(struct line *l, struct bytes b)
{
	struct bytes host, code;

	if (STARTS(b, "signal ") || STARTS(b, "SIGTERM")) {
		act(l, BYTES("process"), BYTES("service-stop"));
		return true;
	}
	if (STARTS(b, "SIGHUP")) {
		act(l, BYTES("process"), BYTES("service-reload"));
		return true;
	}
	if (!TAKE(&b, "disconnect from "))
		return false;
	host = scan_head(b, scan_chr(b, ' '));
	if (STARTS(bytes_from(b, host.len), " port ")) {
		b = take_origin(l, b);
	} else {
		scan_skip(&b, host.len);
		if (ENDS(host, ":") && !is_ip(host))
			host.len--;
		set_source(l, host);
	}
	scan_take_chr(&b, ':');
	scan_blanks(&b);
	code = scan_digits(&b);
	if (TAKE(&b, ": ")) {
		set(l, FIELD_EVENT_CODE, code);
		set(l, FIELD_EVENT_REASON, b);
		if (ENDS(b, "Auth fail") || HAS(b, "authentication methods available"))
			fail(l, BYTES("ssh_disconnect"));
	}
	act(l, BYTES("session"), BYTES("ssh_disconnect"));
	return true;
}

/* "Authentication failure for NAME from HOST": PAM's answer, and old daemons' */
static bool refused_by_pam(struct line *l, struct bytes b)
{
	if (!TAKE(&b, "uthentication "))
		return false;
	if (!TAKE(&b, "failure for ") && !TAKE(&b, "error for ") && !TAKE(&b, "failed for "))
		return false;
	if (!user_from(l, scan_head(b, LAST(b, " via "))))
		return false;
	fail(l, BYTES("pam_authenticate"));
	return true;
}

static bool invalid_user(struct line *l, struct bytes b)
{
	size_t at = origin_at(b);

	if (at >= DOUBTFUL) {
		if (!STARTS(b, "from ")) /* the name is empty: "Invalid user  from 1.2.3.4" */
			return false;
		take_origin(l, bytes_from(b, 5));
	} else {
		set(l, FIELD_USER_NAME, scan_head(b, at));
		take_origin(l, bytes_from(b, at + 6));
	}
	SET(l, EVENT_REASON, "invalid user");
	fail(l, BYTES("ssh_invalid_user"));
	return true;
}

/* "refused connect from NAME (IP)" of libwrap */
static bool refused_connect(struct line *l, struct bytes b)
{
	size_t open = LAST(b, "("), n = b.len;
	struct bytes host = b;

	if (open != BYTES_NONE && ENDS(b, ")"))
		host = bytes_sub(b, open + 1, n - open - 2);
	set_source(l, host);
	act(l, BYTES("network"), BYTES("ssh_connection"));
	SET(l, EVENT_OUTCOME, "failure");
	return true;
}

/* "Timeout before authentication for HOST[ port N]", "… for connection from HOST to HOST, pid = 1"
 */
static bool timeout(struct line *l, struct bytes b)
{
	TAKE(&b, "connection from ");
	take_origin(l, b);
	fail(l, BYTES("ssh_timeout"));
	return true;
}

/* "for [invalid user ]NAME from HOST port N ssh2" */
static bool exceeded(struct line *l, struct bytes b)
{
	if (!user_from(l, b))
		return false;
	fail(l, BYTES("ssh_max_attempts"));
	return true;
}

/* "Unable to negotiate with [invalid user NAME ]HOST port N: no matching cipher found. Their
 * offer: …": the offer is the client's and so is the name, hence no address where one of them looks
 * like the other's border. */
static bool negotiate(struct line *l, struct bytes b)
{
	size_t at = FIND(b, ": no matching ");
	struct bytes who = scan_head(b, at);

	act(l, BYTES("network"), BYTES("ssh_probe"));
	SET(l, EVENT_OUTCOME, "failure");
	if (at != BYTES_NONE)
		set(l, FIELD_EVENT_REASON, bytes_from(b, at + 2));
	if (!TAKE(&who, "authenticating user ") && !TAKE(&who, "invalid user ") &&
	    !TAKE(&who, "user "))
		take_origin(l, who); /* no name: the first words are the daemon's */
	else if (at != BYTES_NONE && !HAS(bytes_from(b, at + 2), ": no matching "))
		user_host_port(l, who, false);
	return true;
}

/* "drop connection #3 from [1.2.3.4]:5 on [5.6.7.8]:22 penalty: failed authentication" */
static bool dropped(struct line *l, struct bytes b)
{
	size_t at = FIND(b, "from ");
	struct bytes word;

	if (at == BYTES_NONE)
		return false;
	scan_skip(&b, at + 5);
	word = scan_word(&b);
	set_source_port(l, word);
	if (TAKE(&b, "on ")) {
		scan_word(&b);
		TAKE(&b, "penalty: ");
		set(l, FIELD_EVENT_REASON, b); /* or "Maxstartups", "past MaxStartups" */
	}
	act(l, BYTES("network"), BYTES("ssh_drop"));
	SET(l, EVENT_OUTCOME, "failure");
	return true;
}

/* Before a login could be tried. Only what the daemon writes itself is taken for the address:
 * a line may quote what the client sent. */
static bool early(struct line *l, struct bytes text)
{
	struct bytes b = text;

	if (TAKE(&b, "banner exchange: Connection from ") ||
	    TAKE(&b, "ssh_dispatch_run_fatal: Connection from ")) {
		if (!TAKE(&b, "authenticating user ") && !TAKE(&b, "invalid user "))
			TAKE(&b, "user ");
		user_host_port(l, b, true);
		return probe(l, BYTES(""), text);
	}
	if (STARTS(b, "Magic value check failed") || STARTS(b, "Protocol major versions differ") ||
	    STARTS(b, "Read from socket failed"))
		return probe(l, b, text);
	return STARTS(b, "kex_exchange_identification:") && probe(l, BYTES(""), text);
}

static bool other(struct line *l, struct bytes text)
{
	struct bytes b = text;
	size_t at;

	if (early(l, text))
		return true;
	if (TAKE(&b, "Server listening on ")) {
		act(l, BYTES("process"), BYTES("service-start"));
		return true;
	}
	if (TAKE(&b, "Starting session: ")) { /* "command for NAME from HOST port N id 0" */
		at = FIND(b, " for ");
		if (at == BYTES_NONE)
			return false;
		scan_skip(&b, at + 5);
		at = LAST(b, " from ");
		if (at == BYTES_NONE)
			return false;
		set(l, FIELD_USER_NAME, scan_head(b, at));
		take_origin(l, bytes_from(b, at + 6));
		act(l, BYTES("session"), BYTES("ssh_session"));
		return true;
	}
	if (TAKE(&b, "ROOT LOGIN REFUSED FROM ")) {
		SET(l, USER_NAME, "root");
		take_origin(l, b);
		fail(l, BYTES("ssh_not_allowed"));
		return true;
	}
	if (TAKE(&b, "Address ") && HAS(b, " maps to ")) {
		take_origin(l, b);
		act(l, BYTES("network"), BYTES("ssh_probe"));
		return true;
	}
	if (TAKE(&b, "Nasty PTR record ")) { /* '"NAME" is set up for HOST, ignoring' */
		at = LAST(b, "\" is set up for ");
		if (at == BYTES_NONE)
			return false;
		scan_skip(&b, at + 16);
		set_source(l, scan_head(b, FIND(b, ", ignoring")));
		act(l, BYTES("network"), BYTES("ssh_probe"));
		return true;
	}
	if (TAKE(&b, "scanned from ") || TAKE(&b, "probed from ")) {
		take_origin(l, b);
		act(l, BYTES("network"), BYTES("ssh_probe"));
		return true;
	}
	if (TAKE(&b, "Access denied for user ")) { /* "NAME by PAM account configuration" */
		set(l, FIELD_USER_NAME, scan_head(b, LAST(b, " by PAM account configuration")));
		fail(l, BYTES("ssh_not_allowed"));
		return true;
	}
	if (TAKE(&b, "SSH: Server;Ltype: ") && (at = FIND(b, ";Remote: ")) != BYTES_NONE) {
		scan_skip(&b, at + 9); /* "192.0.2.1-33200;Name: …" of some vendors */
		set_source(l, scan_head(b, scan_chr(b, '-')));
		act(l, BYTES("network"), BYTES("ssh_probe"));
		return true;
	}
	if (TAKE(&b, "reverse mapping checking ") && (at = FIND(b, "[")) != BYTES_NONE) {
		scan_skip(&b, at + 1);
		set_source(l, scan_head(b, scan_chr(b, ']')));
		act(l, BYTES("network"), BYTES("ssh_probe"));
		return true;
	}
	return false;
}

static bool by_first(struct line *l, struct bytes b)
{
	struct bytes text = b;

	switch (scan_at(b, 0)) {
	case 'A':
		if (TAKE(&b, "Accepted "))
			return attempt(l, b, BYTES("ssh_login"), BYTES("success"));
		return refused_by_pam(l, bytes_from(b, 1)) || other(l, text);
	case 'a':
		return refused_by_pam(l, bytes_from(b, 1));
	case 'F':
		return TAKE(&b, "Failed ") && attempt(l, b, BYTES("ssh_login"), BYTES("failure"));
	case 'P':
		if (TAKE(&b, "Postponed ") || TAKE(&b, "Partial "))
			return attempt(l, b, BYTES("ssh_partial"), BYTES(""));
		return other(l, text);
	case 'I':
	case 'i':
		scan_skip(&b, 1);
		if (TAKE(&b, "nvalid user ") || TAKE(&b, "llegal user "))
			return invalid_user(l, b);
		return false;
	case 'U':
		if (TAKE(&b, "User not known to the underlying authentication module for ")) {
			fail(l, BYTES("pam_authenticate"));
			return user_from(l, b);
		}
		if (TAKE(&b, "Unable to negotiate with "))
			return negotiate(l, b);
		return TAKE(&b, "User ") && not_allowed(l, b);
	case 'm':
		return TAKE(&b, "maximum authentication attempts exceeded for ") && exceeded(l, b);
	case 'C':
		return TAKE(&b, "Connection ") && connection(l, b);
	case 'D':
		if (TAKE(&b, "Disconnected from "))
			return ended(l, b, false);
		if (TAKE(&b, "Disconnecting"))
			return disconnecting(l, b);
		return TAKE(&b, "Did not receive identification string ") &&
		       probe(l, bytes_from(text, 37), scan_head(text, 37));
	case 'R':
		if (TAKE(&b, "Received "))
			return received(l, b);
		return other(l, text);
	case 'r':
		if (TAKE(&b, "refused connect from "))
			return refused_connect(l, b);
		return other(l, text);
	case 'B':
		return TAKE(&b, "Bad protocol version identification ") && probe(l, b, text);
	case 'T':
		return TAKE(&b, "Timeout before authentication for ") && timeout(l, b);
	case 'd':
		return TAKE(&b, "drop connection ") && dropped(l, b);
	default:
		return other(l, text);
	}
}

/* "MESSAGE for [illegal user ]NAME from HOST" behind "PAM: ", whatever the module said. */
static bool pam_said(struct line *l, struct bytes b)
{
	size_t at = FIND(b, " for ");

	if (at == BYTES_NONE || at > 128 || !user_from(l, bytes_from(b, at + 5)))
		return false;
	set(l, FIELD_EVENT_REASON, scan_head(b, at));
	fail(l, BYTES("pam_authenticate"));
	return true;
}

bool sshd_text(struct line *l, struct bytes text)
{
	struct bytes b = bytes_trim(text);
	bool pam = false;

	for (;;) {
		if (TAKE(&b, "error: "))
			SET(l, LOG_LEVEL, "error");
		else if (TAKE(&b, "fatal: "))
			SET(l, LOG_LEVEL, "critical");
		else if (TAKE(&b, "debug1: ") || TAKE(&b, "debug2: ") || TAKE(&b, "debug3: "))
			SET(l, LOG_LEVEL, "debug");
		else if (TAKE(&b, "PAM: "))
			pam = true;
		else if (!TAKE(&b, "info: "))
			break;
	}
	while (ENDS(b, "]") && (ENDS(b, " [preauth]") || ENDS(b, " [postauth]")))
		b.len = scan_last(b, BYTES(" ["));
	if (!by_first(l, b) && pam)
		pam_said(l, b);
	SET(l, EVENT_DATASET, "sshd");
	set(l, FIELD_MESSAGE, text);
	return true;
}
