/* SPDX-License-Identifier: Apache-2.0 */
/* What comes after a |. Lists are parted by commas, blanks or both. */
#include "query/stage.h"
#include "query/query.h"

bool stage_letters(const struct syntax *s, size_t n)
{
	int c = lex_peek(s, n);

	return c >= 0 && (is_alnum((uint8_t)c) || c == '_');
}

/* A word of the stage language, if this very one stands here. */
bool stage_takes(struct syntax *s, const char *word)
{
	lex_blanks(s);
	if (!bytes_starts(bytes_from(s->text, s->at), bytes_str(word)) ||
	    stage_letters(s, strlen(word)))
		return false;
	s->at += strlen(word);
	return true;
}

bool stage_takes_char(struct syntax *s, char c)
{
	lex_blanks(s);
	if (lex_peek(s, 0) != c)
		return false;
	s->at++;
	return true;
}

bool stage_ends(struct syntax *s)
{
	lex_blanks(s);
	return lex_peek(s, 0) < 0 || lex_peek(s, 0) == '|';
}

/* A name with what stands in brackets behind it, blanks left out: "dc(user.name)". */
static int take_name(struct syntax *s, struct bytes *ret)
{
	struct buf b = { 0 };
	size_t n;

	lex_blanks(s);
	n = lex_name(s);
	if (!n)
		return syntax_error(s, s->at, "a name is missing here");
	buf_bytes(&b, bytes_sub(s->text, s->at, n));
	s->at += n;
	if (lex_peek(s, 0) == '(') {
		for (int c; (c = lex_peek(s, 0)) >= 0 && c != ')' && c != '|'; s->at++)
			if (c != ' ')
				buf_u8(&b, (uint8_t)c);
		if (lex_peek(s, 0) == ')') {
			buf_u8(&b, ')');
			s->at++;
		}
	}
	*ret = arena_copy(&s->q->arena, buf_view(&b));
	buf_done(&b);
	return 0;
}

int stage_take_field(struct syntax *s, unsigned *ret)
{
	size_t n, at;

	lex_blanks(s);
	at = s->at;
	n = lex_name(s);
	if (!n)
		return syntax_error(s, at, "the name of a field is missing here");
	*ret = column_by_name(bytes_sub(s->text, at, n));
	if (*ret == COLUMN_N)
		return syntax_unknown(s, at, bytes_sub(s->text, at, n));
	s->at += n;
	return 0;
}

int stage_take_count(struct syntax *s, uint64_t *ret)
{
	size_t n = 0;
	uint64_t v;

	lex_blanks(s);
	while (lex_peek(s, n) >= 0 && is_digit((uint8_t)lex_peek(s, n)))
		n++;
	if (!n || stage_letters(s, n) || !bytes_u64(bytes_sub(s->text, s->at, n), &v) || !v)
		return syntax_error(s, s->at, "a number of rows from 1 on is needed here");
	s->at += n;
	*ret = v;
	return 0;
}

/* "count" and "bin", short for what is the only one of its kind. */
static bool name_is(struct bytes name, struct bytes column, bool bin)
{
	if (bytes_eq(name, column))
		return true;
	if (bin && (bytes_eq(name, BYTES("bin")) || bytes_starts(name, BYTES("bin("))))
		return true;
	return bytes_ends(name, BYTES("()")) && bytes_eq(bytes_sub(name, 0, name.len - 2), column);
}

static int no_column(struct syntax *s, size_t at, struct bytes name)
{
	const struct stage *st = s->q->stats;
	struct buf names = { 0 };
	int r;

	for (unsigned i = 0; i < st->keys_n + st->aggs_n; i++) {
		buf_str(&names, i ? ", " : "");
		buf_bytes(&names,
			  i < st->keys_n ? st->keys[i].name : st->aggs[i - st->keys_n].name);
	}
	r = syntax_error(s, at, "the table has no column \"%s\"; it has %.200s",
			 (const char *)syntax_show(s, name).at, buf_cstr(&names));
	buf_done(&names);
	return r;
}

