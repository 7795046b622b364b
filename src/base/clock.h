/* SPDX-License-Identifier: Apache-2.0 */
/* clock.h — time in microseconds since 1970-01-01T00:00:00Z, signed; civil dates are proleptic
 * Gregorian (the day arithmetic is H. Hinnant's "chrono-compatible low-level date algorithms").
 * Threads: pure functions but the clocks. */
#pragma once
#include "base/bytes.h"

typedef int64_t usec;
#define USEC_PER_SEC ((usec)1000000)
#define USEC_PER_DAY ((usec)86400 * USEC_PER_SEC)
#define USEC_NONE INT64_MIN /* "no time is known" */

struct civil {
	int year, month, day, hour, minute, second, micro; /* month and day from 1 */
};

usec clock_real(void);
usec clock_mono(void); /* CLOCK_MONOTONIC: for durations */
usec clock_boot(void); /* CLOCK_BOOTTIME: goes on while the machine sleeps */
usec clock_cpu(void); /* CPU time of this process */

int64_t civil_days(int year, int month, int day); /* days since 1970-01-01 */
usec civil_usec(const struct civil *c); /* c as UTC */
void civil_of(usec at, struct civil *ret);
bool civil_valid(const struct civil *c); /* a real date; second up to 60 */

#define CLOCK_TEXT 96 /* more than any: the compiler cannot know how small the numbers are */
/* "2026-11-22T01:02:03.004Z"; six decimals when not whole milliseconds. */
void clock_text(usec at, char ret[static CLOCK_TEXT]);

/* What a user may write as a time: RFC 3339 (zone may be missing: then UTC; "T" may be a blank;
 * the time of day may be missing), "-15m", "-2h", "-7d", "now", "@epoch[.frac]". `now` anchors
 * the relative forms. False, and *ret untouched, on anything else. */
bool clock_parse(struct bytes text, usec now, usec *ret);
/* "15m", "90s", "1h30m", "2d", "500ms": a positive length of time. */
bool clock_parse_span(struct bytes text, usec *ret);
