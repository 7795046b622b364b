/* SPDX-License-Identifier: Apache-2.0 */
/* logsources:
 *   - {product: linux, service: sshd, when: {process.name: [sshd, sshd-session]}, fields: {…}}
 * An event is of this log source when every field under `when` has one of its values (wildcards as
 * in rules; '*' alone: the field is there); a list of such mappings: when one of them holds.
 * `fields` maps names of rules to fields.def; under '*' it says where other names are looked for:
 * "kv" (key=value in the text), "json" (path in the text). fields: names that are the same
 * everywhere. placeholders: values for |expand. */
#include "detect/sigma/logtable.h"
#include "base/hash.h"
#include "event/event.h"
#include <stdlib.h>

#define KEYS_MAX 16u /* fields that all conditions together look at */
#define CACHE 4096u

struct when {
	unsigned field; /* enum field, or FIELD_SOURCE */
	struct pattern *values;
	size_t n;
	bool any; /* it need only be there */
	bool opens; /* the first of a mapping */
};

struct entry {
	struct bytes product, category, service;
	struct when *when;
	size_t when_n;
	const struct yaml_node *fields;
	unsigned otherwise; /* SLOT_KV, SLOT_JSON */
};

struct logtable {
	struct entry entry[SOURCES_MAX];
	size_t n;
	const struct yaml_node *fields[16]; /* of all sources, the newest table last */
	size_t fields_n;
	const struct yaml_node *placeholders[16];
	size_t placeholders_n;
	unsigned key[KEYS_MAX]; /* fields that conditions look at */
	bool key_text[KEYS_MAX]; /* at their text, not only at whether they are there */
	size_t keys;
};

extern const unsigned char logtable_text[];
extern const unsigned long logtable_text_n;

struct bytes logtable_builtin(void)
{
	return bytes_of(logtable_text, logtable_text_n);
}

static int bad(struct why *why, struct bytes file, unsigned line, const char *text)
{
	return why_set(why, -EINVAL, "%.*s:%u: %s", (int)bytes_sub(file, 0, 300).len, file.at, line,
		       text);
}

static bool field_of(struct bytes name, unsigned *ret)
{
	enum field f = field_by_name(name);

	if (bytes_eq(name, BYTES("source.name")))
		*ret = FIELD_SOURCE;
	else if (bytes_eq(name, BYTES("@timestamp")))
		*ret = FIELD_WHEN;
	else if (f < FIELD_N)
		*ret = f;
	else
		return false;
	return true;
}

static bool add_key(struct logtable *t, unsigned field, bool text)
{
	size_t i = 0;

	while (i < t->keys && t->key[i] != field)
		i++;
	if (i == KEYS_MAX)
		return false;
	if (i == t->keys) {
		t->key[t->keys++] = field;
		t->key_text[i] = false;
	}
	t->key_text[i] |= text;
	return true;
}

static void add_values(struct when *w, struct arena *a, const struct yaml_node *n)
{
	if (n->kind == YAML_LIST) {
		for (const struct yaml_item *i = n->first; i; i = i->next)
			if (i->node->kind == YAML_SCALAR)
				add_values(w, a, i->node);
		return;
	}
	w->any |= bytes_eq(n->text, BYTES("*"));
	w->values[w->n++] = pattern_lower(a, pattern_parse(a, n->text));
}

static int read_one_when(struct logtable *t, struct arena *a, struct when *w,
			 const struct yaml_item *i, struct bytes file, struct why *why)
{
	if (!field_of(i->key, &w->field) || w->field == FIELD_WHEN)
		return bad(why, file, i->line, "when: there is no such field");
	if (i->node->kind == YAML_MAP)
		return bad(why, file, i->line, "when: expected a value or a list");
	w->values = arena_take(a, (i->node->n + 1) * sizeof(*w->values));
	add_values(w, a, i->node);
	if (!add_key(t, w->field, !w->any))
		return bad(why, file, i->line, "when: more fields than can be looked at");
	return 0;
}

