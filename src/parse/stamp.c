/* SPDX-License-Identifier: Apache-2.0 */
#include "parse/stamp.h"
#include "parse/scan.h"

/* A stamp being read: y-m-d of civil time, the rest as microseconds of the day. */
struct stamp {
	unsigned year, month, day;
	usec of_day;
	bool good; /* every part in its range */
};

static const uint8_t month_days[] = { 0, 31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };

static inline bool is_leap(unsigned y)
{
	return y % 4 == 0 && (y % 100 != 0 || y % 400 == 0);
}

static inline bool is_date(unsigned y, unsigned m, unsigned d)
{
	return m - 1 < 12 && d - 1 < month_days[m] && (m != 2 || d < 29 || is_leap(y));
}

/* Days since 1970; y from 0 to 9999. */
static inline int64_t days_of(unsigned y, unsigned m, unsigned d)
{
	static const uint16_t before[] = {
		0, 306, 337, 0, 31, 61, 92, 122, 153, 184, 214, 245, 275
	};
	unsigned c = y + 400 - (m <= 2); /* years from March, in a span without negatives */

	unsigned hundreds = c / 100;

	return (int64_t)(c * 365 + c / 4 - hundreds + hundreds / 4 + before[m] + d) - 719469 -
	       146097;
}

static inline usec moment(const struct parse_hint *h, const struct stamp *s)
{
	if (!s->good || !is_date(s->year, s->month, s->day))
		return USEC_NONE;
	return days_of(s->year, s->month, s->day) * USEC_PER_DAY + s->of_day -
	       h->zone_minutes * 60 * USEC_PER_SEC;
}

/* Two digits; anything else leaves 100 or more. A blank in front of one digit reads as 0. */
static inline unsigned two(const uint8_t *p)
{
	unsigned a = p[0] == ' ' ? 0 : (unsigned)(p[0] - '0'), b = (unsigned)(p[1] - '0');

	return a > 9 || b > 9 ? 100 : a * 10 + b;
}

/* hh:mm:ss, the hour may be one digit behind a blank. */
static inline bool take_clock(struct bytes *b, struct stamp *s)
{
	unsigned h, m, sec;

	if (b->len < 8 || b->at[2] != ':' || b->at[5] != ':' || !is_digit(b->at[1]) ||
	    !is_digit(b->at[4]) || !is_digit(b->at[7]) || !is_digit(b->at[3]) ||
	    !is_digit(b->at[6]))
		return false;
	h = two(b->at);
	m = two(b->at + 3);
	sec = two(b->at + 6);
	s->good = h < 24 && m < 60 && sec <= 60;
	s->of_day = (usec)(h * 3600 + m * 60 + sec) * USEC_PER_SEC;
	scan_skip(b, 8);
	return true;
}

/* .123456 or ,123: more than six digits are cut. Only where a digit follows the point. */
static inline void take_fraction(struct bytes *b, struct stamp *s)
{
	static const uint32_t scale[] = { 0, 100000, 10000, 1000, 100, 10, 1 };
	unsigned v = 0, n = 0;

	if (b->len < 2 || (b->at[0] != '.' && b->at[0] != ',') || !is_digit(b->at[1]))
		return;
	scan_skip(b, 1);
	if (b->len > 3 && is_digit(b->at[1]) && is_digit(b->at[2]) && !is_digit(b->at[3])) {
		s->of_day += (b->at[0] * 100 + b->at[1] * 10 + b->at[2] - '0' * 111) * 1000;
		scan_skip(b, 3);
		return;
	}
	for (; b->len && is_digit(b->at[0]); scan_skip(b, 1)) {
		if (n < 6) {
			v = v * 10 + (unsigned)(b->at[0] - '0');
			n++;
		}
	}
	s->of_day += v * scale[n];
}

