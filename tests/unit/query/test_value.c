/* SPDX-License-Identifier: Apache-2.0 */
#include "query/value.h"
#include "tap.h"

static const char *round_trip(const char *text)
{
	static struct buf b;
	__int128 v;

	buf_clear(&b);
	if (!num_parse(bytes_str(text), &v))
		return "no number";
	num_text(&b, v);
	return buf_cstr(&b);
}

static void numbers(void)
{
	__int128 a, b;

	is_str(round_trip("404"), "404", "a number");
	is_str(round_trip("-0.50"), "-0.5", "a negative decimal without what says nothing");
	is_str(round_trip("+007.10"), "7.1", "a sign and leading zeros");
	is_str(round_trip("0.123456789"), "0.123456789", "nine digits after the point");
	is_str(round_trip("0.1234567899"), "0.123456789", "a tenth is cut");
	is_str(round_trip("18446744073709551615"), "18446744073709551615", "a large one");
	is_str(round_trip("999999999999999999"), "999999999999999999", "eighteen digits");
	is_str(round_trip("1234567.000000089"), "1234567.000000089", "seventeen, and a point");
	is_str(round_trip("12345678.1234567899"), "12345678.123456789", "nineteen characters");
	is_str(round_trip("000000000000000007"), "7", "many zeros");
	is_str(round_trip("0"), "0", "zero");
	is_str(round_trip("-0"), "0", "minus zero");
	for (const char *const *t = (const char *const[]){ "", "-", ".", ".5", "5.", "1e9", "0x1",
							   " 1", "1 ", "1.2.3", "--1", "+", NULL };
	     *t; t++)
		is_str(round_trip(*t), "no number", "\"%s\" is no number", *t);
	ok(num_parse(BYTES("99999999999999999999999999999999999999999"), &a) && a == NUM_MAX,
	   "too large a number is the largest");
	ok(num_parse(BYTES("-99999999999999999999999999999999999999999.9"), &b) && b <= -NUM_MAX,
	   "too small a number is the least");
	ok(num_double(NUM_ONE / 2) == 0.5, "as a double");
}

static bool in_net(const char *addr, const char *net)
{
	struct addr a, lo, hi;

	return addr_parse(bytes_str(addr), &a) && addr_parse_net(bytes_str(net), &lo, &hi) &&
	       addr_cmp(&a, &lo) >= 0 && addr_cmp(&a, &hi) <= 0;
}

static void addresses(void)
{
	struct addr a, b;

	ok(addr_parse(BYTES("10.0.0.1"), &a) && addr_parse(BYTES("::ffff:10.0.0.1"), &b) &&
		   !addr_cmp(&a, &b),
	   "an IPv4-mapped address is the IPv4 address");
	ok(addr_parse(BYTES("2001:DB8::1"), &a) && addr_parse(BYTES("2001:db8:0:0::1"), &b) &&
		   !addr_cmp(&a, &b),
	   "ways to write one address");
	ok(addr_parse(BYTES("fe80::1%eth0"), &a), "with a zone");
	ok(addr_parse(BYTES("9.0.0.0"), &a) && addr_parse(BYTES("10.0.0.0"), &b) &&
		   addr_cmp(&a, &b) < 0,
	   "by value, not by text");
	for (const char *const *t =
		     (const char *const[]){ "", "10.0.0", "10.0.0.256", "10.0.0.01", "10.0.0.1 ",
					    "10.0.0.0.1", ":", ":::", "1", "10.0.0.-1", "g::1",
					    "1:2:3:4:5:6:7:8:9", NULL };
	     *t; t++)
		ok(!addr_parse(bytes_str(*t), &a), "\"%s\" is no address", *t);
	ok(in_net("10.255.255.255", "10.0.0.0/8") && !in_net("11.0.0.0", "10.0.0.0/8"), "/8");
	ok(in_net("10.1.2.3", "10.1.2.3/32") && !in_net("10.1.2.4", "10.1.2.3/32"), "/32");
	ok(in_net("255.1.1.1", "0.0.0.0/0") && !in_net("::1", "0.0.0.0/0"), "/0 of IPv4");
	ok(in_net("10.0.0.130", "10.0.0.128/25") && !in_net("10.0.0.127", "10.0.0.128/25"), "/25");
	ok(in_net("2001:db8:1::", "2001:db8::/32") && !in_net("2001:db9::", "2001:db8::/32"), "v6");
	ok(in_net("10.0.0.1", "::/0"), "IPv4 lies in ::/0");
	ok(!in_net("10.0.0.1", "10.0.0.0/33") && !in_net("::1", "::/129") &&
		   !in_net("10.0.0.1", "10.0.0.0/") && !in_net("10.0.0.1", "/8"),
	   "no networks");
}

static void time_is(const char *text, const char *first, const char *last)
{
	usec now, a, b, want_a, want_b;

	clock_parse(BYTES("2026-03-01T12:00:00Z"), 0, &now);
	if (!first) {
		ok(!time_parse(bytes_str(text), now, &a, &b), "\"%s\" is no time", text);
		return;
	}
	clock_parse(bytes_str(first), now, &want_a);
	clock_parse(bytes_str(last), now, &want_b);
	ok(time_parse(bytes_str(text), now, &a, &b) && a == want_a && b == want_b, "\"%s\"", text);
}

static void times(void)
{
	time_is("2026-03-01", "2026-03-01T00:00:00Z", "2026-03-01T23:59:59.999999Z");
	time_is("2026-03-01T10:20", "2026-03-01T10:20:00Z", "2026-03-01T10:20:59.999999Z");
	time_is("2026-03-01 10:20:30", "2026-03-01T10:20:30Z", "2026-03-01T10:20:30.999999Z");
	time_is("2026-03-01T10:20:30Z", "2026-03-01T10:20:30Z", "2026-03-01T10:20:30.999999Z");
	time_is("2026-03-01T10:20+02:00", "2026-03-01T08:20:00Z", "2026-03-01T08:20:59.999999Z");
	time_is("2026-03-01T10:20Z", "2026-03-01T10:20:00Z", "2026-03-01T10:20:59.999999Z");
	time_is("2026-03-01T10:20:30.5Z", "2026-03-01T10:20:30.5Z", "2026-03-01T10:20:30.599999Z");
	time_is("2026-03-01T10:20:30.123456", "2026-03-01T10:20:30.123456Z",
		"2026-03-01T10:20:30.123456Z");
	time_is("@1772366400", "2026-03-01T12:00:00Z", "2026-03-01T12:00:00.999999Z");
	time_is("now", "2026-03-01T12:00:00Z", "2026-03-01T12:00:00Z");
	time_is("now-15m", "2026-03-01T11:45:00Z", "2026-03-01T11:45:00Z");
	time_is("-2h", "2026-03-01T10:00:00Z", "2026-03-01T10:00:00Z");
	time_is("", NULL, NULL);
	time_is("now+1h", NULL, NULL);
	time_is("now2026-03-01", NULL, NULL);
	time_is("2026-03", NULL, NULL);
	time_is("tomorrow", NULL, NULL);
}

int main(void)
{
	numbers();
	addresses();
	times();
	return done_testing();
}
