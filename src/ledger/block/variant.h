/* SPDX-License-Identifier: Apache-2.0 */
/* variant.h — the shapes of lines met in one block, while it is built.
 * A variant is a skeleton together with where each field of the parsed event lies in it: either a
 * constant, or a span between two anchors. An anchor (k, d) is the place d bytes behind the end of
 * variable k - 1 (behind the start of the line for k = 0); literals are the same in all lines of
 * a skeleton, so what holds for one line of the variant holds for all. A line that fits no known
 * map makes a new variant: fields are never guessed.
 * Threads: one owner. Memory: an arena; at most VARIANTS_MAX. */
#pragma once
#include "base/arena.h"
#include "event/event.h"
#include "ledger/block/token.h"

struct anchor {
	uint16_t var, off;
};

struct field_map {
	uint8_t field;
	bool constant;
	struct anchor from, to; /* of a span */
	struct bytes value; /* of a constant */
};

struct variant {
	struct bytes skeleton;
	uint64_t hash;
	uint64_t set[2];
	bool has_time;
	uint8_t vars, fields;
	uint8_t type[LINE_VARS];
	uint8_t param[LINE_VARS][3];
	struct field_map *map;
	uint32_t rows; /* lines of it in this block */
	uint32_t local; /* number on disk; 0 = text */
	struct variant *next; /* same hash slot */
};

struct variants {
	struct variant **all, **slot;
	uint32_t n, cap;
	uint64_t seed;
	struct arena arena;
};

/* The variant of a tokenized line, made when new; NULL when it must be text (a field begins inside
 * a variable, or there are too many variants). */
struct variant *variant_of(struct variants *vs, const struct line *l, struct bytes raw,
			   const struct event *e);
void variants_clear(struct variants *vs);
void variants_done(struct variants *vs);
