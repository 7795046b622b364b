/* SPDX-License-Identifier: Apache-2.0 */
/* The header that syslog puts before a text, in the forms met:
 *
 *	<34>1 2026-…                              RFC 5424: syslog5424.c
 *	<34>Oct 11 22:14:15 host su[12]: text      RFC 3164
 *	Oct 11 22:14:15 host su[12]: text          the same in a file
 *	Oct 11 22:14:15 kernel: text               no host
 *	2026-11-22T01:02:03.004+00:00 host su: text   rsyslog's file format
 *	<34>text                                   nothing but a priority
 *
 * The text is then given to the parser of the program (program.c). */
#include "parse/line.h"

static const char *const facilities[] = {
	"kern",	  "user",   "mail",	"daemon", "auth",   "syslog", "lpr",	"news",
	"uucp",	  "cron",   "authpriv", "ftp",	  "ntp",    "audit",  "alert",	"clock",
	"local0", "local1", "local2",	"local3", "local4", "local5", "local6", "local7",
};

/* Tag characters of real programs: sshd(pam_unix), org.debian.apt, /sbin/anacron, postfix/smtpd */
static bool is_tag_chr(uint8_t c)
{
	return c > ' ' && c < 127 && c != ':' && c != '[' && c != '"' && c != '{' && c != '<' &&
	       c != '=' && c != ',' && c != ';';
}

/* "tag[pid]: ", "tag: ", "tag[pid] <Info>: "; also "syslogd 1.4.1: " and " -- root[12]: ", which
 * have a blank in the tag. */
static bool take_tag(struct bytes *b, struct bytes *ret_tag, struct bytes *ret_pid)
{
	struct bytes c = *b, tag, pid = { NULL, 0 };
	size_t n = STARTS(c, "-- ") ? 3 : 0;

	while (n < c.len && n < 64 && is_tag_chr(c.at[n]))
		n++;
	if (scan_at(c, n) == ' ' && is_digit(scan_at(c, n + 1))) { /* a version behind the name */
		size_t v = n + 1;

		while (v < c.len && (is_digit(c.at[v]) || c.at[v] == '.'))
			v++;
		if (scan_at(c, v) == ':' && scan_at(c, v + 1) == ' ')
			n = v;
	}
	tag = scan_head(c, n);
	if (!n)
		return false;
	scan_skip(&c, n);
	if (scan_take_chr(&c, '[')) {
		if (!scan_take_to(&c, ']', &pid) || pid.len > 64)
			return false;
		if (TAKE(&c, " <")) { /* macOS puts the level here */
			n = scan_chr(c, '>');
			if (n > 10)
				return false;
			scan_skip(&c, n + 1);
		}
	}
	if (!scan_take_chr(&c, ':') && !pid.len)
		return false;
	if (c.len && c.at[0] != ' ' && c.at[0] != '\t')
		return false; /* "10:20:30", "file:/x": a colon within a word */
	scan_take_chr(&c, ' ');
	*b = c;
	*ret_tag = tag;
	*ret_pid = pid;
	return true;
}

static void tagged(struct line *l, struct bytes b)
{
	struct bytes tag, pid;

	if (!take_tag(&b, &tag, &pid)) {
		program_text(l, BYTES(""), b);
		return;
	}
	set(l, FIELD_SYSLOG_APPNAME, tag);
	set(l, FIELD_PROCESS_NAME, tag);
	set(l, FIELD_SYSLOG_PROCID, pid);
	set_number(l, FIELD_PROCESS_PID, pid);
	program_text(l, tag, b);
}

static bool is_host(struct bytes h)
{
	bool name = false;

	if (!h.len || h.len > 255)
		return false;
	for (size_t i = 0; i < h.len; i++) {
		uint8_t c = h.at[i];

		if (!is_alnum(c) && c != '-' && c != '.' && c != '_' && c != ':' && c != '/' &&
		    c != '@')
			return false;
		name |= is_alnum(c);
	}
	return name && h.at[h.len - 1] != ':';
}

