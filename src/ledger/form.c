/* SPDX-License-Identifier: Apache-2.0 */
#include "ledger/form.h"
#include "base/text.h"

bool form_take(struct bytes *b, const char *literal)
{
	struct bytes want = bytes_str(literal);

	if (!bytes_starts(*b, want))
		return false;
	*b = bytes_from(*b, want.len);
	return true;
}

static bool hex4(struct bytes b, uint32_t *ret)
{
	uint32_t v = 0;

	if (b.len < 4)
		return false;
	for (int i = 0; i < 4; i++) {
		int d = hex_digit(b.at[i]);

		if (d < 0)
			return false;
		v = v << 4 | (uint32_t)d;
	}
	*ret = v;
	return true;
}

static void add_utf8(struct buf *to, uint32_t v)
{
	if (v < 0x80) {
		buf_u8(to, (uint8_t)v);
	} else if (v < 0x800) {
		buf_u8(to, (uint8_t)(0xc0 | v >> 6));
		buf_u8(to, (uint8_t)(0x80 | (v & 63)));
	} else if (v < 0x10000) {
		buf_u8(to, (uint8_t)(0xe0 | v >> 12));
		buf_u8(to, (uint8_t)(0x80 | (v >> 6 & 63)));
		buf_u8(to, (uint8_t)(0x80 | (v & 63)));
	} else {
		buf_u8(to, (uint8_t)(0xf0 | v >> 18));
		buf_u8(to, (uint8_t)(0x80 | (v >> 12 & 63)));
		buf_u8(to, (uint8_t)(0x80 | (v >> 6 & 63)));
		buf_u8(to, (uint8_t)(0x80 | (v & 63)));
	}
}

/* Behind "\u"; a pair of surrogates is one character. */
static bool escaped_unicode(struct bytes *b, struct buf *ret)
{
	uint32_t v, low;

	if (!hex4(*b, &v))
		return false;
	*b = bytes_from(*b, 4);
	if (v >= 0xd800 && v < 0xdc00) {
		if (!form_take(b, "\\u") || !hex4(*b, &low) || low < 0xdc00 || low > 0xdfff)
			return false;
		*b = bytes_from(*b, 4);
		v = 0x10000 + ((v - 0xd800) << 10) + (low - 0xdc00);
	} else if (v >= 0xdc00 && v < 0xe000) {
		return false;
	}
	add_utf8(ret, v);
	return true;
}

static bool escaped(struct bytes *b, struct buf *ret)
{
	static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
	const char *p;
	uint8_t c;

	if (!b->len)
		return false;
	c = b->at[0];
	*b = bytes_from(*b, 1);
	if (c == 'u')
		return escaped_unicode(b, ret);
	p = c ? strchr(from, c) : NULL;
	if (!p)
		return false;
	buf_u8(ret, (uint8_t)to[p - from]);
	return true;
}

bool form_string(struct bytes *b, struct buf *ret)
{
	if (!form_take(b, "\""))
		return false;
	while (b->len) {
		size_t n = utf8_length(*b);

		if (!n || b->at[0] < 0x20)
			return false;
		if (b->at[0] == '"') {
			*b = bytes_from(*b, 1);
			return true;
		}
		if (b->at[0] == '\\') {
			*b = bytes_from(*b, 1);
			if (!escaped(b, ret))
				return false;
			continue;
		}
		buf_add(ret, b->at, n);
		*b = bytes_from(*b, n);
	}
	return false;
}

bool form_base64(struct bytes *b, struct buf *ret)
{
	size_t end;

	if (!form_take(b, "\""))
		return false;
	end = bytes_chr(*b, '"');
	if (end == BYTES_NONE || !base64_decode(bytes_sub(*b, 0, end), ret))
		return false;
	*b = bytes_from(*b, end + 1);
	return true;
}

bool form_u64(struct bytes *b, uint64_t *ret)
{
	size_t n = 0;

	while (n < b->len && is_digit(b->at[n]))
		n++;
	if ((n > 1 && b->at[0] == '0') || !bytes_u64(bytes_sub(*b, 0, n), ret))
		return false;
	*b = bytes_from(*b, n);
	return true;
}

bool form_i64(struct bytes *b, int64_t *ret)
{
	bool minus = form_take(b, "-");
	uint64_t v;

	if (!form_u64(b, &v) || v > INT64_MAX || (minus && !v))
		return false;
	*ret = minus ? -(int64_t)v : (int64_t)v;
	return true;
}
