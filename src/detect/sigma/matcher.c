/* SPDX-License-Identifier: Apache-2.0 */
#include "detect/sigma/matcher.h"
#include "detect/sigma/correlate.h"
#include "detect/sigma/logtable.h"
#include "detect/sigma/prefilter.h"
#include "detect/sigma/report.h"
#include <stdlib.h>

struct matcher {
	const struct ruleset *set;
	struct look look;
	struct scan *scan;
	struct classifier *classifier; /* NULL: flat events */
	struct correlate *correlate;
	struct report report;
	struct matcher_counts counts;
	uint64_t *matches, *limited; /* by rule */
};

int matcher_new(struct matcher **ret, const struct ruleset *s, const struct matcher_options *o)
{
	struct matcher *m = mem_new(1, sizeof(*m));
	int r;

	m->set = s;
	look_init(&m->look, s);
	m->matches = mem_new(s->n + 1, sizeof(*m->matches));
	m->limited = mem_new(s->n + 1, sizeof(*m->limited));
	if (!s->options.flat)
		m->classifier = classifier_new(s->table);
	r = scan_new(&m->scan, s);
	if (r == 0)
		r = correlate_new(&m->correlate, s, o);
	if (r < 0) {
		matcher_free(m);
		return r;
	}
	*ret = m;
	return 0;
}

struct matcher *matcher_free(struct matcher *m)
{
	if (!m)
		return NULL;
	correlate_free(m->correlate);
	scan_free(m->scan);
	classifier_free(m->classifier);
	report_done(&m->report);
	look_done(&m->look);
	free(m->matches);
	free(m->limited);
	free(m);
	return NULL;
}

void matcher_take_over(struct matcher *m, struct matcher *old)
{
	m->look.epoch = old->look.epoch; /* groups know events by it */
	correlate_take_over(m->correlate, old->correlate);
}

static void found(struct matcher *m, uint32_t i, finding_fn *fn, void *ctx)
{
	m->matches[i]++;
	m->counts.matches++;
	if (!m->set->rules[i].info.quiet) {
		m->counts.findings++;
		report_rule(&m->report, &m->set->rules[i], &m->look, fn, ctx);
	}
	correlate_matched(m->correlate, i, &m->look, fn, ctx);
}

void matcher_feed(struct matcher *m, const struct subject *e, finding_fn *fn, void *ctx)
{
	const struct mask *sources =
		m->classifier && !e->values ? classifier_of(m->classifier, e->item) : NULL;
	const uint32_t *may;
	size_t n;

	m->counts.events++;
	may = scan_event(m->scan, e, sources, &n);
	if (!n)
		return;
	m->counts.candidates += n;
	look_begin(&m->look, e);
	for (size_t k = 0; k < n; k++) {
		bool yes;

		m->look.gave_up = false;
		yes = look_expr(&m->look, m->set->rules[may[k]].expr);
		m->counts.evaluated++;
		if (m->look.gave_up) {
			m->limited[may[k]]++;
			m->counts.limited++;
		}
		if (yes)
			found(m, may[k], fn, ctx);
	}
}

void matcher_tick(struct matcher *m, usec now, finding_fn *fn, void *ctx)
{
	correlate_tick(m->correlate, now, fn, ctx);
}

void matcher_counts(const struct matcher *m, struct matcher_counts *ret)
{
	*ret = m->counts;
	correlate_counts(m->correlate, ret);
}

void matcher_rule_counts(const struct matcher *m, size_t i, uint64_t *ret_matches,
			 uint64_t *ret_limited)
{
	*ret_matches = m->matches[i] + correlate_found(m->correlate, i);
	*ret_limited = m->limited[i];
}
