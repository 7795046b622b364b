/* SPDX-License-Identifier: Apache-2.0 */
/* tamper.h — somebody has laid hands on the logs: on what is logged, on what was logged, or on the
 * clocks. (What makes a source fall silent, a file removed, cut off, replaced or made unwritable,
 * a writer stopped, is told by silence.h, so that one deed is told once.)
 * In: every record in its order, notes of Vedette among them, and a tick about each second. Out:
 * findings vedette.tamper.* (doc/tampering.md).
 * Threads: one owner. Memory: 64 bytes a source; at most TAMPER_KEYS running numbers, clocks of
 * hosts behind a relay, and daemons that have stopped; the longest unseen are forgotten. */
#pragma once
#include "base/buf.h"
#include "detect/item.h"

#define TAMPER_KEYS 4096u

struct tamper;

int tamper_new(struct tamper **ret);
struct tamper *tamper_free(struct tamper *t);
void tamper_record(struct tamper *t, const struct item *i, finding_fn *fn, void *ctx);
void tamper_tick(struct tamper *t, usec now, finding_fn *fn, void *ctx);
/* Running numbers: a gap that falls on a restart of Vedette is one too. */
void tamper_save(const struct tamper *t, struct buf *to);
bool tamper_load(struct tamper *t, struct bytes state); /* false: nothing is changed */
