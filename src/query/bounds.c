/* SPDX-License-Identifier: Apache-2.0 */
/* For each node of the tree: the rows that are hit for sure (lo), and those that may be (hi),
 * without decoding a record. */
#include "query/bits.h"
#include "query/search.h"

/* A segment lies in one map: the text is looked for in all of it at once, and what is found between
 * two records (in the head of one, or across their border) is left out. */
static void segment_hold(struct search *s, struct bytes text, uint64_t *rows)
{
	struct bytes first, last, all;
	struct record rec;
	uint32_t i = 0;

	if (!s->n)
		return;
	first = segment_leaf(s->segment, 0);
	last = segment_leaf(s->segment, s->n - 1);
	all = bytes_of(first.at, (size_t)(last.at + last.len - first.at));
	for (size_t at = 0;;) {
		const uint8_t *hit;
		uint32_t lo = i, hi = s->n - 1;

		size_t found = bytes_find(bytes_from(all, at), text);

		if (found == BYTES_NONE)
			return;
		at += found;
		hit = all.at + at;
		while (lo < hi) { /* the last record that begins at or before the hit */
			uint32_t mid = lo + (hi - lo + 1) / 2;

			if (segment_leaf(s->segment, mid).at <= hit)
				lo = mid;
			else
				hi = mid - 1;
		}
		i = lo;
		segment_record(s->segment, i, &rec);
		if (hit >= rec.raw.at && hit + text.len <= rec.raw.at + rec.raw.len) {
			bits_set(rows, i);
			if (++i == s->n)
				return;
			at = (size_t)(segment_leaf(s->segment, i).at - all.at);
		} else {
			at++;
		}
	}
}

/* The rows of `in` whose raw bytes hold the text: exactly, or (ret_exact false) those that may. */
static int rows_hold(struct search *s, struct bytes text, bool nocase, const uint64_t *in,
		     uint64_t *ret, bool *ret_exact)
{
	int r = 0;

	*ret_exact = s->block || !nocase;
	if (!*ret_exact) {
		bits_copy(ret, in, s->words);
		return 0;
	}
	bits_none(ret, s->words);
	if (s->block && s->untyped_only)
		r = block_match_text(s->block, text, nocase, ret);
	else if (s->block)
		r = block_match(s->block, text, nocase, ret);
	else
		segment_hold(s, text, ret);
	bits_and(ret, in, s->words);
	return r;
}

/* The rows of `in` that hold what is needed, or may. */
static int rows_need(struct search *s, const struct need *need, const uint64_t *in, uint64_t *ret)
{
	uint64_t *part;
	bool exact;
	int r = 0;

	if (need->kind == NEED_TEXT)
		return rows_hold(s, need->text, need->nocase, in, ret, &exact);
	if (need->kind == NEED_ONE)
		bits_none(ret, s->words);
	else
		bits_copy(ret, in, s->words);
	part = search_take(s);
	for (const struct need *p = need->parts; p && !r; p = p->next) {
		r = rows_need(s, p, need->kind == NEED_ONE ? in : ret, part);
		if (need->kind == NEED_ONE)
			bits_or(ret, part, s->words);
		else
			bits_copy(ret, part, s->words);
	}
	search_give(s, part);
	return r;
}

/* false: the filter of the block says that no row holds this text. Only the words inside it count:
 * those at its ends may be part of longer ones. */
static bool may_hold(struct search *s, struct bytes text)
{
	size_t i = 0;

	while (i < text.len && is_alnum(text.at[i]))
		i++;
	while (i < text.len) {
		size_t start;

		while (i < text.len && !is_alnum(text.at[i]))
			i++;
		start = i;
		while (i < text.len && is_alnum(text.at[i]))
			i++;
		if (i < text.len && i > start &&
		    !block_may_hold(s->block, bytes_sub(text, start, i - start)))
			return false;
	}
	return true;
}

struct value_test {
	struct search *s;
	const struct test *t;
};

