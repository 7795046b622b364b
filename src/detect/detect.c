/* SPDX-License-Identifier: Apache-2.0 */
#include "detect/detect.h"
#include "base/cursor.h"
#include "detect/calendar.h"
#include "detect/lifecycle.h"
#include "detect/logins.h"
#include "detect/sigma/matcher.h"
#include "detect/silence.h"
#include "detect/tamper.h"
#include "detect/when.h"
#include <stdlib.h>

#define TICK USEC_PER_SEC

struct detector {
	struct detector_options options;
	struct when *when;
	struct ruleset *rules;
	struct matcher *matcher;
	struct calendar *calendar;
	usec newest; /* by_time: when was ticked last */
	struct silence *silence;
	struct lifecycle *lifecycle;
	struct logins *logins;
	struct tamper *tamper;
};

/* What has learned something, by the name it is saved under. */
struct model {
	const char *name;
	void (*save)(const struct detector *d, struct buf *to);
	bool (*load)(struct detector *d, struct bytes b);
};

int detector_new(struct detector **ret, const struct detector_options *o)
{
	struct detector *d = mem_new(1, sizeof(*d));
	struct silence_options so = o->silence;
	struct lifecycle_options lo = { 0 };
	struct logins_options go = { 0 };
	int r;

	so.by_time = o->by_time;
	d->options = *o;
	d->when = when_new();
	r = silence_new(&d->silence, &so);
	if (r == 0)
		r = lifecycle_new(&d->lifecycle, &lo);
	if (r == 0)
		r = logins_new(&d->logins, &go);
	if (r == 0)
		r = tamper_new(&d->tamper);
	if (r < 0) {
		detector_free(d);
		return r;
	}
	*ret = d;
	return 0;
}

struct detector *detector_free(struct detector *d)
{
	if (!d)
		return NULL;
	silence_free(d->silence);
	lifecycle_free(d->lifecycle);
	logins_free(d->logins);
	tamper_free(d->tamper);
	matcher_free(d->matcher);
	ruleset_free(d->rules);
	calendar_free(d->calendar);
	when_free(d->when);
	free(d);
	return NULL;
}

int detector_rules(struct detector *d, struct ruleset *fresh)
{
	const struct matcher_options o = { .state_bytes = d->options.memory,
					   .late = d->options.late };
	struct matcher *m = NULL;
	int r = fresh ? matcher_new(&m, fresh, &o) : 0;

	if (r < 0) {
		ruleset_free(fresh);
		return r;
	}
	if (m && d->matcher)
		matcher_take_over(m, d->matcher);
	matcher_free(d->matcher);
	ruleset_free(d->rules);
	d->matcher = m;
	d->rules = fresh;
	return 0;
}

void detector_calendar(struct detector *d, struct calendar *fresh)
{
	silence_calendar(d->silence, fresh);
	lifecycle_calendar(d->lifecycle, fresh);
	logins_calendar(d->logins, fresh);
	calendar_free(d->calendar);
	d->calendar = fresh;
}

usec detector_window(const struct detector *d)
{
	return d->rules ? ruleset_window(d->rules) : 0;
}

const struct ruleset *detector_ruleset(const struct detector *d)
{
	return d->rules;
}

const struct matcher *detector_matcher(const struct detector *d)
{
	return d->matcher;
}

/* Vedette's own notes are no matter for rules: what an alert quotes must not raise another. */
static bool is_own(const struct item *i)
{
	return i->source && i->source->kind == SOURCE_SELF;
}

static void tick_models(struct detector *d, usec now, finding_fn *fn, void *ctx)
{
	silence_tick(d->silence, now, fn, ctx);
	lifecycle_tick(d->lifecycle, now, fn, ctx);
	logins_tick(d->logins, now, fn, ctx);
	tamper_tick(d->tamper, now, fn, ctx);
}

/* Where there is no clock but that of the records, it is they who tick. */
static void pass(struct detector *d, usec now, finding_fn *fn, void *ctx)
{
	if (now < d->newest + TICK)
		return;
	d->newest = now;
	tick_models(d, now, fn, ctx);
}

