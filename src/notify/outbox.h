/* SPDX-License-Identifier: Apache-2.0 */
/* outbox.h — what is to be told and was not taken yet, on disk until it is.
 * In: ready texts (a whole mail, a JSON body) for a target; repeats for a digest; alerts that
 * Alertmanager must hear of again and again. Out: what is due, the most severe first.
 * All that is done between two commits is one SQLite transaction, synced, so a change counts as
 * taken when what it leads to is on disk. A failure makes every later call a no-op until
 * outbox_commit() returns it: then nothing of the transaction has happened.
 * Threads: one owner. Memory: what SQLite takes; the disk's share is bounded by struct
 * outbox_limits.
 */
#pragma once
#include "base/buf.h"
#include "base/clock.h"
#include "base/err.h"
#include "detect/finding.h"

struct outbox;

struct outbox_limits {
	uint32_t entries; /* for one target */
	uint64_t bytes; /* all together */
	usec age;
};

/* The file, in the working directory or by its path. One that is damaged is put aside and told. */
int outbox_open(struct outbox **ret, const char *file, usec now, struct why *why);
struct outbox *outbox_close(struct outbox *o);
int outbox_commit(struct outbox *o, struct why *why);
bool outbox_failed(const struct outbox *o);

/* Numbers by name; 0 where there is none. */
uint64_t outbox_number(struct outbox *o, const char *name);
void outbox_set(struct outbox *o, const char *name, uint64_t value);
/* "dropped.ops" and such: adds to it. */
void outbox_add(struct outbox *o, const char *name, struct bytes target, uint64_t n);
uint64_t outbox_count(struct outbox *o, const char *name, struct bytes target);
void outbox_note(struct outbox *o, const char *name, struct bytes target,
		 uint64_t value); /* sets */

struct outbox_entry {
	uint64_t id, number; /* number: of the change, for headers that name it */
	enum level level;
	uint32_t attempts;
	usec made;
};
/* Copied. Beyond the limits the least severe and oldest go, which is counted ("dropped"). */
void outbox_put(struct outbox *o, struct bytes target, const struct outbox_entry *e,
		struct bytes text, const struct outbox_limits *l);
/* What is due for a target; false: nothing. text is appended. */
bool outbox_next(struct outbox *o, struct bytes target, usec now, struct outbox_entry *ret,
		 struct buf *text);
void outbox_done(struct outbox *o, uint64_t id);
void outbox_later(struct outbox *o, uint64_t id, usec due);
/* Drops and counts what is older than the limit; how many. */
uint64_t outbox_expire(struct outbox *o, struct bytes target, usec before);
uint64_t outbox_waiting(struct outbox *o, struct bytes target);
/* The highest level that waits; informational where nothing does. */
enum level outbox_worst(struct outbox *o, struct bytes target);

/* ---- caps: how much one route told one target in the hour before ---- */
void outbox_told(struct outbox *o, struct bytes target, struct bytes route, enum level level,
		 usec at);
uint64_t outbox_told_since(struct outbox *o, struct bytes target, struct bytes route,
			   enum level level, usec since);

/* ---- digests ---- */
#define OUTBOX_DIGEST 200u /* alerts told by name; of others, how many changes */
struct outbox_digest {
	uint64_t alert;
	enum level level;
	uint64_t changes, findings;
	struct bytes text; /* the newest change */
};
void outbox_digest_add(struct outbox *o, struct bytes target, struct bytes route,
		       const struct outbox_digest *d, usec at);
/* When the oldest of it came; USEC_NONE: there is none. */
usec outbox_digest_since(struct outbox *o, struct bytes target, struct bytes route);
typedef void outbox_digest_fn(void *ctx, const struct outbox_digest *d);
/* The most severe first; one with alert 0 stands for all others. */
void outbox_digest_each(struct outbox *o, struct bytes target, struct bytes route,
			outbox_digest_fn *fn, void *ctx);
void outbox_digest_clear(struct outbox *o, struct bytes target, struct bytes route);
uint64_t outbox_digest_held(struct outbox *o, struct bytes target, struct bytes route);

/* ---- what Alertmanager must hear of until it is over ---- */
#define OUTBOX_LIVE 10000u /* of one target; beyond, the least severe go, counted */
struct outbox_live {
	uint64_t alert, rev;
	enum level level;
	bool over; /* resolved */
	usec at; /* of the change */
	struct bytes text; /* the newest change */
};
void outbox_live_put(struct outbox *o, struct bytes target, const struct outbox_live *l);
bool outbox_live_has(struct outbox *o, struct bytes target, uint64_t alert);
/* Up to `most` that were not taken yet, in the order of their rev. */
typedef void outbox_live_fn(void *ctx, const struct outbox_live *l);
size_t outbox_live_due(struct outbox *o, struct bytes target, size_t most, outbox_live_fn *fn,
		       void *ctx);
/* Those with a rev up to this one were taken; what is over is forgotten. */
void outbox_live_taken(struct outbox *o, struct bytes target, uint64_t rev);
void outbox_live_again(struct outbox *o, struct bytes target); /* all are due once more */
