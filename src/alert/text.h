/* SPDX-License-Identifier: Apache-2.0 */
/* text.h — texts of findings and operators made fit to keep: cut, valid UTF-8, and as JSON in which
 * nothing can be taken for a control character of whatever shows it.
 * Lengths are counted as they are in JSON, escapes and all, so that a change has a bound whatever
 * it is made of. Threads: pure. Memory: none kept. */
#pragma once
#include "base/buf.h"
#include "detect/finding.h"

/* As text: invalid bytes and NUL become U+FFFD; what is longer than `most` ends in U+2026. */
void text_keep(struct buf *to, struct bytes b, size_t most);
/* As a JSON string: control characters (C0, DEL, C1) and the invisible ones that turn or break
 * lines (see text_safe) are \uXXXX. */
void text_json(struct buf *to, struct bytes b);
/* Length of the string that text_json makes, without its quotes. */
size_t text_cost(struct bytes b);

/* {"name":"value",…}: a name counts once; what does not fit is left out, and said in a last
 * member "vedette.more". */
void text_pairs(struct buf *to, const struct finding_pair *p, size_t n, size_t value_most,
		size_t most);
/* ["…",…] */
void text_list(struct buf *to, const struct bytes *b, size_t n, size_t most);
