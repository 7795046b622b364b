/* SPDX-License-Identifier: Apache-2.0 */
#include "tap.h"
#include <stdlib.h>

static struct bytes b_(const char *s)
{
	return bytes_str(s);
}

static void compare(void)
{
	struct bytes none = { NULL, 0 };
	struct bytes nul = bytes_of("a\0b", 3);

	ok(bytes_eq(none, b_("")), "NULL of no length equals the empty text");
	ok(bytes_eq(none, none), "NULL equals NULL");
	ok(!bytes_eq(nul, bytes_of("a\0c", 3)), "what follows a NUL counts");
	ok(!bytes_eq(b_("a"), b_("ab")), "a prefix is not equal");
	ok(bytes_starts(b_("abc"), b_("ab")) && bytes_starts(b_("abc"), none), "starts");
	ok(!bytes_starts(b_("a"), b_("ab")) && !bytes_starts(none, b_("a")), "starts no longer");
	ok(bytes_ends(b_("abc"), b_("bc")) && bytes_ends(none, none), "ends");
	ok(!bytes_ends(b_("c"), b_("bc")), "ends no longer");
	is_int(bytes_cmp(b_("a"), b_("ab")), -1, "the shorter first");
	is_int(bytes_cmp(b_("ab"), b_("a")), 1, "the longer after");
	is_int(bytes_cmp(none, none), 0, "nothing and nothing");
	ok(bytes_cmp(b_("b"), b_("ab")) > 0, "bytes before lengths");
	ok(bytes_cmp(b_("\x7f"), b_("\x80")) < 0, "bytes are unsigned");
	ok(bytes_ieq(b_("NoVa"), b_("nOvA")), "case ignored");
	ok(!bytes_ieq(b_("["), b_("{")) && !bytes_ieq(b_("@"), b_("`")),
	   "only letters have a case");
	ok(!bytes_ieq(b_("\xc3\x84"), b_("\xc3\xa4")), "only ASCII has a case");
}

static void search(void)
{
	struct bytes none = { NULL, 0 };

	is_int(bytes_chr(b_("a b"), ' '), 1, "chr");
	is_int(bytes_chr(bytes_of("a\0", 2), 0), 1, "chr of NUL");
	ok(bytes_chr(none, 'a') == BYTES_NONE && bytes_chr(b_("b"), 'a') == BYTES_NONE, "no chr");
	is_int(bytes_find(b_("xaab"), b_("ab")), 2, "find goes back after a false start");
	is_int(bytes_find(b_("ab"), b_("ab")), 0, "find the whole");
	is_int(bytes_find(none, none), 0, "nothing is at 0 of nothing");
	ok(bytes_find(b_("a"), b_("ab")) == BYTES_NONE, "a needle too long");
	ok(bytes_find(bytes_of("abc", 2), b_("bc")) == BYTES_NONE, "not past the end");
	is_int(bytes_ifind(b_("ERROR: Failed"), b_("failed")), 7, "ifind");
	is_int(bytes_ifind(b_("aAB"), b_("AB")), 1, "ifind goes back");
	is_int(bytes_ifind(b_("a"), none), 0, "ifind of nothing");
	ok(bytes_ifind(bytes_of("abc", 2), b_("BC")) == BYTES_NONE, "ifind not past the end");
	ok(bytes_ifind(none, b_("a")) == BYTES_NONE, "ifind in nothing");
}

/* Long texts are looked through sixteen bytes at a time: at every place, against byte by byte. */
static void finds_in_long_texts(void)
{
	static const char letters[] = "aAbBzZ@`[{7-";
	uint8_t text[90], needle[24];
	uint32_t bad = 0, hits = 0;

	srand(11);
	for (int round = 0; round < 40000; round++) {
		size_t n = (size_t)rand() % sizeof(text), m = 1 + (size_t)rand() % 20, want = 0;
		struct bytes t = bytes_of(text, n), x = bytes_of(needle, m);

		for (size_t i = 0; i < n; i++)
			text[i] = (uint8_t)letters[(size_t)rand() % (round & 1 ? 2 : 12)];
		for (size_t i = 0; i < m; i++)
			needle[i] =
				round % 3 && n > m
					? text[n - m + i] ^ (is_alnum(text[n - m + i]) &&
									     text[n - m + i] > '9'
								     ? 32
								     : 0)
					: (uint8_t)letters[(size_t)rand() % 12];
		while (want + m <= n && !bytes_ieq(bytes_sub(t, want, m), x))
			want++;
		want = want + m <= n ? want : BYTES_NONE;
		hits += want != BYTES_NONE;
		bad += bytes_ifind(t, x) != want;
	}
	is_int(bad, 0, "ifind is right in 40,000 texts");
	ok(hits > 10000 && hits < 39000, "of which %u hold the needle", hits);
}

