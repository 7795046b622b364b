/* SPDX-License-Identifier: Apache-2.0 */
/* evidence.h — a bundle for someone who trusts nobody: records with their inclusion proofs
 * (RFC 6962 section 2.1.1), the signed checkpoint they lead to, the sources they name, the key.
 * The format is JSON lines, in doc/format-ledger.md. Threads: one owner. Memory: one block. */
#pragma once
#include "base/buf.h"
#include "base/err.h"
#include <stdio.h>

/* Writes a bundle of the records whose seq are given (ascending). */
int evidence_export(const char *dir, const uint64_t *seq, size_t n, FILE *to, struct why *why);
/* The same for someone who kept an earlier checkpoint (a file): the proofs lead to that very one
 * where it reaches so far, else a consistency proof from it is added. */
int evidence_export_for(const char *dir, const uint64_t *seq, size_t n, const char *checkpoint,
			FILE *to, struct why *why);

enum { EVIDENCE_REFUSED = 1 }; /* a proof, a signature or the form is wrong: said in why */
struct evidence_result {
	uint64_t records, tree_size;
	char origin[256], root[65];
};
/* public_key: text or file; NULL accepts the key inside the bundle (and the caller should say so).
 * checkpoint: a file with a checkpoint kept elsewhere, or NULL. `each` (may be NULL) is called for
 * every proven record. */
int evidence_verify(FILE *from, const char *public_key, const char *checkpoint,
		    void (*each)(void *ctx, uint64_t seq, struct bytes raw), void *ctx,
		    struct evidence_result *ret, struct why *why);
