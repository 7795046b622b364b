/* SPDX-License-Identifier: Apache-2.0 */
/* Where values are: fields of the parsed event, key=value pairs and JSON paths of the raw text, or
 * the pairs of a flat event. */
#include "detect/sigma/look.h"
#include "base/hash.h"
#include "parse/json.h"
#include <stdlib.h>

#define VALUES_MAX 256u /* of one field */

void look_init(struct look *l, const struct ruleset *s)
{
	*l = (struct look){ .set = s };
	l->slots = mem_new(s->slots_n + 1, sizeof(*l->slots));
	l->rx = rx_work_new(s);
}

void look_done(struct look *l)
{
	rx_work_free(l->rx);
	free(l->slots);
	arena_done(&l->arena);
	*l = (struct look){ 0 };
}

static void add(struct look *l, struct looked *to, struct bytes text, enum value_kind kind)
{
	if (to->n == VALUES_MAX)
		return;
	if (!(to->n & (to->n - 1))) { /* room for a power of two */
		struct looked_value *fresh =
			arena_take(&l->arena, (to->n ? 2 * to->n : 1) * sizeof(*fresh));

		if (to->n)
			memcpy(fresh, to->at, to->n * sizeof(*fresh));
		to->at = fresh;
	}
	to->at[to->n++] = (struct looked_value){ .text = text, .kind = kind };
}

/* A flat event's pairs find their slots; there is one slot a name then. */
static void take_flat(struct look *l)
{
	const struct ruleset *s = l->set;

	for (size_t i = 0; s->slot_table_n && i < l->subject->values_n; i++) {
		const struct subject_value *v = &l->subject->values[i];
		size_t at = hash_fast(v->name, 1) % s->slot_table_n;
		struct looked *to;

		while (s->slot_table[at] &&
		       !bytes_eq(s->slots[s->slot_table[at] - 1].name, v->name))
			at = (at + 1) % s->slot_table_n;
		if (!s->slot_table[at])
			continue;
		to = &l->slots[s->slot_table[at] - 1];
		if (to->epoch != l->epoch)
			*to = (struct looked){ .epoch = l->epoch };
		add(l, to, v->text, v->kind);
	}
}

void look_begin(struct look *l, const struct subject *e)
{
	arena_reset(&l->arena);
	if (++l->epoch == 0) { /* the stamps of 2^32 events ago would look fresh */
		memset(l->slots, 0, l->set->slots_n * sizeof(*l->slots));
		l->epoch = 1;
	}
	l->all.epoch = 0;
	l->subject = e;
	if (e->values)
		take_flat(l);
}

/* ---- key=value ---- */

static bool begins_word(struct bytes raw, size_t at)
{
	uint8_t c = at ? raw.at[at - 1] : ' ';

	return c == ' ' || c == '\t' || c == ',' || c == ';' || c == '(' || c == '\'' || c == '"' ||
	       c == '[' || c == '\n';
}

static struct bytes kv_value(struct bytes rest)
{
	uint8_t quote = rest.len && (rest.at[0] == '"' || rest.at[0] == '\'') ? rest.at[0] : 0;
	size_t n = 0;

	if (quote) {
		rest = bytes_from(rest, 1);
		return bytes_sub(rest, 0, bytes_chr(rest, quote));
	}
	while (n < rest.len && rest.at[n] != ' ' && rest.at[n] != '\t' && rest.at[n] != '\n' &&
	       rest.at[n] != '\'' && rest.at[n] != '"')
		n++;
	return bytes_sub(rest, 0, n);
}

static void take_kv(struct look *l, const struct slot *s, struct looked *to)
{
	struct bytes raw = l->subject->item->record->raw, rest = raw;

	while (to->n < VALUES_MAX) {
		size_t at = bytes_find(rest, s->name), end;

		if (at == BYTES_NONE)
			return;
		end = at + s->name.len;
		if (end < rest.len && rest.at[end] == '=' &&
		    begins_word(raw, (size_t)(rest.at - raw.at) + at))
			add(l, to, kv_value(bytes_from(rest, end + 1)), VALUE_TEXT);
		rest = bytes_from(rest, end);
	}
}

