/* SPDX-License-Identifier: Apache-2.0 */
/* The mapping `correlation:` (Sigma correlation rules specification 2.1); what is refused follows
 * pySigma, but that a condition may be a range. */
#include "detect/sigma/correlation_rule.h"
#include "detect/sigma/correlation_terms.h"

#define INPUTS_MAX 10000u

struct reading {
	struct ruleset *set;
	struct correlation_rule *to;
	const struct yaml_node *map; /* correlation: */
	unsigned *line;
	struct why *why;
};

#define SAY(b) (int)((b).len < 100 ? (b).len : 100), (const char *)(b).at

static int at(struct reading *d, const struct yaml_node *n)
{
	*d->line = n->line;
	return -EINVAL;
}

static int type(struct reading *d)
{
	const struct yaml_node *n = yaml_get(d->map, "type");

	if (!n || n->kind != YAML_SCALAR)
		return why_set(d->why, at(d, n ? n : d->map), "type: is missing");
	for (unsigned i = 0; i < CORRELATION_TYPE_N; i++) {
		if (!bytes_eq(n->text, bytes_str(correlation_type_name(i))))
			continue;
		d->to->is.type = i;
		return 0;
	}
	return why_set(d->why, at(d, n), "type: \"%.*s\" is no correlation type", SAY(n->text));
}

static bool is_temporal(const struct reading *d)
{
	return d->to->is.type == CORRELATION_TEMPORAL ||
	       d->to->is.type == CORRELATION_TEMPORAL_ORDERED;
}

/* ---- rules ---- */

static int input_by_ref(const struct correlation_rule *c, struct bytes ref)
{
	for (uint32_t i = 0; i < c->is.inputs_n; i++)
		if (bytes_eq(c->inputs[i].ref, ref))
			return (int)i;
	return -1;
}

static int add_rule(struct reading *d, const struct yaml_node *n)
{
	struct correlation_rule *c = d->to;

	if (n->kind != YAML_SCALAR || !n->text.len)
		return why_set(d->why, at(d, n), "rules: must be ids or names of rules");
	if (input_by_ref(c, n->text) >= 0)
		return why_set(d->why, at(d, n), "rules: \"%.*s\" stands there twice",
			       SAY(n->text));
	c->inputs[c->is.inputs_n++].ref = n->text;
	return 0;
}

static int rules(struct reading *d)
{
	const struct yaml_node *n = yaml_get(d->map, "rules");
	struct correlation_rule *c = d->to;
	int r = 0;

	c->inputs_room = n && n->kind == YAML_LIST ? n->n : 1;
	if (c->inputs_room < CORRELATION_INPUTS_TEMPORAL)
		c->inputs_room = CORRELATION_INPUTS_TEMPORAL; /* a condition may name them */
	if (c->inputs_room > INPUTS_MAX)
		return why_set(d->why, at(d, n), "rules: more than %u", INPUTS_MAX);
	c->inputs = arena_take(&d->set->arena, c->inputs_room * sizeof(*c->inputs));
	memset(c->inputs, 0, c->inputs_room * sizeof(*c->inputs));
	if (n && n->kind == YAML_SCALAR && !yaml_is_null(n))
		return add_rule(d, n);
	if (n && n->kind == YAML_MAP)
		return why_set(d->why, at(d, n), "rules: must be an id, a name, or a list of them");
	for (const struct yaml_item *i = n ? n->first : NULL; r == 0 && i; i = i->next)
		r = add_rule(d, i->node);
	if (r == 0 && !c->is.inputs_n && !is_temporal(d))
		r = why_set(d->why, at(d, d->map), "rules: is missing");
	if (r == 0 && is_temporal(d) && c->is.inputs_n > CORRELATION_INPUTS_TEMPORAL)
		r = why_set(d->why, at(d, n), "rules: a %s correlation of more than %u rules",
			    correlation_type_name(c->is.type), CORRELATION_INPUTS_TEMPORAL);
	return r;
}

/* ---- names of fields ---- */

