/* SPDX-License-Identifier: Apache-2.0 */
#include "parse/stamp.h"
#include "tap.h"

static struct parse_hint hint;

typedef bool (*stamp_fn)(const struct parse_hint *h, struct bytes *b, usec *ret);

/* want: the moment as clock_text() writes it, "-" for no real date, NULL where the shape is not
 * there; rest: what must be left. */
static void is(stamp_fn fn, const char *text, const char *want, const char *rest)
{
	struct bytes b = bytes_str(text);
	char got[CLOCK_TEXT] = "-";
	usec at = 42;

	if (!fn(&hint, &b, &at)) {
		ok(!want, "'%s' is %sno such stamp", text, want ? "not " : "");
		ok(b.len == strlen(text) && at == 42, "'%s': nothing moved", text);
		return;
	}
	if (at != USEC_NONE)
		clock_text(at, got);
	is_str(got, want ? want : "", "'%s'", text);
	is_bytes(b, bytes_str(rest), "'%s': the rest", text);
}

static void iso(void)
{
	is(stamp_iso, "2026-11-22 01:02:03.004 rest", "2026-11-22T01:02:03.004Z", " rest");
	is(stamp_iso, "2026-11-22T01:02:03", "2026-11-22T01:02:03.000Z", "");
	is(stamp_iso, "2026-11-22t01:02:03z|", "2026-11-22T01:02:03.000Z", "|");
	is(stamp_iso, "2026/11/22 01:02:03 x", "2026-11-22T01:02:03.000Z", " x");
	is(stamp_iso, "2026-11-22  1:02:03 x", "2026-11-22T01:02:03.000Z", " x");
	is(stamp_iso, "2026-11-22 01:02:03,799.799 x", "2026-11-22T01:02:03.799Z", " x");
	is(stamp_iso, "2026-11-22 01:02:03.1234567 x", "2026-11-22T01:02:03.123456Z", " x");
	is(stamp_iso, "2026-11-22 01:02:03.5+05:30 x", "2026-11-21T19:32:03.500Z", " x");
	is(stamp_iso, "2026-11-22 01:02:03-0130 x", "2026-11-22T02:32:03.000Z", " x");
	is(stamp_iso, "2026-11-22 01:02:03+01 x", "2026-11-22T00:02:03.000Z", " x");
	is(stamp_iso, "2026-11-22 01:02:03 +0100 (AIDE)", "2026-11-22T00:02:03.000Z", " (AIDE)");
	is(stamp_iso, "2026-11-22 01:02:03 +01 (x)", "2026-11-22T01:02:03.000Z", " +01 (x)");
	is(stamp_iso, "2026-11-22 01:02:03 -1 x", "2026-11-22T01:02:03.000Z", " -1 x");
	is(stamp_iso, "2026-11-22 01:02:03+99:00 x", "2026-11-22T01:02:03.000Z", "+99:00 x");
	is(stamp_iso, "2026-11-22 01:02:03. x", "2026-11-22T01:02:03.000Z", ". x");
	is(stamp_iso, "2024-02-29 00:00:00 x", "2024-02-29T00:00:00.000Z", " x");
	is(stamp_iso, "2000-02-29 00:00:00 x", "2000-02-29T00:00:00.000Z", " x");
	is(stamp_iso, "1900-02-29 00:00:00 x", "-", " x");
	is(stamp_iso, "2026-02-29 00:00:00 x", "-", " x");
	is(stamp_iso, "2026-04-31 00:00:00 x", "-", " x");
	is(stamp_iso, "2026-00-01 00:00:00 x", "-", " x");
	is(stamp_iso, "2026-13-01 00:00:00 x", "-", " x");
	is(stamp_iso, "2026-01-00 00:00:00 x", "-", " x");
	is(stamp_iso, "2026-01-01 24:00:00 x", "-", " x");
	is(stamp_iso, "2026-01-01 00:60:00 x", "-", " x");
	is(stamp_iso, "2026-12-31 23:59:60 xxxxxx", "2027-01-01T00:00:00.000Z", " xxxxxx");
	is(stamp_iso, "2026-12-31 23:59:61 xxxxxx", "-", " xxxxxx");
	is(stamp_iso, "1969-12-31 23:59:59 xxxxxx", "1969-12-31T23:59:59.000Z", " xxxxxx");
	is(stamp_iso, "0000-03-01 00:00:00 xxxxxx", "0000-03-01T00:00:00.000Z", " xxxxxx");
	is(stamp_iso, "9999-12-31 23:59:59 xxxxxx", "9999-12-31T23:59:59.000Z", " xxxxxx");
	is(stamp_iso, "2026-11-22 01:02:0", NULL, "");
	is(stamp_iso, "2026-11-22 01:02:0x xxxxxx", NULL, "");
	is(stamp_iso, "2o26-11-22 01:02:03 xxxxxx", NULL, "");
	is(stamp_iso, "2026-11-22_01:02:03 xxxxxx", NULL, "");
	is(stamp_iso, "", NULL, "");
}