/* A column as it is at this point: of the table after a stats, else of the records. */
static int take_column(struct syntax *s, unsigned *ret)
{
	const struct stage *st = s->q->stats;
	struct bytes name;
	size_t at;
	int r;

	if (!st)
		return stage_take_field(s, ret);
	lex_blanks(s);
	at = s->at;
	r = take_name(s, &name);
	if (r < 0)
		return r;
	for (unsigned i = 0; i < st->keys_n + st->aggs_n; i++) {
		bool key = i < st->keys_n;

		*ret = i;
		if (name_is(name, key ? st->keys[i].name : st->aggs[i - st->keys_n].name,
			    key && st->keys[i].bin))
			return 0;
	}
	return no_column(s, at, name);
}

static int parse_columns(struct syntax *s, struct stage *st)
{
	int r = 0;

	do {
		if (st->columns_n >= NAMES_MAX)
			return syntax_error(s, s->at, "more than %d columns", NAMES_MAX);
		r = take_column(s, &st->columns[st->columns_n]);
		st->columns_n++;
		stage_takes_char(s, ',');
	} while (!r && !stage_ends(s));
	return r;
}

static int parse_sort(struct syntax *s, struct stage *st)
{
	do {
		bool down = stage_takes_char(s, '-');
		int r;

		if (!down)
			stage_takes_char(s, '+');
		if (st->columns_n >= NAMES_MAX)
			return syntax_error(s, s->at, "more than %d columns", NAMES_MAX);
		r = take_column(s, &st->columns[st->columns_n]);
		if (r < 0)
			return r;
		if (stage_takes(s, "desc"))
			down = !down;
		else
			stage_takes(s, "asc");
		st->down[st->columns_n++] = down;
		stage_takes_char(s, ',');
	} while (!stage_ends(s));
	return 0;
}

static int parse_some(struct syntax *s, struct stage *st)
{
	size_t at;
	int r;

	st->n = 10;
	if (!stage_ends(s)) {
		r = stage_take_count(s, &st->n);
		if (r < 0)
			return r;
	}
	lex_blanks(s);
	at = s->at;
	if (!stage_takes(s, "by"))
		return 0;
	if (!s->q->stats)
		return syntax_error(s, at, "\"by\" needs a table: a stats must come before");
	return parse_columns(s, st);
}

static int having_fits(struct syntax *s, struct having *h, const struct word *w)
{
	const struct stage *st = s->q->stats;
	enum field_type type = TYPE_NUMBER;
	usec first, last;
	struct addr a;
	bool fits = true;

	if (h->column < st->keys_n)
		type = column_type(st->keys[h->column].column);
	else if (st->aggs[h->column - st->keys_n].column != COLUMN_N &&
		 column_type(st->aggs[h->column - st->keys_n].column) == TYPE_TIME &&
		 st->aggs[h->column - st->keys_n].kind != AGG_DC &&
		 st->aggs[h->column - st->keys_n].kind != AGG_COUNT)
		type = TYPE_TIME;
	if (type == TYPE_TIME)
		fits = time_parse(w->text, s->now, &first, &last);
	if (type == TYPE_TIME && fits)
		h->num = first;
	if (type == TYPE_IP)
		fits = addr_parse(w->text, &a);
	if (type == TYPE_NUMBER || type == TYPE_DECIMAL)
		fits = num_parse(w->text, &h->num);
	return fits ? 0
		    : syntax_error(s, w->at, "this column holds %s: \"%s\" does not fit",
				   type == TYPE_TIME ? "times"
				   : type == TYPE_IP ? "addresses"
						     : "numbers",
				   (const char *)syntax_show(s, w->text).at);
}

static int take_having(struct syntax *s, struct having *h)
{
	static const struct {
		const char *sign;
		enum compare op;
	} ops[] = { { ">=", CMP_GE }, { "<=", CMP_LE }, { "!=", CMP_NE }, { "==", CMP_EQ },
		    { ">", CMP_GT },  { "<", CMP_LT },	{ "=", CMP_EQ } };
	struct word w;
	size_t i = 0;
	int r = take_column(s, &h->column);

	if (r < 0)
		return r;
	lex_blanks(s);
	while (i < sizeof(ops) / sizeof(ops[0]) && !lex_takes(s, ops[i].sign))
		i++;
	if (i == sizeof(ops) / sizeof(ops[0]))
		return syntax_error(s, s->at, "a comparison is needed here: = != < <= > >=");
	h->op = ops[i].op;
	lex_blanks(s);
	if (stage_ends(s))
		return syntax_error(s, s->at, "a value is missing after the comparison");
	r = lex_peek(s, 0) == '"' ? lex_phrase(s, &w) : lex_word(s, LEX_ARG, &w);
	if (r < 0)
		return r;
	h->text = w.text;
	return having_fits(s, h, &w);
}

