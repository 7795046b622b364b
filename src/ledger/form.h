/* SPDX-License-Identifier: Apache-2.0 */
/* form.h — reading JSON texts of one known form: exactly these keys in this order, as we write them
 * (source definitions, evidence bundles). Whatever is written otherwise is refused, so no byte can
 * have two meanings.
 * Each takes from the front of *b; false: it is not there (and *b is then worthless).
 * Threads: pure. */
#pragma once
#include "base/buf.h"

bool form_take(struct bytes *b, const char *literal);
bool form_string(struct bytes *b, struct buf *ret); /* with its quotes; appended unescaped, UTF-8 */
bool form_base64(struct bytes *b, struct buf *ret); /* a string that is base64; appended decoded */
bool form_u64(struct bytes *b, uint64_t *ret); /* no leading zeros */
bool form_i64(struct bytes *b, int64_t *ret);
