/* SPDX-License-Identifier: Apache-2.0 */
/* Windows as people write them (doc/calendar.md):
 *
 *	zone: Europe/Berlin             for all windows of the file; UTC where it is not given
 *	windows:
 *	  - name: nightly backup
 *	    from: "01:00"               a time of day with repeat or days, or a whole date and time
 *	    to: "02:30"
 *	    repeat: daily               weekly, monthly, or a rule of RFC 5545
 *	    days: [mon, fri]
 *	    except: ["2026-12-25"]
 *	    hosts: ["cmp-*"]
 *	    services: ["nova-*"]
 *	    what: [stop, start]
 *	    who: [alice]
 */
#include "detect/calendar_in.h"
#include <yaml.h>

struct reading {
	yaml_document_t doc;
	struct calendar *c;
	const char *name;
	struct why *why;
	icaltimezone *zone; /* of the file */
};

struct ends { /* of the window being read */
	struct bytes from, to, repeat;
	const yaml_node_t *from_at, *to_at, *repeat_at;
	const yaml_node_t *days_at, *except_at;
};

__attribute__((format(printf, 3, 4))) static int bad(struct reading *r, const yaml_node_t *n,
						     const char *fmt, ...)
{
	char text[256];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	return why_set(r->why, -EINVAL, "%s:%zu: %s", r->name, n->start_mark.line + 1, text);
}

static struct bytes scalar(const yaml_node_t *n)
{
	return n->type == YAML_SCALAR_NODE ? bytes_of(n->data.scalar.value, n->data.scalar.length)
					   : (struct bytes){ NULL, 0 };
}

typedef int word_fn(struct reading *r, struct window *w, const yaml_node_t *n, struct words *to);

/* One value, or a list of them. */
static int each(struct reading *r, struct window *w, const yaml_node_t *n, struct words *to,
		word_fn *fn)
{
	if (n->type == YAML_SCALAR_NODE)
		return fn(r, w, n, to);
	if (n->type != YAML_SEQUENCE_NODE)
		return bad(r, n, "expected a value or a list of values");
	for (yaml_node_item_t *i = n->data.sequence.items.start; i < n->data.sequence.items.top;
	     i++) {
		const yaml_node_t *one = yaml_document_get_node(&r->doc, *i);
		int e = one->type == YAML_SCALAR_NODE ? fn(r, w, one, to)
						      : bad(r, one, "expected a value");

		if (e < 0)
			return e;
	}
	return 0;
}

static int add_word(struct reading *r, struct window *w, const yaml_node_t *n, struct words *to)
{
	(void)w;
	if (!bytes_trim(scalar(n)).len)
		return bad(r, n, "an empty pattern");
	return words_add(r->c, to, scalar(n)) ? 0
					      : bad(r, n, "more than %u patterns", WINDOW_WORDS);
}

static int add_what(struct reading *r, struct window *w, const yaml_node_t *n, struct words *to)
{
	(void)to;
	return what_parse(scalar(n), &w->what)
		       ? 0
		       : bad(r, n, "what: stop, start, restart, reload, reboot, upgrade or login");
}

static int add_except(struct reading *r, struct window *w, const yaml_node_t *n, struct words *to)
{
	struct icaltimetype t;
	struct bytes text = scalar(n);
	bool utc, date = text.len == 10;
	usec at;

	(void)to;
	if (date && clock_parse(text, 0, &at)) {
		struct civil c;

		civil_of(at, &c);
		t = time_make(&c);
		t.is_date = 1;
	} else if (!calendar_time_parse(text, &t, &utc) || utc) {
		return bad(r, n, "except: a date (2026-12-25) or a local time (2026-12-25 20:00)");
	}
	return times_add(r->c, &w->except, t) ? 0
					      : bad(r, n, "more than %u exceptions", WINDOW_WORDS);
}

static bool day_of(struct bytes word, struct buf *rule)
{
	static const char names[] = "MOTUWETHFRSASU";

	if (word.len < 2)
		return false;
	for (size_t i = 0; i < 7; i++) {
		if (!bytes_ieq(bytes_sub(word, 0, 2), bytes_of(names + 2 * i, 2)))
			continue;
		buf_printf(rule, "%s%.2s", rule->len && rule->at[rule->len - 1] != '=' ? "," : "",
			   names + 2 * i);
		return true;
	}
	return false;
}

