/* SPDX-License-Identifier: Apache-2.0 */
/* "field|modifier|modifier: value or list" becomes tests (Sigma rules specification 2.1, and the
 * modifiers appendix). Each modifier changes the list of values; what a modifier cannot be used on
 * is refused by name. */
#include "detect/sigma/values.h"
#include "base/text.h"
#include <arpa/inet.h>
#include <stdlib.h>

struct compile_values {
	struct compile *c;
	struct arena *a;
	struct value *at;
	size_t n, cap;
	uint32_t slot;
	bool all, negated, cased, keyword;
	bool regex_i, regex_m, regex_s;
};

static int refuse(struct compile_values *v, const char *modifier, const char *text)
{
	return why_set(v->c->why, -EINVAL, "modifier %s: %s", modifier, text);
}

static struct value *add(struct compile_values *v, const struct value *one)
{
	if (v->n == v->cap) {
		size_t cap = v->cap ? v->cap * 2 : 8;
		struct value *fresh = arena_take(v->a, cap * sizeof(*fresh));

		if (v->n)
			memcpy(fresh, v->at, v->n * sizeof(*fresh));
		v->at = fresh;
		v->cap = cap;
	}
	v->at[v->n] = *one;
	return &v->at[v->n++];
}

/* The text of a value, where it has no wildcards. */
static bool plain_text(const struct value *x, struct bytes *ret)
{
	if (x->kind == V_NUMBER)
		*ret = x->raw;
	else if (x->kind == V_TEXT && !x->pattern.wild)
		*ret = x->pattern.text;
	else
		return false;
	return true;
}

static void to_text(struct compile_values *v, struct value *x)
{
	if (x->kind == V_NUMBER)
		*x = (struct value){ .kind = V_TEXT,
				     .raw = x->raw,
				     .pattern = pattern_plain(v->a, x->raw) };
}

/* ---- the modifiers ---- */

static int around(struct compile_values *v, const char *name, bool before, bool behind)
{
	for (size_t i = 0; i < v->n; i++) {
		struct value *x = &v->at[i];

		to_text(v, x);
		if (x->kind == V_TEXT) {
			x->pattern = pattern_around(v->a, x->pattern, before, behind);
		} else if (x->kind == V_FIELDREF || x->kind == V_REGEX) {
			x->before |= before;
			x->behind |= behind;
		} else {
			return refuse(v, name, "the value must be text");
		}
	}
	return 0;
}

static int m_contains(struct compile_values *v)
{
	return around(v, "contains", true, true);
}

static int m_startswith(struct compile_values *v)
{
	return around(v, "startswith", false, true);
}

static int m_endswith(struct compile_values *v)
{
	return around(v, "endswith", true, false);
}

static int m_all(struct compile_values *v)
{
	v->all = true;
	return 0;
}

static int m_neq(struct compile_values *v)
{
	v->negated = true;
	return 0;
}

static int m_cased(struct compile_values *v)
{
	for (size_t i = 0; i < v->n; i++)
		if (v->at[i].kind != V_TEXT)
			return refuse(v, "cased", "the value must be text");
	v->cased = true;
	return 0;
}

static int to_kind(struct compile_values *v, const char *name, enum value_form kind)
{
	for (size_t i = 0; i < v->n; i++) {
		if (v->at[i].kind != V_TEXT && v->at[i].kind != V_NUMBER)
			return refuse(v, name, "the value must be text");
		v->at[i].kind = kind;
	}
	return 0;
}

static int m_re(struct compile_values *v)
{
	return to_kind(v, "re", V_REGEX);
}

static int regex_flag(struct compile_values *v, const char *name, bool *flag)
{
	for (size_t i = 0; i < v->n; i++)
		if (v->at[i].kind != V_REGEX)
			return refuse(v, name, "comes after re only");
	*flag = true;
	return 0;
}

static int m_i(struct compile_values *v)
{
	return regex_flag(v, "i", &v->regex_i);
}

static int m_m(struct compile_values *v)
{
	return regex_flag(v, "m", &v->regex_m);
}

static int m_s(struct compile_values *v)
{
	return regex_flag(v, "s", &v->regex_s);
}

static int m_cidr(struct compile_values *v)
{
	return to_kind(v, "cidr", V_CIDR);
}

