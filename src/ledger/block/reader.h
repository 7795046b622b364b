/* SPDX-License-Identifier: Apache-2.0 */
/* reader.h — the inside of struct block, shared by the files that read one.
 * A variant's skeleton is kept as lit[0] var[0] lit[1] var[1] … lit[vars]: literals may be empty.
 * Variables that are the same in all rows are folded into the literals around them.
 * All columns are decoded on first use; every index into a dictionary was checked then. */
#pragma once
#include "ledger/block/block.h"
#include "ledger/block/format.h"
#include "ledger/block/ids.h"
#include "ledger/block/token.h"

struct place { /* in a variant: offset into literal `lit` */
	uint32_t lit, off;
};

struct span {
	uint8_t field;
	bool constant;
	struct place from, to;
	struct bytes value; /* of a constant */
};

struct column_ref {
	uint8_t type;
	uint8_t param[3];
	bool is_const; /* time offset that is the same in all rows */
	int64_t value; /* then */
	struct bytes body; /* where the column lies; from its start on */
	int64_t *v; /* decoded; NULL until then */
	struct column_ref *same_as; /* of the same variant: read that one */
};

struct variant_ref {
	uint32_t rows, first; /* first: into rows_of */
	uint32_t vars, spans;
	struct bytes *lit;
	struct column_ref **var; /* unfolded variables, by place */
	struct column_ref *all; /* all variables of the skeleton */
	uint32_t all_n;
	struct span *span;
	size_t max_len; /* no row renders longer; room for LIT_SLACK included */
};

struct block {
	struct block_info info;
	struct bytes section[SECTION_N];
	struct arena arena;
	struct buf meta, small, words, text;
	bool loaded, text_loaded, ids_loaded, words_loaded;
	struct variant_ref *variant; /* by local number; [0] is text */
	uint32_t variants; /* without text */
	uint32_t *local, *rank; /* by row: variant, and its index among that variant's rows */
	uint32_t *rows_of; /* rows by variant, ascending */
	usec *times, *arrivals;
	uint32_t *sources, *flags;
	uint64_t *untyped; /* bitmap; NULL: none */
	struct uuid *id; /* NULL until block_load_ids() */
	struct bytes *hex, *word;
	uint32_t hexes, ids, ips, word_n;
	size_t word_max;
	size_t *line; /* text rows: offsets into text, rows + 1 */
	block_release_fn *release;
	void *release_ctx;
};

int block_load(struct block *b); /* variants, rows; 0 or -EBADMSG */
int block_load_text(struct block *b); /* text rows, as one text */
int block_load_lines(struct block *b); /* and where each of them lies in it */
int block_load_words(struct block *b);
void block_load_ids(struct block *b);
/* The column's values, one for each row of the variant; NULL: damaged. */
const int64_t *block_column_values(struct block *b, struct variant_ref *v, struct column_ref *c);

static inline int64_t column_value(const struct column_ref *c, uint32_t rank)
{
	while (c->same_as)
		c = c->same_as;
	return c->is_const ? c->value : c->v[rank];
}

#define LIT_SLACK 16 /* bytes that may be read or written behind a literal's end */

/* All columns that rendering rows of the variant needs. */
int block_load_variant(struct block *b, struct variant_ref *v);
/* One value as text at ret (room for it is the caller's); returns its length.
 * time: the row's time, for time variables. */
size_t block_render_value(const struct block *b, const struct column_ref *c, int64_t value,
			  usec time, uint8_t *ret);
/* A part of a row as text; loaded. */
size_t block_render(const struct block *b, const struct variant_ref *v, uint32_t row,
		    struct place from, struct place to, uint8_t *ret);
const struct span *block_span(const struct variant_ref *v, enum field f); /* NULL: none */
struct place variant_end(const struct variant_ref *v);
struct bytes block_text_row(const struct block *b, uint32_t rank); /* lines loaded */

static inline void bit_set(uint64_t *bits, uint32_t i)
{
	bits[i / 64] |= 1ull << (i & 63);
}

static inline bool bit_get(const uint64_t *bits, uint32_t i)
{
	return bits[i / 64] >> (i & 63) & 1;
}
