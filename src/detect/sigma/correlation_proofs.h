/* SPDX-License-Identifier: Apache-2.0 */
/* correlation_proofs.h — references of the newest FINDING_PROOFS records of a group, eight bytes
 * each for records of a ledger. Threads: one owner. Memory: grows from one to FINDING_PROOFS. */
#pragma once
#include "detect/finding.h"

/* seq * 2 + 1, or the address (even) of a reference into a file. */
struct proofs {
	uint64_t *at; /* a ring of cap; of the heap once cap is more than 1 */
	uint64_t first;
	uint8_t n, cap, next;
	size_t far_bytes; /* of references into files */
};

void proofs_init(struct proofs *p);
void proofs_done(struct proofs *p);
void proofs_add(struct proofs *p, const struct record_ref *r); /* copied */
/* The newest `n` at most, newest last; texts are lent until the next change. */
size_t proofs_newest(const struct proofs *p, uint64_t n, struct record_ref ret[FINDING_PROOFS]);
static inline size_t proofs_bytes(const struct proofs *p)
{
	return (p->cap > 1 ? p->cap * sizeof(*p->at) : 0) + p->far_bytes;
}
