/* SPDX-License-Identifier: Apache-2.0 */
#include "base/clock.h"
#include "tap.h"

#define NOW ((usec)1772323200 * USEC_PER_SEC) /* 2026-03-01T00:00:00Z */
#define S USEC_PER_SEC

/* text, and what it means; written again it reads as `again` (NULL: as text). */
static const struct {
	const char *text;
	usec at;
	const char *again;
} times[] = {
	{ "1970-01-01T00:00:00.000Z", 0, NULL },
	{ "1970-01-01", 0, "1970-01-01T00:00:00.000Z" },
	{ "1969-12-31T23:59:59.999999Z", -1, NULL },
	{ "1969-12-31T23:59:59.000Z", -S, NULL },
	{ "2000-02-29T12:00:00.000Z", 951825600 * S, NULL },
	{ "2024-02-29T23:59:59.123456Z", 1709251199 * S + 123456, NULL },
	{ "2038-01-19T03:14:08.000Z", 2147483648 * S, NULL },
	{ "2106-02-07T06:28:16.000Z", 4294967296 * S, NULL },
	{ "1601-01-01T00:00:00.000Z", -11644473600 * S, NULL },
	{ "0001-01-01T00:00:00.000Z", -62135596800 * S, NULL },
	{ "0000-03-01T00:00:00.000Z", -62162035200 * S, NULL },
	{ "9999-12-31T23:59:59.999Z", 253402300799 * S + 999000, NULL },
	{ "2026-03-01 00:00", NOW, "2026-03-01T00:00:00.000Z" },
	{ "2026-03-01t01:02:03.5z", NOW + 3723 * S + 500000, "2026-03-01T01:02:03.500Z" },
	{ "2026-03-01T01:02:03,25", NOW + 3723 * S + 250000, "2026-03-01T01:02:03.250Z" },
	{ "2026-03-01T00:00:00.123456789Z", NOW + 123456, "2026-03-01T00:00:00.123456Z" },
	{ "2026-03-01T02:00:00+02:00", NOW, "2026-03-01T00:00:00.000Z" },
	{ "2026-02-28T18:30:00-0530", NOW, "2026-03-01T00:00:00.000Z" },
	{ "2026-03-01T00:00:00-00:00", NOW, "2026-03-01T00:00:00.000Z" },
	/* a leap second is the second after: POSIX time has no other name for it */
	{ "2016-12-31T23:59:60Z", 1483228800 * S, "2017-01-01T00:00:00.000Z" },
	{ "@0", 0, "1970-01-01T00:00:00.000Z" },
	{ "@1772323200", NOW, "2026-03-01T00:00:00.000Z" },
	{ "@1772323200.5", NOW + 500000, "2026-03-01T00:00:00.500Z" },
	{ "@1772323200.0000019", NOW + 1, "2026-03-01T00:00:00.000001Z" },
	{ "@-1", -S, "1969-12-31T23:59:59.000Z" },
	{ "now", NOW, "2026-03-01T00:00:00.000Z" },
	{ "-15m", NOW - 900 * S, "2026-02-28T23:45:00.000Z" },
	{ "-2h", NOW - 7200 * S, "2026-02-28T22:00:00.000Z" },
	{ "-7d", NOW - 7 * USEC_PER_DAY, "2026-02-22T00:00:00.000Z" },
	{ "-1w1d", NOW - 8 * USEC_PER_DAY, "2026-02-21T00:00:00.000Z" },
	{ "-1h30m", NOW - 5400 * S, "2026-02-28T22:30:00.000Z" },
	{ "-500ms", NOW - 500000, "2026-02-28T23:59:59.500Z" },
	{ " -15m\n", NOW - 900 * S, "2026-02-28T23:45:00.000Z" },
};

static const char *const no_times[] = {
	"",
	" ",
	"-",
	"@",
	"@x",
	"@1.",
	"@1.x",
	"@.5",
	"@--1",
	"@99999999999999",
	"@-99999999999999",
	"15m",
	"-15",
	"-m",
	"-15x",
	"-1m2",
	"-0s",
	"--1s",
	"-99999999999d",
	"-9999999999w",
	"tomorrow",
	"Now",
	"2026",
	"2026-03",
	"2026-3-1",
	"2026-00-01",
	"2026-13-01",
	"2026-01-00",
	"2026-01-32",
	"2026-04-31",
	"2023-02-29",
	"1900-02-29",
	"2100-02-29",
	"2026-03-01T",
	"2026-03-01T24:00:00Z",
	"2026-03-01T00:60:00Z",
	"2026-03-01T00:00:61Z",
	"2026-03-01T00:00:00.Z",
	"2026-03-01T00:00:00+",
	"2026-03-01T00:00:00+1",
	"2026-03-01T00:00:00+24:00",
	"2026-03-01T00:00:00+01:60",
	"2026-03-01T00:00:00Zx",
	"2026-03-01T00:00:00 UTC",
	"2026-03-01x00:00:00",
	"2026-03-01T0:00:00",
	"-2026-03-01",
	"+2026-03-01",
	"20260301T000000Z",
};

