/* SPDX-License-Identifier: Apache-2.0 */
/* calendar_in.h — the windows of a calendar, for its own files.
 * Threads: as calendar.h. Memory: texts are of the calendar's arena. */
#pragma once
#include "base/arena.h"
#include "base/buf.h"
#include "detect/calendar.h"
#include <libical/ical.h>

#define WINDOW_LONGEST (31 * USEC_PER_DAY)
#define WINDOW_WORDS 64u /* patterns in one list, exceptions, extra dates */
#define CALENDAR_ALL                                                                               \
	(CALENDAR_STOP | CALENDAR_START | CALENDAR_RELOAD | CALENDAR_REBOOT | CALENDAR_UPGRADE)

struct words {
	struct bytes *at;
	size_t n;
};

struct times {
	struct icaltimetype *at;
	size_t n;
};

struct span {
	usec from, to;
};

struct window {
	struct bytes name;
	struct words hosts, services, who; /* none: any */
	unsigned what; /* enum calendar_what */
	icaltimezone *zone; /* NULL: UTC */
	struct icaltimetype start; /* on the clock of the zone */
	usec length;
	bool repeats;
	struct icalrecurrencetype rule;
	struct times except, extra; /* on the same clock */
	/* Occurrences that reach into [lo, hi), worked out when last asked about. */
	usec lo, hi;
	struct span *spans;
	size_t spans_n, spans_cap;
};

struct calendar {
	struct arena texts;
	struct window *windows;
	size_t n, cap, ignored;
	struct zones *zones; /* of VTIMEZONE parts */
};

/* calendar.c */
struct window *window_add(struct calendar *c); /* NULL: there are too many */
void window_drop(struct calendar *c); /* the last one */
bool words_add(struct calendar *c, struct words *w, struct bytes word); /* false: too many */
bool what_parse(struct bytes word, unsigned *ret);

/* calendar_time.c: all but the first are false, with a reason, where the text is none. */
usec time_of(const struct window *w, struct icaltimetype t);
bool zone_find(struct calendar *c, struct bytes name, icaltimezone **ret);
bool zone_define(struct calendar *c, struct bytes vtimezone); /* the text of one VTIMEZONE */
struct zones *zones_free(struct zones *z);
bool times_add(struct calendar *c, struct times *t, struct icaltimetype at);
bool rule_parse(struct window *w, struct bytes rrule, struct why *why);
/* "2026-12-01 20:00[:00]" or RFC 3339 with a zone (*ret_utc); civil ranges are checked. */
bool calendar_time_parse(struct bytes text, struct icaltimetype *ret, bool *ret_utc);
struct icaltimetype time_make(const struct civil *c);
/* Whether a window can be used at all. */
bool window_good(struct window *w, struct why *why);
/* Works the occurrences around `at` out, unless that is done. */
void window_expand(struct window *w, usec at);

/* calendar_yaml.c, calendar_ical.c: 0, or -EINVAL with "name:line: reason" */
int calendar_yaml(struct calendar *c, const char *name, struct bytes text, struct why *why);
int calendar_ical(struct calendar *c, const char *name, struct bytes text, struct why *why);
