/* SPDX-License-Identifier: Apache-2.0 */
/* The leaf's bytes are what every proof rests on: they may never change. */
#include "base/sha256.h"
#include "event/record.h"
#include "tap.h"

int main(void)
{
	struct {
		struct leaf_head head;
		char raw[3];
	} __attribute__((packed))
	leaf = { { .arrival = 0x0102030405060708, .source = 0x0a0b0c0d, .flags = 5 }, "raw" };
	struct bytes text = bytes_of(&leaf, sizeof(leaf));
	struct record r = { .flags = RECORD_CONT | END_CUT };
	struct hash256 h, plain;

	is_bytes(text,
		 BYTES("\x08\x07\x06\x05\x04\x03\x02\x01\x0d\x0c\x0b\x0a\x05\x00\x00\x00"
		       "raw"),
		 "a leaf is arrival, source, flags, raw; little-endian, without holes");
	sha256_leaves(&text, 1, &h);
	sha256(BYTES("\x00\x08\x07\x06\x05\x04\x03\x02\x01\x0d\x0c\x0b\x0a\x05\x00\x00\x00"
		     "raw"),
	       &plain);
	ok(!memcmp(&h, &plain, sizeof(h)), "its hash has the prefix of RFC 6962");
	is_int(record_end(&r), END_CUT, "the end of a record");
	r.flags = RECORD_NUL | END_FRAME;
	is_int(record_end(&r), END_FRAME, "is read from two bits");
	is_int(RECORD_END_MASK | RECORD_CONT | RECORD_NUL, RECORD_FLAGS, "all flags are named");
	return done_testing();
}
