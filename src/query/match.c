/* SPDX-License-Identifier: Apache-2.0 */
#include "query/glob.h"
#include "query/search.h"

static bool in_text(const struct test *t, struct bytes v)
{
	int lo = t->lo.set ? bytes_cmp(v, t->lo.text) : 1;
	int hi = t->hi.set ? bytes_cmp(v, t->hi.text) : -1;

	return (lo > 0 || (!lo && !t->lo.without)) && (hi < 0 || (!hi && !t->hi.without));
}

static bool in_addr(const struct test *t, struct bytes v)
{
	struct addr a;
	int lo, hi;

	if (!addr_parse(v, &a))
		return false;
	lo = t->lo.set ? addr_cmp(&a, &t->lo.addr) : 1;
	hi = t->hi.set ? addr_cmp(&a, &t->hi.addr) : -1;
	return (lo > 0 || (!lo && !t->lo.without)) && (hi < 0 || (!hi && !t->hi.without));
}

bool match_number(const struct test *t, __int128 v)
{
	if (t->kind == TEST_EXISTS)
		return true;
	if (t->kind != TEST_RANGE)
		return false;
	if (t->lo.set && (v < t->lo.num || (v == t->lo.num && t->lo.without)))
		return false;
	return !t->hi.set || v < t->hi.num || (v == t->hi.num && !t->hi.without);
}

static bool in_range(const struct test *t, struct bytes v)
{
	__int128 num;

	switch (column_type(t->column)) {
	case TYPE_IP:
		return in_addr(t, v);
	case TYPE_KEYWORD:
		return in_text(t, v);
	default:
		return num_parse(v, &num) && match_number(t, num);
	}
}

bool match_value(struct search *s, const struct test *t, struct bytes v)
{
	bool part = t->column == COLUMN_RAW || t->column == FIELD_MESSAGE;
	int r;

	switch (t->kind) {
	case TEST_EXISTS:
		return v.len > 0;
	case TEST_EQUAL:
		return bytes_eq(v, t->text);
	case TEST_HOLDS:
		return bytes_find(v, t->text) != BYTES_NONE;
	case TEST_GLOB:
		return part ? glob_find(t->text, v) : glob_match(t->text, v);
	case TEST_REGEX:
		r = regex_has(t->regex, s->work, v);
		s->undecided += r < 0;
		return r > 0;
	case TEST_RANGE:
		return in_range(t, v);
	case TEST_ONE_OF:
		return sets_match(t, v);
	}
	return false;
}

static bool match_test(struct search *s, const struct test *t, uint32_t row, const struct record *r)
{
	const struct source *source;
	const struct event *e;

	if (column_is_field(t->column)) {
		e = search_event(s, row, r);
		return event_has(e, (enum field)t->column) &&
		       match_value(s, t, e->value[t->column]);
	}
	switch (t->column) {
	case COLUMN_RAW:
		return match_value(s, t, r->raw);
	case COLUMN_TIME:
		return match_number(t, search_time(s, row, r));
	case COLUMN_INGESTED:
		return match_number(t, r->arrival);
	case COLUMN_SEQUENCE:
		return match_number(t, (__int128)r->seq * NUM_ONE);
	case COLUMN_SOURCE_ID:
		return match_number(t, (__int128)r->source * NUM_ONE);
	default:
		source = search_source(s, r);
		if (!source)
			return false;
		{
			struct bytes v = column_of_source(t->column, source);

			return v.len && match_value(s, t, v);
		}
	}
}

bool match_record(struct search *s, const struct node *n, uint32_t row, const struct record *r)
{
	switch (n->kind) {
	case NODE_ALL:
		return true;
	case NODE_AND:
		for (const struct node *c = n->child; c; c = c->next)
			if (!match_record(s, c, row, r))
				return false;
		return true;
	case NODE_OR:
		for (const struct node *c = n->child; c; c = c->next)
			if (match_record(s, c, row, r))
				return true;
		return false;
	case NODE_NOT:
		return !match_record(s, n->child, row, r);
	case NODE_TEST:
		return match_test(s, &n->test, row, r);
	}
	return false;
}