static int read_mapping(struct logtable *t, struct arena *a, struct entry *e,
			const struct yaml_node *n, struct bytes file, struct why *why)
{
	int r = 0;

	if (n->kind != YAML_MAP || !n->n)
		return bad(why, file, n->line, "when: expected fields and their values");
	for (const struct yaml_item *i = n->first; r == 0 && i; i = i->next) {
		struct when *w = &e->when[e->when_n++];

		*w = (struct when){ .opens = i == n->first };
		r = read_one_when(t, a, w, i, file, why);
	}
	return r;
}

static int read_when(struct logtable *t, struct arena *a, struct entry *e,
		     const struct yaml_node *n, struct bytes file, struct why *why)
{
	size_t room = n->n;
	int r = 0;

	if (!n->n)
		return bad(why, file, n->line, "when: expected fields and their values");
	for (const struct yaml_item *i = n->first; i; i = i->next)
		room += i->node->n;
	e->when = arena_take(a, room * sizeof(*e->when));
	if (n->kind == YAML_MAP)
		return read_mapping(t, a, e, n, file, why);
	for (const struct yaml_item *i = n->first; r == 0 && i; i = i->next)
		r = read_mapping(t, a, e, i->node, file, why);
	return r;
}

static int check_fields(const struct yaml_node *n, struct bytes file, struct why *why,
			unsigned *ret_otherwise)
{
	unsigned field;

	if (n->kind != YAML_MAP)
		return bad(why, file, n->line, "fields: expected names and our names for them");
	for (const struct yaml_item *i = n->first; i; i = i->next) {
		const struct yaml_item *one = i->node->kind == YAML_LIST ? i->node->first : NULL;

		if (bytes_eq(i->key, BYTES("*"))) {
			*ret_otherwise = bytes_eq(i->node->text, BYTES("kv"))	  ? SLOT_KV
					 : bytes_eq(i->node->text, BYTES("json")) ? SLOT_JSON
										  : 0;
			if (!*ret_otherwise)
				return bad(why, file, i->line, "fields: * is kv or json");
			continue;
		}
		if (i->node->kind == YAML_SCALAR && !field_of(i->node->text, &field))
			return bad(why, file, i->line, "fields: there is no such field");
		for (; one; one = one->next)
			if (one->node->kind != YAML_SCALAR || !field_of(one->node->text, &field))
				return bad(why, file, i->line, "fields: there is no such field");
	}
	return 0;
}

static struct bytes text_of(const struct yaml_node *n, const char *key)
{
	const struct yaml_node *v = yaml_get(n, key);

	return v && v->kind == YAML_SCALAR ? v->text : BYTES("");
}

static struct entry *place_for(struct logtable *t, const struct entry *e)
{
	for (size_t i = 0; i < t->n; i++)
		if (bytes_eq(t->entry[i].product, e->product) &&
		    bytes_eq(t->entry[i].category, e->category) &&
		    bytes_eq(t->entry[i].service, e->service))
			return &t->entry[i];
	return t->n < SOURCES_MAX ? &t->entry[t->n++] : NULL;
}

static int read_source(struct logtable *t, struct arena *a, const struct yaml_node *n,
		       struct bytes file, struct why *why)
{
	struct entry e = { .product = text_of(n, "product"),
			   .category = text_of(n, "category"),
			   .service = text_of(n, "service"),
			   .fields = yaml_get(n, "fields") },
		     *to;
	int r = 0;

	if (!yaml_get(n, "when"))
		return bad(why, file, n->line, "when: is missing");
	if (n->kind != YAML_MAP || !(e.product.len + e.category.len + e.service.len))
		return bad(why, file, n->line, "expected product, category or service");
	if (e.fields)
		r = check_fields(e.fields, file, why, &e.otherwise);
	if (r == 0)
		r = read_when(t, a, &e, yaml_get(n, "when"), file, why);
	if (r < 0)
		return r;
	to = place_for(t, &e);
	if (!to)
		return bad(why, file, n->line, "more log sources than can be told apart");
	*to = e;
	return 0;
}