static int parse_where(struct syntax *s, struct stage *st)
{
	if (!s->q->stats)
		return syntax_error(s, s->at,
				    "where picks rows of a table: a stats must come before; "
				    "records are picked in front of the first |");
	do {
		int r;

		if (st->havings_n >= NAMES_MAX)
			return syntax_error(s, s->at, "more than %d comparisons", NAMES_MAX);
		r = take_having(s, &st->havings[st->havings_n]);
		if (r < 0)
			return r;
		st->havings_n++;
		if (!stage_takes(s, "AND") && !stage_takes(s, "and"))
			stage_takes_char(s, ',');
	} while (!stage_ends(s));
	return 0;
}

struct stage *stage_add(struct syntax *s, enum stage_kind kind)
{
	struct stage *st;

	if (s->q->stages_n >= STAGES_MAX) {
		syntax_error(s, s->at, "more than %d stages", STAGES_MAX);
		return NULL;
	}
	st = arena_take(&s->q->arena, sizeof(*st));
	memset(st, 0, sizeof(*st));
	st->kind = kind;
	s->q->stages[s->q->stages_n++] = st;
	return st;
}

/* Whether this stage may stand here, for those on records. */
static int check_order(struct syntax *s, enum stage_kind kind, size_t at)
{
	bool window = false, sorted = false;

	if (s->q->stats)
		return kind == STAGE_STATS ? syntax_error(s, at, "only one stats in a query") : 0;
	for (unsigned i = 0; i < s->q->stages_n; i++) {
		enum stage_kind k = s->q->stages[i]->kind;

		window |= k == STAGE_HEAD || k == STAGE_TAIL;
		sorted |= k == STAGE_SORT;
	}
	if (sorted && kind == STAGE_STATS)
		return syntax_error(s, at, "sort the table after stats, not the records before it");
	if (window && !sorted && (kind == STAGE_HEAD || kind == STAGE_TAIL))
		return syntax_error(s, at, "a second head or tail on records");
	return 0;
}

static int parse_stage(struct syntax *s)
{
	static const struct {
		const char *name;
		enum stage_kind kind;
	} known[] = {
		{ "stats", STAGE_STATS }, { "top", STAGE_STATS },   { "rare", STAGE_STATS },
		{ "sort", STAGE_SORT },	  { "head", STAGE_HEAD },   { "limit", STAGE_HEAD },
		{ "tail", STAGE_TAIL },	  { "where", STAGE_WHERE }, { "fields", STAGE_FIELDS }
	};
	size_t i = 0, at;
	struct stage *st;
	int r;

	lex_blanks(s);
	at = s->at;
	while (i < sizeof(known) / sizeof(known[0]) && !stage_takes(s, known[i].name))
		i++;
	if (i == sizeof(known) / sizeof(known[0]))
		return syntax_error(
			s, at,
			"a stage is needed after |: stats, top, rare, sort, head, tail, "
			"where, fields");
	r = check_order(s, known[i].kind, at);
	if (r < 0)
		return r;
	st = stage_add(s, known[i].kind);
	if (!st)
		return -EINVAL;
	switch (known[i].kind) {
	case STAGE_STATS:
		return known[i].name[0] == 's' ? stage_stats(s, st)
					       : stage_top(s, st, known[i].name[0] == 'r');
	case STAGE_SORT:
		return parse_sort(s, st);
	case STAGE_HEAD:
	case STAGE_TAIL:
		return parse_some(s, st);
	case STAGE_FIELDS:
		return parse_columns(s, st);
	default:
		return parse_where(s, st);
	}
}

int stage_parse(struct syntax *s)
{
	s->in_stages = true;
	while (s->at < s->text.len) {
		int r;

		s->at++; /* the | */
		r = parse_stage(s);
		if (r < 0)
			return r;
		if (!stage_ends(s))
			return syntax_error(s, s->at,
					    "this does not belong here; a | begins the next stage");
	}
	return 0;
}
