/* SPDX-License-Identifier: Apache-2.0 */
#include "notify/mime.h"
#include "base/text.h"

#define BOUNDARY "=_vedette"
#define FOLD 74 /* of 78, RFC 5322 section 2.1.1 */
#define WORD_BYTES 42 /* of text in an encoded word: 56 in base64, 68 with its frame */
#define SUBJECT_MOST 400

/* Characters that are invisible or turn the direction of text: they would show another text than
 * the one that is there. */
static bool is_tricky(struct bytes b, size_t n)
{
	if (n == 2) /* C1, U+061C */
		return (b.at[0] == 0xc2 && b.at[1] < 0xa0) || (b.at[0] == 0xd8 && b.at[1] == 0x9c);
	if (n != 3)
		return false;
	if (b.at[0] == 0xe2 && b.at[1] == 0x80) /* U+200B..200F, U+2028..202E */
		return (b.at[2] >= 0x8b && b.at[2] <= 0x8f) || (b.at[2] >= 0xa8 && b.at[2] <= 0xae);
	if (b.at[0] == 0xe2 && b.at[1] == 0x81) /* U+2060..2069 */
		return b.at[2] >= 0xa0 && b.at[2] <= 0xa9;
	return b.at[0] == 0xef && b.at[1] == 0xbb && b.at[2] == 0xbf;
}

static void add_char(struct buf *to, struct bytes b, size_t n, bool html)
{
	if (n != 1 || !html) {
		buf_add(to, b.at, n);
		return;
	}
	switch (b.at[0]) {
	case '&':
		buf_str(to, "&amp;");
		break;
	case '<':
		buf_str(to, "&lt;");
		break;
	case '>':
		buf_str(to, "&gt;");
		break;
	case '"':
		buf_str(to, "&quot;");
		break;
	case '\'':
		buf_str(to, "&#39;");
		break;
	default:
		buf_u8(to, b.at[0]);
	}
}

static void clean(struct buf *to, struct bytes b, bool html, bool line)
{
	while (b.len) {
		size_t n = utf8_length(b);
		bool blank = b.at[0] == '\n' || b.at[0] == '\t';

		if (blank)
			buf_u8(to, line ? ' ' : b.at[0]);
		else if (!n || b.at[0] < ' ' || b.at[0] == 0x7f || is_tricky(b, n))
			buf_str(to, "\xef\xbf\xbd");
		else
			add_char(to, b, n, html);
		b = bytes_from(b, n ? n : 1);
	}
}

void mime_html(struct buf *to, struct bytes b)
{
	clean(to, b, true, false);
}

void mime_plain(struct buf *to, struct bytes b, bool line)
{
	clean(to, b, false, line);
}

/* ---- headers ---- */

/* As it stands: printable ASCII whose words fit, and nothing that looks like an encoded word. */
static bool is_plain(struct bytes b)
{
	size_t word = 0;

	for (size_t i = 0; i < b.len; i++) {
		if (b.at[i] < ' ' || b.at[i] > '~')
			return false;
		word = b.at[i] == ' ' ? 0 : word + 1;
		if (word > 60)
			return false;
	}
	return bytes_find(b, BYTES("=?")) == BYTES_NONE && (!b.len || b.at[b.len - 1] != ' ') &&
	       (!b.len || b.at[0] != ' ') && bytes_find(b, BYTES("  ")) == BYTES_NONE;
}

static void fold_plain(struct buf *to, struct bytes b, size_t column)
{
	while (b.len) {
		size_t n = bytes_chr(b, ' ');
		struct bytes word = bytes_sub(b, 0, n);

		if (column + word.len + 1 > FOLD) {
			buf_str(to, "\r\n");
			column = 0;
		}
		buf_str(to, " ");
		buf_bytes(to, word);
		column += word.len + 1;
		b = n == BYTES_NONE ? bytes_from(b, b.len) : bytes_from(b, n + 1);
	}
}

static void encoded_words(struct buf *to, struct bytes b)
{
	for (bool first = true; b.len || first; first = false) {
		size_t n = b.len < WORD_BYTES ? b.len : WORD_BYTES;

		while (n && n < b.len && (b.at[n] & 0xc0) == 0x80)
			n--; /* a character stays whole, RFC 2047 section 5 */
		buf_str(to, first ? " =?UTF-8?B?" : "\r\n =?UTF-8?B?");
		base64_encode(to, bytes_sub(b, 0, n));
		buf_str(to, "?=");
		b = bytes_from(b, n);
	}
}

