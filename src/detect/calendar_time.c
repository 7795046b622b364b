/* SPDX-License-Identifier: Apache-2.0 */
/* Time zones, repeat rules (RFC 5545 section 3.3.10) and the occurrences of a window. */
#include "base/zone.h"
#include "detect/calendar_in.h"
#include <stdlib.h>

#define ZONES_MAX 64u
#define STEPS_MAX 100000u /* occurrences stepped over to come to the days asked about */
#define SPANS_MAX 4096u
#define EXPAND_DAYS 8

struct zones {
	size_t n;
	struct {
		struct bytes name;
		icaltimezone *zone;
	} at[ZONES_MAX];
};

struct zones *zones_free(struct zones *z)
{
	for (size_t i = 0; z && i < z->n; i++)
		icaltimezone_free(z->at[i].zone, 1);
	free(z);
	return NULL;
}

usec time_of(const struct window *w, struct icaltimetype t)
{
	icaltimezone *zone = w->zone ? w->zone : icaltimezone_get_utc_timezone();

	t.is_date = 0;
	t.zone = NULL;
	return (usec)icaltime_as_timet_with_zone(t, zone) * USEC_PER_SEC;
}

/* The clock of the window's zone at a moment. */
static struct icaltimetype clock_of(const struct window *w, usec at)
{
	icaltimezone *zone = w->zone ? w->zone : icaltimezone_get_utc_timezone();
	struct icaltimetype t = icaltime_from_timet_with_zone(at / USEC_PER_SEC, 0, zone);

	t.zone = NULL;
	return t;
}

struct icaltimetype time_make(const struct civil *c)
{
	return (struct icaltimetype){ .year = c->year,
				      .month = c->month,
				      .day = c->day,
				      .hour = c->hour,
				      .minute = c->minute,
				      .second = c->second };
}

bool zone_find(struct calendar *c, struct bytes name, icaltimezone **ret)
{
	const struct zone *named;

	for (size_t i = 0; c->zones && i < c->zones->n; i++) {
		if (!bytes_eq(c->zones->at[i].name, name))
			continue;
		*ret = c->zones->at[i].zone;
		return true;
	}
	if (!zone_named(name, &named))
		return false;
	*ret = (icaltimezone *)(uintptr_t)named;
	return true;
}

static struct bytes tzid_of(struct calendar *c, icaltimezone *zone)
{
	const char *id = icaltimezone_get_tzid(zone);

	return id ? arena_copy(&c->texts, bytes_str(id)) : BYTES("");
}

bool zone_define(struct calendar *c, struct bytes vtimezone)
{
	struct buf text = { 0 };
	icalcomponent *part;
	icaltimezone *zone;
	struct bytes name;

	if (!c->zones)
		c->zones = mem_new(1, sizeof(*c->zones));
	if (c->zones->n == ZONES_MAX)
		return false;
	buf_bytes(&text, vtimezone);
	part = icalparser_parse_string(buf_cstr(&text));
	buf_done(&text);
	if (!part)
		return false;
	zone = icaltimezone_new();
	if (icalcomponent_isa(part) != ICAL_VTIMEZONE_COMPONENT ||
	    !icaltimezone_set_component(zone, part)) {
		icalcomponent_free(part);
		icaltimezone_free(zone, 1);
		return false;
	}
	name = tzid_of(c, zone);
	if (!name.len) {
		icaltimezone_free(zone, 1);
		return false;
	}
	c->zones->at[c->zones->n].name = name;
	c->zones->at[c->zones->n++].zone = zone;
	return true;
}

bool times_add(struct calendar *c, struct times *t, struct icaltimetype at)
{
	if (t->n == WINDOW_WORDS)
		return false;
	if (!t->n)
		t->at = arena_take(&c->texts, WINDOW_WORDS * sizeof(*t->at));
	t->at[t->n++] = at;
	return true;
}

bool rule_parse(struct window *w, struct bytes rrule, struct why *why)
{
	struct buf text = { 0 };

	icalerror_set_errors_are_fatal(false);
	if (!rrule.len || rrule.len > 512 || memchr(rrule.at, 0, rrule.len)) {
		why_set(why, -EINVAL, "this is no repeat rule of RFC 5545");
		return false;
	}
	buf_bytes(&text, rrule);
	w->rule = icalrecurrencetype_from_string(buf_cstr(&text));
	buf_done(&text);
	if (w->rule.freq == ICAL_NO_RECURRENCE || w->rule.rscale) {
		free(w->rule.rscale);
		w->rule.rscale = NULL;
		why_set(why, -EINVAL,
			"this is no repeat rule of RFC 5545 (FREQ=DAILY, "
			"FREQ=WEEKLY;BYDAY=SA,SU, …)");
		return false;
	}
	if (w->rule.freq == ICAL_SECONDLY_RECURRENCE || w->rule.freq == ICAL_MINUTELY_RECURRENCE ||
	    w->rule.by_second[0] != ICAL_RECURRENCE_ARRAY_MAX) {
		why_set(why, -EINVAL, "a window repeats once an hour at most");
		return false;
	}
	w->repeats = true;
	return true;
}

