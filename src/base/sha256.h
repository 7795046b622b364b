/* SPDX-License-Identifier: Apache-2.0 */
/* sha256.h — SHA-256 (FIPS 180-4) and the two hashes of RFC 6962 section 2.1.
 * Many short messages are the hot path of the ledger: with the SHA extensions two independent
 * messages are hashed interleaved, which hides the latency of the unit (1.5 times libcrypto's
 * speed on 283-byte leaves: dev/bench/leaf_hash). Elsewhere libcrypto does it.
 * Threads: pure. Memory: none. */
#pragma once
#include "base/bytes.h"

#define SHA256_LEN 32

struct hash256 {
	uint8_t at[SHA256_LEN];
};

void sha256(struct bytes b, struct hash256 *ret);
/* Leaf hash of each message: SHA-256(0x00 || message). */
void sha256_leaves(const struct bytes *msg, size_t n, struct hash256 *ret);
/* ret[i] = SHA-256(0x01 || in[2i] || in[2i+1]) for i < n; ret may be in. */
void sha256_nodes(const struct hash256 *in, size_t n, struct hash256 *ret);
void sha256_node(const struct hash256 *left, const struct hash256 *right, struct hash256 *ret);
