/* SPDX-License-Identifier: Apache-2.0 */
/* proof.h — audit paths and consistency proofs (RFC 6962 section 2.1, RFC 9162 section 2.1):
 * making them from whoever has the nodes, and checking them.
 * Threads: pure. Memory: the proof, at most 64 hashes and one. */
#pragma once
#include "base/sha256.h"

#define PROOF_MAX 66

struct proof {
	unsigned n;
	struct hash256 at[PROOF_MAX];
};

/* The root of the complete subtree over leaves [index << level, (index + 1) << level). */
typedef int proof_node_fn(void *ctx, unsigned level, uint64_t index, struct hash256 *ret);

int proof_inclusion(uint64_t index, uint64_t size, proof_node_fn *fn, void *ctx, struct proof *ret);
int proof_consistency(uint64_t size1, uint64_t size2, proof_node_fn *fn, void *ctx,
		      struct proof *ret);
int proof_root(uint64_t size, proof_node_fn *fn, void *ctx, struct hash256 *ret);

bool proof_check_inclusion(uint64_t index, uint64_t size, const struct hash256 *leaf,
			   const struct hash256 *proof, size_t n, const struct hash256 *root);
bool proof_check_consistency(uint64_t size1, uint64_t size2, const struct hash256 *root1,
			     const struct hash256 *root2, const struct hash256 *proof, size_t n);
