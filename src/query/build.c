/* SPDX-License-Identifier: Apache-2.0 */
#include "query/glob.h"
#include "query/query.h"
#include "query/syntax.h"

struct node *build_node(struct syntax *s, enum node_kind kind)
{
	struct node *n;

	if (s->q->nodes >= QUERY_NODES_MAX) {
		syntax_error(s, s->at, "too long a query: more than %d terms", QUERY_NODES_MAX);
		return NULL;
	}
	n = arena_take(&s->q->arena, sizeof(*n));
	memset(n, 0, sizeof(*n));
	n->kind = kind;
	n->id = s->q->nodes++;
	return n;
}

static bool is_text_column(unsigned c) /* a plain word is looked for inside it */
{
	return c == COLUMN_RAW || c == FIELD_MESSAGE;
}

static const char *what_fits(unsigned c)
{
	switch (column_type(c)) {
	case TYPE_IP:
		return "an address, as 10.0.0.7, 10.0.0.0/8 or [10.0.0.1 TO 10.0.0.9]";
	case TYPE_TIME:
		return "a time, as 2026-03-01, \"2026-03-01T12:30:00Z\" or now-15m";
	default:
		return "a number, as 404, >=400 or [400 TO 499]";
	}
}

static int unfit(struct syntax *s, unsigned c, const struct word *w)
{
	return syntax_error(s, w->at, "\"%s\" does not fit %s, which is %s",
			    (const char *)syntax_show(s, w->text).at, column_name(c), what_fits(c));
}

/* A word for one column as the range it stands for; -EINVAL when it does not fit, error said. */
static int point(struct syntax *s, unsigned c, const struct word *w, struct bound *lo,
		 struct bound *hi)
{
	usec first, last;

	lo->set = hi->set = true;
	switch (column_type(c)) {
	case TYPE_IP:
		if (addr_parse(w->text, &lo->addr)) {
			hi->addr = lo->addr;
			return 0;
		}
		return addr_parse_net(w->text, &lo->addr, &hi->addr) ? 0 : unfit(s, c, w);
	case TYPE_TIME:
		if (!time_parse(w->text, s->now, &first, &last))
			return unfit(s, c, w);
		lo->num = first;
		hi->num = last;
		return 0;
	case TYPE_KEYWORD:
		lo->text = hi->text = w->text;
		return 0;
	default:
		if (!num_parse(w->text, &lo->num))
			return unfit(s, c, w);
		hi->num = lo->num;
		return 0;
	}
}

static int regex_test(struct syntax *s, const struct word *w, struct test *t)
{
	struct query *q = s->q;
	size_t at = 0;
	struct why why;

	if (w->text.len > QUERY_PATTERN_MAX)
		return syntax_error(s, w->at, "too long a regular expression: more than %d bytes",
				    QUERY_PATTERN_MAX);
	if (q->regexes_n >= REGEXES_MAX)
		return syntax_error(s, w->at, "more than %d regular expressions", REGEXES_MAX);
	if (!q->regexes)
		q->regexes = arena_take(&q->arena, REGEXES_MAX * sizeof(struct regex *));
	if (regex_new(&t->regex, w->text, w->flags, &why, &at) < 0)
		return syntax_error(s, w->at + 1 + at, "%s", why.line);
	q->regexes[q->regexes_n++] = t->regex;
	t->kind = TEST_REGEX;
	t->text = w->text;
	t->flags = w->flags;
	t->need = regex_need(t->regex);
	return 0;
}

/* What raw bytes must hold when a field is this very value. A number may be written with more
 * zeros, but not without its digits; an IPv4 address also as ::ffff:a00:1. */
