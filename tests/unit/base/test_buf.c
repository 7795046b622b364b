/* SPDX-License-Identifier: Apache-2.0 */
#include "base/buf.h"
#include "tap.h"
#include <stdlib.h>

static void grows(void)
{
	struct buf b = { 0 };
	bool same = true;

	is_bytes(buf_view(&b), BYTES(""), "a zeroed buffer is empty");
	buf_add(&b, NULL, 0);
	buf_bytes(&b, (struct bytes){ NULL, 0 });
	ok(!b.at, "nothing added takes no memory");
	for (int i = 0; i < 100000; i++)
		buf_u8(&b, (uint8_t)(i * 7));
	for (int i = 0; i < 100000; i++)
		same = same && b.at[i] == (uint8_t)(i * 7);
	ok(same && b.len == 100000, "100,000 bytes stay as they were while it grows");
	ok(b.cap < 200000, "it grows by half, not by more");
	buf_clear(&b);
	ok(!b.len && b.cap >= 100000, "cleared, the room stays");
	buf_reserve(&b, 1000000);
	ok(!b.len && b.cap >= 1000000, "room reserved is not length");
	buf_done(&b);
	ok(!b.at && !b.len && !b.cap, "done is empty");
	buf_str(&b, "again");
	is_bytes(buf_view(&b), BYTES("again"), "and usable again");
	buf_done(&b);
	buf_done(&b);
}

static void values(void)
{
	struct buf b = { 0 };

	buf_u8(&b, 0xff);
	buf_u16le(&b, 0x0102);
	buf_u32le(&b, 0x03040506);
	buf_u64le(&b, 0x0708090a0b0c0d0eull);
	is_bytes(buf_view(&b), BYTES("\xff\2\1\6\5\4\3\x0e\x0d\x0c\x0b\x0a\x09\x08\x07"),
		 "integers are little-endian");
	buf_clear(&b);
	buf_svarint(&b, -1);
	buf_svarint(&b, 1);
	is_bytes(buf_view(&b), BYTES("\1\2"), "zigzag");
	buf_done(&b);
}

static void text(void)
{
	struct buf b = { 0 };
	char big[3000];

	memset(big, 'x', sizeof(big));
	big[sizeof(big) - 1] = 0;
	buf_printf(&b, "%s", "");
	is_bytes(buf_view(&b), BYTES(""), "an empty print");
	buf_printf(&b, "a%db", 7);
	buf_printf(&b, "%s", big);
	is_int(b.len, 3 + 2999, "a long print fits");
	ok(b.at[3] == 'x' && b.at[b.len - 1] == 'x', "with its last byte");
	buf_clear(&b);
	buf_str(&b, "end");
	is_str(buf_cstr(&b), "end", "as text of C");
	is_int(b.len, 3, "whose NUL does not count");
	buf_clear(&b);
	is_str(buf_cstr(&b), "", "empty, as text of C");
	buf_time(&b, 0);
	is_bytes(buf_view(&b), BYTES("1970-01-01T00:00:00.000Z"), "a time");
	buf_done(&b);
}

static void zeroed(void)
{
	uint8_t *p = mem_new(1000, 3);
	bool zero = true;

	for (int i = 0; i < 3000; i++)
		zero = zero && !p[i];
	ok(zero, "new memory is zeroed");
	free(p);
	p = mem_new(0, 8);
	ok(p, "none of something is still a pointer");
	free(p);
}

int main(void)
{
	grows();
	values();
	text();
	zeroed();
	return done_testing();
}
