/* SPDX-License-Identifier: Apache-2.0 */
/* verify.h — proving a ledger: every byte of every file, the tree, the signatures, and that it goes
 * on from a checkpoint kept elsewhere. Reads only; needs the public key and nothing else secret.
 * Threads: uses `threads` of its own. Memory: one block a thread. */
#pragma once
#include "base/err.h"
#include <stdint.h>

enum {
	VERIFY_HARMED = 1
}; /* what is wrong was told through `say`; 0 = proven intact; <0 = cannot tell */

struct verify_options {
	const char *dir;
	const char *public_key; /* signed-note verifier key text, or a file with it; NULL: the
				   ledger's own */
	const char *checkpoint; /* file with an older checkpoint kept elsewhere; NULL: none */
	bool incremental; /* only what came after that checkpoint is decoded again */
	unsigned threads; /* 0: as many as cores */
	/* One finding: what is harmed ("block 12: records 786432..851967: …"). */
	void (*say)(void *ctx, const char *line);
	void (*progress)(void *ctx, uint64_t done_bytes, uint64_t all_bytes); /* may be NULL */
	void *ctx;
};

struct verify_result {
	uint64_t records, raw_bytes, disk_bytes, blocks, dropped_blocks, unsigned_records, findings;
	char root[65]; /* hex of the newest root that a valid signature covers */
};

int verify_ledger(const struct verify_options *o, struct verify_result *ret, struct why *why);
