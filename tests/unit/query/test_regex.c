/* SPDX-License-Identifier: Apache-2.0 */
/* What a pattern needs, and that needing it never loses a match. */
#include "base/buf.h"
#include "query/need.h"
#include "query/regex.h"
#include "tap.h"
#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>
#include <stdlib.h>

static void show(struct buf *to, const struct need *n)
{
	if (n->kind == NEED_NOTHING) {
		buf_str(to, "-");
	} else if (n->kind == NEED_TEXT) {
		buf_bytes(to, n->text);
	} else {
		buf_str(to, "(");
		for (const struct need *p = n->parts; p; p = p->next) {
			show(to, p);
			if (p->next)
				buf_str(to, n->kind == NEED_ALL ? "&" : "|");
		}
		buf_str(to, ")");
	}
}

static void needs(const char *pattern, const char *want)
{
	struct arena a = { 0 };
	struct buf got = { 0 };

	show(&got, need_of_regex(&a, bytes_str(pattern), false));
	is_bytes(buf_view(&got), bytes_str(want), "/%s/ needs %s", pattern, want);
	buf_done(&got);
	arena_done(&a);
}

static void known(void)
{
	needs("failed", "failed");
	needs("Took [2-9][0-9]\\.[0-9]+ seconds to (build|spawn)",
	      "( seconds to &Took &(build|spawn))");
	needs("abc|def", "(abc|def)");
	needs("abc|d*", "-");
	needs("(abc|def)ghi", "((abc|def)&ghi)");
	needs("ab?c", "-");
	needs("abb?c", "ab");
	needs("ab+c", "ab");
	needs("ab*cd", "cd");
	needs("(abc)?def", "def");
	needs("(abc)+def", "(abc&def)");
	needs("(?:abc){0}def", "def");
	needs("(abc){2,3}", "abc");
	needs("ab{0,3}cd", "cd");
	needs("^abc$", "abc");
	needs("\\bfoo\\.bar\\b", "foo.bar");
	needs("a\\x41\\tb", "aA\tb");
	needs("[a-z]+x[0-9]", "-");
	needs("[]x]yz[^]]", "yz");
	needs("[[:digit:]]abc", "abc");
	needs("[\\]]abc", "abc");
	needs("time: [5-9]\\.", "time: ");
	needs("(?i)abc", "-");
	needs("(?=abc)def", "-");
	needs("(?!abc)def", "-");
	needs("(?<n>abc)def", "-");
	needs("(a)\\1bcd", "-");
	needs("\\Qa.b\\E", "-");
	needs("a{,3}bcd", "-");
	needs("a{b", "-");
	needs("a{1b", "-");
	needs("abc\\Kdef", "-");
	needs("abc\\Ndef", "(abc&def)");
	needs("((((((ab))))))", "ab");
	needs("ab|cd|ef|gh|ij|kl|mn|op|qr", "-");
	needs("abc(de|f)", "abc");
	needs("", "-");
}

static bool has(const struct need *n, struct bytes text)
{
	bool all = true, one = false;

	if (n->kind == NEED_NOTHING)
		return true;
	if (n->kind == NEED_TEXT)
		return (n->nocase ? bytes_ifind(text, n->text) : bytes_find(text, n->text)) !=
		       BYTES_NONE;
	for (const struct need *p = n->parts; p; p = p->next) {
		all &= has(p, text);
		one |= has(p, text);
	}
	return n->kind == NEED_ALL ? all : one;
}

/* PCRE2 alone, to compare with. */
static int plain(struct bytes pattern, uint32_t options, struct bytes text)
{
	int error, n;
	size_t at;
	pcre2_code *code = pcre2_compile(pattern.at, pattern.len, options, &error, &at, NULL);
	pcre2_match_data *data = pcre2_match_data_create(1, NULL);

	n = pcre2_match(code, text.at, text.len, 0, 0, data, NULL);
	pcre2_match_data_free(data);
	pcre2_code_free(code);
	return n >= 0;
}

static struct bytes some_text(uint8_t *to, size_t max)
{
	size_t n = (size_t)rand() % max;

	for (size_t i = 0; i < n; i++)
		to[i] = (uint8_t) "aabbcA. \n"[(size_t)rand() % 9];
	return bytes_of(to, n);
}

/* Random patterns over a small alphabet, random texts: whatever matches has what is needed, and the
 * scan that goes first loses nothing. */
