/* SPDX-License-Identifier: Apache-2.0 */
/* Detections and conditions: what is joined how, and what is refused with which words. */
#include "sigma_kit.h"

#define SELECTIONS                                                                                 \
	"    sel_a:\n        A: 1\n    sel_b:\n        B: 1\n    other:\n        C: 1\n"           \
	"    _hidden:\n        D: 1\n"

/* The letters of the fields that are 1. */
static void event_of(const char *letters, char ret[static 200])
{
	size_t n = 0;

	n += (size_t)snprintf(ret, 200, "{\"X\":0");
	for (; *letters; letters++)
		n += (size_t)snprintf(ret + n, 200 - n, ",\"%c\":1", *letters);
	snprintf(ret + n, 200 - n, "}");
}

static const struct {
	const char *condition, *match[4], *not [4];
} conditions[] = {
	{ "sel_a", { "A", "AB" }, { "", "B" } },
	{ "sel_a and sel_b", { "AB" }, { "A", "B" } },
	{ "sel_a or sel_b", { "A", "B" }, { "C" } },
	{ "not sel_a", { "", "B" }, { "A" } },
	{ "not not sel_a", { "A" }, { "" } },
	{ "sel_a or sel_b and other", { "A", "BC" }, { "B", "C" } },
	{ "(sel_a or sel_b) and other", { "AC", "BC" }, { "A", "C" } },
	{ "not sel_a and sel_b", { "B" }, { "AB", "" } },
	{ "not (sel_a or sel_b)", { "", "C" }, { "A", "B" } },
	{ "1 of sel_*", { "A", "B" }, { "C", "D" } },
	{ "any of sel_*", { "A", "B" }, { "C" } },
	{ "all of sel_*", { "AB" }, { "A", "B" } },
	{ "1 of *_a", { "A" }, { "B" } },
	{ "1 of them", { "A", "B", "C" }, { "D", "" } },
	{ "all of them", { "ABC" }, { "AB", "D" } },
	{ "1 of _*", { "D" }, { "A" } },
	{ "other and not 1 of sel_*", { "C" }, { "AC", "BC" } },
	{ "_hidden", { "D" }, { "A" } },
};

static void test_conditions(void)
{
	for (size_t i = 0; i < sizeof(conditions) / sizeof(*conditions); i++) {
		char rule[600], event[200];
		bool good = true;

		snprintf(rule, sizeof(rule), SELECTIONS "    condition: %s",
			 conditions[i].condition);
		for (size_t k = 0; k < 4; k++) {
			if (conditions[i].match[k]) {
				event_of(conditions[i].match[k], event);
				good &= verdict(rule, event) == 1;
			}
			if (conditions[i].not [k]) {
				event_of(conditions[i].not [k], event);
				good &= verdict(rule, event) == 0;
			}
		}
		ok(good, "%s", conditions[i].condition);
	}
}

static const struct {
	const char *condition, *says;
} refused[] = {
	{ "sel_a | count() > 5", "no part of Sigma 2" },
	{ "nobody", "there is no detection \"nobody\"" },
	{ "all of nobody*", "there is no detection \"nobody*\"" },
	{ "2 of sel_*", "expected 1, any or all" },
	{ "sel_a and", "something is missing" },
	{ "(sel_a", "expected )" },
	{ "sel_a)", "expected and, or" },
	{ "sel_a sel_b", "expected and, or" },
	{ "''", "something is missing" },
};

static void test_refused(void)
{
	struct buf why = { 0 };
	char rule[600];

	for (size_t i = 0; i < sizeof(refused) / sizeof(*refused); i++) {
		snprintf(rule, sizeof(rule), SELECTIONS "    condition: %s", refused[i].condition);
		reason(rule, &why);
		if (!ok(bytes_find(buf_view(&why), bytes_str(refused[i].says)) != BYTES_NONE &&
				bytes_find(buf_view(&why), BYTES("condition")) != BYTES_NONE,
			"%s is refused, with the reason", refused[i].condition))
			printf("# %s\n", buf_cstr(&why));
	}
	buf_done(&why);
}

