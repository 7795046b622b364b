/* SPDX-License-Identifier: Apache-2.0 */
#include "base/text.h"

size_t utf8_length(struct bytes b)
{
	uint32_t v;
	size_t n;

	if (!b.len)
		return 0;
	if (b.at[0] < 0x80)
		return 1;
	if (b.at[0] < 0xc2 || b.at[0] > 0xf4)
		return 0;
	n = b.at[0] < 0xe0 ? 2 : b.at[0] < 0xf0 ? 3 : 4;
	if (b.len < n)
		return 0;
	v = b.at[0] & (0xffu >> (n + 1));
	for (size_t i = 1; i < n; i++) {
		if ((b.at[i] & 0xc0) != 0x80)
			return 0;
		v = v << 6 | (b.at[i] & 0x3f);
	}
	if ((n == 3 && v < 0x800) || (n == 4 && (v < 0x10000 || v > 0x10ffff)) ||
	    (v >= 0xd800 && v <= 0xdfff))
		return 0;
	return n;
}

static uint32_t utf8_value(struct bytes b, size_t n)
{
	uint32_t v = n == 1 ? b.at[0] : b.at[0] & (0xffu >> (n + 1));

	for (size_t i = 1; i < n; i++)
		v = v << 6 | (b.at[i] & 0x3f);
	return v;
}

static bool harmful(uint32_t v)
{
	return v < 0x20 || (v >= 0x7f && v < 0xa0) || (v >= 0x2028 && v <= 0x202e) ||
	       (v >= 0x2066 && v <= 0x2069) || v == 0xfeff;
}

void text_safe(struct buf *to, struct bytes b, const char *keep)
{
	while (b.len) {
		size_t n = utf8_length(b);
		uint32_t v = n ? utf8_value(b, n) : 0;

		if (!n)
			buf_printf(to, "\\x%02x", b.at[0]);
		else if (!harmful(v) || (v && v < 0x80 && keep && strchr(keep, (int)v)))
			buf_add(to, b.at, n);
		else if (v < 0x80)
			buf_printf(to, "\\x%02x", v);
		else
			buf_printf(to, "\\u{%x}", v);
		b = bytes_from(b, n ? n : 1);
	}
}

static bool json_plain(uint8_t c)
{
	return c >= 0x20 && c < 0x7f && c != '"' && c != '\\';
}

void json_string(struct buf *to, struct bytes b)
{
	buf_u8(to, '"');
	while (b.len) {
		size_t n = 0;

		while (n < b.len && json_plain(b.at[n]))
			n++;
		buf_add(to, b.at, n);
		b = bytes_from(b, n);
		if (!b.len)
			break;
		n = utf8_length(b);
		if (!n)
			buf_str(to, "\\ufffd");
		else if (b.at[0] == '"' || b.at[0] == '\\')
			buf_printf(to, "\\%c", b.at[0]);
		else if (b.at[0] == '\n')
			buf_str(to, "\\n");
		else if (b.at[0] == '\t')
			buf_str(to, "\\t");
		else if (b.at[0] == '\r')
			buf_str(to, "\\r");
		else if (n == 1)
			buf_printf(to, "\\u%04x", b.at[0]);
		else
			buf_add(to, b.at, n);
		b = bytes_from(b, n ? n : 1);
	}
	buf_u8(to, '"');
}

static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

void base64_encode(struct buf *to, struct bytes b)
{
	for (size_t i = 0; i < b.len; i += 3) {
		size_t n = b.len - i < 3 ? b.len - i : 3;
		uint32_t v = (uint32_t)b.at[i] << 16;

		if (n > 1)
			v |= (uint32_t)b.at[i + 1] << 8;
		if (n > 2)
			v |= b.at[i + 2];
		buf_u8(to, (uint8_t)letters[v >> 18]);
		buf_u8(to, (uint8_t)letters[v >> 12 & 63]);
		buf_u8(to, n > 1 ? (uint8_t)letters[v >> 6 & 63] : '=');
		buf_u8(to, n > 2 ? (uint8_t)letters[v & 63] : '=');
	}
}

static int base64_value(uint8_t c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (is_digit(c))
		return c - '0' + 52;
	return c == '+' ? 62 : c == '/' ? 63 : -1;
}

bool base64_decode(struct bytes b, struct buf *to)
{
	size_t had = to->len;

	if (b.len % 4)
		return false;
	for (size_t i = 0; i < b.len; i += 4) {
		size_t pad = 0;
		uint32_t v = 0;

		if (i + 4 == b.len)
			pad = b.at[i + 3] == '=' ? (b.at[i + 2] == '=' ? 2 : 1) : 0;
		for (size_t k = 0; k < 4; k++) {
			int d = k >= 4 - pad ? 0 : base64_value(b.at[i + k]);

			if (d < 0)
				goto bad;
			v = v << 6 | (uint32_t)d;
		}
		if ((pad == 1 && v & 0xff) || (pad == 2 && v & 0xffff))
			goto bad; /* bits that nobody reads would let two texts mean one value */
		buf_u8(to, (uint8_t)(v >> 16));
		if (pad < 2)
			buf_u8(to, (uint8_t)(v >> 8));
		if (pad < 1)
			buf_u8(to, (uint8_t)v);
	}
	return true;
bad:
	to->len = had;
	return false;
}

void hex_encode(struct buf *to, struct bytes b)
{
	static const char digit[] = "0123456789abcdef";

	for (size_t i = 0; i < b.len; i++) {
		buf_u8(to, (uint8_t)digit[b.at[i] >> 4]);
		buf_u8(to, (uint8_t)digit[b.at[i] & 15]);
	}
}
