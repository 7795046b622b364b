/* SPDX-License-Identifier: Apache-2.0 */
#include "detect/sigma/pattern.h"

struct building {
	uint8_t *text, *glyph;
	size_t n;
	bool wild;
};

static struct building begin(struct arena *a, size_t most)
{
	return (struct building){ .text = arena_take(a, most + 1),
				  .glyph = arena_take(a, most + 1) };
}

static void put(struct building *b, uint8_t c, enum glyph g)
{
	if (g == GLYPH_ANY && b->n && b->glyph[b->n - 1] == GLYPH_ANY)
		return; /* two stars are one */
	b->text[b->n] = c;
	b->glyph[b->n++] = (uint8_t)g;
	b->wild |= g != GLYPH_BYTE;
}

static struct pattern end(const struct building *b)
{
	return (struct pattern){ bytes_of(b->text, b->n), b->glyph, b->wild };
}

struct pattern pattern_parse(struct arena *a, struct bytes sigma)
{
	struct building b = begin(a, sigma.len);

	for (size_t i = 0; i < sigma.len; i++) {
		uint8_t c = sigma.at[i], next = i + 1 < sigma.len ? sigma.at[i + 1] : 0;

		if (c == '\\' && (next == '*' || next == '?' || next == '\\')) {
			put(&b, next, GLYPH_BYTE);
			i++;
		} else {
			put(&b, c, c == '*' ? GLYPH_ANY : c == '?' ? GLYPH_ONE : GLYPH_BYTE);
		}
	}
	return end(&b);
}

struct pattern pattern_plain(struct arena *a, struct bytes text)
{
	struct building b = begin(a, text.len);

	for (size_t i = 0; i < text.len; i++)
		put(&b, text.at[i], GLYPH_BYTE);
	return end(&b);
}

struct pattern pattern_around(struct arena *a, struct pattern p, bool before, bool behind)
{
	struct building b = begin(a, p.text.len + 2);

	if (before)
		put(&b, '*', GLYPH_ANY);
	for (size_t i = 0; i < p.text.len; i++)
		put(&b, p.text.at[i], (enum glyph)p.glyph[i]);
	if (behind)
		put(&b, '*', GLYPH_ANY);
	return end(&b);
}

struct pattern pattern_lower(struct arena *a, struct pattern p)
{
	p.text = lower_copy(a, p.text);
	return p;
}

/* ---- matching ---- */

/* Bytes of the character that begins at v.at[at]; what is no UTF-8 counts as one each. */
static size_t one(struct bytes all, size_t at)
{
	const struct bytes v = { all.at + at, all.len - at };
	size_t n = v.at[0] < 0xc0 ? 1 : v.at[0] < 0xe0 ? 2 : v.at[0] < 0xf0 ? 3 : 4;

	for (size_t i = 1; i < n; i++)
		if (i >= v.len || (v.at[i] & 0xc0) != 0x80)
			return 1;
	return n;
}

/* Pattern positions [from, to) without a star, at the start of v; the length taken or BYTES_NONE.
 */
static size_t piece_at(const struct pattern *p, size_t from, size_t to, struct bytes v)
{
	size_t at = 0;

	for (size_t i = from; i < to; i++) {
		if (at >= v.len)
			return BYTES_NONE;
		if (p->glyph[i] == GLYPH_ONE)
			at += one(v, at);
		else if (p->text.at[i] == v.at[at])
			at++;
		else
			return BYTES_NONE;
	}
	return at;
}

static bool has_one(const struct pattern *p, size_t from, size_t to)
{
	return memchr(p->glyph + from, GLYPH_ONE, to - from) != NULL;
}

/* Where the piece first is in v, and its length there. */
static size_t piece_find(const struct pattern *p, size_t from, size_t to, struct bytes v,
			 size_t *ret_len)
{
	if (!has_one(p, from, to)) {
		*ret_len = to - from;
		return bytes_find(v, bytes_sub(p->text, from, to - from));
	}
	for (size_t at = 0; at <= v.len; at++) {
		size_t n = piece_at(p, from, to, bytes_from(v, at));

		if (n != BYTES_NONE) {
			*ret_len = n;
			return at;
		}
	}
	return BYTES_NONE;
}

