/* SPDX-License-Identifier: Apache-2.0 */
/* prover.h — proofs out of a ledger directory: upper nodes from the tiles, lower ones by hashing
 * the records of a group again, what is not in tiles yet from the log-ahead segments. Threads: one
 * owner. Memory: one block, a few groups, 32 bytes for each group not in tiles. */
#pragma once
#include "ledger/tree/proof.h"
#include "ledger/tree/tree.h"
#include "ledger/view.h"

struct prover;

int prover_open(struct prover **ret, const struct view *v, struct why *why); /* lends v */
struct prover *prover_free(struct prover *p);
/* -ENODATA: needs records that retention has dropped, or that are harmed: said in why. */
int prover_inclusion(struct prover *p, uint64_t seq, uint64_t size, struct proof *ret,
		     struct why *why);
int prover_consistency(struct prover *p, uint64_t size1, uint64_t size2, struct proof *ret,
		       struct why *why);
int prover_root(struct prover *p, uint64_t size, struct hash256 *ret, struct why *why);
/* The record and its leaf hash; raw is lent until the next call. */
int prover_record(struct prover *p, uint64_t seq, struct record *ret, struct hash256 *ret_leaf,
		  struct why *why);
/* C2SP tile of level 0: the leaf hashes of group `index`; *ret_n of them are there. */
int prover_leaf_tile(struct prover *p, uint64_t index, struct hash256 ret[static GROUP],
		     unsigned *ret_n, struct why *why);
