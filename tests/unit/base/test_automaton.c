/* SPDX-License-Identifier: Apache-2.0 */
/* Automata: what they take, what they find, and that a text in pieces is the text. That they say
 * what PCRE2 says is tested beside it, in tests/unit/query/test_regex.c. */
#include "base/automaton.h"
#include "tap.h"
#include <stdlib.h>

static void finds(const char *pattern, const char *flags, struct bytes text, int want)
{
	struct automaton *a;
	struct walker *w;

	if (!automaton_new(&a, bytes_str(pattern), bytes_str(flags))) {
		ok(false, "/%s/ is taken", pattern);
		return;
	}
	w = walker_new(a);
	is_int(walker_find(w, text), want, "/%s/%s", pattern, flags);
	walker_free(w);
	automaton_free(a);
}

static void refused(const char *pattern)
{
	struct automaton *a;

	ok(!automaton_new(&a, bytes_str(pattern), BYTES("")), "/%s/ is left to others", pattern);
}

static void known(void)
{
	finds("[0-9]{3}\\.[0-9]+ s", "", BYTES("Took 120.5 seconds"), 1);
	finds("[0-9]{3}\\.[0-9]+ s", "", BYTES("Took 20.5 seconds"), 0);
	finds("\\d+ms$", "", BYTES("in 5ms"), 1);
	finds("\\d+ms$", "", BYTES("in 5ms\n"), 1);
	finds("\\d+ms$", "", BYTES("in 5ms\n\n"), 0);
	finds("\\d+ms\\z", "", BYTES("in 5ms\n"), 0);
	finds("^b", "", BYTES("a\nb"), 0);
	finds("^b", "m", BYTES("a\nb"), 1);
	finds("^$", "m", BYTES("a\n"), 0);
	finds("a.b", "", BYTES("a\nb"), 0);
	finds("a.b", "s", BYTES("a\nb"), 1);
	finds("FaIl(ed|ing)", "i", BYTES("a failING"), 1);
	finds("[^k]", "i", BYTES("kKkK"), 0);
	finds("\\bcat\\b", "", BYTES("concat cats"), 0);
	finds("\\bcat\\b", "", BYTES("a cat."), 1);
	finds("", "", BYTES(""), 1);
	finds("a{2,3}b", "", BYTES("ab aab"), 1);
	finds("[]x]", "", BYTES("]"), 1);
	finds("x|", "", BYTES("y"), 1);
	finds("\\x00", "", bytes_of("a\0b", 3), 1);
}

static void not_ours(void)
{
	for (const char *const *p =
		     (const char *const[]){ "(?=a)", "(a)\\1", "a++", "(?i)a", "(?>a)", "\\Ka",
					    "a{,3}", "a{b", "\\Qa\\E", "(*ANY)a", "\\p{L}",
					    "a{1000}", NULL };
	     *p; p++)
		refused(*p);
}

static void in_pieces(void)
{
	static const char alphabet[] = "ab1.\n ";
	static const char *const patterns[] = { "a[^b]*1$", "(ab|b1)+\\.", "^a.*b", "\\b1\\b" };
	uint32_t bad = 0, hits = 0;

	srand(5);
	for (int round = 0; round < 20000; round++) {
		static struct automaton *a[4];
		static struct walker *w[4];
		uint8_t text[24];
		size_t n = (size_t)rand() % sizeof(text), cut = (size_t)rand() % (n + 1);
		uint32_t s;
		int k = round % 4;

		if (!w[k]) {
			automaton_new(&a[k], bytes_str(patterns[k]), BYTES(""));
			w[k] = walker_new(a[k]);
		}
		for (size_t i = 0; i < n; i++)
			text[i] = (uint8_t)alphabet[(size_t)rand() % 6];
		if (n && cut == n)
			cut--; /* the last byte belongs to the end */
		s = walker_step(w[k], STATE_START, bytes_of(text, cut));
		s = walker_end(w[k], s, bytes_of(text + cut, n - cut));
		hits += s == STATE_FOUND;
		bad += (s == STATE_FOUND) != (walker_find(w[k], bytes_of(text, n)) == 1);
		if (round >= 19996) {
			w[k] = walker_free(w[k]);
			a[k] = automaton_free(a[k]);
		}
	}
	is_int(bad, 0, "texts in two pieces are the texts");
	ok(hits > 1000, "%u of them found", hits);
}

/* One that has more states than a walker keeps: it says so, and nothing wrong. */
static void too_many_states(void)
{
	struct automaton *a;
	struct walker *w;
	uint8_t text[4000];
	int lost = 0, wrong = 0;

	ok(automaton_new(&a, BYTES("a[ab]{14}c"), BYTES("")), "2^14 states");
	w = walker_new(a);
	is_int(walker_find(w, BYTES("abababababababac")), 1, "it begins well");
	srand(3);
	for (int round = 0; round < 20; round++) {
		int found;

		for (size_t i = 0; i < sizeof(text); i++)
			text[i] = (uint8_t) "ab"[rand() % 2];
		found = walker_find(w, bytes_of(text, sizeof(text)));
		lost += found < 0;
		wrong += found > 0;
	}
	ok(lost > 0 && !wrong, "lost in %d of 20 texts, wrong in none", lost);
	is_int(walker_find(w, BYTES("abababababababac")), 1, "what it knows already it still says");
	walker_free(w);
	automaton_free(a);
}

int main(void)
{
	known();
	not_ours();
	in_pieces();
	too_many_states();
	return done_testing();
}