/* The last piece must end with the value. */
static bool piece_ends(const struct pattern *p, size_t from, struct bytes v)
{
	size_t to = p->text.len;

	if (!has_one(p, from, to))
		return bytes_ends(v, bytes_sub(p->text, from, to - from));
	for (size_t at = v.len - (v.len < 4 * (to - from) ? v.len : 4 * (to - from)); at <= v.len;
	     at++)
		if (piece_at(p, from, to, bytes_from(v, at)) == v.len - at)
			return true;
	return false;
}

static size_t next_star(const struct pattern *p, size_t from)
{
	const uint8_t *s =
		from < p->text.len ? memchr(p->glyph + from, GLYPH_ANY, p->text.len - from) : NULL;

	return s ? (size_t)(s - p->glyph) : p->text.len;
}

bool pattern_match(const struct pattern *p, struct bytes value)
{
	size_t from, to, at, len = 0;

	if (!p->wild)
		return bytes_eq(p->text, value);
	to = next_star(p, 0);
	at = piece_at(p, 0, to, value);
	if (at == BYTES_NONE)
		return false;
	if (to == p->text.len)
		return at == value.len;
	value = bytes_from(value, at);
	for (from = to + 1;; from = to + 1) {
		to = next_star(p, from);
		if (to == p->text.len)
			return piece_ends(p, from, value);
		at = piece_find(p, from, to, value, &len);
		if (at == BYTES_NONE)
			return false;
		value = bytes_from(value, at + len);
	}
}

struct bytes pattern_literal(const struct pattern *p)
{
	struct bytes best = { NULL, 0 };
	size_t from = 0;

	for (size_t i = 0; i <= p->text.len; i++) {
		if (i < p->text.len && p->glyph[i] == GLYPH_BYTE)
			continue;
		if (i - from > best.len)
			best = bytes_sub(p->text, from, i - from);
		from = i + 1;
	}
	return best;
}

void pattern_show(const struct pattern *p, struct buf *to)
{
	for (size_t i = 0; i < p->text.len; i++) {
		uint8_t c = p->text.at[i];

		if (p->glyph[i] == GLYPH_BYTE && (c == '*' || c == '?'))
			buf_u8(to, '\\');
		buf_u8(to, p->glyph[i] == GLYPH_ANY ? '*' : p->glyph[i] == GLYPH_ONE ? '?' : c);
	}
}

/* ---- lower case ---- */

static void lower_pair(uint8_t *p)
{
	uint8_t a = p[0], b = p[1];

	if (a == 0xc3 && b >= 0x80 && b <= 0x9e && b != 0x97)
		p[1] = b + 0x20;
	else if (a == 0xce && b >= 0x91 && b <= 0x9f)
		p[1] = b + 0x20;
	else if (a == 0xce && b >= 0xa0 && b <= 0xab)
		p[0] = 0xcf, p[1] = b - 0x20;
	else if (a == 0xd0 && b >= 0x90 && b <= 0x9f)
		p[1] = b + 0x20;
	else if (a == 0xd0 && b >= 0xa0 && b <= 0xaf)
		p[0] = 0xd1, p[1] = b - 0x20;
	else if (a == 0xd0 && b >= 0x80 && b <= 0x8f)
		p[0] = 0xd1, p[1] = b + 0x10;
}

struct bytes lower_copy(struct arena *a, struct bytes b)
{
	uint8_t *to = arena_take(a, b.len), high = 0;

	for (size_t i = 0; i < b.len; i++) { /* the compiler makes this wide */
		high |= b.at[i];
		to[i] = to_lower(b.at[i]);
	}
	for (size_t i = 0; high >= 0x80 && i + 1 < b.len; i++)
		if (to[i] >= 0xc3)
			lower_pair(to + i);
	return bytes_of(to, b.len);
}
