/* SPDX-License-Identifier: Apache-2.0 */
/* The offset of a source is its stamps less their arrival. What is behind may only be late: a
 * sender that was cut off, a file that is read from its beginning. But a late line is never older
 * than what came before it. So a step back is: stamps that run backwards, and stay off by the same
 * amount while new ones come. A step forward is plain: no line comes before it is written. */
#include "detect/tamper_in.h"
#include <stdlib.h>

#define STEP (120 * USEC_PER_SEC) /* what is less may be anything */
#define SAME (30 * USEC_PER_SEC) /* two offsets */
#define AGREE 3 /* records */
#define FAR (300 * USEC_PER_SEC) /* from the true time: told of a source that begins so */
#define STEADY (60 * USEC_PER_SEC)
#define ROUND (5 * USEC_PER_SEC)
#define IDS_MOST 131072u

static struct source_clock *by_id(struct tamper *t, uint32_t id)
{
	if (id >= IDS_MOST)
		return NULL;
	if (id >= t->clocks_n) {
		size_t n = t->clocks_n ? t->clocks_n : 64;

		while (n <= id)
			n *= 2;
		t->clocks = mem_must(realloc(t->clocks, n * sizeof(*t->clocks)));
		memset(t->clocks + t->clocks_n, 0, (n - t->clocks_n) * sizeof(*t->clocks));
		t->clocks_n = n;
	}
	return &t->clocks[id];
}

/* A sender may speak for many hosts, each with a clock of its own. */
static struct source_clock *clock_of(struct tamper *t, const struct item *i)
{
	struct bytes host;
	uint8_t key[4 + 128];
	bool fresh;

	if (i->source->kind != SOURCE_SYSLOG_UDP && i->source->kind != SOURCE_SYSLOG_TCP)
		return by_id(t, i->source->id);
	host = event_get(i->event, FIELD_SYSLOG_HOSTNAME);
	if (!host.len || host.len > 128)
		return by_id(t, i->source->id);
	memcpy(key, &i->source->id, 4);
	memcpy(key + 4, host.at, host.len);
	return keyed_get(t->behind, bytes_of(key, 4 + host.len), &fresh);
}

static usec size_of(usec by)
{
	return by < 0 ? -by : by;
}

/* As told: lines take a moment to arrive, so that seconds are not to be relied on. */
static usec rounded(usec by)
{
	return (size_of(by) + ROUND / 2) / ROUND * ROUND;
}

static void tell(struct tamper *t, const struct item *i, usec by, bool step, finding_fn *fn,
		 void *ctx)
{
	struct compose *c = &t->compose;

	tamper_begin(t, i, "vedette.tamper.clock",
		     step ? "The clock of a source was set" : "The clock of a source is wrong",
		     step ? LEVEL_MEDIUM : LEVEL_LOW, "attack.t1070.006");
	compose_entity(c, "vedette.source", i->source->name);
	compose_span(c, "vedette.step", rounded(by));
	compose_detail(c, "vedette.direction", by > 0 ? BYTES("forward") : BYTES("back"));
	compose_say(c, step ? "the clock was set " : "the clock is ");
	compose_say(c, step ? (by > 0 ? "forward by " : "back by ") : "");
	compose_say_span(c, rounded(by));
	compose_say(c, step ? "" : by > 0 ? " ahead" : " behind");
	compose_say(c, " in the lines of ");
	compose_say_bytes(c, i->source->name);
	compose_tell(c, fn, ctx);
}

/* So many in a row have the offset `next`. */
static void agreed(struct tamper *t, struct source_clock *k, const struct item *i, bool backwards,
		   finding_fn *fn, void *ctx)
{
	usec by = k->next - k->offset, lasted = i->record->arrival - k->next_since;

	if (k->set && (by > 0 || backwards)) {
		tell(t, i, by, true, fn, ctx);
	} else if (k->set && lasted < STEADY) {
		return; /* late, as it seems: or it would stay so */
	} else if (!k->set && k->next <= -STEP && lasted < STEADY) {
		return; /* read from its beginning */
	} else if (size_of(k->next) >= FAR && !k->told) {
		tell(t, i, k->next, false, fn, ctx);
		k->told = true;
	}
	k->set = true;
	k->offset = k->next;
	k->newest = i->event->time;
	k->n = 0;
}

void tamper_clock(struct tamper *t, const struct item *i, finding_fn *fn, void *ctx)
{
	struct source_clock *k;
	usec offset;
	bool backwards;

	if (!i->source || i->source->kind == SOURCE_IMPORT || i->event->time == USEC_NONE ||
	    !(k = clock_of(t, i)))
		return;
	offset = i->event->time - i->record->arrival;
	if (k->set && size_of(offset - k->offset) < STEP) {
		k->n = 0;
		if (i->event->time > k->newest)
			k->newest = i->event->time;
		return;
	}
	backwards = i->event->time < k->newest - SAME;
	if (!k->n || size_of(offset - k->next) > SAME) {
		k->n = 0;
		k->next = offset;
		k->next_since = i->record->arrival;
	}
	if (k->n < UINT16_MAX)
		k->n++;
	if (k->n >= AGREE)
		agreed(t, k, i, backwards, fn, ctx);
}
