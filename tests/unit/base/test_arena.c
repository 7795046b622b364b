/* SPDX-License-Identifier: Apache-2.0 */
#include "base/arena.h"
#include "tap.h"

static void pieces(void)
{
	struct arena a = { 0 };
	uint8_t *piece[2000];
	bool kept = true, aligned = true;

	for (size_t i = 0; i < 2000; i++) {
		piece[i] = arena_take(&a, i % 97);
		aligned = aligned && (uintptr_t)piece[i] % 16 == 0;
		memset(piece[i], (int)(i & 255), i % 97);
	}
	for (size_t i = 0; i < 2000; i++)
		for (size_t k = 0; k < i % 97; k++)
			kept = kept && piece[i][k] == (i & 255);
	ok(kept, "no piece overlaps another");
	ok(aligned, "all are aligned to 16");
	ok(a.total >= 2000 * 40, "the total is counted");
	arena_reset(&a);
	is_int(a.total, 0, "after a reset nothing is taken");
	arena_done(&a);
}

static void sizes(void)
{
	struct arena a = { 0 };
	uint8_t *small, *big, *after;

	ok(arena_take(&a, 0), "a piece of no bytes is not NULL");
	small = arena_take(&a, 1);
	big = arena_take(&a, 1 << 20);
	after = arena_take(&a, 1);
	*small = 1;
	memset(big, 2, 1 << 20);
	*after = 3;
	ok(*small == 1 && big[0] == 2 && big[(1 << 20) - 1] == 2 && *after == 3,
	   "a piece larger than a chunk stands by itself");
	arena_reset(&a);
	memset(arena_take(&a, 100000), 4, 100000);
	arena_done(&a);
	ok(!a.chunks && !a.at, "done frees all");
	*(uint8_t *)arena_take(&a, 1) = 5;
	arena_done(&a);
	arena_done(&a);
	ok(true, "done twice, and used in between");
}

static void copies(void)
{
	struct arena a = { 0 };
	char text[] = "borrowed";
	struct bytes b = arena_copy(&a, bytes_str(text));

	text[0] = 'B';
	is_bytes(b, BYTES("borrowed"), "a copy does not follow its origin");
	is_bytes(arena_copy(&a, (struct bytes){ NULL, 0 }), BYTES(""), "a copy of nothing");
	arena_done(&a);
}

static void bounded(void)
{
	struct arena a = { 0 };
	const void *chunk = NULL;
	bool same = true;

	for (int batch = 0; batch < 1000; batch++) {
		for (int i = 0; i < 10; i++)
			arena_take(&a, 1000);
		if (batch > 1)
			same = same && chunk == (const void *)a.chunks;
		chunk = a.chunks;
		arena_reset(&a);
	}
	/* Under AddressSanitizer every piece is an allocation of its own and none is kept. */
	if (a.chunks)
		ok(same, "a batch that fits reuses the chunk of the last one");
	else
		skip("the arena keeps no chunks under AddressSanitizer");
	arena_done(&a);
}

int main(void)
{
	pieces();
	sizes();
	copies();
	bounded();
	return done_testing();
}