/* Z, +01:00, +0100, +01; a blank may stand before +0100 where the word ends behind it. */
static inline bool take_zone(struct bytes *b, int *ret_minutes)
{
	struct bytes z = *b;
	unsigned h, m = 0;
	bool apart, minus;

	if (z.len > 1 && z.at[0] == ' ' && z.at[1] != '+' && z.at[1] != '-')
		return false;
	apart = scan_take_chr(&z, ' ');
	if (!apart && z.len && (z.at[0] == 'Z' || z.at[0] == 'z')) {
		scan_skip(b, 1);
		*ret_minutes = 0;
		return true;
	}
	if (z.len < 3 || (z.at[0] != '+' && z.at[0] != '-'))
		return false;
	minus = z.at[0] == '-';
	if (!is_digit(z.at[1]) || !is_digit(z.at[2]))
		return false;
	h = two(z.at + 1);
	scan_skip(&z, 3);
	if (z.len >= 3 && z.at[0] == ':' && is_digit(z.at[1]) && is_digit(z.at[2])) {
		m = two(z.at + 1);
		scan_skip(&z, 3);
	} else if (z.len >= 2 && is_digit(z.at[0]) && is_digit(z.at[1])) {
		m = two(z.at);
		scan_skip(&z, 2);
	} else if (apart) {
		return false;
	}
	if (h > 23 || m > 59 || scan_digit(z) || (apart && z.len && is_alnum(z.at[0])))
		return false;
	*b = z;
	*ret_minutes = (int)(h * 60 + m) * (minus ? -1 : 1);
	return true;
}

/* Bytes that are 0..9 where `most` has 0x76 and 0 where it has 0x7f: the eight at once. */
static inline bool is_shape(uint64_t v, uint64_t most)
{
	return !((v | (v + most)) & 0x8080808080808080);
}

static inline unsigned digit_at(uint64_t v, int i)
{
	return (unsigned)(v >> (8 * i)) & 15;
}

/* "2026-11-22 01:02:03" as everybody writes it, in three loads; false where it is another form. */
static bool quick_iso(struct bytes b, struct stamp *s)
{
	uint64_t y, d, t;
	unsigned h, m, sec;

	if (b.len < 24)
		return false;
	y = scan_load8(b.at) ^ 0x2d30302d30303030; /* "0000-00-" */
	d = scan_load8(b.at + 8) ^ 0x30303a3030203030; /* "00 00:00" */
	t = (scan_load8(b.at + 16) & 0xffffff) ^ 0x30303a; /* ":00" */
	if (b.at[10] == 'T')
		d ^= (uint64_t)(' ' ^ 'T') << 16;
	if (!is_shape(y, 0x7f76767f76767676) || !is_shape(d, 0x76767f76767f7676) ||
	    !is_shape(t, 0x000000000076767f))
		return false;
	s->year =
		digit_at(y, 0) * 1000 + digit_at(y, 1) * 100 + digit_at(y, 2) * 10 + digit_at(y, 3);
	s->month = digit_at(y, 5) * 10 + digit_at(y, 6);
	s->day = digit_at(d, 0) * 10 + digit_at(d, 1);
	h = digit_at(d, 3) * 10 + digit_at(d, 4);
	m = digit_at(d, 6) * 10 + digit_at(d, 7);
	sec = digit_at(t, 1) * 10 + digit_at(t, 2);
	s->good = h < 24 && m < 60 && sec <= 60;
	s->of_day = (usec)(h * 3600 + m * 60 + sec) * USEC_PER_SEC;
	return true;
}

/* "2026/11/22", " 1:02:03" and what else quick_iso() leaves */
static bool slow_iso(struct bytes b, struct stamp *s)
{
	struct bytes c = bytes_from(b, 11);
	unsigned hi, lo;

	if (!stamp_is_iso(b) || !take_clock(&c, s) || !is_digit(b.at[6]) || !is_digit(b.at[8]))
		return false;
	hi = two(b.at);
	lo = two(b.at + 2);
	s->year = hi * 100 + lo;
	s->month = two(b.at + 5);
	s->day = two(b.at + 8);
	return hi < 100 && lo < 100;
}

bool stamp_is_iso(struct bytes b)
{
	if (b.len < 19 || (b.at[4] != '-' && b.at[4] != '/') || b.at[7] != b.at[4])
		return false;
	return (b.at[10] == ' ' || b.at[10] == 'T' || b.at[10] == 't') && is_digit(b.at[0]) &&
	       is_digit(b.at[3]) && is_digit(b.at[5]) && is_digit(b.at[9]) && b.at[13] == ':';
}

