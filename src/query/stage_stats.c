/* SPDX-License-Identifier: Apache-2.0 */
/* stats, top and rare. */
#include "query/stage.h"

static bool is_number(unsigned column)
{
	return column_type(column) == TYPE_NUMBER || column_type(column) == TYPE_DECIMAL;
}

static bool agg_kind(struct bytes name, struct agg *ret)
{
	static const struct {
		const char *name;
		enum agg_kind kind;
	} aggs[] = { { "count", AGG_COUNT }, { "dc", AGG_DC },	 { "min", AGG_MIN },
		     { "max", AGG_MAX },     { "sum", AGG_SUM }, { "avg", AGG_AVG } };
	uint32_t percent;

	for (size_t i = 0; i < sizeof(aggs) / sizeof(aggs[0]); i++) {
		if (bytes_eq(name, bytes_str(aggs[i].name))) {
			ret->kind = aggs[i].kind;
			return true;
		}
	}
	if (name.len < 2 || name.at[0] != 'p' || !bytes_u32(bytes_from(name, 1), &percent) ||
	    !percent || percent > 99)
		return false;
	ret->kind = AGG_PERCENTILE;
	ret->percent = percent;
	return true;
}

static int agg_column(struct syntax *s, struct agg *a, size_t at)
{
	int r;

	if (!stage_takes_char(s, '(') || stage_takes_char(s, ')')) {
		if (a->kind == AGG_COUNT)
			return 0;
		return syntax_error(s, at, "this needs a field in brackets; only count() does not");
	}
	lex_blanks(s);
	at = s->at;
	r = stage_take_field(s, &a->column);
	if (r < 0)
		return r;
	if (a->kind != AGG_COUNT && a->kind != AGG_DC && !is_number(a->column) &&
	    !(column_type(a->column) == TYPE_TIME && (a->kind == AGG_MIN || a->kind == AGG_MAX)))
		return syntax_error(s, at, "%s is no number; dc() and count() take any field",
				    column_name(a->column));
	if (!stage_takes_char(s, ')'))
		return syntax_error(s, s->at, "a closing bracket is missing here");
	return 0;
}

static int name_once(struct syntax *s, const struct stage *st, struct bytes name, size_t at)
{
	for (unsigned i = 0; i < st->keys_n; i++)
		if (bytes_eq(st->keys[i].name, name))
			return syntax_error(s, at, "the table would have this column twice");
	for (unsigned i = 0; i < st->aggs_n; i++)
		if (bytes_eq(st->aggs[i].name, name))
			return syntax_error(s, at, "the table would have this column twice");
	return 0;
}

static int take_agg(struct syntax *s, struct stage *st)
{
	struct agg a = { .column = COLUMN_N };
	size_t at, n;
	struct buf name = { 0 };
	int r;

	lex_blanks(s);
	at = s->at;
	for (n = 0; stage_letters(s, n); n++)
		;
	if (!agg_kind(bytes_sub(s->text, at, n), &a))
		return syntax_error(s, at,
				    "stats knows count, dc, min, max, sum, avg and p1 to p99");
	if (st->aggs_n >= AGGS_MAX)
		return syntax_error(s, at, "more than %d aggregates", AGGS_MAX);
	s->at += n;
	r = agg_column(s, &a, at);
	if (r < 0)
		return r;
	if (stage_takes(s, "as")) {
		lex_blanks(s);
		at = s->at;
		for (n = 0; stage_letters(s, n) || lex_peek(s, n) == '.'; n++)
			;
		if (!n)
			return syntax_error(s, at, "a name is missing here");
		a.name = bytes_sub(s->text, at, n);
		s->at += n;
	} else {
		buf_bytes(&name, bytes_sub(s->text, at, n));
		if (a.column != COLUMN_N)
			buf_printf(&name, "(%s)", column_name(a.column));
		a.name = arena_copy(&s->q->arena, buf_view(&name));
		buf_done(&name);
	}
	r = name_once(s, st, a.name, at);
	if (!r)
		st->aggs[st->aggs_n++] = a;
	return r;
}

