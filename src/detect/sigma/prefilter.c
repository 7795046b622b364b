/* SPDX-License-Identifier: Apache-2.0 */
/* What is scanned: the raw bytes; behind them the values that do not lie in these bytes (constants
 * of parsers, unescaped text) of fields that some rule's text is of; and where JSON paths are asked
 * for, the raw bytes once more with their escapes undone: "\u0061" must not hide an a. */
#include "detect/sigma/prefilter.h"
#include "base/hash.h"
#include "detect/sigma/texts.h"
#include "parse/json.h"
#include <hs/hs.h>
#include <stdlib.h>

struct literal {
	struct bytes text; /* lower case */
	uint32_t *rules;
	uint32_t n, cap;
};

struct list {
	uint32_t *at;
	uint32_t n, cap;
};

struct prefilter {
	struct literal *literal;
	uint32_t n, cap;
	uint32_t *table; /* open addressing; 1 + literal */
	size_t table_n;
	hs_database_t *db; /* NULL: no literals */
	size_t db_bytes;
	struct list first[SOURCES_MAX]; /* rules without texts, by log source */
	struct list everywhere; /* those of any */
	bool wanted[FIELDS_ALL]; /* fields whose values must be scanned though they lie elsewhere */
	bool json;
};

static void push(struct list *l, uint32_t v)
{
	if (l->n == l->cap) {
		l->cap = l->cap ? l->cap * 2 : 8;
		l->at = mem_must(realloc(l->at, l->cap * sizeof(*l->at)));
	}
	l->at[l->n++] = v;
}

static void grow_table(struct prefilter *p)
{
	size_t n = p->table_n ? p->table_n * 2 : 4096;

	free(p->table);
	p->table = mem_new(n, sizeof(*p->table));
	p->table_n = n;
	for (uint32_t i = 0; i < p->n; i++) {
		size_t at = hash_fast(p->literal[i].text, 2) % n;

		while (p->table[at])
			at = (at + 1) % n;
		p->table[at] = i + 1;
	}
}

static struct literal *literal_of(struct prefilter *p, struct bytes lower)
{
	size_t at;

	if (2 * (size_t)p->n >= p->table_n)
		grow_table(p);
	at = hash_fast(lower, 2) % p->table_n;
	for (; p->table[at]; at = (at + 1) % p->table_n)
		if (bytes_eq(p->literal[p->table[at] - 1].text, lower))
			return &p->literal[p->table[at] - 1];
	if (p->n == p->cap) {
		p->cap = p->cap ? p->cap * 2 : 1024;
		p->literal = mem_must(realloc(p->literal, p->cap * sizeof(*p->literal)));
	}
	p->literal[p->n] = (struct literal){ .text = lower };
	p->table[at] = ++p->n;
	return &p->literal[p->n - 1];
}

static void add_rule(struct prefilter *p, struct ruleset *s, uint32_t i, const struct texts *t)
{
	struct rule *r = &s->rules[i];

	r->first = !t->known;
	for (uint32_t k = 0; t->known && k < t->n; k++) {
		struct literal *l = literal_of(p, lower_copy(&s->arena, t->at[k]));

		if (l->n && l->rules[l->n - 1] == i)
			continue;
		if (l->n == l->cap) {
			l->cap = l->cap ? l->cap * 2 : 2;
			l->rules = mem_must(realloc(l->rules, l->cap * sizeof(*l->rules)));
		}
		l->rules[l->n++] = i;
	}
	if (t->known)
		return;
	if (r->everywhere)
		push(&p->everywhere, i);
	for (unsigned e = 0; !r->everywhere && e < SOURCES_MAX; e++)
		if (r->sources.bits[e / 64] >> (e % 64) & 1)
			push(&p->first[e], i);
}

/* ---- what can be true at all ---- */

/* A test of a field that is nowhere is as if the field were absent. */
static struct expr *settle(struct ruleset *s, struct expr *e, const struct slot **ret_missing)
{
	const struct test *t = e->test;
	bool all_true = true, any_true = false, all_false = true;

	if (e->kind == EXPR_TEST) {
		const struct slot *slot = t->slot == SLOT_KEYWORD ? NULL : &s->slots[t->slot];

		if (!slot || slot->place)
			return e;
		*ret_missing = slot;
		return expr_new(&s->arena,
				t->kind == TEST_NULL || (t->kind == TEST_EXISTS && !t->truth)
					? EXPR_TRUE
					: EXPR_FALSE,
				0);
	}
	for (uint32_t i = 0; i < e->n; i++) {
		e->sub[i] = settle(s, e->sub[i], ret_missing);
		all_true &= e->sub[i]->kind == EXPR_TRUE;
		any_true |= e->sub[i]->kind == EXPR_TRUE;
		all_false &= e->sub[i]->kind == EXPR_FALSE;
	}
	if (e->kind == EXPR_NOT && e->sub[0]->kind <= EXPR_TRUE)
		return expr_new(&s->arena, all_true ? EXPR_FALSE : EXPR_TRUE, 0);
	if (e->kind == EXPR_OR && e->n && (any_true || all_false))
		return expr_new(&s->arena, any_true ? EXPR_TRUE : EXPR_FALSE, 0);
	for (uint32_t i = 0; e->kind == EXPR_AND && i < e->n; i++)
		if (e->sub[i]->kind == EXPR_FALSE)
			return e->sub[i];
	return e->kind == EXPR_AND && all_true && e->n ? e->sub[0] : e;
}

