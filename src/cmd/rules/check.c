/* SPDX-License-Identifier: Apache-2.0 */
/* What cannot run, and what runs but should be looked at. */
#include "base/hash.h"
#include "base/text.h"
#include "cmd/command.h"
#include "cmd/rules/rules.h"
#include "detect/samples.h"
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

struct check {
	struct rules *rules;
	size_t warnings;
	bool samples; /* somebody keeps samples here: then those without are told */
};

static void warn(struct check *c, const struct rule_info *i, const char *what, struct bytes more)
{
	struct rules *r = c->rules;

	c->warnings++;
	if (r->quiet)
		return;
	rules_where(r, i->file, i->line);
	buf_printf(&r->out, "warning: %s", what);
	text_safe(&r->out, more, NULL);
	rules_say(r);
}

static bool has_samples(const struct rule_info *i)
{
	struct buf path = { 0 };
	bool there;

	samples_path(i->file, &path);
	there = access(buf_cstr(&path), F_OK) == 0;
	buf_done(&path);
	return there;
}

static bool is_attack(const struct rule_info *i)
{
	for (size_t k = 0; k < i->tags_n; k++)
		if (bytes_starts(i->tags[k], BYTES("attack.")))
			return true;
	return false;
}

static void lint(struct check *c, const struct rule_info *i)
{
	if (i->never.len)
		warn(c, i, "never matches here: ", i->never);
	if (!i->id.len)
		warn(c, i, "id: is missing", BYTES(""));
	if (i->kind == RULE_FILTER || i->quiet)
		return;
	if (!i->levelled)
		warn(c, i, "level: is missing (medium is taken)", BYTES(""));
	if (!is_attack(i))
		warn(c, i, "tags: none of ATT&CK (attack.…)", BYTES(""));
	if (!i->description.len)
		warn(c, i, "description: is missing", BYTES(""));
	if (c->samples && !has_samples(i))
		warn(c, i, "no samples stand beside it", BYTES(""));
}

/* By hash of the id: who has the same as one before is told. */
static void find_twins(struct check *c)
{
	const struct ruleset *set = c->rules->set;
	size_t n = ruleset_n(set), room = 16;
	size_t *table;

	while (room < 2 * n)
		room *= 2;
	table = mem_new(room, sizeof(*table));
	for (size_t i = 0; i < n; i++) {
		const struct rule_info *r = ruleset_rule(set, i);
		size_t at = hash_keyed(r->id) & (room - 1);

		if (!r->id.len)
			continue;
		while (table[at] && !bytes_eq(ruleset_rule(set, table[at] - 1)->id, r->id))
			at = (at + 1) & (room - 1);
		if (table[at])
			warn(c, r, "id: is also that of ", ruleset_rule(set, table[at] - 1)->file);
		else
			table[at] = i + 1;
	}
	free(table);
}

int rules_check(struct rules *r)
{
	struct check c = { .rules = r };
	size_t refused = ruleset_refused_n(r->set), never = 0;

	for (size_t i = 0; i < refused; i++) {
		const struct ruleset_refused *x = ruleset_refused(r->set, i);

		rules_where(r, x->file, x->line);
		buf_str(&r->out, "refused: ");
		text_safe(&r->out, x->reason, NULL);
		rules_say(r);
	}
	for (size_t i = 0; i < ruleset_n(r->set) && !c.samples; i++)
		c.samples = has_samples(ruleset_rule(r->set, i));
	for (size_t i = 0; i < ruleset_n(r->set); i++) {
		never += ruleset_rule(r->set, i)->never.len != 0;
		lint(&c, ruleset_rule(r->set, i));
	}
	find_twins(&c);
	buf_printf(&r->out, "%zu rules run, %zu never match here, %zu refused, %zu warnings",
		   ruleset_n(r->set) - never, never, refused, c.warnings);
	rules_say(r);
	return refused ? EXIT_NOT : EXIT_GOOD;
}
