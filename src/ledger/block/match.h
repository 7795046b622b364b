/* SPDX-License-Identifier: Apache-2.0 */
/* match.h — conditions on the values of one column, and the texts that meet them. Shared by the
 * search for raw bytes (match.c). Threads: one owner. */
#pragma once
#include "ledger/block/reader.h"

enum part { PART_EQUALS, PART_STARTS, PART_ENDS, PART_HOLDS };

/* A condition: the value's text equals, starts with, ends with or holds `text`. */
struct condition {
	enum part part;
	uint32_t var; /* index into variant_ref.var */
	struct bytes text;
};

/* Answers of dictionaries already asked, for the length of one search: many variants ask the same.
 */
#define ANSWERS_MAX 256
struct answers {
	struct answer {
		uint8_t type;
		enum part part;
		struct bytes text;
		uint64_t *bits; /* NULL: no entry meets it */
	} known[ANSWERS_MAX];
	unsigned n;
};
void answers_done(struct answers *a);

/* False: no value of this type can meet it (an address holds no letters). */
bool condition_possible(const struct column_ref *c, enum part part, struct bytes text, bool nocase);
/* Clears the ranks (rows of the variant) in `ranks` that do not meet the condition. */
int condition_apply(struct block *b, struct variant_ref *v, const struct condition *c, bool nocase,
		    struct answers *answers, uint64_t *ranks);
bool text_meets(struct bytes value, enum part part, struct bytes text, bool nocase);