static void settle_rule(struct ruleset *s, struct rule *r)
{
	const struct slot *missing = NULL;
	struct buf b = { 0 };

	if (!s->options.flat)
		r->expr = settle(s, r->expr, &missing);
	if (r->expr->kind != EXPR_FALSE || r->info.never.len)
		return;
	if (!missing) {
		r->info.never = BYTES("its condition is never true");
		return;
	}
	buf_str(&b, "no record here has the field ");
	buf_bytes(&b, bytes_sub(missing->name, 0, 100));
	r->info.never = arena_copy(&s->arena, buf_view(&b));
	buf_done(&b);
}

/* ---- making it ---- */

static int compile(struct prefilter *p, struct why *why)
{
	const char **text = mem_new(p->n, sizeof(*text));
	unsigned *flags = mem_new(p->n, sizeof(*flags)), *ids = mem_new(p->n, sizeof(*ids));
	size_t *len = mem_new(p->n, sizeof(*len));
	hs_compile_error_t *error = NULL;
	int r = 0;

	for (uint32_t i = 0; i < p->n; i++) {
		text[i] = (const char *)p->literal[i].text.at;
		len[i] = p->literal[i].text.len;
		flags[i] = HS_FLAG_CASELESS | HS_FLAG_SINGLEMATCH;
		ids[i] = i;
	}
	if (hs_compile_lit_multi(text, flags, ids, len, p->n, HS_MODE_BLOCK, NULL, &p->db,
				 &error) != HS_SUCCESS)
		r = why_set(why, -EINVAL, "Hyperscan: %s", error ? error->message : "no database");
	hs_free_compile_error(error);
	free(text);
	free(flags);
	free(ids);
	free(len);
	if (r == 0)
		hs_database_size(p->db, &p->db_bytes);
	return r;
}

static void want_fields(struct prefilter *p, const struct ruleset *s)
{
	for (uint32_t i = 0; i < s->slots_n; i++) {
		for (unsigned k = 0; k < s->slots[i].fields_n; k++)
			p->wanted[s->slots[i].fields[k]] = true;
		p->json |= s->slots[i].place & SLOT_JSON;
	}
}

int prefilter_new(struct prefilter **ret, struct ruleset *s, struct why *why)
{
	struct prefilter *p = mem_new(1, sizeof(*p));
	struct arena scratch = { 0 };
	int r;

	for (uint32_t i = 0; i < s->n; i++) {
		struct texts t;

		if (s->rules[i].info.kind != RULE_PLAIN)
			continue;
		settle_rule(s, &s->rules[i]);
		if (s->rules[i].info.never.len)
			continue;
		t = texts_of(&scratch, s->rules[i].expr);
		add_rule(p, s, i, &t);
		arena_reset(&scratch);
	}
	arena_done(&scratch);
	want_fields(p, s);
	r = p->n ? compile(p, why) : 0;
	if (r < 0) {
		prefilter_free(p);
		return r;
	}
	*ret = p;
	return 0;
}

struct prefilter *prefilter_free(struct prefilter *p)
{
	if (!p)
		return NULL;
	for (uint32_t i = 0; i < p->n; i++)
		free(p->literal[i].rules);
	for (unsigned i = 0; i < SOURCES_MAX; i++)
		free(p->first[i].at);
	free(p->everywhere.at);
	free(p->literal);
	free(p->table);
	hs_free_database(p->db);
	free(p);
	return NULL;
}

size_t prefilter_bytes(const struct prefilter *p)
{
	return p ? p->db_bytes + p->cap * sizeof(*p->literal) + p->table_n * sizeof(*p->table) : 0;
}

/* ---- scanning ---- */

struct scan {
	const struct ruleset *set;
	const struct prefilter *p;
	hs_scratch_t *scratch;
	struct arena arena;
	struct buf text;
	uint32_t *stamp; /* by rule: the epoch in which it was taken */
	uint32_t epoch;
	uint32_t *found;
	size_t n;
	const struct mask *sources;
};

