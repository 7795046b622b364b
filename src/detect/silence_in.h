/* SPDX-License-Identifier: Apache-2.0 */
/* silence_in.h — the talkers of silence.h, for its own files.
 *
 *	everything ── network 192.0.2.0/24 ── host cmp-07 ── source (file, peer, …) ── program
 *	        └──── host ctl-01 (its own files and journal) ── source
 *
 * A talker speaks when any below it does. Times marked `awake` run only while Vedette was.
 * Threads: as silence.h. Memory: talkers are one array; a freed one is used again. */
#pragma once
#include "detect/compose.h"
#include "detect/silence.h"
#include "detect/silence_gap.h"

#define NOBODY UINT32_MAX
#define NAME_MAX_BYTES 256u

enum talker_kind {
	TALKER_FREE,
	TALKER_ALL,
	TALKER_NET,
	TALKER_HOST,
	TALKER_SOURCE,
	TALKER_PROGRAM
};

/* Why it may have fallen silent; the order is that of the table in silence_tell.c. */
enum cause {
	CAUSE_NONE,
	CAUSE_QUIET,
	CAUSE_FILE_REMOVED,
	CAUSE_FILE_TRUNCATED,
	CAUSE_FILE_REPLACED,
	CAUSE_FILE_UNWRITABLE,
	CAUSE_WRITER_STOPPED,
	CAUSE_WRITER_GONE,
	CAUSE_SENDER_GONE,
	CAUSE_PATH_CUT,
	CAUSE_DISK_FULL,
	CAUSE_LEVEL_MIX,
	CAUSE_NEVER_SPOKE,
	CAUSE_COVERED, /* what it stands below was told */
	CAUSE_N
};

struct pulse { /* of a talker, or of one level of it */
	usec first, last; /* awake */
	uint64_t n;
	struct tail tail;
	struct judgement judged;
	uint64_t judged_n; /* how many records it had then */
	bool stale; /* the tail has changed since */
};

enum { LEVEL_DEBUG_LINES, LEVEL_INFO_LINES, LEVELS };

struct talker {
	enum talker_kind kind;
	uint32_t parent, children; /* index; how many */
	uint32_t id; /* of the source */
	enum source_kind source_kind;
	struct bytes host, name; /* owned; name: of source, program or network */
	struct pulse any;
	struct tail warped; /* gaps by the clock of the week */
	struct week week;
	usec last_real; /* arrival of the last record */
	uint64_t last_seq, last_line; /* where it is: of the ledger, or (SEQ_NONE) of its file */
	usec week_first; /* when the week began to be learned */
	uint32_t late; /* how many below it are, at silence.late_at */
	bool leaving; /* its last words were that it stops */
	enum cause told; /* what it was told of; CAUSE_NONE: it speaks */
	uint32_t cover; /* CAUSE_COVERED: by which */
	usec told_at, hold; /* awake; hold: not to be told before */
	/* A note about the source, told at `due` unless it has spoken by then. */
	enum cause pending;
	usec due, noted; /* awake */
	bool connected, closed; /* senders over TCP */
	struct { /* only of sources and programs */
		struct pulse pulse;
		uint32_t others, others_most; /* lines of other levels since the last */
		bool told;
	} level[LEVELS];
};

struct wanted {
	struct silence_expected is;
	bool spoke, told;
};

struct silence {
	struct silence_options o;
	struct talker *t;
	size_t n, cap, live;
	size_t hint; /* where to look for a freed one */
	uint32_t *by_id; /* index by source id, NOBODY where none */
	size_t by_id_n;
	uint32_t *slots; /* open addressing by (parent, kind, host, name): index + 1 */
	size_t slots_n; /* a power of two */
	struct wanted *wanted;
	size_t wanted_n;
	bool heartbeats; /* they are written: a hole between records is sleep */
	usec alive; /* arrival of the newest record */
	usec asleep; /* how long we were not awake, in sum */
	usec quiet_until; /* awake */
	usec began; /* awake: when the first record came; USEC_NONE: none yet */
	usec late_at; /* when the late ones were counted */
	int64_t aged; /* the day the tails were aged */
	struct silence_counts counts;
	struct compose compose;
};

static inline usec awake_of(const struct silence *s, usec arrival)
{
	return arrival - s->asleep;
}

static inline usec real_of(const struct silence *s, usec awake)
{
	return awake + s->asleep;
}

/* silence_talker.c */
struct talker *talker_of(struct silence *s, const struct item *i); /* NULL: not modelled */
struct talker *talker_program(struct silence *s, struct talker *source, const struct item *i);
struct talker *talker_by_id(struct silence *s, uint32_t id);
uint32_t talker_index(const struct silence *s, const struct talker *t);
void talker_forget(struct silence *s, struct talker *t);
struct talker *talker_new(struct silence *s, enum talker_kind kind, uint32_t parent,
			  struct bytes host, struct bytes name);
uint64_t talker_key(enum talker_kind kind, uint32_t parent, struct bytes host, struct bytes name);
void talker_index_in(struct silence *s, uint32_t index); /* into the table of names */
bool by_id_set(struct silence *s, uint32_t id, uint32_t index);

/* silence_note.c */
void silence_note(struct silence *s, const struct item *i, finding_fn *fn, void *ctx);

/* silence_judge.c */
bool pulse_known(const struct silence *s, const struct pulse *p);
const struct judgement *pulse_judge(struct silence *s, struct pulse *p);
/* Silent for longer than it may be? The lengths, in time as it passes, for people. */
bool talker_overdue(struct silence *s, struct talker *t, usec now, struct judgement *ret);
void judge_levels(struct silence *s, struct talker *t, usec now, finding_fn *fn, void *ctx);
void judge_all(struct silence *s, usec now, finding_fn *fn, void *ctx);

/* silence_tell.c */
void tell_talker(struct silence *s, struct talker *t, enum cause cause, usec now,
		 const struct judgement *j, finding_fn *fn, void *ctx);
void tell_back(struct silence *s, struct talker *t, const struct item *i, usec now, finding_fn *fn,
	       void *ctx);
void tell_level(struct silence *s, struct talker *t, unsigned level, usec now, bool back,
		finding_fn *fn, void *ctx);
void tell_never(struct silence *s, const struct wanted *w, usec now, bool back, finding_fn *fn,
		void *ctx);
void tell_gone(struct silence *s, struct talker *t, usec now, finding_fn *fn, void *ctx);
void tell_note(struct silence *s, struct talker *t, enum cause cause, const struct item *i,
	       usec now, finding_fn *fn, void *ctx);
