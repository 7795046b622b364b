/* SPDX-License-Identifier: Apache-2.0 */
/* RFC 5424, section 6, by the letter, from behind the PRI:
 *
 *	1 2026-11-22T01:02:03.004Z host app 123 ID47 [id name="value"][…] text
 *
 * What breaks the grammar is no syslog message: the caller keeps the whole line as plain text. Two
 * things are forgiven, because real senders do them: more than six digits of a second (the RFC's
 * own example of an invalid message), and text behind the structured data that is no UTF-8. */
#include "parse/line.h"

/* PRINTUSASCII of at most max bytes, or the nil value, and the blank behind it. */
static bool take_header(struct bytes *b, size_t max, struct bytes *ret)
{
	size_t n = 0;

	while (n < b->len && b->at[n] > ' ' && b->at[n] < 127)
		n++;
	if (!n || n > max || scan_at(*b, n) != ' ')
		return false;
	*ret = scan_head(*b, n);
	scan_skip(b, n + 1);
	if (IS(*ret, "-"))
		ret->len = 0;
	return true;
}

/* FULL-DATE "T" TIME with an offset, capitals, no leap second. */
static bool take_stamp(struct line *l, struct bytes *b, usec *ret)
{
	struct bytes word = *b, rest;
	bool point;
	size_t n;

	*ret = USEC_NONE;
	n = scan_chr(word, ' ');
	if (n == word.len)
		return false;
	word.len = n;
	scan_skip(b, n + 1);
	if (IS(word, "-"))
		return true;
	if (word.len < 20 || word.at[4] != '-' || word.at[10] != 'T')
		return false;
	point = word.at[19] == '.';
	if (!point && word.at[19] != 'Z' && word.at[19] != '+' && word.at[19] != '-')
		return false;
	if (point && !is_digit(scan_at(word, 20)))
		return false;
	rest = bytes_from(word, 19);
	if (word.at[17] == '6') /* :60 */
		return false;
	if (point) {
		scan_skip(&rest, 1);
		if (scan_digits(&rest).len > 9)
			return false;
	}
	if (!IS(rest, "Z") && (rest.len != 6 || rest.at[3] != ':'))
		return false;
	return stamp_iso(l->hint, &word, ret) && !word.len && *ret != USEC_NONE;
}

static bool take_sd_name(struct bytes *b, struct bytes *ret)
{
	size_t n = 0;

	while (n < b->len && b->at[n] > ' ' && b->at[n] < 127 && b->at[n] != '=' &&
	       b->at[n] != ']' && b->at[n] != '"')
		n++;
	if (!n || n > 32)
		return false;
	*ret = scan_head(*b, n);
	scan_skip(b, n);
	return true;
}

/* Behind the opening quote, to behind the closing one: \" \\ \] are escapes, any other backslash
 * stands for itself, a bare ] is wrong. */
static bool take_sd_value(struct bytes *b)
{
	while (b->len && b->at[0] != '"') {
		if (b->at[0] == ']')
			return false;
		if (b->at[0] == '\\' && b->len > 1 &&
		    (b->at[1] == '"' || b->at[1] == '\\' || b->at[1] == ']'))
			scan_skip(b, 1);
		scan_skip(b, 1);
	}
	return scan_take_chr(b, '"');
}

#define SD_IDS 64

static bool take_sd(struct bytes *b, struct bytes *ret)
{
	struct bytes all = *b, ids[SD_IDS], name;
	size_t n = 0;

	if (scan_take_chr(b, '-')) {
		*ret = BYTES("");
		return !b->len || b->at[0] == ' ';
	}
	do {
		if (!scan_take_chr(b, '[') || n == SD_IDS || !take_sd_name(b, &ids[n]))
			return false;
		for (size_t i = 0; i < n; i++)
			if (bytes_eq(ids[i], ids[n]))
				return false; /* an id must not occur twice */
		n++;
		while (scan_take_chr(b, ' '))
			if (!take_sd_name(b, &name) || !TAKE(b, "=\"") || !take_sd_value(b))
				return false;
		if (!scan_take_chr(b, ']'))
			return false;
	} while (scan_is(*b, '['));
	*ret = scan_head(all, all.len - b->len);
	return !b->len || b->at[0] == ' ';
}

bool syslog_5424(struct line *l, struct bytes b)
{
	struct bytes version = scan_digits(&b), host, app, pid, id, sd;
	usec at;

	if (!version.len || version.len > 3 || version.at[0] == '0' || !scan_take_chr(&b, ' '))
		return false;
	if (!take_stamp(l, &b, &at) || !take_header(&b, 255, &host) || !take_header(&b, 48, &app) ||
	    !take_header(&b, 128, &pid) || !take_header(&b, 32, &id) || !take_sd(&b, &sd))
		return false;
	set_time(l, at);
	set(l, FIELD_SYSLOG_VERSION, version);
	set(l, FIELD_SYSLOG_HOSTNAME, host);
	set(l, FIELD_HOST_NAME, host);
	set(l, FIELD_SYSLOG_APPNAME, app);
	set(l, FIELD_PROCESS_NAME, app);
	set(l, FIELD_SYSLOG_PROCID, pid);
	set_number(l, FIELD_PROCESS_PID, pid);
	set(l, FIELD_SYSLOG_MSGID, id);
	set(l, FIELD_SYSLOG_SD, sd);
	scan_take_chr(&b, ' ');
	TAKE(&b, "\xef\xbb\xbf");
	program_text(l, app, b);
	return true;
}
