/* SPDX-License-Identifier: Apache-2.0 */
#include "base/clock.h"
#include <stdio.h>
#include <time.h>

static usec clock_of(clockid_t id)
{
	struct timespec t;

	clock_gettime(id, &t);
	return (usec)t.tv_sec * USEC_PER_SEC + t.tv_nsec / 1000;
}

usec clock_real(void)
{
	return clock_of(CLOCK_REALTIME);
}

usec clock_mono(void)
{
	return clock_of(CLOCK_MONOTONIC);
}

usec clock_boot(void)
{
	return clock_of(CLOCK_BOOTTIME);
}

usec clock_cpu(void)
{
	return clock_of(CLOCK_PROCESS_CPUTIME_ID);
}

int64_t civil_days(int year, int month, int day)
{
	int64_t y = (int64_t)year - (month <= 2);
	int64_t era = (y >= 0 ? y : y - 399) / 400;
	int64_t yoe = y - era * 400;
	int64_t doy = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;

	return era * 146097 + yoe * 365 + yoe / 4 - yoe / 100 + doy - 719468;
}

usec civil_usec(const struct civil *c)
{
	int64_t s = civil_days(c->year, c->month, c->day) * 86400 + c->hour * 3600 +
		    c->minute * 60 + c->second;

	return s * USEC_PER_SEC + c->micro;
}

void civil_of(usec at, struct civil *ret)
{
	int64_t days = at / USEC_PER_DAY - (at % USEC_PER_DAY < 0);
	int64_t rest = at % USEC_PER_DAY + (at % USEC_PER_DAY < 0 ? USEC_PER_DAY : 0);
	int64_t z = days + 719468;
	int64_t era = (z >= 0 ? z : z - 146096) / 146097;
	int64_t doe = z - era * 146097;
	int64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
	int64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
	int64_t mp = (5 * doy + 2) / 153;

	ret->day = (int)(doy - (153 * mp + 2) / 5 + 1);
	ret->month = (int)(mp < 10 ? mp + 3 : mp - 9);
	ret->year = (int)(yoe + era * 400 + (ret->month <= 2));
	ret->micro = (int)(rest % USEC_PER_SEC);
	rest /= USEC_PER_SEC;
	ret->second = (int)(rest % 60);
	ret->minute = (int)(rest / 60 % 60);
	ret->hour = (int)(rest / 3600);
}

