/* SPDX-License-Identifier: Apache-2.0 */
/* calendar.h — the change calendar: when who may do what to which service of which host.
 * In: YAML files (*.yaml, *.yml) and iCalendar files (*.ics; RFC 5545), as doc/calendar.md says.
 * Out: whether something that happened was planned, and by which window. Occurrences are counted
 * by libical, in the time zone of the window. Threads: one owner (what was worked out of a
 * repeating window is kept). Memory: at most CALENDAR_WINDOWS windows, CALENDAR_FILE bytes a file.
 */
#pragma once
#include "base/bytes.h"
#include "base/clock.h"
#include "base/err.h"

#define CALENDAR_WINDOWS 4096u
#define CALENDAR_FILE ((size_t)4 << 20)

struct calendar;

enum calendar_what {
	CALENDAR_STOP = 1, /* also: falls silent */
	CALENDAR_START = 2,
	CALENDAR_RELOAD = 4,
	CALENDAR_REBOOT = 8,
	CALENDAR_UPGRADE = 16,
	CALENDAR_LOGIN = 32,
};

struct calendar_ask {
	usec at;
	struct bytes host; /* empty: not known; such a thing is covered only by a window of all */
	struct bytes service; /* a trailing ".service" does not matter */
	struct bytes who; /* account, for logins and sudo */
	unsigned what; /* one of enum calendar_what */
};

/* All files or none: a bad one is refused by "file:line: reason", and whoever holds an old calendar
 * keeps it. No paths at all: a calendar without windows. */
int calendar_load(struct calendar **ret, const char *const *paths, size_t n, struct why *why);
struct calendar *calendar_free(struct calendar *c);
/* The text of one file, named `name` in errors; `ical` says which format. */
int calendar_read(struct calendar *c, const char *name, struct bytes text, bool ical,
		  struct why *why);
struct calendar *calendar_new(void);

/* NULL is a calendar without windows. The name is lent by the calendar. */
bool calendar_covers(struct calendar *c, const struct calendar_ask *ask, struct bytes *ret_name);
size_t calendar_windows(const struct calendar *c);
size_t calendar_ignored(const struct calendar *c); /* events of .ics files that are no changes */
