/* SPDX-License-Identifier: Apache-2.0 */
/* A rule with a filter is "(its condition) and (the filter's condition)", the filter's detections
 * being compiled as if they stood in the rule: so fields and log sources are those of the rule. A
 * filter that takes matches away therefore says `condition: not selection`. */
#include "detect/sigma/filter.h"
#include "detect/sigma/logtable.h"

struct filter {
	struct ruleset *set;
	struct rule *own; /* the document */
	const struct yaml_node *rules; /* ids and names; NULL: any */
	struct yaml_node detections; /* `filter:` without `rules` */
	unsigned *line;
	struct why *why;
};

static int refuse(struct filter *f, const struct yaml_node *at, const char *text)
{
	*f->line = at->line;
	return why_set(f->why, -EINVAL, "%s", text);
}

static int read_rules(struct filter *f, const struct yaml_node *map)
{
	const struct yaml_node *n = yaml_get(map, "rules");

	if (!n)
		return refuse(f, map, "filter: rules: is missing (any, or ids and names)");
	f->rules = n;
	if (n->kind == YAML_SCALAR && bytes_ieq(n->text, BYTES("any")))
		f->rules = NULL;
	if (n->kind == YAML_LIST && !n->n)
		f->rules = NULL; /* as pySigma has it */
	if (n->kind == YAML_MAP || (n->kind == YAML_SCALAR && yaml_is_null(n)))
		return refuse(f, n, "filter: rules: must be any, an id, a name, or a list of them");
	for (const struct yaml_item *i = n->first; i; i = i->next)
		if (i->node->kind != YAML_SCALAR)
			return refuse(f, i->node, "filter: rules: must be ids and names of rules");
	return 0;
}

static int read_filter(struct filter *f)
{
	const struct yaml_node *map = yaml_get(f->own->document, "filter"), *condition;

	if (map->kind != YAML_MAP)
		return refuse(f, map, "filter: must be a mapping");
	condition = yaml_get(map, "condition");
	if (!condition)
		return refuse(f, map, "filter: condition: is missing");
	if (condition->kind != YAML_SCALAR)
		return refuse(f, condition, "filter: condition: must be text");
	f->detections = (struct yaml_node){ .kind = YAML_MAP, .line = map->line };
	for (const struct yaml_item *i = map->first; i; i = i->next) {
		struct yaml_item *copy;

		if (bytes_eq(i->key, BYTES("rules")))
			continue;
		copy = arena_take(&f->set->arena, sizeof(*copy));
		*copy = *i;
		copy->next = NULL;
		*(f->detections.last ? &f->detections.last->next : &f->detections.first) = copy;
		f->detections.last = copy;
		f->detections.n++;
	}
	return read_rules(f, map);
}

static bool is_named(const struct yaml_node *rules, const struct rule_info *r)
{
	const struct yaml_item *i;

	if (!rules)
		return true;
	if (rules->kind == YAML_SCALAR)
		return bytes_ieq(r->id, rules->text) || bytes_eq(r->name, rules->text);
	for (i = rules->first; i; i = i->next)
		if (bytes_ieq(r->id, i->node->text) || bytes_eq(r->name, i->node->text))
			return true;
	return false;
}

static bool part_fits(struct bytes filter, struct bytes rule)
{
	return !filter.len || bytes_eq(filter, rule);
}

static bool is_for(const struct filter *f, const struct rule *r)
{
	return r->info.kind == RULE_PLAIN && part_fits(f->own->product, r->product) &&
	       part_fits(f->own->category, r->category) && part_fits(f->own->service, r->service) &&
	       is_named(f->rules, &r->info);
}

static int apply(struct filter *f, struct rule *r)
{
	struct expr *own = NULL, *both;
	int e = rule_compile(f->set, r, &f->detections, &own, f->line, f->why);

	if (e < 0)
		return e;
	both = expr_new(&f->set->arena, EXPR_AND, 2);
	expr_add(both, r->expr);
	expr_add(both, own);
	r->expr = both;
	return 0;
}

/* Compiled once for itself, so that what is wrong with it is told whoever it is for. */
static int filter_apply(struct filter *f)
{
	struct expr *unused = NULL;
	size_t n = 0;
	int e = read_filter(f);

	if (e == 0 && !f->set->options.flat)
		logtable_sources(f->set->table, f->own, &f->own->sources);
	if (e == 0)
		e = rule_compile(f->set, f->own, &f->detections, &unused, f->line, f->why);
	for (size_t i = 0; e == 0 && i < f->set->n; i++) {
		if (!is_for(f, &f->set->rules[i]))
			continue;
		e = apply(f, &f->set->rules[i]);
		n++;
	}
	if (e == 0 && !n)
		f->own->info.never = BYTES("no rule that is here is of its logsource and named");
	return e;
}

int filters_apply(struct ruleset *s, struct why *why)
{
	size_t to = 0;

	(void)why; /* what is wrong is wrong with one document */
	for (size_t i = 0; i < s->n; i++) {
		struct rule *r = &s->rules[i];
		struct why bad = { "" };
		unsigned line = r->info.line;
		struct filter f = { .set = s, .own = r, .line = &line, .why = &bad };

		if (r->info.kind == RULE_FILTER && filter_apply(&f) < 0) {
			ruleset_refuse(s, r, line, bad.line);
			r->extra = r; /* leaves the set */
		}
	}
	for (size_t i = 0; i < s->n; i++)
		if (s->rules[i].info.kind != RULE_FILTER || !s->rules[i].extra)
			s->rules[to++] = s->rules[i];
	s->n = to;
	return 0;
}