static int names(struct reading *d, const struct yaml_node *n, const char *what, struct bytes *to,
		 size_t *ret_n)
{
	if (!n || yaml_is_null(n))
		return 0;
	if (n->kind == YAML_SCALAR) {
		to[(*ret_n)++] = n->text;
		return 0;
	}
	if (n->kind != YAML_LIST)
		return why_set(d->why, at(d, n), "%s: must be a field or a list of fields", what);
	if (n->n > CORRELATION_FIELDS)
		return why_set(d->why, at(d, n), "%s: more than %u fields", what,
			       CORRELATION_FIELDS);
	for (const struct yaml_item *i = n->first; i; i = i->next) {
		if (i->node->kind != YAML_SCALAR)
			return why_set(d->why, at(d, i->node), "%s: must be names of fields", what);
		to[(*ret_n)++] = i->node->text;
	}
	return 0;
}

static int aliases(struct reading *d)
{
	const struct yaml_node *n = yaml_get(d->map, "aliases");

	if (!n || yaml_is_null(n))
		return 0;
	if (n->kind != YAML_MAP)
		return why_set(d->why, at(d, n), "aliases: must be a mapping");
	for (const struct yaml_item *i = n->first; i; i = i->next) {
		if (i->node->kind != YAML_MAP)
			return why_set(d->why, at(d, i->node),
				       "aliases: %.*s must map rules to fields", SAY(i->key));
		for (const struct yaml_item *k = i->node->first; k; k = k->next)
			if (k->node->kind != YAML_SCALAR)
				return why_set(d->why, at(d, k->node),
					       "aliases: %.*s: %.*s must be a field", SAY(i->key),
					       SAY(k->key));
	}
	d->to->aliases = n;
	return 0;
}

/* ---- time, generate ---- */

static int timespan(struct reading *d)
{
	const struct yaml_node *n = yaml_get(d->map, "timespan");

	if (!n || n->kind != YAML_SCALAR || yaml_is_null(n))
		return why_set(d->why, at(d, n ? n : d->map), "timespan: is missing");
	if (correlation_span(n->text, &d->to->is.span))
		return 0;
	return why_set(d->why, at(d, n),
		       "timespan: \"%.*s\" is not a number and one of s, m, h, d, w, M, y",
		       SAY(n->text));
}

/* The specification has it beside `correlation`, pySigma inside. */
static int generate(struct reading *d, const struct yaml_node *document)
{
	const struct yaml_node *n = yaml_get(d->map, "generate");

	if (!n)
		n = yaml_get(document, "generate");
	if (!n || yaml_is_null(n) || yaml_is_bool(n, &d->to->generate))
		return 0;
	return why_set(d->why, at(d, n), "generate: must be true or false");
}

/* ---- condition ---- */

static int test(struct reading *d, const struct yaml_item *i)
{
	static const char *const ops[OP_N] = { "gt", "gte", "lt", "lte", "eq", "neq" };
	struct correlation *c = &d->to->is;
	double v;

	for (unsigned op = 0; op < OP_N; op++) {
		if (!bytes_eq(i->key, bytes_str(ops[op])))
			continue;
		if (!yaml_is_number(i->node, &v) || v > 1e18 || v < -1e18)
			return why_set(d->why, at(d, i->node), "condition: %s: must be a number",
				       ops[op]);
		c->tests[c->tests_n++] = (struct correlation_test){ op, v };
		return 0;
	}
	return why_set(d->why, at(d, i->node), "condition: unknown item \"%.*s\"", SAY(i->key));
}

static int test_map(struct reading *d, const struct yaml_node *n)
{
	struct correlation_rule *c = d->to;
	int r = 0;

	for (const struct yaml_item *i = n->first; r == 0 && i; i = i->next) {
		if (bytes_eq(i->key, BYTES("field"))) {
			r = names(d, i->node, "condition: field", c->field, &c->field_n);
		} else if (bytes_eq(i->key, BYTES("percentile"))) {
			if (!yaml_is_number(i->node, &c->is.percentile) || c->is.percentile < 0 ||
			    c->is.percentile > 100)
				r = why_set(d->why, at(d, i->node),
					    "condition: percentile: must be from 0 to 100");
		} else {
			r = test(d, i);
		}
	}
	if (r == 0 && !c->is.tests_n)
		r = why_set(d->why, at(d, n),
			    "condition: one of gt, gte, lt, lte, eq, neq is missing");
	return r;
}

