/* SPDX-License-Identifier: Apache-2.0 */
#include "ledger/block/token.h"

static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";

/* Two digits at a time: rendering numbers is the hottest part of reading a block back. */
#define D5(a) a "0" a "1" a "2" a "3" a "4" a "5" a "6" a "7" a "8" a "9"
static const char pairs[201] =
	D5("0") D5("1") D5("2") D5("3") D5("4") D5("5") D5("6") D5("7") D5("8") D5("9");
#undef D5

static inline uint8_t *put2(uint8_t *p, int v)
{
	memcpy(p, pairs + 2 * v, 2);
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
	uint8_t all[6];

	put2(put2(put2(all, micro / 10000), micro / 100 % 100), micro % 100);
	memcpy(p, all, digits); /* at most 6 */
	return p + digits;
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
	uint8_t tmp[20], *p = tmp + sizeof(tmp);
	size_t n;

	if (v < 10) {
		*ret = (uint8_t)('0' + v);
		return 1;
	}
	for (; v >= 100; v /= 100)
		memcpy(p -= 2, pairs + 2 * (v % 100), 2);
	if (v >= 10)
		memcpy(p -= 2, pairs + 2 * v, 2);
	else if (v)
		*--p = (uint8_t)('0' + v);
	n = (size_t)(tmp + sizeof(tmp) - p);
	memcpy(ret, p, n);
	return n;
}

static void put_padded(uint64_t v, unsigned width, uint8_t *ret)
{
	unsigned i = width;

	for (; i >= 2; v /= 100)
		memcpy(ret + (i -= 2), pairs + 2 * (v % 100), 2);
	if (i)
		ret[0] = (uint8_t)('0' + v % 10);
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

/* Eight hex digits out of four bytes, by spreading the nibbles over a 64-bit word. */
static inline uint64_t hex8(const uint8_t *in)
{
	uint32_t v;
	uint64_t x, letter;

	memcpy(&v, in, 4);
	x = v;
	x = (x | x << 16) & 0x0000ffff0000ffffull;
	x = (x | x << 8) & 0x00ff00ff00ff00ffull;
	x = (x >> 4 & 0x000f000f000f000full) | (x & 0x000f000f000f000full) << 8;
	letter = (x + 0x0606060606060606ull) >> 4 & 0x0101010101010101ull;
	return x + 0x3030303030303030ull + letter * ('a' - '0' - 10);
}

/* The other way: eight hex digits known to be such, as two words of four when they lie apart. */
static inline uint32_t unhex8(const uint8_t *a, const uint8_t *b)
{
	uint32_t lo, hi;
	uint64_t x;

	memcpy(&lo, a, 4);
	memcpy(&hi, b, 4);
	x = lo | (uint64_t)hi << 32;
	x = (x & 0x0f0f0f0f0f0f0f0full) + 9 * (x >> 6 & 0x0101010101010101ull);
	x = (x << 4 | x >> 8) & 0x00ff00ff00ff00ffull;
	x = (x | x >> 8) & 0x0000ffff0000ffffull;
	return (uint32_t)(x | x >> 16);
}

void token_uuid_bytes(const uint8_t text[36], uint8_t ret[16])
{
	uint32_t v[4] = { unhex8(text, text + 4), unhex8(text + 9, text + 14),
			  unhex8(text + 19, text + 24), unhex8(text + 28, text + 32) };

	memcpy(ret, v, 16);
}

void token_render_uuid(const uint8_t id[16], uint8_t ret[36])
{
	uint64_t a = hex8(id), b = hex8(id + 4), c = hex8(id + 8), d = hex8(id + 12);

	memcpy(ret, &a, 8);
	ret[8] = '-';
	memcpy(ret + 9, &b, 4);
	ret[13] = '-';
	b >>= 32;
	memcpy(ret + 14, &b, 4);
	ret[18] = '-';
	memcpy(ret + 19, &c, 4);
	ret[23] = '-';
	c >>= 32;
	memcpy(ret + 24, &c, 4);
	memcpy(ret + 28, &d, 8);
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
