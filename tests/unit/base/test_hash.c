/* SPDX-License-Identifier: Apache-2.0 */
#include "base/hash.h"
#include "tap.h"

int main(void)
{
	uint8_t data[300];
	bool differ = true, steady = true;
	unsigned low[16] = { 0 };

	for (size_t i = 0; i < sizeof(data); i++)
		data[i] = (uint8_t)(i * 31);
	/* XXH3_64bits of nothing, as the xxHash test suite has it: it is on disk, so it may not
	 * change */
	ok(checksum64((struct bytes){ NULL, 0 }) == 0x2d06800538d394c2ull, "checksum of nothing");
	ok(checksum64(BYTES("")) == 0x2d06800538d394c2ull, "however nothing is said");
	for (size_t n = 0; n < sizeof(data); n++) {
		struct bytes b = bytes_of(data, n);
		uint64_t was = checksum64(b), keyed = hash_keyed(b);

		steady = steady && hash_keyed(b) == keyed && hash_fast(b, 1) == hash_fast(b, 1);
		if (!n)
			continue;
		data[n / 2] ^= 1;
		differ = differ && checksum64(b) != was && hash_keyed(b) != keyed;
		data[n / 2] ^= 1;
		differ = differ && hash_keyed(bytes_of(data, n - 1)) != keyed;
	}
	ok(steady, "the same bytes have the same hash");
	ok(differ, "one flipped bit, or one byte less, has another, at every length to 300");
	ok(hash_fast(BYTES("a"), 1) != hash_fast(BYTES("a"), 2), "the seed counts");
	for (uint32_t i = 0; i < 16000; i++)
		low[hash_keyed(bytes_of(&i, sizeof(i))) & 15]++;
	for (int i = 0; i < 16; i++)
		if (low[i] < 800 || low[i] > 1200)
			differ = false;
	ok(differ, "low bits are spread evenly");
	return done_testing();
}
