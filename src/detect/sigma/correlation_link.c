/* SPDX-License-Identifier: Apache-2.0 */
/* Correlations find the rules they refer to. One that refers to what is not here is kept and marked
 * `never`: its file is good, and what it needs may lie in a folder that was not given. */
#include "detect/sigma/correlate.h"
#include "detect/sigma/correlation_keep.h"
#include "detect/sigma/correlation_rule.h"
#include <stdlib.h>

#define NEST_MAX 32u

static struct correlation_rule *correlation_of(const struct rule *r)
{
	return r->info.kind == RULE_CORRELATION ? r->extra : NULL;
}

/* Those that cannot be read leave the set: before anything refers to a rule by its place in it. */
static void read_all(struct ruleset *s)
{
	size_t to = 0;

	for (size_t i = 0; i < s->n; i++) {
		struct rule *r = &s->rules[i];
		struct correlation_rule *c = NULL;
		struct why why = { "" };
		unsigned line = r->info.line;

		if (r->info.kind == RULE_CORRELATION) {
			if (correlation_read(s, r, &c, &line, &why) < 0) {
				ruleset_refuse(s, r, line, why.line);
				continue;
			}
			r->extra = c;
		}
		s->rules[to++] = *r;
	}
	s->n = to;
}

/* By id or name; of several with a name the one in the same file is meant. */
static size_t find(const struct ruleset *s, struct bytes ref, struct bytes file)
{
	size_t found = SIZE_MAX;

	for (size_t i = 0; i < s->n; i++) {
		const struct rule_info *r = &s->rules[i].info;

		if (r->kind == RULE_FILTER || (!bytes_ieq(r->id, ref) && !bytes_eq(r->name, ref)))
			continue;
		if (bytes_eq(r->file, file))
			return i;
		if (found == SIZE_MAX)
			found = i;
	}
	return found;
}

static void never(struct ruleset *s, struct rule *r, const char *before, struct bytes ref,
		  const char *behind)
{
	struct buf b = { 0 };

	buf_str(&b, before);
	buf_bytes(&b, bytes_sub(ref, 0, 100));
	buf_str(&b, behind);
	r->info.never = arena_copy(&s->arena, buf_view(&b));
	buf_done(&b);
}

/* Depth first: what a correlation refers to is linked, and numbered, before it. Circles are found
 * on the way. */
static bool link_one(struct ruleset *s, struct correlation_links *l, size_t i, unsigned depth)
{
	struct rule *r = &s->rules[i];
	struct correlation_rule *c = correlation_of(r);

	if (!c || c->linked)
		return true;
	if (depth > NEST_MAX)
		never(s, r, "correlations are nested too deeply", BYTES(""), "");
	if (r->info.never.len)
		return false;
	c->visiting = true;
	for (uint32_t k = 0; k < c->is.inputs_n && !r->info.never.len; k++) {
		struct correlation_input *in = &c->inputs[k];
		struct correlation_rule *inner;

		in->rule = find(s, in->ref, r->info.file);
		if (in->rule == SIZE_MAX) {
			never(s, r, "it refers to the rule \"", in->ref, "\", which is not here");
			continue;
		}
		inner = correlation_of(&s->rules[in->rule]);
		if (inner && inner->visiting)
			never(s, r, "it refers to itself by way of \"", in->ref, "\"");
		else if (!link_one(s, l, in->rule, depth + 1))
			never(s, r, "it refers to the rule \"", in->ref, "\", which cannot run");
	}
	c->visiting = false;
	c->linked = !r->info.never.len;
	if (!c->linked)
		return false;
	c->number = l->n;
	l->rules[l->n] = i;
	l->list[l->n++] = &c->is;
	return true;
}

/* ---- fields ---- */

/* What the alias is called in the events of a rule; its own name where the aliases say nothing. */
static struct bytes resolved(const struct correlation_rule *c, struct bytes name, struct bytes ref,
			     const struct rule_info *rule)
{
	for (const struct yaml_item *i = c->aliases ? c->aliases->first : NULL; i; i = i->next) {
		if (!bytes_eq(i->key, name))
			continue;
		for (const struct yaml_item *k = i->node->first; k; k = k->next)
			if (bytes_eq(k->key, ref) ||
			    (rule->name.len && bytes_eq(k->key, rule->name)) ||
			    (rule->id.len && bytes_ieq(k->key, rule->id)))
				return k->node->text;
	}
	return name;
}

struct below { /* the plain rules below an input */
	size_t *rules, n;
	size_t *seen, stamp; /* by rule */
};

static void add_below(struct below *b, size_t rule)
{
	if (b->seen[rule] == b->stamp)
		return;
	b->seen[rule] = b->stamp;
	b->rules[b->n++] = rule;
}

/* Those of an inner correlation are known: it was linked before. */
static void find_below(const struct ruleset *s, size_t rule, struct below *b)
{
	const struct correlation_rule *c = correlation_of(&s->rules[rule]);

	b->n = 0;
	b->stamp++;
	if (!c)
		add_below(b, rule);
	for (uint32_t i = 0; c && i < c->is.inputs_n; i++)
		for (size_t k = 0; k < c->inputs[i].leaves_n; k++)
			add_below(b, c->inputs[i].leaves[k].rule);
}

