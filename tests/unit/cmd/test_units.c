/* SPDX-License-Identifier: Apache-2.0 */
/* What people write as sizes, zones and lengths of time, and how it is shown again. */
#include "cmd/units.h"
#include "tap.h"

static void sizes(void)
{
	static const struct {
		const char *text;
		uint64_t want;
	} good[] = { { "0", 0 },
		     { "17", 17 },
		     { "1K", 1024 },
		     { "64KiB", 65536 },
		     { "24MiB", 24 << 20 },
		     { "2g", 2ull << 30 },
		     { "1TiB", 1ull << 40 } };
	static const char *const bad[] = { "",	       "K",	"-1",
					   "1KB",      "1 K",	"1.5M",
					   "0x1",      "1MiBs", "99999999999999999999",
					   "99999999T" };
	uint64_t n = 5;

	for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++) {
		ok(units_size(bytes_str(good[i].text), &n), "%s is a size", good[i].text);
		is_int(n, good[i].want, "%s", good[i].text);
	}
	n = 5;
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		ok(!units_size(bytes_str(bad[i]), &n) && n == 5, "\"%s\" is none", bad[i]);
}

static void zones(void)
{
	static const char *const bad[] = { "",	     "+",     "+2",  "02:00", "+24:00",
					   "+01:60", "+1:00", "CET", "+01:0", "+01:000" };
	int m = 7;

	ok(units_zone(BYTES("UTC"), &m) && m == 0, "UTC");
	ok(units_zone(BYTES("+02:00"), &m) && m == 120, "+02:00");
	ok(units_zone(BYTES("-0530"), &m) && m == -330, "-0530");
	ok(units_zone(BYTES("+09"), &m) && m == 540, "+09");
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		ok(!units_zone(bytes_str(bad[i]), &m) && m == 540, "\"%s\" is no zone", bad[i]);
}

static void shown(void)
{
	struct buf b = { 0 };

	units_show_size(&b, 24 << 20);
	buf_str(&b, " ");
	units_show_size(&b, 1000);
	buf_str(&b, " ");
	units_show_span(&b, 90 * USEC_PER_SEC);
	buf_str(&b, " ");
	units_show_span(&b, USEC_PER_SEC / 2);
	buf_str(&b, " ");
	units_show_span(&b, 0);
	buf_str(&b, " ");
	units_show_zone(&b, -330);
	is_str(buf_cstr(&b), "24MiB 1000 90s 500ms never -05:30", "shown as they are written");
	buf_done(&b);
}

int main(void)
{
	static const char *const names[] = { "serve", "search", "status", NULL };

	sizes();
	zones();
	shown();
	is_str(units_nearest(BYTES("serach"), names), "search", "nearest");
	is_str(units_nearest(BYTES("stats"), names), "status", "nearest");
	ok(!units_nearest(BYTES("frobnicate"), names), "nothing is near");
	return done_testing();
}
