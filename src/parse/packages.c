/* SPDX-License-Identifier: Apache-2.0 */
/* Package managers:
 *
 *	2026-11-22 01:02:03 install nmap:amd64 <none> 7.93+dfsg1-1      dpkg.log
 *	Commandline: apt-get install -y nmap                            apt's history.log
 *	Install: nmap:amd64 (7.93+dfsg1-1), liblua5.3-0:amd64 (…)
 *	2026-11-22T01:02:03+0000 SUBDEBUG Installed: nmap-3:7.92-1.el9.x86_64   dnf.rpm.log
 *	Installed: nmap-7.80-1.x86_64                                   yum, in syslog
 */
#include "parse/line.h"

struct verb {
	struct bytes word, action;
};

#define V(word, action)                                                                            \
	{                                                                                          \
		{ (const uint8_t *)(word), sizeof(word) - 1 },                                     \
		{                                                                                  \
			(const uint8_t *)(action), sizeof(action) - 1                              \
		}                                                                                  \
	}

/* The action of the first verb that leads b, which is moved behind it. */
static struct bytes take_verb(const struct verb *verbs, size_t n, struct bytes *b)
{
	for (size_t i = 0; i < n; i++)
		if (scan_take_lit(b, verbs[i].word))
			return verbs[i].action;
	return BYTES("");
}
#define TAKE_VERB(verbs, b) take_verb((verbs), sizeof(verbs) / sizeof((verbs)[0]), (b))

static void done(struct line *l, struct bytes action, struct bytes message)
{
	SET(l, EVENT_CATEGORY, "package");
	set(l, FIELD_EVENT_ACTION, action);
	set(l, FIELD_MESSAGE, message);
}

static void set_version(struct line *l, struct bytes v)
{
	if (!IS(v, "<none>"))
		set(l, FIELD_PACKAGE_VERSION, v);
}

/* Behind the stamp: " install NAME:ARCH OLD NEW", " status installed NAME:ARCH VERSION" */
bool dpkg_line(struct line *l, struct bytes b)
{
	static const struct verb verbs[] = {
		V("install ", "package-installed"),	V("upgrade ", "package-upgraded"),
		V("remove ", "package-removed"),	V("purge ", "package-purged"),
		V("configure ", "package-configured"),	V("trigproc ", "package-trigger"),
		V("status ", "package-status"),		V("conffile ", "package-conffile"),
		V("startup ", "package-manager-start"),
	};
	struct bytes text, action, name, old;

	if (!scan_take_chr(&b, ' '))
		return false;
	text = b;
	action = TAKE_VERB(verbs, &b);
	if (!action.len)
		return false;
	if (IS(action, "package-manager-start")) {
		if (!STARTS(b, "archives ") && !STARTS(b, "packages "))
			return false;
	} else if (IS(action, "package-conffile")) {
		set(l, FIELD_FILE_PATH, scan_word(&b));
	} else {
		if (IS(action, "package-status"))
			set(l, FIELD_EVENT_REASON, scan_word(&b));
		name = scan_word(&b);
		if (!name.len || !b.len)
			return false;
		set(l, FIELD_PACKAGE_NAME, scan_head(name, scan_chr(name, ':')));
		old = scan_word(&b);
		set_version(l, IS(b, "<none>") || !b.len ? old : b);
	}
	SET(l, EVENT_DATASET, "dpkg");
	done(l, action, text);
	return true;
}

/* apt's history.log: one line a fact, the first package of a list stands for it */
bool apt_line(struct line *l, struct bytes b)
{
	static const struct verb verbs[] = {
		V("Commandline: ", "package-command"),	V("Install: ", "package-installed"),
		V("Reinstall: ", "package-installed"),	V("Upgrade: ", "package-upgraded"),
		V("Downgrade: ", "package-downgraded"), V("Remove: ", "package-removed"),
		V("Purge: ", "package-purged"),
	};
	struct bytes text = b, action = TAKE_VERB(verbs, &b), name;

	if (action.len) {
		if (IS(action, "package-command")) {
			set(l, FIELD_PROCESS_COMMAND, b);
		} else {
			name = scan_word(&b);
			if (!scan_take_chr(&b, '('))
				return false;
			set(l, FIELD_PACKAGE_NAME, scan_head(name, scan_chr(name, ':')));
			set(l, FIELD_PACKAGE_VERSION, scan_head(b, scan_either(b, ',', ')')));
		}
		done(l, action, text);
	} else if (STARTS(b, "Start-Date: ") || STARTS(b, "End-Date: ")) {
		SET(l, EVENT_ACTION, "package-run");
	} else if (TAKE(&b, "Requested-By: ")) {
		set(l, FIELD_USER_NAME, scan_head(b, LAST(b, " (")));
	} else {
		return false;
	}
	SET(l, EVENT_DATASET, "apt");
	set(l, FIELD_MESSAGE, text);
	return true;
}

/* "Installed: nmap-3:7.92-1.el9.x86_64": version and release are the last two parts of three */
bool dnf_text(struct line *l, struct bytes b)
{
	static const struct verb verbs[] = {
		V("Installed: ", "package-installed"),	 V("Installing: ", "package-installed"),
		V("Updated: ", "package-upgraded"),	 V("Upgraded: ", "package-upgraded"),
		V("Upgrade: ", "package-upgraded"),	 V("Erased: ", "package-removed"),
		V("Removed: ", "package-removed"),	 V("Downgraded: ", "package-downgraded"),
		V("Reinstalled: ", "package-installed"),
	};
	struct bytes text = b, action = TAKE_VERB(verbs, &b), name = b;
	size_t dash;

	if (!action.len)
		return false;
	dash = scan_last_chr(name, '-');
	name = scan_head(name, dash);
	dash = scan_last_chr(name, '-');
	if (dash && dash < name.len) {
		set(l, FIELD_PACKAGE_NAME, scan_head(name, dash));
		set(l, FIELD_PACKAGE_VERSION, bytes_from(b, dash + 1));
	} else {
		set(l, FIELD_PACKAGE_NAME, b);
	}
	SET(l, EVENT_DATASET, "dnf");
	done(l, action, text);
	return true;
}

bool dnf_line(struct line *l, struct bytes b)
{
	return TAKE(&b, " SUBDEBUG ") && dnf_text(l, b);
}
