/* SPDX-License-Identifier: Apache-2.0 */
/* What is heard from each source, how much of it is understood, and what is known to be lost. */
#include "base/text.h"
#include "query/bits.h"
#include "query/group.h"
#include "query/output.h"
#include "query/report.h"
#include <stdlib.h>

#define ROWS_SHOWN 50u

struct coverage { /* of a source */
	uint64_t records, bytes, plain, errors, warnings, lost, gaps;
	usec first, last; /* arrival */
	usec event_first, event_last;
};

struct cover {
	const struct view *v;
	struct coverage *of; /* by source */
	uint32_t n;
	struct report_scan scan;
};

/* records, plain ones and levels by source: a stats over columns, no text is read */
enum { KEY_SOURCE, KEY_DATASET, KEY_LEVEL, KEYS };
enum { COUNT, FIRST, LAST, EVENT_FIRST, EVENT_LAST };

static const struct stage by_source = {
	.kind = STAGE_STATS,
	.keys = { { .column = COLUMN_SOURCE_ID },
		  { .column = FIELD_EVENT_DATASET },
		  { .column = FIELD_LOG_LEVEL } },
	.keys_n = KEYS,
	.aggs = { { .kind = AGG_COUNT, .column = COLUMN_N },
		  { .kind = AGG_MIN, .column = COLUMN_INGESTED },
		  { .kind = AGG_MAX, .column = COLUMN_INGESTED },
		  { .kind = AGG_MIN, .column = COLUMN_TIME },
		  { .kind = AGG_MAX, .column = COLUMN_TIME } },
	.aggs_n = 5,
};

static bool is_one(const struct item *i, const char *const *words)
{
	for (; *words; words++)
		if (i->kind == ITEM_TEXT && bytes_eq(i->text, bytes_str(*words)))
			return true;
	return false;
}

static void take_row(struct cover *c, const struct item *row)
{
	static const char *const plain[] = { "plain", "syslog", NULL };
	static const char *const errors[] = { "error",	   "critical", "alert",
					      "emergency", "fatal",    NULL };
	static const char *const warnings[] = { "warning", NULL };
	const struct item *agg = row + KEYS;
	__int128 id = row[KEY_SOURCE].num / NUM_ONE;
	uint64_t n = (uint64_t)(agg[COUNT].num / NUM_ONE);
	struct coverage *x;

	if (id < 0 || id >= c->n)
		return;
	x = &c->of[id];
	if (!x->records || agg[FIRST].num < x->first)
		x->first = (usec)agg[FIRST].num;
	if (!x->records || agg[LAST].num > x->last)
		x->last = (usec)agg[LAST].num;
	if (!x->records || agg[EVENT_FIRST].num < x->event_first)
		x->event_first = (usec)agg[EVENT_FIRST].num;
	if (!x->records || agg[EVENT_LAST].num > x->event_last)
		x->event_last = (usec)agg[EVENT_LAST].num;
	x->records += n;
	if (is_one(&row[KEY_DATASET], plain))
		x->plain += n;
	if (is_one(&row[KEY_LEVEL], errors))
		x->errors += n;
	if (is_one(&row[KEY_LEVEL], warnings))
		x->warnings += n;
}

static int add_bytes(void *ctx, uint32_t row, const struct record *r)
{
	struct cover *c = ctx;

	(void)row;
	if (r->source < c->n)
		c->of[r->source].bytes += r->raw.len;
	return 0;
}

/* The bytes of a block that one source fills are told by its head; else its rows are read. */
static int count_bytes(struct cover *c, struct search *s, const uint64_t *hits)
{
	const uint32_t *sources;
	uint32_t only;
	int r;

	if (!s->block)
		return search_each(s, hits, add_bytes, c);
	r = block_sources(s->block, &sources);
	if (r < 0 || !s->n)
		return r;
	only = sources[0];
	for (uint32_t i = 1; i < s->n; i++)
		if (sources[i] != only)
			return search_each(s, hits, add_bytes, c);
	if (bits_count(hits, s->words) < s->n)
		return search_each(s, hits, add_bytes, c);
	if (only < c->n)
		c->of[only].bytes += block_info(s->block)->raw_bytes;
	return 0;
}