static int m_fieldref(struct compile_values *v)
{
	return to_kind(v, "fieldref", V_FIELDREF);
}

static int m_exists(struct compile_values *v)
{
	if (v->n != 1 || v->at[0].kind != V_BOOL)
		return refuse(v, "exists", "the value must be true or false");
	v->at[0].kind = V_EXISTS;
	return 0;
}

static int compare(struct compile_values *v, const char *name, enum compare_op op)
{
	for (size_t i = 0; i < v->n; i++) {
		struct value *x = &v->at[i];

		if (x->kind != V_NUMBER)
			return refuse(v, name, "the value must be a number");
		x->kind = V_COMPARE;
		x->op = op;
	}
	return 0;
}

static int m_lt(struct compile_values *v)
{
	return compare(v, "lt", COMPARE_LT);
}

static int m_lte(struct compile_values *v)
{
	return compare(v, "lte", COMPARE_LTE);
}

static int m_gt(struct compile_values *v)
{
	return compare(v, "gt", COMPARE_GT);
}

static int m_gte(struct compile_values *v)
{
	return compare(v, "gte", COMPARE_GTE);
}

static int part(struct compile_values *v, const char *name, enum time_part p)
{
	for (size_t i = 0; i < v->n; i++) {
		struct value *x = &v->at[i];

		if (x->kind != V_NUMBER && x->kind != V_COMPARE)
			return refuse(v, name, "the value must be a number");
		if (x->kind == V_NUMBER)
			x->kind = V_PART;
		x->part = p;
	}
	return 0;
}

static int m_minute(struct compile_values *v)
{
	return part(v, "minute", PART_MINUTE);
}

static int m_hour(struct compile_values *v)
{
	return part(v, "hour", PART_HOUR);
}

static int m_day(struct compile_values *v)
{
	return part(v, "day", PART_DAY);
}

static int m_week(struct compile_values *v)
{
	return part(v, "week", PART_WEEK);
}

static int m_month(struct compile_values *v)
{
	return part(v, "month", PART_MONTH);
}

static int m_year(struct compile_values *v)
{
	return part(v, "year", PART_YEAR);
}

typedef void encode_fn(struct bytes text, struct buf *to);

static int encode(struct compile_values *v, const char *name, encode_fn *fn)
{
	struct buf b = { 0 };

	for (size_t i = 0; i < v->n; i++) {
		struct bytes text;

		if (!plain_text(&v->at[i], &text)) {
			buf_done(&b);
			return refuse(v, name, "the value must be text without wildcards");
		}
		buf_clear(&b);
		fn(text, &b);
		v->at[i] = (struct value){ .kind = V_TEXT,
					   .pattern = pattern_plain(v->a, buf_view(&b)) };
	}
	buf_done(&b);
	return 0;
}

static void base64_of(struct bytes text, struct buf *to)
{
	base64_encode(to, text);
}

static int m_base64(struct compile_values *v)
{
	return encode(v, "base64", base64_of);
}

/* One code point of text that may be no UTF-8: then each byte is one. */
static uint32_t code_point(struct bytes *t)
{
	size_t n = utf8_length(*t);
	uint32_t c = t->at[0];

	if (n == 2)
		c = (c & 0x1f) << 6 | (t->at[1] & 0x3f);
	else if (n == 3)
		c = (c & 0x0f) << 12 | (uint32_t)(t->at[1] & 0x3f) << 6 | (t->at[2] & 0x3f);
	else if (n == 4)
		c = (c & 7) << 18 | (uint32_t)(t->at[1] & 0x3f) << 12 |
		    (uint32_t)(t->at[2] & 0x3f) << 6 | (t->at[3] & 0x3f);
	*t = bytes_from(*t, n ? n : 1);
	return c;
}

static void unit(struct buf *to, uint32_t u, bool big)
{
	buf_u8(to, (uint8_t)(big ? u >> 8 : u));
	buf_u8(to, (uint8_t)(big ? u : u >> 8));
}

static void utf16(struct bytes text, struct buf *to, bool big)
{
	while (text.len) {
		uint32_t c = code_point(&text);

		if (c < 0x10000) {
			unit(to, c, big);
			continue;
		}
		unit(to, 0xd800 | (c - 0x10000) >> 10, big);
		unit(to, 0xdc00 | ((c - 0x10000) & 0x3ff), big);
	}
}

