/* SPDX-License-Identifier: Apache-2.0 */
/* regex.h — regular expressions: PCRE2 decides (bytes, not characters; JIT; with a limit on the
 * work a record may cost), Vectorscan goes first where no literal text narrows the records down.
 * Threads: a struct regex is read-only once made; each thread has its own struct regex_work.
 * Memory: the code; one match block, one 512 KiB stack and the scan scratch a thread. */
#pragma once
#include "base/err.h"
#include "query/need.h"

struct regex;
struct regex_work;

/* flags: any of "ims". -EINVAL says what is wrong; ret_at (may be NULL) is the offset of it. */
int regex_new(struct regex **ret, struct bytes pattern, struct bytes flags, struct why *why,
	      size_t *ret_at);
struct regex *regex_free(struct regex *r);
const struct need *regex_need(const struct regex *r); /* lent until regex_free() */

int regex_work_new(struct regex_work **ret);
struct regex_work *regex_work_free(struct regex_work *w);

/* 1 found (and where, when ret_from and ret_to are given), 0 not, -1 given up at the limit. */
int regex_find(const struct regex *r, struct regex_work *w, struct bytes text, size_t from,
	       size_t *ret_from, size_t *ret_to);
