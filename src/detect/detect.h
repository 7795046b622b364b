/* SPDX-License-Identifier: Apache-2.0 */
/* detect.h — all of detection behind one door: Sigma rules and correlations, and the detectors of
 * what no rule language states. In: every record of a ledger (or file) in its order, and the time.
 * Out: findings. A function of the ledger: the same records give the same findings; no clock is
 * read. Threads: one owner. Memory: bounded by the options; rules come beside. */
#pragma once
#include "detect/item.h"
#include "detect/sigma/ruleset.h"
#include "detect/silence.h"

struct detector;
struct matcher;

struct detector_options {
	size_t memory; /* state of correlations */
	usec late; /* see matcher.h */
	bool by_time; /* the records' own times are the only clock there is: files, imports */
	struct silence_options silence; /* but for by_time and the calendar */
};

int detector_new(struct detector **ret, const struct detector_options *o);
struct detector *detector_free(struct detector *d);

/* New rules or windows, from now on; taken (NULL: none). Correlations that are the
 * same in both go on with what their windows hold. */
int detector_rules(struct detector *d, struct ruleset *fresh);
const struct ruleset *detector_ruleset(const struct detector *d); /* NULL: none; lent */
const struct matcher *detector_matcher(const struct detector *d); /* for its counts; likewise */
void detector_calendar(struct detector *d, struct calendar *fresh);
/* How far back records matter to correlations; 0: not at all. */
usec detector_window(const struct detector *d);

enum { DETECT_RULES = 1, DETECT_MODELS = 2, DETECT_ALL = 3 };
void detector_record(struct detector *d, const struct record *r, const struct source *s,
		     const struct event *e, unsigned what, finding_fn *fn, void *ctx);
/* The same for what is of no ledger: records of files, flat events (which detectors cannot read).
 */
void detector_subject(struct detector *d, const struct subject *s, unsigned what, finding_fn *fn,
		      void *ctx);
void detector_tick(struct detector *d, usec now, finding_fn *fn, void *ctx);
/* Nothing comes any more: what waited for more is judged. */
void detector_end(struct detector *d, finding_fn *fn, void *ctx);

/* What the detectors have learned (not the correlations: those are filled from history). */
void detector_save(const struct detector *d, struct buf *to);
bool detector_load(struct detector *d, struct bytes b);
