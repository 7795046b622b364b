/* SPDX-License-Identifier: Apache-2.0 */
/* when.h — the time that counts for a record: the sender's where it can be believed, else that of
 * its arrival. A clock that is stepped while somebody guesses passwords must not tear the guesses
 * apart (or out of every window), and a backlog that arrives at once must not look like a burst.
 *   near       the sender's time is within WHEN_NEAR of the arrival: believed
 *   ahead      later than that: the arrival
 *   behind     steadily so for WHEN_STEADY: a clock that is wrong, the arrival;
 *              earlier than what the source said before: its clock went back, the arrival;
 *              else it comes late, or is read late: believed
 * Records of imports are always believed: their arrival says only when they were imported.
 * Threads: one owner. Memory: 32 bytes a source. */
#pragma once
#include "base/clock.h"
#include "event/source.h"

#define WHEN_NEAR (5 * 60 * USEC_PER_SEC)
#define WHEN_STEADY (60 * USEC_PER_SEC)
#define WHEN_DRIFT (30 * USEC_PER_SEC) /* an offset that changes by less is the same */
#define WHEN_BACK (60 * USEC_PER_SEC) /* records of several threads are this much out of order */

struct when;

struct when *when_new(void);
struct when *when_free(struct when *w);
/* claimed: USEC_NONE where the record has none. */
usec when_of(struct when *w, const struct source *s, usec arrival, usec claimed);
