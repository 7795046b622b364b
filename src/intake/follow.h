/* SPDX-License-Identifier: Apache-2.0 */
/* follow.h — log files that grow, are rotated, copied, truncated, replaced and deleted.
 * In: descriptors and names from the supervisor (control.h), positions of the ledger. Out: records
 * with positions, notes. Each byte of a file becomes part of exactly one record of its source,
 * whatever happens to the file's name, and across restarts:
 *   renamed       goes on under its inode; its successor begins when it has been read to its end
 *   truncated     begins at 0; the unread rest is looked for in a copy beside it (copytruncate)
 *   replaced      goes on where it was if the new file holds what was read, else begins at 0
 *   deleted       is read to its end
 * Threads: one owner. Memory: one view buffer; a file takes some 2 KiB, and what is waiting in it
 * for its end (64 KiB at most). */
#pragma once
#include "intake/control.h"
#include "intake/polled.h"
#include "intake/sources.h"

struct follow;

struct follow *follow_new(struct push *push, struct sources *sources,
			  const struct intake_limits *limits);
struct follow *follow_free(struct follow *f);
void follow_limits(struct follow *f); /* the limits lent to follow_new() have changed */

void follow_known(struct follow *f, struct bytes name, struct bytes position);
/* CTL_FILE, CTL_SIBLING, CTL_ROTATED, CTL_GONE. Takes the descriptor. */
void follow_told(struct follow *f, const struct control *c, usec now);
void follow_start(struct follow *f, usec now); /* all that was there has been told: read */

void follow_written(struct follow *f, int watch); /* an inotify event */
void follow_look(struct follow *f, usec now); /* looks at every file: at least every second */
/* A round: every file that has something to read is read for a share. TURN_… */
int follow_turn(struct follow *f, usec now);
void follow_end(struct follow *f); /* the last rounds: what is kept in memory alone is given */
usec follow_due(const struct follow *f); /* mono time of the next timed work; USEC_NONE: none */
