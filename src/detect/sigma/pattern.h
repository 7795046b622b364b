/* SPDX-License-Identifier: Apache-2.0 */
/* pattern.h — a Sigma string: text with the wildcards * (any bytes) and ? (one character), and
 * backslash as the escape of *, ? and itself; any other backslash is one (Sigma rules specification
 * 2.1, "Wildcards" and "Escaping"). Matching takes the whole value, and time linear in its length
 * for each piece between two stars. Threads: read-only once made. Memory: the arena of the caller.
 */
#pragma once
#include "base/arena.h"
#include "base/buf.h"

enum glyph { GLYPH_BYTE, GLYPH_ONE, GLYPH_ANY }; /* of each position of `text` */

struct pattern {
	struct bytes text; /* what stands at GLYPH_ONE and GLYPH_ANY means nothing */
	const uint8_t *glyph; /* enum glyph, as long as text */
	bool wild; /* has ? or * */
};

/* The text of a rule, with its wildcards. */
struct pattern pattern_parse(struct arena *a, struct bytes sigma);
struct pattern pattern_plain(struct arena *a, struct bytes text); /* no wildcards, no escapes */
/* Stars before and behind, where there are none yet. */
struct pattern pattern_around(struct arena *a, struct pattern p, bool before, bool behind);
struct pattern pattern_lower(struct arena *a, struct pattern p);
/* Cased: p and the value are compared as they are. For a caseless one lower both first. */
bool pattern_match(const struct pattern *p, struct bytes value);
/* The longest run of bytes without wildcard; empty: none. */
struct bytes pattern_literal(const struct pattern *p);
/* As a rule would write it: for people. */
void pattern_show(const struct pattern *p, struct buf *to);

/* Lower case of ASCII and of the two-byte letters of Latin-1, Greek and Cyrillic; the length stays.
 */
struct bytes lower_copy(struct arena *a, struct bytes b);