static void nothing_is_lost(void)
{
	static const char *const pieces[] = {
		"a",	   "b",	       "ab",	      "bab",   "(",    ")",	"|",
		"*",	   "+",	       "?",	      "{2}",   "{0}",  "[ab]",	"[^a]",
		".",	   "^",	       "$",	      "\\b",   "\\.",  "(?:",	"\\w",
		"\\s",	   "c",	       "A",	      "\\A",   "\\z",  "\\x61", "(?i)",
		"\\W",	   "{1,2}",    "{0,1}",	      "(?=a)", "(?m)", "\\B",	"\\Z",
		"[^\\w.]", "[a-b\\s]", "[[:upper:]]", "\n",    "\\n",  "[]b]",	"{2,}"
	};
	struct regex_work *w;
	int patterns = 0, matches = 0, lost = 0, wrong = 0, automata = 0, differ = 0;
	struct buf p = { 0 };

	regex_work_new(&w);
	srand(7);
	for (int i = 0; i < 8000; i++) {
		static const char *const flags[] = { "", "i", "m", "s", "im" };
		static const uint32_t options[] = { 0, PCRE2_CASELESS, PCRE2_MULTILINE,
						    PCRE2_DOTALL,
						    PCRE2_CASELESS | PCRE2_MULTILINE };
		size_t f = (size_t)rand() % 5;
		struct regex *r;

		buf_clear(&p);
		for (int k = 1 + rand() % 9; k > 0; k--)
			buf_str(&p, pieces[(size_t)rand() % (sizeof(pieces) / sizeof(pieces[0]))]);
		if (regex_new(&r, buf_view(&p), bytes_str(flags[f]), NULL, NULL) < 0)
			continue;
		patterns++;
		automata += regex_scanner(r, w) != NULL;
		for (int k = 0; k < 12; k++) {
			uint8_t at[12];
			struct bytes text = some_text(at, sizeof(at));
			int found = regex_find(r, w, text, 0, NULL, NULL);

			if (regex_has(r, w, text) != found && !differ++)
				printf("# /%s/ on \"%.*s\" by automaton\n", buf_cstr(&p),
				       (int)text.len, (const char *)text.at);

			matches += found;
			lost += found && !has(regex_need(r), text);
			if (found != plain(buf_view(&p), options[f], text) && !wrong++)
				printf("# /%s/ on \"%.*s\"\n", buf_cstr(&p), (int)text.len,
				       (const char *)text.at);
		}
		regex_free(r);
	}
	ok(patterns > 1000 && matches > 2000, "%d patterns, %d matches", patterns, matches);
	is_int(lost, 0, "every match holds what its pattern needs");
	is_int(wrong, 0, "the answers are those of PCRE2 alone");
	ok(automata > patterns / 2, "%d of them as automata", automata);
	is_int(differ, 0, "which say the same");
	regex_work_free(w);
	buf_done(&p);
}

static void limits(void)
{
	struct regex_work *w;
	struct regex *r;
	struct buf text = { 0 };
	struct why why = { "" };
	size_t at = 0;

	regex_work_new(&w);
	for (int i = 0; i < 5000; i++)
		buf_u8(&text, 'a');
	ok(regex_new(&r, BYTES("(a+a+)+(?=b)"), BYTES(""), NULL, NULL) == 0, "a bad pattern");
	is_int(regex_find(r, w, buf_view(&text), 0, NULL, NULL), -1, "gives up at the limit");
	regex_free(r);
	ok(regex_new(&r, BYTES("ab(c"), BYTES(""), &why, &at) < 0 && at == 4, "where it is wrong");
	ok(regex_new(&r, BYTES("\\d+"), BYTES(""), NULL, NULL) == 0, "no text needed");
	is_int(regex_find(r, w, BYTES("abc 123"), 0, &at, &at), 1, "found");
	is_int(regex_find(r, w, BYTES("abc"), 0, NULL, NULL), 0, "not found");
	regex_free(r);
	ok(regex_new(&r, BYTES("^b.c$"), BYTES("ms"), NULL, NULL) == 0, "flags");
	is_int(regex_find(r, w, BYTES("a\nb\nc\nd"), 0, NULL, NULL), 1,
	       "lines, and . is a newline");
	regex_free(r);
	buf_done(&text);
	regex_work_free(w);
}

int main(void)
{
	known();
	nothing_is_lost();
	limits();
	return done_testing();
}
