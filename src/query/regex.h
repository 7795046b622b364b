/* SPDX-License-Identifier: Apache-2.0 */
/* regex.h — regular expressions, those of PCRE2 on bytes. Most are strictly regular: an automaton
 * decides them (base/automaton.h). The others, and where a match lies, are PCRE2's own work, with a
 * limit on what a record may cost. Vectorscan is not used: version 5.4.9, which Debian 12 has,
 * loses matches by how a text happens to be aligned in memory. Threads: a struct regex is read-only
 * once made; each thread has its own struct regex_work. Memory: the code; one match block, one 512
 * KiB stack and the automata's states a thread. */
#pragma once
#include "base/err.h"
#include "ledger/block/scan.h"
#include "query/need.h"

#define REGEXES_MAX 64 /* of one query */

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
/* The same without where: 1, 0 or -1. */
int regex_has(const struct regex *r, struct regex_work *w, struct bytes text);
/* The automaton, for whole blocks; NULL: PCRE2 alone knows. Lent until that of
 * another regex is asked for. */
struct scanner *regex_scanner(const struct regex *r, struct regex_work *w);
