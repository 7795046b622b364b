/* SPDX-License-Identifier: Apache-2.0 */
/* Exceptions in a line. oslo.log appends a summary (": nova.exception.Foo: text") to the text, and
 * the traceback as further lines of the same record, bare or each behind the whole prefix of a log
 * line. The stack trace is the text as it stands, prefixes and all: it points into the record. */
#include "parse/line.h"

/* Does w name an exception class: dotted, or CamelCase with the usual endings? */
static bool is_class(struct bytes w)
{
	static const char *const ends[] = { "Error",	 "Exception", "Warning", "Timeout",
					    "Exit",	 "Interrupt", "_Remote", "NotFound",
					    "Iteration", "Failure",   "Failed",	 "Refused" };
	size_t dot = scan_last(w, BYTES(".")), n = 0;
	uint8_t first;

	if (w.len < 4 || w.len > 150)
		return false;
	first = scan_at(w, dot == BYTES_NONE ? 0 : dot + 1);
	if ((uint8_t)(first - 'A') > 25 && /* libvirt.libvirtError, socket.gaierror */
	    !(dot != BYTES_NONE && (ENDS(w, "rror") || ENDS(w, ".timeout"))))
		return false;
	if (!is_alnum(w.at[w.len - 1]))
		return false;
	while (n < w.len && (is_alnum(w.at[n]) || w.at[n] == '_' || w.at[n] == '.'))
		n++;
	if (n != w.len)
		return false;
	if (dot != BYTES_NONE && dot > 2 && (w.at[0] | 32) == w.at[0])
		return true;
	for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++)
		if (bytes_ends(w, bytes_str(ends[i])))
			return true;
	return false;
}

bool trace_error(struct line *l, struct bytes b)
{
	size_t colon = FIND(b, ": ");
	struct bytes type = scan_head(b, colon);

	if (colon == BYTES_NONE && ENDS(type, ":"))
		type.len--;
	if (!is_class(type))
		return false;
	set(l, FIELD_ERROR_TYPE, type);
	if (colon != BYTES_NONE)
		set(l, FIELD_ERROR_MESSAGE, bytes_trim(bytes_from(b, colon + 2)));
	return true;
}

static size_t next_summary(struct bytes text, size_t from)
{
	size_t at, end;

	for (; (at = FIND(bytes_from(text, from), ": ")) != BYTES_NONE; from += at + 2) {
		struct bytes rest = bytes_from(text, from + at + 2);
		uint8_t c = scan_at(rest, 0);

		end = FIND(scan_head(rest, 152), ": ");
		if (end == BYTES_NONE)
			end = rest.len;
		if ((is_alnum(c) || c == '_') && is_class(scan_head(rest, end)))
			return from + at;
	}
	return BYTES_NONE;
}

size_t trace_summary(struct bytes text)
{
	size_t first = next_summary(text, 0);

	for (size_t at = first; at != BYTES_NONE; at = next_summary(text, at + 2)) {
		struct bytes after = bytes_from(text, at + 2);
		size_t colon = FIND(after, ": ");

		if (colon != BYTES_NONE &&
		    bytes_eq(bytes_from(after, colon + 2), scan_head(text, at)))
			return at; /* it repeats the text, as most exceptions do */
	}
	return first;
}

/* Without the prefix that logging_exception_prefix puts before each line of a traceback:
 * "2026-11-22 01:02:03.004 123 ERROR nova.compute.manager [instance: …] ". */
static struct bytes without_prefix(struct bytes line)
{
	struct bytes b = line;

	if (!stamp_is_iso(b))
		return line;
	for (int i = 0; i < 5 && b.len; i++)
		scan_word(&b);
	if (STARTS(b, "[instance:"))
		scan_skip(&b, scan_chr(b, ']') + 2);
	return b;
}

void trace_text(struct line *l, struct bytes trace)
{
	struct bytes rest = trace, last = { NULL, 0 };
	bool in = false;

	set(l, FIELD_ERROR_STACK, trace);
	/* The exception is told by the last line that is not indented and follows a traceback. */
	while (rest.len) {
		size_t n = scan_chr(rest, '\n');
		struct bytes line = without_prefix(scan_head(rest, n));

		scan_skip(&rest, n + 1);
		if (STARTS(line, "Traceback (most recent call last)"))
			in = true;
		else if (in && line.len && line.at[0] != ' ' &&
			 is_class(scan_head(line, scan_chr(line, ':'))))
			last = line;
	}
	if (last.len)
		trace_error(l, last);
}

void trace_of(struct line *l, struct bytes level, struct bytes text)
{
	size_t end = scan_chr(text, '\n');
	uint8_t c = scan_at(level, 0);
	struct bytes first = scan_head(text, end), rest = bytes_from(text, end + 1);
	size_t at;

	if (STARTS(text, "Traceback (most recent call last)")) {
		trace_text(l, text);
		return;
	}
	if (rest.len && (at = FIND(rest, "Traceback (most recent call last)")) != BYTES_NONE) {
		size_t line = scan_last(scan_head(rest, at), BYTES("\n"));
		struct bytes all = event_get(l->ev, FIELD_MESSAGE);

		/* the message ends where the traceback's lines begin */
		line = line == BYTES_NONE ? 0 : line + 1;
		event_put(l->ev, FIELD_MESSAGE, scan_head(all, all.len - text.len + end + line));
		trace_text(l, bytes_from(rest, line));
	}
	if ((c == 'e' || c == 'w' || c == 'c') && !trace_error(l, first)) { /* error, warning, … */
		at = trace_summary(first);
		if (at != BYTES_NONE)
			trace_error(l, bytes_from(first, at + 2));
	}
}
