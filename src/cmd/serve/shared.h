/* SPDX-License-Identifier: Apache-2.0 */
/* shared.h — the memory that the processes of serve share, made by the supervisor before it forks.
 * Each part has one writer. It outlives any role, so a keeper that starts anew finds there what it
 * had already told the rings.
 * Threads: one writer a part; every number is atomic. Memory: mapped once, touched as used. */
#pragma once
#include "intake/counts.h"

enum { RING_INTAKE, RING_JOURNAL, RING_CONFIGS, SERVE_RINGS };
enum {
	ROLE_INTAKE,
	ROLE_JOURNAL,
	ROLE_CONFIGS,
	ROLE_KEEPER,
	ROLE_ANALYST,
	ROLE_DESK,
	ROLE_HAND,
	SERVE_ROLES
};

#define HANDLES_MAX 131072u /* more than limits.max_sources can be */
#define COMMIT_BUCKETS 32 /* bucket i: up to 2^i microseconds */

/* What the keeper knows of one ring. Written by the keeper, not mapped by the intakes. */
struct ring_notes {
	/* Ring positions begin at 0 with each start of serve, but the ledger remembers those of
	 * the last one. So they are stored with a number of the start in the upper 16 bits, which
	 * is drawn from the ledger by the first keeper and kept here for those after it. */
	count incarnation; /* 0: not drawn yet */
	count broken; /* the producer wrote what is no message: the ring must be made anew */
	uint32_t id[HANDLES_MAX]; /* handle to source id; 0: not defined */
	uint32_t place[HANDLES_MAX]; /* … to the id under which its position is kept */
};

struct keeper_numbers {
	count records, bytes, notes, commits, bad_messages, unknown_handles;
	count tree_size, blocks, dropped_blocks, checkpoints, sources, closed_segments;
	count disk_bytes, raw_bytes;
	count disk_full; /* 1: nothing is taken at the moment */
	count adopted, adopt_refused;
	count last_commit; /* usec since 1970 */
	count commit_usec[COMMIT_BUCKETS];
	count ready;
};

struct frontier { /* frontier.h */
	count durable; /* records, by the keeper */
	count waits; /* the analyst sleeps */
};

#define POISON_MAX 16u
struct analyst_numbers { /* by the analyst */
	count at; /* 1 + seq of the record that is being parsed; 0: none */
	count suspect; /* 1 + seq of the record at which one died last */
	count poison[POISON_MAX]; /* 1 + seq of records at which two died: never parsed again */
	count poison_n; /* ever */
	count records, findings, rules, rules_refused, rules_proven, rules_dead;
	count seen; /* records looked at: the seq behind the last one */
	count alert_usec[COMMIT_BUCKETS]; /* from arrival to the alert's row, durable (sampled) */
};

struct role_numbers { /* by the supervisor */
	count pid, restarts, since; /* since: usec since 1970 */
};

struct shared {
	struct keeper_numbers keeper;
	struct frontier frontier;
	struct analyst_numbers analyst;
	struct role_numbers role[SERVE_ROLES];
	count started, reloads;
	char host[256], dir[256]; /* for showing; cut */
};

struct shared *shared_new(void); /* zeroed; ends the process without memory */
struct ring_notes *ring_notes_new(void);
extern const char *const serve_role_names[SERVE_ROLES];