void mime_header(struct buf *to, const char *name, struct bytes text)
{
	struct buf safe = { 0 };
	struct bytes b;
	size_t n;

	clean(&safe, text, false, true);
	b = bytes_trim(buf_view(&safe));
	for (n = b.len; n > SUBJECT_MOST || (n && n < b.len && (b.at[n] & 0xc0) == 0x80);)
		n--;
	b = bytes_sub(b, 0, n);
	buf_printf(to, "%s:", name);
	if (is_plain(b))
		fold_plain(to, b, strlen(name) + 1);
	else
		encoded_words(to, b);
	buf_str(to, "\r\n");
	buf_done(&safe);
}

void mime_mailbox(struct buf *to, const char *name, struct bytes display, struct bytes address)
{
	struct buf safe = { 0 };

	clean(&safe, display, false, true);
	buf_printf(to, "%s:", name);
	if (safe.len) {
		bool atom = is_plain(buf_view(&safe)) && safe.len < 60;

		for (size_t i = 0; i < safe.len && atom; i++)
			atom = is_alnum(safe.at[i]) ||
			       memchr(" !#$%&'*+-/=?^_`{|}~", safe.at[i], 20);
		if (atom) {
			buf_str(to, " ");
			buf_bytes(to, buf_view(&safe));
		} else {
			encoded_words(to, buf_view(&safe));
		}
	}
	buf_str(to, " <");
	buf_bytes(to, address);
	buf_str(to, ">\r\n");
	buf_done(&safe);
}

void mime_date(struct buf *to, usec at)
{
	static const char days[] = "ThuFriSatSunMonTueWed";
	static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
	struct civil c;
	int64_t day = at / USEC_PER_DAY;

	civil_of(at, &c);
	buf_printf(to, "Date: %.3s, %02d %.3s %04d %02d:%02d:%02d +0000\r\n",
		   days + 3 * ((day % 7 + 7) % 7), c.day, months + 3 * (c.month - 1), c.year,
		   c.hour, c.minute, c.second);
}

/* ---- bodies ---- */

static void quoted_printable(struct buf *to, struct bytes b)
{
	static const char hex[] = "0123456789ABCDEF";
	size_t column = 0;

	for (size_t i = 0; i < b.len; i++) {
		uint8_t c = b.at[i];
		bool last = i + 1 == b.len || b.at[i + 1] == '\n';
		/* A dot that begins a line means something to SMTP, "From " to mailboxes. */
		bool plain = c > ' ' && c <= '~' && c != '=' &&
			     (column || (c != '.' && c != 'F' && c != '-'));

		if (c == '\n') {
			buf_str(to, "\r\n");
			column = 0;
			continue;
		}
		if ((c == ' ' || c == '\t') && !last)
			plain = true;
		if (column + (plain ? 1 : 3) > 75) {
			buf_str(to, "=\r\n");
			column = 0;
			i--; /* again, as the first of its line */
			continue;
		}
		if (plain) {
			buf_u8(to, c);
			column++;
		} else {
			buf_u8(to, '=');
			buf_u8(to, (uint8_t)hex[c >> 4]);
			buf_u8(to, (uint8_t)hex[c & 15]);
			column += 3;
		}
	}
	if (column)
		buf_str(to, "\r\n");
}

static void part(struct buf *to, const char *type, struct bytes body)
{
	buf_printf(to,
		   "--" BOUNDARY "\r\nContent-Type: text/%s; charset=utf-8\r\n"
		   "Content-Transfer-Encoding: quoted-printable\r\n\r\n",
		   type);
	quoted_printable(to, body);
	buf_str(to, "\r\n");
}

void mime_alternative(struct buf *to, struct bytes text, struct bytes html)
{
	buf_str(to, "MIME-Version: 1.0\r\n"
		    "Content-Type: multipart/alternative; boundary=\"" BOUNDARY "\"\r\n\r\n");
	part(to, "plain", text);
	part(to, "html", html);
	buf_str(to, "--" BOUNDARY "--\r\n");
}
