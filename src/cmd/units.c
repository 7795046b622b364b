/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/units.h"

static const char letters[] = "KMGT";

bool units_size(struct bytes b, uint64_t *ret)
{
	size_t digits = 0;
	unsigned shift = 0;
	uint64_t v;

	while (digits < b.len && is_digit(b.at[digits]))
		digits++;
	if (!bytes_u64(bytes_sub(b, 0, digits), &v))
		return false;
	b = bytes_from(b, digits);
	if (b.len) {
		const char *at = strchr(letters, b.at[0] & ~32);

		if (!at || !*at)
			return false;
		shift = 10 * (unsigned)(at - letters + 1);
		b = bytes_from(b, 1);
		if (b.len && !bytes_ieq(b, BYTES("iB")))
			return false;
	}
	if (shift && v >> (64 - shift))
		return false;
	*ret = v << shift;
	return true;
}

bool units_zone(struct bytes b, int *ret)
{
	uint32_t hours, minutes = 0;
	bool west;

	if (bytes_ieq(b, BYTES("UTC")) || bytes_ieq(b, BYTES("Z"))) {
		*ret = 0;
		return true;
	}
	if (b.len < 3 || (b.at[0] != '+' && b.at[0] != '-'))
		return false;
	west = b.at[0] == '-';
	if (!is_digit(b.at[1]) || !bytes_u32(bytes_sub(b, 1, 2), &hours))
		return false;
	b = bytes_from(b, 3);
	if (b.len == 3 && b.at[0] == ':')
		b = bytes_from(b, 1);
	if (b.len && (b.len != 2 || !is_digit(b.at[0]) || !bytes_u32(b, &minutes)))
		return false;
	if (hours > 23 || minutes > 59)
		return false;
	*ret = (int)(hours * 60 + minutes) * (west ? -1 : 1);
	return true;
}

bool units_span(struct bytes b, usec *ret)
{
	if (bytes_eq(b, BYTES("0")) || bytes_ieq(b, BYTES("never"))) {
		*ret = 0;
		return true;
	}
	return clock_parse_span(b, ret);
}

bool units_year(struct bytes b, int *ret)
{
	uint32_t v;

	if (b.len != 4 || !bytes_u32(b, &v) || v < 1970)
		return false;
	*ret = (int)v;
	return true;
}

void units_show_size(struct buf *to, uint64_t bytes)
{
	unsigned unit = 0;

	while (unit < 4 && bytes && !(bytes & 1023)) {
		bytes >>= 10;
		unit++;
	}
	buf_printf(to, "%llu", (unsigned long long)bytes);
	if (unit)
		buf_printf(to, "%ciB", letters[unit - 1]);
}

void units_show_about(struct buf *to, uint64_t bytes)
{
	double v = (double)bytes;
	unsigned unit = 0;

	for (; v >= 1024 && unit < 4; unit++)
		v /= 1024;
	if (!unit)
		buf_printf(to, "%llu B", (unsigned long long)bytes);
	else
		buf_printf(to, v < 10 ? "%.2f %ciB" : "%.1f %ciB", v, letters[unit - 1]);
}

void units_show_span(struct buf *to, usec span)
{
	static const struct {
		usec length;
		const char *unit;
	} units[] = { { USEC_PER_DAY, "d" },	     { 3600 * USEC_PER_SEC, "h" },
		      { 60 * USEC_PER_SEC, "m" },    { USEC_PER_SEC, "s" },
		      { USEC_PER_SEC / 1000, "ms" }, { 1, "us" } };

	if (span <= 0) {
		buf_str(to, "never");
		return;
	}
	for (size_t i = 0; i < sizeof(units) / sizeof(*units); i++) {
		if (span % units[i].length)
			continue;
		buf_printf(to, "%lld%s", (long long)(span / units[i].length), units[i].unit);
		return;
	}
}

void units_show_zone(struct buf *to, int minutes)
{
	unsigned m = (unsigned)(minutes < 0 ? -minutes : minutes);

	if (!minutes)
		buf_str(to, "UTC");
	else
		buf_printf(to, "%c%02u:%02u", minutes < 0 ? '-' : '+', m / 60, m % 60);
}

#define WORD_MAX 48

/* Edit distance (Levenshtein) of two short words, case ignored; SIZE_MAX when one is long. */
static size_t distance(struct bytes a, struct bytes b)
{
	size_t row[WORD_MAX + 1];

	if (a.len > WORD_MAX || b.len > WORD_MAX)
		return SIZE_MAX;
	for (size_t j = 0; j <= b.len; j++)
		row[j] = j;
	for (size_t i = 1; i <= a.len; i++) {
		size_t corner = row[0];

		row[0] = i;
		for (size_t j = 1; j <= b.len; j++) {
			size_t cost = to_lower(a.at[i - 1]) != to_lower(b.at[j - 1]);
			size_t best = corner + cost;

			corner = row[j];
			if (row[j] + 1 < best)
				best = row[j] + 1;
			if (row[j - 1] + 1 < best)
				best = row[j - 1] + 1;
			row[j] = best;
		}
	}
	return row[b.len];
}

const char *units_nearest(struct bytes typed, const char *const *names)
{
	size_t best = typed.len / 3 + 1; /* more wrong letters than this are another word */
	const char *found = NULL;

	for (; *names; names++) {
		size_t d = distance(typed, bytes_str(*names));

		if (d < best || (d == best && !found)) {
			best = d;
			found = *names;
		}
	}
	return found;
}