void detector_subject(struct detector *d, const struct subject *s, unsigned what, finding_fn *fn,
		      void *ctx)
{
	const struct item *i = s->item;

	if ((what & DETECT_RULES) && d->matcher && !is_own(i))
		matcher_feed(d->matcher, s, fn, ctx);
	if (!(what & DETECT_MODELS) || s->values)
		return;
	if (d->options.by_time)
		pass(d, i->time, fn, ctx);
	silence_record(d->silence, i, fn, ctx);
	lifecycle_record(d->lifecycle, i, fn, ctx);
	logins_record(d->logins, i, fn, ctx);
	tamper_record(d->tamper, i, fn, ctx);
}

void detector_record(struct detector *d, const struct record *r, const struct source *s,
		     const struct event *e, unsigned what, finding_fn *fn, void *ctx)
{
	const struct item i = { .record = r,
				.source = s,
				.event = e,
				.time = when_of(d->when, s, r->arrival, e->time),
				.ref = { .seq = r->seq } };
	const struct subject subject = { .item = &i };

	detector_subject(d, &subject, what, fn, ctx);
}

void detector_tick(struct detector *d, usec now, finding_fn *fn, void *ctx)
{
	if (d->matcher)
		matcher_tick(d->matcher, now, fn, ctx);
	tick_models(d, now, fn, ctx);
}

void detector_end(struct detector *d, finding_fn *fn, void *ctx)
{
	if (d->matcher)
		matcher_tick(d->matcher, INT64_MAX, fn, ctx);
	if (d->newest) /* a stop that waits for its start; the end of a file is no silence */
		lifecycle_tick(d->lifecycle, d->newest + 3600 * USEC_PER_SEC, fn, ctx);
}

/* ---- what was learned:  { u8 length, name, u32le length, state }… ---- */

static void save_silence(const struct detector *d, struct buf *to)
{
	silence_save(d->silence, to);
}

static bool load_silence(struct detector *d, struct bytes b)
{
	return silence_load(d->silence, b);
}

static void save_lifecycle(const struct detector *d, struct buf *to)
{
	lifecycle_save(d->lifecycle, to);
}

static bool load_lifecycle(struct detector *d, struct bytes b)
{
	return lifecycle_load(d->lifecycle, b);
}

static void save_logins(const struct detector *d, struct buf *to)
{
	logins_save(d->logins, to);
}

static bool load_logins(struct detector *d, struct bytes b)
{
	return logins_load(d->logins, b);
}

static void save_tamper(const struct detector *d, struct buf *to)
{
	tamper_save(d->tamper, to);
}

static bool load_tamper(struct detector *d, struct bytes b)
{
	return tamper_load(d->tamper, b);
}

static const struct model models[] = {
	{ "tamper", save_tamper, load_tamper },
	{ "silence", save_silence, load_silence },
	{ "logins", save_logins, load_logins },
	{ "lifecycle", save_lifecycle, load_lifecycle },
};
#define MODELS (sizeof(models) / sizeof(*models))

void detector_save(const struct detector *d, struct buf *to)
{
	struct buf b = { 0 };

	for (size_t i = 0; i < MODELS; i++) {
		buf_clear(&b);
		models[i].save(d, &b);
		buf_u8(to, (uint8_t)strlen(models[i].name));
		buf_str(to, models[i].name);
		buf_u32le(to, (uint32_t)b.len);
		buf_bytes(to, buf_view(&b));
	}
	buf_done(&b);
}

bool detector_load(struct detector *d, struct bytes b)
{
	struct cursor c = cursor_of(b);
	bool good = true;

	while (cur_left(&c) && !c.bad) {
		struct bytes name = cur_take(&c, cur_u8(&c));
		struct bytes state = cur_take(&c, cur_u32le(&c));

		for (size_t i = 0; !c.bad && i < MODELS; i++)
			if (bytes_eq(name, bytes_str(models[i].name)))
				good &= models[i].load(d, state);
	}
	return good && !c.bad;
}
