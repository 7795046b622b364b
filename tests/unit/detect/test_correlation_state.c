/* SPDX-License-Identifier: Apache-2.0 */
/* What correlations find in streams of events: every type, borders of the window, repeats, late and
 * disordered events, and memory that does not suffice. */
#include "base/hash.h"
#include "detect/sigma/correlation_state.h"
#include "tap.h"

#define S USEC_PER_SEC
#define SPAN (60 * S)

struct seen {
	unsigned n;
	uint64_t count; /* of the last */
	double value;
	usec time, since;
	char key[32];
	size_t proofs;
	uint64_t proof; /* the newest */
};

static struct seen seen;
static uint64_t serial;

static void hit(void *ctx, const struct correlator_hit *h)
{
	(void)ctx;
	seen.n++;
	seen.count = h->count;
	seen.value = h->value;
	seen.time = h->time;
	seen.since = h->since;
	snprintf(seen.key, sizeof(seen.key), "%.*s", (int)h->key.len, (const char *)h->key.at);
	seen.proofs = h->proofs_n;
	seen.proof = h->proofs_n ? h->proofs[h->proofs_n - 1].seq : SEQ_NONE;
}

static struct correlation rule(enum correlation_type type, enum correlation_op op, double number)
{
	struct correlation c = { .type = type, .span = SPAN, .inputs_n = 3, .tests_n = 1 };

	c.tests[0] = (struct correlation_test){ op, number };
	c.percentile = PERCENTILE_NONE;
	correlation_settle(&c);
	return c;
}

static struct correlator *begin(const struct correlation *c)
{
	seen = (struct seen){ 0 };
	return correlator_new(&c, 1, 0, 0);
}

static void put(struct correlator *c, const char *key, usec at, unsigned input, const char *value,
		double number)
{
	struct record_ref ref = { .seq = ++serial };
	struct correlator_event e = {
		.of = { at, input, serial, value ? hash_keyed(bytes_str(value)) : 0, number },
		.key = bytes_str(key),
		.proofs = &ref,
		.proofs_n = 1,
	};

	correlator_feed(c, 0, &e, hit, NULL);
}

static void put_n(struct correlator *c, const char *key, usec from, usec step, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		put(c, key, from + i * step, 0, NULL, 0);
}

static void end(struct correlator *c)
{
	correlator_tick(c, INT64_MAX, hit, NULL);
	correlator_free(c);
}

static void counts(void)
{
	struct correlation r = rule(CORRELATION_EVENT_COUNT, OP_GTE, 10);
	struct correlator *c = begin(&r);

	put_n(c, "a", 0, S, 9);
	is_int(seen.n, 0, "nine of ten are not enough");
	put(c, "b", 9 * S, 0, NULL, 0);
	is_int(seen.n, 0, "another group does not help");
	put(c, "a", 60 * S, 0, NULL, 0);
	is_int(seen.n, 1, "ten within the span, both ends included");
	is_int(seen.count, 10, "its count");
	is_int(seen.since, 0, "since the first");
	is_int(seen.time, 60 * S, "at the time of the tenth");
	is_int(seen.proofs, 10, "proven by ten records");
	is_int(seen.proof, serial, "the last one is the newest proof");
	is_str(seen.key, "a", "of the group");
	put_n(c, "a", 61 * S, S / 10, 500);
	is_int(seen.n, 1, "more of the same do not fire within the span");
	put_n(c, "a", 121 * S, S / 10, 500);
	is_int(seen.n, 2, "still true after a span: once more");
	is_int(seen.count, 511, "with all since the beginning");
	is_int(seen.proofs, FINDING_PROOFS, "and the newest proofs");
	put_n(c, "a", 1000 * S, S, 10);
	is_int(seen.n, 3, "another burst is told");
	is_int(seen.count, 10, "with its own count");
	end(c);

	c = begin(&r);
	put_n(c, "a", 0, S, 9);
	put(c, "a", 60 * S + 1, 0, NULL, 0);
	is_int(seen.n, 0, "a microsecond too late");
	put_n(c, "a", 600 * S, 7 * S, 100);
	is_int(seen.n, 0, "steadily below the rate");
	end(c);
}

