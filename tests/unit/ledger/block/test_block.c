/* SPDX-License-Identifier: Apache-2.0 */
/* A block gives back every record byte for byte, and its searches find what looking at every row
 * would find: no more, no less. */
#include "../../tap.h"
#include "ledger/block/block.h"
#include "ledger/block/build.h"
#include "ledger/block/scan.h"
#include "sample.h"

struct check {
	const struct sample *s;
	uint32_t next, bad;
};

static int same_row(void *ctx, uint32_t row, const struct record *r)
{
	struct check *c = ctx;
	const struct record *w = &c->s->record[row];

	c->bad += row != c->next || r->seq != w->seq || r->arrival != w->arrival ||
		  r->source != w->source || r->flags != w->flags || !bytes_eq(r->raw, w->raw);
	c->next = row + 1;
	return 0;
}

static void build(const struct sample *s, struct buf *to)
{
	struct builder *b;

	ok(!builder_new(&b, NULL), "builder");
	for (uint32_t i = 0; i < s->n; i++)
		builder_add(b, &s->record[i], &s->event[i]);
	is_int(builder_finish(b, to), 0, "finish");
	builder_free(b);
}

static void exact(const struct sample *s, struct block *b)
{
	struct check c = { .s = s };
	uint64_t *some = mem_new(BLOCK_WORDS(s->n), sizeof(*some));
	const usec *times;
	uint32_t bad = 0;

	is_int(block_decode(b, NULL, same_row, &c), 0, "all rows are decoded");
	ok(c.next == s->n && !c.bad, "and are what went in (%u differ)", c.bad);
	is_int(block_times(b, &times), 0, "times");
	for (uint32_t i = 0; i < s->n; i++)
		bad += times[i] !=
		       (s->event[i].time != USEC_NONE ? s->event[i].time : s->record[i].arrival);
	is_int(bad, 0, "a row's time is the event's, else the arrival");
	for (uint32_t i = 0; i < s->n; i += 97)
		some[i / 64] |= 1ull << (i & 63);
	for (uint32_t i = 0; i < s->n; i++) {
		c = (struct check){ .s = s, .next = i };
		memset(some, 0, BLOCK_WORDS(s->n) * sizeof(*some));
		some[i / 64] |= 1ull << (i & 63);
		block_decode(b, some, same_row, &c);
		bad += c.bad || c.next != i + 1;
		i += 131;
	}
	is_int(bad, 0, "rows are decoded one by one as well");
	free(some);
}

static uint32_t differ(const struct sample *s, struct block *b, struct bytes p, bool nocase)
{
	uint64_t *rows = mem_new(BLOCK_WORDS(s->n), sizeof(*rows));
	uint32_t bad = 0;

	if (block_match(b, p, nocase, rows))
		bad = UINT32_MAX;
	for (uint32_t i = 0; i < s->n; i++) {
		struct bytes raw = s->record[i].raw;
		bool want = (nocase ? bytes_ifind(raw, p) : bytes_find(raw, p)) != BYTES_NONE;

		if (want != (rows[i / 64] >> (i & 63) & 1) && bad++ < 2)
			printf("# row %u should %smatch: %.*s\n", i, want ? "" : "not ",
			       (int)raw.len, (const char *)raw.at);
	}
	free(rows);
	return bad;
}

static void patterns(struct sample *s, struct block *b, unsigned count)
{
	uint32_t bad = 0;

	for (unsigned k = 0; k < count; k++) {
		struct bytes raw = s->record[sample_pick(s, s->n)].raw;
		size_t len = 1 + sample_pick(s, sample_pick(s, 4) ? 12 : 60), at;
		uint8_t text[64];
		struct bytes p;

		if (!raw.len)
			continue;
		at = sample_pick(s, (unsigned)raw.len);
		p = bytes_sub(raw, at, len);
		memcpy(text, p.at, p.len);
		if (!sample_pick(s, 3)) /* nearly there */
			text[sample_pick(s, (unsigned)p.len)] = "0a- .7:Z"[sample_pick(s, 8)];
		p.at = text;
		if (differ(s, b, p, !sample_pick(s, 4)) && bad++ < 5)
			tap_show("pattern", p);
	}
	is_int(bad, 0, "%u patterns match the rows that hold them", count);
}

