/* SPDX-License-Identifier: Apache-2.0 */
/* alert.h — findings grouped to alerts, their state, and every change of it.
 *
 * An alert is all findings of one cause (rule id) about one entity (the pairs of finding.entity, in
 * their order), with an exact count. It is open, acknowledged or closed. A finding after closing
 * opens it again; after `reopen_within` it opens a new one.
 *
 * In: findings, requests of operators (request.h), the time. Out: changes: each is one JSON object
 * (doc/alerts.md) with a number that only rises, for the ledger and for whoever tells people.
 *
 * Who guarantees what. alerts_commit() is one SQLite transaction: alerts, changes, the cursor and
 * the states of the detectors become durable together or not at all, and a change is given out only
 * when it is durable. The cursor is the seq of the first record whose findings are NOT in yet (0 at
 * first). After a crash the caller restores the detectors from alerts_blob(), replays the ledger
 * from alerts_cursor(), and does not hand in a finding that records before the cursor completed:
 * such a finding is in already. So every finding counts once. A change is at least once in the
 * hands of its readers; each of the two says up to which number it has them (alerts_forget()), and
 * the number lets it know one that it has.
 *
 * Bounds. Alerts opened by one rule within an hour of our clock are at most `cap` (levels up to
 * medium) and `cap_high` (high and critical, counted apart: a flood of low ones never costs one of
 * them); all rules together open at most `cap_all` of the lower ones. What is beyond goes to one
 * alert of the rule, its overflow, which counts the findings exactly and the entities as long as it
 * can (see `exact`). At most `rows` alerts are kept, the closed, low and old ones go first: the
 * ledger has all of their changes. Texts are cut (text.h).
 *
 * Threads: one owner. Memory: at most `cache` alerts of some KiB, 16 MiB for the entities of
 * overflows, and SQLite's cache. */
#pragma once
#include "base/buf.h"
#include "base/err.h"
#include "detect/finding.h"

struct alerts;

struct alerts_options {
	usec repeat_every; /* "repeated" is told at most so often for one alert */
	usec reopen_within; /* a finding so long after closing opens the closed one again */
	uint32_t cap, cap_high, cap_all; /* see above */
	uint32_t rows; /* alerts kept */
	uint32_t cache; /* alerts in memory */
	uint32_t proofs; /* references to records kept for an alert, the newest; up to 256 */
	bool read_only; /* to look at a database that a serve may be writing */
};
#define ALERTS_OPTIONS                                                                             \
	((struct alerts_options){ .repeat_every = 600 * USEC_PER_SEC,                              \
				  .reopen_within = USEC_PER_DAY,                                   \
				  .cap = 1000,                                                     \
				  .cap_high = 50000,                                               \
				  .cap_all = 20000,                                                \
				  .rows = 300000,                                                  \
				  .cache = 4096,                                                   \
				  .proofs = 64 })

/* ALERTS_ANEW, of alerts_open(): the file was damaged; it lies beside, renamed, and a new one was
 * begun, with cursor 0. `why` has the line to show. See alerts_restore(). */
enum { ALERTS_ANEW = 1, ALERTS_NO_NOTE = 2 };

/* path: the database, made where there is none; ":memory:" keeps it in memory. A database of a
 * newer program, or of another one, is refused. now: our clock. */
int alerts_open(struct alerts **ret, const char *path, const struct alerts_options *options,
		usec now, struct why *why);
struct alerts *alerts_close(struct alerts *a); /* what was not committed is forgotten */

/* Our clock: the arrival of the record that is looked at, or the time now when nothing arrives. */
void alerts_tick(struct alerts *a, usec now);
/* Everything is copied. A failure is that of the database: alerts_commit() will tell it again. */
int alerts_finding(struct alerts *a, const struct finding *f);

/* Closes what f ends (f->ends) without counting a finding. */
int alerts_end(struct alerts *a, const struct finding *f);

struct alerts_blob {
	const char *name;
	struct bytes value;
};

/* One transaction, also of what time brings (repeats that are due, suppressions that end). After a
 * failure all is as after the last commit: go on from alerts_cursor(), with the states of then. */
int alerts_commit(struct alerts *a, uint64_t cursor, const struct alerts_blob *blobs, size_t n,
		  struct why *why);
uint64_t alerts_cursor(const struct alerts *a);
/* The committed state of that name is appended to ret; false: there is none. */
bool alerts_blob(struct alerts *a, const char *name, struct buf *ret);

/* A change: text is one JSON object without newline, of at most ALERT_TEXT_MAX bytes, lent during
 * the call. It begins with {"event":"alert-…", so it can be a note of the ledger as it is. */
#define ALERT_TEXT_MAX 16000u
typedef bool alerts_change_fn(void *ctx, uint64_t id, struct bytes text); /* false: enough */
/* Committed changes with a number above `after`, in order. */
int alerts_changes(struct alerts *a, uint64_t after, alerts_change_fn *fn, void *ctx);

/* The two who read changes. */
enum alerts_reader { ALERTS_LEDGER, ALERTS_NOTIFY, ALERTS_READERS };
/* The reader has all changes up to this number; remembered with the next commit. What both have and
 * no alert's history needs is deleted. For a reader that there is none of, the caller says so at
 * once. At most ALERTS_WAITING changes wait for a reader; older ones are given up, and counted. */
#define ALERTS_WAITING (1u << 20)
void alerts_forget(struct alerts *a, enum alerts_reader reader, uint64_t upto);
uint64_t alerts_forgotten(const struct alerts *a, enum alerts_reader reader);
/* The number of a change from its text (such as a note met in a replay); false: it is none. */
bool alerts_change_id(struct bytes text, uint64_t *ret);

/* A note of the ledger (a record of source 0): a change that the database does not know any more is
 * brought back, with the alert as it was then, and is not told again; one that it knows is marked
 * as read by the ledger. So each such note that a replay meets is to be handed in. After
 * ALERTS_ANEW all of them are, from the first on and without detection, then alerts_commit() is
 * called with the seq behind the last one, and the replay goes on from there. ALERTS_NO_NOTE: it is
 * no change. */
int alerts_restore(struct alerts *a, struct bytes note);

struct alerts_numbers {
	uint64_t findings; /* ever handed in */
	uint64_t suppressed; /* of them */
	uint64_t overflowed; /* of them: without an alert of their own */
	uint64_t alerts; /* rows */
	uint64_t dropped; /* alerts deleted because of `rows` */
	uint64_t changes; /* the newest number */
	uint64_t untold; /* changes that a reader never took (ALERTS_WAITING) */
	uint64_t commits; /* transactions since alerts_open() */
};
void alerts_numbers(const struct alerts *a, struct alerts_numbers *ret);