static int set_days(struct reading *r, const yaml_node_t *n, struct buf *rule)
{
	const yaml_node_t *one = n;

	if (n->type != YAML_SEQUENCE_NODE)
		return day_of(scalar(n), rule) ? 0 : bad(r, n, "days: [mon, tue, …]");
	if (n->data.sequence.items.top - n->data.sequence.items.start > 7)
		return bad(r, n, "days: there are seven");
	for (yaml_node_item_t *i = n->data.sequence.items.start; i < n->data.sequence.items.top;
	     i++) {
		one = yaml_document_get_node(&r->doc, *i);
		if (!day_of(scalar(one), rule))
			return bad(r, one, "days: [mon, tue, …]");
	}
	return 0;
}

static int set_rule(struct reading *r, struct window *w, const struct ends *e)
{
	const yaml_node_t *at = e->repeat_at ? e->repeat_at : e->days_at;
	struct buf rule = { 0 };
	struct why inner = { 0 };
	int error = 0;

	if (bytes_ieq(e->repeat, BYTES("daily")))
		buf_str(&rule, "FREQ=DAILY");
	else if (bytes_ieq(e->repeat, BYTES("weekly")) || (!e->repeat_at && e->days_at))
		buf_str(&rule, "FREQ=WEEKLY");
	else if (bytes_ieq(e->repeat, BYTES("monthly")))
		buf_str(&rule, "FREQ=MONTHLY");
	else
		buf_bytes(&rule, e->repeat);
	if (e->days_at) {
		buf_str(&rule, ";BYDAY=");
		error = set_days(r, e->days_at, &rule);
	}
	if (!error && !rule_parse(w, buf_view(&rule), &inner))
		error = bad(r, at, "repeat: %s", inner.line);
	buf_done(&rule);
	return error;
}

/* "01:00": seconds of the day */
static bool day_time(struct bytes b, usec *ret)
{
	uint64_t h, m;

	if (b.len != 5 || b.at[2] != ':' || !bytes_u64(bytes_sub(b, 0, 2), &h) ||
	    !bytes_u64(bytes_from(b, 3), &m) || m > 59 || h * 60 + m > 24 * 60)
		return false;
	*ret = (usec)(h * 60 + m) * 60 * USEC_PER_SEC;
	return true;
}

/* A time of day: from a Monday long ago on. */
static int daily_ends(struct reading *r, struct window *w, const struct ends *e, usec from)
{
	usec to;

	if (!w->repeats)
		return bad(r, e->from_at, "from: a time of day needs repeat or days");
	if (!day_time(e->to, &to))
		return bad(r, e->to_at, "to: a time of day, as from is (\"02:30\")");
	w->start = (struct icaltimetype){ .year = 2018, .month = 1, .day = 1 };
	w->start.hour = (int)(from / (3600 * USEC_PER_SEC)) % 24;
	w->start.minute = (int)(from / (60 * USEC_PER_SEC)) % 60;
	w->length = to > from ? to - from : to + USEC_PER_DAY - from;
	return 0;
}

static int dated_ends(struct reading *r, struct window *w, const struct ends *e)
{
	struct icaltimetype to;
	struct window utc = { 0 };
	bool from_utc, to_utc;

	if (!calendar_time_parse(e->from, &w->start, &from_utc))
		return bad(r, e->from_at,
			   "from: a time (2026-12-01 20:00, or with a zone 2026-12-01T20:00:00Z), "
			   "or a time of day (\"20:00\") with repeat");
	if (!calendar_time_parse(e->to, &to, &to_utc))
		return bad(r, e->to_at, "to: a time, as from is");
	w->length = time_of(to_utc ? &utc : w, to) - time_of(from_utc ? &utc : w, w->start);
	if (from_utc)
		w->zone = NULL;
	return 0;
}

static int window_key(struct reading *r, struct window *w, struct ends *e, const yaml_node_t *k,
		      const yaml_node_t *v)
{
	struct bytes key = scalar(k), value = scalar(v);

	if (bytes_eq(key, BYTES("name")))
		w->name = arena_copy(&r->c->texts, bytes_sub(value, 0, 200));
	else if (bytes_eq(key, BYTES("from")))
		e->from = value, e->from_at = v;
	else if (bytes_eq(key, BYTES("to")))
		e->to = value, e->to_at = v;
	else if (bytes_eq(key, BYTES("repeat")))
		e->repeat = value, e->repeat_at = v;
	else if (bytes_eq(key, BYTES("days")))
		e->days_at = v;
	else if (bytes_eq(key, BYTES("zone")))
		return zone_find(r->c, value, &w->zone)
			       ? 0
			       : bad(r, v, "zone: no such time zone (Europe/Berlin, UTC, …)");
	else if (bytes_eq(key, BYTES("except")))
		return each(r, w, v, NULL, add_except);
	else if (bytes_eq(key, BYTES("hosts")))
		return each(r, w, v, &w->hosts, add_word);
	else if (bytes_eq(key, BYTES("services")))
		return each(r, w, v, &w->services, add_word);
	else if (bytes_eq(key, BYTES("who")))
		return each(r, w, v, &w->who, add_word);
	else if (bytes_eq(key, BYTES("what")))
		return each(r, w, v, NULL, add_what);
	else
		return bad(r, k,
			   "a window has name, from, to, repeat, days, zone, except, hosts, "
			   "services, what, who");
	return 0;
}