static void one_event_twice(void)
{
	struct correlation r = rule(CORRELATION_EVENT_COUNT, OP_GTE, 2);
	struct correlator *c = begin(&r);

	put(c, "a", 0, 0, NULL, 0);
	serial--;
	put(c, "a", 0, 1, NULL, 0);
	is_int(seen.n, 0, "an event that two of the rules match is one event");
	end(c);
}

static void large_counts(void)
{
	struct correlation r = rule(CORRELATION_EVENT_COUNT, OP_GTE, 100000);
	struct correlator *c = begin(&r);
	struct correlator_counts n;

	put_n(c, "a", 0, 590, 99999);
	is_int(seen.n, 0, "one below a large count");
	correlator_counts(c, &n);
	ok(n.bytes < 64 << 10, "which takes %zu bytes", n.bytes);
	put(c, "a", 99999 * 590, 0, NULL, 0);
	is_int(seen.n, 1, "a large count is reached");
	is_int(seen.count, 100000, "exactly");
	put_n(c, "b", 0, 660, 200000);
	is_int(seen.n, 1, "a tenth too slow for a large count");
	end(c);
}

static void values(void)
{
	struct correlation r = rule(CORRELATION_VALUE_COUNT, OP_GT, 2);
	struct correlator *c = begin(&r);

	for (int i = 0; i < 100; i++)
		put(c, "a", i * S / 10, 0, i & 1 ? "root" : "admin", 0);
	is_int(seen.n, 0, "two values, however often");
	put(c, "a", 20 * S, 0, "guest", 0);
	is_int(seen.n, 1, "a third value");
	is_int(seen.count, 3, "three values");
	end(c);

	c = begin(&r);
	put(c, "a", 0, 0, "x", 0);
	put(c, "a", 30 * S, 0, "y", 0);
	put(c, "a", 61 * S, 0, "z", 0);
	is_int(seen.n, 0, "the first has left the window");
	put(c, "a", 62 * S, 0, "x", 0);
	is_int(seen.n, 1, "it comes again");
	end(c);
}

static void order(void)
{
	struct correlation any = rule(CORRELATION_TEMPORAL, OP_GTE, 3);
	struct correlation in = rule(CORRELATION_TEMPORAL_ORDERED, OP_GTE, 3);
	struct correlator *c = begin(&any);

	put(c, "a", 0, 2, NULL, 0);
	put(c, "a", 1 * S, 0, NULL, 0);
	put(c, "b", 1 * S, 1, NULL, 0);
	is_int(seen.n, 0, "the third rule matched in another group");
	put(c, "a", 60 * S, 1, NULL, 0);
	is_int(seen.n, 1, "all three, in any order");
	end(c);

	c = begin(&in);
	put(c, "a", 0, 2, NULL, 0);
	put(c, "a", 1 * S, 0, NULL, 0);
	put(c, "a", 2 * S, 1, NULL, 0);
	is_int(seen.n, 0, "not in this order");
	put(c, "a", 3 * S, 2, NULL, 0);
	is_int(seen.n, 1, "in order");
	is_int(seen.time, 3 * S, "told at the last");
	end(c);

	c = begin(&in);
	put(c, "a", 0, 0, NULL, 0);
	put(c, "a", 40 * S, 1, NULL, 0);
	put(c, "a", 50 * S, 0, NULL, 0);
	put(c, "a", 70 * S, 2, NULL, 0);
	is_int(seen.n, 0, "the first is too old, and the newer first has no second");
	end(c);

	c = begin(&in);
	put(c, "a", 5 * S, 0, NULL, 0);
	put(c, "a", 5 * S, 1, NULL, 0);
	put(c, "a", 5 * S, 2, NULL, 0);
	is_int(seen.n, 1, "of one second, in the order they came");
	end(c);

	c = begin(&in);
	put(c, "a", 10 * S, 0, NULL, 0);
	for (int i = 0; i < 1000; i++)
		put(c, "a", 11 * S + i, 1, NULL, 0);
	put(c, "a", 30 * S, 2, NULL, 0);
	is_int(seen.n, 1, "a flood between them hides nothing");
	end(c);
}