static void test_detections(void)
{
	const char *list = "    sel:\n        - A: 1\n          B: 1\n        - C: 1\n"
			   "    condition: sel",
		   *words = "    words:\n        - 'event::clear'\n        - needle\n"
			    "    condition: words",
		   *both = "    words:\n        '|all':\n            - alpha\n            - beta\n"
			   "    condition: words",
		   *mixed = "    sel:\n        - needle\n        - A: 1\n    condition: sel",
		   *several = "    sel:\n        A: 1\n    word: x?z\n    condition:\n"
			      "        - sel\n        - word";

	ok(verdict(list, "{\"A\":1,\"B\":1}") == 1 && verdict(list, "{\"C\":1}") == 1 &&
		   verdict(list, "{\"A\":1}") == 0,
	   "a list of maps: all of one of them");
	ok(verdict(words, "{\"X\":\"an Event::Clear b\"}") == 1 &&
		   verdict(words, "{\"Y\":{\"Z\":\"haystack needle\"}}") == 1 &&
		   verdict(words, "{\"needle\":\"x\"}") == 0,
	   "keywords: one of them anywhere in a value");
	ok(verdict(both, "{\"X\":\"beta\",\"Y\":\"alpha\"}") == 1 &&
		   verdict(both, "{\"X\":\"beta\"}") == 0,
	   "'|all': all of the keywords");
	ok(verdict(mixed, "{\"X\":\"needle\"}") == 1 && verdict(mixed, "{\"A\":1}") == 1 &&
		   verdict(mixed, "{\"A\":2}") == 0,
	   "keywords and maps in one list");
	ok(verdict(several, "{\"A\":1}") == 1 && verdict(several, "{\"F\":\"axyzb\"}") == 1 &&
		   verdict(several, "{\"A\":2}") == 0,
	   "several conditions: one of them");
}

static const struct {
	const char *text, *says;
} documents[] = {
	{ "id: 1\ntitle: x\n", "id: must be text" },
	{ "logsource: {category: any}\ndetection: {s: {A: 1}, condition: s}\n",
	  "title: is missing" },
	{ "title: 5\nlogsource: {category: any}\ndetection: {s: {A: 1}, condition: s}\n",
	  "title: must be text" },
	{ "title: x\nid: not-a-uuid\nlogsource: {category: any}\n", "id: must be a UUID" },
	{ "title: x\nlevel: loud\n", "level: must be" },
	{ "title: x\nstatus: [test]\n", "status: must be text" },
	{ "title: x\nstatus: fresh\n", "status: must be" },
	{ "title: x\ndate: 2026-13-01\n", "date: must be a date" },
	{ "title: x\ndate: 2026-1-1\n", "date: must be a date" },
	{ "title: x\nmodified: yesterday\n", "modified: must be a date" },
	{ "title: x\ntags: attack.t1\n", "tags: must be a list" },
	{ "title: x\ntags: [attack]\n", "tags: must be of the form" },
	{ "title: x\nreferences: here\n", "references: must be a list" },
	{ "title: x\nfalsepositives: none\n", "falsepositives: must be a list" },
	{ "title: x\nfields: a\n", "fields: must be a list" },
	{ "title: x\nauthor: [a]\n", "author: must be text" },
	{ "title: x\nname: ''\n", "name: must not be empty" },
	{ "title: x\nrelated: [{id: x, type: derived}]\n", "related: id must be a UUID" },
	{ "title: x\ndetection: {s: {A: 1}, condition: s}\n", "logsource: is missing" },
	{ "title: x\nlogsource: {}\ndetection: {s: {A: 1}, condition: s}\n",
	  "logsource: must name" },
	{ "title: x\nlogsource: {product: [a]}\n", "logsource: product" },
	{ "title: x\nlogsource: {category: any}\n", "detection: is missing" },
	{ "title: x\nlogsource: {category: any}\ndetection: [a]\n",
	  "detection: must be a mapping" },
	{ "title: x\nlogsource: {category: any}\ndetection: {s: {A: 1}}\n",
	  "condition is missing" },
	{ "title: x\nlogsource: {category: any}\ndetection: {s: {}, condition: s}\n", "is empty" },
	{ "title: x\ntitle: y\n", "title" }, /* twice */
	{ "title: [x\n", "" },
	{ "action: global\ntitle: x\n", "action" },
	{ "just text\n", "must be a mapping" },
};

