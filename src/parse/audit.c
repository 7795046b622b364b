/* SPDX-License-Identifier: Apache-2.0 */
/* Records of the kernel's audit system, as auditd writes them:
 *
 *	node=H type=SYSCALL msg=audit(1795311000.603:41): arch=c000003e syscall=44 success=yes …
 *	type=USER_LOGIN msg=audit(…): pid=1 uid=0 auid=… ses=… msg='op=login acct="root" …
 *res=success'
 *
 * and enriched: behind a group separator (0x1d) the names of the numbers (AUID="root"). A value in
 * quotes is plain text; without quotes it may be hexadecimal (the kernel writes names so that hold
 * a blank, a quote or a control character), and stays as written. */
#include "parse/line.h"
#include "parse/vocabulary.h"

#define GS 0x1d

/* Keys, and where their values go. */
static const struct {
	const char *key;
	enum field field;
} keys[] = {
	{ "AUID", FIELD_USER_AUDIT_NAME },   { "EUID", FIELD_USER_EFFECTIVE_NAME },
	{ "SYSCALL", FIELD_AUDIT_SYSCALL },  { "UID", FIELD_USER_NAME },
	{ "acct", FIELD_USER_NAME },	     { "addr", FIELD_SOURCE_IP },
	{ "auid", FIELD_AUDIT_AUID },	     { "cmd", FIELD_PROCESS_COMMAND },
	{ "comm", FIELD_PROCESS_NAME },	     { "cwd", FIELD_PROCESS_WORKDIR },
	{ "dev", FIELD_NETWORK_INTERFACE },  { "entries", FIELD_AUDIT_ENTRIES },
	{ "euid", FIELD_USER_EFFECTIVE_ID }, { "exe", FIELD_PROCESS_EXECUTABLE },
	{ "family", FIELD_AUDIT_FAMILY },    { "grp", FIELD_GROUP_NAME },
	{ "hostname", FIELD_SOURCE_DOMAIN }, { "key", FIELD_AUDIT_KEY },
	{ "name", FIELD_FILE_PATH },	     { "op", FIELD_AUDIT_OP },
	{ "path", FIELD_FILE_PATH },	     { "pid", FIELD_PROCESS_PID },
	{ "ppid", FIELD_PROCESS_PPID },	     { "proctitle", FIELD_PROCESS_TITLE },
	{ "res", FIELD_EVENT_OUTCOME },	     { "ses", FIELD_AUDIT_SESSION },
	{ "success", FIELD_EVENT_OUTCOME },  { "syscall", FIELD_AUDIT_SYSCALL },
	{ "table", FIELD_AUDIT_TABLE },	     { "terminal", FIELD_PROCESS_TTY },
	{ "tty", FIELD_PROCESS_TTY },	     { "uid", FIELD_USER_ID },
	{ "unit", FIELD_SYSTEMD_UNIT },
};

static struct vocabulary key_names, type_names;

static enum field field_of(struct bytes key)
{
	size_t i = vocabulary_find(&key_names, key);

	return i == BYTES_NONE ? FIELD_N : keys[i].field;
}

/* What a record of this type tells, after the words of the audit tools. */
static const struct {
	const char *type, *category, *action;
} types[] = {
	{ "ADD_GROUP", "iam", "group-created" },
	{ "ADD_USER", "iam", "user-created" },
	{ "ANOM_ABEND", "process", "process-crash" },
	{ "ANOM_PROMISCUOUS", "network", "promiscuous-changed" },
	{ "AVC", "intrusion_detection", "access-denied" },
	{ "CONFIG_CHANGE", "configuration", "audit-config-change" },
	{ "CRED_ACQ", "authentication", "acquired-credentials" },
	{ "CRED_DISP", "authentication", "disposed-credentials" },
	{ "DAEMON_ABORT", "process", "audit-stop" },
	{ "DAEMON_CONFIG", "configuration", "audit-config-change" },
	{ "DAEMON_END", "process", "audit-stop" },
	{ "DAEMON_START", "process", "audit-start" },
	{ "DEL_GROUP", "iam", "group-deleted" },
	{ "DEL_USER", "iam", "user-deleted" },
	{ "EXECVE", "process", "executed" },
	{ "LOGIN", "authentication", "login-id-set" },
	{ "NETFILTER_CFG", "configuration", "firewall-change" },
	{ "SERVICE_START", "process", "service-start" },
	{ "SERVICE_STOP", "process", "service-stop" },
	{ "SYSTEM_BOOT", "host", "host-start" },
	{ "SYSTEM_SHUTDOWN", "host", "host-shutdown" },
	{ "USER_ACCT", "authentication", "account-checked" },
	{ "USER_AUTH", "authentication", "authenticate" },
	{ "USER_CHAUTHTOK", "iam", "password-changed" },
	{ "USER_CMD", "process", "sudo" },
	{ "USER_END", "session", "session-closed" },
	{ "USER_ERR", "authentication", "authenticate" },
	{ "USER_LOGIN", "authentication", "login" },
	{ "USER_LOGOUT", "session", "logout" },
	{ "USER_MGMT", "iam", "user-changed" },
	{ "USER_START", "session", "session-opened" },
};

