/* SPDX-License-Identifier: Apache-2.0 */
/* Which format a line is in, by its first bytes: no parser is tried that the first bytes rule out.
 */
#include "parse/line.h"

/* Where a collector put the file before the line: "nova-api.log.1.2017-05-16_13:53:08 2017-…" and
 * grep -H's "/var/log/auth.log:Nov 22 …". Sets *ret_file and moves *b to the line itself. */
static bool take_file(struct bytes *b, struct bytes *ret_file)
{
	struct bytes c = *b, word = scan_head(c, scan_chr(c, ' ')), rest;
	bool path = scan_is(c, '/') || scan_is(c, '.');
	size_t n = word.len, dot;

	if (n < 5 || n >= c.len || n > 512)
		return false;
	if (!path) { /* ".log" is the mark of a file where no slash leads */
		for (dot = scan_chr(c, '.'); dot < n;
		     dot += 1 + scan_chr(bytes_from(c, dot + 1), '.'))
			if (STARTS(bytes_from(c, dot), ".log"))
				break;
		if (dot >= n)
			return false;
	}
	rest = bytes_from(c, n + 1);
	if (stamp_is_iso(rest) || (scan_is(rest, '[') && !ENDS(word, ",")) ||
	    (stamp_month(rest) && scan_at(rest, 3) == ' ')) {
		*ret_file = ENDS(word, ":") ? scan_head(word, n - 1) : word;
		*b = rest;
		return true;
	}
	/* the line itself begins behind a colon, at its stamp or bracket */
	if (n > 11 && word.at[n - 11] == ':' && stamp_is_iso(bytes_from(c, n - 10)))
		n -= 11;
	else if (n > 4 && word.at[n - 4] == ':' && stamp_month(bytes_from(word, n - 3)))
		n -= 4;
	else if (FIND(word, ":[") != BYTES_NONE)
		n = FIND(word, ":[");
	else if (FIND(word, ":{") != BYTES_NONE)
		n = FIND(word, ":{");
	else
		return false;
	*ret_file = scan_head(c, n);
	*b = bytes_from(c, n + 1);
	return true;
}

static bool in_file(struct line *l, struct bytes b)
{
	struct line_mark mark = line_mark(l);
	struct bytes file;

	if (event_has(l->ev, FIELD_LOG_FILE) || !take_file(&b, &file))
		return false;
	set(l, FIELD_LOG_FILE, file);
	if (line_any(l, b))
		return true;
	line_back(l, &mark);
	return false;
}

/* The address of a client: HAProxy's line goes on with the stamp, an access log with names. */
static bool from_client(struct line *l, struct bytes b)
{
	size_t n = scan_chr(scan_head(b, 300), ' ');

	return (scan_at(b, n + 1) == '[' && haproxy_line(l, b)) || access_line(l, b);
}

/* Behind a digit: a stamp, or the address of a client. */
static bool from_digit(struct line *l, struct bytes b)
{
	struct bytes c = b;
	usec at;

	if (scan_at(b, 4) == '-' || scan_at(b, 4) == '/') {
		if (iso_line(l, b))
			return true;
		if (stamp_is_iso(b))
			return false;
	}
	if (scan_at(b, 6) == ' ' && stamp_mysql(l->hint, &c, &at)) {
		struct line_mark mark = line_mark(l);

		set_time(l, at);
		if (mysql_line(l, c))
			return true;
		line_back(l, &mark);
	}
	return from_client(l, b);
}

static bool from_bracket(struct line *l, struct bytes b)
{
	struct bytes c = bytes_from(b, 1), in;

	if (STARTS(b, "[pid: "))
		return uwsgi_request(l, b);
	if (stamp_is_weekday(c))
		return apache_error(l, b);
	if (scan_at(b, 3) == ':' && scan_at(b, 6) == ':' && scan_at(b, 9) == ']')
		return rkhunter_line(l, b);
	if (scan_take_to(&c, ']', &in)) {
		if (level_of(in).len)
			return haproxy_text(l, b);
		if ((scan_is(c, ':') || scan_is(c, ' ')) && is_ip(in)) /* [::1]:1234, [::1] - - */
			return from_client(l, b);
		in = bytes_trim(in);
		if (scan_decimal(&in).len && !in.len && scan_is(c, ' ') &&
		    scan_chr(b, '.') < b.len - c.len) /* dmesg */
			return kernel_text(l, b);
	}
	return uwsgi_text(l, b);
}