static int name_of_input(void *ctx, struct bytes name)
{
	struct reading *d = ctx;
	int i = input_by_ref(d->to, name);
	const struct yaml_node *given = yaml_get(d->map, "rules");

	if (i >= 0)
		return i;
	if ((given && !yaml_is_null(given)) || d->to->is.inputs_n == CORRELATION_INPUTS_TEMPORAL)
		return -1;
	d->to->inputs[d->to->is.inputs_n].ref = name;
	return (int)d->to->is.inputs_n++;
}

/* All rules of the list must be in the condition; an order is one only of a plain conjunction. */
static int check_terms(struct reading *d, const struct yaml_node *n)
{
	struct correlation *c = &d->to->is;
	uint64_t named = 0;
	unsigned next = 0;
	bool plain = true;

	for (size_t i = 0; i < c->terms_n; i++) {
		if (c->terms[i] >= TERM_AND) {
			plain &= c->terms[i] == TERM_AND;
			continue;
		}
		named |= 1ull << c->terms[i];
		plain &= c->terms[i] == next;
		next++;
	}
	for (uint32_t i = 0; i < c->inputs_n; i++)
		if (!(named >> i & 1))
			return why_set(d->why, at(d, n),
				       "condition: \"%.*s\" of rules is not in it",
				       SAY(d->to->inputs[i].ref));
	if (c->type == CORRELATION_TEMPORAL)
		return 0;
	if (!plain)
		return why_set(d->why, at(d, n),
			       "condition: only \"a and b and c\", in the order of rules, says "
			       "what order temporal_ordered asks for");
	c->terms_n = 0;
	c->tests[c->tests_n++] = (struct correlation_test){ OP_GTE, c->inputs_n };
	return 0;
}

static int condition(struct reading *d)
{
	const struct yaml_node *n = yaml_get(d->map, "condition");
	struct correlation *c = &d->to->is;
	int r;

	if (n && n->kind == YAML_MAP)
		return test_map(d, n);
	if (!n || yaml_is_null(n)) {
		if (!is_temporal(d) || !c->inputs_n)
			return why_set(d->why, at(d, d->map), "condition: is missing");
		c->tests[c->tests_n++] = (struct correlation_test){ OP_GTE, c->inputs_n };
		return 0;
	}
	if (n->kind != YAML_SCALAR)
		return why_set(d->why, at(d, n), "condition: must be a mapping");
	if (!is_temporal(d))
		return why_set(d->why, at(d, n),
			       "condition: names of rules only in temporal correlations");
	r = terms_parse(n->text, name_of_input, d, c, d->why);
	if (r < 0)
		return at(d, n);
	return check_terms(d, n);
}

static int field_needed(struct reading *d)
{
	const struct correlation_rule *c = d->to;

	if (c->is.type == CORRELATION_EVENT_COUNT || is_temporal(d))
		return 0;
	if (!c->field_n)
		return why_set(d->why, at(d, d->map), "condition: field: is missing, %s needs it",
			       correlation_type_name(c->is.type));
	if (c->field_n > 1 && c->is.type != CORRELATION_VALUE_COUNT)
		return why_set(d->why, at(d, d->map), "condition: field: %s is of one field",
			       correlation_type_name(c->is.type));
	return 0;
}

int correlation_read(struct ruleset *s, struct rule *r, struct correlation_rule **ret,
		     unsigned *ret_line, struct why *why)
{
	struct correlation_rule *c = arena_take(&s->arena, sizeof(*c));
	struct reading d = { s, c, yaml_get(r->document, "correlation"), ret_line, why };
	int e;

	*c = (struct correlation_rule){ .is.percentile = PERCENTILE_NONE };
	if (d.map->kind != YAML_MAP)
		return why_set(why, at(&d, d.map), "correlation: must be a mapping");
	e = type(&d);
	if (e == 0)
		e = rules(&d);
	if (e == 0)
		e = generate(&d, r->document);
	if (e == 0)
		e = names(&d, yaml_get(d.map, "group-by"), "group-by", c->group, &c->group_n);
	if (e == 0)
		e = timespan(&d);
	if (e == 0)
		e = aliases(&d);
	if (e == 0)
		e = condition(&d);
	if (e == 0)
		e = field_needed(&d);
	if (e < 0)
		return why_in(why, -EINVAL, "correlation");
	correlation_settle(&c->is);
	*ret = c;
	return 0;
}
