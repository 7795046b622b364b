/* SPDX-License-Identifier: Apache-2.0 */
/* text.h — bytes from outside made safe to show. Threads: pure. */
#pragma once
#include "base/buf.h"

/* For terminals and our own log: control characters (C0 but not what `keep` names, DEL, C1 as
 * UTF-8 or bare bytes), invalid UTF-8 and the bidirectional and line separators U+2028..202E,
 * U+2066..2069, U+FEFF become \xHH or \u{HHHH}; a backslash stays. keep: NULL or such as "\t". */
void text_safe(struct buf *to, struct bytes b, const char *keep);

/* A JSON string with its quotes (RFC 8259). Invalid UTF-8 becomes U+FFFD, one for each byte. */
void json_string(struct buf *to, struct bytes b);

/* Length of the valid UTF-8 sequence at the start of b (1..4), or 0 when it is not one. */
size_t utf8_length(struct bytes b);

/* Standard base64 (RFC 4648 section 4, padded). Decoding is strict: false on anything else. */
void base64_encode(struct buf *to, struct bytes b);
bool base64_decode(struct bytes b, struct buf *to);
void hex_encode(struct buf *to, struct bytes b);
