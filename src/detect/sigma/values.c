/* SPDX-License-Identifier: Apache-2.0 */
/* "field|modifier|modifier: value or list" becomes tests (Sigma rules specification 2.1, and the
 * modifiers appendix). Each modifier changes the list of values; what a modifier cannot be used on
 * is refused by name. */
#include "detect/sigma/values.h"
#include <arpa/inet.h>

int values_refuse(struct values *v, const char *modifier, const char *text)
{
	return why_set(v->c->why, -EINVAL, "modifier %s: %s", modifier, text);
}

int values_add(struct values *v, const struct value *one)
{
	if (!v->c->budget)
		return why_set(v->c->why, -EINVAL, "too many values for one rule");
	v->c->budget--;
	if (v->n == v->cap) {
		size_t cap = v->cap ? v->cap * 2 : 8;
		struct value *fresh = arena_take(v->a, cap * sizeof(*fresh));

		if (v->n)
			memcpy(fresh, v->at, v->n * sizeof(*fresh));
		v->at = fresh;
		v->cap = cap;
	}
	v->at[v->n++] = *one;
	return 0;
}

/* The text of a value, where it has no wildcards. */
bool values_plain(const struct value *x, struct bytes *ret)
{
	if (x->kind == V_NUMBER)
		*ret = x->raw;
	else if (x->kind == V_TEXT && !x->pattern.wild)
		*ret = x->pattern.text;
	else
		return false;
	return true;
}

void values_to_text(struct values *v, struct value *x)
{
	if (x->kind == V_NUMBER) {
		x->kind = V_TEXT;
		x->pattern = pattern_plain(v->a, x->raw);
	}
}

/* ---- values in ---- */

static int take_value(struct values *v, const struct yaml_node *n)
{
	struct value x = { .raw = n->text, .group = (uint32_t)v->n };

	v->c->line = n->line;
	if (n->kind != YAML_SCALAR)
		return why_set(v->c->why, -EINVAL,
			       "a value must be text, a number, true, false or "
			       "null, or a list of these");
	if (yaml_is_null(n))
		x.kind = V_NULL;
	else if (yaml_is_bool(n, &x.truth))
		x.kind = V_BOOL;
	else if (yaml_is_number(n, &x.number))
		x.kind = V_NUMBER;
	else
		x.pattern = pattern_parse(v->a, n->text);
	return values_add(v, &x);
}

static int take_values(struct values *v, const struct yaml_node *n)
{
	if (n->kind != YAML_LIST)
		return take_value(v, n);
	for (const struct yaml_item *i = n->first; i; i = i->next) {
		int r = take_value(v, i->node);

		if (r < 0)
			return r;
	}
	return n->n ? 0 : values_add(v, &(struct value){ .kind = V_NULL });
}

/* ---- values out ---- */

static int cidr_of(struct values *v, struct bytes text, struct cidr *ret)
{
	char address[64];
	size_t slash = bytes_chr(text, '/');
	struct bytes a = bytes_sub(text, 0, slash == BYTES_NONE ? text.len : slash);
	uint64_t bits = 128;
	bool four = bytes_chr(a, ':') == BYTES_NONE;

	memset(ret->net, 0, sizeof(ret->net));
	if (a.len >= sizeof(address))
		return values_refuse(v, "cidr", "the value must be a network such as 192.0.2.0/24");
	memcpy(address, a.at, a.len);
	address[a.len] = 0;
	if (four)
		ret->net[10] = ret->net[11] = 0xff;
	if (inet_pton(four ? AF_INET : AF_INET6, address, ret->net + (four ? 12 : 0)) != 1)
		return values_refuse(v, "cidr", "the value must be a network such as 192.0.2.0/24");
	if (slash != BYTES_NONE &&
	    (!bytes_u64(bytes_from(text, slash + 1), &bits) || bits > (four ? 32 : 128)))
		return values_refuse(v, "cidr", "the number behind / is no length of a network");
	if (slash == BYTES_NONE && four)
		bits = 32;
	ret->bits = (unsigned)bits + (four ? 96 : 0);
	for (unsigned i = ret->bits; i < 128; i++)
		if (ret->net[i / 8] >> (7 - i % 8) & 1)
			return values_refuse(v, "cidr",
					     "the address has bits set behind the network's");
	return 0;
}