static int take_bin(struct syntax *s, struct key *k)
{
	size_t at, n = 0;

	if (!stage_takes_char(s, '('))
		return syntax_error(s, s->at, "bin needs a length of time in brackets: bin(5m)");
	lex_blanks(s);
	at = s->at;
	while (stage_letters(s, n))
		n++;
	if (!clock_parse_span(bytes_sub(s->text, at, n), &k->bin))
		return syntax_error(s, at,
				    "a length of time is needed here, as 30s, 5m, 1h30m, 1d");
	s->at += n;
	if (!stage_takes_char(s, ')'))
		return syntax_error(s, s->at, "a closing bracket is missing here");
	k->column = COLUMN_TIME;
	return 0;
}

static int take_key(struct syntax *s, struct stage *st)
{
	struct key k = { 0 };
	size_t at;
	int r;

	lex_blanks(s);
	at = s->at;
	if (st->keys_n >= KEYS_MAX)
		return syntax_error(s, at, "grouped by more than %d columns", KEYS_MAX);
	r = stage_takes(s, "bin") ? take_bin(s, &k) : stage_take_field(s, &k.column);
	if (r < 0)
		return r;
	k.name = bytes_str(column_name(k.column));
	r = name_once(s, st, k.name, at);
	if (!r)
		st->keys[st->keys_n++] = k;
	return r;
}

static int parse_keys(struct syntax *s, struct stage *st)
{
	int r;

	do {
		r = take_key(s, st);
		stage_takes_char(s, ',');
	} while (!r && !stage_ends(s));
	return r;
}

static void default_count(struct stage *st)
{
	if (st->aggs_n)
		return;
	st->aggs[0] = (struct agg){ .column = COLUMN_N, .name = BYTES("count") };
	st->aggs_n = 1;
}

int stage_stats(struct syntax *s, struct stage *st)
{
	int r = 0;

	while (!r && !stage_ends(s)) {
		if (stage_takes(s, "by")) {
			r = parse_keys(s, st);
			break;
		}
		r = take_agg(s, st);
		stage_takes_char(s, ',');
	}
	default_count(st);
	s->q->stats = st;
	return r;
}

/* top 10 source.ip by bin(5m) = stats count() by bin(5m), source.ip
 *                             | sort bin, -count, source.ip | head 10 by bin */
int stage_top(struct syntax *s, struct stage *st, bool rare)
{
	struct stage *sort = stage_add(s, STAGE_SORT), *head = stage_add(s, STAGE_HEAD);
	struct key what[KEYS_MAX];
	unsigned n = 0;
	int r = 0;

	if (!sort || !head)
		return -EINVAL;
	head->n = 10;
	lex_blanks(s);
	if (lex_peek(s, 0) >= 0 && is_digit((uint8_t)lex_peek(s, 0)))
		r = stage_take_count(s, &head->n);
	do {
		if (!r)
			r = take_key(s, st);
		stage_takes_char(s, ',');
	} while (!r && !stage_ends(s) && !stage_takes(s, "by"));
	if (r < 0)
		return r;
	n = st->keys_n;
	memcpy(what, st->keys, n * sizeof(what[0]));
	if (!stage_ends(s))
		r = parse_keys(s, st);
	if (r < 0)
		return r;
	/* what stands after "by" comes first in the table */
	st->keys_n -= n;
	memmove(st->keys, st->keys + n, st->keys_n * sizeof(what[0]));
	for (unsigned i = 0; i < st->keys_n; i++)
		sort->columns[sort->columns_n++] = head->columns[head->columns_n++] = i;
	memcpy(st->keys + st->keys_n, what, n * sizeof(what[0]));
	st->keys_n += n;
	default_count(st);
	sort->down[sort->columns_n] = !rare;
	sort->columns[sort->columns_n++] = st->keys_n;
	for (unsigned i = st->keys_n - n; i < st->keys_n; i++)
		sort->columns[sort->columns_n++] = i;
	s->q->stats = st;
	return 0;
}
