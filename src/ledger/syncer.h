/* SPDX-License-Identifier: Apache-2.0 */
/* syncer.h — one thread that does nothing but fdatasync(), so that the owner hashes meanwhile.
 * Threads: one owner. The thread blocks all signals. */
#pragma once

struct syncer;

int syncer_new(struct syncer **ret);
struct syncer *syncer_free(struct syncer *s);
void syncer_start(struct syncer *s, int fd);
int syncer_wait(struct syncer *s); /* what file_sync() gave for the descriptor of the last start */
