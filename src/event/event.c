/* SPDX-License-Identifier: Apache-2.0 */
#include "event/event.h"

static const struct {
	const char *name, *what;
	enum field_type type;
} table[FIELD_N] = {
#define F(id, n, t, w) [FIELD_##id] = { .name = n, .what = w, .type = TYPE_##t },
#include "event/fields.def"
#undef F
};

const char *field_name(enum field f)
{
	return (unsigned)f < FIELD_N ? table[f].name : "";
}

enum field_type field_type(enum field f)
{
	return (unsigned)f < FIELD_N ? table[f].type : TYPE_KEYWORD;
}

const char *field_what(enum field f)
{
	return (unsigned)f < FIELD_N ? table[f].what : "";
}

enum field field_by_name(struct bytes name)
{
	unsigned f = 0;

	while (f < FIELD_N && !bytes_eq(name, bytes_str(table[f].name)))
		f++;
	return (enum field)f;
}