static void utf16le_of(struct bytes text, struct buf *to)
{
	utf16(text, to, false);
}

static void utf16be_of(struct bytes text, struct buf *to)
{
	utf16(text, to, true);
}

static void utf16_of(struct bytes text, struct buf *to)
{
	buf_add(to, "\xff\xfe", 2);
	utf16(text, to, false);
}

static int m_utf16le(struct compile_values *v)
{
	return encode(v, "utf16le", utf16le_of);
}

static int m_utf16be(struct compile_values *v)
{
	return encode(v, "utf16be", utf16be_of);
}

static int m_utf16(struct compile_values *v)
{
	return encode(v, "utf16", utf16_of);
}

/* A modifier that makes several values of each one. */
typedef int spread_fn(struct compile_values *to, const struct value *x);

static int spread(struct compile_values *v, spread_fn *fn)
{
	struct compile_values to = *v;
	int r = 0;

	to.at = NULL;
	to.n = to.cap = 0;
	for (size_t i = 0; r == 0 && i < v->n; i++)
		r = fn(&to, &v->at[i]);
	if (r < 0)
		return r;
	v->at = to.at;
	v->n = to.n;
	v->cap = to.cap;
	return 0;
}

/* The same bytes encode to three texts, by where they begin among others; what depends on the
 * neighbours is left out. */
static int offsets(struct compile_values *to, const struct value *x)
{
	static const size_t from[3] = { 0, 2, 3 }, less[3] = { 0, 3, 2 };
	struct buf in = { 0 }, out = { 0 };
	struct bytes text;

	if (!plain_text(x, &text))
		return refuse(to, "base64offset", "the value must be text without wildcards");
	for (size_t i = 0; i < 3; i++) {
		size_t cut = less[(text.len + i) % 3];
		struct value one = { .kind = V_TEXT };

		buf_clear(&in);
		buf_clear(&out);
		buf_add(&in, "  ", i);
		buf_bytes(&in, text);
		base64_encode(&out, buf_view(&in));
		if (out.len < from[i] + cut)
			continue;
		one.pattern = pattern_plain(
			to->a, bytes_sub(buf_view(&out), from[i], out.len - from[i] - cut));
		add(to, &one);
	}
	buf_done(&in);
	buf_done(&out);
	return 0;
}

static int m_base64offset(struct compile_values *v)
{
	return spread(v, offsets);
}

static bool is_word(uint8_t c)
{
	return is_alnum(c) || c == '_' || c >= 0x80;
}

/* A - or / that begins an option: no word before it, a word behind it. */
static bool is_dash(const struct pattern *p, size_t i)
{
	uint8_t c = p->text.at[i];

	if (p->glyph[i] != GLYPH_BYTE || (c != '-' && c != '/'))
		return false;
	if (i && p->glyph[i - 1] == GLYPH_BYTE && is_word(p->text.at[i - 1]))
		return false;
	return i + 1 < p->text.len && p->glyph[i + 1] == GLYPH_BYTE && is_word(p->text.at[i + 1]);
}

static struct pattern with_dash(struct arena *a, const struct pattern *p, struct bytes dash)
{
	size_t room = p->text.len * dash.len, n = 0;
	uint8_t *text = arena_take(a, room + 1), *glyph = arena_take(a, room + 1);

	for (size_t i = 0; i < p->text.len; i++) {
		bool here = is_dash(p, i);

		for (size_t k = 0; k < (here ? dash.len : 1); k++) {
			text[n] = here ? dash.at[k] : p->text.at[i];
			glyph[n++] = p->glyph[i];
		}
	}
	return (struct pattern){ bytes_of(text, n), glyph, p->wild };
}

static int dashes(struct compile_values *to, const struct value *x)
{
	static const char *const all[] = { "-", "/", "\xe2\x80\x93", "\xe2\x80\x94",
					   "\xe2\x80\x95" };
	bool any = false;

	if (x->kind != V_TEXT)
		return refuse(to, "windash", "the value must be text");
	for (size_t i = 0; i < x->pattern.text.len; i++)
		any |= is_dash(&x->pattern, i);
	for (size_t i = 0; i < (any ? sizeof(all) / sizeof(*all) : 1); i++) {
		struct value one = *x;

		if (any)
			one.pattern = with_dash(to->a, &x->pattern, bytes_str(all[i]));
		add(to, &one);
	}
	return 0;
}

