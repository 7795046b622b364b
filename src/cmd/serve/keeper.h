/* SPDX-License-Identifier: Apache-2.0 */
/* keeper.h — the role that writes the ledger: rings in, commits, checkpoints, blocks.
 * The only one with the data directory and the key. It runs no parser of formats.
 * Threads: one (and those of the ledger). Memory: the pending batch, what the ledger takes. */
#pragma once
#include "cmd/config/config.h"
#include "cmd/serve/shared.h"

struct keeper_start {
	const struct config *config;
	int dirfd; /* the ledger's directory: the process goes there, as it may not reach it by path
		    */
	struct ring *ring[SERVE_RINGS]; /* NULL: none */
	struct ring_notes *notes[SERVE_RINGS];
	struct shared *shared;
	int supervisor; /* socket */
	int wake; /* frontier.h */
};

enum { KEEPER_REFUSED = 2, KEEPER_BROKEN_RING = 3 }; /* exit status: cannot open; see ring_notes */
int keeper_run(const struct keeper_start *start);