bool civil_valid(const struct civil *c)
{
	static const uint8_t in_month[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
	bool leap = (c->year % 4 == 0 && c->year % 100 != 0) || c->year % 400 == 0;

	if (c->month < 1 || c->month > 12 || c->day < 1 || c->year < 0 || c->year > 9999)
		return false;
	if (c->day > in_month[c->month - 1] + (c->month == 2 && leap))
		return false;
	return c->hour >= 0 && c->hour < 24 && c->minute >= 0 && c->minute < 60 && c->second >= 0 &&
	       c->second <= 60 && c->micro >= 0 && c->micro < 1000000;
}

void clock_text(usec at, char ret[static CLOCK_TEXT])
{
	struct civil c;

	civil_of(at, &c);
	if (c.year < 0 || c.year > 9999)
		snprintf(ret, CLOCK_TEXT, "@%lld", (long long)(at / USEC_PER_SEC));
	else if (c.micro % 1000)
		snprintf(ret, CLOCK_TEXT, "%04d-%02d-%02dT%02d:%02d:%02d.%06dZ", c.year, c.month,
			 c.day, c.hour, c.minute, c.second, c.micro);
	else
		snprintf(ret, CLOCK_TEXT, "%04d-%02d-%02dT%02d:%02d:%02d.%03dZ", c.year, c.month,
			 c.day, c.hour, c.minute, c.second, c.micro / 1000);
}

/* Takes exactly n digits. */
static bool take_digits(struct bytes *b, size_t n, int *ret)
{
	int v = 0;

	if (b->len < n)
		return false;
	for (size_t i = 0; i < n; i++) {
		if (!is_digit(b->at[i]))
			return false;
		v = v * 10 + (b->at[i] - '0');
	}
	*b = bytes_from(*b, n);
	*ret = v;
	return true;
}

static bool take_char(struct bytes *b, uint8_t c)
{
	if (!b->len || b->at[0] != c)
		return false;
	*b = bytes_from(*b, 1);
	return true;
}

/* Digits after a point as microseconds; more than six are cut. */
static bool take_fraction(struct bytes *b, int *ret)
{
	int v = 0;
	size_t n = 0;

	for (; n < b->len && is_digit(b->at[n]); n++)
		if (n < 6)
			v = v * 10 + (b->at[n] - '0');
	if (!n)
		return false;
	for (size_t i = n; i < 6; i++)
		v *= 10;
	*b = bytes_from(*b, n);
	*ret = v;
	return true;
}

static bool take_zone(struct bytes *b, usec *ret)
{
	int h, m, sign;

	if (take_char(b, 'Z') || take_char(b, 'z')) {
		*ret = 0;
		return true;
	}
	if (take_char(b, '+'))
		sign = 1;
	else if (take_char(b, '-'))
		sign = -1;
	else
		return false;
	if (!take_digits(b, 2, &h))
		return false;
	take_char(b, ':');
	if (!take_digits(b, 2, &m) || h > 23 || m > 59)
		return false;
	*ret = sign * (usec)(h * 3600 + m * 60) * USEC_PER_SEC;
	return true;
}

static bool parse_absolute(struct bytes b, usec *ret)
{
	struct civil c = { 0 };
	usec zone = 0;

	if (!take_digits(&b, 4, &c.year) || !take_char(&b, '-') || !take_digits(&b, 2, &c.month) ||
	    !take_char(&b, '-') || !take_digits(&b, 2, &c.day))
		return false;
	if (b.len) {
		if (!take_char(&b, 'T') && !take_char(&b, 't') && !take_char(&b, ' '))
			return false;
		if (!take_digits(&b, 2, &c.hour) || !take_char(&b, ':') ||
		    !take_digits(&b, 2, &c.minute))
			return false;
		if (take_char(&b, ':') && !take_digits(&b, 2, &c.second))
			return false;
		if ((take_char(&b, '.') || take_char(&b, ',')) && !take_fraction(&b, &c.micro))
			return false;
		if (b.len && !take_zone(&b, &zone))
			return false;
	}
	if (b.len || !civil_valid(&c))
		return false;
	*ret = civil_usec(&c) - zone;
	return true;
}

bool clock_parse_span(struct bytes b, usec *ret)
{
	usec sum = 0;

	if (!b.len)
		return false;
	while (b.len) {
		int64_t n = 0, unit;
		size_t d = 0;

		for (; d < b.len && d < 10 && is_digit(b.at[d]); d++)
			n = n * 10 + (b.at[d] - '0');
		if (!d)
			return false;
		b = bytes_from(b, d);
		if (bytes_starts(b, BYTES("ms"))) {
			unit = 1000;
			b = bytes_from(b, 1);
		} else if (!b.len) {
			return false;
		} else {
			switch (b.at[0]) {
			case 's':
				unit = USEC_PER_SEC;
				break;
			case 'm':
				unit = 60 * USEC_PER_SEC;
				break;
			case 'h':
				unit = 3600 * USEC_PER_SEC;
				break;
			case 'd':
				unit = USEC_PER_DAY;
				break;
			case 'w':
				unit = 7 * USEC_PER_DAY;
				break;
			default:
				return false;
			}
		}
		b = bytes_from(b, 1);
		if (__builtin_mul_overflow(n, unit, &n) || __builtin_add_overflow(sum, n, &sum))
			return false;
	}
	if (sum <= 0)
		return false;
	*ret = sum;
	return true;
}

static bool parse_epoch(struct bytes b, usec *ret)
{
	size_t dot = bytes_chr(b, '.');
	int micro = 0;
	int64_t s;

	if (dot != BYTES_NONE) {
		struct bytes frac = bytes_from(b, dot + 1);

		if (!take_fraction(&frac, &micro) || frac.len)
			return false;
		b.len = dot;
	}
	if (!bytes_i64(b, &s) || s > 253402300799 || s < -62135596800)
		return false;
	*ret = s * USEC_PER_SEC + micro;
	return true;
}

bool clock_parse(struct bytes text, usec now, usec *ret)
{
	usec span;

	text = bytes_trim(text);
	if (!text.len)
		return false;
	if (bytes_eq(text, BYTES("now"))) {
		*ret = now;
		return true;
	}
	if (text.at[0] == '@')
		return parse_epoch(bytes_from(text, 1), ret);
	if (text.at[0] == '-') {
		if (!clock_parse_span(bytes_from(text, 1), &span))
			return false;
		*ret = now - span;
		return true;
	}
	return parse_absolute(text, ret);
}
