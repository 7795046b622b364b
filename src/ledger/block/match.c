/* SPDX-License-Identifier: Apache-2.0 */
/* Searching typed rows without rendering them. A pattern is laid along a variant,
 *     lit[0] var[0] lit[1] var[1] … lit[n]
 * at every place where it can begin. Inside one literal it matches all rows of the variant or none.
 * Where it runs through variables it leaves conditions on their values: the first may have to end
 * with its beginning, those in the middle equal a piece, the last start with its end. Only columns
 * that have a condition are decoded, and dictionaries are asked once for each distinct value. */
#include "ledger/block/match.h"
#include "ledger/block/filter.h"
#include <stdlib.h>

#define LAYINGS_MAX 512u /* ways to lay one pattern along one variant; more: rows are rendered */
#define STEPS_MAX 20000u /* likewise, ways tried */

struct laying {
	struct condition cond[LINE_VARS];
	unsigned n;
};

struct search {
	struct block *b;
	struct variant_ref *v;
	struct bytes pattern;
	bool nocase;
	bool all; /* every row matches */
	bool many; /* too many ways: render */
	unsigned layings, steps;
	struct answers answers;
	uint64_t *hit, *ranks; /* by rank: found, and scratch */
	int failed;
};

static bool same(const struct search *s, struct bytes a, struct bytes b)
{
	return s->nocase ? bytes_ieq(a, b) : bytes_eq(a, b);
}

static void lay_done(struct search *s, const struct laying *l)
{
	size_t words = BLOCK_WORDS(s->v->rows);

	if (!l->n) {
		s->all = true;
		return;
	}
	if (++s->layings > LAYINGS_MAX) {
		s->many = true;
		return;
	}
	memset(s->ranks, 0xff, words * sizeof(*s->ranks));
	if (s->v->rows % 64)
		s->ranks[words - 1] = (1ull << (s->v->rows % 64)) - 1;
	for (unsigned i = 0; i < l->n && !s->failed; i++)
		s->failed =
			condition_apply(s->b, s->v, &l->cond[i], s->nocase, &s->answers, s->ranks);
	for (size_t w = 0; w < words && !s->failed; w++)
		s->hit[w] |= s->ranks[w];
}

static bool push(struct search *s, struct laying *l, enum part part, uint32_t var,
		 struct bytes text)
{
	if (++s->steps > STEPS_MAX)
		s->many = true;
	if (s->many || !condition_possible(s->v->var[var], part, text, s->nocase))
		return false;
	l->cond[l->n++] = (struct condition){ part, var, text };
	return true;
}

static void lay_var(struct search *s, struct laying *l, uint32_t var, struct bytes rest);

/* The rest of the pattern lies from the start of literal `lit` on. */
static void lay_lit(struct search *s, struct laying *l, uint32_t lit, struct bytes rest)
{
	struct bytes text = s->v->lit[lit];

	if (s->all || s->many || s->failed)
		return;
	if (rest.len <= text.len) {
		if (same(s, bytes_sub(text, 0, rest.len), rest))
			lay_done(s, l);
		return;
	}
	if (!same(s, text, bytes_sub(rest, 0, text.len)) || lit == s->v->vars)
		return;
	lay_var(s, l, lit, bytes_from(rest, text.len));
}

/* The rest lies from the start of variable `var` on: it ends inside, or fills it and goes on. */
static void lay_var(struct search *s, struct laying *l, uint32_t var, struct bytes rest)
{
	struct bytes next = s->v->lit[var + 1];
	unsigned had = l->n;

	if (push(s, l, PART_STARTS, var, rest)) {
		lay_done(s, l);
		l->n = had;
	}
	for (size_t m = 1; m < rest.len; m++) {
		if (next.len && !same(s, bytes_sub(rest, m, 1), bytes_sub(next, 0, 1)))
			continue;
		if (push(s, l, PART_EQUALS, var, bytes_sub(rest, 0, m)))
			lay_lit(s, l, var + 1, bytes_from(rest, m));
		l->n = had;
	}
}

