/* SPDX-License-Identifier: Apache-2.0 */
/* iCalendar files (RFC 5545): lines are unfolded and read here, so that an error has its line;
 * libical knows time zones and repeat rules. An event is a change window only if it says so
 * (doc/calendar.md): by X-VEDETTE-HOSTS, -SERVICES, -WHAT or -WHO, or by CATEGORIES such as
 * "maintenance", "change", "host:cmp-*", "service:nova-*", "what:reboot", "who:alice". */
#include "detect/calendar_in.h"
#include <stdlib.h>

#define LINE_MAX_BYTES 8192u

struct stamp { /* a date or time as a property gives it */
	struct icaltimetype t;
	icaltimezone *zone;
	bool utc, local; /* local: a clock reading of `zone`, or of no zone at all */
	bool set;
};

struct override { /* RECURRENCE-ID: one occurrence that is told apart by an event of its own */
	struct bytes uid;
	struct stamp at;
};

struct reading {
	struct calendar *c;
	const char *name;
	struct why *why;
	struct bytes text;
	unsigned line; /* of the property in `prop` */
	unsigned next; /* of what is left in `text` */
	struct buf prop;
	struct override *overrides;
	size_t overrides_n;
	struct bytes *uids; /* of the windows, by index from `first` on */
	size_t first;
};

struct vevent {
	struct window w;
	struct stamp start, end, recurrence;
	struct bytes uid;
	usec duration;
	bool change, cancelled, whole_day;
	unsigned line;
	struct words location;
	struct stamp except[WINDOW_WORDS], extra[WINDOW_WORDS];
	size_t except_n, extra_n;
};

__attribute__((format(printf, 2, 3))) static int bad(struct reading *r, const char *fmt, ...)
{
	char text[256];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	return why_set(r->why, -EINVAL, "%s:%u: %s", r->name, r->line, text);
}

/* The next line with what is folded onto it; false at the end. */
static bool next_line(struct reading *r)
{
	buf_clear(&r->prop);
	r->line = r->next;
	while (r->text.len) {
		size_t n = bytes_chr(r->text, '\n');
		struct bytes l = bytes_sub(r->text, 0, n);

		if (r->prop.len && !(l.len && (l.at[0] == ' ' || l.at[0] == '\t')))
			break;
		if (l.len && l.at[l.len - 1] == '\r')
			l.len--;
		if (r->prop.len < LINE_MAX_BYTES)
			buf_bytes(&r->prop, bytes_from(l, r->prop.len != 0));
		r->text = n == BYTES_NONE ? (struct bytes){ NULL, 0 } : bytes_from(r->text, n + 1);
		r->next++;
		if (!r->prop.len)
			r->line = r->next;
	}
	return r->prop.len != 0;
}

/* NAME;PARAMETERS:VALUE; a colon within quotes does not count. */
static bool split(struct bytes b, struct bytes *name, struct bytes *params, struct bytes *value)
{
	bool quoted = false;
	size_t end = 0, head;

	for (; end < b.len && (quoted || b.at[end] != ':'); end++)
		if (b.at[end] == '"')
			quoted = !quoted;
	if (end == b.len)
		return false;
	head = bytes_chr(bytes_sub(b, 0, end), ';');
	*name = bytes_sub(b, 0, head == BYTES_NONE ? end : head);
	*params = head == BYTES_NONE ? BYTES("") : bytes_sub(b, head + 1, end - head - 1);
	*value = bytes_from(b, end + 1);
	return true;
}

static struct bytes param(struct bytes params, struct bytes key)
{
	while (params.len) {
		size_t n = bytes_chr(params, ';');
		struct bytes one = bytes_sub(params, 0, n);
		size_t eq = bytes_chr(one, '=');

		if (eq != BYTES_NONE && bytes_ieq(bytes_sub(one, 0, eq), key)) {
			one = bytes_from(one, eq + 1);
			if (one.len >= 2 && one.at[0] == '"')
				one = bytes_sub(one, 1, one.len - 2);
			return one;
		}
		params = n == BYTES_NONE ? BYTES("") : bytes_from(params, n + 1);
	}
	return BYTES("");
}

