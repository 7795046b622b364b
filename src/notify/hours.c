/* SPDX-License-Identifier: Apache-2.0 */
#include "notify/hours.h"

#define DAY 1440u

static void set(struct hours *h, unsigned from, unsigned to)
{
	for (unsigned m = from; m < to; m++)
		h->minute[m % HOURS_MINUTES / 64] |= (uint64_t)1 << (m % HOURS_MINUTES % 64);
}

bool hours_minute(struct bytes text, unsigned *ret)
{
	uint64_t h, m;

	if (text.len != 5 || text.at[2] != ':' || !bytes_u64(bytes_sub(text, 0, 2), &h) ||
	    !bytes_u64(bytes_from(text, 3), &m) || m > 59 || h * 60 + m > DAY)
		return false;
	*ret = (unsigned)(h * 60 + m);
	return true;
}

static bool day_of(struct bytes b, unsigned *ret)
{
	static const char names[] = "montuewedthufrisatsun";

	for (unsigned i = 0; i < 7; i++) {
		if (bytes_ieq(b, bytes_of(names + 3 * (size_t)i, 3))) {
			*ret = i;
			return true;
		}
	}
	return false;
}

/* "mon-fri" or "sat,sun" or "wed" */
static bool days_of(struct bytes b, unsigned *ret)
{
	unsigned from, to, days = 0;

	while (b.len) {
		size_t comma = bytes_chr(b, ',');
		struct bytes one = bytes_sub(b, 0, comma);

		if (!day_of(bytes_sub(one, 0, 3), &from))
			return false;
		to = from;
		if (one.len != 3 &&
		    (one.len != 7 || one.at[3] != '-' || !day_of(bytes_from(one, 4), &to)))
			return false;
		for (unsigned d = from;; d = (d + 1) % 7) {
			days |= 1u << d;
			if (d == to)
				break;
		}
		if (comma == BYTES_NONE)
			break;
		b = bytes_from(b, comma + 1);
		if (!b.len)
			return false;
	}
	*ret = days;
	return days != 0;
}

bool hours_add(struct hours *h, struct bytes text)
{
	unsigned days = 0x7f, from = 0, to = DAY;
	struct bytes b = bytes_trim(text), times = b;

	if (!b.len)
		return false;
	if (!is_digit(b.at[0])) {
		size_t blank = bytes_chr(b, ' ');

		if (!days_of(bytes_sub(b, 0, blank), &days))
			return false;
		times = blank == BYTES_NONE ? BYTES("") : bytes_trim(bytes_from(b, blank));
	}
	if (times.len && (times.len != 11 || times.at[5] != '-' ||
			  !hours_minute(bytes_sub(times, 0, 5), &from) || from == DAY ||
			  !hours_minute(bytes_from(times, 6), &to) || to == from))
		return false;
	if (to < from)
		to += DAY; /* over midnight: the day names when it begins */
	for (unsigned d = 0; d < 7; d++)
		if (days & 1u << d)
			set(h, d * DAY + from, d * DAY + to);
	return true;
}

bool hours_has(const struct hours *h, const struct zone *z, usec at)
{
	/* 1970-01-01 was a Thursday; a clock before that is one that is wrong. */
	int64_t m = zone_clock(z, at) / (60 * USEC_PER_SEC) + 3 * DAY;

	m = ((m % HOURS_MINUTES) + HOURS_MINUTES) % HOURS_MINUTES;
	return h->minute[m / 64] >> (m % 64) & 1;
}
