/* SPDX-License-Identifier: Apache-2.0 */
/* silence.h — notice that something which usually speaks has stopped, and why.
 * In: every record of the ledger in its order, notes of Vedette among them, and a tick about each
 * second. Out: findings vedette.silence.* and vedette.tamper.level-mix (doc/silence.md).
 *
 * Each source has a model of its own (silence_gap.h), and so have the programs behind one syslog
 * sender, the hosts, the networks they send from, and all of it together: where all of a host or of
 * a network fall silent at once, that is told once. Gaps count by the clock of arrival, and only
 * while Vedette itself was awake, as its heartbeats in the ledger prove. Sources that were
 * imported, and files given to `vedette detect` (by_time), have only the times in their records:
 * there a gap is told when it is over, for the end of a file says nothing.
 *
 * Threads: one owner. Memory: at most `sources_max` models of about 1 KiB; what does not fit is
 * counted. Tables are keyed. */
#pragma once
#include "base/buf.h"
#include "detect/calendar.h"
#include "detect/item.h"

struct silence;

struct silence_expected { /* a source that must speak; patterns of query/glob.h */
	struct bytes host, name; /* empty: any */
};

struct silence_options { /* zero: the default */
	size_t sources_max; /* 16384 */
	usec warm_up; /* watched for so long before it may be called silent; 1 h */
	uint64_t records_least; /* and so many records; 30 */
	usec gap_least; /* nothing is told of a shorter silence; 10 s */
	usec grace; /* after a note, after waking up; 30 s */
	usec forget; /* silent for so long after it was told: gone; 7 d */
	usec never_after; /* an expected source that has not spoken by then; 5 min */
	bool by_time; /* the clock is item->time, for all sources */
	struct calendar *calendar; /* lent; NULL: nothing is planned */
	const struct silence_expected *expected; /* copied */
	size_t expected_n;
};

int silence_new(struct silence **ret, const struct silence_options *o);
struct silence *silence_free(struct silence *s);
void silence_record(struct silence *s, const struct item *i, finding_fn *fn, void *ctx);
void silence_tick(struct silence *s, usec now, finding_fn *fn, void *ctx);
void silence_save(const struct silence *s, struct buf *to);
bool silence_load(struct silence *s, struct bytes state); /* false: nothing is changed */
void silence_calendar(struct silence *s, struct calendar *c); /* lent; in place of the old one */

struct silence_counts {
	uint64_t records, told, back;
	uint64_t unmodelled; /* new talkers that had no room */
	size_t talkers, modelled, silent; /* now; modelled: may be called silent */
};
void silence_counts(const struct silence *s, struct silence_counts *ret);
