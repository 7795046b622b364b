/* SPDX-License-Identifier: Apache-2.0 */
#include "detect/sigma/yaml.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/text.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <yaml.h>

struct anchor {
	struct bytes name;
	struct yaml_node *node;
	struct anchor *next;
};

struct yaml {
	yaml_parser_t parser;
	struct arena *arena;
	struct anchor *anchors; /* of this document */
	size_t nodes;
	bool too_long;
};

int yaml_open(struct yaml **ret, struct bytes text, struct arena *a)
{
	struct yaml *y = mem_new(1, sizeof(*y));

	if (!yaml_parser_initialize(&y->parser)) {
		free(y);
		return -ENOMEM;
	}
	y->arena = a;
	y->too_long = text.len > YAML_BYTES_MAX;
	yaml_parser_set_input_string(&y->parser, text.at ? text.at : (const uint8_t *)"",
				     y->too_long ? 0 : text.len);
	*ret = y;
	return 0;
}

struct yaml *yaml_close(struct yaml *y)
{
	if (y)
		yaml_parser_delete(&y->parser);
	free(y);
	return NULL;
}

static int bad(unsigned *ret_line, size_t line, struct why *why, const char *text)
{
	*ret_line = (unsigned)line + 1;
	why_set(why, 0, "%s", text);
	return YAML_BAD;
}

static int bad_event(struct yaml *y, unsigned *ret_line, struct why *why)
{
	const char *text = y->parser.problem ? y->parser.problem : "it is no YAML";

	return bad(ret_line, y->parser.problem_mark.line, why, text);
}

static struct yaml_node *node_new(struct yaml *y, enum yaml_kind kind, const yaml_event_t *e)
{
	struct yaml_node *n = arena_take(y->arena, sizeof(*n));

	*n = (struct yaml_node){ .kind = kind, .line = (unsigned)e->start_mark.line + 1 };
	y->nodes++;
	return n;
}

static void remember(struct yaml *y, const yaml_char_t *name, struct yaml_node *n)
{
	struct anchor *a;

	if (!name)
		return;
	a = arena_take(y->arena, sizeof(*a));
	*a = (struct anchor){ arena_copy(y->arena, bytes_str((const char *)name)), n, y->anchors };
	y->anchors = a;
}

static struct yaml_node *recall(const struct yaml *y, const yaml_char_t *name)
{
	struct bytes wanted = bytes_str((const char *)name);

	for (const struct anchor *a = y->anchors; a; a = a->next)
		if (bytes_eq(a->name, wanted))
			return a->node;
	return NULL;
}

static void append(struct yaml *y, struct yaml_node *to, struct bytes key, unsigned line,
		   struct yaml_node *n)
{
	struct yaml_item *i = arena_take(y->arena, sizeof(*i));

	*i = (struct yaml_item){ key, line, n, NULL };
	if (to->last)
		to->last->next = i;
	else
		to->first = i;
	to->last = i;
	to->n++;
}

static int take(struct yaml *y, yaml_event_t *e, unsigned depth, struct yaml_node **ret,
		unsigned *ret_line, struct why *why);

static bool has_key(const struct yaml_node *map, struct bytes key)
{
	for (const struct yaml_item *i = map->first; i; i = i->next)
		if (bytes_eq(i->key, key))
			return true;
	return false;
}

/* false: the key cannot be one. */
static int take_key(struct yaml *y, const yaml_event_t *e, const struct yaml_node *map,
		    struct bytes *ret, unsigned *ret_line, struct why *why)
{
	struct buf safe = { 0 };
	struct bytes key;

	if (e->type != YAML_SCALAR_EVENT)
		return bad(ret_line, e->start_mark.line, why, "a key must be text");
	key = bytes_of(e->data.scalar.value, e->data.scalar.length);
	if (map->n < 1000 ? has_key(map, key) : false) {
		text_safe(&safe, bytes_sub(key, 0, 100), NULL);
		*ret_line = (unsigned)e->start_mark.line + 1;
		why_set(why, 0, "the key \"%s\" is here twice", buf_cstr(&safe));
		buf_done(&safe);
		return YAML_BAD;
	}
	if (map->n >= 1000)
		return bad(ret_line, e->start_mark.line, why, "a mapping of more than 1000 keys");
	*ret = arena_copy(y->arena, key);
	return 0;
}