/* "20261201", "20261201T200000", "20261201T200000Z" */
static bool stamp_parse(struct reading *r, struct bytes params, struct bytes v, struct stamp *ret)
{
	struct bytes tzid = param(params, BYTES("TZID"));
	uint64_t day, time = 0;
	struct civil c;

	*ret = (struct stamp){ .set = true };
	if ((v.len != 8 && v.len != 15 && v.len != 16) || !bytes_u64(bytes_sub(v, 0, 8), &day))
		return false;
	if (v.len > 8 && (v.at[8] != 'T' || !bytes_u64(bytes_sub(v, 9, 6), &time)))
		return false;
	if (v.len == 16 && v.at[15] != 'Z')
		return false;
	c = (struct civil){ (int)(day / 10000),
			    (int)(day / 100 % 100),
			    (int)(day % 100),
			    (int)(time / 10000),
			    (int)(time / 100 % 100),
			    (int)(time % 100),
			    0 };
	if (!civil_valid(&c) || c.year < 1970 || c.year > 2199)
		return false;
	ret->t = time_make(&c);
	ret->t.is_date = v.len == 8;
	ret->utc = v.len == 16;
	return ret->utc || !tzid.len || zone_find(r->c, tzid, &ret->zone);
}

/* "P1D", "PT2H30M", "P1W" */
static bool duration_parse(struct bytes v, usec *ret)
{
	static const struct {
		char unit;
		int64_t seconds;
	} units[] = { { 'W', 604800 }, { 'D', 86400 }, { 'H', 3600 }, { 'M', 60 }, { 'S', 1 } };
	usec sum = 0;

	if (v.len && v.at[0] == '+')
		v = bytes_from(v, 1);
	if (v.len < 3 || v.at[0] != 'P')
		return false;
	v = bytes_from(v, 1);
	while (v.len) {
		size_t n = 0, u = 0;
		uint64_t k;

		if (v.at[0] == 'T') {
			v = bytes_from(v, 1);
			continue;
		}
		while (n < v.len && n < 6 && is_digit(v.at[n]))
			n++;
		if (n == v.len || !bytes_u64(bytes_sub(v, 0, n), &k))
			return false;
		while (u < 5 && units[u].unit != (char)v.at[n])
			u++;
		if (u == 5)
			return false;
		sum += (usec)k * units[u].seconds * USEC_PER_SEC;
		v = bytes_from(v, n + 1);
	}
	*ret = sum;
	return true;
}

static struct bytes unescape(struct reading *r, struct bytes v)
{
	struct bytes copy = arena_copy(&r->c->texts, bytes_sub(v, 0, 512));
	uint8_t *to = arena_take(&r->c->texts, copy.len);
	size_t n = 0;

	for (size_t i = 0; i < copy.len; i++) {
		if (copy.at[i] == '\\' && i + 1 < copy.len)
			i++;
		to[n++] = copy.at[i];
	}
	return bytes_of(to, n);
}

static int list(struct reading *r, struct bytes v, struct words *to)
{
	while (v.len) {
		size_t n = bytes_chr(v, ',');
		struct bytes one = bytes_sub(v, 0, n);

		if (one.len && one.at[one.len - 1] == '\\') /* RFC 5545 escapes commas in texts */
			one.len--;
		if (!words_add(r->c, to, one))
			return bad(r, "more than %u patterns", WINDOW_WORDS);
		v = n == BYTES_NONE ? BYTES("") : bytes_from(v, n + 1);
	}
	return 0;
}

static int kinds_of(struct reading *r, struct bytes v, unsigned *to)
{
	struct words w = { 0 };
	int e = list(r, v, &w);

	for (size_t i = 0; i < w.n && !e; i++)
		if (!what_parse(w.at[i], to))
			e = bad(r, "what: stop, start, restart, reload, reboot, upgrade or login");
	return e;
}

static bool cut(struct bytes *b, struct bytes prefix)
{
	if (!bytes_ieq(bytes_sub(*b, 0, prefix.len), prefix))
		return false;
	*b = bytes_from(*b, prefix.len);
	return true;
}

static int categories(struct reading *r, struct vevent *v, struct bytes value)
{
	struct words w = { 0 };
	int e = list(r, value, &w);

	for (size_t i = 0; i < w.n && !e; i++) {
		struct bytes one = w.at[i];
		bool more = true;

		if (cut(&one, BYTES("host:")))
			more = words_add(r->c, &v->w.hosts, one);
		else if (cut(&one, BYTES("service:")))
			more = words_add(r->c, &v->w.services, one);
		else if (cut(&one, BYTES("who:")))
			more = words_add(r->c, &v->w.who, one);
		else if (cut(&one, BYTES("what:")))
			e = kinds_of(r, one, &v->w.what);
		else if (!bytes_ieq(one, BYTES("maintenance")) && !bytes_ieq(one, BYTES("change")))
			continue;
		v->change = true;
		if (!more)
			e = bad(r, "more than %u patterns", WINDOW_WORDS);
	}
	return e;
}

static int dates(struct reading *r, struct bytes params, struct bytes v, struct stamp *to,
		 size_t *n)
{
	while (v.len) {
		size_t end = bytes_chr(v, ',');

		if (*n == WINDOW_WORDS)
			return bad(r, "more than %u dates", WINDOW_WORDS);
		if (!stamp_parse(r, params, bytes_sub(v, 0, end), &to[*n]))
			return bad(r, "this is no date or time of a known zone");
		++*n;
		v = end == BYTES_NONE ? BYTES("") : bytes_from(v, end + 1);
	}
	return 0;
}

