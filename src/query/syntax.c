/* SPDX-License-Identifier: Apache-2.0 */
/* filter  := or
 * or      := and { ("OR" | "||") and }
 * and     := unary { ["AND" | "&&"] unary }         side by side means AND
 * unary   := { "NOT" | "!" | "-" | "+" } primary
 * primary := "(" or ")" | name ":" value | name cmp word | word | phrase | regex | "*"
 * value   := "(" or, of values ")" | range | cmp word | word | phrase | regex
 * range   := ("[" | "{") bound "TO" bound ("]" | "}") */
#include "query/syntax.h"
#include "base/text.h"
#include "query/glob.h"
#include "query/query.h"
#include <stdarg.h>
#include <stdio.h>

int syntax_error(struct syntax *s, size_t at, const char *fmt, ...)
{
	char line[400];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	s->error_at = at < s->text.len ? at : s->text.len;
	return why_set(s->why, -EINVAL, "column %zu: %s", s->error_at + 1, line);
}

struct bytes syntax_show(struct syntax *s, struct bytes b)
{
	struct buf safe = { 0 };
	struct bytes out;

	text_safe(&safe, bytes_sub(b, 0, 80), NULL);
	if (b.len > 80)
		buf_str(&safe, "...");
	buf_u8(&safe, 0);
	out = arena_copy(&s->q->arena, buf_view(&safe));
	buf_done(&safe);
	return out;
}

int syntax_unknown(struct syntax *s, size_t at, struct bytes name)
{
	unsigned near = column_nearest(name);
	const char *shown = (const char *)syntax_show(s, name).at;
	const char *quote = s->in_stages ? "" : "; for the text itself put it in quotes";

	if (near == COLUMN_N)
		return syntax_error(s, at, "there is no field \"%s\"%s", shown, quote);
	return syntax_error(s, at, "there is no field \"%s\"; the nearest is %s%s", shown,
			    column_name(near), quote);
}

static int parse_or(struct syntax *s, const struct scope *c, struct node **ret);

/* The operators, as whole words. */
static bool at_word(const struct syntax *s, const char *word)
{
	size_t n = strlen(word);

	return bytes_starts(bytes_from(s->text, s->at), bytes_str(word)) && lex_boundary(s, n);
}

static bool at_sign(const struct syntax *s, char c)
{
	return lex_peek(s, 0) == c && lex_peek(s, 1) == c;
}

static bool at_or(const struct syntax *s)
{
	return at_word(s, "OR") || at_sign(s, '|');
}

static bool at_and(const struct syntax *s)
{
	return at_word(s, "AND") || (at_sign(s, '&') && lex_boundary(s, 2));
}

static bool at_end(const struct syntax *s)
{
	int c = lex_peek(s, 0);

	return c < 0 || c == ')' || (c == '|' && !at_sign(s, '|'));
}

static int scope_of(struct syntax *s, struct bytes name, size_t at, struct scope *ret)
{
	struct scope c = { .at = at };

	if (bytes_chr(name, '*') != BYTES_NONE) {
		c.several = true;
		for (unsigned i = 0; i < COLUMN_SOURCE_FILE; i++)
			if (glob_match(name, bytes_str(column_name(i))))
				c.columns[c.n++] = i;
		if (!c.n)
			return syntax_error(s, at, "no field is named like \"%s\"",
					    (const char *)syntax_show(s, name).at);
	} else {
		c.columns[0] = column_by_name(name);
		if (c.columns[0] == COLUMN_N)
			return syntax_unknown(s, at, name);
		c.n = 1;
	}
	*ret = c;
	return 0;
}

/* fa:16:3e:00:00:01, fe80::1: text, no field "fa". */
static bool looks_like_address(const struct syntax *s)
{
	size_t colons = 0, n = 0;

	for (int c; !lex_boundary(s, n); n++) {
		c = lex_peek(s, n);
		colons += c == ':';
		if (c != ':' && c != '.' && c != '/' && hex_digit((uint8_t)c) < 0)
			return false;
	}
	return colons >= 2;
}

static int parse_bound(struct syntax *s, struct word *ret)
{
	int c;

	lex_blanks(s);
	c = lex_peek(s, 0);
	if (c == '"')
		return lex_phrase(s, ret);
	if (c < 0 || c == ']' || c == '}')
		return syntax_error(s, s->at, "an end of the range is missing; * leaves it open");
	return lex_word(s, LEX_BOUND, ret);
}