static int m_windash(struct compile_values *v)
{
	return spread(v, dashes);
}

/* %name% is replaced by each of the values that a table gives it; several in one text multiply. */
static int expand(struct compile_values *to, const struct value *x)
{
	const struct yaml_node *values;
	struct bytes t = x->raw, name;
	size_t from, len;

	if (x->kind != V_TEXT)
		return refuse(to, "expand", "the value must be text");
	from = bytes_chr(t, '%');
	len = from == BYTES_NONE ? BYTES_NONE : bytes_chr(bytes_from(t, from + 1), '%');
	if (len == BYTES_NONE || !len) {
		add(to, x);
		return 0;
	}
	name = bytes_sub(t, from + 1, len);
	values = logtable_placeholder(to->c->set->table, name);
	if (!values || values->kind != YAML_LIST || !values->n)
		return why_set(to->c->why, -EINVAL,
			       "placeholder %%%.*s%% has no values: give it some in a table "
			       "(rules.tables, placeholders:)",
			       (int)bytes_sub(name, 0, 60).len, (const char *)name.at);
	for (const struct yaml_item *i = values->first; i; i = i->next) {
		struct buf b = { 0 };
		struct value one = *x;
		int r;

		if (!to->c->budget--)
			return refuse(to, "expand", "too many values");
		buf_bytes(&b, bytes_sub(t, 0, from));
		buf_bytes(&b, i->node->text);
		buf_bytes(&b, bytes_from(t, from + len + 2));
		one.raw = arena_copy(to->a, buf_view(&b));
		buf_done(&b);
		one.pattern = pattern_parse(to->a, one.raw);
		r = expand(to, &one);
		if (r < 0)
			return r;
	}
	return 0;
}

static int m_expand(struct compile_values *v)
{
	return spread(v, expand);
}

static const struct modifier {
	const char *name;
	int (*apply)(struct compile_values *v);
} modifiers[] = {
	{ "contains", m_contains },
	{ "startswith", m_startswith },
	{ "endswith", m_endswith },
	{ "all", m_all },
	{ "re", m_re },
	{ "i", m_i },
	{ "ignorecase", m_i },
	{ "m", m_m },
	{ "multiline", m_m },
	{ "s", m_s },
	{ "dotall", m_s },
	{ "cased", m_cased },
	{ "cidr", m_cidr },
	{ "base64", m_base64 },
	{ "base64offset", m_base64offset },
	{ "utf16le", m_utf16le },
	{ "wide", m_utf16le },
	{ "utf16be", m_utf16be },
	{ "utf16", m_utf16 },
	{ "windash", m_windash },
	{ "lt", m_lt },
	{ "lte", m_lte },
	{ "gt", m_gt },
	{ "gte", m_gte },
	{ "neq", m_neq },
	{ "minute", m_minute },
	{ "hour", m_hour },
	{ "day", m_day },
	{ "week", m_week },
	{ "month", m_month },
	{ "year", m_year },
	{ "expand", m_expand },
	{ "exists", m_exists },
	{ "fieldref", m_fieldref },
};

static int apply(struct compile_values *v, struct bytes name)
{
	for (size_t i = 0; i < sizeof(modifiers) / sizeof(*modifiers); i++)
		if (bytes_eq(name, bytes_str(modifiers[i].name)))
			return modifiers[i].apply(v);
	return why_set(v->c->why, -EINVAL, "unknown modifier \"%.*s\"",
		       (int)bytes_sub(name, 0, 40).len, (const char *)name.at);
}

/* ---- values in ---- */