bool stamp_iso(const struct parse_hint *h, struct bytes *b, usec *ret)
{
	struct bytes c;
	struct stamp s;
	int zone;

	if (!quick_iso(*b, &s) && !slow_iso(*b, &s))
		return false;
	c = bytes_from(*b, 19);
	take_fraction(&c, &s);
	if (c.len && c.at[0] == '.')
		take_fraction(&c, &(struct stamp){ 0 }); /* "…,799.799": the same twice */
	if (take_zone(&c, &zone)) {
		struct parse_hint other = { .zone_minutes = zone };

		*ret = moment(&other, &s);
	} else {
		*ret = moment(h, &s);
	}
	*b = c;
	return true;
}

int stamp_month(struct bytes b)
{
	if (b.len < 3)
		return 0;
#define M(a, c, d) ((uint32_t)(a) | (uint32_t)(c) << 8 | (uint32_t)(d) << 16)
	switch (M(b.at[0] | 32, b.at[1] | 32, b.at[2] | 32)) {
	case M('j', 'a', 'n'):
		return 1;
	case M('f', 'e', 'b'):
		return 2;
	case M('m', 'a', 'r'):
		return 3;
	case M('a', 'p', 'r'):
		return 4;
	case M('m', 'a', 'y'):
		return 5;
	case M('j', 'u', 'n'):
		return 6;
	case M('j', 'u', 'l'):
		return 7;
	case M('a', 'u', 'g'):
		return 8;
	case M('s', 'e', 'p'):
		return 9;
	case M('o', 'c', 't'):
		return 10;
	case M('n', 'o', 'v'):
		return 11;
	case M('d', 'e', 'c'):
		return 12;
	default:
		return 0;
	}
}

bool stamp_is_weekday(struct bytes b)
{
	if (b.len < 4 || (b.at[3] != ' ' && b.at[3] != ','))
		return false;
	switch (M(b.at[0] | 32, b.at[1] | 32, b.at[2] | 32)) {
	case M('m', 'o', 'n'):
	case M('t', 'u', 'e'):
	case M('w', 'e', 'd'):
	case M('t', 'h', 'u'):
	case M('f', 'r', 'i'):
	case M('s', 'a', 't'):
	case M('s', 'u', 'n'):
		return true;
	default:
		return false;
	}
#undef M
}

/* "Nov 22 " or "Nov  2 " or "Nov 2 ": moves behind the blank. */
static bool take_month_day(struct bytes *b, struct stamp *s)
{
	struct bytes c = *b;
	unsigned d;

	s->month = (unsigned)stamp_month(c);
	if (!s->month || c.len < 6 || c.at[3] != ' ')
		return false;
	scan_skip(&c, 4);
	scan_take_chr(&c, ' ');
	if (!scan_digit(c))
		return false;
	d = (unsigned)(c.at[0] - '0');
	scan_skip(&c, 1);
	if (scan_digit(c)) {
		d = d * 10 + (unsigned)(c.at[0] - '0');
		scan_skip(&c, 1);
	}
	if (!scan_take_chr(&c, ' '))
		return false;
	s->day = d;
	*b = c;
	return true;
}

static bool take_year(struct bytes *b, unsigned *ret)
{
	if (b->len < 4 || !is_digit(b->at[0]) || !is_digit(b->at[1]) || !is_digit(b->at[2]) ||
	    !is_digit(b->at[3]) || (b->len > 4 && is_digit(b->at[4])))
		return false;
	*ret = two(b->at) * 100 + two(b->at + 2);
	scan_skip(b, 4);
	return true;
}

/* The latest year in which the date exists and is not more than a day ahead of the arrival:
 * Feb 29 may lie eight years back, over a year such as 2100. */
static usec guess_year(const struct parse_hint *h, struct stamp *s)
{
	int64_t years;

	if (h->year) {
		s->year = (unsigned)h->year;
		return moment(h, s);
	}
	if (h->arrival == USEC_NONE || h->arrival < 0)
		return USEC_NONE;
	years = h->arrival / USEC_PER_SEC * 400 / (146097 * (int64_t)86400);
	if (years > 8000)
		return USEC_NONE;
	for (unsigned y = (unsigned)years + 1971, last = y - 10; y > last; y--) {
		usec at;

		s->year = y;
		at = moment(h, s);
		if (at != USEC_NONE && at <= h->arrival + USEC_PER_DAY)
			return at;
	}
	return USEC_NONE;
}

