/* SPDX-License-Identifier: Apache-2.0 */
/* prover.h — what the analyst does with a canary: numbers, an alert for each dead rule, which ends
 * when the rule is proven again, and the answer to whoever asks:
 *   {"request":"canary"}             a line for each rule, then {"ok":true,"runs":n,…}
 *   {"request":"canary","run":true}  begins a run and answers at once: it is over when runs rises
 * Threads: one owner. Memory: the newest canary. */
#pragma once
#include "alert/alert.h"
#include "cmd/serve/compiler.h"
#include "cmd/serve/shared.h"

struct prover { /* zeroed: ready */
	struct canary *canary; /* NULL: there was none yet */
	uint64_t runs;
	bool untold;
};

/* c: taken; NULL: the rules could not be read, what is known stays. */
void prover_take(struct prover *p, struct canary *c, struct analyst_numbers *numbers);
/* Once the alerts are as the ledger knows them. true: there may be something to commit. */
bool prover_tell(struct prover *p, struct alerts *alerts);
/* false: it is another request. */
bool prover_asked(struct prover *p, struct compiler *c, struct bytes request, struct buf *reply);
void prover_done(struct prover *p);