static void two_of_three(void)
{
	struct correlation r = rule(CORRELATION_TEMPORAL_ORDERED, OP_GTE, 2);
	struct correlator *c = begin(&r);

	put(c, "a", 1 * S, 2, NULL, 0);
	put(c, "a", 2 * S, 0, NULL, 0);
	is_int(seen.n, 0, "two, in the wrong order");
	put(c, "a", 3 * S, 2, NULL, 0);
	is_int(seen.n, 1, "two of three in order");
	end(c);
}

static void terms(void)
{
	/* (0 or 1) and 2; then 0 and not 1 */
	struct correlation r = { .type = CORRELATION_TEMPORAL,
				 .span = SPAN,
				 .inputs_n = 3,
				 .terms = { 0, 1, TERM_OR, 2, TERM_AND },
				 .terms_n = 5 };
	struct correlator *c;

	correlation_settle(&r);
	c = begin(&r);
	put(c, "a", 0, 0, NULL, 0);
	put(c, "a", 1 * S, 1, NULL, 0);
	is_int(seen.n, 0, "(a or b) and c, without c");
	put(c, "a", 2 * S, 2, NULL, 0);
	is_int(seen.n, 1, "(a or b) and c, at once");
	end(c);

	r.terms[0] = 0;
	r.terms[1] = 1;
	r.terms[2] = TERM_NOT;
	r.terms[3] = TERM_AND;
	r.terms_n = 4;
	correlation_settle(&r);
	c = begin(&r);
	put(c, "a", 0, 0, NULL, 0);
	put(c, "b", 0, 0, NULL, 0);
	put(c, "b", 50 * S, 1, NULL, 0);
	correlator_tick(c, SPAN, hit, NULL);
	is_int(seen.n, 0, "a and not b: not before it is sure");
	end(c);
	is_int(seen.n, 1, "a without b, when the window has closed");
	is_str(seen.key, "a", "of the group without b");
}

static void closing_counts(void)
{
	struct correlation r = rule(CORRELATION_EVENT_COUNT, OP_GT, 2);
	struct correlator *c;

	r.tests[r.tests_n++] = (struct correlation_test){ OP_LTE, 4 };
	correlation_settle(&r);
	c = begin(&r);
	put_n(c, "two", 0, S, 2);
	put_n(c, "four", 0, S, 4);
	put_n(c, "five", 0, S, 5);
	is_int(seen.n, 0, "a range is not judged before the window closes");
	correlator_tick(c, SPAN + 5 * 60 * S, hit, NULL);
	is_int(seen.n, 0, "nor while late events may come");
	correlator_tick(c, SPAN + 5 * 60 * S + 1, hit, NULL);
	is_int(seen.n, 1, "then once");
	is_str(seen.key, "four", "of the group in the range");
	put(c, "four", 5 * S, 0, NULL, 0);
	end(c);
	is_int(seen.n, 1, "what comes after the judgement is no new window");

	r = rule(CORRELATION_EVENT_COUNT, OP_EQ, 3);
	c = begin(&r);
	put_n(c, "a", 0, S, 3);
	put_n(c, "b", 0, S, 4);
	put_n(c, "c", 0, 40 * S, 4);
	end(c);
	is_int(seen.n, 1, "exactly three within a window");

	r = rule(CORRELATION_VALUE_COUNT, OP_LT, 3);
	c = begin(&r);
	put(c, "a", 0, 0, "x", 0);
	put(c, "a", 1, 0, "y", 0);
	put(c, "b", 0, 0, "x", 0);
	put(c, "b", 1, 0, "y", 0);
	put(c, "b", 2, 0, "z", 0);
	end(c);
	is_int(seen.n, 1, "fewer than three values");
	is_str(seen.key, "a", "of the right group");
}

