/* SPDX-License-Identifier: Apache-2.0 */
/* What values, wildcards and modifiers mean (Sigma rules specification 2.1, modifiers appendix). */
#include "sigma_kit.h"

/* `match` are the events that must match, `not` those that must not, each parted by newlines. */
static const struct kase {
	const char *what, *item, *match, *not ;
} kases[] = {
	{ "case does not matter", "User: ROOT", "{\"User\":\"root\"}\n{\"User\":\"Root\"}",
	  "{\"User\":\"rooty\"}\n{\"Other\":\"root\"}" },
	{ "nor does it beyond ASCII", "User: \"ÄNDERUNG ПРИВЕТ\"", "{\"User\":\"änderung привет\"}",
	  "{\"User\":\"anderung привет\"}" },
	{ "one of a list", "User: [a, b]", "{\"User\":\"a\"}\n{\"User\":\"b\"}",
	  "{\"User\":\"c\"}" },
	{ "a star is anything", "P: 'a*z'", "{\"P\":\"az\"}\n{\"P\":\"a\\nz\"}",
	  "{\"P\":\"azb\"}" },
	{ "a question mark is one character", "P: 'a?c'", "{\"P\":\"abc\"}\n{\"P\":\"aéc\"}",
	  "{\"P\":\"ac\"}\n{\"P\":\"abbc\"}" },
	{ "an escaped star is a star", "P: 'a\\*c'", "{\"P\":\"a*c\"}", "{\"P\":\"abc\"}" },
	{ "an escaped question mark is one", "P: 'a\\?c'", "{\"P\":\"a?c\"}", "{\"P\":\"abc\"}" },
	{ "a backslash is a backslash", "P: 'a\\c'", "{\"P\":\"a\\\\c\"}", "{\"P\":\"ac\"}" },
	{ "two are one", "P: 'a\\\\c'", "{\"P\":\"a\\\\c\"}", "{\"P\":\"a\\\\\\\\c\"}" },
	{ "four are two", "P: 'a\\\\\\\\c'", "{\"P\":\"a\\\\\\\\c\"}", "{\"P\":\"a\\\\c\"}" },
	{ "two before a star are one, and a wildcard", "P: 'a\\\\*'",
	  "{\"P\":\"a\\\\xyz\"}\n{\"P\":\"a\\\\\"}", "{\"P\":\"a*\"}\n{\"P\":\"ab\"}" },
	{ "three before a star are a backslash and a star", "P: 'a\\\\\\*'", "{\"P\":\"a\\\\*\"}",
	  "{\"P\":\"a\\\\x\"}" },
	{ "a number", "N: 5", "{\"N\":5}\n{\"N\":\"5\"}\n{\"N\":5.0}",
	  "{\"N\":55}\n{\"N\":\"five\"}" },
	{ "large numbers do not blur", "N: 9007199254740993", "{\"N\":9007199254740993}",
	  "{\"N\":9007199254740992}" },
	{ "true", "B: true", "{\"B\":true}\n{\"B\":\"True\"}", "{\"B\":false}\n{}" },
	{ "null: not there, or null", "F: null", "{}\n{\"F\":null}",
	  "{\"F\":\"\"}\n{\"F\":\"x\"}" },
	{ "an empty text", "F: ''", "{\"F\":\"\"}", "{\"F\":\"x\"}\n{}" },
	{ "each of an array", "F: b", "{\"F\":[\"a\",\"b\"]}", "{\"F\":[\"a\",\"c\"]}" },
	{ "a path", "a.b: 1", "{\"a\":{\"b\":1}}\n{\"a.b\":1}", "{\"a\":1,\"b\":1}" },
	{ "contains", "F|contains: bc", "{\"F\":\"abcd\"}\n{\"F\":\"bc\"}", "{\"F\":\"b c\"}" },
	{ "contains with a wildcard inside", "F|contains: 'b*d'", "{\"F\":\"abcde\"}",
	  "{\"F\":\"dcb\"}" },
	{ "startswith", "F|startswith: ab", "{\"F\":\"abc\"}", "{\"F\":\"cab\"}" },
	{ "endswith", "F|endswith: ab", "{\"F\":\"cab\"}", "{\"F\":\"abc\"}" },
	{ "endswith and ?", "F|endswith: 'a?'", "{\"F\":\"cab\"}\n{\"F\":\"xaé\"}",
	  "{\"F\":\"abc\"}" },
	{ "all", "F|contains|all: [a, b]", "{\"F\":\"b a\"}", "{\"F\":\"a\"}\n{\"F\":\"b\"}" },
	{ "cased", "F|cased: Ab", "{\"F\":\"Ab\"}", "{\"F\":\"ab\"}" },
	{ "cased contains", "F|contains|cased: Ab", "{\"F\":\"xAby\"}", "{\"F\":\"xaby\"}" },
	{ "neq", "F|neq: a", "{\"F\":\"b\"}\n{}", "{\"F\":\"A\"}" },
	{ "neq of several", "F|neq: [a, b]", "{\"F\":\"c\"}", "{\"F\":\"b\"}" },
	{ "exists", "F|exists: true", "{\"F\":1}\n{\"F\":null}\n{\"F\":\"\"}", "{\"G\":1}" },
	{ "exists not", "F|exists: false", "{\"G\":1}", "{\"F\":1}" },
	{ "lt", "N|lt: 5", "{\"N\":4.9}\n{\"N\":\"-3\"}", "{\"N\":5}\n{\"N\":\"x\"}\n{}" },
	{ "lte", "N|lte: 5", "{\"N\":5}", "{\"N\":5.1}" },
	{ "gt", "N|gt: 5", "{\"N\":6}\n{\"N\":\"1e3\"}", "{\"N\":5}" },
	{ "gte", "N|gte: 5", "{\"N\":5}", "{\"N\":4}" },
	{ "re looks anywhere, and at the case", "F|re: 'b.d'", "{\"F\":\"abcde\"}",
	  "{\"F\":\"aBcDe\"}" },
	{ "re ties to the ends", "F|re: '^b.d$'", "{\"F\":\"bcd\"}", "{\"F\":\"abcd\"}" },
	{ "re, i", "F|re|i: 'b.d'", "{\"F\":\"aBcDe\"}", "{\"F\":\"bd\"}" },
	{ "re, m", "F|re|m: '^b$'", "{\"F\":\"a\\nb\\nc\"}", "{\"F\":\"abc\"}" },
	{ "re, not m", "F|re: '^b$'", "{\"F\":\"b\"}", "{\"F\":\"a\\nb\\nc\"}" },
	{ "re, s", "F|re|s: 'a.b'", "{\"F\":\"a\\nb\"}", "{\"F\":\"ab\"}" },
	{ "re, not s", "F|re: 'a.b'", "{\"F\":\"axb\"}", "{\"F\":\"a\\nb\"}" },
	{ "re with a reference back", "F|re: '(\\w+) \\1'", "{\"F\":\"so so\"}",
	  "{\"F\":\"so no\"}" },
	{ "re and a backslash", "F|re: '\\\\\\*'", "{\"F\":\"a\\\\*\"}", "{\"F\":\"a*\"}" },
	{ "cidr", "A|cidr: 10.1.0.0/16", "{\"A\":\"10.1.255.1\"}",
	  "{\"A\":\"10.2.0.1\"}\n{\"A\":\"x\"}" },
	{ "cidr of IPv6", "A|cidr: 'fe80::/10'", "{\"A\":\"fe80::1\"}\n{\"A\":\"FEBF:0:0::2\"}",
	  "{\"A\":\"fec0::1\"}\n{\"A\":\"10.0.0.1\"}" },
	{ "all of IPv6", "A|cidr: '::/0'", "{\"A\":\"::1\"}", "{\"A\":\"127.0.0.1\"}" },
	{ "base64", "F|base64: foo bar", "{\"F\":\"Zm9vIGJhcg==\"}", "{\"F\":\"foo bar\"}" },
	{ "base64offset", "F|base64offset|contains: foobar",
	  "{\"F\":\"Zm9vYmFy\"}\n{\"F\":\"IGZvb2Jhcg==\"}\n{\"F\":\"ICBmb29iYXI=\"}",
	  "{\"F\":\"foobar\"}" },
	{ "all of base64offset is about the values",
	  "F|base64offset|contains|all: [foobar, quuxes]", "{\"F\":\"Zm9vYmFyIHF1dXhlcw==\"}",
	  "{\"F\":\"Zm9vYmFy\"}" },
	{ "wide, base64offset", "F|wide|base64offset|contains: 'whoami'",
	  "{\"F\":\"dwBoAG8AYQBtAGkA\"}", "{\"F\":\"d2hvYW1p\"}" },
	{ "utf16le", "F|utf16le: cm", "{\"F\":\"c\\u0000m\\u0000\"}", "{\"F\":\"cm\"}" },
	{ "utf16be", "F|utf16be: cm", "{\"F\":\"\\u0000c\\u0000m\"}",
	  "{\"F\":\"c\\u0000m\\u0000\"}" },
	{ "utf16 has a mark", "F|utf16|base64: cm", "{\"F\":\"//5jAG0A\"}",
	  "{\"F\":\"YwBtAA==\"}" },
	{ "windash", "F|windash|contains: ' -f'",
	  "{\"F\":\"x /f\"}\n{\"F\":\"x -f\"}\n{\"F\":\"x –f\"}\n{\"F\":\"x —f\"}\n{\"F\":\"x "
	  "―f\"}",
	  "{\"F\":\"x f\"}\n{\"F\":\"x +f\"}" },
	{ "windash in every mix", "F|windash|contains: ' -f -g'",
	  "{\"F\":\"x /f -g\"}\n{\"F\":\"x -f /g\"}", "{\"F\":\"x /f +g\"}" },
	{ "windash leaves dashes within words", "F|windash|contains: ' -a-b'", "{\"F\":\" /a-b\"}",
	  "{\"F\":\" -a/b\"}" },
	{ "all of windash is about the values", "F|windash|contains|all: [' -f', ' -g']",
	  "{\"F\":\"x -f /g\"}", "{\"F\":\"x -f\"}" },
	{ "fieldref", "F|fieldref: G", "{\"F\":\"a\",\"G\":\"A\"}",
	  "{\"F\":\"a\",\"G\":\"b\"}\n{\"F\":\"a\"}" },
	{ "fieldref, startswith", "F|fieldref|startswith: G", "{\"F\":\"abc\",\"G\":\"ab\"}",
	  "{\"F\":\"cab\",\"G\":\"ab\"}" },
	{ "fieldref, endswith", "F|fieldref|endswith: G", "{\"F\":\"cab\",\"G\":\"ab\"}",
	  "{\"F\":\"abc\",\"G\":\"ab\"}" },
	{ "fieldref, contains", "F|fieldref|contains: G", "{\"F\":\"cabc\",\"G\":\"ab\"}",
	  "{\"F\":\"acb\",\"G\":\"ab\"}" },
	{ "fieldref, neq", "F|fieldref|neq: G", "{\"F\":\"a\",\"G\":\"b\"}",
	  "{\"F\":\"a\",\"G\":\"a\"}" },
	{ "hour", "T|hour: 23", "{\"T\":\"2026-11-26T23:10:00Z\"}",
	  "{\"T\":\"2026-11-26T22:10:00Z\"}" },
	{ "hour at least", "T|hour|gte: 22", "{\"T\":\"2026-11-26T23:10:00Z\"}",
	  "{\"T\":\"2026-11-26T21:10:00Z\"}\n{\"T\":\"night\"}" },
	{ "minute", "T|minute: 10", "{\"T\":\"2026-11-26T23:10:00Z\"}",
	  "{\"T\":\"2026-11-26T23:11:00Z\"}" },
	{ "day", "T|day: 26", "{\"T\":\"2026-11-26T23:10:00Z\"}",
	  "{\"T\":\"2026-11-25T23:10:00Z\"}" },
	{ "week", "T|week: 48", "{\"T\":\"2026-11-26T23:10:00Z\"}",
	  "{\"T\":\"2026-11-19T23:10:00Z\"}" },
	{ "month", "T|month: 11", "{\"T\":\"2026-11-26T23:10:00Z\"}",
	  "{\"T\":\"2026-10-26T23:10:00Z\"}" },
	{ "year", "T|year: 2026", "{\"T\":\"2026-11-26T23:10:00Z\"}",
	  "{\"T\":\"2025-11-26T23:10:00Z\"}" },
};

