/* SPDX-License-Identifier: Apache-2.0 */
/* silence_kit.h — what tests of silence share: records made up, findings kept, random gaps that
 * are the same on every run. */
#pragma once
#include "detect/compose.h"
#include "detect/silence.h"
#include "tap.h"
#include <math.h>
#include <stdlib.h>

#define SECOND USEC_PER_SEC
#define MINUTE (60 * SECOND)
#define HOUR (60 * MINUTE)
#define DAY USEC_PER_DAY
/* A Monday, midnight UTC. */
#define MONDAY ((usec)1767571200 * SECOND)

struct kept {
	char rule[64], message[400], expected[32], window[64], ends[400];
	usec time;
	enum level level;
	double expected_s;
	uint64_t estimated, seq; /* seq: of the record that proves it; SEQ_NONE: none */
};

struct keeper {
	struct kept at[256];
	size_t n;
	size_t quiet; /* findings that say "silent", of any cause */
};

static inline void keep_text(char *to, size_t size, struct bytes b)
{
	size_t n = b.len < size - 1 ? b.len : size - 1;

	memcpy(to, b.at ? b.at : (const uint8_t *)"", n);
	to[n] = 0;
}

static inline void keep(void *ctx, const struct finding *f)
{
	struct keeper *k = ctx;
	struct kept *t = &k->at[k->n < 255 ? k->n++ : 255];

	memset(t, 0, sizeof(*t));
	keep_text(t->rule, sizeof(t->rule), f->rule_id);
	keep_text(t->message, sizeof(t->message), f->message);
	keep_text(t->ends, sizeof(t->ends), f->ends);
	t->time = f->time;
	t->level = f->level;
	t->seq = f->proofs_n ? f->proofs[f->proofs_n - 1].seq : SEQ_NONE;
	for (size_t i = 0; i < f->details_n; i++) {
		uint64_t v = 0;

		if (bytes_eq(f->details[i].name, BYTES("vedette.expected_gap")))
			keep_text(t->expected, sizeof(t->expected), f->details[i].value);
		if (bytes_eq(f->details[i].name, BYTES("vedette.window")))
			keep_text(t->window, sizeof(t->window), f->details[i].value);
		if (bytes_eq(f->details[i].name, BYTES("vedette.expected_gap_seconds")) &&
		    bytes_u64(f->details[i].value, &v))
			t->expected_s = (double)v;
		if (bytes_eq(f->details[i].name, BYTES("vedette.estimated_records")))
			bytes_u64(f->details[i].value, &t->estimated);
	}
	k->quiet += strcmp(t->rule, "vedette.silence.back") != 0 &&
		    strcmp(t->rule, "vedette.silence.gone") != 0;
}

static inline size_t kept_of(const struct keeper *k, const char *rule)
{
	size_t n = 0;

	for (size_t i = 0; i < k->n; i++)
		n += !strcmp(k->at[i].rule, rule);
	return n;
}

static inline const struct kept *kept_first(const struct keeper *k, const char *rule)
{
	static const struct kept none;

	for (size_t i = 0; i < k->n; i++)
		if (!strcmp(k->at[i].rule, rule))
			return &k->at[i];
	return &none;
}

static inline void show(const struct keeper *k)
{
	char when[CLOCK_TEXT];

	for (size_t i = 0; i < k->n && i < 40; i++) {
		clock_text(k->at[i].time, when);
		printf("# %s %s [%s] %s\n", when, k->at[i].rule, level_name(k->at[i].level),
		       k->at[i].message);
	}
}

static inline struct source file_source(uint32_t id, const char *host, const char *name)
{
	return (struct source){
		.id = id, .kind = SOURCE_FILE, .host = bytes_str(host), .name = bytes_str(name)
	};
}

/* One record of a source, with a level and an action where they are given. */
static inline void say_line(struct silence *s, const struct source *src, usec at, const char *level,
			    const char *action, struct keeper *k)
{
	static struct event e;
	struct record r = { .arrival = at, .source = src->id, .raw = BYTES("a line") };
	struct item i = {
		.record = &r, .source = src, .event = &e, .time = at, .ref = { .seq = 1 }
	};

	event_reset(&e);
	e.time = at;
	if (level)
		event_set(&e, FIELD_LOG_LEVEL, bytes_str(level));
	if (action)
		event_set(&e, FIELD_EVENT_ACTION, bytes_str(action));
	silence_record(s, &i, keep, k);
}

static inline void say_note(struct silence *s, usec at, const char *json, struct keeper *k)
{
	static const struct source self = { .kind = SOURCE_SELF };
	static struct event e;
	struct record r = { .arrival = at, .raw = bytes_str(json) };
	struct item i = {
		.record = &r, .source = &self, .event = &e, .time = at, .ref = { .seq = 2 }
	};

	event_reset(&e);
	silence_record(s, &i, keep, k);
}

/* xorshift64*, and what is drawn with it */
static inline double rnd(uint64_t *seed)
{
	*seed ^= *seed >> 12;
	*seed ^= *seed << 25;
	*seed ^= *seed >> 27;
	return (double)((*seed * 2685821657736338717ull) >> 11) / 9007199254740992.0;
}

static inline double rnd_exp(uint64_t *seed)
{
	return -log(1 - rnd(seed));
}

static inline double rnd_pareto(uint64_t *seed, double alpha)
{
	return pow(1 - rnd(seed), -1 / alpha);
}
