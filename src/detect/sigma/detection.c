/* SPDX-License-Identifier: Apache-2.0 */
/* A named detection: a map (all of its items), a list of maps (one of them), a list of keywords. */
#include "detect/sigma/rule.h"

#define NEST_MAX 32u

struct expr *expr_new(struct arena *a, enum expr_kind kind, uint32_t room)
{
	struct expr *e = arena_take(a, sizeof(*e));

	*e = (struct expr){ .kind = kind };
	e->sub = room ? arena_take(a, room * sizeof(struct expr *)) : NULL;
	return e;
}

void expr_add(struct expr *e, struct expr *sub)
{
	e->sub[e->n++] = sub;
}

static int compile(struct compile *c, const struct yaml_node *n, unsigned depth, struct expr **ret);

static int compile_map(struct compile *c, const struct yaml_node *n, struct expr **ret)
{
	struct expr *all = expr_new(&c->set->arena, EXPR_AND, (uint32_t)n->n);

	for (const struct yaml_item *i = n->first; i; i = i->next) {
		struct expr *one = NULL;
		int r;

		c->line = i->line;
		r = values_compile(c, i->key, i->node, &one);
		if (r < 0)
			return r;
		expr_add(all, one);
	}
	*ret = all;
	return 0;
}

static int compile_list(struct compile *c, const struct yaml_node *n, unsigned depth,
			struct expr **ret)
{
	struct expr *any = expr_new(&c->set->arena, EXPR_OR, (uint32_t)n->n);

	for (const struct yaml_item *i = n->first; i; i = i->next) {
		struct expr *one = NULL;
		int r = compile(c, i->node, depth + 1, &one);

		if (r < 0)
			return r;
		expr_add(any, one);
	}
	*ret = any;
	return 0;
}

static int compile(struct compile *c, const struct yaml_node *n, unsigned depth, struct expr **ret)
{
	c->line = n->line;
	if (depth > NEST_MAX || !c->budget--)
		return why_set(c->why, -EINVAL, "nested too deeply, or too much for one rule");
	if (n->kind == YAML_SCALAR && yaml_is_null(n))
		return why_set(c->why, -EINVAL, "is empty");
	if (n->kind == YAML_SCALAR) /* a keyword */
		return values_compile(c, BYTES(""), n, ret);
	if (!n->n)
		return why_set(c->why, -EINVAL, "is empty");
	return n->kind == YAML_MAP ? compile_map(c, n, ret) : compile_list(c, n, depth, ret);
}

int detection_compile(struct compile *c, const struct yaml_node *detection, struct expr **ret)
{
	return compile(c, detection, 0, ret);
}
