/* SPDX-License-Identifier: Apache-2.0 */
/* Which sources there are, how much each said and when it was last heard, how much of it a parser
 * understood, and what was lost on the way: the losses that intake wrote into the ledger itself. */
#include "base/text.h"
#include "parse/json.h"
#include "query/bits.h"
#include "query/query.h"
#include "query/search.h"
#include <stdlib.h>

#define WIDE_NAME 60 /* a longer name pushes its row to the right */

struct covered {
	uint32_t id;
	uint64_t records, bytes, plain, cut, lost;
	usec first, last; /* arrival */
};

struct coverage {
	struct search s;
	struct covered *by;
	uint32_t n;
	usec since, until;
	struct block_column dataset; /* of the block at hand */
	const uint64_t *untyped;
};

/* One of Vedette's own records: a loss names its source by kind and name. */
struct loss {
	struct bytes event, kind, name, count;
};

static void loss_leaf(void *ctx, const struct json_leaf *leaf)
{
	struct loss *l = ctx;

	if (bytes_eq(leaf->path, BYTES("event")))
		l->event = leaf->value;
	else if (bytes_eq(leaf->path, BYTES("kind")))
		l->kind = leaf->value;
	else if (bytes_eq(leaf->path, BYTES("name")))
		l->name = leaf->value;
	else if (bytes_eq(leaf->path, BYTES("count")))
		l->count = leaf->value;
}

static void take_note(struct coverage *c, struct bytes json)
{
	struct loss l = { 0 };
	uint64_t count;

	if (!json_walk(json, loss_leaf, &l) || !bytes_eq(l.event, BYTES("datagrams-lost")) ||
	    !bytes_u64(l.count, &count))
		return;
	for (uint32_t i = 1; i < c->n; i++) {
		const struct source *s = view_source(c->s.view, i);

		if (s && bytes_eq(s->name, l.name) &&
		    bytes_eq(bytes_str(source_kind_name(s->kind)), l.kind)) {
			c->by[i].lost += count;
			return;
		}
	}
	c->by[SOURCE_ID_SELF].lost += count; /* of nobody we know: told in the sum */
}

static bool is_plain(struct coverage *c, uint32_t row, const struct record *r)
{
	if (c->s.block && !(c->untyped && bits_get(c->untyped, row))) {
		uint32_t id = c->dataset.ids[row];

		return id && bytes_eq(c->dataset.values[id - 1], BYTES("plain"));
	}
	return bytes_eq(event_get(search_event(&c->s, row, r), FIELD_EVENT_DATASET),
			BYTES("plain"));
}

static int take_row(void *ctx, uint32_t row, const struct record *r)
{
	struct coverage *c = ctx;
	struct covered *v;
	usec at;

	if (r->source == SOURCE_ID_SELF) {
		take_note(c, r->raw);
		return 0;
	}
	if (r->source >= c->n)
		return 0;
	if (c->since != USEC_NONE || c->until != USEC_NONE) {
		at = search_time(&c->s, row, r);
		if ((c->since != USEC_NONE && at < c->since) ||
		    (c->until != USEC_NONE && at >= c->until))
			return 0;
	}
	v = &c->by[r->source];
	v->first = !v->records || r->arrival < v->first ? r->arrival : v->first;
	v->last = !v->records || r->arrival > v->last ? r->arrival : v->last;
	v->records += !(r->flags & RECORD_CONT);
	v->cut += record_end(r) == END_CUT;
	v->bytes += r->raw.len;
	v->plain += is_plain(c, row, r);
	return 0;
}

static int take_unit(struct coverage *c, size_t unit)
{
	struct arena arena = { 0 };
	int r = search_open(&c->s, unit);
	uint64_t *rows;

	if (r)
		return r == SEARCH_OUTSIDE ? 0 : r;
	rows = arena_take(&arena, c->s.words * sizeof(*rows));
	bits_all(rows, c->s.n);
	c->untyped = NULL;
	if (c->s.block) {
		r = block_field_column(c->s.block, FIELD_EVENT_DATASET, NULL, &arena, &c->dataset);
		c->untyped = block_untyped(c->s.block);
	}
	if (!r)
		r = search_each(&c->s, rows, take_row, c);
	search_close(&c->s);
	arena_done(&arena);
	return r;
}

static int by_records(const void *a, const void *b)
{
	const struct covered *x = a, *y = b;

	if (x->records != y->records)
		return x->records < y->records ? 1 : -1;
	return (x->id > y->id) - (x->id < y->id);
}

