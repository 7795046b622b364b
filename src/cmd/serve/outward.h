/* SPDX-License-Identifier: Apache-2.0 */
/* outward.h — changes of alerts on their way to one of the two who read them: the keeper, who makes
 * them records of the ledger, and the hand, who tells people. They lie in the database of alerts
 * until the reader says that they are durable with it; a reader that was away gets them again from
 * where it was. A full socket is tried again with the next step.
 * Threads: one owner. Memory: none. */
#pragma once
#include "alert/alert.h"

enum outward_to { OUTWARD_LEDGER, OUTWARD_HAND };

struct outward {
	enum outward_to to;
	int sock; /* -1: nobody is there */
	bool greeted; /* it has said what it has */
	uint64_t sent, taken;
	struct buf room;
};

/* The keeper's socket is lent, that of the hand belongs to us. taken: what the reader has. */
void outward_init(struct outward *o, enum outward_to to, int sock, uint64_t taken);
void outward_open(struct outward *o, int sock); /* a new one; taken */
void outward_close(struct outward *o);
/* The reader has all up to this number. */
void outward_taken(struct outward *o, struct alerts *a, uint64_t number);
/* That change stands in the ledger: it is not sent there again. */
void outward_met(struct outward *o, uint64_t number);
/* Sends what is there, hears what was taken (of the hand; the keeper's words come to the analyst).
 */
void outward_step(struct outward *o, struct alerts *a);
/* There is no such reader: nothing is kept for one. */
void outward_nobody(struct outward *o, struct alerts *a);
/* A note of our own, beside the changes; lost when the keeper is not there. */
void outward_note(struct outward *o, struct bytes json);