static int take_items(struct yaml *y, struct yaml_node *to, unsigned depth, unsigned *ret_line,
		      struct why *why)
{
	yaml_event_type_t end =
		to->kind == YAML_MAP ? YAML_MAPPING_END_EVENT : YAML_SEQUENCE_END_EVENT;

	for (;;) {
		struct yaml_node *n = NULL;
		struct bytes key = { NULL, 0 };
		yaml_event_t e;
		unsigned line;
		int r = 0;

		if (!yaml_parser_parse(&y->parser, &e))
			return bad_event(y, ret_line, why);
		line = (unsigned)e.start_mark.line + 1;
		if (e.type == end) {
			yaml_event_delete(&e);
			return 0;
		}
		if (to->kind == YAML_MAP) {
			r = take_key(y, &e, to, &key, ret_line, why);
			yaml_event_delete(&e);
			if (r)
				return r;
			if (!yaml_parser_parse(&y->parser, &e))
				return bad_event(y, ret_line, why);
		}
		r = take(y, &e, depth + 1, &n, ret_line, why);
		yaml_event_delete(&e);
		if (r)
			return r;
		append(y, to, key, line, n);
	}
}

static int take(struct yaml *y, yaml_event_t *e, unsigned depth, struct yaml_node **ret,
		unsigned *ret_line, struct why *why)
{
	struct yaml_node *n;

	if (depth > YAML_DEPTH_MAX)
		return bad(ret_line, e->start_mark.line, why, "nested too deeply");
	if (y->nodes > YAML_NODES_MAX)
		return bad(ret_line, e->start_mark.line, why, "too much for one file");
	switch (e->type) {
	case YAML_SCALAR_EVENT:
		n = node_new(y, YAML_SCALAR, e);
		n->plain = e->data.scalar.plain_implicit &&
			   e->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
		n->text =
			arena_copy(y->arena, bytes_of(e->data.scalar.value, e->data.scalar.length));
		remember(y, e->data.scalar.anchor, n);
		*ret = n;
		return 0;
	case YAML_SEQUENCE_START_EVENT:
		n = node_new(y, YAML_LIST, e);
		*ret = n;
		if (take_items(y, n, depth, ret_line, why))
			return YAML_BAD;
		remember(y, e->data.sequence_start.anchor, n); /* not before: no cycles */
		return 0;
	case YAML_MAPPING_START_EVENT:
		n = node_new(y, YAML_MAP, e);
		*ret = n;
		if (take_items(y, n, depth, ret_line, why))
			return YAML_BAD;
		remember(y, e->data.mapping_start.anchor, n);
		return 0;
	case YAML_ALIAS_EVENT:
		*ret = recall(y, e->data.alias.anchor);
		return *ret ? 0 : bad(ret_line, e->start_mark.line, why, "an unknown alias");
	default:
		return bad(ret_line, e->start_mark.line, why, "it is no YAML");
	}
}

int yaml_next(struct yaml *y, struct yaml_node **ret, unsigned *ret_line, struct why *why)
{
	yaml_event_t e;
	int r;

	if (y->too_long)
		return bad(ret_line, 0, why, "the file is longer than 16 MiB");
	y->anchors = NULL;
	for (;;) {
		yaml_event_type_t type;

		if (!yaml_parser_parse(&y->parser, &e))
			return bad_event(y, ret_line, why);
		type = e.type;
		if (type == YAML_STREAM_END_EVENT) {
			yaml_event_delete(&e);
			return YAML_END;
		}
		if (type != YAML_STREAM_START_EVENT && type != YAML_DOCUMENT_START_EVENT &&
		    type != YAML_DOCUMENT_END_EVENT)
			break;
		yaml_event_delete(&e);
	}
	*ret_line = (unsigned)e.start_mark.line + 1;
	r = take(y, &e, 0, ret, ret_line, why);
	yaml_event_delete(&e);
	return r;
}

const struct yaml_node *yaml_get(const struct yaml_node *n, const char *key)
{
	struct bytes wanted = bytes_str(key);

	if (!n || n->kind != YAML_MAP)
		return NULL;
	for (const struct yaml_item *i = n->first; i; i = i->next)
		if (bytes_eq(i->key, wanted))
			return i->node;
	return NULL;
}

