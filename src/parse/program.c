/* SPDX-License-Identifier: Apache-2.0 */
/* The text of a program, told apart by its name: the tag of RFC 3164, the APP-NAME of RFC 5424,
 * the identifier of the journal. */
#include "parse/line.h"
#include "parse/vocabulary.h"

enum program {
	P_NONE,
	P_SSHD,
	P_SUDO,
	P_SU,
	P_ACCOUNT,
	P_SYSTEMD,
	P_LOGIND,
	P_CRON,
	P_KERNEL,
	P_LOGIN,
	P_DROPBEAR,
	P_HAPROXY,
	P_DNSMASQ,
	P_MYSQL,
	P_AUDIT,
	P_SWIFT,
	P_CLAMAV,
	P_JOURNALD,
	P_RSYSLOGD,
	P_SYSLOG_NG,
	P_DNF,
	P_DOVECOT,
};

static const struct {
	const char *name;
	enum program is;
} programs[] = {
	{ "CRON", P_CRON },
	{ "account-server", P_SWIFT },
	{ "adduser", P_ACCOUNT },
	{ "anacron", P_CRON },
	{ "audisp-syslog", P_AUDIT },
	{ "audispd", P_AUDIT },
	{ "audit", P_AUDIT },
	{ "auditd", P_AUDIT },
	{ "chage", P_ACCOUNT },
	{ "chfn", P_ACCOUNT },
	{ "chpasswd", P_ACCOUNT },
	{ "chsh", P_ACCOUNT },
	{ "auth", P_DOVECOT },
	{ "auth-worker", P_DOVECOT },
	{ "clamd", P_CLAMAV },
	{ "container-server", P_SWIFT },
	{ "cron", P_CRON },
	{ "crond", P_CRON },
	{ "crontab", P_CRON },
	{ "dnf", P_DNF },
	{ "dnsmasq", P_DNSMASQ },
	{ "dnsmasq-dhcp", P_DNSMASQ },
	{ "dnsmasq-tftp", P_DNSMASQ },
	{ "dovecot", P_DOVECOT },
	{ "dropbear", P_DROPBEAR },
	{ "freshclam", P_CLAMAV },
	{ "gpasswd", P_ACCOUNT },
	{ "groupadd", P_ACCOUNT },
	{ "groupdel", P_ACCOUNT },
	{ "groupmod", P_ACCOUNT },
	{ "haproxy", P_HAPROXY },
	{ "imap-login", P_DOVECOT },
	{ "kernel", P_KERNEL },
	{ "login", P_LOGIN },
	{ "mariadbd", P_MYSQL },
	{ "mysqld", P_MYSQL },
	{ "managesieve-login", P_DOVECOT },
	{ "newusers", P_ACCOUNT },
	{ "object-server", P_SWIFT },
	{ "passwd", P_ACCOUNT },
	{ "pop3-login", P_DOVECOT },
	{ "proxy-server", P_SWIFT },
	{ "rsyslogd", P_RSYSLOGD },
	{ "sshd", P_SSHD },
	{ "sshd-auth", P_SSHD },
	{ "sshd-session", P_SSHD },
	{ "su", P_SU },
	{ "submission-login", P_DOVECOT },
	{ "sudo", P_SUDO },
	{ "syslog-ng", P_SYSLOG_NG },
	{ "systemd", P_SYSTEMD },
	{ "systemd-journald", P_JOURNALD },
	{ "systemd-logind", P_LOGIND },
	{ "useradd", P_ACCOUNT },
	{ "userdel", P_ACCOUNT },
	{ "usermod", P_ACCOUNT },
	{ "vipw", P_ACCOUNT },
	{ "yum", P_DNF },
};

static struct vocabulary names;

__attribute__((constructor)) static void fill(void)
{
	for (size_t i = 0; i < sizeof(programs) / sizeof(programs[0]); i++)
		vocabulary_add(&names, bytes_str(programs[i].name));
}

static enum program program_of(struct bytes name)
{
	size_t i = vocabulary_find(&names, name);

	return i == BYTES_NONE ? P_NONE : programs[i].is;
}

/* "connection from 1.2.3.4 (name) at …", "Authentication failed from 1.2.3.4 (…): …",
 * "ANONYMOUS FTP LOGIN FROM 1.2.3.4, (anonymous)" of old network daemons */