__attribute__((constructor)) static void fill(void)
{
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		vocabulary_add(&key_names, bytes_str(keys[i].key));
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		vocabulary_add(&type_names, bytes_str(types[i].type));
}

static void set_meaning(struct line *l, struct bytes type)
{
	size_t i = vocabulary_find(&type_names, type);

	if (i == BYTES_NONE)
		return;
	set(l, FIELD_EVENT_CATEGORY, bytes_str(types[i].category));
	set(l, FIELD_EVENT_ACTION, bytes_str(types[i].action));
}

static void set_value(struct line *l, enum field f, struct bytes v)
{
	switch (f) {
	case FIELD_EVENT_OUTCOME:
		if (IS(v, "yes") || IS(v, "1") || STARTS(v, "success"))
			SET(l, EVENT_OUTCOME, "success");
		else if (IS(v, "no") || IS(v, "0") || STARTS(v, "fail"))
			SET(l, EVENT_OUTCOME, "failure");
		break;
	case FIELD_SOURCE_IP:
	case FIELD_SOURCE_DOMAIN:
		if (!is_absent(v) && !IS(v, "UNKNOWN"))
			set_source(l, v);
		break;
	case FIELD_NETWORK_INTERFACE: /* elsewhere dev= is a disk */
		if (IS(event_get(l->ev, FIELD_AUDIT_TYPE), "ANOM_PROMISCUOUS"))
			set(l, f, v);
		break;
	case FIELD_AUDIT_SYSCALL: /* the name comes behind the number and says more */
		event_put(l->ev, f, v);
		break;
	case FIELD_PROCESS_PID:
	case FIELD_PROCESS_PPID:
	case FIELD_AUDIT_ENTRIES:
	case FIELD_AUDIT_FAMILY:
		set_number(l, f, v);
		break;
	default:
		if (!is_absent(v) && !IS(v, "(null)"))
			set(l, f, v);
		break;
	}
}

static bool is_end(uint8_t c)
{
	return c == ' ' || c == GS || c == '\'';
}

static void set_pairs(struct line *l, struct bytes b)
{
	while (b.len) {
		struct bytes key, v;
		enum field f;
		size_t n = 0;

		while (b.len && (is_end(b.at[0]) || b.at[0] == ','))
			scan_skip(&b, 1);
		while (n < b.len && b.at[n] != '=' && !is_end(b.at[n]))
			n++;
		if (n >= b.len || b.at[n] != '=') {
			scan_skip(&b, n); /* a word of its own: "old auid=…" */
			continue;
		}
		key = scan_head(b, n);
		scan_skip(&b, n + 1);
		if (scan_is(b, '\'')) /* msg='…': its pairs follow */
			continue;
		if (scan_take_chr(&b, '"')) {
			n = scan_chr(b, '"');
			v = scan_head(b, n);
			scan_skip(&b, n + 1);
		} else {
			for (n = 0; n < b.len && !is_end(b.at[n]);)
				n++;
			v = scan_head(b, n);
			scan_skip(&b, n);
		}
		f = field_of(key);
		if (f != FIELD_N)
			set_value(l, f, v);
	}
}

/* "audit(1795311000.603:41): pairs" */
bool audit_record(struct line *l, struct bytes type, struct bytes b)
{
	struct bytes stamp, serial, all = b;
	usec at;

	if (!TAKE(&b, "audit(") || !scan_take_to(&b, ':', &stamp) ||
	    !scan_take_to(&b, ')', &serial) || !scan_all_digits(serial) ||
	    scan_chr(stamp, '.') == stamp.len || !stamp_epoch(stamp, &at))
		return false;
	scan_take_chr(&b, ':');
	set(l, FIELD_AUDIT_TYPE, type);
	set(l, FIELD_LOG_SEQUENCE, serial);
	set_meaning(l, type);
	SET(l, EVENT_DATASET, "auditd");
	set(l, FIELD_MESSAGE, all);
	set_pairs(l, b);
	set_time(l, at);
	return true;
}

bool audit_line(struct line *l, struct bytes b)
{
	struct line_mark mark = line_mark(l);
	struct bytes node, type;

	if (TAKE(&b, "node=")) {
		node = scan_word(&b);
		set(l, FIELD_HOST_NAME, node);
	}
	TAKE(&b, "audit: ");
	if (TAKE(&b, "type=")) {
		type = scan_word(&b);
		if (type.len && TAKE(&b, "msg=") && audit_record(l, type, b))
			return true;
	}
	line_back(l, &mark);
	return false;
}
