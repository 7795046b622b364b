/* SPDX-License-Identifier: Apache-2.0 */
/* journal.h — the systemd journal, read from descriptors of its files.
 * In: journal files from the supervisor (CTL_JOURNAL), the position of the ledger. Out: a record an
 * entry: one JSON object with the entry's fields in their own order, as `journalctl -o json` has
 * it (text as strings, other bytes as arrays of numbers, a field that comes twice as an array of
 * its values), first __REALTIME_TIMESTAMP and __MONOTONIC_TIMESTAMP. Source: the unit, else the
 * identifier. Position: the cursor, kept with the source named "journal".
 * Rotation and vacuum are changes of the set of files: it is opened anew at the cursor; when the
 * entry that should be there is gone, that is noted.
 * Threads: one owner. Memory: what libsystemd maps; one entry. */
#pragma once
#include "intake/control.h"
#include "intake/polled.h"
#include "intake/sources.h"

struct journal;

struct journal *journal_new(struct push *push, struct sources *sources,
			    const struct intake_limits *limits);
struct journal *journal_free(struct journal *j);
void journal_known(struct journal *j, struct bytes name, struct bytes position);
void journal_told(struct journal *j, const struct control *c); /* CTL_JOURNAL, CTL_JOURNAL_GONE */
int journal_turn(struct journal *j, usec now); /* TURN_… */
usec journal_due(const struct journal *j); /* mono time of the next look; USEC_NONE: no journal */
