/* SPDX-License-Identifier: Apache-2.0 */
/* glob.h — wildcards: * any run of bytes (also none), ? one byte, \x the byte x.
 * Threads: pure. Memory: none. Time: length of the pattern times length of the text at worst. */
#pragma once
#include "base/bytes.h"

bool glob_match(struct bytes pattern, struct bytes text); /* the whole text */
bool glob_find(struct bytes pattern, struct bytes text); /* some part of it */
/* The next run of literal bytes of the pattern from *at on, with its escapes still in, moving *at
 * past it; false at the end. Every match holds each run. */
bool glob_run(struct bytes pattern, size_t *at, struct bytes *ret);
/* The run without its escapes, into `to` (of at least run.len bytes); the length. */
size_t glob_unescape(struct bytes run, uint8_t *to);