/* A pattern made out of a piece of a line: digits and letters as classes, repeats, either-or. */
static void pattern_of(struct sample *s, struct bytes p, struct buf *to)
{
	static const char *const digit[] = { "\\d", "[0-9]", "[0-9]+", "[0-5]", "\\w", "." };

	if (!sample_pick(s, 8))
		buf_str(to, "^");
	for (size_t i = 0; i < p.len; i++) {
		uint8_t c = p.at[i];

		if (is_digit(c) && sample_pick(s, 2)) {
			buf_str(to, digit[sample_pick(s, 6)]);
		} else if (is_alnum(c) && !sample_pick(s, 3)) {
			buf_str(to, sample_pick(s, 2) ? "[a-f0-9]" : "[^ ]*");
		} else {
			if (!is_alnum(c))
				buf_u8(to, '\\');
			buf_u8(to, c);
		}
		if (c == ' ' && !sample_pick(s, 4))
			buf_str(to, "(x|.*|[a-z]+|\\bq)?");
	}
	if (!sample_pick(s, 8))
		buf_str(to, sample_pick(s, 2) ? "$" : "\\b");
}

static void regexes(struct sample *s, struct block *b, unsigned count)
{
	uint64_t *rows = mem_new(BLOCK_WORDS(s->n), sizeof(*rows)),
		 *all = mem_new(BLOCK_WORDS(s->n), sizeof(*all));
	uint32_t bad = 0, tried = 0, lost = 0, hits = 0;
	struct buf p = { 0 };

	memset(all, 0xff, BLOCK_WORDS(s->n) * sizeof(*all));
	for (unsigned k = 0; k < count; k++) {
		struct bytes raw = s->record[sample_pick(s, s->n)].raw;
		struct automaton *a;
		struct scanner *x;
		int r;

		buf_clear(&p);
		pattern_of(s,
			   bytes_sub(raw, sample_pick(s, (unsigned)raw.len + 1),
				     1 + sample_pick(s, 16)),
			   &p);
		if (!automaton_new(&a, buf_view(&p), BYTES("")))
			continue;
		x = scanner_new(a);
		memset(rows, 0, BLOCK_WORDS(s->n) * sizeof(*rows));
		r = block_scan(b, x, all, rows);
		tried++;
		lost += r == SCAN_LOST;
		for (uint32_t i = 0; i < s->n && !r; i++) {
			bool hit = rows[i / 64] >> (i & 63) & 1;

			hits += hit;
			if (hit != (walker_find(scanner_walker(x), s->record[i].raw) > 0) &&
			    bad++ < 5)
				tap_show("pattern", buf_view(&p));
		}
		scanner_free(x);
		automaton_free(a);
	}
	is_int(bad, 0, "%u regular expressions find the rows that hold them", tried);
	ok(tried > count / 2 && lost < tried / 4 && hits > tried, "%u hits, %u lost", hits, lost);
	buf_done(&p);
	free(rows);
	free(all);
}

/* The same in one field: of the rows that have it as a column. */
static void field_regexes(struct sample *s, struct block *b)
{
	static const char *const patterns[] = {
		"^[0-9.]*7$", "[13]$", "req-[0-9a-f]*[5-9]-", "^10", "detail|x[4-8]", "^4",
		"\\b00",      "^.{3}$"
	};
	static const enum field of[] = { FIELD_SOURCE_IP, FIELD_PROCESS_PID, FIELD_OS_REQUEST_ID,
					 FIELD_URL_PATH,  FIELD_HTTP_STATUS, FIELD_EVENT_DATASET };
	uint64_t *rows = mem_new(BLOCK_WORDS(s->n), sizeof(*rows)),
		 *in = mem_new(BLOCK_WORDS(s->n), sizeof(*in));
	const uint64_t *untyped = block_untyped(b);
	uint32_t bad = 0, hits = 0;

	for (uint32_t i = 0; i < s->n; i += 1 + sample_pick(s, 2))
		in[i / 64] |= 1ull << (i & 63);
	for (unsigned k = 0; k < 8 * 6; k++) {
		enum field f = of[k % 6];
		struct automaton *a;
		struct scanner *x;

		ok(automaton_new(&a, bytes_str(patterns[k / 6]), BYTES("")), "an automaton");
		x = scanner_new(a);
		memset(rows, 0, BLOCK_WORDS(s->n) * sizeof(*rows));
		is_int(block_scan_field(b, x, f, in, rows), 0, "/%s/ in %s", patterns[k / 6],
		       field_name(f));
		for (uint32_t i = 0; i < s->n; i++) {
			struct bytes v = event_get(&s->event[i], f);
			bool typed = !untyped || !(untyped[i / 64] >> (i & 63) & 1);
			bool want = typed && (in[i / 64] >> (i & 63) & 1) && v.len &&
				    walker_find(scanner_walker(x), v) > 0;

			hits += want;
			bad += want != (rows[i / 64] >> (i & 63) & 1);
		}
		scanner_free(x);
		automaton_free(a);
	}
	is_int(bad, 0, "regular expressions in fields find the rows whose values hold them");
	ok(hits > s->n / 2, "%u of them", hits);
	free(rows);
	free(in);
}

