/* SPDX-License-Identifier: Apache-2.0 */
/* The samples that stand beside the rules, held against all rules. */
#include "base/text.h"
#include "cmd/command.h"
#include "cmd/rules/rules.h"
#include "detect/samples.h"
#include <stdio.h>
#include <stdlib.h>

struct testing {
	struct rules *rules;
	size_t good, bad, files;
	size_t without_positive, without_negative; /* files that lack one or the other */
	bool *proven; /* by rule */
};

static void others(struct rules *r, const struct sample_result *x)
{
	for (size_t i = 0; i < x->other_n; i++) {
		if (x->other[i].level < LEVEL_HIGH)
			continue;
		buf_printf(&r->out, "\n    it also raises (%s): ", level_name(x->other[i].level));
		text_safe(&r->out, x->other[i].title, NULL);
	}
}

static void say_text(struct testing *t, const struct samples *s, const struct sample *p,
		     const struct sample_result *x)
{
	struct rules *r = t->rules;

	if (x->good && r->quiet)
		return;
	rules_where(r, s->file, p->line);
	buf_str(&r->out, x->good ? "ok" : "FAILED: ");
	text_safe(&r->out, bytes_str(x->good ? "" : x->why.line), NULL);
	if (p->why.len) {
		buf_str(&r->out, " - ");
		text_safe(&r->out, p->why, NULL);
	}
	others(r, x);
	rules_say(r);
}

static void say_json(struct testing *t, const struct samples *s, const struct sample *p,
		     const struct sample_result *x, const struct rule_info *i)
{
	struct buf *to = &t->rules->out;

	buf_str(to, "{\"rule.uuid\":");
	json_string(to, i->id);
	buf_str(to, ",\"rule.name\":");
	json_string(to, i->title);
	buf_printf(to, ",\"sample.match\":%s,\"sample.good\":%s,\"sample.findings\":%llu",
		   p->match ? "true" : "false", x->good ? "true" : "false",
		   (unsigned long long)x->fired);
	buf_str(to, ",\"sample.reason\":");
	json_string(to, bytes_str(x->why.line));
	buf_str(to, ",\"sample.others\":[");
	for (size_t k = 0; k < x->other_n; k++) {
		buf_str(to, k ? ",{\"rule.name\":" : "{\"rule.name\":");
		json_string(to, x->other[k].title);
		buf_printf(to, ",\"rule.level\":\"%s\"}", level_name(x->other[k].level));
	}
	buf_str(to, "],\"vedette.file\":");
	json_string(to, s->file);
	buf_printf(to, ",\"vedette.line\":%u}", p->line);
	rules_say(t->rules);
}

static int run_one(struct testing *t, const struct samples *s, const struct sample *p,
		   struct bytes rule_file)
{
	const struct ruleset *set = t->rules->set;
	size_t rule = sample_rule(set, rule_file, p);
	struct sample_result x = { .good = false };
	int r;

	if (rule == SIZE_MAX) {
		rules_where(t->rules, s->file, p->line);
		buf_str(&t->rules->out, "FAILED: no such rule in ");
		text_safe(&t->rules->out, rule_file, NULL);
		rules_say(t->rules);
		t->bad++;
		return 0;
	}
	r = sample_run(set, rule, p, &x);
	if (r < 0)
		return r;
	*(x.good ? &t->good : &t->bad) += 1;
	if (x.good && p->match)
		t->proven[rule] = true;
	if (t->rules->json)
		say_json(t, s, p, &x, ruleset_rule(set, rule));
	else
		say_text(t, s, p, &x);
	return 0;
}

static int run_file(struct testing *t, struct bytes rule_file)
{
	struct samples *s = NULL;
	struct buf path = { 0 };
	struct why why = { "" };
	bool yes = false, no = false;
	int r;

	samples_path(rule_file, &path);
	r = samples_load(&s, buf_cstr(&path), &why);
	buf_done(&path);
	if (r == -ENOENT)
		return 0;
	t->files++;
	if (r < 0) {
		t->bad++;
		buf_str(&t->rules->out, "FAILED: ");
		text_safe(&t->rules->out, bytes_str(why.line), NULL);
		rules_say(t->rules);
		return 0;
	}
	for (size_t i = 0; r == 0 && i < s->n; i++) {
		yes |= s->at[i].match;
		no |= !s->at[i].match;
		r = run_one(t, s, &s->at[i], rule_file);
	}
	t->without_positive += !yes;
	t->without_negative += !no;
	samples_free(s);
	return r;
}

static void summary(struct testing *t)
{
	size_t n = 0, proven = 0;

	for (size_t i = 0; i < ruleset_n(t->rules->set); i++) {
		const struct rule_info *info = ruleset_rule(t->rules->set, i);

		if (info->kind == RULE_FILTER || info->quiet)
			continue;
		n++;
		proven += t->proven[i];
	}
	fprintf(stderr, "%zu samples good, %zu failed; %zu of %zu rules proven alive", t->good,
		t->bad, proven, n);
	if (t->without_positive + t->without_negative)
		fprintf(stderr,
			"; %zu files without a sample that must match, %zu without one that must "
			"not",
			t->without_positive, t->without_negative);
	fputc('\n', stderr);
}

int rules_test(struct rules *rules)
{
	struct testing t = { .rules = rules };
	size_t n = ruleset_n(rules->set);
	struct bytes last = BYTES("");
	int r = 0;

	t.proven = mem_new(n + 1, sizeof(*t.proven));
	for (size_t i = 0; i < ruleset_refused_n(rules->set); i++) {
		const struct ruleset_refused *x = ruleset_refused(rules->set, i);

		rules_where(rules, x->file, x->line);
		buf_str(&rules->out, "FAILED: refused: ");
		text_safe(&rules->out, x->reason, NULL);
		rules_say(rules);
		t.bad++;
	}
	for (size_t i = 0; r == 0 && i < n; i++) {
		struct bytes file = ruleset_rule(rules->set, i)->file;

		if (!bytes_eq(file, last)) /* the rules of a file stand together */
			r = run_file(&t, file);
		last = file;
	}
	if (r == 0)
		summary(&t);
	free(t.proven);
	if (r < 0)
		return args_bad(rules->args, "%s", strerror(-r));
	if (!t.good && !t.bad)
		return args_bad(rules->args, "no samples stand beside these rules");
	return t.bad ? EXIT_NOT : EXIT_GOOD;
}