static void numbers(void)
{
	struct correlation sum = rule(CORRELATION_VALUE_SUM, OP_GT, 100);
	struct correlation avg = rule(CORRELATION_VALUE_AVG, OP_GTE, 1000);
	struct correlation median = rule(CORRELATION_VALUE_MEDIAN, OP_GT, 10);
	struct correlation high = rule(CORRELATION_VALUE_PERCENTILE, OP_GTE, 500);
	struct correlation rare = rule(CORRELATION_VALUE_PERCENTILE, OP_LTE, 1);
	struct correlator *c = begin(&sum);

	put(c, "a", 0, 0, NULL, 60);
	put(c, "a", 61 * S, 0, NULL, 60.5);
	is_int(seen.n, 0, "the sum of what lies within the span");
	put(c, "a", 62 * S, 0, NULL, 40);
	is_int(seen.n, 1, "a sum above the limit, at once");
	ok(seen.value > 100.4 && seen.value < 100.6, "its value is %g", seen.value);
	end(c);

	c = begin(&avg);
	put(c, "slow", 0, 0, NULL, 2000);
	put(c, "slow", 1, 0, NULL, 500);
	put(c, "fast", 0, 0, NULL, 2000);
	put(c, "fast", 1, 0, NULL, 10);
	put(c, "fast", 2, 0, NULL, 10);
	is_int(seen.n, 0, "an average is judged when the window closes");
	end(c);
	is_int(seen.n, 1, "one average is high");
	is_str(seen.key, "slow", "the right one");

	c = begin(&median);
	for (int i = 0; i < 9; i++)
		put(c, "a", i, 0, NULL, i < 5 ? 10 : 1e9);
	for (int i = 0; i < 9; i++)
		put(c, "b", i, 0, NULL, i < 4 ? 0 : 11);
	end(c);
	is_int(seen.n, 1, "a median");
	is_str(seen.key, "b", "of the right group");

	high.percentile = 95;
	correlation_settle(&high);
	c = begin(&high);
	for (int i = 0; i < 1000; i++)
		put(c, "a", i, 0, NULL, i < 940 ? 1 : 600);
	for (int i = 0; i < 1000; i++)
		put(c, "b", i, 0, NULL, i < 960 ? 1 : 600);
	end(c);
	is_int(seen.n, 1, "a percentile");
	is_str(seen.key, "a", "of the right group");

	c = begin(&high);
	for (int i = 0; i < 100000; i++)
		put(c, "a", i, 0, NULL, (i * 7919) % 1000);
	end(c);
	ok(seen.value > 940 && seen.value < 960, "of many values: %g", seen.value);

	c = begin(&rare);
	for (int i = 0; i < 200; i++)
		put(c, "a", i, 0, i == 77 ? "rare" : "usual", 0);
	for (int i = 0; i < 20; i++)
		put(c, "b", i, 0, i == 7 ? "rare" : "usual", 0);
	end(c);
	is_int(seen.n, 1, "a value that is at most one in a hundred");
	is_str(seen.key, "a", "of the right group");
}

static void late(void)
{
	struct correlation r = rule(CORRELATION_EVENT_COUNT, OP_GTE, 10);
	struct correlation in = rule(CORRELATION_TEMPORAL_ORDERED, OP_GTE, 3);
	struct correlation v = rule(CORRELATION_VALUE_COUNT, OP_GTE, 3);
	struct correlator *c = begin(&r);

	for (int i = 9; i >= 0; i--)
		put(c, "a", i * S, 0, NULL, 0);
	is_int(seen.n, 1, "ten in reverse");
	end(c);

	c = begin(&r);
	put_n(c, "a", 0, S, 9);
	put_n(c, "a", 240 * S, 20 * S, 3);
	is_int(seen.n, 0, "not yet ten");
	put(c, "a", 20 * S, 0, NULL, 0);
	is_int(seen.n, 1, "a late one completes a window of minutes ago");
	is_int(seen.count, 10, "which held ten");
	end(c);

	c = begin(&in);
	put(c, "a", 1 * S, 0, NULL, 0);
	put(c, "a", 3 * S, 2, NULL, 0);
	put(c, "a", 2 * S, 1, NULL, 0);
	is_int(seen.n, 1, "the middle one comes last");
	end(c);

	c = begin(&v);
	put(c, "a", 0, 0, "x", 0);
	put(c, "a", 50 * S, 0, "y", 0);
	put(c, "a", 200 * S, 0, "w", 0);
	put(c, "a", 30 * S, 0, "z", 0);
	is_int(seen.n, 1, "a late third value");
	end(c);

	c = begin(&r);
	put_n(c, "a", 0, S, 5);
	put_n(c, "a", 100000 * S, 100 * S, 50);
	put_n(c, "a", 5 * S, S, 5);
	is_int(seen.n, 1, "a second file of the same hour, read afterwards");
	end(c);
}