static int cover_unit(struct cover *c, struct groups *g, struct search *s, size_t unit)
{
	uint64_t *hits;
	int r = search_open(s, unit);

	if (!r)
		r = search_hits(s, &hits);
	if (!r)
		r = groups_add(g, s, hits);
	return r ? r : count_bytes(c, s, hits);
}

static void cover_all(struct cover *c, const struct query *q, const struct report_options *o,
		      struct query_result *ret, struct why *why)
{
	struct groups *g = groups_new(&by_source);
	struct search s;
	struct table t;

	search_init(&s, q, c->v);
	s.own = true;
	s.since = o->since;
	s.until = o->until;
	for (size_t u = 0; u < view_units(c->v); u++) {
		const struct unit *unit = view_unit(c->v, u);
		int r = cover_unit(c, g, &s, u);

		if (r < 0 && !ret->damaged++)
			why_set(why, -EBADMSG, "records %llu to %llu cannot be read: %s",
				(unsigned long long)unit->first,
				(unsigned long long)(unit->first + unit->count - 1), s.why.line);
		search_close(&s);
	}
	search_done(&s);
	groups_table(g, &t);
	for (size_t i = 0; i < t.rows; i++)
		take_row(c, table_row(&t, i));
	table_done(&t);
	groups_free(g);
}

/* Vedette's own notes (intake/note.h). The text is ours: a quote inside one of its strings has a
 * backslash before it, so a key with its quotes and comma is never found inside a string. */
static uint64_t number_of(struct bytes note, const char *key)
{
	size_t at = bytes_find(note, bytes_str(key));
	uint64_t v = 0;

	if (at == BYTES_NONE)
		return 0;
	for (at += strlen(key); at < note.len && is_digit(note.at[at]) && v < UINT64_MAX / 16; at++)
		v = v * 10 + (uint64_t)(note.at[at] - '0');
	return v;
}

static int take_note(void *ctx, uint32_t row, const struct record *r)
{
	static const char *const gaps[] = { "file-truncated", "file-replaced", "file-removed",
					    "file-missing",   "file-hole",     "file-error",
					    "journal-gap",    "journal-error", "datagram-cut" };
	struct cover *c = ctx;
	struct bytes note = r->raw, event;
	uint64_t source = number_of(note, ",\"source\":");

	(void)row;
	if (!bytes_starts(note, BYTES("{\"event\":\"")))
		return 0;
	event = bytes_from(note, 10);
	event = bytes_sub(event, 0, bytes_chr(event, '"'));
	if (source >= c->n)
		source = 0;
	if (bytes_eq(event, BYTES("datagrams-lost")))
		c->of[source].lost += number_of(note, ",\"count\":");
	for (size_t i = 0; i < sizeof(gaps) / sizeof(gaps[0]); i++)
		c->of[source].gaps += bytes_eq(event, bytes_str(gaps[i]));
	return 0;
}

static void json_out(struct buf *to, const struct cover *c, uint32_t id)
{
	const struct source *s = view_source(c->v, id);
	const struct coverage *x = &c->of[id];

	buf_printf(to, "{\"report\":\"coverage\",\"input.id\":%u", id);
	if (s) {
		buf_str(to, ",\"host.hostname\":");
		json_string(to, s->host);
		buf_printf(to, ",\"input.type\":\"%s\",\"input.name\":", source_kind_name(s->kind));
		json_string(to, s->name);
	}
	buf_printf(to,
		   ",\"records\":%llu,\"bytes\":%llu,\"parsed\":%llu,\"errors\":%llu,"
		   "\"warnings\":%llu,\"lost\":%llu,\"gaps\":%llu",
		   (unsigned long long)x->records, (unsigned long long)x->bytes,
		   (unsigned long long)(x->records - x->plain), (unsigned long long)x->errors,
		   (unsigned long long)x->warnings, (unsigned long long)x->lost,
		   (unsigned long long)x->gaps);
	if (x->records) {
		buf_str(to, ",\"first_heard\":\"");
		buf_time(to, x->first);
		buf_str(to, "\",\"last_heard\":\"");
		buf_time(to, x->last);
		buf_str(to, "\",\"first_event\":\"");
		buf_time(to, x->event_first);
		buf_str(to, "\",\"last_event\":\"");
		buf_time(to, x->event_last);
		buf_str(to, "\"");
	}
	buf_str(to, "}\n");
}

