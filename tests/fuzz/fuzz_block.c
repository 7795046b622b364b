/* SPDX-License-Identifier: Apache-2.0 */
/* A block's payload from anyone: header, columns, dictionaries, text, searches. */
#include "base/cursor.h"
#include "ledger/block/scan.h"
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int touch(void *ctx, uint32_t row, const struct record *r)
{
	(void)row;
	for (size_t i = 0; i < r->raw.len; i++)
		*(uint8_t *)ctx ^= r->raw.at[i];
	return 0;
}

static bool accept(void *ctx, struct bytes v)
{
	*(uint8_t *)ctx ^= (uint8_t)v.len;
	return v.len & 1;
}

/* What an automaton finds in a block is what it finds in each of the rows, whoever made the block.
 */
struct finding {
	struct walker *w;
	const uint64_t *rows;
};

static int same(void *ctx, uint32_t row, const struct record *r)
{
	struct finding *f = ctx;
	int found = walker_find(f->w, r->raw);

	if (found >= 0 && found != (int)(f->rows[row / 64] >> (row & 63) & 1))
		abort();
	return 0;
}

/* Made once, as a query keeps them over all of its blocks. */
static struct scanner *scanner_of(const char *pattern)
{
	struct automaton *a;

	if (!automaton_new(&a, bytes_str(pattern), BYTES("")))
		abort();
	return scanner_new(a);
}

static void scan(struct block *b, struct scanner *s)
{
	size_t words = BLOCK_WORDS(block_info(b)->rows);
	uint64_t *all = malloc(words * sizeof(*all)), *rows = calloc(words, sizeof(*rows));

	if (!all || !rows)
		abort();
	memset(all, 0xff, words * sizeof(*all));
	if (!block_scan(b, s, all, rows)) {
		struct finding f = { scanner_walker(s), rows };

		block_decode(b, NULL, same, &f);
	}
	free(rows);
	free(all);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct scanner *ids, *ends;
	struct block *b;
	struct why why = { "" };
	uint8_t sum = 0;

	if (block_open(&b, bytes_of(data, size), &why))
		return 0;
	/* A header may claim a million rows; a reader is asked such things once, not a million
	 * times. */
	if (block_info(b)->rows <= 1u << 16) {
		uint64_t *rows = calloc(BLOCK_WORDS(block_info(b)->rows), sizeof(*rows));
		struct arena a = { 0 };
		struct block_column col;

		block_may_hold(b, BYTES("10.1.2.3"));
		block_match(b, BYTES(" 40"), false, rows);
		block_match(b, BYTES("Req-1"), true, rows);
		block_match_text(b, BYTES("er"), false, rows);
		block_decode(b, NULL, touch, &sum);
		if (!ids) {
			ids = scanner_of("[0-9a-f]{3}[-.: ][0-9]+");
			ends = scanner_of("\\b[4-9][0-9]*$");
		}
		scan(b, ids);
		scan(b, ends);
		for (unsigned f = 0; f < FIELD_N; f += 3) {
			block_field_match(b, (enum field)f, accept, &sum, rows);
			block_field_column(b, (enum field)f, NULL, &a, &col);
		}
		arena_done(&a);
		free(rows);
	}
	block_free(b);
	return 0;
}
