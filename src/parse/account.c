/* SPDX-License-Identifier: Apache-2.0 */
/* Accounts and groups made, changed and removed: useradd, usermod, passwd, gpasswd, chage, … */
#include "parse/line.h"

static bool did(struct line *l, struct bytes action)
{
	SET(l, EVENT_CATEGORY, "iam");
	set(l, FIELD_EVENT_ACTION, action);
	SET(l, EVENT_OUTCOME, "success");
	return true;
}

/* 'name' at the front */
static bool take_quoted(struct bytes *b, struct bytes *ret)
{
	struct bytes c = *b;

	if (!scan_take_chr(&c, '\'') || !scan_take_to(&c, '\'', ret))
		return false;
	*b = c;
	return true;
}

static struct bytes value_of(struct bytes b, struct bytes key)
{
	size_t at = scan_find(b, key);

	if (at == BYTES_NONE)
		return BYTES("");
	scan_skip(&b, at + key.len);
	return scan_head(b, scan_chr(b, ','));
}

/* "new user: name=osktest, UID=1001, GID=1001, home=/home/osktest, shell=/bin/sh, from=none" */
static bool created(struct line *l, struct bytes b)
{
	if (STARTS(b, "user: ") || STARTS(b, "account added")) {
		set(l, FIELD_USER_TARGET_NAME, value_of(b, BYTES("name=")));
		set(l, FIELD_USER_TARGET_ID, value_of(b, BYTES("UID=")));
		return did(l, BYTES("user-created"));
	}
	if (!STARTS(b, "group: "))
		return false;
	set(l, FIELD_GROUP_NAME, value_of(b, BYTES("name=")));
	return did(l, BYTES("group-created"));
}

/* "add 'alice' to [shadow ]group 'sudo'", "delete 'alice' from [shadow ]group 'sudo'" */
static bool member(struct line *l, struct bytes b, struct bytes to, struct bytes action)
{
	struct bytes who, group;

	if (!take_quoted(&b, &who) || !scan_take_lit(&b, to))
		return false;
	TAKE(&b, "shadow ");
	if (!TAKE(&b, "group ") || !take_quoted(&b, &group))
		return false;
	set(l, FIELD_USER_TARGET_NAME, who);
	set(l, FIELD_GROUP_NAME, group);
	return did(l, action);
}

static bool user_form(struct line *l, struct bytes b, struct bytes action)
{
	struct bytes who;

	if (!take_quoted(&b, &who))
		return false;
	set(l, FIELD_USER_TARGET_NAME, who);
	if (HAS(b, "password") && IS(action, "user-changed"))
		action = BYTES("password-changed");
	return did(l, action);
}

/* "password for 'alice' changed by 'root'" */
static bool password(struct line *l, struct bytes b)
{
	struct bytes who, by;

	if (!take_quoted(&b, &who))
		return false;
	set(l, FIELD_USER_TARGET_NAME, who);
	if (TAKE(&b, " changed by ") && take_quoted(&b, &by))
		set(l, FIELD_USER_NAME, by);
	return did(l, BYTES("password-changed"));
}

/* gpasswd: "user alice added by root to group sudo", "… removed by root from group sudo" */
static bool gpasswd(struct line *l, struct bytes b)
{
	struct bytes who = scan_word(&b);
	bool added = TAKE(&b, "added by ");

	if (!added && !TAKE(&b, "removed by "))
		return false;
	set(l, FIELD_USER_TARGET_NAME, who);
	set(l, FIELD_USER_NAME, scan_word(&b));
	if (TAKE(&b, "to group ") || TAKE(&b, "from group "))
		set(l, FIELD_GROUP_NAME, b);
	return did(l, added ? BYTES("group-member-added") : BYTES("group-member-removed"));
}

static bool group_removed(struct line *l, struct bytes b)
{
	struct bytes group;

	TAKE(&b, "shadow ");
	if (!TAKE(&b, "group ") || !take_quoted(&b, &group))
		return false;
	set(l, FIELD_GROUP_NAME, group);
	return did(l, BYTES("group-deleted"));
}

static bool by_text(struct line *l, struct bytes b)
{
	struct bytes group;

	if (TAKE(&b, "new "))
		return created(l, b);
	if (STARTS(b, "group added to ")) {
		set(l, FIELD_GROUP_NAME, value_of(b, BYTES("name=")));
		return did(l, BYTES("group-created"));
	}
	if (TAKE(&b, "add "))
		return member(l, b, BYTES(" to "), BYTES("group-member-added"));
	if (TAKE(&b, "delete user "))
		return user_form(l, b, BYTES("user-deleted"));
	if (TAKE(&b, "delete "))
		return member(l, b, BYTES(" from "), BYTES("group-member-removed"));
	if (TAKE(&b, "removed "))
		return group_removed(l, b);
	if (TAKE(&b, "group ") && take_quoted(&b, &group)) {
		set(l, FIELD_GROUP_NAME, group);
		return did(l, HAS(b, "removed") ? BYTES("group-deleted") : BYTES("group-changed"));
	}
	if (TAKE(&b, "change user ") || TAKE(&b, "changed user "))
		return user_form(l, b, BYTES("user-changed"));
	if (TAKE(&b, "lock user "))
		return user_form(l, b, BYTES("user-locked"));
	if (TAKE(&b, "unlock user "))
		return user_form(l, b, BYTES("user-unlocked"));
	if (TAKE(&b, "password for "))
		return password(l, b);
	if (TAKE(&b, "changed password expiry for ")) {
		set(l, FIELD_USER_TARGET_NAME, b);
		return did(l, BYTES("user-changed"));
	}
	if (TAKE(&b, "user "))
		return gpasswd(l, b);
	if (STARTS(b, "failed ")) {
		SET(l, EVENT_OUTCOME, "failure");
		return did(l, BYTES("user-changed"));
	}
	return false;
}

bool account_text(struct line *l, struct bytes text)
{
	by_text(l, bytes_trim(text));
	SET(l, EVENT_DATASET, "account");
	set(l, FIELD_MESSAGE, text);
	return true;
}