static const struct need *value_need(struct syntax *s, unsigned c, struct bytes text)
{
	struct need *n = arena_take(&s->q->arena, 2 * sizeof(*n)), *one;
	struct buf digits = { 0 };
	__int128 num;

	n[0] = (struct need){ .kind = NEED_TEXT, .text = text };
	if (column_type(c) == TYPE_IP) {
		if (bytes_chr(text, ':') != BYTES_NONE || bytes_chr(text, '/') != BYTES_NONE)
			return NULL;
		n[1] = (struct need){ .kind = NEED_TEXT, .nocase = true, .text = BYTES("ffff:") };
		n[0].next = &n[1];
		one = arena_take(&s->q->arena, sizeof(*one));
		*one = (struct need){ .kind = NEED_ONE, .parts = n };
		return one;
	}
	if (column_type(c) == TYPE_NUMBER || column_type(c) == TYPE_DECIMAL) {
		if (!num_parse(text, &num))
			return NULL;
		num_text(&digits, num < 0 ? -num : num);
		n[0].text = arena_copy(&s->q->arena, buf_view(&digits));
		buf_done(&digits);
	}
	return n;
}

static int glob_test(struct syntax *s, unsigned c, const struct word *w, struct test *t)
{
	struct bytes g = w->glob;

	if (column_type(c) == TYPE_TIME || c == COLUMN_SEQUENCE || c == COLUMN_SOURCE_ID)
		return unfit(s, c, w);
	if (is_text_column(c)) {
		while (g.len && g.at[0] == '*')
			g = bytes_from(g, 1);
		while (g.len && g.at[g.len - 1] == '*' && (g.len < 2 || g.at[g.len - 2] != '\\'))
			g.len--;
	}
	t->kind = TEST_GLOB;
	t->text = g;
	t->need = need_of_glob(&s->q->arena, g);
	if (is_text_column(c)) {
		size_t at = 0;
		struct bytes run;

		if (glob_run(g, &at, &run) && run.len == g.len) { /* no wildcard is left */
			uint8_t *text = arena_take(&s->q->arena, run.len);

			t->kind = TEST_HOLDS;
			t->text = bytes_of(text, glob_unescape(run, text));
			t->need = value_need(s, c, t->text);
		}
	}
	return 0;
}

static int word_test(struct syntax *s, unsigned c, const struct word *w, struct test *t)
{
	t->column = c;
	if (w->regex) {
		if (column_type(c) == TYPE_TIME || c == COLUMN_SEQUENCE || c == COLUMN_SOURCE_ID)
			return syntax_error(s, w->at, "%s is %s, and takes no regular expression",
					    column_name(c), what_fits(c));
		return regex_test(s, w, t);
	}
	if (!w->text.len)
		return c == COLUMN_RAW
			       ? syntax_error(s, w->at, "an empty text: * stands for everything")
			       : syntax_error(s, w->at,
					      "no field is ever empty: for records without it "
					      "write NOT %s:*",
					      column_name(c));
	if (w->wild && !w->quoted)
		return glob_test(s, c, w, t);
	t->text = w->text;
	t->need = value_need(s, c, w->text);
	if (is_text_column(c)) {
		t->kind = TEST_HOLDS;
		return 0;
	}
	t->kind = column_type(c) == TYPE_KEYWORD ? TEST_EQUAL : TEST_RANGE;
	return t->kind == TEST_EQUAL ? 0 : point(s, c, w, &t->lo, &t->hi);
}

/* One column's node; log.file.path falls back to the path of the source where that is a file. */
typedef int build_fn(struct syntax *s, unsigned column, const void *ctx, struct node **ret);

static int one_column(struct syntax *s, unsigned c, build_fn *fn, const void *ctx,
		      struct node **ret)
{
	struct node *either, *both, *not, *has;
	int r;

	if (c != FIELD_LOG_FILE)
		return fn(s, c, ctx, ret);
	either = build_node(s, NODE_OR);
	both = build_node(s, NODE_AND);
	not = build_node(s, NODE_NOT);
	has = build_node(s, NODE_TEST);
	if (!either || !both || !not || !has)
		return -EINVAL;
	has->test = (struct test){ .kind = TEST_EXISTS, .column = c };
	not ->child = has;
	both->child = not ;
	r = fn(s, c, ctx, &either->child);
	if (!r)
		r = fn(s, COLUMN_SOURCE_FILE, ctx, &not ->next);
	if (!r)
		either->child->next = both;
	*ret = either;
	return r;
}

static int each_column(struct syntax *s, const struct scope *c, build_fn *fn, const void *ctx,
		       struct node **ret)
{
	struct node *first = NULL, **last = &first, *either;
	struct why said = { "" };
	unsigned n = 0;

