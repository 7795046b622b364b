/* SPDX-License-Identifier: Apache-2.0 */
/* Hours of the week are those on the wall of whoever is to be woken. */
#include "notify/hours.h"
#include "tap.h"

static usec at(int month, int day, int hour, int minute)
{
	struct civil c = {
		.year = 2026, .month = month, .day = day, .hour = hour, .minute = minute
	};

	return civil_usec(&c);
}

static bool has(const char *text, const struct zone *z, usec when)
{
	struct hours h = { 0 };

	return hours_add(&h, bytes_str(text)) && hours_has(&h, z, when);
}

static void weeks(void)
{
	/* 2026-11-23 is a Monday */
	ok(has("mon-fri 08:00-18:00", NULL, at(11, 23, 8, 0)), "the first minute is in");
	ok(!has("mon-fri 08:00-18:00", NULL, at(11, 23, 18, 0)), "the last one is out");
	ok(!has("mon-fri 08:00-18:00", NULL, at(11, 28, 12, 0)), "no Saturday");
	ok(has("22:00-06:00", NULL, at(11, 26, 5, 59)), "a night is over at six");
	ok(!has("22:00-06:00", NULL, at(11, 26, 6, 0)), "and not later");
	ok(has("sun 22:00-06:00", NULL, at(11, 23, 1, 0)), "Sunday's night reaches into the week");
	ok(!has("sun 22:00-06:00", NULL, at(11, 22, 1, 0)), "and does not begin before");
	ok(has("sat,sun", NULL, at(11, 29, 23, 59)), "whole days");
	ok(has("fri-mon 00:00-24:00", NULL, at(11, 23, 12, 0)), "days over the end of the week");
	ok(has("SAT", NULL, at(11, 28, 0, 0)), "capitals are the same");
}

static void refused(void)
{
	static const char *const texts[] = { "",
					     " ",
					     "mon-",
					     "mon-fri-sat",
					     "monday",
					     "08:00",
					     "8:00-18:00",
					     "08:00-08:00",
					     "24:00-06:00",
					     "08:60-09:00",
					     "25:00-26:00",
					     "mon,",
					     "mon 08:00",
					     "08:00-18:00 mon",
					     "-mon",
					     "mon  08:00-18:00x" };

	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
		struct hours h = { 0 }, none = { 0 };

		ok(!hours_add(&h, bytes_str(texts[i])), "\"%s\" is refused", texts[i]);
		ok(!memcmp(&h, &none, sizeof(h)), "and adds nothing");
	}
}

static void zones(void)
{
	const struct zone *berlin = NULL, *none = NULL;
	usec seven;

	if (!zone_named(BYTES("Europe/Berlin"), &berlin)) {
		skip("no time zones on this machine");
		return;
	}
	ok(has("08:00-09:00", berlin, at(11, 26, 7, 30)), "winter: an hour before UTC");
	ok(has("08:00-09:00", berlin, at(7, 26, 6, 30)), "summer: two");
	seven = zone_last(berlin, 7 * 60, at(11, 26, 12, 0));
	ok(seven == at(11, 26, 6, 0), "seven o'clock today");
	ok(zone_last(berlin, 7 * 60, at(11, 26, 5, 59)) == at(11, 25, 6, 0), "or yesterday");
	ok(zone_last(berlin, 7 * 60, seven) == seven, "now, when it is now");
	ok(zone_last(berlin, 7 * 60, at(3, 29, 12, 0)) == at(3, 29, 5, 0),
	   "on the day the clock goes forward");
	ok(zone_last(berlin, 7 * 60, at(10, 25, 12, 0)) == at(10, 25, 6, 0),
	   "on the day it goes back");
	ok(!zone_named(BYTES("../../etc/passwd"), &none), "no path out of the zones");
	ok(!zone_named(BYTES("/etc/localtime"), &none), "no path at all");
	ok(!zone_named(BYTES("Europe/Nowhere"), &none), "no zone that is none");
	ok(zone_named(BYTES("UTC"), &none) && !none, "UTC is always there");
}

int main(void)
{
	weeks();
	refused();
	zones();
	return done_testing();
}
