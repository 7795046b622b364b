/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/encode.h"
#include "ledger/block/build.h"
#include "parse/parse.h"
#include <stdlib.h>

struct encoder {
	struct builder *builder;
	encoder_source_fn *source;
	void *ctx;
	struct arena scratch;
	struct event event;
};

int encoder_new(struct encoder **ret, encoder_source_fn *fn, void *ctx)
{
	struct builder_options o = { 0 };
	struct encoder *e = mem_new(1, sizeof(*e));
	int r = builder_new(&e->builder, &o);

	if (r < 0) {
		free(e);
		return r;
	}
	e->source = fn;
	e->ctx = ctx;
	*ret = e;
	return 0;
}

struct encoder *encoder_free(struct encoder *e)
{
	if (!e)
		return NULL;
	builder_free(e->builder);
	arena_done(&e->scratch);
	free(e);
	return NULL;
}

static struct parse_hint hint_of(const struct source *s, usec arrival)
{
	if (!s)
		return (struct parse_hint){ .arrival = arrival };
	return (struct parse_hint){ .kind = s->kind,
				    .name = s->name,
				    .host = s->host,
				    .arrival = arrival,
				    .year = s->year,
				    .zone_minutes = s->zone_minutes };
}

static void parse(struct encoder *e, const struct record *r, const struct source *s)
{
	struct parse_hint hint = hint_of(s, r->arrival);

	parse_record(&hint, r->raw, &e->event);
}

static void begin(struct encoder *e)
{
	if (e->scratch.total > (1u << 20))
		arena_reset(&e->scratch); /* builder and onlooker are done with it */
	e->event.scratch = &e->scratch;
	event_reset(&e->event);
}

void encoder_add(struct encoder *e, const struct record *r, bool plain, encoder_look_fn *look,
		 void *ctx)
{
	const struct source *s = e->source(e->ctx, r->source);

	begin(e);
	if (!plain) {
		parse(e, r, s);
		if (look)
			look(ctx, r, s, &e->event);
	}
	builder_add(e->builder, r, &e->event);
}

void encoder_show(struct encoder *e, const struct record *r, encoder_look_fn *look, void *ctx)
{
	const struct source *s = e->source(e->ctx, r->source);

	begin(e);
	parse(e, r, s);
	look(ctx, r, s, &e->event);
}

int encoder_finish(struct encoder *e, struct buf *ret)
{
	arena_reset(&e->scratch);
	return builder_finish(e->builder, ret);
}

int encoder_run(struct encoder *e, const struct segment *s, bool plain, struct buf *ret)
{
	struct record r;

	for (uint32_t i = 0; i < segment_count(s); i++) {
		segment_record(s, i, &r);
		encoder_add(e, &r, plain, NULL, NULL);
	}
	return encoder_finish(e, ret);
}
