/* SPDX-License-Identifier: Apache-2.0 */
/* Our own code hashes short messages two at a time; libcrypto is the judge, at every length
 * around the block borders and for every pairing of lengths. */
#include "base/buf.h"
#include "base/sha256.h"
#include "tap.h"
#include <openssl/sha.h>
#include <stdlib.h>

static uint8_t data[1 << 16];

static void expect(uint8_t prefix, bool with, struct bytes b, struct hash256 *ret)
{
	SHA256_CTX c;

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"
	SHA256_Init(&c);
	if (with)
		SHA256_Update(&c, &prefix, 1);
	SHA256_Update(&c, b.at, b.len);
	SHA256_Final(ret->at, &c);
#pragma GCC diagnostic pop
}

static bool same(const struct hash256 *a, const struct hash256 *b)
{
	return !memcmp(a, b, sizeof(*a));
}

static void is_hash(const struct hash256 *h, const char *hex, const char *what)
{
	struct buf b = { 0 };

	for (size_t i = 0; i < SHA256_LEN; i++)
		buf_printf(&b, "%02x", h->at[i]);
	is_bytes(buf_view(&b), bytes_str(hex), "%s", what);
	buf_done(&b);
}

static void known(void)
{
	struct bytes none = { NULL, 0 };
	struct hash256 h;

	sha256(none, &h);
	is_hash(&h, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
		"SHA-256 of nothing");
	sha256(BYTES("abc"), &h);
	is_hash(&h, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
		"FIPS 180-4: abc");
	sha256_leaves(&none, 1, &h);
	is_hash(&h, "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
		"RFC 6962 leaf of nothing");
}

static void leaves(void)
{
	static const size_t odd[] = { 0, 1, 54, 55, 62, 63, 64, 118, 119, 127, 128, 300, 5000 };
	struct bytes msg[260];
	struct hash256 got[260], want;
	bool all = true, pairs = true;

	for (size_t n = 0; n < 260; n++)
		msg[n] = bytes_of(data + n, n); /* also at every alignment */
	sha256_leaves(msg, 260, got);
	for (size_t n = 0; n < 260; n++) {
		expect(0, true, msg[n], &want);
		all = all && same(&got[n], &want);
	}
	ok(all, "leaves of every length to 259");
	for (size_t i = 0; i < sizeof(odd) / sizeof(*odd); i++)
		for (size_t k = 0; k < sizeof(odd) / sizeof(*odd); k++) {
			msg[0] = bytes_of(data, odd[i]);
			msg[1] = bytes_of(data + 7, odd[k]);
			sha256_leaves(msg, 2, got);
			expect(0, true, msg[0], &want);
			pairs = pairs && same(&got[0], &want);
			expect(0, true, msg[1], &want);
			pairs = pairs && same(&got[1], &want);
		}
	ok(pairs, "two of unlike lengths hashed together");
	msg[0] = bytes_of(data, sizeof(data));
	sha256_leaves(msg, 1, got);
	expect(0, true, msg[0], &want);
	ok(same(got, &want), "a long one alone");
	sha256_leaves(msg, 0, NULL);
	ok(true, "none at all");
}

/* The last byte lies at the end of its memory: AddressSanitizer sees a read too far. */
static void borders(void)
{
	bool all = true;

	for (size_t n = 1; n < 200; n++) {
		uint8_t *copy = malloc(n);
		struct bytes msg = bytes_of(copy, n);
		struct hash256 got, want;

		memcpy(copy, data, n);
		sha256_leaves(&msg, 1, &got);
		expect(0, true, msg, &want);
		all = all && same(&got, &want);
		free(copy);
	}
	ok(all, "nothing past the end is read");
}

static void nodes(void)
{
	struct hash256 in[20], want[10], got[10], one;
	bool all = true;

	memcpy(in, data, sizeof(in));
	for (int i = 0; i < 10; i++)
		expect(1, true, bytes_of(&in[2 * i], 64), &want[i]);
	for (size_t n = 1; n <= 10; n++) {
		memset(got, 0, sizeof(got));
		sha256_nodes(in, n, got);
		all = all && !memcmp(got, want, n * sizeof(*got));
	}
	ok(all, "1 to 10 nodes");
	sha256_node(&in[0], &in[1], &one);
	ok(same(&one, &want[0]), "one node");
	sha256_nodes(in, 10, in);
	ok(!memcmp(in, want, sizeof(want)), "in place");
}

int main(void)
{
	for (size_t i = 0; i < sizeof(data); i++)
		data[i] = (uint8_t)(i * 131 + (i >> 8));
	known();
	leaves();
	borders();
	nodes();
	return done_testing();
}
