/* SPDX-License-Identifier: Apache-2.0 */
#include "query/search.h"
#include "base/buf.h"
#include "parse/parse.h"
#include "query/bits.h"
#include <stdlib.h>
#ifdef __SSE2__
#include <emmintrin.h>
#endif

void search_init(struct search *s, const struct query *q, const struct view *v)
{
	memset(s, 0, sizeof(*s));
	s->q = q;
	s->view = v;
	s->since = q->since;
	s->until = q->until;
	s->event.scratch = &s->scratch;
	s->event_row = UINT32_MAX;
	regex_work_new(&s->work);
}

void search_done(struct search *s)
{
	search_close(s);
	s->work = regex_work_free(s->work);
	arena_done(&s->arena);
	arena_done(&s->scratch);
	free(s->spare);
	s->spare = NULL;
}

/* Whether the range of time leaves out some rows of a unit, or all. */
static bool cuts_time(const struct search *s)
{
	return (s->since != USEC_NONE && (s->unit->live || s->unit->time_min < s->since)) ||
	       (s->until != USEC_NONE && (s->unit->live || s->unit->time_max >= s->until));
}

static bool outside(const struct search *s, const struct unit *u)
{
	if (u->live)
		return false;
	return (s->since != USEC_NONE && u->time_max < s->since) ||
	       (s->until != USEC_NONE && u->time_min >= s->until);
}

int search_open(struct search *s, size_t unit)
{
	const struct unit *u = view_unit(s->view, unit);
	int r;

	search_close(s);
	if (outside(s, u))
		return SEARCH_OUTSIDE;
	s->why.line[0] = 0;
	r = u->live ? view_segment(s->view, unit, &s->segment, &s->why)
		    : view_block(s->view, unit, &s->block, &s->why);
	if (r < 0)
		return r;
	s->unit = u;
	s->n = s->block ? block_info(s->block)->rows : segment_count(s->segment);
	s->words = BLOCK_WORDS(s->n);
	return 0;
}

void search_close(struct search *s)
{
	s->block = block_free(s->block);
	s->segment = segment_free(s->segment);
	s->unit = NULL;
	s->times = NULL;
	s->escaped = NULL;
	s->event_row = UINT32_MAX;
	s->spare_n = 0;
	arena_reset(&s->arena);
	arena_reset(&s->scratch);
}

/* Rows. */

uint64_t *search_take(struct search *s)
{
	if (s->spare_n)
		return s->spare[--s->spare_n];
	return arena_take(&s->arena, s->words * 8 + 8);
}

void search_give(struct search *s, uint64_t *b)
{
	if (s->spare_n == s->spare_cap) {
		s->spare_cap = s->spare_cap ? 2 * s->spare_cap : 16;
		s->spare = mem_must(realloc(s->spare, s->spare_cap * sizeof(*s->spare)));
	}
	s->spare[s->spare_n++] = b;
}

const struct source *search_source(const struct search *s, const struct record *r)
{
	return s->view ? view_source(s->view, r->source) : NULL;
}

const struct event *search_event(struct search *s, uint32_t row, const struct record *r)
{
	const struct source *source;
	struct parse_hint hint = { .arrival = r->arrival };

	if (s->event_row == row)
		return &s->event;
	source = search_source(s, r);
	if (source) {
		hint.kind = source->kind;
		hint.name = source->name;
		hint.host = source->host;
		hint.year = source->year;
		hint.zone_minutes = source->zone_minutes;
	}
	arena_reset(&s->scratch);
	parse_record(&hint, r->raw, &s->event);
	s->event_row = row;
	return &s->event;
}

usec search_time(struct search *s, uint32_t row, const struct record *r)
{
	const struct event *e;

	if (s->block && !s->times && block_times(s->block, &s->times) < 0)
		s->times = NULL;
	if (s->times)
		return s->times[row];
	e = search_event(s, row, r);
	return e->time == USEC_NONE ? r->arrival : e->time;
}

struct each {
	struct search *s;
	search_row_fn *fn;
	void *ctx;
};

static int each_row(void *ctx, uint32_t row, const struct record *r)
{
	struct each *e = ctx;

	e->s->event_row = UINT32_MAX; /* its values lie in a record that is gone */
	return e->fn(e->ctx, row, r);
}

int search_each(struct search *s, const uint64_t *rows, search_row_fn *fn, void *ctx)
{
	struct each e = { s, fn, ctx };
	int r = 0;

	if (s->block)
		return block_decode(s->block, rows, each_row, &e);
	for (uint32_t i = bits_next(rows, s->n, 0); i < s->n && !r;
	     i = bits_next(rows, s->n, i + 1)) {
		struct record rec;

		segment_record(s->segment, i, &rec);
		r = each_row(&e, i, &rec);
	}
	return r;
}

