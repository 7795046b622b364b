/* SPDX-License-Identifier: Apache-2.0 */
/* not binds closer than and, and closer than or. */
#include "detect/sigma/correlation_terms.h"

#define DEPTH_MAX 32

struct terms {
	struct bytes left; /* behind the word in hand */
	struct bytes word; /* empty: the end */
	terms_name_fn *fn;
	void *ctx;
	struct correlation *to;
	struct why *why;
	unsigned depth;
};

static bool is_blank(uint8_t c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static void step(struct terms *t)
{
	struct bytes b = bytes_trim(t->left);
	size_t n = 0;

	if (b.len && (b.at[0] == '(' || b.at[0] == ')'))
		n = 1;
	else
		while (n < b.len && !is_blank(b.at[n]) && b.at[n] != '(' && b.at[n] != ')')
			n++;
	t->word = bytes_sub(b, 0, n);
	t->left = bytes_from(b, n);
}

static bool take_word(struct terms *t, const char *word)
{
	if (!bytes_ieq(t->word, bytes_str(word)))
		return false;
	step(t);
	return true;
}

static int put(struct terms *t, uint8_t term)
{
	if (t->to->terms_n == CORRELATION_TERMS)
		return why_set(t->why, -EINVAL, "condition: longer than %d terms",
			       CORRELATION_TERMS);
	t->to->terms[t->to->terms_n++] = term;
	return 0;
}

static int either(struct terms *t);

static int single(struct terms *t)
{
	int r;

	if (++t->depth > DEPTH_MAX)
		return why_set(t->why, -EINVAL, "condition: nested too deeply");
	if (take_word(t, "not")) {
		r = single(t);
		t->depth--;
		return r < 0 ? r : put(t, TERM_NOT);
	}
	if (take_word(t, "(")) {
		r = either(t);
		t->depth--;
		if (r == 0 && !take_word(t, ")"))
			r = why_set(t->why, -EINVAL, "condition: a bracket is not closed");
		return r;
	}
	t->depth--;
	if (!t->word.len || bytes_eq(t->word, BYTES(")")) || bytes_ieq(t->word, BYTES("and")) ||
	    bytes_ieq(t->word, BYTES("or")))
		return why_set(t->why, -EINVAL, "condition: the name of a rule is missing");
	r = t->fn(t->ctx, t->word);
	if (r < 0)
		return why_set(t->why, -EINVAL,
			       "condition: \"%.*s\" is not one of the rules of the correlation",
			       (int)(t->word.len < 100 ? t->word.len : 100),
			       (const char *)t->word.at);
	step(t);
	return put(t, (uint8_t)r);
}

static int both(struct terms *t)
{
	int r = single(t);

	while (r == 0 && take_word(t, "and")) {
		r = single(t);
		if (r == 0)
			r = put(t, TERM_AND);
	}
	return r;
}

static int either(struct terms *t)
{
	int r = both(t);

	while (r == 0 && take_word(t, "or")) {
		r = both(t);
		if (r == 0)
			r = put(t, TERM_OR);
	}
	return r;
}

int terms_parse(struct bytes text, terms_name_fn *fn, void *ctx, struct correlation *ret,
		struct why *why)
{
	struct terms t = { .left = text, .fn = fn, .ctx = ctx, .to = ret, .why = why };
	int r;

	ret->terms_n = 0;
	step(&t);
	r = either(&t);
	if (r == 0 && t.word.len)
		r = why_set(why, -EINVAL, "condition: and or or is missing before \"%.*s\"",
			    (int)(t.word.len < 100 ? t.word.len : 100), (const char *)t.word.at);
	return r;
}