static int take_value(struct compile_values *v, const struct yaml_node *n)
{
	struct value x = { .raw = n->text };

	v->c->line = n->line;
	if (n->kind != YAML_SCALAR)
		return why_set(v->c->why, -EINVAL,
			       "a value must be text, a number, true, false or "
			       "null, or a list of these");
	if (!v->c->budget--)
		return why_set(v->c->why, -EINVAL, "too many values for one rule");
	if (yaml_is_null(n))
		x.kind = V_NULL;
	else if (yaml_is_bool(n, &x.truth))
		x.kind = V_BOOL;
	else if (yaml_is_number(n, &x.number))
		x.kind = V_NUMBER;
	else
		x.pattern = pattern_parse(v->a, n->text);
	add(v, &x);
	return 0;
}

static int take_values(struct compile_values *v, const struct yaml_node *n)
{
	if (n->kind != YAML_LIST)
		return take_value(v, n);
	for (const struct yaml_item *i = n->first; i; i = i->next) {
		int r = take_value(v, i->node);

		if (r < 0)
			return r;
	}
	if (!n->n)
		add(v, &(struct value){ .kind = V_NULL });
	return 0;
}

/* ---- values out ---- */

static int cidr_of(struct compile_values *v, struct bytes text, struct cidr *ret)
{
	char address[64];
	size_t slash = bytes_chr(text, '/');
	struct bytes a = bytes_sub(text, 0, slash == BYTES_NONE ? text.len : slash);
	uint64_t bits = 128;
	bool four = bytes_chr(a, ':') == BYTES_NONE;

	memset(ret->net, 0, sizeof(ret->net));
	if (a.len >= sizeof(address))
		return refuse(v, "cidr", "the value must be a network such as 192.0.2.0/24");
	memcpy(address, a.at, a.len);
	address[a.len] = 0;
	if (four)
		ret->net[10] = ret->net[11] = 0xff;
	if (inet_pton(four ? AF_INET : AF_INET6, address, ret->net + (four ? 12 : 0)) != 1)
		return refuse(v, "cidr", "the value must be a network such as 192.0.2.0/24");
	if (slash != BYTES_NONE &&
	    (!bytes_u64(bytes_from(text, slash + 1), &bits) || bits > (four ? 32 : 128)))
		return refuse(v, "cidr", "the number behind / is no length of a network");
	if (slash == BYTES_NONE && four)
		bits = 32;
	ret->bits = (unsigned)bits + (four ? 96 : 0);
	for (unsigned i = ret->bits; i < 128; i++)
		if (ret->net[i / 8] >> (7 - i % 8) & 1)
			return refuse(v, "cidr", "the address has bits set behind the network's");
	return 0;
}

static int regex_value(struct compile_values *v, const struct value *x, struct test *t)
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

static int text_value(struct compile_values *v, const struct value *x, struct test *t)
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

static int test_of(struct compile_values *v, struct value *x, struct test *t)
{
	*t = (struct test){ .slot = v->slot,
			    .number = x->number,
			    .truth = x->truth,
			    .op = x->op,
			    .part = x->part };
	if (v->keyword && x->kind != V_TEXT && x->kind != V_REGEX) {
		if (x->kind != V_NUMBER)
			return why_set(v->c->why, -EINVAL, "a keyword must be text");
		to_text(v, x);
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

static int tests_of(struct compile_values *v, struct expr **ret)
{
	struct expr *all = expr_new(v->a, v->all ? EXPR_AND : EXPR_OR, (uint32_t)v->n);

	for (size_t i = 0; i < v->n; i++) {
		struct expr *e = expr_new(v->a, EXPR_TEST, 0);
		struct test *t = arena_take(v->a, sizeof(*t));
		int r = test_of(v, &v->at[i], t);

		if (r < 0)
			return r;
		e->test = t;
		expr_add(all, e);
	}
	*ret = all;
	if (v->negated) {
		*ret = expr_new(v->a, EXPR_NOT, 1);
		expr_add(*ret, all);
	}
	return 0;
}

int values_compile(struct compile *c, struct bytes key, const struct yaml_node *value,
		   struct expr **ret)
{
	struct compile_values v = { .c = c, .a = &c->set->arena };
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
		r = apply(&v, bytes_sub(rest, 0, end));
		rest = bytes_from(rest, end);
	}
	if (r == 0)
		r = tests_of(&v, ret);
	return r < 0 && name.len
		       ? why_in(c->why, r, "%.*s", (int)bytes_sub(name, 0, 80).len, name.at)
		       : r;
}