static int read_document(struct logtable *t, struct arena *a, const struct yaml_node *n,
			 struct bytes file, struct why *why)
{
	const struct yaml_node *sources = yaml_get(n, "logsources"),
			       *fields = yaml_get(n, "fields"),
			       *places = yaml_get(n, "placeholders");
	unsigned none;
	int r = 0;

	if (!sources && !fields && !places)
		return bad(why, file, n->line, "expected logsources, fields or placeholders");
	if (sources && sources->kind != YAML_LIST)
		return bad(why, file, sources->line, "logsources: expected a list");
	for (const struct yaml_item *i = sources ? sources->first : NULL; r == 0 && i; i = i->next)
		r = read_source(t, a, i->node, file, why);
	if (r == 0 && fields)
		r = check_fields(fields, file, why, &none);
	if (r == 0 && fields && t->fields_n < 16)
		t->fields[t->fields_n++] = fields;
	if (r == 0 && places && places->kind == YAML_MAP && t->placeholders_n < 16)
		t->placeholders[t->placeholders_n++] = places;
	return r;
}

int logtable_read(struct logtable *t, struct arena *a, struct bytes yaml, struct bytes file,
		  struct why *why)
{
	struct yaml_node *n = NULL;
	struct why reason = { "" };
	unsigned line = 0;
	struct yaml *y;
	int r = yaml_open(&y, arena_copy(a, yaml), a), next = 0;

	while (r == 0 && (next = yaml_next(y, &n, &line, &reason)) == 0)
		r = read_document(t, a, n, file, why);
	if (r == 0 && next == YAML_BAD)
		r = bad(why, file, line, reason.line);
	if (y)
		yaml_close(y);
	return r;
}

int logtable_new(struct logtable **ret, struct arena *a, struct why *why)
{
	struct logtable *t = arena_take(a, sizeof(*t));
	int r;

	memset(t, 0, sizeof(*t));
	r = logtable_read(t, a, logtable_builtin(), BYTES("logsources.yml"), why);
	if (r == 0)
		*ret = t;
	return r;
}

/* ---- rules ---- */

static bool takes_in(struct bytes rule, struct bytes source)
{
	return !rule.len || bytes_ieq(rule, source);
}

void logtable_sources(const struct logtable *t, const struct rule *r, struct mask *ret)
{
	memset(ret, 0, sizeof(*ret));
	for (size_t i = 0; i < t->n; i++)
		if (takes_in(r->product, t->entry[i].product) &&
		    takes_in(r->category, t->entry[i].category) &&
		    takes_in(r->service, t->entry[i].service))
			ret->bits[i / 64] |= 1ull << (i % 64);
}

static void add_field(struct slot *s, struct bytes ecs)
{
	unsigned f;

	if (!field_of(ecs, &f) || s->fields_n == SLOT_FIELDS)
		return;
	for (unsigned i = 0; i < s->fields_n; i++)
		if (s->fields[i] == f)
			return;
	s->fields[s->fields_n++] = (uint8_t)f;
	s->place |= SLOT_ECS;
}

static bool add_mapped(struct slot *s, const struct yaml_node *fields, struct bytes name)
{
	for (const struct yaml_item *i = fields ? fields->first : NULL; i; i = i->next) {
		if (!bytes_eq(i->key, name))
			continue;
		if (i->node->kind == YAML_SCALAR)
			add_field(s, i->node->text);
		for (const struct yaml_item *one = i->node->first; one; one = one->next)
			add_field(s, one->node->text);
		return true;
	}
	return false;
}