/* Formats whose lines begin with a word, rarer than those with a stamp. */
static bool from_word(struct line *l, struct bytes b)
{
	switch (scan_at(b, 0)) {
	case 'A': /* ALERT */
	case 'C': /* CRIT */
	case 'D': /* DEBUG */
	case 'E': /* ERROR */
	case 'I': /* INFO */
	case 'M': /* MARK */
	case 'N': /* NOTICE */
	case 'W': /* WARN */
		if (samhain_line(l, b) || oslo_bare(l, b))
			return true;
		break;
	default:
		break;
	}
	if (ENDS(b, " FOUND") && clamd_text(l, b))
		return true;
	return aide_line(l, b) || chkrootkit_line(l, b) || apt_line(l, b) || haproxy_text(l, b) ||
	       from_client(l, b) || uwsgi_text(l, b);
}

static bool from_letter(struct line *l, struct bytes b)
{
	if (scan_at(b, 3) == ' ') {
		if (stamp_month(b) && (syslog_bsd(l, b) || dovecot_line(l, b)))
			return true;
		if (stamp_is_weekday(b) && clamd_text(l, b))
			return true;
	}
	if ((STARTS(b, "type=") || STARTS(b, "node=")) && audit_line(l, b))
		return true;
	return in_file(l, b) || from_word(l, b);
}

/* "@400000004c91b044077a9e94 program: text": TAI64N of multilog, seconds from 2^62 in hexadecimal
 * and ten more, as its own readers have it, then nanoseconds */
static bool from_tai(struct line *l, struct bytes b)
{
	uint64_t second = 0;
	struct bytes program, text;
	size_t at;

	if (b.len < 27 || b.at[25] != ' ')
		return false;
	for (size_t i = 1; i < 25; i++)
		if (hex_digit(b.at[i]) < 0)
			return false;
	for (size_t i = 1; i < 17; i++)
		second = second << 4 | (uint64_t)hex_digit(b.at[i]);
	text = bytes_from(b, 26);
	at = FIND(scan_head(text, 64), ": ");
	program = scan_head(text, at);
	if (at == BYTES_NONE || scan_chr(program, ' ') < program.len ||
	    second < (1ull << 62) + 10 || second > (1ull << 62) + (1ull << 33))
		return false;
	set(l, FIELD_PROCESS_NAME, program);
	program_text(l, program, bytes_from(text, at + 2));
	set_time(l, (usec)(second - (1ull << 62) - 10) * 1000000);
	return true;
}

static bool from_first(struct line *l, struct bytes b)
{
	uint8_t c = scan_at(b, 0);

	if (is_digit(c))
		return from_digit(l, b);
	if (is_alnum(c))
		return from_letter(l, b);
	switch (c) {
	case '<':
		return syslog_pri(l, b);
	case '[':
		return from_bracket(l, b);
	case '{':
		return json_line(l, b);
	case '/':
		return in_file(l, b) || (ENDS(b, " FOUND") && clamd_text(l, b)) || uwsgi_text(l, b);
	case '.':
		return in_file(l, b) || uwsgi_text(l, b);
	case '=':
		return rabbit_report(l, b);
	case '@':
		return from_tai(l, b);
	case '-':
	case ':':
		return from_client(l, b);
	case 0:
		return false;
	default:
		return uwsgi_text(l, b);
	}
}

bool line_any(struct line *l, struct bytes b)
{
	bool known;

	if (l->depth >= LINE_DEPTH)
		return false;
	l->depth++;
	known = from_first(l, b);
	l->depth--;
	return known;
}

/* A text behind some header is looked at only where it begins as a line does. */
bool line_body(struct line *l, struct bytes b)
{
	uint8_t c = scan_at(b, 0);

	if (l->depth >= LINE_DEPTH)
		return false;
	if (is_digit(c) || c == '{' || STARTS(b, "[pid: ") ||
	    (c == '[' && stamp_is_weekday(bytes_from(b, 1))))
		return line_any(l, b);
	if (STARTS(b, "type=") || STARTS(b, "node="))
		return audit_line(l, b);
	if ((uint8_t)(c - 'A') < 26)
		return oslo_bare(l, b);
	return c == '-' && STARTS(b, "- - ") && access_line(l, b);
}

/* No format is known: the time where a stamp leads, and the whole line. */
void line_plain(struct line *l, struct bytes b)
{
	struct bytes c = b, file;
	usec at = USEC_NONE;

	SET(l, EVENT_DATASET, "plain");
	set(l, FIELD_MESSAGE, b);
	if (take_file(&c, &file))
		set(l, FIELD_LOG_FILE, file);
	if (scan_take_chr(&c, '<')) { /* a header that is no good otherwise */
		scan_skip(&c, scan_chr(c, '>') + 1);
	}
	scan_take_chr(&c, '[');
	if (stamp_iso(l->hint, &c, &at) || stamp_bsd(l->hint, &c, &at) ||
	    stamp_ctime(l->hint, &c, &at) || stamp_clf(l->hint, &c, &at) ||
	    stamp_mysql(l->hint, &c, &at))
		set_time(l, at);
}
