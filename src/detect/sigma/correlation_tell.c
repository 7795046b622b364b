/* SPDX-License-Identifier: Apache-2.0 */
#include "detect/sigma/correlation_tell.h"
#include "detect/sigma/correlation_key.h"
#include "detect/sigma/correlation_rule.h"
#include "detect/sigma/report.h"
#include <stdio.h>
#include <stdlib.h>

#define LOST_EVERY (60 * USEC_PER_SEC)

void tell_done(struct tell *t)
{
	buf_done(&t->message);
	free(t->evicted_by);
}

/* "90m" as the rule has it would do; people see the largest unit that divides it. */
static void span_words(struct buf *to, usec span)
{
	static const struct {
		usec seconds;
		const char *unit;
	} units[] = { { 86400, "d" }, { 3600, "h" }, { 60, "m" }, { 1, "s" } };
	usec seconds = span / USEC_PER_SEC;

	for (size_t i = 0; i < sizeof(units) / sizeof(*units); i++) {
		if (seconds % units[i].seconds)
			continue;
		buf_printf(to, "%lld%s", (long long)(seconds / units[i].seconds), units[i].unit);
		return;
	}
}

static size_t group_of(const struct correlation_rule *c, struct bytes key,
		       struct finding_pair ret[static CORRELATION_FIELDS])
{
	size_t n = 0;

	for (size_t g = 0; g < c->group_n; g++)
		if (key_next(&key, &ret[n].value))
			ret[n++].name = c->group[g];
	return n;
}

static void message(struct tell *t, const struct rule *r, const struct correlator_hit *h,
		    const struct finding *f)
{
	const struct correlation_rule *c = r->extra;
	const char *what = c->is.type == CORRELATION_VALUE_COUNT ? "values" : "events";

	buf_clear(&t->message);
	buf_bytes(&t->message, r->info.title);
	buf_printf(&t->message, ": %llu %s", (unsigned long long)h->count, what);
	if (h->time - h->since <= c->is.span) {
		buf_str(&t->message, " within ");
		span_words(&t->message, c->is.span);
	}
	for (size_t i = 0; i < f->entity_n; i++) {
		buf_str(&t->message, i ? ", " : " (");
		buf_bytes(&t->message, f->entity[i].name);
		buf_str(&t->message, " ");
		buf_bytes(&t->message, f->entity[i].value);
	}
	if (f->entity_n)
		buf_u8(&t->message, ')');
}

static bool has_value(const struct correlation_rule *c)
{
	return c->is.type >= CORRELATION_VALUE_SUM;
}

void tell_hit(struct tell *t, const struct rule *r, const struct correlator_hit *h,
	      const struct look *l, finding_fn *fn, void *ctx)
{
	const struct correlation_rule *c = r->extra;
	struct finding_pair entity[CORRELATION_FIELDS], details[REPORT_DETAILS + 1];
	const struct item *i = l ? l->subject->item : NULL;
	char value[40];
	struct finding f = {
		.time = h->time,
		.since = h->since,
		.rule_id = r->info.id.len ? r->info.id : r->info.title,
		.rule_name = r->info.title,
		.level = r->info.level,
		.tags = r->info.tags,
		.tags_n = r->info.tags_n,
		.entity = entity,
		.details = details,
		.count = h->count,
		.proofs = h->proofs,
		.proofs_n = h->proofs_n,
		.correlated = true,
	};

	f.entity_n = group_of(c, h->key, entity);
	if (l)
		f.details_n = report_details(l, details);
	if (has_value(c)) {
		snprintf(value, sizeof(value), "%.10g", h->value);
		details[f.details_n++] =
			(struct finding_pair){ BYTES("vedette.value"), bytes_str(value) };
	}
	if (i && i->source) {
		f.source_host = i->source->host;
		f.source_name = i->source->name;
	}
	message(t, r, h, &f);
	f.message = buf_view(&t->message);
	fn(ctx, &f);
}

bool tell_is_due(const struct tell *t, usec now)
{
	return !t->evicted_told || now - t->lost_told >= LOST_EVERY ||
	       now < t->lost_told - LOST_EVERY;
}

void tell_lost(struct tell *t, const struct ruleset *s, const struct correlator *c, usec now,
	       finding_fn *fn, void *ctx)
{
	const struct correlation_links *links = s->correlations;
	struct finding_pair entity = { BYTES("rule.name"), BYTES("") };
	struct correlator_counts n;
	uint64_t most = 0;
	struct finding f = {
		.time = now == INT64_MAX ? t->lost_told : now,
		.rule_id = BYTES("vedette.detect.evicted"),
		.rule_name = BYTES("Correlation groups forgotten for want of memory"),
		.level = LEVEL_MEDIUM,
		.entity = &entity,
		.entity_n = 1,
	};

	if (!t->evicted_by)
		t->evicted_by = mem_new(links->n, sizeof(*t->evicted_by));
	for (size_t i = 0; i < links->n; i++) {
		uint64_t lost = correlator_evicted(c, i) - t->evicted_by[i];

		if (lost > most) {
			most = lost;
			entity.value = s->rules[links->rules[i]].info.title;
		}
		t->evicted_by[i] += lost;
	}
	correlator_counts(c, &n);
	f.since = f.time;
	f.count = n.evicted - t->evicted_told;
	buf_clear(&t->message);
	buf_printf(&t->message,
		   "%llu groups of correlations were forgotten because there are more than memory "
		   "holds (%zu bytes); most of them of \"",
		   (unsigned long long)f.count, n.bytes);
	buf_bytes(&t->message, entity.value);
	buf_str(&t->message, "\": a flood of keys, or too little memory for correlations");
	f.message = buf_view(&t->message);
	t->evicted_told = n.evicted;
	t->lost_told = f.time;
	fn(ctx, &f);
}
