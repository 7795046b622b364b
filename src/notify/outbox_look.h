/* SPDX-License-Identifier: Apache-2.0 */
/* outbox_look.h — what waits in an outbox, for who looks at it while a serve may be writing it.
 * In: the database, only read; whoever wrote it, what is in it is data. Out: one row a target for
 * which something waits, failed or was dropped. Threads: pure. Memory: a row lends its name. */
#pragma once
#include "base/clock.h"
#include "base/err.h"
#include "detect/finding.h"

struct outbox_row {
	struct bytes target;
	uint64_t waiting, bytes; /* messages */
	enum level worst;
	usec oldest, next; /* USEC_NONE: nothing waits; next may be over */
	uint64_t refused; /* how often the one that was refused most was */
	uint64_t digest; /* changes that wait for a digest */
	uint64_t alerts; /* that Alertmanager has still to hear of */
	uint64_t dropped; /* since the heartbeat before */
	uint64_t failures; /* in a row; 0: the next two say nothing */
	unsigned reason, answer; /* of libcurl; of the server, 0: none */
};

typedef void outbox_row_fn(void *ctx, const struct outbox_row *r);
/* In the order of names. */
int outbox_look(const char *file, outbox_row_fn *fn, void *ctx, struct why *why);
