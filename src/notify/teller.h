/* SPDX-License-Identifier: Apache-2.0 */
/* teller.h — who is told what, and when: each change by its routes into the outbox, digests and
 * the heartbeat when their time has come.
 * A mail goes out at once when an alert changed its state; what merely happened again, what the
 * hourly cap of a route holds back (each level has its own, so low ones never hold up critical
 * ones) and what comes in quiet hours waits for the digest.
 * In: changes, and the time (a test has its own). Out: entries of the outbox.
 * Threads: one owner. Memory: none kept. */
#pragma once
#include "notify/outbox.h"
#include "notify/settings.h"

struct teller {
	const struct notify_config *config;
	struct outbox *outbox;
	struct bytes host;
	/* What the daily mail says of the rest of Vedette: lines, and whether all is well. May be
	 * NULL. */
	bool (*facts)(void *ctx, struct buf *to);
	void *facts_ctx;
};

uint64_t teller_taken(const struct teller *t); /* the newest change that it has */
/* A number that it has already is nothing new. */
void teller_take(const struct teller *t, uint64_t number, struct bytes text, usec now);
/* Digests, heartbeat, what is too old. */
void teller_tick(const struct teller *t, usec now);