static void link_fields(struct ruleset *s, struct correlation_rule *c, struct correlation_input *in,
			struct below *below)
{
	find_below(s, in->rule, below);
	for (size_t g = 0; g < c->group_n; g++)
		in->group[g] = resolved(c, c->group[g], in->ref, &s->rules[in->rule].info);
	in->leaves = arena_take(&s->arena, below->n * sizeof(*in->leaves));
	in->leaves_n = below->n;
	for (size_t i = 0; i < below->n; i++) {
		struct correlation_leaf *leaf = &in->leaves[i];
		const struct rule *r = &s->rules[below->rules[i]];

		leaf->rule = below->rules[i];
		for (size_t g = 0; g < c->group_n; g++) {
			struct bytes name = in->group[g];

			if (bytes_eq(name, c->group[g]))
				name = resolved(c, name, in->ref, &r->info);
			leaf->group[g] = slot_of(s, r, name);
		}
		for (size_t f = 0; f < c->field_n; f++)
			leaf->field[f] = slot_of(s, r, resolved(c, c->field[f], in->ref, &r->info));
	}
}

/* ---- who is told ---- */

static void make_targets(struct ruleset *s, struct correlation_links *l)
{
	size_t *first = mem_new(s->n + 2, sizeof(*first)), all = 0;

	for (size_t i = 0; i < l->n; i++) {
		const struct correlation_rule *c = s->rules[l->rules[i]].extra;

		for (uint32_t k = 0; k < c->is.inputs_n; k++, all++)
			first[c->inputs[k].rule + 2]++;
	}
	for (size_t i = 2; i < s->n + 2; i++)
		first[i] += first[i - 1];
	l->targets = mem_new(all + 1, sizeof(*l->targets));
	for (size_t i = 0; i < l->n; i++) {
		const struct correlation_rule *c = s->rules[l->rules[i]].extra;

		for (uint32_t k = 0; k < c->is.inputs_n; k++)
			l->targets[first[c->inputs[k].rule + 1]++] =
				(struct correlation_target){ i, k };
	}
	l->first = first;
}

/* Its own span, behind the longest of what it refers to. */
static usec window_of(const struct ruleset *s, const struct correlation_rule *c)
{
	usec most = 0;

	for (uint32_t i = 0; i < c->is.inputs_n; i++) {
		const struct correlation_rule *inner = correlation_of(&s->rules[c->inputs[i].rule]);

		if (inner && inner->window > most)
			most = inner->window;
	}
	return most + c->is.span;
}

static void link_all_fields(struct ruleset *s, const struct correlation_links *l)
{
	struct below below = { .rules = mem_new(s->n + 1, sizeof(size_t)),
			       .seen = mem_new(s->n + 1, sizeof(size_t)) };

	for (size_t i = 0; i < l->n; i++) {
		struct correlation_rule *c = s->rules[l->rules[i]].extra;

		for (uint32_t k = 0; k < c->is.inputs_n; k++) {
			link_fields(s, c, &c->inputs[k], &below);
			if (!c->generate)
				s->rules[c->inputs[k].rule].info.quiet = true;
		}
		c->window = window_of(s, c);
		if (c->window > s->window)
			s->window = c->window;
	}
	free(below.rules);
	free(below.seen);
}

int correlations_link(struct ruleset *s, struct why *why)
{
	struct correlation_links *l = mem_new(1, sizeof(*l));

	(void)why; /* what is wrong is wrong with one document */
	read_all(s);
	l->list = mem_new(s->n + 1, sizeof(*l->list));
	l->rules = mem_new(s->n + 1, sizeof(*l->rules));
	for (size_t i = 0; i < s->n; i++)
		link_one(s, l, i, 0);
	link_all_fields(s, l);
	make_targets(s, l);
	keep_prints(s, l);
	s->correlations = l;
	return 0;
}

/* All of its rules never match; or one of those of which it needs each. */
static bool is_hopeless(const struct ruleset *s, const struct correlation_rule *c)
{
	bool each =
		!c->is.terms_n && !c->is.closes && c->is.need == c->is.inputs_n &&
		(c->is.type == CORRELATION_TEMPORAL || c->is.type == CORRELATION_TEMPORAL_ORDERED);
	uint32_t n = 0;

	for (uint32_t i = 0; i < c->is.inputs_n; i++)
		n += s->rules[c->inputs[i].rule].info.never.len != 0;
	return n == c->is.inputs_n || (each && n);
}

void correlations_never(struct ruleset *s)
{
	const struct correlation_links *l = s->correlations;

	for (size_t i = 0; i < l->n; i++)
		if (is_hopeless(s, s->rules[l->rules[i]].extra))
			s->rules[l->rules[i]].info.never =
				BYTES("rules that it refers to never match here");
}

void correlations_free(struct ruleset *s)
{
	struct correlation_links *l = s->correlations;

	if (!l)
		return;
	free(l->list);
	free(l->rules);
	free(l->first);
	free(l->targets);
	free(l);
	s->correlations = NULL;
}