/* UNTIL is in UTC where the start is not, and a date means that whole day; libical compares plain
 * clock readings. */
static void until_local(struct window *w)
{
	struct icaltimetype *u = &w->rule.until;

	if (icaltime_is_null_time(*u))
		return;
	if (u->is_date) {
		u->is_date = 0;
		u->hour = 23;
		u->minute = u->second = 59;
	} else if (u->zone) {
		struct icaltimetype t = *u;

		t.zone = NULL;
		*u = clock_of(w, (usec)icaltime_as_timet(t) * USEC_PER_SEC);
	}
	u->zone = NULL;
}

bool calendar_time_parse(struct bytes text, struct icaltimetype *ret, bool *ret_utc)
{
	struct civil c;
	usec at;

	if (text.len < 16 || text.len > 40 || !clock_parse(text, 0, &at) || at < 0 ||
	    at > (usec)7258118400 * USEC_PER_SEC)
		return false;
	/* An offset at the end, or a clock reading that clock_parse() took for UTC? */
	*ret_utc = text.at[text.len - 1] == 'Z' || text.at[text.len - 1] == 'z' ||
		   bytes_chr(bytes_from(text, 11), '+') != BYTES_NONE ||
		   bytes_chr(bytes_from(text, 11), '-') != BYTES_NONE;
	civil_of(at, &c);
	*ret = time_make(&c);
	return true;
}

bool window_good(struct window *w, struct why *why)
{
	struct civil c = { w->start.year,
			   w->start.month,
			   w->start.day,
			   w->start.hour,
			   w->start.minute,
			   w->start.second,
			   0 };

	if (!civil_valid(&c) || c.year < 1970 || c.year > 2199) {
		why_set(why, -EINVAL, "the beginning is no time between 1970 and 2199");
		return false;
	}
	if (w->length <= 0 || w->length > WINDOW_LONGEST) {
		why_set(why, -EINVAL,
			w->length <= 0 ? "the window ends before it begins"
				       : "a window is 31 days long at most");
		return false;
	}
	if (w->repeats) {
		icalrecur_iterator *it;

		until_local(w);
		it = icalrecur_iterator_new(w->rule, w->start);
		if (!it) {
			why_set(why, -EINVAL, "this repeat rule never comes true");
			return false;
		}
		icalrecur_iterator_free(it);
	}
	window_expand(w, time_of(w, w->start));
	if (w->spans_n == SPANS_MAX) {
		why_set(why, -EINVAL, "the window repeats too often: %u times within %d days",
			SPANS_MAX, EXPAND_DAYS + 1);
		return false;
	}
	return true;
}

static void occurrence(struct window *w, struct icaltimetype t)
{
	struct span s;

	for (size_t i = 0; i < w->except.n; i++) {
		struct icaltimetype e = w->except.at[i];

		if (e.year == t.year && e.month == t.month && e.day == t.day &&
		    (e.is_date || (e.hour == t.hour && e.minute == t.minute)))
			return;
	}
	s.from = time_of(w, t);
	s.to = s.from + w->length;
	if (s.to <= w->lo || s.from >= w->hi || w->spans_n == SPANS_MAX)
		return;
	if (w->spans_n == w->spans_cap) {
		w->spans_cap = w->spans_cap ? w->spans_cap * 2 : 4;
		w->spans = mem_must(realloc(w->spans, w->spans_cap * sizeof(*w->spans)));
	}
	w->spans[w->spans_n++] = s;
}

static void repetitions(struct window *w)
{
	icalrecur_iterator *it = icalrecur_iterator_new(w->rule, w->start);
	struct icaltimetype t = clock_of(w, w->hi + USEC_PER_DAY), end = t;

	if (!it)
		return;
	t = clock_of(w, w->lo - w->length - USEC_PER_DAY);
	/* a rule that is counted must be stepped through from its start */
	if (!w->rule.count && icaltime_compare(t, w->start) > 0)
		icalrecur_iterator_set_start(it, t);
	for (unsigned steps = 0; steps < STEPS_MAX; steps++) {
		t = icalrecur_iterator_next(it);
		if (icaltime_is_null_time(t) || icaltime_compare(t, end) > 0)
			break;
		occurrence(w, t);
	}
	icalrecur_iterator_free(it);
}

void window_expand(struct window *w, usec at)
{
	usec day;

	if (at >= w->lo && at < w->hi)
		return;
	day = at - at % USEC_PER_DAY;
	w->lo = day - USEC_PER_DAY;
	w->hi = day + EXPAND_DAYS * USEC_PER_DAY;
	w->spans_n = 0;
	if (w->repeats)
		repetitions(w);
	else
		occurrence(w, w->start);
	for (size_t i = 0; i < w->extra.n; i++)
		occurrence(w, w->extra.at[i]);
}