static bool is_open(const struct word *w)
{
	return !w->quoted && bytes_eq(w->glob, BYTES("*"));
}

static int parse_range(struct syntax *s, const struct scope *c, struct node **ret)
{
	size_t start = s->at;
	bool lo_without = s->text.at[s->at++] == '{', hi_without;
	struct word lo, hi;
	int r = parse_bound(s, &lo), end;

	if (r < 0)
		return r;
	lex_blanks(s);
	if (!lex_takes(s, "TO"))
		return syntax_error(s, s->at, "a range is written [a TO b]: TO is missing here");
	r = parse_bound(s, &hi);
	if (r < 0)
		return r;
	lex_blanks(s);
	end = lex_peek(s, 0);
	if (end != ']' && end != '}')
		return syntax_error(s, start, "the range that opens here is never closed");
	hi_without = end == '}';
	s->at++;
	return build_range(s, c, is_open(&lo) ? NULL : &lo, lo_without, is_open(&hi) ? NULL : &hi,
			   hi_without, ret);
}

/* >=400 and the like, at the sign. */
static int parse_compare(struct syntax *s, const struct scope *c, struct node **ret)
{
	bool less = s->text.at[s->at++] == '<', with = lex_takes(s, "=");
	struct word w;
	int r;

	lex_blanks(s);
	if (lex_boundary(s, 0))
		return syntax_error(s, s->at, "a value is missing after the comparison");
	r = lex_peek(s, 0) == '"' ? lex_phrase(s, &w) : lex_word(s, LEX_VALUE, &w);
	if (r < 0)
		return r;
	return build_range(s, c, less ? NULL : &w, !with, less ? &w : NULL, !with, ret);
}

static int ended(struct syntax *s, int r)
{
	if (r < 0 || lex_boundary(s, 0))
		return r;
	return syntax_error(s, s->at, "a blank is missing here, between two terms");
}

/* One word, phrase or pattern for the columns of the scope. */
static int parse_term(struct syntax *s, const struct scope *c, enum lex_mode mode,
		      struct node **ret)
{
	struct word w;
	int r, first = lex_peek(s, 0);

	if (first == '"')
		r = lex_phrase(s, &w);
	else if (first == '/')
		r = lex_regex(s, &w);
	else
		r = lex_word(s, mode, &w);
	r = ended(s, r);
	return r < 0 ? r : build_word(s, c, &w, ret);
}

static int parse_group(struct syntax *s, const struct scope *c, struct node **ret)
{
	size_t open = s->at++;
	int r;

	if (s->depth >= QUERY_DEPTH_MAX)
		return syntax_error(s, open, "brackets more than %d deep", QUERY_DEPTH_MAX);
	s->depth++;
	r = parse_or(s, c, ret);
	s->depth--;
	if (r < 0)
		return r;
	if (lex_peek(s, 0) != ')')
		return syntax_error(s, open, "the bracket that opens here is never closed");
	s->at++;
	return ended(s, 0);
}

static int parse_value(struct syntax *s, const struct scope *c, struct node **ret)
{
	int first = lex_peek(s, 0);

	if (first == '(')
		return parse_group(s, c, ret);
	if (first == '[' || first == '{')
		return ended(s, parse_range(s, c, ret));
	if (first == '<' || first == '>')
		return ended(s, parse_compare(s, c, ret));
	return parse_term(s, c, LEX_VALUE, ret);
}

static int parse_exists(struct syntax *s, struct node **ret)
{
	struct scope c;
	size_t at = s->at;
	struct word w;
	int r = lex_peek(s, 0) == '"' ? lex_phrase(s, &w) : lex_word(s, LEX_VALUE, &w);

	if (!r)
		r = scope_of(s, w.text, at, &c);
	return r < 0 ? r : build_exists(s, &c, ret);
}

static int parse_field(struct syntax *s, size_t len, struct node **ret)
{
	struct bytes name = bytes_sub(s->text, s->at, len);
	size_t at = s->at;
	struct scope c;
	int r;

	s->at += len + 1;
	if (bytes_eq(name, BYTES("*")) && lex_peek(s, 0) == '*' && lex_boundary(s, 1)) {
		s->at++;
		*ret = build_node(s, NODE_ALL);
		return *ret ? 0 : -EINVAL;
	}
	if (!bytes_eq(name, BYTES("_exists_"))) {
		r = scope_of(s, name, at, &c);
		if (r < 0)
			return r;
	}
	lex_blanks(s);
	if (at_end(s) || at_or(s) || at_and(s))
		return syntax_error(s, s->at, "%s: needs a value after the colon",
				    (const char *)syntax_show(s, name).at);
	if (bytes_eq(name, BYTES("_exists_")))
		return parse_exists(s, ret);
	return parse_value(s, &c, ret);
}