static bool accept_value(void *ctx, struct bytes value)
{
	struct value_test *v = ctx;

	return match_value(v->s, v->t, value);
}

/* false: no raw bytes of the block can have what is needed. */
static bool may_have(struct search *s, const struct need *need)
{
	bool one = false;

	if (need->kind == NEED_TEXT)
		return need->nocase ||
		       (may_hold(s, need->text) && block_may_match(s->block, need->text));
	for (const struct need *p = need->parts; p; p = p->next) {
		bool may = may_have(s, p);

		if (!may && need->kind == NEED_ALL)
			return false;
		one |= may;
	}
	return need->kind != NEED_ONE || one;
}

static int rows_escaped(struct search *s)
{
	uint64_t *rows;
	int r;

	if (s->escaped)
		return 0;
	rows = search_take(s);
	bits_none(rows, s->words);
	r = block_match(s->block, BYTES("\\"), false, rows);
	if (!r)
		s->escaped = rows;
	return r;
}

/* The rows of `in` that a test on a field may hit, told by what their raw bytes must hold. */
static int rows_may(struct search *s, const struct test *t, const uint64_t *in, uint64_t *ret)
{
	/* others have dictionaries, or an automaton: cheaper */
	bool searches = column_is_varied(t->column) &&
			!(t->kind == TEST_REGEX && regex_scanner(t->regex, s->work));
	int r;

	if (!t->need || !column_lies_in_raw(t->column) || (!searches && may_have(s, t->need))) {
		bits_copy(ret, in, s->words);
		return 0;
	}
	bits_none(ret, s->words);
	r = searches ? rows_need(s, t->need, in, ret) : 0;
	if (!r)
		r = rows_escaped(s);
	for (size_t i = 0; i < s->words && !r; i++)
		ret[i] |= in[i] & s->escaped[i];
	return r;
}

/* Few rows: their values are looked at one by one; many: each value of the block once. */
static int typed_bounds(struct search *s, const struct test *t, const uint64_t *rows, uint64_t *lo)
{
	struct value_test v = { s, t };
	struct block_column c;
	uint64_t has[2];
	int r;

	block_fields(s->block, has);
	if (!(has[t->column / 64] >> (t->column % 64) & 1) || !bits_any(rows, s->words))
		return 0;
	if (t->kind == TEST_REGEX && column_is_varied(t->column) &&
	    regex_scanner(t->regex, s->work)) {
		r = block_scan_field(s->block, regex_scanner(t->regex, s->work),
				     (enum field)t->column, rows, lo);
		if (r != SCAN_LOST)
			return r;
		bits_none(lo, s->words);
	}
	if (t->column != FIELD_MESSAGE && bits_count(rows, s->words) > s->n / 16) {
		r = block_field_match(s->block, (enum field)t->column, accept_value, &v, lo);
		bits_and(lo, rows, s->words);
		return r;
	}
	r = block_field_column(s->block, (enum field)t->column, rows, &s->arena, &c);
	if (r < 0)
		return r;
	for (uint32_t i = bits_next(rows, s->n, 0); i < s->n; i = bits_next(rows, s->n, i + 1))
		if (c.ids[i] && match_value(s, t, c.values[c.ids[i] - 1]))
			bits_set(lo, i);
	return 0;
}

#define UNTYPED_FEW 512 /* rather parsed than searched for */

/* Bounds: lo ⊆ hits of the node ⊆ hi, both within `in`. */

