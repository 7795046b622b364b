/* SPDX-License-Identifier: Apache-2.0 */
/* From the tree as written to the tree as run: flattened, time limits taken out of it. */
#include "base/text.h"
#include "query/query.h"
#include "query/syntax.h"
#include <stdlib.h>

/* Children of the same kind become one's own; NOT NOT falls away. */
static struct node *flatten(struct node *n)
{
	struct node *first = NULL, **last = &first;

	while (n->kind == NODE_NOT && n->child->kind == NODE_NOT) {
		struct node *next = n->next;

		n = n->child->child;
		n->next = next;
	}
	for (struct node *c = n->child, *next; c; c = next) {
		next = c->next;
		c->next = NULL;
		c = flatten(c);
		if (c->kind == n->kind && n->kind != NODE_NOT) {
			*last = c->child;
			while (*last)
				last = &(*last)->next;
		} else {
			*last = c;
			last = &c->next;
		}
	}
	n->child = first;
	return n;
}

/* A range of @timestamp that every hit must lie in becomes part of since and until. */
static bool take_time(struct query *q, const struct node *n)
{
	const struct test *t = &n->test;
	usec lo = INT64_MIN, hi = INT64_MAX;

	if (n->kind != NODE_TEST || t->column != COLUMN_TIME || t->kind != TEST_RANGE)
		return false;
	if (t->lo.set)
		lo = (usec)t->lo.num + (t->lo.without && t->lo.num < INT64_MAX);
	if (t->hi.set && t->hi.num < INT64_MAX)
		hi = (usec)t->hi.num + !t->hi.without;
	if (t->lo.set && (q->since == USEC_NONE || lo > q->since))
		q->since = lo;
	if (hi < INT64_MAX && (q->until == USEC_NONE || hi < q->until))
		q->until = hi;
	return true;
}

static void take_times(struct query *q)
{
	struct node *n = q->root, **at;

	if (take_time(q, n)) {
		n->kind = NODE_ALL;
		return;
	}
	if (n->kind != NODE_AND)
		return;
	for (at = &n->child; *at;) {
		if (take_time(q, *at))
			*at = (*at)->next;
		else
			at = &(*at)->next;
	}
	if (!n->child)
		n->kind = NODE_ALL;
	else if (!n->child->next)
		q->root = n->child;
}

/* What evaluating a node costs on one record at hand: bytes before patterns before parsing. */
static unsigned cost(const struct node *n)
{
	unsigned worst = 0;

	if (n->kind == NODE_ALL)
		return 0;
	if (n->kind == NODE_TEST) {
		const struct test *t = &n->test;

		if (column_is_source(t->column) || t->column == COLUMN_SEQUENCE ||
		    t->column == COLUMN_INGESTED)
			return 1;
		if (t->column == COLUMN_RAW)
			return t->kind == TEST_HOLDS ? 2 : t->kind == TEST_GLOB ? 3 : 5;
		return t->column == COLUMN_TIME	    ? 4
		       : t->column != FIELD_MESSAGE ? 6
		       : t->kind == TEST_REGEX	    ? 8
						    : 7;
	}
	for (const struct node *c = n->child; c; c = c->next)
		worst = c->cost > worst ? c->cost : worst;
	return worst;
}

/* Cheapest first, otherwise as written. */
static void order(struct node *n)
{
	struct node *sorted = NULL;

	for (struct node *c = n->child, *next; c; c = next) {
		struct node **at = &sorted;

		next = c->next;
		order(c);
		while (*at && (*at)->cost <= c->cost)
			at = &(*at)->next;
		c->next = *at;
		*at = c;
	}
	n->child = sorted;
	n->cost = cost(n);
}

int query_compile(struct query **ret, struct bytes text, usec now, struct why *why,
		  size_t *ret_column)
{
	struct query *q = mem_new(1, sizeof(*q));
	struct why spare;
	struct syntax s = { .q = q, .text = text, .now = now, .error_at = SIZE_MAX };
	int r = 0;

	s.why = s.said = why ? why : &spare;
	q->since = q->until = USEC_NONE;
	if (text.len > QUERY_TEXT_MAX)
		r = syntax_error(&s, QUERY_TEXT_MAX, "too long a query: more than %d bytes",
				 QUERY_TEXT_MAX);
	if (!r)
		r = syntax_filter(&s, &q->root);
	if (!r)
		r = stage_parse(&s);
	if (ret_column)
		*ret_column = r < 0 && s.error_at != SIZE_MAX ? s.error_at + 1 : 0;
	if (r < 0) {
		query_free(q);
		return r;
	}
	q->root = flatten(q->root);
	take_times(q);
	sets_make(&q->arena, q->root);
	order(q->root);
	*ret = q;
	return 0;
}

struct query *query_free(struct query *q)
{
	if (!q)
		return NULL;
	for (size_t i = 0; i < q->regexes_n; i++)
		regex_free(q->regexes[i]);
	arena_done(&q->arena);
	free(q);
	return NULL;
}

#define CARET_WIDTH 76

void query_caret(FILE *to, struct bytes text, size_t column)
{
	size_t at = column ? column - 1 : 0, start, end;
	struct buf before = { 0 }, after = { 0 };
	size_t width = 0;

	if (!column)
		return;
	at = at < text.len ? at : text.len;
	for (start = at; start > 0 && text.at[start - 1] != '\n' && at - start < CARET_WIDTH / 2;)
		start--;
	for (end = at; end < text.len && text.at[end] != '\n' && end - start < CARET_WIDTH;)
		end++;
	text_safe(&before, bytes_sub(text, start, at - start), NULL);
	text_safe(&after, bytes_sub(text, at, end - at), NULL);
	for (size_t i = 0; i < before.len; i++)
		width += (before.at[i] & 0xc0) != 0x80;
	fprintf(to, "  %.*s%.*s\n  %*s^\n", (int)before.len, (const char *)before.at,
		(int)after.len, (const char *)after.at, (int)width, "");
	buf_done(&before);
	buf_done(&after);
}

bool query_format_parse(const char *name, enum query_format *ret)
{
	static const char *const names[] = { "text", "raw", "json", "count" };

	for (unsigned i = 0; i < 4; i++) {
		if (!strcmp(name, names[i])) {
			*ret = (enum query_format)i;
			return true;
		}
	}
	return false;
}