/* http.response.status_code >= 400, as Kibana's own language writes it. */
static bool at_loose_compare(struct syntax *s, size_t len, struct scope *ret)
{
	struct bytes name = bytes_sub(s->text, s->at, len);
	size_t was = s->at;
	int c;

	ret->columns[0] = column_by_name(name);
	ret->n = 1;
	ret->several = false;
	if (ret->columns[0] == COLUMN_N)
		return false;
	s->at += len;
	lex_blanks(s);
	c = lex_peek(s, 0);
	if (c == '<' || c == '>')
		return true;
	s->at = was;
	return false;
}

static int parse_bare(struct syntax *s, struct node **ret)
{
	static const struct scope raw = { .n = 1, .columns = { COLUMN_RAW } };
	size_t name = lex_name(s);
	struct scope c;

	if (name && lex_peek(s, name) == ':' && !looks_like_address(s))
		return parse_field(s, name, ret);
	if (name && at_loose_compare(s, name, &c))
		return ended(s, parse_compare(s, &c, ret));
	if (at_word(s, "and") || at_word(s, "or") || at_word(s, "not"))
		return syntax_error(s, s->at,
				    "operators are written in capitals: AND, OR, NOT; for the word "
				    "itself put it in quotes");
	return parse_term(s, &raw, LEX_BARE, ret);
}

static int parse_unary(struct syntax *s, const struct scope *c, struct node **ret)
{
	bool negative = false;
	struct node *n = NULL;
	int r;

	for (;;) {
		int first = lex_peek(s, 0);

		lex_blanks(s);
		first = lex_peek(s, 0);
		if (at_word(s, "NOT")) {
			s->at += 3;
			negative = !negative;
		} else if (first == '!') {
			s->at++;
			negative = !negative;
		} else if ((first == '-' || first == '+') && !at_end(s)) {
			if (lex_peek(s, 1) != '(' && lex_boundary(s, 1))
				return syntax_error(s, s->at,
						    "a term must follow the %c at once; for the "
						    "character itself put it in quotes",
						    first);
			s->at++;
			negative ^= first == '-';
		} else {
			break;
		}
	}
	if (at_end(s) || at_or(s) || at_and(s))
		return syntax_error(s, s->at, "a term is missing here");
	r = lex_peek(s, 0) == '(' ? parse_group(s, c, &n)
	    : c			  ? parse_value(s, c, &n)
				  : parse_bare(s, &n);
	if (r < 0 || !negative) {
		*ret = n;
		return r;
	}
	*ret = build_node(s, NODE_NOT);
	if (!*ret)
		return -EINVAL;
	(*ret)->child = n;
	return 0;
}

/* The children of an AND or OR; a single one needs no node of its own. */
static int parse_list(struct syntax *s, const struct scope *c, enum node_kind kind,
		      struct node **ret)
{
	struct node *first = NULL, **last = &first, *n;
	int r;

	for (;;) {
		r = kind == NODE_OR ? parse_list(s, c, NODE_AND, last) : parse_unary(s, c, last);
		if (r < 0)
			return r;
		last = &(*last)->next;
		lex_blanks(s);
		if (kind == NODE_OR) {
			if (!at_or(s))
				break;
			s->at += 2;
		} else if (at_and(s)) {
			s->at += lex_peek(s, 0) == '&' ? 2 : 3;
		} else if (at_end(s) || at_or(s)) {
			break;
		}
	}
	if (!first->next) {
		*ret = first;
		return 0;
	}
	n = build_node(s, kind);
	if (!n)
		return -EINVAL;
	n->child = first;
	*ret = n;
	return 0;
}

static int parse_or(struct syntax *s, const struct scope *c, struct node **ret)
{
	return parse_list(s, c, NODE_OR, ret);
}

int syntax_filter(struct syntax *s, struct node **ret)
{
	int r;

	lex_blanks(s);
	if (at_end(s) && lex_peek(s, 0) != ')') { /* "" and "| stats …": everything */
		*ret = build_node(s, NODE_ALL);
		return 0;
	}
	r = parse_or(s, NULL, ret);
	if (!r && lex_peek(s, 0) == ')')
		r = syntax_error(s, s->at, "this bracket closes nothing");
	return r;
}
