/* SPDX-License-Identifier: Apache-2.0 */
#include "ledger/block/token.h"

static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
static const char hex[] = "0123456789abcdef";

static uint8_t *put2(uint8_t *p, int v)
{
	p[0] = (uint8_t)('0' + v / 10);
	p[1] = (uint8_t)('0' + v % 10);
	return p + 2;
}

static uint8_t *put4(uint8_t *p, int v)
{
	return put2(put2(p, v / 100), v % 100);
}

static uint8_t *put_hms(uint8_t *p, const struct civil *c)
{
	p = put2(p, c->hour);
	*p++ = ':';
	p = put2(p, c->minute);
	*p++ = ':';
	return put2(p, c->second);
}

static uint8_t *put_fraction(uint8_t *p, int micro, unsigned digits)
{
	for (int unit = 100000; digits; digits--, unit /= 10)
		*p++ = (uint8_t)('0' + micro / unit % 10);
	return p;
}

static uint8_t *put_bsd_day(uint8_t *p, const struct civil *c, uint8_t pad)
{
	memcpy(p, months + 3 * (c->month - 1), 3);
	p[3] = ' ';
	put2(p + 4, c->day);
	if (c->day < 10)
		p[4] = pad;
	p[6] = ' ';
	return p + 7;
}

/* The civil time of `at`, remembering the second of the last call: stamps come in order. */
static void civil_cached(usec at, struct civil *ret)
{
	static _Thread_local struct civil last;
	static _Thread_local usec last_minute = INT64_MIN;
	usec minute = at / (60 * USEC_PER_SEC);
	usec rest;

	if (at < 0) {
		civil_of(at, ret);
		return;
	}
	if (minute != last_minute) {
		civil_of(at, &last);
		last_minute = minute;
	}
	rest = at - minute * 60 * USEC_PER_SEC;
	*ret = last;
	ret->second = (int)(rest / USEC_PER_SEC);
	ret->micro = (int)(rest % USEC_PER_SEC);
}

size_t token_render_time(uint8_t type, const uint8_t param[3], usec at, uint8_t *ret)
{
	struct civil c;
	uint8_t *p = ret;

	civil_cached(at, &c);
	c.year = c.year < 0 || c.year > 9999 ? 0 : c.year;
	switch (type) {
	case VAR_ISO:
		p = put4(p, c.year);
		*p++ = '-';
		p = put2(p, c.month);
		*p++ = '-';
		p = put2(p, c.day);
		*p++ = param[0];
		p = put_hms(p, &c);
		if (param[2]) {
			*p++ = param[1];
			p = put_fraction(p, c.micro, param[2]);
		}
		break;
	case VAR_BSD:
		p = put_hms(put_bsd_day(p, &c, param[0]), &c);
		break;
	case VAR_HTTPD:
		p = put2(p, c.day);
		*p++ = '/';
		memcpy(p, months + 3 * (c.month - 1), 3);
		p += 3;
		*p++ = '/';
		p = put4(p, c.year);
		*p++ = ':';
		p = put_hms(p, &c);
		break;
	case VAR_CTIME:
		p = put_hms(put_bsd_day(p, &c, param[0]), &c);
		if (param[1]) {
			*p++ = '.';
			p = put_fraction(p, c.micro, param[1]);
		}
		*p++ = ' ';
		p = put4(p, c.year);
		break;
	default:
		break;
	}
	return (size_t)(p - ret);
}

static size_t put_decimal(uint64_t v, uint8_t *ret)
{
	uint8_t tmp[20];
	size_t n = 0;

	do {
		tmp[n++] = (uint8_t)('0' + v % 10);
		v /= 10;
	} while (v);
	for (size_t i = 0; i < n; i++)
		ret[i] = tmp[n - 1 - i];
	return n;
}

static void put_padded(uint64_t v, unsigned width, uint8_t *ret)
{
	for (unsigned i = width; i--; v /= 10)
		ret[i] = (uint8_t)('0' + v % 10);
}

size_t token_render_number(uint8_t type, const uint8_t param[3], int64_t v, uint8_t *ret)
{
	static const uint64_t ten[] = { 1,	10,	 100,	   1000,      10000,
					100000, 1000000, 10000000, 100000000, 1000000000 };
	uint64_t u = (uint64_t)v, unit;
	size_t n;

	if (type == VAR_INT)
		return put_decimal(u, ret);
	if (type == VAR_PAD) {
		put_padded(u, param[0], ret);
		return param[0];
	}
	unit = ten[param[0] <= 9 ? param[0] : 9];
	n = put_decimal(u / unit, ret);
	ret[n++] = '.';
	put_padded(u % unit, param[0], ret + n);
	return n + param[0];
}

void token_render_uuid(const uint8_t id[16], uint8_t ret[36])
{
	static const uint8_t at[16] = { 0, 2, 4, 6, 9, 11, 14, 16, 19, 21, 24, 26, 28, 30, 32, 34 };

	for (int i = 0; i < 16; i++) {
		ret[at[i]] = (uint8_t)hex[id[i] >> 4];
		ret[at[i] + 1] = (uint8_t)hex[id[i] & 15];
	}
	ret[8] = ret[13] = ret[18] = ret[23] = '-';
}

size_t token_render_ip(const uint8_t ip[4], uint8_t *ret)
{
	size_t n = 0;

	for (int i = 0; i < 4; i++) {
		if (i)
			ret[n++] = '.';
		n += put_decimal(ip[i], ret + n);
	}
	return n;
}