static int field_bounds(struct search *s, const struct test *t, const uint64_t *in, uint64_t *lo,
			uint64_t *hi)
{
	const uint64_t *untyped = block_untyped(s->block);
	uint64_t *rows = search_take(s);
	int r = rows_may(s, t, in, rows);

	bits_none(lo, s->words);
	bits_none(hi, s->words);
	if (untyped && !r) {
		for (size_t i = 0; i < s->words; i++)
			hi[i] = rows[i] & untyped[i];
		bits_and_not(rows, untyped, s->words);
	}
	if (!r)
		r = typed_bounds(s, t, rows, lo);
	if (!r && t->need && column_lies_in_raw(t->column) &&
	    bits_count(hi, s->words) > UNTYPED_FEW) {
		bits_copy(rows, hi, s->words);
		s->untyped_only = true; /* that is what these rows are */
		r = rows_need(s, t->need, rows, hi);
		s->untyped_only = false;
		if (!r)
			r = rows_escaped(s);
		for (size_t i = 0; i < s->words && !r; i++)
			hi[i] |= rows[i] & s->escaped[i];
	}
	bits_or(hi, lo, s->words);
	search_give(s, rows);
	return r;
}

static int source_bounds(struct search *s, const struct test *t, const uint64_t *in, uint64_t *lo)
{
	const uint32_t *sources;
	uint32_t last = UINT32_MAX;
	bool hit = false;
	int r = block_sources(s->block, &sources);

	if (r < 0)
		return r;
	bits_none(lo, s->words);
	for (uint32_t i = bits_next(in, s->n, 0); i < s->n; i = bits_next(in, s->n, i + 1)) {
		if (sources[i] != last) {
			const struct source *source = view_source(s->view, sources[i]);

			last = sources[i];
			if (t->column == COLUMN_SOURCE_ID) {
				hit = match_number(t, (__int128)last * NUM_ONE);
			} else {
				struct bytes v = { NULL, 0 };

				if (source)
					v = column_of_source(t->column, source);
				hit = v.len && match_value(s, t, v);
			}
		}
		if (hit)
			bits_set(lo, i);
	}
	return 0;
}

static int number_bounds(struct search *s, const struct test *t, const uint64_t *in, uint64_t *lo)
{
	const usec *v = NULL;
	int r = 0;

	if (t->column == COLUMN_TIME)
		r = block_times(s->block, &v);
	else if (t->column == COLUMN_INGESTED)
		r = block_arrivals(s->block, &v);
	if (r < 0)
		return r;
	bits_none(lo, s->words);
	for (uint32_t i = bits_next(in, s->n, 0); i < s->n; i = bits_next(in, s->n, i + 1))
		if (match_number(t, v ? (__int128)v[i] : (__int128)(s->unit->first + i) * NUM_ONE))
			bits_set(lo, i);
	return 0;
}

/* The texts of a block's untyped rows are searched for what is needed, as that is quicker than any
 * automaton; typed rows are mostly decided by their skeletons. */
static int regex_bounds(struct search *s, const struct test *t, const uint64_t *in, uint64_t *hi,
			bool *ret_exact)
{
	struct scanner *scanner = s->block ? regex_scanner(t->regex, s->work) : NULL;
	const uint64_t *untyped = s->block ? block_untyped(s->block) : NULL;
	uint64_t *rows;
	int r = 0;

	bits_none(hi, s->words);
	*ret_exact = true;
	if (s->block && !may_have(s, t->need))
		return 0;
	rows = search_take(s);
	bits_copy(rows, in, s->words);
	if (t->need->kind != NEED_NOTHING && (untyped || !scanner)) {
		s->untyped_only = scanner != NULL;
		r = rows_need(s, t->need, in, rows);
		s->untyped_only = false;
		if (scanner) {
			bits_copy(hi, in, s->words);
			bits_and_not(hi, untyped, s->words);
			bits_or(rows, hi, s->words);
			bits_none(hi, s->words);
		}
	}
	if (!r)
		r = scanner ? block_scan(s->block, scanner, rows, hi) : SCAN_LOST;
	if (r == SCAN_LOST) {
		bits_copy(hi, rows, s->words);
		*ret_exact = false;
		r = 0;
	}
	search_give(s, rows);
	return r;
}

