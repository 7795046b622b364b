/* SPDX-License-Identifier: Apache-2.0 */
#include "base/text.h"
#include "cmd/command.h"
#include "cmd/rules/rules.h"
#include <stdio.h>

static void string(struct buf *to, const char *name, struct bytes v)
{
	buf_printf(to, "%s\"%s\":", to->len > 1 ? "," : "", name);
	json_string(to, v);
}

static void list_json(struct rules *r, const struct rule_info *i)
{
	struct buf *to = &r->out;

	buf_u8(to, '{');
	string(to, "rule.uuid", i->id);
	string(to, "rule.name", i->title);
	string(to, "rule.level", bytes_str(level_name(i->level)));
	string(to, "rule.kind", bytes_str(rules_kind(i)));
	string(to, "rule.description", i->description);
	string(to, "rule.author", i->author);
	string(to, "rule.status", i->status);
	string(to, "sigma.name", i->name);
	string(to, "sigma.logsource", i->logsource);
	buf_str(to, ",\"tags\":[");
	for (size_t k = 0; k < i->tags_n; k++) {
		buf_str(to, k ? "," : "");
		json_string(to, i->tags[k]);
	}
	buf_printf(to, "],\"vedette.quiet\":%s", i->quiet ? "true" : "false");
	if (i->never.len)
		string(to, "vedette.never", i->never);
	string(to, "vedette.file", i->file);
	buf_printf(to, ",\"vedette.line\":%u}", i->line);
	rules_say(r);
}

/* Why it is there when it raises nothing by itself. */
static const char *note(const struct rule_info *i)
{
	if (i->never.len)
		return "  never matches here";
	return i->quiet ? "  for a correlation" : "";
}

static void list_text(struct rules *r, const struct rule_info *i)
{
	struct buf source = { 0 };

	text_safe(&source, i->logsource, NULL);
	buf_printf(&r->out, "%-13s  %-11s  %-30s  ",
		   i->kind == RULE_FILTER ? "" : level_name(i->level), rules_kind(i),
		   i->kind == RULE_CORRELATION ? "" : buf_cstr(&source));
	text_safe(&r->out, i->title, NULL);
	buf_str(&r->out, note(i));
	rules_say(r);
	buf_done(&source);
}

int rules_list(struct rules *r)
{
	for (size_t i = 0; i < ruleset_n(r->set); i++) {
		if (r->json)
			list_json(r, ruleset_rule(r->set, i));
		else
			list_text(r, ruleset_rule(r->set, i));
	}
	return ruleset_n(r->set) ? EXIT_GOOD : EXIT_NOT;
}

static bool is_wanted(const struct rule_info *i, struct bytes wanted)
{
	return bytes_ieq(i->id, wanted) || bytes_eq(i->name, wanted) ||
	       bytes_ieq(i->title, wanted) || bytes_eq(i->file, wanted);
}

int rules_explain(struct rules *r)
{
	size_t found = 0;

	for (size_t i = 0; i < ruleset_n(r->set); i++) {
		if (!is_wanted(ruleset_rule(r->set, i), bytes_str(r->wanted)))
			continue;
		if (found++)
			buf_u8(&r->out, '\n');
		ruleset_explain(r->set, i, &r->out);
		fwrite(r->out.at, 1, r->out.len, stdout);
		buf_clear(&r->out);
	}
	if (!found)
		args_bad(r->args, "no rule that runs has this id, name, title or file: %s",
			 r->wanted);
	return found ? EXIT_GOOD : EXIT_NOT;
}
