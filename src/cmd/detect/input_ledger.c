/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/detect/input.h"
#include "ledger/view.h"
#include "parse/parse.h"
#include <stdio.h>

struct history {
	const struct input_options *o;
	struct input_counts *counts;
	subject_fn *fn;
	void *ctx;
	struct view *view;
	struct arena scratch;
	struct event event;
	uint64_t all; /* records there are */
	usec shown;
	unsigned steps;
};

#define BAR_EVERY (USEC_PER_SEC / 5)

static void show(struct history *h)
{
	usec now;

	if (!h->o->bar || ++h->steps & 4095)
		return;
	now = clock_mono();
	if (now - h->shown < BAR_EVERY)
		return;
	h->shown = now;
	fprintf(stderr, "\r\033[K%llu of %llu records (%llu %%)",
		(unsigned long long)h->counts->records, (unsigned long long)h->all,
		(unsigned long long)(h->all ? h->counts->records * 100 / h->all : 0));
}

static int take(void *ctx, uint32_t row, const struct record *r)
{
	struct history *h = ctx;
	const struct source *source = view_source(h->view, r->source);
	struct parse_hint hint = { .arrival = r->arrival };
	struct item item = { .record = r, .source = source, .event = &h->event };
	struct subject s = { .item = &item };

	(void)row;
	if (source) {
		hint.kind = source->kind;
		hint.name = source->name;
		hint.host = source->host;
		hint.year = source->year;
		hint.zone_minutes = source->zone_minutes;
	}
	h->event.scratch = &h->scratch;
	parse_record(&hint, r->raw, &h->event);
	item.time = h->event.time == USEC_NONE ? r->arrival : h->event.time;
	item.ref = (struct record_ref){ .seq = r->seq };
	if ((h->o->since == USEC_NONE || item.time >= h->o->since) &&
	    (h->o->until == USEC_NONE || item.time < h->o->until))
		h->fn(h->ctx, &s);
	arena_reset(&h->scratch);
	h->counts->records++;
	h->counts->bytes += r->raw.len;
	show(h);
	return *h->o->interrupted ? -EINTR : 0;
}

static int read_segment(struct history *h, size_t i, struct why *why)
{
	struct segment *s = NULL;
	struct record r;
	int end = view_segment(h->view, i, &s, why);

	for (uint32_t n = 0; end == 0 && n < segment_count(s); n++) {
		segment_record(s, n, &r);
		end = take(h, n, &r);
	}
	segment_free(s);
	return end;
}

static int read_block(struct history *h, size_t i, struct why *why)
{
	struct block *b = NULL;
	int end = view_block(h->view, i, &b, why);

	if (end == 0)
		end = block_decode(b, NULL, take, h);
	block_free(b);
	return end;
}

static bool is_outside(const struct input_options *o, const struct unit *u)
{
	return !u->live && ((o->since != USEC_NONE && u->time_max < o->since) ||
			    (o->until != USEC_NONE && u->time_min >= o->until));
}

/* A block that cannot be read is left out and told; one that retention has dropped is gone. */
static int read_units(struct history *h, struct why *why)
{
	struct why first = { "" };
	bool broken = false;

	for (size_t i = 0; i < view_units(h->view); i++) {
		const struct unit *u = view_unit(h->view, i);
		struct why one = { "" };
		int r;

		if (is_outside(h->o, u)) {
			h->counts->records += u->count;
			continue;
		}
		r = u->live ? read_segment(h, i, &one) : read_block(h, i, &one);
		if (r == -EINTR)
			return r;
		if (r < 0 && r != -ENOENT && !broken) {
			broken = true;
			why_set(&first, r, "records %llu to %llu cannot be read: %s",
				(unsigned long long)u->first,
				(unsigned long long)(u->first + u->count - 1),
				one.line[0] ? one.line : strerror(-r));
		}
	}
	if (!broken)
		return view_harmed(h->view, why) ? INPUT_BROKEN : 0;
	*why = first;
	return INPUT_BROKEN;
}

int input_ledger(const struct input_options *o, const char *dir, subject_fn *fn, void *ctx,
		 struct input_counts *ret, struct why *why)
{
	struct history h = { .o = o, .counts = ret, .fn = fn, .ctx = ctx };
	int r = view_open(&h.view, dir, why);

	if (r < 0)
		return r;
	for (size_t i = 0; i < view_units(h.view); i++)
		h.all += view_unit(h.view, i)->count;
	r = read_units(&h, why);
	if (o->bar)
		fputs("\r\033[K", stderr);
	view_free(h.view);
	arena_done(&h.scratch);
	return r;
}