/* Leaves out the rows outside the range of time. */
static int cut_times(struct search *s, uint64_t *rows)
{
	int r;

	if (!s->block || !cuts_time(s))
		return 0;
	r = block_times(s->block, &s->times);
	if (r < 0)
		return r;
	for (size_t w = 0; w < s->words; w++) {
		uint32_t n = s->n - (uint32_t)w * 64 < 64 ? s->n - (uint32_t)w * 64 : 64;
		uint64_t in = 0;

		for (uint32_t i = 0; i < n; i++) {
			usec t = s->times[w * 64 + i];

			in |= (uint64_t)((s->since == USEC_NONE || t >= s->since) &
					 (s->until == USEC_NONE || t < s->until))
			      << i;
		}
		rows[w] &= in;
	}
	return 0;
}

/* The rows among 64 whose source is Vedette itself. */
static uint64_t own_rows(const uint32_t *sources, uint32_t n)
{
	uint64_t own = 0;
	uint32_t i = 0;

#ifdef __SSE2__
	const __m128i self = _mm_set1_epi32((int)SOURCE_ID_SELF);

	for (; i + 16 <= n; i += 16) {
		const __m128i *v = (const __m128i *)(const void *)(sources + i);
		__m128i a = _mm_packs_epi32(_mm_cmpeq_epi32(_mm_loadu_si128(v), self),
					    _mm_cmpeq_epi32(_mm_loadu_si128(v + 1), self));
		__m128i b = _mm_packs_epi32(_mm_cmpeq_epi32(_mm_loadu_si128(v + 2), self),
					    _mm_cmpeq_epi32(_mm_loadu_si128(v + 3), self));

		own |= (uint64_t)(uint32_t)_mm_movemask_epi8(_mm_packs_epi16(a, b)) << i;
	}
#endif
	for (; i < n; i++)
		own |= (uint64_t)(sources[i] == SOURCE_ID_SELF) << i;
	return own;
}

/* Leaves out Vedette's own records, unless they are asked for. */
static int cut_own(struct search *s, uint64_t *rows)
{
	const uint32_t *sources;
	int r;

	if (s->own || !bits_any(rows, s->words))
		return 0;
	if (s->segment) {
		for (uint32_t i = bits_next(rows, s->n, 0); i < s->n;
		     i = bits_next(rows, s->n, i + 1)) {
			struct record rec;

			segment_record(s->segment, i, &rec);
			if (rec.source == SOURCE_ID_SELF)
				bits_clear(rows, i);
		}
		return 0;
	}
	r = block_sources(s->block, &sources);
	if (r < 0)
		return r;
	for (size_t w = 0; w < s->words; w++) {
		uint32_t n = s->n - (uint32_t)w * 64;

		if (rows[w])
			rows[w] &= ~own_rows(sources + w * 64, n < 64 ? n : 64);
	}
	return 0;
}

struct decide {
	struct search *s;
	uint64_t *hits;
};

static int decide_row(void *ctx, uint32_t row, const struct record *r)
{
	struct decide *d = ctx;
	struct search *s = d->s;
	usec t;

	if (!match_record(s, s->q->root, row, r))
		return 0;
	if (s->segment && cuts_time(s)) {
		t = search_time(s, row, r);
		if ((s->since != USEC_NONE && t < s->since) ||
		    (s->until != USEC_NONE && t >= s->until))
			return 0;
	}
	bits_set(d->hits, row);
	return 0;
}

int search_hits(struct search *s, uint64_t **ret)
{
	uint64_t *base = search_take(s), *lo = search_take(s), *hi = search_take(s);
	struct decide d = { s, lo };
	int r;

	bits_all(base, s->n);
	r = cut_times(s, base);
	if (!r)
		r = search_bounds(s, s->q->root, base, lo, hi);
	/* at the end, as most queries leave few rows or none to ask for their source */
	if (!r)
		r = cut_own(s, hi);
	if (r < 0)
		return r;
	bits_and(lo, hi, s->words);
	if (s->segment && cuts_time(s))
		bits_none(lo, s->words); /* the time of each is still to be asked for */
	bits_copy(base, hi, s->words);
	bits_and_not(base, lo, s->words);
	if (bits_any(base, s->words))
		r = search_each(s, base, decide_row, &d);
	search_give(s, base);
	search_give(s, hi);
	*ret = lo;
	return r < 0 ? r : 0;
}