/* Every way to begin: within a literal, or within a variable. */
static void lay_everywhere(struct search *s)
{
	struct laying l = { .n = 0 };

	for (uint32_t i = 0; i <= s->v->vars && !s->all; i++)
		if ((s->nocase ? bytes_ifind(s->v->lit[i], s->pattern)
			       : bytes_find(s->v->lit[i], s->pattern)) != BYTES_NONE)
			s->all = true;
	for (uint32_t i = 0; i < s->v->vars && !s->all && !s->many && !s->failed; i++) {
		struct bytes lit = s->v->lit[i], next = s->v->lit[i + 1];
		size_t from = lit.len > s->pattern.len ? lit.len - s->pattern.len + 1 : 0;

		for (size_t at = from; at < lit.len; at++) {
			l.n = 0;
			if (same(s, bytes_from(lit, at), bytes_sub(s->pattern, 0, lit.len - at)))
				lay_var(s, &l, i, bytes_from(s->pattern, lit.len - at));
		}
		l.n = 0;
		if (push(s, &l, PART_HOLDS, i, s->pattern))
			lay_done(s, &l);
		for (size_t m = 1; m < s->pattern.len; m++) {
			l.n = 0;
			if (next.len &&
			    !same(s, bytes_sub(s->pattern, m, 1), bytes_sub(next, 0, 1)))
				continue;
			if (push(s, &l, PART_ENDS, i, bytes_sub(s->pattern, 0, m)))
				lay_lit(s, &l, i + 1, bytes_from(s->pattern, m));
		}
	}
}

/* The plain way, for patterns that fit in too many ways. */
static int render_all(struct search *s)
{
	struct buf buf = { 0 };
	int r = block_load_variant(s->b, s->v);

	buf_reserve(&buf, s->v->max_len);
	for (uint32_t i = 0; !r && i < s->v->rows; i++) {
		size_t n = block_render(s->b, s->v, s->b->rows_of[s->v->first + i],
					(struct place){ 0, 0 }, variant_end(s->v), buf.at);

		if (text_meets(bytes_of(buf.at, n), PART_HOLDS, s->pattern, s->nocase))
			bit_set(s->hit, i);
	}
	buf_done(&buf);
	return r;
}

static int match_variant(struct search *s, uint64_t *rows)
{
	size_t words = BLOCK_WORDS(s->v->rows);
	int r;

	s->all = s->many = false;
	s->layings = s->steps = 0;
	memset(s->hit, 0, words * sizeof(*s->hit));
	lay_everywhere(s);
	r = s->failed;
	if (!r && s->many && !s->all)
		r = render_all(s);
	for (uint32_t i = 0; !r && i < s->v->rows; i++) {
		if (!s->all && !(i & 63) && !s->hit[i / 64]) {
			i |= 63;
			continue;
		}
		if (s->all || bit_get(s->hit, i))
			bit_set(rows, s->b->rows_of[s->v->first + i]);
	}
	return r;
}

/* Finds the next occurrence at or after `at` in a long text. */
static size_t find_from(struct bytes text, size_t at, struct bytes pattern, bool nocase)
{
	struct bytes rest = bytes_from(text, at);
	size_t hit = nocase ? bytes_ifind(rest, pattern) : bytes_find(rest, pattern);

	return hit == BYTES_NONE ? BYTES_NONE : at + hit;
}

static int match_text(struct block *b, struct bytes pattern, bool nocase, uint64_t *rows)
{
	uint32_t n = b->variant[0].rows, row = 0;
	size_t at = 0;
	int r = n ? block_load_text(b) : 0;

	if (r || !n)
		return r;
	while ((at = find_from(buf_view(&b->text), at, pattern, nocase)) != BYTES_NONE) {
		r = block_load_lines(b);
		if (r)
			return r;
		while (b->line[row + 1] <= at)
			row++;
		if (at + pattern.len < b->line[row + 1]) {
			bit_set(rows, b->rows_of[row]);
			at = b->line[row + 1];
		} else {
			at++; /* over the end of the row */
		}
	}
	return 0;
}