static int one_date(struct reading *r, struct bytes params, struct bytes v, struct stamp *to)
{
	return stamp_parse(r, params, v, to)
		       ? 0
		       : bad(r, "this is no date or time (20261201T200000Z) of a known zone");
}

static int property(struct reading *r, struct vevent *v, struct bytes name, struct bytes params,
		    struct bytes value)
{
	struct why inner = { 0 };
	int e;

	if (bytes_ieq(name, BYTES("SUMMARY")))
		v->w.name = unescape(r, value);
	else if (bytes_ieq(name, BYTES("UID")))
		v->uid = arena_copy(&r->c->texts, bytes_sub(value, 0, 512));
	else if (bytes_ieq(name, BYTES("DTSTART")))
		return one_date(r, params, value, &v->start);
	else if (bytes_ieq(name, BYTES("DTEND")))
		return one_date(r, params, value, &v->end);
	else if (bytes_ieq(name, BYTES("RECURRENCE-ID")))
		return one_date(r, params, value, &v->recurrence);
	else if (bytes_ieq(name, BYTES("DURATION")))
		return duration_parse(value, &v->duration) ? 0
							   : bad(r, "this is no duration (PT2H)");
	else if (bytes_ieq(name, BYTES("EXDATE")))
		return dates(r, params, value, v->except, &v->except_n);
	else if (bytes_ieq(name, BYTES("RDATE")))
		return dates(r, params, value, v->extra, &v->extra_n);
	else if (bytes_ieq(name, BYTES("RRULE")))
		return v->w.repeats			  ? bad(r, "a second repeat rule")
		       : rule_parse(&v->w, value, &inner) ? 0
							  : bad(r, "%s", inner.line);
	else if (bytes_ieq(name, BYTES("STATUS")))
		v->cancelled = bytes_ieq(value, BYTES("CANCELLED"));
	else if (bytes_ieq(name, BYTES("CATEGORIES")))
		return categories(r, v, value);
	else if (bytes_ieq(name, BYTES("LOCATION")))
		return list(r, value, &v->location);
	else if (cut(&name, BYTES("X-VEDETTE-"))) {
		v->change = true;
		if (bytes_ieq(name, BYTES("HOSTS")))
			return list(r, value, &v->w.hosts);
		if (bytes_ieq(name, BYTES("SERVICES")))
			return list(r, value, &v->w.services);
		if (bytes_ieq(name, BYTES("WHO")))
			return list(r, value, &v->w.who);
		e = bytes_ieq(name, BYTES("WHAT")) ? kinds_of(r, value, &v->w.what)
						   : bad(r, "X-VEDETTE-HOSTS, -SERVICES, -WHAT or "
							    "-WHO");
		return e;
	}
	return 0;
}

/* On the clock of the window. */
static struct icaltimetype on_clock(const struct window *w, const struct stamp *s)
{
	struct window from = { .zone = s->utc ? NULL : s->zone };
	struct icaltimetype t;

	if (s->t.is_date || (!s->utc && (!s->zone || s->zone == w->zone)) || (s->utc && !w->zone))
		return s->t;
	t = icaltime_from_timet_with_zone(time_of(&from, s->t) / USEC_PER_SEC, 0,
					  w->zone ? w->zone : icaltimezone_get_utc_timezone());
	t.zone = NULL;
	return t;
}

static usec length_of(const struct vevent *v)
{
	struct window end = { .zone = v->end.utc ? NULL : v->end.zone };

	if (v->duration)
		return v->duration;
	if (v->end.set)
		return time_of(&end, v->end.t) - time_of(&v->w, v->start.t);
	return v->start.t.is_date ? USEC_PER_DAY : 0;
}

static int override_add(struct reading *r, const struct vevent *v)
{
	if (r->overrides_n == CALENDAR_WINDOWS)
		return bad(r, "more than %u changed occurrences", CALENDAR_WINDOWS);
	r->overrides =
		mem_must(realloc(r->overrides, (r->overrides_n + 1) * sizeof(*r->overrides)));
	r->overrides[r->overrides_n++] = (struct override){ v->uid, v->recurrence };
	return 0;
}