static void parts(void)
{
	struct bytes none = { NULL, 0 };

	is_bytes(bytes_sub(b_("abcd"), 1, 2), b_("bc"), "sub");
	is_bytes(bytes_sub(b_("abcd"), 3, SIZE_MAX), b_("d"), "sub clamps the length");
	is_bytes(bytes_sub(b_("abcd"), SIZE_MAX, 1), b_(""), "sub clamps the start");
	is_bytes(bytes_sub(b_("abcd"), 4, 1), b_(""), "sub at the very end");
	ok(!bytes_sub(none, 5, 5).at, "sub of NULL stays NULL");
	is_bytes(bytes_from(b_("abcd"), 2), b_("cd"), "from");
	is_bytes(bytes_trim(b_(" \t\r\nx y\r\n ")), b_("x y"), "trim both ends, not the middle");
	is_bytes(bytes_trim(b_(" \n")), b_(""), "trim of blanks");
	is_bytes(bytes_trim(none), none, "trim of nothing");
	is_bytes(bytes_trim(bytes_of("\0 ", 2)), bytes_of("\0", 1), "NUL is no blank");
}

static void numbers(void)
{
	uint64_t u = 7;
	int64_t i = 7;
	uint32_t w = 7;

	ok(bytes_u64(b_("18446744073709551615"), &u) && u == UINT64_MAX, "the largest u64");
	u = 7;
	ok(!bytes_u64(b_("18446744073709551616"), &u) && u == 7, "one more: false, untouched");
	ok(!bytes_u64(b_("99999999999999999999999"), &u) && u == 7, "many more digits");
	ok(!bytes_u64(b_(""), &u) && !bytes_u64(b_("-1"), &u) && !bytes_u64(b_("+1"), &u),
	   "no digits, no signs");
	ok(!bytes_u64(b_("1 "), &u) && !bytes_u64(b_("0x1"), &u) && u == 7, "the whole text");
	ok(bytes_u64(b_("0000000000000000000000000012"), &u) && u == 12, "leading zeros");
	ok(bytes_u32(b_("4294967295"), &w) && w == UINT32_MAX, "the largest u32");
	w = 7;
	ok(!bytes_u32(b_("4294967296"), &w) && w == 7, "one more");
	ok(bytes_i64(b_("-9223372036854775808"), &i) && i == INT64_MIN, "the least i64");
	ok(bytes_i64(b_("9223372036854775807"), &i) && i == INT64_MAX, "the largest i64");
	i = 7;
	ok(!bytes_i64(b_("9223372036854775808"), &i) && i == 7, "one more");
	ok(!bytes_i64(b_("-9223372036854775809"), &i) && i == 7, "one less");
	ok(!bytes_i64(b_("-"), &i) && !bytes_i64(b_("--1"), &i) && i == 7, "a sign alone, or two");
	ok(bytes_i64(b_("-0"), &i) && i == 0, "minus zero");
}

static void letters(void)
{
	int digits = 0, alnums = 0, hexes = 0, lowered = 0;

	for (int c = 0; c < 256; c++) {
		digits += is_digit((uint8_t)c);
		alnums += is_alnum((uint8_t)c);
		hexes += hex_digit((uint8_t)c) >= 0;
		lowered += to_lower((uint8_t)c) != c;
	}
	is_int(digits, 10, "ten digits");
	is_int(alnums, 62, "62 letters and digits");
	is_int(hexes, 22, "22 hex digits");
	is_int(lowered, 26, "26 capitals");
	ok(hex_digit('f') == 15 && hex_digit('F') == 15 && hex_digit('0') == 0 &&
		   hex_digit('g') == -1 && hex_digit('/') == -1 && hex_digit(':') == -1,
	   "hex digits");
}

int main(void)
{
	compare();
	search();
	finds_in_long_texts();
	parts();
	numbers();
	letters();
	return done_testing();
}