/* ---- what the filter can rule out ---- */

static bool key_held(const struct block *b, struct bytes text)
{
	return filter_holds(b->section[SECTION_FILTER], filter_key(text));
}

/* A word that the builder made a key whenever it stood in a row as a whole: not one that could be
 * part of a stamp ("16T00", "008Z") or, beside a dash, a group of a uuid. */
static bool word_sure(struct bytes w, bool dash)
{
	bool hex_only = true, letter = false;

	for (size_t i = 0; i < w.len; i++) {
		uint8_t c = w.at[i];

		letter |= !is_digit(c) && c != 'T' && c != 'Z';
		hex_only &= is_digit(c) || (c >= 'a' && c <= 'f');
	}
	if (!letter || w.len > 200)
		return false;
	return !(dash && hex_only && (w.len == 4 || w.len == 8 || w.len == 12));
}

struct ruling {
	const struct block *b;
	struct bytes pattern;
	bool whole; /* the pattern is a value: nothing of it goes on in the row */
	bool absent;
};

static void rule_key(void *ctx, uint8_t type, struct bytes text)
{
	struct ruling *r = ctx;
	size_t at = (size_t)(text.at - r->pattern.at), end = at + text.len;
	bool left = at > 0 || r->whole, right = end < r->pattern.len || r->whole;
	uint8_t before = at ? r->pattern.at[at - 1] : 0;
	uint8_t after = end < r->pattern.len ? r->pattern.at[end] : 0;

	if (r->absent)
		return;
	if (type == VAR_UUID) { /* any 36 bytes of that shape are a key */
		r->absent = !key_held(r->b, text);
		return;
	}
	if (!left || !right || (type == VAR_IP && before == '.'))
		return;
	if (type == VAR_WORD && !word_sure(text, before == '-' || after == '-'))
		return;
	r->absent = !key_held(r->b, text);
}

static bool ruled_out(const struct block *b, struct bytes pattern, bool whole)
{
	struct ruling r = { b, pattern, whole, false };

	if (b->section[SECTION_FILTER].len)
		token_keys(pattern, rule_key, &r);
	return r.absent;
}

bool block_may_hold(struct block *b, struct bytes value)
{
	return !ruled_out(b, value, true);
}

bool block_may_match(struct block *b, struct bytes pattern)
{
	return !ruled_out(b, pattern, false);
}

enum { RULED_OUT = 1 };

/* What every search begins with: the filter is asked, then the rows kept as text are looked at. */
static int match_begin(struct block *b, struct bytes pattern, bool nocase, uint64_t *rows)
{
	int r;

	if (!pattern.len)
		return -EINVAL;
	if (!nocase && !block_may_match(b, pattern))
		return RULED_OUT;
	r = block_load(b);
	return r ? r : match_text(b, pattern, nocase, rows);
}

int block_match_text(struct block *b, struct bytes pattern, bool nocase, uint64_t *rows)
{
	int r = match_begin(b, pattern, nocase, rows);

	return r == RULED_OUT ? 0 : r;
}

int block_match(struct block *b, struct bytes pattern, bool nocase, uint64_t *rows)
{
	struct search *s;
	int r = match_begin(b, pattern, nocase, rows);

	if (r)
		return r == RULED_OUT ? 0 : r;
	s = mem_new(1, sizeof(*s));
	*s = (struct search){ .b = b, .pattern = pattern, .nocase = nocase };
	s->hit = mem_new(BLOCK_WORDS(b->info.rows), sizeof(*s->hit));
	s->ranks = mem_new(BLOCK_WORDS(b->info.rows), sizeof(*s->ranks));
	for (uint32_t i = 1; !r && i <= b->variants; i++) {
		s->v = &b->variant[i];
		r = match_variant(s, rows);
	}
	answers_done(&s->answers);
	free(s->hit);
	free(s->ranks);
	free(s);
	return r;
}
