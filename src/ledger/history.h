/* SPDX-License-Identifier: Apache-2.0 */
/* history.h — the files `checkpoint` (the newest) and `checkpoints` (the older ones and it, each
 * followed by a blank line).
 * A new checkpoint is first appended to `checkpoints`, then replaces `checkpoint`: so after a crash
 * the second may be one behind, never ahead. The row has a fixed budget: when it is full, every
 * other one of the older half goes.
 * Threads: one owner. Memory: the row, at most HISTORY_MAX. */
#pragma once
#include "base/err.h"
#include "ledger/seal/checkpoint.h"

#define HISTORY_MAX (1u << 20)

struct history {
	int dirfd;
	uint64_t len; /* of the file `checkpoints` */
	struct checkpoint newest;
	uint64_t *sizes; /* tree sizes in the row, ascending */
	size_t n;
};

int history_create(struct history *h, int dirfd, const struct key *k, const struct verifier *v);
/* Settles what a crash has left. Only the newest is checked against its signature. */
int history_open(struct history *h, int dirfd, const struct verifier *v, struct why *why);
void history_done(struct history *h);
int history_add(struct history *h, const struct checkpoint *c, const struct key *k,
		const struct verifier *v);
