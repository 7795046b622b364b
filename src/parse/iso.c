/* SPDX-License-Identifier: Apache-2.0 */
/* Lines that begin with an ISO stamp, told apart by what stands behind it:
 *
 *	 25746 INFO nova.…            oslo.log            |00001|vlog|INFO|…        Open vSwitch
 *	 [info] <0.223.0> …           RabbitMQ             0 [Note] …                  MariaDB,
 *MySQL : 1234: error : fn:12 : …     libvirt              fail2ban.jail   [12]: INFO   fail2ban
 *	 host sshd[12]: …             syslog
 */
#include "parse/line.h"

/* "2026-11-22 01:04:26,799 - name - LEVEL - text" and "… [LEVEL] text", "… LEVEL text" of Python
 * and others: time, level and text, nothing more is sure. */
static bool levelled(struct line *l, struct bytes b)
{
	struct bytes rest, word, name = { NULL, 0 }, pid;

	if (!scan_take_chr(&b, ' '))
		return false;
	rest = b;
	if (TAKE(&rest, "- ")) {
		size_t at = FIND(rest, " - ");

		if (at == BYTES_NONE || at > 128)
			return false;
		name = scan_head(rest, at);
		scan_skip(&rest, at + 3);
	}
	pid = rest;
	word = scan_digits(&pid);
	if (word.len && word.len <= 10 && scan_take_chr(&pid, ' ')) {
		rest = pid;
		pid = word;
	} else {
		pid.len = 0;
	}
	if (scan_take_chr(&rest, '[')) {
		if (!scan_take_to(&rest, ']', &word))
			return false;
	} else {
		word = scan_word(&rest);
		if (ENDS(word, ":"))
			word.len--;
	}
	if (!level_of(word).len)
		return false;
	scan_blanks(&rest);
	TAKE(&rest, "- ");
	TAKE(&rest, ": ");
	set(l, FIELD_LOG_LEVEL, level_of(word));
	set(l, FIELD_LOG_LOGGER, name);
	set_number(l, FIELD_PROCESS_PID, pid);
	set(l, FIELD_SERVICE_NAME, service_of_path(l->hint->name));
	SET(l, EVENT_DATASET, "log");
	set(l, FIELD_MESSAGE, rest);
	return true;
}

static bool behind(struct line *l, struct bytes b)
{
	uint8_t c = scan_at(b, 1);

	switch (scan_at(b, 0)) {
	case '|':
		return ovs_line(l, b);
	case ':':
		return libvirt_line(l, b);
	case ' ':
		break;
	default:
		return false;
	}
	if (is_digit(c)) /* a pid, or a thread of MySQL */
		return oslo_line(l, b) || mysql_line(l, b) || levelled(l, b) || syslog_iso(l, b);
	if (c == '[')
		return rabbit_line(l, b) || nginx_line(l, b) || levelled(l, b);
	if (c == 'f' && STARTS(b, " fail2ban."))
		return fail2ban_line(l, b);
	if (c == 'q' && STARTS(b, " qemu"))
		return libvirt_line(l, b);
	if ((uint8_t)(c - 'a') < 26 && dpkg_line(l, b))
		return true;
	if (c == 'S' && dnf_line(l, b))
		return true;
	return oslo_line(l, b) || postgres_line(l, b) || syslog_iso(l, b) || levelled(l, b);
}

bool iso_line(struct line *l, struct bytes b)
{
	struct line_mark mark = line_mark(l);
	struct bytes c = b;
	usec at;

	if (!stamp_iso(l->hint, &c, &at))
		return false;
	set_time(l, at); /* a stamp within the text sets it again: the nearest one counts */
	if (behind(l, c))
		return true;
	line_back(l, &mark);
	return false;
}
