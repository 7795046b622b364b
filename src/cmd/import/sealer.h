/* SPDX-License-Identifier: Apache-2.0 */
/* sealer.h — the second thread of import: closed segments become payloads while the first thread
 * reads on; the first adopts them.
 * Threads: all functions are the first thread's. Memory: one segment and its payload. */
#pragma once
#include "ledger/ledger.h"

struct sealer;

int sealer_new(struct sealer **ret, struct ledger *l);
struct sealer *sealer_free(struct sealer *s); /* waits for the thread */
/* Adopts what is done, hands out what waits. `wait`: until nothing is left; otherwise only as long
 * as more than a few segments wait (reading must not run away from sealing). */
int sealer_step(struct sealer *s, bool wait, struct why *why);
