/* SPDX-License-Identifier: Apache-2.0 */
/* watcher.h — what the analyst makes of records besides blocks: rules and detectors find, findings
 * become alerts, every change of an alert goes to the ledger (a note), to the hand (mail) and to
 * whoever asks at the desk.
 * Exactly once: the database of alerts holds, in one transaction with them, the seq up to which
 * records have been applied. At a start, history is shown again from before that seq so that
 * windows are full; what is found among records that were applied already is dropped. Threads: one
 * owner; new rules are compiled by a thread of its own. Memory: rules; what detectors and
 * correlations may take by the configuration. */
#pragma once
#include "base/err.h"
#include "cmd/serve/analyst.h"
#include "event/event.h"
#include "event/record.h"
#include <poll.h>

struct watcher;

int watcher_new(struct watcher **ret, const struct analyst_start *start, struct why *why);
struct watcher *watcher_free(struct watcher *w); /* commits what is there */
/* Rules have been compiled: history may be asked for. */
bool watcher_ready(const struct watcher *w);
/* Blocks with arrivals from here on are to be shown first; USEC_NONE: none. */
usec watcher_history(const struct watcher *w);

/* In the order of seq; what has been seen by this watcher is left out by itself. */
void watcher_record(struct watcher *w, const struct record *r, const struct source *s,
		    const struct event *e);
/* History has been shown. Notes of analysts before this one are below noted_below. */
void watcher_live(struct watcher *w, uint64_t noted_below);
void watcher_skip(struct watcher *w, uint64_t seq); /* a record that nobody may parse */
void watcher_tick(struct watcher *w, usec now);
void watcher_commit(struct watcher *w);
/* What is due: a commit, notes and changes to send, requests to answer, rules to swap. */
void watcher_step(struct watcher *w);

void watcher_noted(struct watcher *w, uint64_t number); /* that note is durable */
void watcher_hand(struct watcher *w, int fd); /* taken */
void watcher_desk(struct watcher *w, int fd); /* taken */
/* A bundle of rules: compiled beside, put into force when that is done. fd stays the caller's. */
void watcher_rules(struct watcher *w, int fd);
unsigned watcher_poll(const struct watcher *w, struct pollfd *p,
		      unsigned n); /* how many were set */