/* ---- what a plain scalar means ---- */

static bool is_one_of(struct bytes t, const char *const *words)
{
	for (; *words; words++)
		if (bytes_eq(t, bytes_str(*words)))
			return true;
	return false;
}

bool yaml_is_null(const struct yaml_node *n)
{
	static const char *const words[] = { "", "~", "null", "Null", "NULL", NULL };

	return n->kind == YAML_SCALAR && n->plain && is_one_of(n->text, words);
}

bool yaml_is_bool(const struct yaml_node *n, bool *ret)
{
	static const char *const yes[] = { "true", "True", "TRUE", "yes", "Yes",
					   "YES",  "on",   "On",   "ON",  NULL };
	static const char *const no[] = { "false", "False", "FALSE", "no",  "No",
					  "NO",	   "off",   "Off",   "OFF", NULL };
	bool value = n->kind == YAML_SCALAR && n->plain && is_one_of(n->text, yes);

	if (!value && !(n->kind == YAML_SCALAR && n->plain && is_one_of(n->text, no)))
		return false;
	*ret = value;
	return true;
}

/* Digits of a base, with _ between them. */
static bool digits(struct bytes t, unsigned base, double *ret)
{
	double v = 0;
	bool any = false;

	for (size_t i = 0; i < t.len; i++) {
		int d = hex_digit(t.at[i]);

		if (t.at[i] == '_' && any)
			continue;
		if (d < 0 || (unsigned)d >= base)
			return false;
		v = v * base + d;
		any = true;
	}
	*ret = v;
	return any;
}

static bool decimal(struct bytes t, double *ret)
{
	char text[64], *end;
	size_t n = 0;

	for (size_t i = 0; i < t.len; i++) {
		if (t.at[i] == '_' && i)
			continue;
		if (n == sizeof(text) - 1 || (!is_digit(t.at[i]) && !strchr(".eE+-", t.at[i])))
			return false;
		text[n++] = (char)t.at[i];
	}
	text[n] = 0;
	if (!n || (!is_digit((uint8_t)text[0]) && text[0] != '.'))
		return false;
	*ret = strtod(text, &end);
	return !*end && end != text && isfinite(*ret);
}

bool yaml_is_number(const struct yaml_node *n, double *ret)
{
	struct bytes t = n->text;
	double v;
	bool minus, good;

	if (n->kind != YAML_SCALAR || !n->plain || !t.len)
		return false;
	minus = t.at[0] == '-';
	if (minus || t.at[0] == '+')
		t = bytes_from(t, 1);
	if (bytes_starts(t, BYTES("0x")))
		good = digits(bytes_from(t, 2), 16, &v);
	else if (bytes_starts(t, BYTES("0b")))
		good = digits(bytes_from(t, 2), 2, &v);
	else if (t.len > 1 && t.at[0] == '0' && digits(bytes_from(t, 1), 8, &v))
		good = true;
	else
		good = decimal(t, &v);
	if (good)
		*ret = minus ? -v : v;
	return good;
}

bool yaml_is_date(const struct yaml_node *n)
{
	struct civil c = { 0 };
	struct bytes t = n->text;
	uint64_t y, m, d;
	size_t a, b;

	if (n->kind == YAML_SCALAR && n->plain && t.len > 10 &&
	    (t.at[10] == ' ' || t.at[10] == 'T'))
		t = bytes_sub(t, 0, 10); /* with the time of the day */
	if (n->kind != YAML_SCALAR || t.len < 8 || t.len > 10)
		return false;
	a = bytes_chr(t, t.at[4]);
	if (a != 4 || (t.at[4] != '-' && t.at[4] != '/'))
		return false;
	b = bytes_chr(bytes_from(t, 5), t.at[4]);
	if (t.at[4] == '-' && t.len != 10)
		return false; /* 2026-1-1 is no form of a date */
	if (b == BYTES_NONE || !bytes_u64(bytes_sub(t, 0, 4), &y) ||
	    !bytes_u64(bytes_sub(t, 5, b), &m) || !bytes_u64(bytes_from(t, 6 + b), &d) || m > 12 ||
	    d > 31)
		return false;
	c.year = (int)y;
	c.month = (int)m;
	c.day = (int)d;
	return civil_valid(&c);
}
