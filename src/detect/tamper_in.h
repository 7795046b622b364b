/* SPDX-License-Identifier: Apache-2.0 */
/* tamper_in.h — what the files tamper*.c share; nobody else includes it. */
#pragma once
#include "detect/compose.h"
#include "detect/keyed.h"
#include "detect/tamper.h"

/* The clock of a source: how far its stamps are from their arrival. */
struct source_clock {
	bool set, told; /* the usual offset is known; it was told to be wrong */
	uint16_t n; /* records that agree with `next` */
	usec offset; /* usual */
	usec next, next_since; /* another one, and the arrival of the first that had it */
	usec newest; /* latest stamp */
};

/* A running number. Late ones may still come for a moment. */
struct sequence {
	uint64_t highest, from; /* from: first that is missing; 0: none is */
	uint64_t missing, good; /* good: so many in a row without a gap */
	usec noticed, told;
	uint32_t source; /* id */
};

/* A log daemon that has stopped: a start soon after makes it a restart. */
struct stopped {
	usec at; /* 0: none */
	struct record_ref ref;
	char host[128], daemon[32];
};

struct tamper {
	struct compose compose;
	struct arena texts; /* of the note in hand */
	struct source_clock *clocks; /* by source id */
	size_t clocks_n;
	struct keyed *behind; /* struct source_clock, by source and host, of syslog senders */
	struct keyed *sequences, *stops;
};

/* tamper_note.c: notes of Vedette. */
void tamper_note(struct tamper *t, const struct item *i, finding_fn *fn, void *ctx);
/* tamper_clock.c */
void tamper_clock(struct tamper *t, const struct item *i, finding_fn *fn, void *ctx);
/* tamper_sequence.c */
void tamper_sequence(struct tamper *t, const struct item *i);
void tamper_gaps(struct tamper *t, usec now, finding_fn *fn, void *ctx);
void sequences_save(const struct tamper *t, struct buf *to);
bool sequences_load(struct tamper *t, struct bytes b);

/* Begins a finding about the item: host and source are its entity. */
void tamper_begin(struct tamper *t, const struct item *i, const char *id, const char *title,
		  enum level level, const char *tag);