static int regex_value(struct values *v, const struct value *x, struct test *t)
{
	struct buf b = { 0 };
	int r;

	/* `re` looks anywhere in the value, so what contains and its like add changes nothing but
	 * for an expression that is tied to an end. */
	if (x->before)
		buf_str(&b, "(?s:.*)");
	buf_bytes(&b, x->raw);
	if (x->behind)
		buf_str(&b, "(?s:.*)");
	t->kind = TEST_REGEX;
	r = rx_new(v->c->set, arena_copy(v->a, buf_view(&b)), v->regex_i, v->regex_m, v->regex_s,
		   &t->regex, v->c->why);
	buf_done(&b);
	return r;
}

static int text_value(struct values *v, const struct value *x, struct test *t)
{
	t->kind = TEST_PATTERN;
	t->cased = v->cased;
	t->pattern = x->pattern;
	if (v->keyword)
		t->pattern = pattern_around(v->a, t->pattern, true, true);
	if (!t->cased)
		t->pattern = pattern_lower(v->a, t->pattern);
	return 0;
}

static int test_of(struct values *v, struct value *x, struct test *t)
{
	*t = (struct test){ .slot = v->slot,
			    .number = x->number,
			    .truth = x->truth,
			    .op = x->op,
			    .part = x->part };
	if (v->keyword && x->kind != V_TEXT && x->kind != V_REGEX) {
		if (x->kind != V_NUMBER)
			return why_set(v->c->why, -EINVAL, "a keyword must be text");
		values_to_text(v, x);
	}
	switch (x->kind) {
	case V_TEXT:
		return text_value(v, x, t);
	case V_REGEX:
		return regex_value(v, x, t);
	case V_CIDR:
		t->kind = TEST_CIDR;
		return cidr_of(v, x->raw, &t->cidr);
	case V_FIELDREF:
		t->kind = TEST_FIELDREF;
		t->other = slot_of(v->c->set, v->c->rule, x->raw);
		t->before = x->before;
		t->behind = x->behind;
		t->cased = v->cased;
		return 0;
	case V_NUMBER:
		t->kind = TEST_NUMBER;
		t->pattern = pattern_plain(v->a, x->raw);
		return 0;
	case V_COMPARE:
		t->kind = TEST_COMPARE;
		return 0;
	case V_PART:
		t->kind = TEST_TIME;
		return 0;
	case V_BOOL:
		t->kind = TEST_BOOL;
		return 0;
	case V_EXISTS:
		t->kind = TEST_EXISTS;
		return 0;
	case V_NULL:
		t->kind = TEST_NULL;
		return 0;
	}
	return 0;
}

static int one_test(struct values *v, struct value *x, struct expr **ret)
{
	struct expr *e = expr_new(v->a, EXPR_TEST, 0);
	struct test *t = arena_take(v->a, sizeof(*t));
	int r = test_of(v, x, t);

	e->test = t;
	*ret = e;
	return r;
}

/* What became of one value of the rule is one of several ways to write it; `all` is about the
 * values of the rule. */
static int tests_of(struct values *v, struct expr **ret)
{
	struct expr *whole = expr_new(v->a, v->all ? EXPR_AND : EXPR_OR, (uint32_t)v->n), *ways;

	for (size_t i = 0, end; i < v->n; i = end) {
		for (end = i; end < v->n && v->at[end].group == v->at[i].group;)
			end++;
		ways = expr_new(v->a, EXPR_OR, (uint32_t)(end - i));
		for (size_t k = i; k < end; k++) {
			struct expr *e = NULL;
			int r = one_test(v, &v->at[k], &e);

			if (r < 0)
				return r;
			expr_add(ways, e);
		}
		expr_add(whole, ways->n == 1 ? ways->sub[0] : ways);
	}
	*ret = whole;
	if (v->negated) {
		*ret = expr_new(v->a, EXPR_NOT, 1);
		expr_add(*ret, whole);
	}
	return 0;
}

int values_compile(struct compile *c, struct bytes key, const struct yaml_node *value,
		   struct expr **ret)
{
	struct values v = { .c = c, .a = &c->set->arena };
	size_t bar = bytes_chr(key, '|');
	struct bytes name = bytes_sub(key, 0, bar), rest = bytes_from(key, bar);
	int r;

	v.keyword = !name.len;
	v.slot = v.keyword ? SLOT_KEYWORD : slot_of(c->set, c->rule, name);
	r = take_values(&v, value);
	while (r == 0 && rest.len) {
		size_t end;

		rest = bytes_from(rest, 1);
		end = bytes_chr(rest, '|');
		r = modifier_apply(&v, bytes_sub(rest, 0, end));
		rest = bytes_from(rest, end);
		v.applied++;
	}
	if (r == 0)
		r = tests_of(&v, ret);
	return r < 0 && name.len
		       ? why_in(c->why, r, "%.*s", (int)bytes_sub(name, 0, 80).len, name.at)
		       : r;
}
