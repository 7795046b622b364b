/* SPDX-License-Identifier: Apache-2.0 */
/* Lines of PAM modules, whichever program they ran in:
 *
 *	pam_unix(sshd:auth): authentication failure; logname= uid=0 euid=0 tty=ssh ruser= rhost=H
 *user=U sshd(pam_unix)[12]: authentication failure; …     the module in the tag (pam_unix) session
 *opened for user U by (uid=0)   the module before the text
 */
#include "parse/line.h"

static void act(struct line *l, struct bytes category, struct bytes action, struct bytes outcome)
{
	set(l, FIELD_EVENT_CATEGORY, category);
	set(l, FIELD_EVENT_ACTION, action);
	set(l, FIELD_EVENT_OUTCOME, outcome);
}

/* "NAME(uid=0)", "NAME": sets both parts */
static void set_user(struct line *l, struct bytes who)
{
	size_t at = LAST(who, "(uid=");

	if (at != BYTES_NONE && ENDS(who, ")")) {
		set_number(l, FIELD_USER_ID, bytes_sub(who, at + 5, who.len - at - 6));
		who.len = at;
	}
	set(l, FIELD_USER_NAME, who);
}

/* "; logname= uid=0 euid=0 tty=ssh ruser= rhost=10.0.0.1  user=root". The user comes last and may
 * hold anything, so what stands behind "user=" is never searched for other keys. */
static void failure(struct line *l, struct bytes b)
{
	size_t at = FIND(b, " user=");
	struct bytes user = at == BYTES_NONE ? BYTES("") : bytes_from(b, at + 6), v;

	b = scan_head(b, at);
	set(l, FIELD_USER_NAME, bytes_trim(user));
	if (KEY(b, "rhost=", &v))
		set_source(l, v);
	if (KEY(b, "tty=", &v))
		set(l, FIELD_PROCESS_TTY, v);
	if (KEY(b, "ruser=", &v))
		set(l, FIELD_SOURCE_USER, v);
	if (KEY(b, "logname=", &v))
		set(l, FIELD_SOURCE_USER, v);
	act(l, BYTES("authentication"), BYTES("pam_authenticate"), BYTES("failure"));
}

/* "opened for user U(uid=1) by NAME(uid=0)", "closed for user U" */
static bool session(struct line *l, struct bytes b)
{
	bool opened = TAKE(&b, "opened for user ");
	struct bytes by;
	size_t at;

	if (!opened && !TAKE(&b, "closed for user "))
		return false;
	at = LAST(b, " by ");
	if (opened && at != BYTES_NONE) {
		by = bytes_from(b, at + 4);
		set(l, FIELD_SOURCE_USER, scan_head(by, scan_chr(by, '(')));
		b.len = at;
	}
	set_user(l, b);
	act(l, BYTES("session"), opened ? BYTES("session-opened") : BYTES("session-closed"),
	    BYTES("success"));
	return true;
}

/* "user NAME (4001) tally 6, deny 5" */
static void tally(struct line *l, struct bytes b)
{
	size_t at = LAST(b, " (");

	set(l, FIELD_USER_NAME, scan_head(b, at));
	act(l, BYTES("authentication"), BYTES("account-locked"), BYTES("failure"));
}

/* "requirement "uid >= 1000" not met by user "root"" */
static void requirement(struct line *l, struct bytes b)
{
	size_t at = LAST(b, " by user \"");

	if (at == BYTES_NONE)
		return;
	scan_skip(&b, at + 10);
	set(l, FIELD_USER_NAME, scan_head(b, LAST(b, "\"")));
}

/* pam_access: "access denied for user `bob' from `10.0.0.5'"; the name is a stranger's, what he
 * comes from the last in quotes. pam_wheel: "Access denied to 'bob' for 'root'", "Access granted …"
 */
static bool access(struct line *l, struct bytes b)
{
	bool good = TAKE(&b, "Access granted to '");
	size_t at;

	if (TAKE(&b, "access denied for user `")) {
		at = LAST(b, "' from `");
		set(l, FIELD_USER_NAME, scan_head(b, at));
		if (at != BYTES_NONE) {
			b = bytes_from(b, at + 8);
			set_source(l, scan_head(b, LAST(b, "'")));
		}
		act(l, BYTES("authentication"), BYTES("access-denied"), BYTES("failure"));
		return true;
	}
	if (!good && !TAKE(&b, "Access denied to '"))
		return false;
	at = LAST(b, "' for '");
	set(l, FIELD_USER_NAME, scan_head(b, at));
	if (at != BYTES_NONE) {
		b = bytes_from(b, at + 7);
		set(l, FIELD_USER_EFFECTIVE_NAME, scan_head(b, LAST(b, "'")));
	}
	act(l, BYTES("authentication"), BYTES("su"), good ? BYTES("success") : BYTES("failure"));
	return true;
}