static void parses(void)
{
	for (size_t i = 0; i < sizeof(times) / sizeof(*times); i++) {
		const char *in = times[i].text;
		char text[CLOCK_TEXT];
		usec at = 7;

		ok(clock_parse(bytes_of(in, strlen(in)), NOW, &at), "\"%s\" is a time", in);
		is_int(at, times[i].at, "  this one");
		clock_text(at, text);
		is_str(text, times[i].again ? times[i].again : in, "  written");
	}
	for (size_t i = 0; i < sizeof(no_times) / sizeof(*no_times); i++) {
		usec at = 7;

		ok(!clock_parse(bytes_str(no_times[i]), NOW, &at) && at == 7,
		   "\"%s\" is none, and nothing is touched", no_times[i]);
	}
	for (size_t i = 1; i < strlen("2026-03-01T01:02:03.25+01:00"); i++) {
		usec at = 7;

		/* No prefix may be read past its end: AddressSanitizer watches. */
		clock_parse(bytes_of("2026-03-01T01:02:03.25+01:00", i), NOW, &at);
	}
}

static void spans(void)
{
	static const struct {
		const char *text;
		usec span;
	} good[] = { { "90s", 90 * S },	    { "15m", 900 * S },
		     { "1h30m", 5400 * S }, { "2d", 172800 * S },
		     { "500ms", 500000 },   { "1m1ms", 60 * S + 1000 },
		     { "1w", 604800 * S },  { "0h5s", 5 * S },
		     { "0001s", S },	    { "106751991d", (usec)106751991 * USEC_PER_DAY } };
	static const char *const bad[] = {
		"",   "s",  "1",  "1 s",	" 1s",		"1s ", "-1s", "1.5h",
		"0s", "1y", "1S", "106751992d", "99999999999s", "1ss", "1mss"
	};

	for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++) {
		usec span = 7;

		ok(clock_parse_span(bytes_str(good[i].text), &span), "\"%s\" is a span",
		   good[i].text);
		is_int(span, good[i].span, "  this one");
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		usec span = 7;

		ok(!clock_parse_span(bytes_str(bad[i]), &span) && span == 7, "\"%s\" is none",
		   bad[i]);
	}
}

/* Every day of 800 years, both ways, against counting. */
static void calendar(void)
{
	static const int in_month[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
	int64_t day = civil_days(1600, 1, 1);
	bool there = true, back = true, valid = true;

	is_int(civil_days(1970, 1, 1), 0, "the epoch is day 0");
	is_int(day, -135140, "1600-01-01");
	for (int y = 1600; y < 2400; y++) {
		bool leap = (y % 4 == 0 && y % 100 != 0) || y % 400 == 0;

		for (int m = 1; m <= 12; m++)
			for (int d = 1; d <= in_month[m - 1] + (m == 2 && leap); d++, day++) {
				struct civil c;

				there = there && civil_days(y, m, d) == day;
				civil_of(day * USEC_PER_DAY + USEC_PER_DAY - 1, &c);
				back = back && c.year == y && c.month == m && c.day == d &&
				       c.hour == 23 && c.minute == 59 && c.second == 59 &&
				       c.micro == 999999;
				valid = valid && civil_valid(&c);
			}
	}
	ok(there, "292,194 dates to days");
	ok(back, "and back");
	ok(valid, "all of them valid");
}

static void far_away(void)
{
	char text[CLOCK_TEXT];

	clock_text(INT64_MAX, text);
	ok(text[0] == '@', "a time past the year 9999 is written as seconds: %s", text);
	clock_text(INT64_MIN, text);
	ok(text[0] == '@' && strlen(text) < CLOCK_TEXT, "and before the year 0: %s", text);
}

static void clocks(void)
{
	usec m = clock_mono(), r = clock_real(), c = clock_cpu();

	ok(r > 1600000000 * S && r < 8000000000 * S, "the real time is of this age");
	ok(clock_mono() >= m && clock_cpu() >= c, "the others do not go back");
}

int main(void)
{
	parses();
	spans();
	calendar();
	far_away();
	clocks();
	return done_testing();
}
