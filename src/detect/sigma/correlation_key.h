/* SPDX-License-Identifier: Apache-2.0 */
/* correlation_key.h — the values of the group-by fields as one key: for each a length (u16le) and
 * the bytes. A missing field is KEY_ABSENT and no bytes; of a long value the beginning is kept and
 * a keyed hash of all of it. Threads: pure. Memory: the buffer. */
#pragma once
#include "base/buf.h"

#define KEY_ABSENT 0xffffu
#define KEY_LONG 0x8000u /* flag: eight bytes of hash follow, not counted */
#define KEY_VALUE_MAX 200u

void key_add(struct buf *key, struct bytes value, bool there);
/* The next value of a key made by key_add(); false: it was absent, or there is no more. */
bool key_next(struct bytes *key, struct bytes *ret);