static bool all_of(const struct kase *k, const char *events, int want)
{
	struct buf rule = { 0 };
	bool good = true;

	buf_printf(&rule, "    sel:\n        %s\n    condition: sel", k->item);
	for (const char *at = events; *at;) {
		char event[400];
		size_t n = strcspn(at, "\n");
		int got;

		snprintf(event, sizeof(event), "%.*s", (int)n, at);
		got = verdict(buf_cstr(&rule), event);
		if (got != want)
			printf("# %s: %d, not %d, for %s\n", k->item, got, want, event);
		good &= got == want;
		at += n + (at[n] == '\n');
	}
	buf_done(&rule);
	return good;
}

static const struct {
	const char *item, *says;
} refused[] = {
	{ "F|foobar: x", "unknown modifier \"foobar\"" },
	{ "F|contains|re: x", "re: must be the first" },
	{ "F|contains|cidr: 10.0.0.0/8", "cidr: must be the first" },
	{ "F|re: '(a'", "regular expression is wrong" },
	{ "F|cidr: 10.1.2.3/8", "bits set behind" },
	{ "F|cidr: 10.0.0.0/33", "no length" },
	{ "F|cidr: hello", "must be a network" },
	{ "F|base64: 'a*'", "without wildcards" },
	{ "F|lt: many", "must be a number" },
	{ "F|exists: 1", "true or false" },
	{ "F|i: x", "after re only" },
	{ "F|expand: '%nobody%'", "placeholder %nobody% has no values" },
	{ "F|fieldref: 'a*'", "no wildcards" },
	{ "F: {a: b}", "a value must be" },
	{ "F: [[a]]", "a value must be" },
};

static void test_refused(void)
{
	struct buf why = { 0 }, rule = { 0 };

	for (size_t i = 0; i < sizeof(refused) / sizeof(*refused); i++) {
		buf_clear(&rule);
		buf_printf(&rule, "    sel:\n        %s\n    condition: sel", refused[i].item);
		reason(buf_cstr(&rule), &why);
		if (!ok(bytes_find(buf_view(&why), bytes_str(refused[i].says)) != BYTES_NONE &&
				bytes_find(buf_view(&why), BYTES("F: ")) != BYTES_NONE,
			"%s is refused, with field and reason", refused[i].item))
			printf("# %s\n", buf_cstr(&why));
	}
	buf_done(&why);
	buf_done(&rule);
}

int main(void)
{
	for (size_t i = 0; i < sizeof(kases) / sizeof(*kases); i++) {
		bool good = all_of(&kases[i], kases[i].match, 1);

		good &= all_of(&kases[i], kases[i].not, 0);
		ok(good, "%s", kases[i].what);
	}
	test_refused();
	return done_testing();
}