static void put_num(struct item *i, uint64_t n)
{
	*i = (struct item){ .kind = ITEM_NUM, .num = (__int128)n * NUM_ONE };
}

static void put_text(struct table *t, struct item *i, struct bytes text)
{
	*i = (struct item){ .kind = ITEM_TEXT, .text = arena_copy(&t->arena, text) };
}

static void put_time(struct table *t, struct item *i, bool known, usec at)
{
	struct buf text = { 0 };

	if (known)
		report_time(&text, at);
	else
		buf_str(&text, "-");
	put_text(t, i, buf_view(&text));
	buf_done(&text);
}

static void text_row(struct table *t, const struct cover *c, uint32_t id)
{
	const struct source *s = view_source(c->v, id);
	const struct coverage *x = &c->of[id];
	struct item *i = table_add(t);

	put_text(t, i++, s ? s->host : BYTES("-"));
	put_text(t, i++, bytes_str(s ? source_kind_name(s->kind) : "unknown"));
	put_num(i++, x->records);
	put_num(i++, x->bytes);
	*i++ = (struct item){
		.kind = ITEM_REAL,
		.real = x->records ? (double)(1000 * (x->records - x->plain) / x->records) / 10 : 0
	};
	put_num(i++, x->errors);
	put_num(i++, x->warnings);
	put_num(i++, x->lost);
	put_num(i++, x->gaps);
	put_time(t, i++, x->records, x->first);
	put_time(t, i++, x->records, x->last);
	put_text(t, i++, s ? s->name : BYTES("-"));
}

static void text_out(struct buf *to, const struct cover *c, const struct report_options *o)
{
	static const char *const heads[] = { "host",	 "kind",	"records",    "bytes",
					     "parsed %", "errors",	"warnings",   "lost",
					     "gaps",	 "first heard", "last heard", "name" };
	uint64_t limit = o->limit ? o->limit : ROWS_SHOWN, shown = 0, all = 0;
	struct table t;

	table_init(&t, sizeof(heads) / sizeof(heads[0]));
	for (unsigned i = 0; i < t.columns_n; i++)
		t.columns[i] = (struct table_column){ bytes_str(heads[i]), TYPE_KEYWORD };
	for (uint32_t id = 0; id < c->n; id++) {
		const struct coverage *x = &c->of[id];

		if (id == SOURCE_ID_SELF && !x->lost && !x->gaps)
			continue; /* Vedette's own records are no coverage; what it lost is */
		all++;
		if (shown < limit) {
			text_row(&t, c, id);
			shown++;
		}
	}
	output_table(to, &t, false, o->colour);
	if (!all)
		buf_str(to, "no sources\n");
	if (shown < all)
		buf_printf(to, "… and %llu more: --limit shows more, -o json all\n",
			   (unsigned long long)(all - shown));
	if (view_dropped(c->v))
		buf_printf(to, "%llu records were dropped by retention before these\n",
			   (unsigned long long)view_dropped(c->v));
	table_done(&t);
}

int report_coverage(const struct view *v, const struct report_options *o, struct query_result *ret,
		    struct why *why)
{
	struct cover c = { .v = v, .n = view_sources(v) };
	struct query *q = NULL, *own = NULL;
	struct buf text = { 0 };
	int r = query_compile(&q, BYTES("*"), 0, why, NULL);

	*ret = (struct query_result){ .units = view_units(v) };
	if (!r)
		r = query_compile(&own, BYTES("input.id:0"), 0, why, NULL);
	if (r < 0)
		return r;
	c.of = mem_new((size_t)c.n + 1, sizeof(*c.of));
	cover_all(&c, q, o, ret, why);
	c.scan = (struct report_scan){ .v = v,
				       .q = own,
				       .since = o->since,
				       .until = o->until,
				       .own = true,
				       .fn = take_note,
				       .ctx = &c };
	ret->damaged = 0; /* found again by this scan */
	report_scan(&c.scan, ret, why);
	for (uint32_t id = 1; id < c.n; id++)
		ret->hits += c.of[id].records;
	if (o->format == QUERY_JSON)
		for (uint32_t id = 0; id < c.n; id++)
			json_out(&text, &c, id);
	else
		text_out(&text, &c, o);
	r = report_finish(o, &text, ret, why);
	buf_done(&text);
	free(c.of);
	query_free(q);
	query_free(own);
	return r;
}