static void test_documents(void)
{
	for (size_t i = 0; i < sizeof(documents) / sizeof(*documents); i++) {
		struct ruleset *s = NULL;
		struct why why = { "" };
		bool good = load_text(&s, bytes_str(documents[i].text), true, &why) == 0 &&
			    ruleset_n(s) == 0 && ruleset_refused_n(s) == 1;
		struct bytes said = good ? ruleset_refused(s, 0)->reason : BYTES("");

		if (!ok(good && said.len &&
				bytes_find(said, bytes_str(documents[i].says)) != BYTES_NONE,
			"refused: %s", documents[i].says))
			printf("# %.*s\n", (int)said.len, said.at);
		ruleset_free(s);
	}
}

/* A bad document takes nobody with it. */
static void test_alone(void)
{
	const char *text = "title: bad\nlevel: loud\n---\ntitle: good\nlogsource: {category: any}\n"
			   "detection: {s: {A: 1}, condition: s}\n---\n---\ntitle: bad too\n";
	struct ruleset *s = NULL;
	struct why why = { "" };

	if (!ok(load_text(&s, bytes_str(text), true, &why) == 0, "several documents load"))
		return;
	is_int(ruleset_n(s), 1, "the good one runs");
	is_int(ruleset_refused_n(s), 2, "two are refused");
	is_int(ruleset_refused(s, 0)->line, 2, "the first at its line");
	is_bytes(ruleset_refused(s, 1)->title, BYTES("bad too"), "the second by its title");
	ruleset_free(s);
}

/* `1 of filter_optional_*` without any is common, and false; a rule that is nothing else is told.
 */
static void test_none(void)
{
	const char *some = SELECTIONS "    condition: sel_a and not 1 of nobody_*",
		   *text = "title: x\nlogsource: {category: any}\n"
			   "detection: {s: {A: 1}, condition: 1 of nobody_*}\n";
	struct ruleset *s = NULL;
	struct why why = { "" };

	is_int(verdict(some, "{\"A\":1}"), 1, "one of no detections is false");
	if (ok(load_text(&s, bytes_str(text), true, &why) == 0 && ruleset_n(s) == 1,
	       "a rule of nothing else loads"))
		is_bytes(ruleset_rule(s, 0)->never, BYTES("its condition is never true"),
			 "and says that it never matches");
	ruleset_free(s);
}

static void test_explained(void)
{
	const char *rule =
		"title: Tampering\nlevel: high\nlogsource: {product: linux, service: sshd}\n"
		"detection:\n    sel:\n        user.name|startswith: [ro, ad]\n"
		"        source.ip|cidr: 10.0.0.0/8\n    quiet:\n        message|re: 'a+b'\n"
		"    condition: sel and not quiet\n";
	struct ruleset *s = NULL;
	struct why why = { "" };
	struct buf b = { 0 };

	if (load_text(&s, bytes_str(rule), false, &why) == 0 && ruleset_n(s) == 1)
		ruleset_explain(s, 0, &b);
	is_bytes(buf_view(&b),
		 BYTES("rule        Tampering\n"
		       "level       high\n"
		       "file        rule.yml\n"
		       "logsource   linux/-/sshd\n"
		       "looks for\n"
		       "  all of\n"
		       "    all of\n"
		       "      user.name begins with \"ro\" or begins with \"ad\"\n"
		       "      source.ip is in 10.0.0.0/8\n"
		       "    not: message matches /a+b/\n"),
		 "a rule in words");
	buf_done(&b);
	ruleset_free(s);
}

int main(void)
{
	test_conditions();
	test_refused();
	test_detections();
	test_documents();
	test_alone();
	test_none();
	test_explained();
	return done_testing();
}