int scan_new(struct scan **ret, const struct ruleset *s)
{
	struct scan *c = mem_new(1, sizeof(*c));

	c->set = s;
	c->p = s->prefilter;
	c->stamp = mem_new(s->n + 1, sizeof(*c->stamp));
	c->found = mem_new(s->n + 1, sizeof(*c->found));
	if (c->p->db && hs_alloc_scratch(c->p->db, &c->scratch) != HS_SUCCESS) {
		scan_free(c);
		return -ENOMEM;
	}
	*ret = c;
	return 0;
}

struct scan *scan_free(struct scan *s)
{
	if (!s)
		return NULL;
	hs_free_scratch(s->scratch);
	arena_done(&s->arena);
	buf_done(&s->text);
	free(s->stamp);
	free(s->found);
	free(s);
	return NULL;
}

static bool meets(const struct mask *a, const struct mask *b)
{
	uint64_t any = 0;

	for (size_t i = 0; i < SOURCES_MAX / 64; i++)
		any |= a->bits[i] & b->bits[i];
	return any != 0;
}

static void take(struct scan *s, uint32_t i)
{
	const struct rule *r = &s->set->rules[i];

	if (s->stamp[i] == s->epoch)
		return;
	s->stamp[i] = s->epoch;
	if (r->everywhere || !s->sources || meets(&r->sources, s->sources))
		s->found[s->n++] = i;
}

static int hit(unsigned id, unsigned long long from, unsigned long long to, unsigned flags,
	       void *ctx)
{
	struct scan *s = ctx;
	const struct literal *l = &s->p->literal[id];

	(void)from;
	(void)to;
	(void)flags;
	for (uint32_t i = 0; i < l->n; i++)
		take(s, l->rules[i]);
	return 0;
}

static bool lies_in(struct bytes v, struct bytes raw)
{
	return v.at >= raw.at && v.at + v.len <= raw.at + raw.len;
}

/* One more text behind the raw bytes, on a line of its own. */
static void also(struct scan *s, struct bytes raw, struct bytes more)
{
	if (!s->text.len)
		buf_bytes(&s->text, raw);
	buf_u8(&s->text, '\n');
	buf_bytes(&s->text, more);
}

/* What is to be scanned of a parsed record. */
static struct bytes text_of_item(struct scan *s, const struct item *i)
{
	struct bytes raw = i->record->raw;
	const struct event *e = i->event;
	char when[CLOCK_TEXT];

	buf_clear(&s->text);
	for (unsigned k = 0; k < e->n; k++) {
		enum field f = (enum field)e->order[k];

		if (s->p->wanted[f] && !lies_in(e->value[f], raw))
			also(s, raw, e->value[f]);
	}
	if (s->p->wanted[FIELD_SOURCE] && i->source)
		also(s, raw, i->source->name);
	if (s->p->wanted[FIELD_WHEN]) {
		clock_text(i->time, when);
		also(s, raw, bytes_str(when));
	}
	if (s->p->json && bytes_chr(raw, '\\') != BYTES_NONE) {
		/* From its first brace: a backslash before it belongs to no text of the object. */
		also(s, raw, json_unescape(&s->arena, bytes_from(raw, bytes_chr(raw, '{'))));
		arena_reset(&s->arena);
	}
	return s->text.len ? buf_view(&s->text) : raw;
}

static struct bytes text_of_flat(struct scan *s, const struct subject *e)
{
	buf_clear(&s->text);
	for (size_t i = 0; i < e->values_n; i++) {
		buf_bytes(&s->text, e->values[i].text);
		buf_u8(&s->text, '\n');
	}
	return buf_view(&s->text);
}

const uint32_t *scan_event(struct scan *s, const struct subject *e, const struct mask *sources,
			   size_t *ret_n)
{
	struct bytes text = e->values ? text_of_flat(s, e) : text_of_item(s, e->item);

	if (++s->epoch == 0) {
		memset(s->stamp, 0, s->set->n * sizeof(*s->stamp));
		s->epoch = 1;
	}
	s->n = 0;
	s->sources = sources;
	if (s->p->db && text.len) /* longer than 4 GiB is no record */
		hs_scan(s->p->db, (const char *)text.at, (unsigned)text.len, 0, s->scratch, hit, s);
	for (uint32_t i = 0; i < s->p->everywhere.n; i++)
		take(s, s->p->everywhere.at[i]);
	for (unsigned w = 0; sources && w < SOURCES_MAX / 64; w++) {
		for (uint64_t bits = sources->bits[w]; bits; bits &= bits - 1) {
			const struct list *l =
				&s->p->first[w * 64 + (unsigned)__builtin_ctzll(bits)];

			for (uint32_t i = 0; i < l->n; i++)
				take(s, l->at[i]);
		}
	}
	*ret_n = s->n;
	return s->found;
}