bool stamp_bsd(const struct parse_hint *h, struct bytes *b, usec *ret)
{
	struct bytes c = *b, with_year;
	struct stamp s = { 0 };
	bool year;

	if (!take_month_day(&c, &s))
		return false;
	with_year = c;
	year = take_year(&with_year, &s.year) && scan_take_chr(&with_year, ' ');
	if (year)
		c = with_year;
	if (!take_clock(&c, &s))
		return false;
	take_fraction(&c, &s);
	*ret = year ? moment(h, &s) : guess_year(h, &s);
	*b = c;
	return true;
}

bool stamp_ctime(const struct parse_hint *h, struct bytes *b, usec *ret)
{
	struct bytes c = *b;
	struct stamp s = { 0 };

	if (!stamp_is_weekday(c))
		return false;
	scan_skip(&c, 4);
	if (!take_month_day(&c, &s) || !take_clock(&c, &s))
		return false;
	take_fraction(&c, &s);
	if (!scan_take_chr(&c, ' ') || !take_year(&c, &s.year))
		return false;
	*ret = moment(h, &s);
	*b = c;
	return true;
}

bool stamp_clf(const struct parse_hint *h, struct bytes *b, usec *ret)
{
	struct bytes c = *b;
	struct stamp s = { 0 };
	int zone;

	if (c.len < 20 || !is_digit(c.at[0]))
		return false;
	if (c.at[2] == '/' && c.at[6] == '/' && is_digit(c.at[1])) {
		s.day = two(c.at);
		scan_skip(&c, 3);
	} else if (c.at[1] == '/' && c.at[5] == '/') { /* "1/Apr/2014" */
		s.day = (unsigned)(c.at[0] - '0');
		scan_skip(&c, 2);
	} else {
		return false;
	}
	s.month = (unsigned)stamp_month(c);
	scan_skip(&c, 4);
	if (!take_year(&c, &s.year) || (!scan_take_chr(&c, ':') && !scan_take_chr(&c, ' ')))
		return false;
	if (!take_clock(&c, &s))
		return false;
	take_fraction(&c, &s);
	if (take_zone(&c, &zone)) {
		struct parse_hint other = { .zone_minutes = zone };

		*ret = moment(&other, &s);
	} else {
		*ret = moment(h, &s);
	}
	*b = c;
	return true;
}

bool stamp_erlang(const struct parse_hint *h, struct bytes *b, usec *ret)
{
	struct bytes c = *b, day = scan_digits(&c);
	struct stamp s = { 0 };

	if (!day.len || day.len > 2 || !scan_take_chr(&c, '-'))
		return false;
	s.day = day.len == 2 ? two(day.at) : (unsigned)(day.at[0] - '0');
	s.month = (unsigned)stamp_month(c);
	scan_skip(&c, 3);
	if (!s.month || !scan_take_chr(&c, '-') || !take_year(&c, &s.year) || !TAKE(&c, "::") ||
	    !take_clock(&c, &s))
		return false;
	take_fraction(&c, &s);
	*ret = moment(h, &s);
	*b = c;
	return true;
}

bool stamp_mysql(const struct parse_hint *h, struct bytes *b, usec *ret)
{
	struct bytes c = *b;
	struct stamp s = { 0 };

	if (c.len < 15 || c.at[6] != ' ')
		return false;
	for (int i = 0; i < 6; i++)
		if (!is_digit(c.at[i]))
			return false;
	s.year = 2000 + two(c.at);
	s.month = two(c.at + 2);
	s.day = two(c.at + 4);
	scan_skip(&c, 7);
	if (!take_clock(&c, &s))
		return false;
	*ret = moment(h, &s);
	*b = c;
	return true;
}

bool stamp_epoch(struct bytes b, usec *ret)
{
	struct bytes whole = scan_digits(&b);
	struct stamp s = { 0 };
	uint64_t n;

	if (!bytes_u64(whole, &n) || n > 253402300799)
		return false;
	take_fraction(&b, &s);
	if (b.len)
		return false;
	*ret = (usec)n * USEC_PER_SEC + s.of_day;
	return true;
}
