/* SPDX-License-Identifier: Apache-2.0 */
/* event.h — the parsed view of a record: event time and fields (fields.def).
 * In: filled by parse/. Out: read by ledger/block (columns), query/, detect/.
 * Threads: one owner. Memory: values are borrowed: a value either points INTO the record's raw
 * bytes (the block builder then stores no copy of it) or at a constant that lives for ever; a
 * parser that must make up text (unescaped JSON, composed values) takes it from `scratch`.
 * A field is set at most once; a second value of the same field goes to `more` of the parser's
 * choosing, or is dropped: the raw record still holds it. */
#pragma once
#include "base/arena.h"
#include "base/bytes.h"
#include "base/clock.h"

enum field_type { TYPE_KEYWORD, TYPE_NUMBER, TYPE_DECIMAL, TYPE_IP, TYPE_TIME };

enum field {
#define F(id, name, type, what) FIELD_##id,
#include "event/fields.def"
#undef F
	FIELD_N
};
_Static_assert(FIELD_N <= 128, "set[] has 128 bits");

struct event {
	usec time; /* event time, UTC; USEC_NONE where the line has none */
	uint64_t set[2]; /* bit f: value[f] is present */
	uint8_t order[128]; /* the fields in the order they were set */
	uint8_t n; /* how many */
	struct bytes value[FIELD_N]; /* only those in set[] are valid */
	struct arena *scratch; /* for made-up text; lent by the caller of the parser */
};

/* Forgets the fields; cheap: values are not cleared. */
static inline void event_reset(struct event *e)
{
	e->time = USEC_NONE;
	e->set[0] = e->set[1] = 0;
	e->n = 0;
}

static inline bool event_has(const struct event *e, enum field f)
{
	return e->set[f >> 6] >> (f & 63) & 1;
}

/* An empty value is not set; the first one wins. */
static inline void event_set(struct event *e, enum field f, struct bytes v)
{
	if (!v.len || event_has(e, f))
		return;
	e->set[f >> 6] |= 1ull << (f & 63);
	e->order[e->n++] = (uint8_t)f;
	e->value[f] = v;
}

/* Later steps of a parser may know better: sets or replaces. */
static inline void event_put(struct event *e, enum field f, struct bytes v)
{
	if (v.len && event_has(e, f))
		e->value[f] = v;
	else
		event_set(e, f, v);
}

static inline struct bytes event_get(const struct event *e, enum field f)
{
	return event_has(e, f) ? e->value[f] : (struct bytes){ NULL, 0 };
}

const char *field_name(enum field f);
enum field_type field_type(enum field f);
const char *field_what(enum field f);
/* FIELD_N where no field has the name. */
enum field field_by_name(struct bytes name);
