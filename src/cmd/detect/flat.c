/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/detect/flat.h"
#include "base/buf.h"
#include "parse/json.h"
#include <stdlib.h>

struct reading {
	struct flat *f;
	struct arena *arena;
};

static const char *const time_names[] = {
	"@timestamp",  "timestamp",  "_time",	"time",	     "TimeCreated_SystemTime",
	"TimeCreated", "SystemTime", "UtcTime", "eventTime", "EventTime",
	"ts"
};
#define TIME_NAMES (sizeof(time_names) / sizeof(*time_names))

/* Seconds with a fraction, or a whole number of something smaller. */
static bool epoch(struct bytes text, usec *ret)
{
	size_t dot = bytes_chr(text, '.');
	struct bytes part =
		dot == BYTES_NONE ? (struct bytes){ NULL, 0 } : bytes_sub(text, dot + 1, 6);
	uint64_t whole, fraction = 0;

	if (!bytes_u64(dot == BYTES_NONE ? text : bytes_sub(text, 0, dot), &whole))
		return false;
	if (part.len && !bytes_u64(part, &fraction))
		return false;
	for (size_t i = part.len; i < 6; i++)
		fraction *= 10;
	if (whole < 100000000000u) /* the year 5138 */
		*ret = (usec)(whole * 1000000 + fraction);
	else if (whole < 100000000000000u)
		*ret = (usec)(whole * 1000);
	else if (whole < 100000000000000000u)
		*ret = (usec)whole;
	else
		*ret = (usec)(whole / 1000);
	return true;
}

static bool moment(const struct subject_value *v, usec *ret)
{
	if (v->kind == VALUE_NUMBER)
		return epoch(v->text, ret);
	if (v->kind != VALUE_TEXT || !v->text.len || !is_digit(v->text.at[0]))
		return false;
	return clock_parse(v->text, 0, ret) || epoch(v->text, ret);
}

static void look(struct flat *f, const struct subject_value *v)
{
	if (bytes_eq(v->name, BYTES("_id")) && v->kind <= VALUE_NUMBER)
		f->id = v->text;
	else if (bytes_eq(v->name, BYTES("_raw")) && v->kind == VALUE_TEXT)
		f->raw = v->text;
	for (unsigned i = 0; i < f->rank; i++)
		if (bytes_eq(v->name, bytes_str(time_names[i])) && moment(v, &f->time))
			f->rank = i;
}

static void take(void *ctx, const struct json_leaf *leaf)
{
	static const enum value_kind kinds[] = { [JSON_STRING] = VALUE_TEXT,
						 [JSON_NUMBER] = VALUE_NUMBER,
						 [JSON_TRUE] = VALUE_BOOL,
						 [JSON_FALSE] = VALUE_BOOL,
						 [JSON_NULL] = VALUE_NULL };
	struct reading *r = ctx;
	struct flat *f = r->f;
	struct subject_value *v;

	if (f->n == FLAT_VALUES)
		return;
	if (f->n == f->cap) {
		f->cap = f->cap ? 2 * f->cap : 64;
		f->values = mem_must(reallocarray(f->values, f->cap, sizeof(*f->values)));
	}
	v = &f->values[f->n++];
	v->name = arena_copy(r->arena, leaf->path); /* the walk uses its buffer again */
	v->text = leaf->escaped ? json_unescape(r->arena, leaf->value) : leaf->value;
	v->kind = kinds[leaf->type];
	look(f, v);
}

bool flat_read(struct flat *f, struct bytes line, struct arena *a)
{
	struct reading r = { f, a };

	f->n = 0;
	f->id = f->raw = (struct bytes){ NULL, 0 };
	f->time = USEC_NONE;
	f->rank = TIME_NAMES;
	return json_walk(bytes_trim(line), take, &r);
}

void flat_done(struct flat *f)
{
	free(f->values);
	*f = (struct flat){ 0 };
}