static int finish(struct reading *r, struct vevent *v)
{
	struct why inner = { 0 };
	struct window *w;
	int e = 0;

	r->line = v->line;
	if (v->recurrence.set && (e = override_add(r, v)) < 0)
		return e;
	if (!v->change || v->cancelled) {
		r->c->ignored++;
		return 0;
	}
	if (!v->start.set)
		return bad(r, "an event without DTSTART");
	v->w.zone = v->start.utc ? NULL : v->start.zone;
	v->w.start = v->start.t;
	v->w.length = length_of(v);
	v->w.start.is_date = 0;
	if (!v->w.what)
		v->w.what = CALENDAR_ALL;
	if (!v->w.hosts.n)
		v->w.hosts = v->location;
	if (!v->w.name.len)
		v->w.name = v->uid.len ? v->uid : BYTES("unnamed change");
	for (size_t i = 0; i < v->except_n; i++)
		times_add(r->c, &v->w.except, on_clock(&v->w, &v->except[i]));
	for (size_t i = 0; i < v->extra_n; i++)
		times_add(r->c, &v->w.extra, on_clock(&v->w, &v->extra[i]));
	w = window_add(r->c);
	if (!w)
		return bad(r, "more than %u windows", CALENDAR_WINDOWS);
	*w = v->w;
	w->lo = 1;
	r->uids = mem_must(realloc(r->uids, (r->c->n - r->first) * sizeof(*r->uids)));
	r->uids[r->c->n - 1 - r->first] = v->recurrence.set ? BYTES("") : v->uid;
	return window_good(w, &inner) ? 0 : bad(r, "%s", inner.line);
}

/* An occurrence that has an event of its own does not happen as the rule says. */
static int overrule(struct reading *r)
{
	for (size_t i = 0; i < r->overrides_n; i++) {
		for (size_t k = r->first; k < r->c->n; k++) {
			struct window *w = &r->c->windows[k];

			if (!w->repeats || !bytes_eq(r->uids[k - r->first], r->overrides[i].uid))
				continue;
			if (!times_add(r->c, &w->except, on_clock(w, &r->overrides[i].at)))
				return bad(r, "more than %u changed occurrences of one event",
					   WINDOW_WORDS);
			w->lo = 1; /* to be worked out again */
			w->hi = 0;
		}
	}
	return 0;
}

/* The lines of a VTIMEZONE, as libical wants them. */
static int zone_part(struct reading *r)
{
	struct buf zone = { 0 };
	unsigned line = r->line;
	bool ends = false, good;

	buf_str(&zone, "BEGIN:VTIMEZONE\r\n");
	while (!ends && zone.len < 65536 && next_line(r)) {
		buf_bytes(&zone, buf_view(&r->prop));
		buf_str(&zone, "\r\n");
		ends = bytes_ieq(bytes_trim(buf_view(&r->prop)), BYTES("END:VTIMEZONE"));
	}
	good = ends && !memchr(zone.at, 0, zone.len) && zone_define(r->c, buf_view(&zone));
	buf_done(&zone);
	r->line = line;
	return good ? 0 : bad(r, "this time zone cannot be read");
}

static int event_part(struct reading *r)
{
	struct vevent *v = mem_new(1, sizeof(*v));
	struct bytes name, params, value;
	unsigned inner = 0;
	int e = 0;

	v->line = r->line;
	for (;;) {
		if (!next_line(r)) {
			r->line = v->line;
			e = bad(r, "this event has no end");
			break;
		}
		if (!split(buf_view(&r->prop), &name, &params, &value)) {
			e = bad(r, "this is no line of an iCalendar file (NAME:VALUE)");
			break;
		}
		value = bytes_trim(value);
		if (bytes_ieq(name, BYTES("BEGIN"))) { /* alarms */
			inner++;
		} else if (bytes_ieq(name, BYTES("END"))) {
			if (!inner--) {
				e = finish(r, v);
				break;
			}
		} else if (!inner && (e = property(r, v, name, params, value)) < 0) {
			break;
		}
	}
	free(v);
	return e;
}

int calendar_ical(struct calendar *c, const char *name, struct bytes text, struct why *why)
{
	struct reading r = {
		.c = c, .name = name, .why = why, .text = text, .next = 1, .first = c->n
	};
	bool begun = false;
	int e = 0;

	icalerror_set_errors_are_fatal(false);
	while (!e && next_line(&r)) {
		struct bytes line = bytes_trim(buf_view(&r.prop));

		if (!begun && !bytes_ieq(line, BYTES("BEGIN:VCALENDAR")))
			e = bad(&r, "an iCalendar file begins with BEGIN:VCALENDAR");
		else if (bytes_ieq(line, BYTES("BEGIN:VTIMEZONE")))
			e = zone_part(&r);
		else if (bytes_ieq(line, BYTES("BEGIN:VEVENT")))
			e = event_part(&r);
		begun = true;
	}
	if (!e)
		e = overrule(&r);
	buf_done(&r.prop);
	free(r.overrides);
	free(r.uids);
	return e;
}
