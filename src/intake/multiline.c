/* SPDX-License-Identifier: Apache-2.0 */
/* The usual line is told to be new by its first bytes: nothing but a comparison that fails. The
 * rest is looked at only where something hints at a traceback.
 *
 * How oslo.log writes an exception (every line with a head, by logging_exception_prefix):
 *   2026-11-22 01:24:12.691 25246 WARNING keystone.x [None req-2 - - - - - -] Could not …
 *   2026-11-22 01:24:12.691 25246 ERROR keystone.x Traceback (most recent call last):
 *   2026-11-22 01:24:12.691 25246 ERROR nova.y [instance: 0f…]   File "/usr/lib/…
 * The level is ERROR whatever the first line's was, and where there is an instance it stands
 * where the context stands elsewhere. */
#include "intake/multiline.h"

#define STAMP 23 /* "2026-11-22 01:24:12.691" */

static const struct bytes traceback = { (const uint8_t *)"Traceback (most recent call last):", 34 };

void multi_first(struct multi *m, struct bytes line)
{
	m->lines = 1;
	m->indented = false;
	m->state = MULTI_PLAIN;
	if (__builtin_expect(line.len >= traceback.len && line.at[0] == 'T', 0) &&
	    bytes_starts(line, traceback))
		m->state = MULTI_TRACE;
}

/* "hh:mm:ss", and not a part of an address such as fa:16:3e:49:15:92. */
static bool is_time(struct bytes line, size_t i)
{
	const uint8_t *p = line.at + i;

	return p[2] == ':' && p[5] == ':' && p[0] <= '2' && p[3] <= '5' && p[6] <= '6' &&
	       is_digit(p[0]) && is_digit(p[1]) && is_digit(p[3]) && is_digit(p[4]) &&
	       is_digit(p[6]) && is_digit(p[7]) && (!i || (p[-1] != ':' && !is_digit(p[-1]))) &&
	       (i + 8 == line.len || p[8] != ':');
}

/* "[pid: 4355|app: 0|req: 40529/177223] 10.0.0.7 () {33 vars in 803 bytes} [Sun Mar  1 …": uWSGI's
 * request lines stand between those of the service, in one file, and have their time far behind. */
static bool is_uwsgi(struct bytes line)
{
	size_t i = 6;

	if (!bytes_starts(line, BYTES("[pid: ")))
		return false;
	while (i < line.len && is_digit(line.at[i]))
		i++;
	return i > 6 && bytes_starts(bytes_from(line, i), BYTES("|app: "));
}

/* Some time of day near the beginning, or what carries its own: a JSON object, a request line. */
static bool has_stamp(struct bytes line)
{
	if (line.len && (line.at[0] == '{' || is_uwsgi(line)))
		return true;
	for (size_t i = 0; i < 40 && i + 8 <= line.len; i++)
		if (is_time(line, i))
			return true;
	return false;
}

/* Up to the next blank, which is taken too. */
static struct bytes word(struct bytes *rest)
{
	size_t n = bytes_chr(bytes_sub(*rest, 0, 512), ' ');
	struct bytes w = bytes_sub(*rest, 0, n == BYTES_NONE ? 0 : n);

	*rest = bytes_from(*rest, n == BYTES_NONE ? rest->len : n + 1);
	return w;
}

struct head {
	struct bytes level, logger;
	bool context; /* a [request context], or [-], follows the logger */
};

/* "pid LEVEL logger " behind the stamp; false: not oslo's format. The logger of an empty
 * exception line may stand at the end of it, its blank trimmed. */
static bool oslo_head(struct bytes line, struct head *ret)
{
	struct bytes rest = bytes_from(line, 10), pid;

	if (line.len <= STAMP || line.at[4] != '-' || line.at[7] != '-' || line.at[10] != ' ')
		return false;
	rest = bytes_from(rest, 1);
	word(&rest); /* time of day, in one of its forms */
	pid = word(&rest);
	if (!pid.len || !is_digit(pid.at[0]))
		return false;
	ret->level = word(&rest);
	if (!ret->level.len || (uint8_t)(ret->level.at[0] - 'A') > 25)
		return false;
	if (bytes_chr(bytes_sub(rest, 0, 512), ' ') == BYTES_NONE) {
		ret->logger = rest;
		rest = bytes_sub(rest, rest.len, 0);
	} else {
		ret->logger = word(&rest);
	}
	ret->context = bytes_starts(rest, BYTES("[-")) || bytes_starts(rest, BYTES("[None ")) ||
		       bytes_starts(rest, BYTES("[req-"));
	return ret->logger.len > 0;
}

