/* SPDX-License-Identifier: Apache-2.0 */
/* adopt.h — the keeper's dealings with the analyst: closed segments go out, payloads come back and
 * are adopted as blocks. The analyst is not believed: its memory must be sealed and of a sane size,
 * and the ledger takes the payload only when it decodes to the very records.
 * Threads: one owner. Memory: one payload, mapped while it is adopted. */
#pragma once
#include "cmd/serve/shared.h"
#include "ledger/ledger.h"

struct adopter {
	struct ledger *ledger;
	struct keeper_numbers *numbers;
	int sock; /* -1: no analyst */
	uint32_t sources_sent;
	bool busy; /* a segment is out */
	uint64_t first; /* that one, or the last one */
	unsigned failures; /* in a row, of that one: the second time it goes out unparsed */
	usec not_before; /* by clock_mono(): after failures */
};

void adopter_init(struct adopter *a, struct ledger *l, struct keeper_numbers *numbers);
void adopter_done(struct adopter *a);
void adopter_analyst(struct adopter *a, int sock); /* a new one; taken */
/* Takes what came back, sends what waits. 0, or a failure of the ledger. */
int adopter_step(struct adopter *a, usec now);