static double parsed_percent(const struct covered *v)
{
	return v->records ? 100.0 * (double)(v->records - v->plain) / (double)v->records : 0;
}

static void row_json(struct buf *to, const struct source *s, const struct covered *v)
{
	buf_printf(to, "{\"input.type\":\"%s\",\"input.name\":", source_kind_name(s->kind));
	json_string(to, s->name);
	buf_str(to, ",\"host.name\":");
	json_string(to, s->host);
	buf_printf(to, ",\"records\":%llu,\"bytes\":%llu,\"parsed_percent\":%.2f",
		   (unsigned long long)v->records, (unsigned long long)v->bytes, parsed_percent(v));
	buf_printf(to, ",\"cut\":%llu,\"lost\":%llu,\"first\":\"", (unsigned long long)v->cut,
		   (unsigned long long)v->lost);
	buf_time(to, v->first);
	buf_str(to, "\",\"last\":\"");
	buf_time(to, v->last);
	buf_str(to, "\"}\n");
}

static void row_text(struct buf *to, const struct source *s, const struct covered *v)
{
	struct buf name = { 0 };

	buf_printf(&name, "%s ", source_kind_name(s->kind));
	text_safe(&name, s->host, NULL);
	if (s->host.len)
		buf_u8(&name, ' ');
	text_safe(&name, s->name, NULL);
	buf_printf(to, "%-*s  %12llu  %14llu  %6.2f %%  %6llu  %8llu  ", WIDE_NAME, buf_cstr(&name),
		   (unsigned long long)v->records, (unsigned long long)v->bytes, parsed_percent(v),
		   (unsigned long long)v->cut, (unsigned long long)v->lost);
	buf_time(to, v->last);
	buf_u8(to, '\n');
	buf_done(&name);
}

static uint64_t show(struct coverage *c, const struct report_options *o, struct buf *to)
{
	uint64_t limit = o->limit ? o->limit : o->format == QUERY_JSON ? UINT64_MAX : 50;
	uint64_t shown = 0, more = 0, lost = c->by[SOURCE_ID_SELF].lost;

	if (o->format != QUERY_JSON)
		buf_printf(to, "%-*s  %12s  %14s  %8s  %6s  %8s  %s\n", WIDE_NAME, "source",
			   "records", "bytes", "parsed", "cut", "lost", "last heard");
	qsort(c->by + 1, c->n - 1, sizeof(*c->by), by_records);
	for (uint32_t i = 1; i < c->n; i++) {
		const struct source *s = view_source(c->s.view, c->by[i].id);

		if (!s || (!c->by[i].records && !c->by[i].lost))
			continue;
		if (shown == limit) {
			more++;
			continue;
		}
		shown++;
		(o->format == QUERY_JSON ? row_json : row_text)(to, s, &c->by[i]);
	}
	if (more && o->format != QUERY_JSON)
		buf_printf(to, "and %llu more (--limit)\n", (unsigned long long)more);
	if (lost && o->format != QUERY_JSON)
		buf_printf(to, "lost by sources that never got a record in: %llu\n",
			   (unsigned long long)lost);
	return shown;
}

int report_coverage(const struct view *v, const struct report_options *o, struct query_result *ret,
		    struct why *why)
{
	struct coverage c = { .n = view_sources(v), .since = o->since, .until = o->until };
	struct query *all;
	struct buf out = { 0 };
	int r;

	memset(ret, 0, sizeof(*ret));
	r = query_compile(&all, BYTES("*"), 0, why, NULL);
	if (r < 0)
		return r;
	c.n = c.n ? c.n : 1;
	c.by = mem_new(c.n, sizeof(*c.by));
	for (uint32_t i = 0; i < c.n; i++)
		c.by[i].id = i;
	search_init(&c.s, all, v);
	for (size_t i = 0; i < view_units(v) && r >= 0; i++) {
		r = take_unit(&c, i);
		if (r == -EBADMSG) { /* the others are still worth telling of */
			ret->damaged++;
			why_in(why, r, "unit %zu", i);
			r = 0;
		}
	}
	if (r >= 0) {
		ret->hits = show(&c, o, &out);
		if (fwrite(out.at, 1, out.len, o->out) != out.len)
			r = -EPIPE;
	}
	search_done(&c.s);
	query_free(all);
	free(c.by);
	buf_done(&out);
	return r < 0 ? r : ret->damaged ? -EBADMSG : 0;
}
