/* SPDX-License-Identifier: Apache-2.0 */
/* Message layout: the 0x00 or 0x01 prefix shifts the text by one byte, so block 0 is put together
 * in `first`, blocks in the middle are read where they lie (text + 64 i - 1), and the end with its
 * padding is put together in `last` (one or two blocks). Nothing else is copied. */
#include "base/sha256.h"
#include "base/buf.h"
#include <openssl/evp.h>
#include <pthread.h>

static const EVP_MD *md;
static pthread_once_t once = PTHREAD_ONCE_INIT;
#ifdef __x86_64__
static bool have_sha;
#endif

static void setup(void)
{
	/* EVP_sha256() is looked up on every use in OpenSSL 3; a fetched one is not. */
	md = mem_must(EVP_MD_fetch(NULL, "SHA256", NULL));
#ifdef __x86_64__
	unsigned a = 7, b, c = 0, d;

	__asm__ volatile("cpuid" : "+a"(a), "=b"(b), "+c"(c), "=d"(d));
	have_sha = (b >> 29 & 1) && __builtin_cpu_supports("sse4.1");
#endif
}

static void evp_sha256(EVP_MD_CTX *ctx, const uint8_t *prefix, size_t prefix_len, struct bytes b,
		       struct hash256 *ret)
{
	if (EVP_DigestInit_ex2(ctx, md, NULL) != 1 ||
	    EVP_DigestUpdate(ctx, prefix, prefix_len) != 1 ||
	    EVP_DigestUpdate(ctx, b.at ? b.at : prefix, b.len) != 1 ||
	    EVP_DigestFinal_ex(ctx, ret->at, NULL) != 1)
		mem_must(NULL);
}

void sha256(struct bytes b, struct hash256 *ret)
{
	EVP_MD_CTX *ctx = mem_must(EVP_MD_CTX_new());

	pthread_once(&once, setup);
	evp_sha256(ctx, (const uint8_t *)"", 0, b, ret);
	EVP_MD_CTX_free(ctx);
}

#ifdef __x86_64__
#include <immintrin.h>
#define SHA_TARGET __attribute__((target("sha,sse4.1,ssse3")))

static const uint32_t K[64] __attribute__((aligned(16))) = {
	0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4,
	0xab1c5ed5, 0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe,
	0x9bdc06a7, 0xc19bf174, 0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f,
	0x4a7484aa, 0x5cb0a9dc, 0x76f988da, 0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7,
	0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967, 0x27b70a85, 0x2e1b2138, 0x4d2c6dfc,
	0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85, 0xa2bfe8a1, 0xa81a664b,
	0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070, 0x19a4c116,
	0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
	0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7,
	0xc67178f2
};

struct state {
	__m128i a, b; /* ABEF, CDGH */
};

SHA_TARGET static inline struct state state_start(void)
{
	return (struct state){ _mm_set_epi32(0x6a09e667, (int)0xbb67ae85, 0x510e527f,
					     (int)0x9b05688c),
			       _mm_set_epi32(0x3c6ef372, (int)0xa54ff53a, 0x1f83d9ab, 0x5be0cd19) };
}

SHA_TARGET static inline __m128i load_be(const uint8_t *p)
{
	return _mm_shuffle_epi8(_mm_loadu_si128((const __m128i_u *)p),
				_mm_set_epi64x(0x0c0d0e0f08090a0bLL, 0x0405060700010203LL));
}

#define ROUNDS4(s, m, i)                                                                           \
	do {                                                                                       \
		__m128i t = _mm_add_epi32(m, _mm_load_si128((const __m128i *)(K + (i))));          \
		(s).b = _mm_sha256rnds2_epu32((s).b, (s).a, t);                                    \
		(s).a = _mm_sha256rnds2_epu32((s).a, (s).b, _mm_shuffle_epi32(t, 0x0e));           \
	} while (0)
#define SCHEDULE(m0, m1, m2, m3)                                                                   \
	m0 = _mm_sha256msg2_epu32(                                                                 \
		_mm_add_epi32(_mm_sha256msg1_epu32(m0, m1), _mm_alignr_epi8(m3, m2, 4)), m3)

/* One block of one message, or one block of each of two. */
SHA_TARGET static inline __attribute__((always_inline)) void
compress(struct state *s0, const uint8_t *p0, struct state *s1, const uint8_t *p1, bool two)
{
	struct state x = *s0, y = *s1;
	__m128i m[4], n[4];

	for (int i = 0; i < 4; i++) {
		m[i] = load_be(p0 + 16 * i);
		n[i] = two ? load_be(p1 + 16 * i) : m[i];
	}
#pragma GCC unroll 4
	for (int i = 0; i < 4; i++) {
		ROUNDS4(x, m[i], 4 * i);
		if (two)
			ROUNDS4(y, n[i], 4 * i);
	}
#pragma GCC unroll 12
	for (int i = 4; i < 16; i++) {
		SCHEDULE(m[i & 3], m[(i + 1) & 3], m[(i + 2) & 3], m[(i + 3) & 3]);
		if (two)
			SCHEDULE(n[i & 3], n[(i + 1) & 3], n[(i + 2) & 3], n[(i + 3) & 3]);
		ROUNDS4(x, m[i & 3], 4 * i);
		if (two)
			ROUNDS4(y, n[i & 3], 4 * i);
	}
	s0->a = _mm_add_epi32(s0->a, x.a);
	s0->b = _mm_add_epi32(s0->b, x.b);
	if (two) {
		s1->a = _mm_add_epi32(s1->a, y.a);
		s1->b = _mm_add_epi32(s1->b, y.b);
	}
}