static bool accepts_some(void *ctx, struct bytes v)
{
	(void)ctx;
	return v.len && v.at[v.len - 1] % 3 == 0;
}

static void fields(struct sample *s, struct block *b)
{
	uint64_t *rows = mem_new(BLOCK_WORDS(s->n), sizeof(*rows));
	const uint64_t *untyped = block_untyped(b);
	uint32_t bad = 0, matched = 0, typed = 0;
	struct arena a = { 0 };

	for (unsigned f = 0; f < FIELD_N; f++) {
		struct block_column col;

		memset(rows, 0, BLOCK_WORDS(s->n) * sizeof(*rows));
		bad += block_field_match(b, (enum field)f, accepts_some, NULL, rows) != 0;
		bad += block_field_column(b, (enum field)f, NULL, &a, &col) != 0;
		for (uint32_t i = 0; i < s->n; i++) {
			struct bytes want = event_get(&s->event[i], (enum field)f), got = { 0 };
			bool hit = rows[i / 64] >> (i & 63) & 1;

			if (untyped && untyped[i / 64] >> (i & 63) & 1) {
				bad += hit || col.ids[i];
				continue;
			}
			if (col.ids[i])
				got = col.values[col.ids[i] - 1];
			bad += !bytes_eq(want, got);
			bad += hit != accepts_some(NULL, want);
			matched += hit;
			typed += want.len > 0;
		}
		arena_reset(&a);
	}
	is_int(bad, 0, "fields of typed rows are those of the events");
	ok(matched > s->n / 4 && typed > s->n, "and there were many (%u values)", typed);
	arena_done(&a);
	free(rows);
}

static void may_hold(struct sample *s, struct block *b)
{
	uint32_t bad = 0;

	for (uint32_t i = 0; i < s->n; i++)
		for (unsigned k = 0; k < s->event[i].n; k++)
			bad += !block_may_hold(b, s->event[i].value[s->event[i].order[k]]) &&
			       s->event[i].order[k] != FIELD_EVENT_DATASET;
	is_int(bad, 0, "the filter never denies a value that is there");
	ok(!block_may_match(b, BYTES(" req-00000000-1111-4222-8333-4444deadbeef ")),
	   "and denies a uuid that is not");
}

/* Bytes flipped anywhere: an answer or other bytes, never a crash. */
static int ignore_row(void *ctx, uint32_t row, const struct record *r)
{
	(void)row;
	*(size_t *)ctx += r->raw.len;
	return 0;
}

static void damage(struct sample *s, const struct buf *payload)
{
	struct buf copy = { 0 };
	size_t sum = 0;

	for (unsigned k = 0; k < 600; k++) {
		struct block *b;
		struct why why = { "" };
		uint64_t *rows = mem_new(1u << 14, sizeof(*rows));

		buf_clear(&copy);
		buf_bytes(&copy, buf_view(payload));
		for (unsigned i = 1 + sample_pick(s, 4); i; i--)
			copy.at[sample_pick(s, (unsigned)(k & 1 ? copy.len : 400))] ^=
				(uint8_t)(1u << sample_pick(s, 8));
		if (k % 7 == 0)
			copy.len = sample_pick(s, (unsigned)copy.len);
		if (!block_open(&b, buf_view(&copy), &why)) {
			struct arena a = { 0 };
			struct block_column col;

			block_decode(b, NULL, ignore_row, &sum);
			block_match(b, BYTES("10.1.2"), false, rows);
			block_field_column(b, FIELD_SOURCE_IP, NULL, &a, &col);
			arena_done(&a);
			block_free(b);
		}
		free(rows);
	}
	ok(true, "600 damaged blocks were read without harm");
	buf_done(&copy);
}

int main(void)
{
	for (unsigned round = 0; round < 4; round++) {
		static const uint32_t sizes[] = { 1, 40, 3000, 12000 };
		struct buf payload = { 0 };
		struct why why = { "" };
		struct sample s;
		struct block *b;

		sample_make(&s, round + 1, sizes[round]);
		build(&s, &payload);
		is_int(block_open(&b, buf_view(&payload), &why), 0, "opens %s", why.line);
		is_int(block_info(b)->rows, s.n, "%u rows in %zu bytes", s.n, payload.len);
		exact(&s, b);
		patterns(&s, b, round < 3 ? 400 : 250);
		if (round >= 2) {
			regexes(&s, b, 300);
			field_regexes(&s, b);
			fields(&s, b);
		}
		if (round == 3)
			may_hold(&s, b);
		block_free(b);
		if (round == 2)
			damage(&s, &payload);
		buf_done(&payload);
		sample_done(&s);
	}
	return done_testing();
}
