/* SPDX-License-Identifier: Apache-2.0 */
#include "query/value.h"
#include <arpa/inet.h>

/* Nearly all numbers are short: at most eighteen digits fit 64 bits, point or not. */
static bool num_short(struct bytes t, __int128 *ret)
{
	static const uint32_t unit[] = { 1000000000, 100000000, 10000000, 1000000, 100000,
					 10000,	     1000,	100,	  10,	   1 };
	uint64_t whole = 0, part = 0;
	size_t i = 0, from;

	for (; i < t.len && is_digit(t.at[i]); i++)
		whole = whole * 10 + (uint64_t)(t.at[i] - '0');
	if (!i)
		return false;
	from = i + 1;
	if (i < t.len && t.at[i] == '.' && from < t.len && t.len - from <= 9)
		for (i = from; i < t.len && is_digit(t.at[i]); i++)
			part = part * 10 + (uint64_t)(t.at[i] - '0');
	if (i < t.len)
		return false;
	if (from < t.len)
		part *= unit[t.len - from];
	*ret = (__int128)whole * NUM_ONE + (__int128)part;
	return true;
}

bool num_parse(struct bytes t, __int128 *ret)
{
	bool minus = t.len && t.at[0] == '-';
	__int128 v = 0, unit = NUM_ONE / 10;
	size_t i = t.len && (minus || t.at[0] == '+'), digits = 0;

	if (t.len <= 18 && num_short(t, ret))
		return true;
	for (; i < t.len && is_digit(t.at[i]); i++, digits++)
		v = v >= NUM_MAX / 10 ? NUM_MAX : v * 10 + (t.at[i] - '0') * NUM_ONE;
	if (digits && i + 1 < t.len && t.at[i] == '.')
		for (i++; i < t.len && is_digit(t.at[i]); i++, unit /= 10)
			v += (t.at[i] - '0') * unit;
	if (!digits || i < t.len)
		return false;
	if (v > NUM_MAX)
		v = NUM_MAX;
	*ret = minus ? -v : v;
	return true;
}

void num_text(struct buf *to, __int128 v)
{
	bool minus = v < 0;
	unsigned __int128 u = minus ? -(unsigned __int128)v : (unsigned __int128)v;
	uint64_t frac = (uint64_t)(u % (unsigned __int128)NUM_ONE);
	unsigned __int128 whole = u / (unsigned __int128)NUM_ONE;
	char text[64], *p = text + sizeof(text);
	int places = 9;

	if (frac) {
		for (; frac % 10 == 0; frac /= 10)
			places--;
		for (; places > 0; places--, frac /= 10)
			*--p = (char)('0' + frac % 10);
		*--p = '.';
	}
	do
		*--p = (char)('0' + (int)(whole % 10));
	while ((whole /= 10) != 0);
	if (minus)
		*--p = '-';
	buf_add(to, p, (size_t)(text + sizeof(text) - p));
}

double num_double(__int128 v)
{
	return (double)v / 1e9;
}

static bool parse_v4(struct bytes t, uint8_t ret[4])
{
	size_t i = 0;

	for (int part = 0; part < 4; part++) {
		unsigned v = 0;
		size_t start = i;

		if (part && (i >= t.len || t.at[i++] != '.'))
			return false;
		start = i;
		for (; i < t.len && is_digit(t.at[i]) && i - start < 3; i++)
			v = v * 10 + (unsigned)(t.at[i] - '0');
		/* a leading zero would be octal to some and decimal to others */
		if (i == start || v > 255 || (i - start > 1 && t.at[start] == '0'))
			return false;
		ret[part] = (uint8_t)v;
	}
	return i == t.len;
}

bool addr_parse(struct bytes t, struct addr *ret)
{
	struct addr a = { { [10] = 0xff, [11] = 0xff } };
	char text[INET6_ADDRSTRLEN];
	size_t zone = bytes_chr(t, '%');

	if (parse_v4(t, a.b + 12)) {
		*ret = a;
		return true;
	}
	if (zone != BYTES_NONE)
		t.len = zone;
	if (t.len < 2 || t.len >= sizeof(text) || bytes_chr(t, ':') == BYTES_NONE ||
	    bytes_chr(t, 0) != BYTES_NONE)
		return false;
	memcpy(text, t.at, t.len);
	text[t.len] = 0;
	return inet_pton(AF_INET6, text, ret->b) == 1;
}

bool addr_parse_net(struct bytes t, struct addr *ret_first, struct addr *ret_last)
{
	size_t slash = bytes_chr(t, '/');
	struct addr a, b;
	uint32_t bits;

	if (slash == BYTES_NONE || !addr_parse(bytes_sub(t, 0, slash), &a) ||
	    !bytes_u32(bytes_from(t, slash + 1), &bits))
		return false;
	if (bytes_chr(bytes_sub(t, 0, slash), ':') == BYTES_NONE)
		bits = bits > 32 ? 129 : bits + 96;
	if (bits > 128)
		return false;
	b = a;
	for (unsigned i = 0; i < 16; i++) {
		unsigned keep = bits <= 8 * i ? 0 : bits >= 8 * i + 8 ? 8 : bits - 8 * i;
		uint8_t mask = (uint8_t)(0xff00u >> keep);

		a.b[i] &= mask;
		b.b[i] |= (uint8_t)~mask;
	}
	*ret_first = a;
	*ret_last = b;
	return true;
}

__int128 addr_order(const struct addr *a)
{
	unsigned __int128 v = 0;

	for (unsigned i = 0; i < 16; i++)
		v = v << 8 | a->b[i];
	return (__int128)(v ^ (unsigned __int128)1 << 127); /* signed, so the least is the least */
}

int addr_cmp(const struct addr *a, const struct addr *b)
{
	return memcmp(a->b, b->b, 16);
}

/* How much time the text leaves open; it is known to be a time. */
static usec time_grain(struct bytes t)
{
	size_t dot = bytes_chr(t, '.');
	usec grain = USEC_PER_SEC;

	if (dot == BYTES_NONE)
		dot = bytes_chr(t, ',');
	if (dot != BYTES_NONE) {
		for (dot++; dot < t.len && is_digit(t.at[dot]) && grain > 1; dot++)
			grain /= 10;
		return grain;
	}
	if (t.at[0] == '@' || t.len >= 19)
		return USEC_PER_SEC;
	return t.len == 10 ? USEC_PER_DAY : 60 * USEC_PER_SEC;
}

bool time_parse(struct bytes t, usec now, usec *ret_first, usec *ret_last)
{
	struct bytes clock = t;
	bool relative = t.len && t.at[0] == '-';
	usec at;

	if (t.len > 3 && bytes_starts(t, BYTES("now"))) {
		t = bytes_from(t, 3);
		if (t.at[0] != '-')
			return false;
		relative = true;
	}
	if (!clock_parse(t, now, &at))
		return false;
	*ret_first = *ret_last = at;
	if (relative || bytes_eq(t, BYTES("now")))
		return true;
	/* "2026-03-01T12:30Z" and "…12:30+02:00" are minutes: leave the zone out of the length */
	if (clock.at[0] != '@' && clock.len > 16) {
		uint8_t c = clock.at[16];

		if (c == 'Z' || c == 'z' || c == '+' || c == '-')
			clock.len = 16;
	}
	*ret_last = at + time_grain(clock) - 1;
	return true;
}