	if (c->n == 1)
		return one_column(s, c->columns[0], fn, ctx, ret);
	for (unsigned i = 0; i < c->n; i++) {
		int r;

		s->why = &said; /* a column that the value does not fit is passed over */
		r = one_column(s, c->columns[i], fn, ctx, last);
		s->why = s->said;
		if (r < 0)
			continue;
		last = &(*last)->next;
		n++;
	}
	if (!n) {
		*s->said = said;
		return -EINVAL;
	}
	s->error_at = SIZE_MAX;
	either = build_node(s, NODE_OR);
	if (!either)
		return -EINVAL;
	either->child = first;
	*ret = either;
	return 0;
}

static int one_word(struct syntax *s, unsigned c, const void *ctx, struct node **ret)
{
	struct node *n = build_node(s, NODE_TEST);
	int r = n ? word_test(s, c, ctx, &n->test) : -EINVAL;

	if (!r) {
		n->test.column = c;
		*ret = n;
	}
	return r;
}

static int one_exists(struct syntax *s, unsigned c, const void *ctx, struct node **ret)
{
	/* what Vedette knows of a record, it knows of each */
	bool always = !column_is_field(c) && c != COLUMN_SOURCE_FILE;
	struct node *n = build_node(s, always ? NODE_ALL : NODE_TEST);

	(void)ctx;
	if (!n)
		return -EINVAL;
	n->test = (struct test){ .kind = TEST_EXISTS, .column = c };
	*ret = n;
	return 0;
}

int build_exists(struct syntax *s, const struct scope *c, struct node **ret)
{
	return each_column(s, c, one_exists, NULL, ret);
}

int build_word(struct syntax *s, const struct scope *c, const struct word *w, struct node **ret)
{
	if (w->wild && !w->quoted && !w->regex) {
		size_t stars = 0;

		while (stars < w->glob.len && w->glob.at[stars] == '*')
			stars++;
		if (stars == w->glob.len)
			return build_exists(s, c, ret);
	}
	return each_column(s, c, one_word, w, ret);
}

struct range {
	const struct word *lo, *hi;
	bool lo_without, hi_without;
};

static int range_test(struct syntax *s, unsigned c, const struct range *g, struct test *t)
{
	struct bound lo = { 0 }, hi = { 0 }, rest;
	bool time = column_type(c) == TYPE_TIME;
	int r;

	t->kind = TEST_RANGE;
	t->column = c;
	for (int i = 0; i < 2; i++) {
		const struct word *w = i ? g->hi : g->lo;

		if (!w)
			continue;
		if (w->regex || (w->wild && !w->quoted))
			return syntax_error(s, w->at, "the ends of a range take no patterns");
		if (column_type(c) == TYPE_IP && bytes_chr(w->text, '/') != BYTES_NONE)
			return unfit(s, c, w);
		/* A time leaves something open ("2026-03-01" is a day): a range without its
		 * lower end begins after the day, one with its upper end lasts to its end. */
		if (!i)
			r = time && g->lo_without ? point(s, c, w, &rest, &lo)
						  : point(s, c, w, &lo, &rest);
		else
			r = time && g->hi_without ? point(s, c, w, &hi, &rest)
						  : point(s, c, w, &rest, &hi);
		if (r < 0)
			return r;
	}
	lo.without = g->lo_without;
	hi.without = g->hi_without;
	t->lo = lo;
	t->hi = hi;
	return 0;
}

static int one_range(struct syntax *s, unsigned c, const void *ctx, struct node **ret)
{
	struct node *n = build_node(s, NODE_TEST);
	int r = n ? range_test(s, c, ctx, &n->test) : -EINVAL;

	if (!r)
		*ret = n;
	return r;
}

int build_range(struct syntax *s, const struct scope *c, const struct word *lo, bool lo_without,
		const struct word *hi, bool hi_without, struct node **ret)
{
	struct range g = { lo, hi, lo_without, hi_without };

	if (!lo && !hi)
		return build_exists(s, c, ret);
	return each_column(s, c, one_range, &g, ret);
}
