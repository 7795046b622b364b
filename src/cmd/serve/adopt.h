/* SPDX-License-Identifier: Apache-2.0 */
/* adopt.h — the keeper's dealings with the analyst: segments go out as soon as they are begun, so
 * that their records are looked at within the second; when one is closed its payload comes back and
 * is adopted as a block. Sealed blocks go out when an analyst that starts asks for history.
 * The analyst is not believed: its memory must be sealed and of a sane size, the ledger takes the
 * payload only when it decodes to the very records, and what it notes is a JSON object of bounded
 * length under a name that begins as such notes do.
 * Threads: one owner. Memory: one payload, mapped while it is adopted. */
#pragma once
#include "cmd/serve/shared.h"
#include "ledger/ledger.h"

#define ADOPT_OUT 8u /* segments with the analyst at a time */

struct adopter {
	struct ledger *ledger;
	struct keeper_numbers *numbers;
	int sock; /* -1: no analyst */
	uint32_t sources_sent;
	struct out {
		uint64_t first;
		bool told_closed, again; /* again: it did not come back as a block */
	} out[ADOPT_OUT]; /* oldest first */
	unsigned out_n;
	uint64_t next; /* segments from this seq on were not sent yet */
	bool began; /* the analyst has said from where it wants history */
	usec history_from; /* blocks with an arrival from here on */
	size_t history_at; /* the next block to send */
	bool history_out, history_ended; /* one is with the analyst; all were */
	unsigned failures; /* in a row, of the oldest: the second time it goes out unparsed */
	usec not_before; /* by clock_mono(): after failures */
	uint64_t noted; /* the last note taken: told once it is durable */
	bool noted_untold;
};

void adopter_init(struct adopter *a, struct ledger *l, struct keeper_numbers *numbers);
void adopter_done(struct adopter *a);
void adopter_analyst(struct adopter *a, int sock); /* a new one; taken */
/* Takes what came back, sends what waits. 0, or a failure of the ledger. */
int adopter_step(struct adopter *a, usec now);
/* After a commit: what the analyst noted is durable. */
void adopter_durable(struct adopter *a);