/* Behind the stamp: "host tag: text", "tag: text", "LEVEL tag: text" (Chrome OS). */
static bool behind_stamp(struct line *l, struct bytes b)
{
	struct bytes rest = b, tag, pid, host;

	if (take_tag(&rest, &tag, &pid)) { /* no host */
		tagged(l, b);
		return true;
	}
	host = scan_word(&rest);
	if (!is_host(host))
		return false;
	if (level_of(host).len && (uint8_t)(host.at[0] - 'A') < 26 &&
	    (uint8_t)(host.at[1] - 'A') < 26) {
		set(l, FIELD_LOG_LEVEL, level_of(host));
	} else {
		set(l, FIELD_SYSLOG_HOSTNAME, host);
		set(l, FIELD_HOST_NAME, host);
	}
	scan_blanks(&rest);
	tagged(l, rest);
	return true;
}

bool syslog_bsd(struct line *l, struct bytes b)
{
	struct line_mark mark = line_mark(l);
	struct bytes c = b;
	usec at;

	if (!stamp_bsd(l->hint, &c, &at))
		return false;
	scan_take_chr(&c, ':'); /* "Feb 29 01:15:43: text" */
	if (c.len && !scan_take_chr(&c, ' '))
		return false;
	set_time(l, at);
	if (behind_stamp(l, c))
		return true;
	line_back(l, &mark);
	if (event_has(l->ev, FIELD_SYSLOG_PRIORITY)) { /* the PRI says that it is syslog */
		set_time(l, at);
		SET(l, EVENT_DATASET, "syslog");
		set(l, FIELD_MESSAGE, c);
		return true;
	}
	return false;
}

bool syslog_iso(struct line *l, struct bytes b)
{
	struct line_mark mark = line_mark(l);
	struct bytes rest = b, tag, pid;

	if (!scan_take_chr(&rest, ' '))
		return false;
	scan_take_chr(&rest, ' '); /* macOS writes two */
	b = rest;
	if (!event_has(l->ev, FIELD_SYSLOG_PRIORITY)) {
		if (take_tag(&rest, &tag, &pid)) {
			if (level_of(tag).len) /* "ERROR: text" names no program */
				return false;
		} else {
			scan_word(&rest); /* without a PRI a host alone is not enough */
			scan_blanks(&rest);
			if (!take_tag(&rest, &tag, &pid))
				return false;
		}
	}
	if (behind_stamp(l, b))
		return true;
	line_back(l, &mark);
	return false;
}

bool syslog_pri(struct line *l, struct bytes b)
{
	struct line_mark mark = line_mark(l);
	struct bytes c = b, digits;
	unsigned pri = 0;

	if (!scan_take_chr(&c, '<'))
		return false;
	digits = scan_digits(&c);
	if (!digits.len || digits.len > 3 || !scan_take_chr(&c, '>'))
		return false;
	for (size_t i = 0; i < digits.len; i++)
		pri = pri * 10 + (unsigned)(digits.at[i] - '0');
	if (pri > 191 || (digits.len > 1 && digits.at[0] == '0'))
		return false;
	set(l, FIELD_SYSLOG_PRIORITY, digits);
	set(l, FIELD_SYSLOG_FACILITY, bytes_str(facilities[pri / 8]));
	set(l, FIELD_SYSLOG_SEVERITY, level_of_severity(pri % 8));
	if (scan_digit(c) && !stamp_is_iso(c)) {
		if (!syslog_5424(l, c)) {
			line_back(l, &mark);
			return false;
		}
	} else if (stamp_is_iso(c)) { /* rsyslog's forward format */
		struct bytes rest = c;
		usec at = USEC_NONE;

		if (!stamp_iso(l->hint, &rest, &at) || !syslog_iso(l, rest)) {
			program_text(l, BYTES(""), c);
		}
		if (l->ev->time == USEC_NONE)
			set_time(l, at);
	} else if (pri < 8 && scan_is(c, '[')) { /* the kernel's ring buffer as it is */
		SET(l, PROCESS_NAME, "kernel");
		kernel_text(l, c);
	} else if (!syslog_bsd(l, c)) {
		tagged(l, c);
	}
	set(l, FIELD_LOG_LEVEL, level_of_severity(pri % 8)); /* unless the text knows better */
	return true;
}
