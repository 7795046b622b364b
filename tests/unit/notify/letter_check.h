/* SPDX-License-Identifier: Apache-2.0 */
/* letter_check.h — a reader of mails that believes nothing: is this one exactly what was meant,
 * whatever stood in the change? For the unit test and for the fuzz target. */
#pragma once
#include "base/buf.h"

static bool letter_has(const char *const *names, struct bytes b)
{
	for (; *names; names++)
		if (bytes_eq(bytes_str(*names), b))
			return true;
	return false;
}

/* Only whole CRLF, only printable ASCII, no line that a server would cut. */
static const char *letter_lines(struct bytes b)
{
	size_t column = 0;

	for (size_t i = 0; i < b.len; i++) {
		if (b.at[i] == '\r' && i + 1 < b.len && b.at[i + 1] == '\n') {
			i++;
			column = 0;
			continue;
		}
		if (b.at[i] < ' ' || b.at[i] > '~')
			return "a control character or a byte that is no ASCII";
		if (++column > 998)
			return "a line longer than RFC 5322 allows";
	}
	return column ? "no newline at the end" : NULL;
}

/* Each header is ours, and is there once; the rest are folded lines that hold something. */
static const char *letter_headers(struct bytes b)
{
	static const char *const ours[] = { "Date",
					    "From",
					    "To",
					    "Subject",
					    "Message-ID",
					    "In-Reply-To",
					    "References",
					    "MIME-Version",
					    "Auto-Submitted",
					    "Content-Type",
					    "X-Auto-Response-Suppress",
					    NULL };
	uint64_t seen = 0;

	while (b.len) {
		size_t end = bytes_find(b, BYTES("\r\n"));
		struct bytes line = bytes_sub(b, 0, end);
		size_t colon = bytes_chr(line, ':');

		b = bytes_from(b, end + 2);
		if (line.len && line.at[0] == ' ') {
			if (!bytes_trim(line).len)
				return "an empty folded line";
			continue;
		}
		if (colon == BYTES_NONE || !letter_has(ours, bytes_sub(line, 0, colon)))
			return "a header that is not ours";
		for (unsigned i = 0; ours[i]; i++) {
			if (!bytes_eq(bytes_str(ours[i]), bytes_sub(line, 0, colon)))
				continue;
			if (seen >> i & 1)
				return "a header twice";
			seen |= (uint64_t)1 << i;
		}
	}
	return NULL;
}

static void letter_decode(struct bytes b, struct buf *to)
{
	for (size_t i = 0; i < b.len; i++) {
		if (b.at[i] == '\r')
			continue;
		if (b.at[i] != '=') {
			buf_u8(to, b.at[i]);
			continue;
		}
		if (i + 2 < b.len && b.at[i + 1] != '\r')
			buf_u8(to, (uint8_t)(hex_digit(b.at[i + 1]) << 4 | hex_digit(b.at[i + 2])));
		i += 2;
	}
}

/* Tags are ours, and what is between them has no bare < > or quote. */
static const char *letter_html(struct bytes b)
{
	static const char *const ours[] = { "!DOCTYPE", "html",	 "head",  "meta",  "body", "h2",
					    "p",	"table", "tr",	  "td",	   "div",  "code",
					    "/html",	"/head", "/body", "/h2",   "/p",   "/table",
					    "/tr",	"/td",	 "/div",  "/code", NULL };

	while (b.len) {
		size_t open = bytes_chr(b, '<'), close;
		struct bytes before = bytes_sub(b, 0, open), tag;

		if (bytes_chr(before, '>') != BYTES_NONE || bytes_chr(before, '"') != BYTES_NONE ||
		    bytes_chr(before, '\'') != BYTES_NONE)
			return "a quote or > that is not escaped";
		if (open == BYTES_NONE)
			return NULL;
		b = bytes_from(b, open + 1);
		close = bytes_chr(b, '>');
		if (close == BYTES_NONE)
			return "a tag without an end";
		tag = bytes_sub(b, 0, close);
		if (!letter_has(ours, bytes_sub(tag, 0, bytes_chr(tag, ' '))))
			return "a tag that is not ours";
		b = bytes_from(b, close + 1);
	}
	return NULL;
}

/* NULL: it is good. text and html: the decoded parts, appended. */
static const char *letter_check(struct bytes mail, struct buf *text, struct buf *html)
{
	static const char mark[] = "\r\n--=_vedette";
	size_t end = bytes_find(mail, BYTES("\r\n\r\n")), at[3], from = 0, n = 0;
	const char *wrong = letter_lines(mail);
	struct bytes body, part;

	if (wrong || end == BYTES_NONE)
		return wrong ? wrong : "no end of the headers";
	wrong = letter_headers(bytes_sub(mail, 0, end + 2));
	if (wrong)
		return wrong;
	body = bytes_from(mail, end + 2);
	for (;;) {
		size_t next = bytes_find(bytes_from(body, from), bytes_of(mark, sizeof(mark) - 1));

		if (next == BYTES_NONE)
			break;
		if (n == 3)
			return "a part too many";
		at[n++] = from + next;
		from += next + 1;
	}
	if (n != 3 || at[0] != 0 ||
	    !bytes_eq(bytes_from(body, at[2]), BYTES("\r\n--=_vedette--\r\n")))
		return "not two parts and their end";
	for (size_t i = 0; i < 2; i++) {
		part = bytes_sub(body, at[i], at[i + 1] - at[i]);
		end = bytes_find(part, BYTES("\r\n\r\n"));
		if (end == BYTES_NONE)
			return "a part without headers";
		letter_decode(bytes_from(part, end + 4), i ? html : text);
	}
	return letter_html(buf_view(html));
}