/* Both have the same stamp (compared by the caller). */
static bool oslo_goes_on(struct bytes record, struct bytes line)
{
	struct bytes a = bytes_from(record, STAMP), b = bytes_from(line, STAMP);
	struct head first, now;

	if (!oslo_head(record, &first) || !first.context || !oslo_head(line, &now) || now.context)
		return false;
	/* What is left of the time (",691.691"), and the pid. */
	word(&a), word(&b);
	if (!bytes_eq(word(&a), word(&b)) || !bytes_eq(first.logger, now.logger))
		return false;
	return bytes_eq(now.level, BYTES("ERROR")) || bytes_eq(now.level, BYTES("TRACE")) ||
	       bytes_eq(now.level, BYTES("CRITICAL"));
}

/* Busy services write many lines in one millisecond: is the level of this one that of an
 * exception's? One look at its first letter, behind the stamp and the pid. */
static bool may_be_exception(struct bytes line)
{
	size_t i = STAMP;

	while (i < line.len && i < 48 && line.at[i] != ' ') /* ",691.691" */
		i++;
	for (i++; i < line.len && is_digit(line.at[i]); i++)
		;
	return i + 1 < line.len && line.at[i] == ' ' &&
	       (line.at[i + 1] == 'E' || line.at[i + 1] == 'T' || line.at[i + 1] == 'C');
}

/* A message of several lines: in oslo's format every record begins with its time. */
static bool oslo_text_goes_on(struct bytes record, struct bytes line)
{
	struct head first;

	return !has_stamp(line) && oslo_head(record, &first) && first.context;
}

/* Inside a traceback, a line that is neither indented nor empty. */
static bool trace_goes_on(struct multi *m, struct bytes record, struct bytes line)
{
	if (has_stamp(line))
		return false;
	if (has_stamp(record))
		return true;
	if (m->state == MULTI_NAMED) {
		if (!bytes_starts(line, BYTES("During handling of the above exception")) &&
		    !bytes_starts(line, BYTES("The above exception was the direct cause")))
			return false;
		m->state = MULTI_TRACE;
		m->indented = false;
		return true;
	}
	if (!m->indented)
		return false;
	m->state = MULTI_NAMED; /* "ValueError: …": without stamps, that was all */
	m->indented = false;
	return true;
}

static bool looks_on(struct multi *m, struct bytes record, struct bytes line)
{
	uint8_t c = line.len ? line.at[0] : 0;

	if (!line.len)
		return m->state != MULTI_PLAIN || oslo_text_goes_on(record, line);
	if (c == ' ' || c == '\t') {
		m->indented = true;
		return true;
	}
	if (c == 'T' && bytes_starts(line, traceback)) {
		if (m->state == MULTI_PLAIN && !has_stamp(record))
			return false;
		m->state = MULTI_TRACE;
		m->indented = false;
		return true;
	}
	if (is_digit(c) && line.len > STAMP && record.len > STAMP &&
	    !memcmp(line.at, record.at, STAMP))
		return may_be_exception(line) && oslo_goes_on(record, line);
	if (m->state != MULTI_PLAIN)
		return trace_goes_on(m, record, line);
	if (!is_digit(c) && record.len > STAMP && is_digit(record.at[0]))
		return oslo_text_goes_on(record, line);
	if (m->indented && c == 'C' && bytes_starts(line, BYTES("Caused by: "))) {
		m->indented = false;
		return true;
	}
	return false;
}

bool multi_goes_on(struct multi *m, struct bytes record, struct bytes line)
{
	if (!looks_on(m, record, line))
		return false;
	m->lines++;
	return true;
}

bool multi_expects(const struct multi *m, struct bytes record)
{
	struct head h;

	if (m->lines > 1 || m->state != MULTI_PLAIN)
		return true;
	return oslo_head(record, &h) && h.context &&
	       (bytes_eq(h.level, BYTES("ERROR")) || bytes_eq(h.level, BYTES("WARNING")) ||
		bytes_eq(h.level, BYTES("CRITICAL")));
}
