/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/detect/input.h"
#include "cmd/detect/flat.h"
#include "cmd/import/show.h"
#include "parse/parse.h"
#include <limits.h>
#include <stdlib.h>
#include <unistd.h>

struct input {
	const struct input_options *o;
	struct input_counts *counts;
	subject_fn *fn;
	void *ctx;
	const char *path;
	struct reader *reader;
	struct show show;
	struct import_result shown;
	struct source source;
	struct parse_hint hint;
	struct arena scratch;
	struct event event;
	struct flat flat;
	uint64_t line; /* of the next record */
	uint32_t cont; /* RECORD_CONT, when the last record was cut */
	usec last; /* time of the last record that had one: those without are of then */
};

/* What more is needed of memory than a usual line takes is given back now and then. */
#define SCRATCH_BYTES ((size_t)1 << 20)

static bool is_wanted(const struct input_options *o, usec t)
{
	return (o->since == USEC_NONE || t >= o->since) && (o->until == USEC_NONE || t < o->until);
}

static void give(struct input *in, struct item *item, const struct subject *s)
{
	if (is_wanted(in->o, item->time))
		in->fn(in->ctx, s);
}

static void take_log(struct input *in, const struct reader_record *r)
{
	struct record record = {
		.seq = SEQ_NONE, .arrival = in->hint.arrival, .flags = r->flags, .raw = r->raw
	};
	struct item item = { .record = &record, .source = &in->source, .event = &in->event };
	struct subject s = { .item = &item };

	in->event.scratch = &in->scratch;
	parse_record(&in->hint, r->raw, &in->event);
	if (in->event.time != USEC_NONE)
		in->last = in->event.time;
	item.time = in->last;
	item.ref = (struct record_ref){ .seq = SEQ_NONE,
					.file = bytes_str(in->path),
					.line = in->line };
	give(in, &item, &s);
}

static void take_event(struct input *in, const struct reader_record *r)
{
	struct record record = { .seq = SEQ_NONE, .arrival = in->hint.arrival, .raw = r->raw };
	struct item item = { .record = &record, .source = &in->source, .event = &in->event };
	struct subject s = { .item = &item };

	if (!bytes_trim(r->raw).len)
		return;
	if (!flat_read(&in->flat, r->raw, &in->scratch)) {
		if (!in->counts->malformed++)
			why_set(&in->counts->first, 0, "%s, line %llu: not one JSON object",
				in->path, (unsigned long long)in->line);
		return;
	}
	in->event.scratch = &in->scratch;
	event_reset(&in->event);
	if (in->flat.time == USEC_NONE && in->flat.raw.len) {
		parse_record(&in->hint, in->flat.raw, &in->event);
		in->flat.time = in->event.time;
	}
	if (in->flat.time != USEC_NONE)
		in->last = in->flat.time;
	item.time = in->last;
	item.ref = (struct record_ref){
		.seq = SEQ_NONE, .file = bytes_str(in->path), .line = in->line, .id = in->flat.id
	};
	s.values = in->flat.values;
	s.values_n = in->flat.n;
	give(in, &item, &s);
}

static uint64_t lines_of(const struct reader_record *r)
{
	const uint8_t *at = r->raw.at, *end = at + r->raw.len;
	uint64_t n = (r->flags & RECORD_END_MASK) != END_CUT;

	while (at < end && (at = memchr(at, '\n', (size_t)(end - at)))) {
		n++;
		at++;
	}
	return n;
}

static int take(void *ctx, const struct reader_record *r)
{
	struct input *in = ctx;

	if (in->o->events)
		take_event(in, r);
	else
		take_log(in, r);
	in->line += lines_of(r);
	in->counts->records++;
	in->counts->bytes += r->raw.len;
	in->shown.records++;
	in->shown.bytes += r->raw.len;
	show_step(&in->show, &in->shown, in->reader);
	if (in->scratch.total > SCRATCH_BYTES || in->o->events)
		arena_reset(&in->scratch);
	return *in->o->interrupted ? -EINTR : 0;
}

_Static_assert((int)INPUT_BROKEN == (int)READER_BROKEN, "passed on as it is");
int input_file(const struct input_options *o, const char *path, subject_fn *fn, void *ctx,
	       struct input_counts *ret, struct why *why)
{
	char full[PATH_MAX];
	struct input in = { .o = o, .counts = ret, .fn = fn, .ctx = ctx, .path = path, .line = 1 };
	bool pipe = !strcmp(path, "-");
	const char *name = pipe ? "stdin" : realpath(path, full) ? full : path;
	struct lines_limits limits;
	int r;

	reader_limits_default(&limits);
	limits.record = o->max_line;
	if (!o->join || o->events)
		limits.joined_lines = 0;
	r = reader_open(&in.reader, path, &limits, why);
	if (r < 0)
		return r;
	in.path = pipe ? name : path;
	in.source = (struct source){ .id = ++ret->files, /* each is one that speaks */
				     .kind = SOURCE_IMPORT,
				     .host = bytes_str(o->host),
				     .name = bytes_str(name),
				     .year = o->year,
				     .zone_minutes = o->zone_minutes };
	in.hint = (struct parse_hint){ .kind = in.source.kind,
				       .name = in.source.name,
				       .host = in.source.host,
				       .arrival = clock_real(),
				       .year = o->year,
				       .zone_minutes = o->zone_minutes };
	in.last = in.hint.arrival;
	show_begin(&in.show, o->bar, false);
	show_file(&in.show, path);
	r = reader_run(in.reader, take, &in, why);
	show_end(&in.show);
	reader_free(in.reader);
	arena_done(&in.scratch);
	flat_done(&in.flat);
	return r;
}
