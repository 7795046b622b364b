/* SPDX-License-Identifier: Apache-2.0 */
#include "query/glob.h"
#include "tap.h"
#include <stdlib.h>

/* The plain definition, to compare with. */
static bool naive(struct bytes p, struct bytes t, bool open)
{
	if (!p.len)
		return open || !t.len;
	if (p.at[0] == '*') {
		for (size_t i = 0; i <= t.len; i++)
			if (naive(bytes_from(p, 1), bytes_from(t, i), open))
				return true;
		return false;
	}
	if (!t.len)
		return false;
	if (p.at[0] == '\\' && p.len > 1)
		return p.at[1] == t.at[0] && naive(bytes_from(p, 2), bytes_from(t, 1), open);
	return (p.at[0] == '?' || p.at[0] == t.at[0]) &&
	       naive(bytes_from(p, 1), bytes_from(t, 1), open);
}

static bool naive_find(struct bytes p, struct bytes t)
{
	for (size_t i = 0; i <= t.len; i++)
		if (naive(p, bytes_from(t, i), true))
			return true;
	return false;
}

static struct bytes any(uint8_t *at, size_t max, const char *of)
{
	size_t n = (size_t)rand() % (max + 1);

	for (size_t i = 0; i < n; i++)
		at[i] = (uint8_t)of[(size_t)rand() % strlen(of)];
	return bytes_of(at, n);
}

static void same_as_the_definition(void)
{
	uint8_t p[8], t[12];
	int wrong = 0;

	srand(1);
	for (int i = 0; i < 200000; i++) {
		struct bytes pattern = any(p, sizeof(p), "ab*?\\"), text = any(t, sizeof(t), "ab*");

		wrong += glob_match(pattern, text) != naive(pattern, text, false);
		wrong += glob_find(pattern, text) != naive_find(pattern, text);
	}
	is_int(wrong, 0, "200,000 random patterns: whole and part, as defined");
}

static void runs(void)
{
	struct bytes p = BYTES("*ab\\*c?d**"), run;
	uint8_t text[16];
	size_t at = 0;

	ok(glob_run(p, &at, &run), "a first run");
	is_bytes(bytes_of(text, glob_unescape(run, text)), BYTES("ab*c"), "without its escape");
	ok(glob_run(p, &at, &run), "a second run");
	is_bytes(run, BYTES("d"), "d");
	ok(!glob_run(p, &at, &run), "and no more");
}

static void work_is_bounded(void)
{
	static uint8_t text[20000];
	struct bytes t = bytes_of(text, sizeof(text));

	memset(text, 'a', sizeof(text));
	ok(!glob_match(BYTES("*a*a*a*a*a*a*a*a*a*a*a*a*b"), t), "no pattern explodes");
}

int main(void)
{
	same_as_the_definition();
	runs();
	work_is_bounded();
	ok(glob_match(BYTES("*"), BYTES("")) && glob_find(BYTES(""), BYTES("")), "empty texts");
	return done_testing();
}
