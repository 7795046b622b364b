/* SPDX-License-Identifier: Apache-2.0 */
/* automaton.h — regular expressions that are regular in the strict sense, as automata: they decide
 * in one step a byte, whatever the text, and can be walked over texts that are not there as a
 * whole. In: a pattern in PCRE2's syntax, on bytes. Out: whether it is found somewhere in a text;
 * the same answer as PCRE2's, or none: what is not strictly regular (look-arounds, references,
 * possessive repeats, inline flags, …) is refused. Threads: a struct automaton is read-only once
 * made; each thread has its own struct walker. Memory: states are made when first met, at most
 * WALKER_STATES of them. */
#pragma once
#include "base/bytes.h"

struct automaton;
struct walker;

/* false: not a pattern for an automaton. flags: any of "ims". The pattern is known to compile. */
bool automaton_new(struct automaton **ret, struct bytes pattern, struct bytes flags);
struct automaton *automaton_free(struct automaton *a);

struct walker *walker_new(const struct automaton *a); /* the automaton is lent */
struct walker *walker_free(struct walker *w);

/* A state is a small number. FOUND stays FOUND; LOST (too many states) stays LOST. */
enum { STATE_FOUND = 0, STATE_LOST = 1, STATE_START = 2 };
#define WALKER_STATES 1024u

/* After these bytes, none of which is the last of the text. */
uint32_t walker_step(struct walker *w, uint32_t state, struct bytes text);
/* After these bytes, which end the text: STATE_FOUND, STATE_LOST, or another, which is "not". */
uint32_t walker_end(struct walker *w, uint32_t state, struct bytes text);

/* 1 found, 0 not, -1 lost: ask somebody else. */
static inline int walker_find(struct walker *w, struct bytes text)
{
	uint32_t s = walker_end(w, STATE_START, text);

	return s == STATE_FOUND ? 1 : s == STATE_LOST ? -1 : 0;
}