static int test_bounds(struct search *s, const struct test *t, const uint64_t *in, uint64_t *lo,
		       uint64_t *hi)
{
	bool exact = true;
	int r;

	if (t->column == COLUMN_RAW && t->kind == TEST_HOLDS) {
		r = rows_hold(s, t->text, false, in, hi, &exact);
	} else if (t->column == COLUMN_RAW && t->kind == TEST_REGEX) {
		r = regex_bounds(s, t, in, hi, &exact);
	} else if (t->column == COLUMN_RAW) {
		exact = false;
		bits_copy(hi, in, s->words);
		r = t->need ? rows_need(s, t->need, in, hi) : 0;
	} else if (!s->block) {
		exact = false;
		bits_copy(hi, in, s->words);
		r = 0;
	} else if (column_is_field(t->column)) {
		return field_bounds(s, t, in, lo, hi);
	} else {
		r = column_is_source(t->column) ? source_bounds(s, t, in, hi)
						: number_bounds(s, t, in, hi);
	}
	if (exact)
		bits_copy(lo, hi, s->words);
	else
		bits_none(lo, s->words);
	return r;
}

/* On a block, columns are cheaper than a search through all of its text. */
static bool goes_first(const struct search *s, const struct node *n)
{
	return s->block && n->kind == NODE_TEST && n->test.column != COLUMN_RAW &&
	       n->test.column != FIELD_MESSAGE;
}

static int and_bounds(struct search *s, const struct node *n, const uint64_t *in, uint64_t *lo,
		      uint64_t *hi)
{
	uint64_t *l = search_take(s), *h = search_take(s);
	int r = 0;

	bits_copy(lo, in, s->words);
	bits_copy(hi, in, s->words);
	for (const struct node *c = n->child; c && s->block; c = c->next)
		if (c->kind == NODE_TEST && c->test.column == COLUMN_RAW &&
		    c->test.kind == TEST_HOLDS && !may_hold(s, c->test.text))
			bits_none(hi, s->words);
	for (int pass = 0; pass < 2; pass++) {
		for (const struct node *c = n->child; c && !r; c = c->next) {
			if (goes_first(s, c) != !pass || !bits_any(hi, s->words))
				continue;
			r = search_bounds(s, c, hi, l, h);
			bits_copy(hi, h, s->words);
			bits_and(lo, l, s->words);
		}
	}
	bits_and(lo, hi, s->words);
	search_give(s, l);
	search_give(s, h);
	return r;
}

static int or_bounds(struct search *s, const struct node *n, const uint64_t *in, uint64_t *lo,
		     uint64_t *hi)
{
	uint64_t *l = search_take(s), *h = search_take(s), *rest = search_take(s);
	int r = 0;

	bits_none(lo, s->words);
	bits_none(hi, s->words);
	bits_copy(rest, in, s->words);
	for (const struct node *c = n->child; c && !r && bits_any(rest, s->words); c = c->next) {
		r = search_bounds(s, c, rest, l, h);
		bits_or(lo, l, s->words);
		bits_or(hi, h, s->words);
		bits_and_not(rest, l, s->words);
	}
	search_give(s, l);
	search_give(s, h);
	search_give(s, rest);
	return r;
}

int search_bounds(struct search *s, const struct node *n, const uint64_t *in, uint64_t *lo,
		  uint64_t *hi)
{
	uint64_t *l;
	int r;

	switch (n->kind) {
	case NODE_AND:
		return and_bounds(s, n, in, lo, hi);
	case NODE_OR:
		return or_bounds(s, n, in, lo, hi);
	case NODE_TEST:
		return test_bounds(s, &n->test, in, lo, hi);
	case NODE_NOT:
		l = search_take(s);
		r = search_bounds(s, n->child, in, lo, l);
		/* not in hi of the child: a hit for sure; in its lo: surely none */
		bits_copy(hi, in, s->words);
		bits_and_not(hi, lo, s->words);
		bits_copy(lo, in, s->words);
		bits_and_not(lo, l, s->words);
		search_give(s, l);
		return r;
	default:
		bits_copy(lo, in, s->words);
		bits_copy(hi, in, s->words);
		return 0;
	}
}
