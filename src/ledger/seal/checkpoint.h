/* SPDX-License-Identifier: Apache-2.0 */
/* checkpoint.h — C2SP tlog-checkpoint: origin, tree size, root hash, extension lines, signed.
 * Threads: pure. Memory: the extension is lent by the text. */
#pragma once
#include "base/sha256.h"
#include "ledger/seal/note.h"

#define CHECKPOINT_MAX 8192 /* bytes of one with its signatures */

struct checkpoint {
	char origin[NOTE_NAME_MAX];
	uint64_t size;
	struct hash256 root;
	struct bytes extension; /* whole lines; len 0: none */
};

bool checkpoint_parse(struct bytes text, struct checkpoint *ret);
void checkpoint_text(const struct checkpoint *c, struct buf *ret);
/* One that v has signed, of its origin. `own`: as the ledger writes them, one signature. */
bool checkpoint_open(struct bytes note, const struct verifier *v, bool own, struct checkpoint *ret);
void checkpoint_sign(const struct checkpoint *c, const struct key *k, const struct verifier *v,
		     struct buf *ret);