static void network_daemon(struct line *l, struct bytes b)
{
	if (TAKE(&b, "connection from ")) {
		set_source(l, scan_word(&b));
		SET(l, EVENT_CATEGORY, "network");
		SET(l, EVENT_ACTION, "connection");
	} else if (TAKE(&b, "Authentication failed from ")) {
		set_source(l, scan_word(&b));
		SET(l, EVENT_CATEGORY, "authentication");
		SET(l, EVENT_ACTION, "authenticate");
		SET(l, EVENT_OUTCOME, "failure");
	} else if (TAKE(&b, "ANONYMOUS FTP LOGIN FROM ")) {
		set_source(l, scan_head(b, scan_chr(b, ',')));
		SET(l, EVENT_CATEGORY, "authentication");
		SET(l, EVENT_ACTION, "ftp_login");
		SET(l, EVENT_OUTCOME, "success");
	}
}

static bool is_openstack(struct line *l, struct bytes program)
{
	struct bytes s = service_of(program);

	set(l, FIELD_SERVICE_NAME, s);
	return s.len != 0;
}

static void unknown(struct line *l, struct bytes program, struct bytes text)
{
	struct line_mark mark = line_mark(l);

	if (line_body(l, text))
		return;
	if (STARTS(text, "ovs|") && ovs_line(l, bytes_from(text, 3)))
		return;
	line_back(l, &mark);
	if (program_of(program) == P_HAPROXY)
		SET(l, EVENT_DATASET, "haproxy");
	else if (is_openstack(l, program))
		SET(l, EVENT_DATASET, "openstack"); /* its text, without oslo.log's header */
	else
		network_daemon(l, text);
	SET(l, EVENT_DATASET, "syslog");
	set(l, FIELD_MESSAGE, text);
}

static bool known(struct line *l, enum program is, struct bytes name, struct bytes text)
{
	switch (is) {
	case P_SSHD:
		return sshd_text(l, text);
	case P_SUDO:
		return sudo_text(l, text);
	case P_SU:
		return su_text(l, text);
	case P_ACCOUNT:
		return account_text(l, text);
	case P_SYSTEMD:
		return systemd_text(l, text);
	case P_LOGIND:
		return logind_text(l, text);
	case P_CRON:
		return cron_text(l, text);
	case P_KERNEL:
		return kernel_text(l, text);
	case P_LOGIN:
		return login_text(l, text);
	case P_DROPBEAR:
		return dropbear_text(l, text);
	case P_DNSMASQ:
		return dnsmasq_text(l, name, text);
	case P_HAPROXY:
		return haproxy_line(l, text) || haproxy_text(l, text);
	case P_MYSQL:
		return mysql_text(l, text);
	case P_AUDIT:
		return audit_line(l, text);
	case P_SWIFT:
		return access_swift(l, text);
	case P_CLAMAV:
		return clamd_text(l, text);
	case P_JOURNALD:
		return journald_text(l, text);
	case P_RSYSLOGD:
		return rsyslogd_text(l, text);
	case P_SYSLOG_NG:
		return syslog_ng_text(l, text);
	case P_DOVECOT:
		return dovecot_text(l, name, text);
	case P_DNF:
		return dnf_text(l, text);
	case P_NONE:
	default:
		return false;
	}
}

/* rsyslog's "message repeated 5 times: [ text]": the text within, or false. */
static bool repeated(struct bytes *text)
{
	struct bytes b = *text;

	if (!TAKE(&b, "message repeated ") || !scan_digits(&b).len || !TAKE(&b, " times: [ ") ||
	    !ENDS(b, "]"))
		return false;
	b.len--;
	*text = b;
	return true;
}

void program_text(struct line *l, struct bytes program, struct bytes text)
{
	struct bytes all = text;
	struct bytes name = base_name(program);
	enum program is;
	size_t suffix = scan_chr(name, '(');

	if (scan_is(text, 'm') && repeated(&text))
		set(l, FIELD_MESSAGE, all);
	if ((STARTS(bytes_from(name, suffix), "(pam_") || STARTS(text, "pam_") ||
	     STARTS(text, "(pam_") || STARTS(text, "PAM ") || IS(name, "unix_chkpwd")) &&
	    pam_text(l, name, text))
		return;
	name.len = suffix;
	if (IS(name, "-- root")) { /* login(1) of old, which logs the account as its name */
		login_text(l, text);
		return;
	}
	is = program_of(name);
	if (is == P_MYSQL && line_body(l, text)) /* its own stamp in front */
		return;
	if (!known(l, is, name, text))
		unknown(l, name, text);
}
