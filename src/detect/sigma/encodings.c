/* SPDX-License-Identifier: Apache-2.0 */
/* Modifiers that write a text in another way (Base64, UTF-16), or in each of several ways. */
#include "base/text.h"
#include "detect/sigma/values.h"

#define WAYS_MAX 15625u /* that one value may become: six dashes of five kinds */

/* ---- Base64 ---- */

static int to_base64(struct values *v, struct value *x)
{
	struct bytes text;
	struct buf b = { 0 };

	if (!values_plain(x, &text))
		return values_refuse(v, "base64", "the value must be text without wildcards");
	base64_encode(&b, text);
	x->kind = V_TEXT;
	x->pattern = pattern_plain(v->a, buf_view(&b));
	buf_done(&b);
	return 0;
}

int modify_base64(struct values *v)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < v->n; i++)
		r = to_base64(v, &v->at[i]);
	return r;
}

/* A modifier that makes several values of each one. */
typedef int spread_fn(struct values *to, const struct value *x);

static int spread(struct values *v, spread_fn *fn)
{
	struct values to = *v;
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
static int offsets(struct values *to, const struct value *x)
{
	static const size_t from[3] = { 0, 2, 3 }, less[3] = { 0, 3, 2 };
	struct buf in = { 0 }, out = { 0 };
	struct bytes text;
	int r = 0;

	if (!values_plain(x, &text))
		return values_refuse(to, "base64offset",
				     "the value must be text without wildcards");
	for (size_t i = 0; r == 0 && i < 3; i++) {
		size_t cut = less[(text.len + i) % 3];
		struct value one = *x;

		buf_clear(&in);
		buf_clear(&out);
		buf_add(&in, "  ", i);
		buf_bytes(&in, text);
		base64_encode(&out, buf_view(&in));
		if (out.len <= from[i] + cut)
			continue; /* nothing is left of it: it would be everywhere */
		one.kind = V_TEXT;
		one.pattern = pattern_plain(
			to->a, bytes_sub(buf_view(&out), from[i], out.len - from[i] - cut));
		r = values_add(to, &one);
	}
	buf_done(&in);
	buf_done(&out);
	return r;
}

int modify_base64offset(struct values *v)
{
	return spread(v, offsets);
}

/* ---- UTF-16: wildcards stay what they are ---- */

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

/* As many glyphs as there is text. */
static void plain_up_to(struct buf *glyph, size_t n)
{
	while (glyph->len < n)
		buf_u8(glyph, GLYPH_BYTE);
}

/* Runs between wildcards are encoded, each on its own. */
static struct pattern wide(struct arena *a, const struct pattern *p, struct bytes before, bool big)
{
	struct buf text = { 0 }, glyph = { 0 };
	struct pattern ret = { .wild = p->wild };

	buf_bytes(&text, before);
	for (size_t i = 0, end; i < p->text.len; i = end) {
		end = i + 1;
		plain_up_to(&glyph, text.len);
		if (p->glyph[i] != GLYPH_BYTE) {
			buf_u8(&text, p->text.at[i]);
			buf_u8(&glyph, p->glyph[i]);
			continue;
		}
		while (end < p->text.len && p->glyph[end] == GLYPH_BYTE)
			end++;
		utf16(bytes_sub(p->text, i, end - i), &text, big);
	}
	plain_up_to(&glyph, text.len);
	ret.text = arena_copy(a, buf_view(&text));
	ret.glyph = arena_copy(a, buf_view(&glyph)).at;
	buf_done(&text);
	buf_done(&glyph);
	return ret;
}

static int all_wide(struct values *v, const char *name, struct bytes before, bool big)
{
	for (size_t i = 0; i < v->n; i++) {
		values_to_text(v, &v->at[i]);
		if (v->at[i].kind != V_TEXT)
			return values_refuse(v, name, "the value must be text");
		v->at[i].pattern = wide(v->a, &v->at[i].pattern, before, big);
	}
	return 0;
}

int modify_utf16le(struct values *v)
{
	return all_wide(v, "utf16le", BYTES(""), false);
}

int modify_utf16be(struct values *v)
{
	return all_wide(v, "utf16be", BYTES(""), true);
}

int modify_utf16(struct values *v)
{
	return all_wide(v, "utf16", BYTES("\xff\xfe"), false);
}

/* ---- windash ---- */

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

/* The n-th of all ways to write the dashes of p: digits of n to the base 5. */
static struct pattern with_dashes(struct arena *a, const struct pattern *p, size_t n)
{
	static const char *const all[] = { "-", "/", "\xe2\x80\x93", "\xe2\x80\x94",
					   "\xe2\x80\x95" };
	size_t room = p->text.len * 3, at = 0;
	uint8_t *text = arena_take(a, room + 1), *glyph = arena_take(a, room + 1);

	for (size_t i = 0; i < p->text.len; i++) {
		struct bytes one = bytes_sub(p->text, i, 1);

		if (is_dash(p, i)) {
			one = bytes_str(all[n % 5]);
			n /= 5;
		}
		memcpy(text + at, one.at, one.len);
		memset(glyph + at, p->glyph[i], one.len);
		at += one.len;
	}
	return (struct pattern){ bytes_of(text, at), glyph, p->wild };
}

static int dashes(struct values *to, const struct value *x)
{
	size_t ways = 1;
	int r = 0;

	if (x->kind != V_TEXT)
		return values_refuse(to, "windash", "the value must be text");
	for (size_t i = 0; i < x->pattern.text.len; i++)
		if (is_dash(&x->pattern, i) && (ways *= 5) > WAYS_MAX)
			return values_refuse(to, "windash", "too many dashes in one value");
	for (size_t i = 0; r == 0 && i < ways; i++) {
		struct value one = *x;

		one.pattern = with_dashes(to->a, &x->pattern, i);
		r = values_add(to, &one);
	}
	return r;
}

int modify_windash(struct values *v)
{
	return spread(v, dashes);
}

/* ---- expand ---- */

static bool is_percent(const struct pattern *p, size_t i)
{
	return p->glyph[i] == GLYPH_BYTE && p->text.at[i] == '%' &&
	       !(i && p->glyph[i - 1] == GLYPH_BYTE && p->text.at[i - 1] == '\\');
}

/* The first %name% at or behind `from`, without wildcards in the name. */
static bool find_name(const struct pattern *p, size_t from, size_t *ret_at, size_t *ret_end)
{
	for (size_t i = from; i < p->text.len; i++) {
		size_t end = i + 1;

		if (!is_percent(p, i))
			continue;
		while (end < p->text.len && p->glyph[end] == GLYPH_BYTE && p->text.at[end] != '%')
			end++;
		if (end == p->text.len || p->glyph[end] != GLYPH_BYTE || end == i + 1)
			continue;
		*ret_at = i;
		*ret_end = end + 1;
		return true;
	}
	return false;
}

static struct pattern joined(struct arena *a, const struct pattern *p, size_t at, size_t end,
			     const struct pattern *middle)
{
	size_t n = p->text.len - (end - at) + middle->text.len, behind = p->text.len - end;
	uint8_t *text = arena_take(a, n + 1), *glyph = arena_take(a, n + 1);

	memcpy(text, p->text.at, at);
	memcpy(glyph, p->glyph, at);
	if (middle->text.len) {
		memcpy(text + at, middle->text.at, middle->text.len);
		memcpy(glyph + at, middle->glyph, middle->text.len);
	}
	memcpy(text + at + middle->text.len, p->text.at + end, behind);
	memcpy(glyph + at + middle->text.len, p->glyph + end, behind);
	return (struct pattern){ bytes_of(text, n), glyph, p->wild || middle->wild };
}

/* \% is a percent sign. */
static struct pattern without_escapes(struct arena *a, const struct pattern *p)
{
	uint8_t *text = arena_take(a, p->text.len + 1), *glyph = arena_take(a, p->text.len + 1);
	size_t n = 0;

	for (size_t i = 0; i < p->text.len; i++) {
		bool escape = p->glyph[i] == GLYPH_BYTE && p->text.at[i] == '\\' &&
			      i + 1 < p->text.len && p->glyph[i + 1] == GLYPH_BYTE &&
			      p->text.at[i + 1] == '%';

		if (escape)
			continue;
		text[n] = p->text.at[i];
		glyph[n++] = p->glyph[i];
	}
	return (struct pattern){ bytes_of(text, n), glyph, p->wild };
}

static int no_values(struct values *to, struct bytes name)
{
	return why_set(to->c->why, -EINVAL,
		       "placeholder %%%.*s%% has no values: give it some in a table "
		       "(rules.tables, placeholders:)",
		       (int)bytes_sub(name, 0, 60).len, (const char *)name.at);
}

/* Each %name% is replaced by each of the values that a table gives it; several multiply. */
static int expand_from(struct values *to, const struct value *x, size_t from, unsigned depth)
{
	const struct yaml_node *values;
	struct value one = *x;
	struct bytes name;
	size_t at, end;

	if (depth > 8 || !find_name(&x->pattern, from, &at, &end)) {
		one.pattern = without_escapes(to->a, &x->pattern);
		one.raw = x->kind == V_REGEX ? one.pattern.text : x->raw;
		return values_add(to, &one);
	}
	name = bytes_sub(x->pattern.text, at + 1, end - at - 2);
	values = logtable_placeholder(to->c->set->table, name);
	if (!values || (values->kind == YAML_LIST ? !values->n : values->kind != YAML_SCALAR))
		return no_values(to, name);
	for (const struct yaml_item *i = values->first;; i = i->next) {
		struct bytes text = i ? i->node->text : values->text;
		struct pattern p = x->kind == V_REGEX ? pattern_plain(to->a, text)
						      : pattern_parse(to->a, text);
		int r;

		one.pattern = joined(to->a, &x->pattern, at, end, &p);
		r = expand_from(to, &one, at + p.text.len, depth + 1);
		if (r < 0 || !i || !i->next)
			return r;
	}
}

static int expand(struct values *to, const struct value *x)
{
	struct value one = *x;

	if (x->kind == V_REGEX)
		one.pattern = pattern_plain(to->a, x->raw);
	else if (x->kind != V_TEXT)
		return values_refuse(to, "expand", "the value must be text");
	return expand_from(to, &one, 0, 0);
}

int modify_expand(struct values *v)
{
	return spread(v, expand);
}
