/* SPDX-License-Identifier: Apache-2.0 */
/* mime.h — a mail is written so that nothing in a text can be more than text.
 * In: raw texts, hostile ones too. Out: headers (RFC 5322, RFC 2047: what is not plain ASCII is an
 * encoded word, so no CR, LF or NUL can end a header), bodies in quoted-printable (RFC 2045
 * section 6.7: every byte that is not plain ASCII is =XX, no line is longer than 76) and HTML in
 * which only our own tags are tags. The boundary cannot be met in a body: "=_" never stands in
 * quoted-printable.
 * Threads: pure. Memory: the buffers of the caller. */
#pragma once
#include "base/buf.h"
#include "base/clock.h"

/* "Name: text\r\n", folded. The name is ours. */
void mime_header(struct buf *to, const char *name, struct bytes text);
/* "Display name <a@b>" for From; the address was checked by settings. */
void mime_mailbox(struct buf *to, const char *name, struct bytes display, struct bytes address);
void mime_date(struct buf *to, usec at); /* "Date: …\r\n", in UTC */
/* Both parts, with the headers that say so and the empty line before them. */
void mime_alternative(struct buf *to, struct bytes text, struct bytes html);
/* Text as HTML: & < > " ' escaped, newlines kept; other control characters become U+FFFD, and so
 * does what is no UTF-8. */
void mime_html(struct buf *to, struct bytes b);
/* Text as text: the same, without the escapes. `line`: newlines and tabs become blanks. */
void mime_plain(struct buf *to, struct bytes b, bool line);