static void others(void)
{
	is(stamp_ctime, "Sun Nov 22 01:02:03 2026]", "2026-11-22T01:02:03.000Z", "]");
	is(stamp_ctime, "Sun Nov  2 01:02:03.123456 2026]", "2026-11-02T01:02:03.123456Z", "]");
	is(stamp_ctime, "Sun Feb 30 01:02:03 2026]", "-", "]");
	is(stamp_ctime, "Sum Nov 22 01:02:03 2026]", NULL, "");
	is(stamp_ctime, "Sun Nov 22 01:02:03", NULL, "");
	is(stamp_clf, "22/Nov/2026:01:02:03 +0100]", "2026-11-22T00:02:03.000Z", "]");
	is(stamp_clf, "22/Nov/2026 01:02:03]", "2026-11-22T01:02:03.000Z", "]");
	is(stamp_clf, "22/Nov/2026:01:02:03.456]", "2026-11-22T01:02:03.456Z", "]");
	is(stamp_clf, "31/Nov/2026:01:02:03]", "-", "]");
	is(stamp_clf, "22/Nop/2026:01:02:03]", "-", "]");
	is(stamp_clf, "22-Nov-2026:01:02:03]", NULL, "");
	is(stamp_erlang, "2-Dec-2015::15:20:13 ===", "2015-12-02T15:20:13.000Z", " ===");
	is(stamp_erlang, "2-Dec-2015 15:20:13 ===", NULL, "");
	is(stamp_mysql, "130324  0:04:00 [", "2013-03-24T00:04:00.000Z", " [");
	is(stamp_mysql, "130324 10:04:00 [", "2013-03-24T10:04:00.000Z", " [");
	is(stamp_mysql, "13o324 10:04:00 [", NULL, "");
}

static void years(void)
{
	clock_parse(BYTES("2026-11-22T02:00:00Z"), 0, &hint.arrival);
	is(stamp_bsd, "Nov 22 01:02:03 h", "2026-11-22T01:02:03.000Z", " h");
	is(stamp_bsd, "Nov  2 01:02:03.5 h", "2026-11-02T01:02:03.500Z", " h");
	is(stamp_bsd, "Nov 2 01:02:03 h", "2026-11-02T01:02:03.000Z", " h");
	is(stamp_bsd, "Nov 22 2020 01:02:03 h", "2020-11-22T01:02:03.000Z", " h");
	is(stamp_bsd, "Nov 23 01:59:59 h", "2026-11-23T01:59:59.000Z", " h");
	is(stamp_bsd, "Nov 23 02:00:01 h", "2025-11-23T02:00:01.000Z", " h");
	is(stamp_bsd, "Feb 29 01:02:03 h", "2024-02-29T01:02:03.000Z", " h");
	is(stamp_bsd, "Nov 31 01:02:03 h", "-", " h");
	is(stamp_bsd, "Nov 22 01:02 h", NULL, "");
	is(stamp_bsd, "Nov 22", NULL, "");
	clock_parse(BYTES("2026-01-01T00:10:00Z"), 0, &hint.arrival);
	is(stamp_bsd, "Dec 31 23:59:59 h", "2025-12-31T23:59:59.000Z", " h");
	is(stamp_bsd, "Jan  1 12:00:00 h", "2026-01-01T12:00:00.000Z", " h");
	clock_parse(BYTES("2025-12-31T23:50:00Z"), 0, &hint.arrival);
	is(stamp_bsd, "Jan  1 00:10:00 h", "2026-01-01T00:10:00.000Z", " h");
	clock_parse(BYTES("2104-01-01T00:00:00Z"), 0, &hint.arrival);
	is(stamp_bsd, "Feb 29 00:10:00 h", "2096-02-29T00:10:00.000Z", " h");
	hint.arrival = USEC_NONE;
	is(stamp_bsd, "Jan  1 00:10:00 h", "-", " h");
	hint.year = 2005;
	hint.zone_minutes = -300;
	is(stamp_bsd, "Jun 14 15:16:01 h", "2005-06-14T20:16:01.000Z", " h");
	is(stamp_bsd, "Feb 29 15:16:01 h", "-", " h");
}

/* Every day of four hundred years against the calendar of base/clock.h. */
static void calendar(void)
{
	struct parse_hint utc = { 0 };
	unsigned bad = 0;

	for (int64_t day = civil_days(1900, 1, 1); day < civil_days(2301, 1, 1); day++) {
		char text[CLOCK_TEXT];
		struct bytes b;
		usec at;

		clock_text(day * USEC_PER_DAY + 3723004000, text);
		b = bytes_str(text);
		bad += !stamp_iso(&utc, &b, &at) || at != day * USEC_PER_DAY + 3723004000;
	}
	is_int(bad, 0, "days that differ");
}

int main(void)
{
	usec at = 42;

	iso();
	others();
	years();
	calendar();
	ok(stamp_epoch(BYTES("1795311000.603"), &at) && at == 1795311000603000, "epoch");
	ok(!stamp_epoch(BYTES("1795311000.603x"), &at), "epoch and more");
	ok(!stamp_epoch(BYTES(""), &at), "no epoch");
	ok(!stamp_epoch(BYTES("99999999999999999999"), &at), "an epoch too far");
	return done_testing();
}
