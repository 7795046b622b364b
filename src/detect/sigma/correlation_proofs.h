/* SPDX-License-Identifier: Apache-2.0 */
/* correlation_proofs.h — references of the newest FINDING_PROOFS records of a group, 16 bytes
 * each for records of a ledger. Threads: one owner. Memory: grows from one to FINDING_PROOFS. */
#pragma once
#include "detect/finding.h"

struct proof {
	uint64_t ref; /* seq * 2 + 1, or the address (even) of a reference into a file */
	usec time; /* of the event it proves */
};

struct proofs {
	struct proof *at; /* a ring of cap; of the heap once cap is more than 1 */
	struct proof first;
	uint8_t n, cap, next;
	size_t far_bytes; /* of references into files */
};

void proofs_init(struct proofs *p);
void proofs_done(struct proofs *p);
void proofs_add(struct proofs *p, const struct record_ref *r, usec time); /* copied */
/* Those of events from `since` to `until`, in the order they came; texts are lent until the next
 * change. */
size_t proofs_of(const struct proofs *p, usec since, usec until,
		 struct record_ref ret[FINDING_PROOFS]);
static inline size_t proofs_bytes(const struct proofs *p)
{
	return (p->cap > 1 ? p->cap * sizeof(*p->at) : 0) + p->far_bytes;
}
