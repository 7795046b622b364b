/* SPDX-License-Identifier: Apache-2.0 */
#include "base/buf.h"
#include "base/cursor.h"
#include "tap.h"

static void fixed(void)
{
	static const uint8_t in[] = { 1, 0x34, 0x12, 0x78, 0x56, 0x34, 0x12, 8,	   7,	 6,    5,
				      4, 3,    2,    1,	   0x12, 0x34, 0x12, 0x34, 0x56, 0x78, 1,
				      2, 3,    4,    5,	   6,	 7,    0xff, 'e',  'n',	 'd' };
	struct cursor c = cursor_of(bytes_of(in, sizeof(in)));

	is_int(cur_u8(&c), 1, "u8");
	is_int(cur_u16le(&c), 0x1234, "u16le");
	is_int(cur_u32le(&c), 0x12345678, "u32le");
	ok(cur_u64le(&c) == 0x0102030405060708ull, "u64le");
	is_int(cur_u16be(&c), 0x1234, "u16be");
	is_int(cur_u32be(&c), 0x12345678, "u32be");
	ok(cur_u64be(&c) == 0x01020304050607ffull, "u64be");
	is_bytes(cur_take(&c, 0), BYTES(""), "nothing may be taken");
	is_bytes(cur_rest(&c), BYTES("end"), "the rest");
	ok(!c.bad && cur_left(&c) == 0, "all is read, nothing is bad");
	is_bytes(cur_rest(&c), BYTES(""), "no rest is left");
	ok(!c.bad, "and that is not bad");
}

static void past_the_end(void)
{
	struct cursor c = cursor_of(BYTES("abc"));
	struct cursor empty = cursor_of((struct bytes){ NULL, 0 });

	ok(cur_u32le(&c) == 0 && c.bad, "a read past the end gives zero and is bad");
	is_int(cur_u8(&c), 0, "bad is for good, though bytes are left");
	is_bytes(cur_take(&c, 0), BYTES(""), "nothing more is given");
	is_bytes(cur_rest(&c), BYTES(""), "nor a rest");
	c = cursor_of(BYTES("abc"));
	ok(!cur_take(&c, UINT64_MAX).at && c.bad, "a length that would wrap is bad");
	c = cursor_of(BYTES("abc"));
	is_bytes(cur_take(&c, 3), BYTES("abc"), "all but not more");
	ok(!c.bad, "is good");
	ok(!cur_take(&c, 1).at && c.bad, "one more is bad");
	ok(cur_u8(&empty) == 0 && empty.bad, "NULL of no length is an end like any other");
}

static void one_varint(uint64_t v, size_t len)
{
	struct buf b = { 0 };
	struct cursor c;

	buf_varint(&b, v);
	is_int(b.len, len, "%llu takes %zu bytes", (unsigned long long)v, len);
	c = cursor_of(buf_view(&b));
	ok(cur_varint(&c) == v && !c.bad && !cur_left(&c), "and comes back");
	c = cursor_of(bytes_of(b.at, b.len - 1));
	ok(cur_varint(&c) == 0 && c.bad, "but not without its last byte");
	buf_done(&b);
}

static void varints(void)
{
	static const int64_t sign[] = { 0, -1, 1, -64, 64, INT64_MIN, INT64_MAX, INT64_MIN + 1 };
	struct cursor c = cursor_of(BYTES("\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x01"));

	one_varint(0, 1);
	one_varint(127, 1);
	one_varint(128, 2);
	one_varint(16383, 2);
	one_varint(16384, 3);
	one_varint((uint64_t)1 << 63, 10);
	one_varint(UINT64_MAX, 10);
	ok(cur_varint(&c) == 0 && c.bad, "eleven bytes are too long");
	for (size_t i = 0; i < sizeof(sign) / sizeof(*sign); i++) {
		struct buf b = { 0 };

		buf_svarint(&b, sign[i]);
		c = cursor_of(buf_view(&b));
		ok(cur_svarint(&c) == sign[i] && !c.bad, "zigzag of %lld", (long long)sign[i]);
		buf_done(&b);
	}
}

int main(void)
{
	fixed();
	past_the_end();
	varints();
	return done_testing();
}