/* ---- JSON ---- */

struct json_take {
	struct look *l;
	const struct slot *slot;
	struct looked *to;
};

static void json_leaf(void *ctx, const struct json_leaf *leaf)
{
	struct json_take *j = ctx;
	enum value_kind kind = leaf->type == JSON_STRING   ? VALUE_TEXT
			       : leaf->type == JSON_NUMBER ? VALUE_NUMBER
			       : leaf->type == JSON_NULL   ? VALUE_NULL
							   : VALUE_BOOL;

	if (bytes_eq(leaf->path, j->slot->name))
		add(j->l, j->to,
		    leaf->escaped ? json_unescape(&j->l->arena, leaf->value) : leaf->value, kind);
}

/* The object in a line that may have a syslog header before it. */
static struct bytes json_of(struct bytes raw)
{
	size_t at = bytes_chr(raw, '{');
	struct bytes b = bytes_from(raw, at == BYTES_NONE ? raw.len : at);

	while (b.len && b.at[b.len - 1] != '}')
		b.len--;
	return b;
}

static void take_json(struct look *l, const struct slot *s, struct looked *to)
{
	struct json_take j = { l, s, to };
	struct bytes text = json_of(l->subject->item->record->raw);

	if (text.len)
		json_walk(text, json_leaf, &j);
}

/* ---- fields ---- */

static struct bytes time_text(struct look *l, usec at)
{
	char text[CLOCK_TEXT];

	clock_text(at, text);
	return arena_copy(&l->arena, bytes_str(text));
}

static void take_fields(struct look *l, const struct slot *s, struct looked *to)
{
	const struct item *i = l->subject->item;

	for (unsigned k = 0; k < s->fields_n; k++) {
		enum field f = (enum field)s->fields[k];

		if (s->fields[k] == FIELD_WHEN)
			add(l, to, time_text(l, i->time), VALUE_TEXT);
		else if (s->fields[k] == FIELD_SOURCE && i->source)
			add(l, to, i->source->name, VALUE_TEXT);
		else if (f < FIELD_N && event_has(i->event, f))
			add(l, to, i->event->value[f],
			    field_type(f) == TYPE_NUMBER ? VALUE_NUMBER : VALUE_TEXT);
	}
}

const struct looked *look_values(struct look *l, uint32_t slot)
{
	static const struct looked none;
	const struct slot *s = &l->set->slots[slot];
	struct looked *to = &l->slots[slot];

	if (to->epoch == l->epoch)
		return to;
	if (l->subject->values)
		return &none;
	*to = (struct looked){ .epoch = l->epoch };
	if (s->place & SLOT_ECS)
		take_fields(l, s, to);
	if (!to->n && (s->place & SLOT_KV))
		take_kv(l, s, to);
	if (!to->n && (s->place & SLOT_JSON))
		take_json(l, s, to);
	return to;
}

const struct looked *look_all(struct look *l)
{
	struct looked *to = &l->all;

	if (to->epoch == l->epoch)
		return to;
	*to = (struct looked){ .epoch = l->epoch };
	if (!l->subject->values) {
		add(l, to, l->subject->item->record->raw, VALUE_TEXT);
		return to;
	}
	for (size_t i = 0; i < l->subject->values_n; i++)
		if (l->subject->values[i].kind != VALUE_NULL &&
		    !bytes_eq(l->subject->values[i].name, BYTES("_id")))
			add(l, to, l->subject->values[i].text, l->subject->values[i].kind);
	return to;
}

struct bytes look_lower(struct look *l, const struct looked_value *v)
{
	struct looked_value *own = (struct looked_value *)(uintptr_t)v; /* lent by l itself */

	if (!own->lower.at)
		own->lower = lower_copy(&l->arena, v->text);
	return own->lower;
}
