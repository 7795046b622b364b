/* SPDX-License-Identifier: Apache-2.0 */
/* Records of the kernel's audit system, as auditd writes them:
 *
 *	node=H type=SYSCALL msg=audit(1795311000.603:41): arch=c000003e syscall=44 success=yes …
 *	type=USER_LOGIN msg=audit(…): pid=1 uid=0 auid=… ses=… msg='op=login acct="root" …
 *res=success'
 *
 * and enriched: behind a group separator (0x1d) the names of the numbers (AUID="root"). A value in
 * quotes is plain text; names that hold a blank, a quote or a control character are written in
 * hexadecimal without quotes, and are read back here. */
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

/* Types as the kernel writes them where no auditd names them. */
static const struct {
	uint16_t number;
	const char *type;
} numbers[] = {
	{ 1006, "LOGIN" },
	{ 1100, "USER_AUTH" },
	{ 1101, "USER_ACCT" },
	{ 1102, "USER_MGMT" },
	{ 1103, "CRED_ACQ" },
	{ 1104, "CRED_DISP" },
	{ 1105, "USER_START" },
	{ 1106, "USER_END" },
	{ 1107, "USER_AVC" },
	{ 1108, "USER_CHAUTHTOK" },
	{ 1109, "USER_ERR" },
	{ 1110, "CRED_REFR" },
	{ 1112, "USER_LOGIN" },
	{ 1113, "USER_LOGOUT" },
	{ 1114, "ADD_USER" },
	{ 1115, "DEL_USER" },
	{ 1116, "ADD_GROUP" },
	{ 1117, "DEL_GROUP" },
	{ 1123, "USER_CMD" },
	{ 1127, "SYSTEM_BOOT" },
	{ 1128, "SYSTEM_SHUTDOWN" },
	{ 1130, "SERVICE_START" },
	{ 1131, "SERVICE_STOP" },
	{ 1300, "SYSCALL" },
	{ 1302, "PATH" },
	{ 1305, "CONFIG_CHANGE" },
	{ 1306, "SOCKADDR" },
	{ 1307, "CWD" },
	{ 1309, "EXECVE" },
	{ 1325, "NETFILTER_CFG" },
	{ 1326, "SECCOMP" },
	{ 1327, "PROCTITLE" },
	{ 1334, "BPF" },
	{ 1400, "AVC" },
	{ 1700, "ANOM_PROMISCUOUS" },
	{ 1701, "ANOM_ABEND" },
};

static struct bytes type_of(struct bytes word)
{
	uint64_t n;

	if (!scan_digit(word) || !bytes_u64(word, &n))
		return word;
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		if (numbers[i].number == n)
			return bytes_str(numbers[i].type);
	return word;
}

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

/* An access vector: granted, denied, or denied and let pass all the same. */
static bool is_denied(struct line *l, struct bytes b)
{
	if (!HAS(b, "avc:  denied ") && !HAS(b, "apparmor=\"DENIED\""))
		return false;
	if (!HAS(b, " permissive=1"))
		SET(l, EVENT_OUTCOME, "failure");
	return true;
}

static void set_meaning(struct line *l, struct bytes type, struct bytes b)
{
	size_t i = vocabulary_find(&type_names, type);

	if (i == BYTES_NONE || (IS(type, "AVC") && !is_denied(l, b)))
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

static int upper_digit(uint8_t c)
{
	return c >= 'a' ? -1 : hex_digit(c);
}

/* Names in hexadecimal; of a command line the NULs between its words become blanks. */
static struct bytes unhex(struct line *l, enum field f, struct bytes v)
{
	uint8_t *to;

	if (!l->ev->scratch || v.len < 2 || v.len % 2)
		return v;
	switch (f) {
	case FIELD_USER_NAME:
	case FIELD_PROCESS_NAME:
	case FIELD_PROCESS_EXECUTABLE:
	case FIELD_PROCESS_COMMAND:
	case FIELD_PROCESS_WORKDIR:
	case FIELD_PROCESS_TITLE:
	case FIELD_FILE_PATH:
		break;
	default:
		return v;
	}
	for (size_t i = 0; i < v.len; i++)
		if (upper_digit(v.at[i]) < 0)
			return v;
	while (v.len > 2 && ENDS(v, "00")) /* the end of the last word */
		v.len -= 2;
	to = arena_take(l->ev->scratch, v.len / 2);
	for (size_t i = 0; i < v.len / 2; i++) {
		to[i] = (uint8_t)(upper_digit(v.at[2 * i]) << 4 | upper_digit(v.at[2 * i + 1]));
		if (!to[i])
			to[i] = ' ';
	}
	return bytes_of(to, v.len / 2);
}

/* Of these the account is what was changed, and who did it is told by the login uid. */
static bool is_managed(struct bytes type)
{
	return IS(type, "ADD_USER") || IS(type, "DEL_USER") || IS(type, "USER_MGMT") ||
	       IS(type, "USER_CHAUTHTOK") || IS(type, "ADD_GROUP") || IS(type, "DEL_GROUP");
}

/* "op=adding user id=1001": words of its own up to the next pair */
static struct bytes whole_op(struct bytes *b, struct bytes v)
{
	for (;;) {
		struct bytes next = *b;
		size_t n = 1;

		if (!scan_is(next, ' '))
			return v;
		while (n < next.len && next.at[n] != '=' && !is_end(next.at[n]))
			n++;
		if (n < 2 || scan_at(next, n) == '=')
			return v;
		v = bytes_of(v.at, v.len + n);
		scan_skip(b, n);
	}
}

static void set_pairs(struct line *l, struct bytes b)
{
	bool managed = is_managed(event_get(l->ev, FIELD_AUDIT_TYPE));

	while (b.len) {
		struct bytes key, v;
		enum field f;
		bool hex = false;
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
			if (IS(key, "op"))
				v = whole_op(&b, v);
			hex = true;
		}
		f = field_of(key);
		if (f == FIELD_N)
			continue;
		if (hex)
			v = unhex(l, f, v);
		if (f == FIELD_USER_NAME && IS(key, "acct") && managed)
			f = FIELD_USER_TARGET_NAME;
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
	type = type_of(type);
	set(l, FIELD_AUDIT_TYPE, type);
	set(l, FIELD_LOG_SEQUENCE, serial);
	set_meaning(l, type, b);
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
