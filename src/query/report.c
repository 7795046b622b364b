/* SPDX-License-Identifier: Apache-2.0 */
#include "query/report.h"

static int scan_unit(struct report_scan *r, struct search *s, size_t unit)
{
	uint64_t *hits;
	int x = search_open(s, unit);

	if (!x)
		x = search_hits(s, &hits);
	if (!x)
		x = search_each(s, hits, r->fn, r->ctx);
	return x;
}

int report_scan(struct report_scan *r, struct query_result *ret, struct why *why)
{
	struct search s;
	int x = 0;

	search_init(&s, r->q, r->v);
	s.own = r->own;
	s.since = r->since;
	s.until = r->until;
	r->s = &s;
	for (size_t u = 0; u < view_units(r->v) && x <= 0; u++) {
		const struct unit *unit = view_unit(r->v, u);

		x = scan_unit(r, &s, u);
		if (x == SEARCH_OUTSIDE)
			x = 0;
		if (x < 0 && !ret->damaged++)
			why_set(why, -EBADMSG, "records %llu to %llu cannot be read: %s",
				(unsigned long long)unit->first,
				(unsigned long long)(unit->first + unit->count - 1),
				s.why.line[0]	? s.why.line
				: x == -EBADMSG ? "the block is damaged; vedette verify tells more"
						: strerror(-x));
		search_close(&s);
	}
	ret->units = view_units(r->v);
	ret->undecided += s.undecided;
	search_done(&s);
	r->s = NULL;
	return x > 0 ? x : 0;
}

int report_finish(const struct report_options *o, struct buf *text, const struct query_result *ret,
		  struct why *why)
{
	int r = 0;

	if (text->len && fwrite(text->at, 1, text->len, o->out) != text->len)
		r = errno ? -errno : -EIO;
	if (!r && fflush(o->out) != 0)
		r = errno ? -errno : -EIO;
	if (r < 0)
		return why_set(why, r, "cannot write the report: %s", strerror(-r));
	return ret->damaged ? -EBADMSG : 0;
}

void report_time(struct buf *to, usec at)
{
	struct civil c;

	civil_of(at, &c);
	buf_printf(to, "%04d-%02d-%02dT%02d:%02d:%02dZ", c.year, c.month, c.day, c.hour, c.minute,
		   c.second);
}
