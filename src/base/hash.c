/* SPDX-License-Identifier: Apache-2.0 */
#include "base/hash.h"
#include <pthread.h>
#include <stdlib.h>
#include <sys/random.h>
#define XXH_INLINE_ALL
#include <xxhash.h>

uint64_t checksum64(struct bytes b)
{
	return XXH3_64bits(b.at ? b.at : (const uint8_t *)"", b.len);
}

uint64_t hash_fast(struct bytes b, uint64_t seed)
{
	return XXH3_64bits_withSeed(b.at ? b.at : (const uint8_t *)"", b.len, seed);
}

static uint64_t key[2];

static void key_draw(void)
{
	if (getrandom(key, sizeof(key), 0) != sizeof(key))
		abort();
}

static inline uint64_t rotl(uint64_t x, int n)
{
	return x << n | x >> (64 - n);
}

static inline void sip_round(uint64_t v[4])
{
	v[0] += v[1];
	v[1] = rotl(v[1], 13) ^ v[0];
	v[0] = rotl(v[0], 32);
	v[2] += v[3];
	v[3] = rotl(v[3], 16) ^ v[2];
	v[0] += v[3];
	v[3] = rotl(v[3], 21) ^ v[0];
	v[2] += v[1];
	v[1] = rotl(v[1], 17) ^ v[2];
	v[2] = rotl(v[2], 32);
}

uint64_t hash_keyed(struct bytes b)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	uint64_t v[4], w;
	size_t i = 0;

	pthread_once(&once, key_draw);
	v[0] = key[0] ^ 0x736f6d6570736575ull;
	v[1] = key[1] ^ 0x646f72616e646f6dull;
	v[2] = key[0] ^ 0x6c7967656e657261ull;
	v[3] = key[1] ^ 0x7465646279746573ull;
	for (; i + 8 <= b.len; i += 8) {
		memcpy(&w, b.at + i, 8);
		v[3] ^= w;
		sip_round(v);
		v[0] ^= w;
	}
	w = (uint64_t)b.len << 56;
	for (size_t k = 0; i + k < b.len; k++)
		w |= (uint64_t)b.at[i + k] << (8 * k);
	v[3] ^= w;
	sip_round(v);
	v[0] ^= w;
	v[2] ^= 0xff;
	for (int k = 0; k < 3; k++)
		sip_round(v);
	return v[0] ^ v[1] ^ v[2] ^ v[3];
}