struct message {
	const uint8_t *text; /* block i in the middle is at text + 64 i - 1 */
	size_t blocks, tail; /* blocks in all; index of the first in `last` */
	uint8_t first[64], last[128];
};

static void message_set(struct message *m, uint8_t prefix, struct bytes b)
{
	size_t total = b.len + 1; /* with the prefix */
	uint64_t bits = __builtin_bswap64((uint64_t)total * 8);
	size_t done;

	m->text = b.at;
	m->blocks = (total + 9 + 63) / 64;
	m->tail = total / 64;
	done = m->tail * 64; /* bytes before `last` */
	memset(m->last, 0, sizeof(m->last));
	if (m->tail) {
		m->first[0] = prefix;
		memcpy(m->first + 1, b.at, 63);
		if (total > done)
			memcpy(m->last, b.at + done - 1, total - done);
	} else {
		m->last[0] = prefix;
		if (b.len)
			memcpy(m->last + 1, b.at, b.len);
	}
	m->last[total - done] = 0x80;
	memcpy(m->last + (m->blocks - m->tail) * 64 - 8, &bits, 8);
}

static inline const uint8_t *message_block(const struct message *m, size_t i)
{
	if (i >= m->tail)
		return m->last + 64 * (i - m->tail);
	return i ? m->text + 64 * i - 1 : m->first;
}

SHA_TARGET static inline void state_end(struct state s, struct hash256 *ret)
{
	uint32_t a[4], b[4], w[8];

	_mm_storeu_si128((__m128i_u *)a, s.a);
	_mm_storeu_si128((__m128i_u *)b, s.b);
	w[0] = a[3];
	w[1] = a[2];
	w[2] = b[3];
	w[3] = b[2];
	w[4] = a[1];
	w[5] = a[0];
	w[6] = b[1];
	w[7] = b[0];
	for (int i = 0; i < 8; i++)
		w[i] = __builtin_bswap32(w[i]);
	memcpy(ret->at, w, SHA256_LEN);
}

SHA_TARGET static void hash_two(const struct message *m0, const struct message *m1,
				struct hash256 *ret0, struct hash256 *ret1)
{
	struct state x = state_start(), y = state_start();
	size_t both = m0->blocks < m1->blocks ? m0->blocks : m1->blocks, i = 0;

	for (; i < both; i++)
		compress(&x, message_block(m0, i), &y, message_block(m1, i), true);
	for (size_t k = i; k < m0->blocks; k++)
		compress(&x, message_block(m0, k), &x, NULL, false);
	for (size_t k = i; k < m1->blocks; k++)
		compress(&y, message_block(m1, k), &y, NULL, false);
	state_end(x, ret0);
	state_end(y, ret1);
}

static void sha_many(uint8_t prefix, const struct bytes *msg, size_t n, struct hash256 *ret)
{
	struct message m[2];
	struct hash256 spare;

	for (size_t i = 0; i < n; i += 2) {
		bool two = i + 1 < n;

		message_set(&m[0], prefix, msg[i]);
		if (two)
			message_set(&m[1], prefix, msg[i + 1]);
		else
			m[1].blocks = 0;
		hash_two(&m[0], &m[1], &ret[i], two ? &ret[i + 1] : &spare);
	}
}
#endif

static void evp_many(uint8_t prefix, const struct bytes *msg, size_t n, struct hash256 *ret)
{
	EVP_MD_CTX *ctx = mem_must(EVP_MD_CTX_new());

	for (size_t i = 0; i < n; i++)
		evp_sha256(ctx, &prefix, 1, msg[i], &ret[i]);
	EVP_MD_CTX_free(ctx);
}

static void hash_many(uint8_t prefix, const struct bytes *msg, size_t n, struct hash256 *ret)
{
	pthread_once(&once, setup);
#ifdef __x86_64__
	if (have_sha) {
		sha_many(prefix, msg, n, ret);
		return;
	}
#endif
	evp_many(prefix, msg, n, ret);
}

void sha256_leaves(const struct bytes *msg, size_t n, struct hash256 *ret)
{
	hash_many(0, msg, n, ret);
}

void sha256_nodes(const struct hash256 *in, size_t n, struct hash256 *ret)
{
	struct bytes pair[2];

	for (size_t i = 0; i < n; i += 2) {
		size_t k = n - i < 2 ? 1 : 2;
		struct hash256 out[2];

		pair[0] = bytes_of(&in[2 * i], 2 * SHA256_LEN);
		if (k == 2)
			pair[1] = bytes_of(&in[2 * i + 2], 2 * SHA256_LEN);
		hash_many(1, pair, k, out);
		memcpy(&ret[i], out, k * sizeof(*out));
	}
}

void sha256_node(const struct hash256 *left, const struct hash256 *right, struct hash256 *ret)
{
	struct hash256 both[2] = { *left, *right };

	sha256_nodes(both, 1, ret);
}
