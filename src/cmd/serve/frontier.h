/* SPDX-License-Identifier: Apache-2.0 */
/* frontier.h — how far the ledger is durable, told by the keeper to the analyst through shared
 * memory: a number, and an eventfd for an analyst that sleeps. It reads records below it from the
 * segment it was handed, and nothing else.
 * Threads: one writer (keeper), one reader (analyst). Memory: a part of struct shared. */
#pragma once
#include "cmd/serve/shared.h"

int frontier_fd(void); /* an eventfd for both ends; -errno */
void frontier_tell(struct frontier *f, int fd, uint64_t durable); /* after each commit */
uint64_t frontier_durable(const struct frontier *f);
/* "I sleep once nothing is above `seen`": false when there is no need to. */
bool frontier_will_wait(struct frontier *f, uint64_t seen);
void frontier_woken(struct frontier *f, int fd);