void logtable_field(const struct logtable *t, const struct mask *sources, struct bytes name,
		    struct slot *ret)
{
	for (size_t i = 0; i < t->n; i++) {
		const struct entry *e = &t->entry[i];

		if (!(sources->bits[i / 64] >> (i % 64) & 1))
			continue;
		if (!add_mapped(ret, e->fields, name) && field_by_name(name) == FIELD_N)
			ret->place |= e->otherwise;
	}
	add_field(ret, name); /* our own name for it */
	for (size_t i = t->fields_n; i-- > 0 && !ret->place;)
		add_mapped(ret, t->fields[i], name);
}

const struct yaml_node *logtable_placeholder(const struct logtable *t, struct bytes name)
{
	for (size_t i = t ? t->placeholders_n : 0; i-- > 0;)
		for (const struct yaml_item *k = t->placeholders[i]->first; k; k = k->next)
			if (bytes_eq(k->key, name))
				return k->node;
	return NULL;
}

/* ---- events ---- */

struct classifier {
	const struct logtable *table;
	struct arena arena; /* of one classification */
	struct buf key;
	struct {
		uint64_t hash; /* 0: free */
		struct mask mask;
	} cache[CACHE];
};

struct classifier *classifier_new(const struct logtable *t)
{
	struct classifier *c = mem_new(1, sizeof(*c));

	c->table = t;
	return c;
}

struct classifier *classifier_free(struct classifier *c)
{
	if (!c)
		return NULL;
	arena_done(&c->arena);
	buf_done(&c->key);
	free(c);
	return NULL;
}

static bool value_of(const struct item *i, unsigned field, struct bytes *ret)
{
	if (field == FIELD_SOURCE) {
		*ret = i->source ? i->source->name : BYTES("");
		return i->source != NULL;
	}
	if (!event_has(i->event, (enum field)field))
		return false;
	*ret = i->event->value[field];
	return true;
}

static bool holds(struct classifier *c, const struct when *w, const struct item *i)
{
	struct bytes v;

	if (!value_of(i, w->field, &v))
		return false;
	if (w->any)
		return true;
	v = lower_copy(&c->arena, v);
	for (size_t k = 0; k < w->n; k++)
		if (pattern_match(&w->values[k], v))
			return true;
	return false;
}

static bool is_of(struct classifier *c, const struct entry *e, const struct item *i)
{
	bool all = false;

	for (size_t k = 0; k < e->when_n; k++) {
		if (e->when[k].opens && all)
			break; /* the mapping before holds */
		if (e->when[k].opens || all)
			all = holds(c, &e->when[k], i);
	}
	return all;
}

static void classify(struct classifier *c, const struct item *i, struct mask *ret)
{
	const struct logtable *t = c->table;

	memset(ret, 0, sizeof(*ret));
	for (size_t e = 0; e < t->n; e++)
		if (is_of(c, &t->entry[e], i))
			ret->bits[e / 64] |= 1ull << (e % 64);
	arena_reset(&c->arena);
}

/* The answer depends on nothing else than this. */
static uint64_t key_of(struct classifier *c, const struct item *i)
{
	const struct logtable *t = c->table;

	buf_clear(&c->key);
	for (size_t k = 0; k < t->keys; k++) {
		struct bytes v = { NULL, 0 };
		bool there = value_of(i, t->key[k], &v);

		buf_u16le(&c->key,
			  (uint16_t)(there ? 1 + (t->key_text[k] ? v.len % 65000 : 0) : 0));
		if (there && t->key_text[k])
			buf_bytes(&c->key, bytes_sub(v, 0, 4096));
	}
	return hash_keyed(buf_view(&c->key)) | 1;
}

const struct mask *classifier_of(struct classifier *c, const struct item *i)
{
	uint64_t hash = key_of(c, i);
	size_t at = (hash >> 1) % CACHE;

	if (c->cache[at].hash != hash) {
		classify(c, i, &c->cache[at].mask);
		c->cache[at].hash = hash;
	}
	return &c->cache[at].mask;
}
