/* SPDX-License-Identifier: Apache-2.0 */
/* The condition of a rule (Sigma rules specification 2.1, "Condition"):
 *
 *   or    = and { "or" and }
 *   and   = not { "and" not }
 *   not   = [ "not" ] not | atom
 *   atom  = "(" or ")" | ( "1" | "any" | "all" ) "of" ( "them" | name with * ) | name */
#include "detect/sigma/rule.h"

#define DEPTH_MAX 64u

struct parse {
	struct compile *c;
	struct bytes rest, word; /* word: the next one; empty at the end */
	const struct yaml_node *detections;
	struct expr *const *named; /* in the order of the mapping, NULL for what is no detection */
	unsigned depth;
};

static bool is_name(uint8_t c)
{
	return is_alnum(c) || c == '_' || c == '-' || c == '*' || c == '.' || c == '?' || c >= 0x80;
}

static void advance(struct parse *p)
{
	size_t n = 0;

	p->rest = bytes_trim(p->rest);
	if (p->rest.len && !is_name(p->rest.at[0]))
		n = 1;
	while (n < p->rest.len && is_name(p->rest.at[n]) && is_name(p->rest.at[0]))
		n++;
	p->word = bytes_sub(p->rest, 0, n);
	p->rest = bytes_from(p->rest, n);
}

static int refuse(struct parse *p, const char *text)
{
	if (!p->word.len)
		return why_set(p->c->why, -EINVAL, "condition: %s at its end", text);
	return why_set(p->c->why, -EINVAL, "condition: %s before \"%.*s\"", text,
		       (int)bytes_sub(p->word, 0, 60).len, (const char *)p->word.at);
}

static bool is(const struct parse *p, const char *word)
{
	return bytes_ieq(p->word, bytes_str(word));
}

/* Is the name of the form? * stands for anything. */
static bool fits(struct bytes name, struct bytes form)
{
	size_t star = bytes_chr(form, '*');

	if (star == BYTES_NONE)
		return bytes_eq(name, form);
	if (!bytes_starts(name, bytes_sub(form, 0, star)))
		return false;
	name = bytes_from(name, star);
	form = bytes_from(form, star + 1);
	for (size_t i = 0; i <= name.len; i++)
		if (fits(bytes_from(name, i), form))
			return true;
	return false;
}

static int selector(struct parse *p, bool all, struct expr **ret)
{
	struct expr *e =
		expr_new(&p->c->set->arena, all ? EXPR_AND : EXPR_OR, (uint32_t)p->detections->n);
	bool them = is(p, "them");
	size_t at = 0;

	if (!p->word.len || !is_name(p->word.at[0]) || p->word.len > 200)
		return refuse(p, "expected \"them\" or the names of detections");
	for (const struct yaml_item *i = p->detections->first; i; i = i->next, at++) {
		bool hidden = i->key.len && i->key.at[0] == '_';

		if (p->named[at] &&
		    (them ? !hidden : fits(i->key, p->word) && (!hidden || p->word.at[0] == '_')))
			expr_add(e, p->named[at]);
	}
	if (!e->n && !all && !them)
		e->kind = EXPR_FALSE; /* none of none: as `1 of filter_optional_*` often has it */
	else if (!e->n)
		return why_set(p->c->why, -EINVAL, "condition: there is no detection \"%.*s\"",
			       (int)bytes_sub(p->word, 0, 60).len, (const char *)p->word.at);
	advance(p);
	*ret = e;
	return 0;
}

static int name(struct parse *p, struct expr **ret)
{
	size_t at = 0;

	for (const struct yaml_item *i = p->detections->first; i; i = i->next, at++) {
		if (!p->named[at] || !bytes_eq(i->key, p->word))
			continue;
		*ret = p->named[at];
		advance(p);
		return 0;
	}
	return why_set(p->c->why, -EINVAL, "condition: there is no detection \"%.*s\"",
		       (int)bytes_sub(p->word, 0, 60).len, (const char *)p->word.at);
}

static int parse_or(struct parse *p, struct expr **ret);

static int atom(struct parse *p, struct expr **ret)
{
	struct parse ahead = *p;
	int r;

	if (!p->word.len)
		return refuse(p, "something is missing");
	if (is(p, "(")) {
		advance(p);
		r = parse_or(p, ret);
		if (r < 0)
			return r;
		if (!is(p, ")"))
			return refuse(p, "expected )");
		advance(p);
		return 0;
	}
	advance(&ahead);
	if (is(&ahead, "of")) {
		bool all = is(p, "all");

		if (!all && !is(p, "1") && !is(p, "any"))
			return refuse(p, "expected 1, any or all");
		advance(&ahead);
		*p = ahead;
		return selector(p, all, ret);
	}
	if (is(p, "|"))
		return why_set(p->c->why, -EINVAL,
			       "condition: aggregations behind | are no part of Sigma 2: write a "
			       "correlation");
	return name(p, ret);
}

static int parse_not(struct parse *p, struct expr **ret)
{
	struct expr *e, *sub = NULL;
	int r;

	if (!is(p, "not"))
		return atom(p, ret);
	if (++p->depth > DEPTH_MAX)
		return refuse(p, "nested too deeply");
	advance(p);
	r = parse_not(p, &sub);
	p->depth--;
	if (r < 0)
		return r;
	e = expr_new(&p->c->set->arena, EXPR_NOT, 1);
	expr_add(e, sub);
	*ret = e;
	return 0;
}

/* Operands parted by a word, at most as many as the text can hold. */
static int chain(struct parse *p, const char *word, enum expr_kind kind,
		 int (*operand)(struct parse *p, struct expr **ret), struct expr **ret)
{
	struct expr *e = expr_new(&p->c->set->arena, kind, (uint32_t)p->rest.len / 2 + 2);

	for (;;) {
		struct expr *one = NULL;
		int r = operand(p, &one);

		if (r < 0)
			return r;
		expr_add(e, one);
		if (!is(p, word))
			break;
		advance(p);
	}
	*ret = e->n == 1 ? e->sub[0] : e;
	return 0;
}

static int parse_and(struct parse *p, struct expr **ret)
{
	return chain(p, "and", EXPR_AND, parse_not, ret);
}

static int parse_or(struct parse *p, struct expr **ret)
{
	int r;

	if (++p->depth > DEPTH_MAX)
		return refuse(p, "nested too deeply");
	r = chain(p, "or", EXPR_OR, parse_and, ret);
	p->depth--;
	return r;
}

int condition_compile(struct compile *c, struct bytes text, const struct yaml_node *detections,
		      struct expr *const *named, struct expr **ret)
{
	struct parse p = { .c = c, .rest = text, .detections = detections, .named = named };
	int r;

	if (text.len > 4000)
		return why_set(c->why, -EINVAL, "condition: too long");
	advance(&p);
	r = parse_or(&p, ret);
	if (r < 0)
		return r;
	if (is(&p, "|"))
		return why_set(c->why, -EINVAL,
			       "condition: aggregations behind | are no part of Sigma 2: write a "
			       "correlation");
	return p.word.len ? refuse(&p, "expected and, or, or the end") : 0;
}