static void memory(void)
{
	struct correlation quiet = rule(CORRELATION_EVENT_COUNT, OP_GTE, 3);
	struct correlation loud = rule(CORRELATION_EVENT_COUNT, OP_GTE, 3);
	const struct correlation *list[] = { &quiet, &loud };
	struct correlator *c = correlator_new(list, 2, 4 << 20, 0);
	struct correlator_counts n;
	size_t most = 0;
	char key[32];

	seen = (struct seen){ 0 };
	put(c, "victim", 0, 0, NULL, 0);
	put(c, "victim", S, 0, NULL, 0);
	for (int i = 0; i < 1000000; i++) {
		struct record_ref ref = { .seq = ++serial };
		struct correlator_event e = { .of = { .time = S + i, .serial = serial },
					      .proofs = &ref,
					      .proofs_n = 1 };

		e.key = bytes_of(key, (size_t)snprintf(key, sizeof(key), "10.%d.%d.%d", i >> 16,
						       i >> 8 & 255, i & 255));
		correlator_feed(c, 1, &e, hit, NULL);
		if (i % 1000 == 0) {
			correlator_counts(c, &n);
			most = n.bytes > most ? n.bytes : most;
		}
	}
	correlator_counts(c, &n);
	ok(most <= 4 << 20, "a million keys stay inside: at most %zu bytes", most);
	is_int(n.groups + n.evicted, 1000001, "all are accounted for");
	is_int(correlator_evicted(c, 0), 0, "the flood of one rule costs no other");
	put(c, "victim", 2 * S, 0, NULL, 0);
	is_int(seen.n, 1, "which still finds");
	correlator_tick(c, 100000 * S, hit, NULL);
	correlator_tick(c, 100000 * S, hit, NULL);
	end(c);
}

static void forgets(void)
{
	struct correlation r = rule(CORRELATION_EVENT_COUNT, OP_GTE, 3);
	struct correlator *c = begin(&r);
	struct correlator_counts n;

	put(c, "a", 0, 0, NULL, 0);
	put(c, "b", 400 * S, 0, NULL, 0);
	correlator_tick(c, 420 * S, hit, NULL);
	correlator_counts(c, &n);
	is_int(n.groups, 1, "what can matter no more is forgotten");
	is_int(n.evicted, 0, "and was not evicted");
	end(c);
}

static void references(void)
{
	struct correlation r = rule(CORRELATION_EVENT_COUNT, OP_GTE, 100);
	struct correlator *c = begin(&r);
	char id[16];

	for (unsigned i = 0; i < 300; i++) {
		struct record_ref ref = { .seq = SEQ_NONE, .file = BYTES("a.log"), .line = i + 1 };
		struct correlator_event e = { .of = { .time = i, .serial = ++serial },
					      .proofs = &ref,
					      .proofs_n = 1 };

		ref.id = bytes_of(id, (size_t)snprintf(id, sizeof(id), "event-%u", i));
		correlator_feed(c, 0, &e, hit, NULL);
	}
	is_int(seen.n, 1, "records of files");
	is_int(seen.proofs, FINDING_PROOFS, "the newest references are kept");
	end(c);
}

static void spans(void)
{
	usec v = 0;

	ok(correlation_span(BYTES("90m"), &v) && v == 5400 * S, "90m");
	ok(correlation_span(BYTES("1M"), &v) && v == 2629746 * S, "1M is a month");
	ok(correlation_span(BYTES("1y"), &v) && v == 31556952 * S, "1y");
	ok(!correlation_span(BYTES("10"), &v), "a number alone is no time");
	ok(!correlation_span(BYTES("0s"), &v), "nor is nothing");
	ok(!correlation_span(BYTES("m"), &v) && !correlation_span(BYTES("-1m"), &v), "nor this");
	ok(!correlation_span(BYTES("1000000y"), &v), "nor what is beyond time");
}

int main(void)
{
	counts();
	one_event_twice();
	large_counts();
	values();
	order();
	two_of_three();
	terms();
	closing_counts();
	numbers();
	late();
	memory();
	forgets();
	references();
	spans();
	return done_testing();
}