static void by_text(struct line *l, struct bytes b)
{
	size_t at;

	if (access(l, b))
		return;
	if (TAKE(&b, "authentication failure")) {
		failure(l, b);
	} else if (STARTS(b, "check pass; user unknown")) {
		act(l, BYTES("authentication"), BYTES("pam_user_unknown"), BYTES("failure"));
		SET(l, EVENT_REASON, "user unknown");
	} else if (TAKE(&b, "User unknown")) { /* pam_faillock */
		if (TAKE(&b, ": "))
			set(l, FIELD_USER_NAME, b);
		SET(l, EVENT_REASON, "user unknown");
		act(l, BYTES("authentication"), BYTES("pam_user_unknown"), BYTES("failure"));
	} else if (TAKE(&b, "Refused user ")) { /* pam_listfile */
		set(l, FIELD_USER_NAME, scan_head(b, LAST(b, " for service ")));
		act(l, BYTES("authentication"), BYTES("access-denied"), BYTES("failure"));
	} else if (TAKE(&b, "expired password for user ")) {
		set(l, FIELD_USER_NAME, scan_head(b, LAST(b, " (")));
		SET(l, EVENT_REASON, "expired password");
		act(l, BYTES("authentication"), BYTES("account-expired"), BYTES("failure"));
	} else if (TAKE(&b, "password check failed for user (")) {
		set(l, FIELD_USER_NAME, scan_head(b, LAST(b, ")")));
		act(l, BYTES("authentication"), BYTES("pam_authenticate"), BYTES("failure"));
	} else if (TAKE(&b, "bad username [")) {
		set(l, FIELD_USER_NAME, scan_head(b, LAST(b, "]")));
		act(l, BYTES("authentication"), BYTES("pam_user_unknown"), BYTES("failure"));
	} else if (TAKE(&b, "auth could not identify password for [")) {
		set(l, FIELD_USER_NAME, scan_head(b, LAST(b, "]")));
		act(l, BYTES("authentication"), BYTES("pam_authenticate"), BYTES("failure"));
	} else if (TAKE(&b, "session ")) {
		session(l, b);
	} else if (TAKE(&b, "password changed for ")) {
		set(l, FIELD_USER_TARGET_NAME, b);
		act(l, BYTES("iam"), BYTES("password-changed"), BYTES("success"));
	} else if (TAKE(&b, "account ")) {
		at = FIND(b, " has expired");
		if (at != BYTES_NONE) {
			set(l, FIELD_USER_NAME, scan_head(b, at));
			act(l, BYTES("authentication"), BYTES("account-expired"), BYTES("failure"));
		}
	} else if (TAKE(&b, "user ") && HAS(b, " tally ")) {
		tally(l, b);
	} else if (TAKE(&b, "Consecutive login failures for user ")) {
		set(l, FIELD_USER_NAME, scan_head(b, FIND(b, " account temporarily locked")));
		act(l, BYTES("authentication"), BYTES("account-locked"), BYTES("failure"));
	} else if (STARTS(b, "requirement ")) {
		requirement(l, b);
	}
}

/* "pam_unix(sshd:auth): ", "pam_unix[2]: (gdm:auth) ", "(pam_unix) ", "PAM 2 more " */
static bool take_module(struct bytes *b, struct bytes *ret)
{
	struct bytes c = *b, all = c;
	size_t n = 0;

	if (TAKE(&c, "(pam_")) {
		if (!scan_take_to(&c, ')', ret))
			return false;
		*ret = bytes_sub(all, 1, ret->len + 4);
		scan_blanks(&c);
		*b = c;
		return true;
	}
	if (TAKE(&c, "PAM ")) { /* "PAM 2 more authentication failures; …" */
		struct bytes more = c;

		if (!scan_digits(&more).len || !TAKE(&more, " more "))
			return false;
		*b = more;
		*ret = BYTES("PAM");
		return true;
	}
	if (!STARTS(c, "pam_"))
		return false;
	while (n < c.len && n < 64 && (is_alnum(c.at[n]) || c.at[n] == '_'))
		n++;
	scan_skip(&c, n);
	if (scan_is(c, '(')) {
		n = scan_chr(c, ')');
		if (n == c.len || n > 96)
			return false;
		scan_skip(&c, n + 1);
	} else if (scan_take_chr(&c, '[')) {
		if (!scan_digits(&c).len || !scan_take_chr(&c, ']'))
			return false;
	}
	*ret = scan_head(all, all.len - c.len);
	if (!scan_take_chr(&c, ':'))
		return false;
	scan_blanks(&c);
	if (scan_is(c, '(') && scan_chr(c, ')') < 64) /* the service behind the colon */
		scan_skip(&c, scan_chr(c, ')') + 1);
	scan_blanks(&c);
	*b = c;
	return true;
}

bool pam_text(struct line *l, struct bytes program, struct bytes text)
{
	struct bytes b = text, module;
	size_t at = scan_chr(program, '(');

	if (IS(program, "unix_chkpwd")) { /* pam_unix's helper */
		module = program;
	} else if (STARTS(bytes_from(program, at), "(pam_")) {
		module = bytes_from(program, at + 1);
		module.len -= ENDS(module, ")");
	} else if (!take_module(&b, &module)) {
		return false;
	}
	set(l, FIELD_LOG_LOGGER, module);
	by_text(l, b);
	SET(l, EVENT_DATASET, "pam");
	set(l, FIELD_MESSAGE, text);
	return true;
}