static int window_node(struct reading *r, const yaml_node_t *n)
{
	struct window *w;
	struct ends e = { 0 };
	struct why inner = { 0 };
	usec from;
	int error = 0;

	if (n->type != YAML_MAPPING_NODE)
		return bad(r, n, "a window is a mapping: name, from, to, …");
	w = window_add(r->c);
	if (!w)
		return bad(r, n, "more than %u windows", CALENDAR_WINDOWS);
	w->zone = r->zone;
	for (yaml_node_pair_t *p = n->data.mapping.pairs.start;
	     p < n->data.mapping.pairs.top && !error; p++)
		error = window_key(r, w, &e, yaml_document_get_node(&r->doc, p->key),
				   yaml_document_get_node(&r->doc, p->value));
	if (error)
		return error;
	if (!w->name.len || !e.from_at || !e.to_at)
		return bad(r, n, "a window needs name, from and to");
	if ((e.repeat_at || e.days_at) && (error = set_rule(r, w, &e)) < 0)
		return error;
	if (!w->what)
		w->what = CALENDAR_ALL;
	error = day_time(e.from, &from) ? daily_ends(r, w, &e, from) : dated_ends(r, w, &e);
	if (!error && !window_good(w, &inner))
		error = bad(r, n, "%s", inner.line);
	return error;
}

static int top_zone(struct reading *r, const yaml_node_t *k, const yaml_node_t *v)
{
	if (bytes_eq(scalar(k), BYTES("windows")))
		return 0;
	if (!bytes_eq(scalar(k), BYTES("zone")))
		return bad(r, k, "a calendar has zone and windows");
	return zone_find(r->c, scalar(v), &r->zone)
		       ? 0
		       : bad(r, v, "zone: no such time zone (Europe/Berlin, UTC, …)");
}

static int top_windows(struct reading *r, const yaml_node_t *k, const yaml_node_t *v)
{
	if (!bytes_eq(scalar(k), BYTES("windows")))
		return 0;
	if (v->type != YAML_SEQUENCE_NODE)
		return bad(r, v, "windows: expected a list");
	for (yaml_node_item_t *i = v->data.sequence.items.start; i < v->data.sequence.items.top;
	     i++) {
		int e = window_node(r, yaml_document_get_node(&r->doc, *i));

		if (e < 0)
			return e;
	}
	return 0;
}

static int document(struct reading *r)
{
	const yaml_node_t *root = yaml_document_get_root_node(&r->doc);
	const yaml_node_pair_t *p;
	int e = 0;

	if (!root)
		return 0;
	if (root->type != YAML_MAPPING_NODE)
		return bad(r, root, "a calendar has zone and windows");
	for (p = root->data.mapping.pairs.start; p < root->data.mapping.pairs.top && !e; p++)
		e = top_zone(r, yaml_document_get_node(&r->doc, p->key),
			     yaml_document_get_node(&r->doc, p->value));
	for (p = root->data.mapping.pairs.start; p < root->data.mapping.pairs.top && !e; p++)
		e = top_windows(r, yaml_document_get_node(&r->doc, p->key),
				yaml_document_get_node(&r->doc, p->value));
	return e;
}

int calendar_yaml(struct calendar *c, const char *name, struct bytes text, struct why *why)
{
	struct reading r = { .c = c, .name = name, .why = why };
	yaml_parser_t parser;
	int e;

	if (!yaml_parser_initialize(&parser))
		return -ENOMEM;
	yaml_parser_set_input_string(&parser, text.at ? text.at : (const uint8_t *)"", text.len);
	if (!yaml_parser_load(&parser, &r.doc)) {
		e = why_set(why, -EINVAL, "%s:%zu: %s", name, parser.problem_mark.line + 1,
			    parser.problem ? parser.problem : "this is no YAML");
		yaml_parser_delete(&parser);
		return e;
	}
	e = document(&r);
	yaml_document_delete(&r.doc);
	yaml_parser_delete(&parser);
	return e;
}
