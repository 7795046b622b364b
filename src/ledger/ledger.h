/* SPDX-License-Identifier: Apache-2.0 */
/* ledger.h — the one writer of a ledger: log-ahead, tree, checkpoints, blocks, retention.
 * In: records (from the keeper's rings, or straight from import). Out: files as in
 * doc/format-ledger.md; durable when ledger_commit() returns 0. Threads: one owner (an inner thread
 * may sync while the owner hashes). Memory: the pending batch and the upper tree; bounded.
 *
 * The life of a record: ledger_put() copies it into the pending batch → ledger_commit() writes one
 * frame to the log-ahead segment, hashes the leaves, fdatasync()s → durable, may be acknowledged.
 * A segment that is full is closed, a new one begun. A closed segment is encoded (by anyone: it is
 * only a reading of the segment) and ledger_adopt() takes the result as a sealed block, after
 * decoding it and comparing every byte with the segment; then the segment file goes. */
#pragma once
#include "base/err.h"
#include "event/record.h"
#include "event/source.h"

struct ledger;

struct ledger_options {
	const char *dir;
	bool create; /* make it when the directory is missing or empty */
	const char *origin; /* name in checkpoints, for a new ledger; NULL: "vedette/<hostname>" */
	uint32_t block_records; /* a segment is closed at so many records (0: 65536) … */
	uint64_t block_bytes; /* … or so many raw bytes (0: 24 MiB) … */
	usec block_age; /* … or when its first record is so old (0: never) */
	usec checkpoint_every; /* 0: 10 s */
	uint64_t keep_bytes; /* retention: 0 = for ever */
	usec keep_age; /* retention by arrival time: 0 = for ever */
	uint64_t reserve_bytes; /* refuse records when the disk has less free (0: 64 MiB) */
};

/* Locks the directory (a second writer is refused), recovers to the last durable record.
 * Says in `why` what is wrong and what to do. */
int ledger_open(struct ledger **ret, const struct ledger_options *o, struct why *why);
/* Commits, signs a checkpoint, unlocks. NULL is fine. Returns NULL. */
struct ledger *ledger_close(struct ledger *l);

/* The id of a source, defined (as a record of source 0) if it is new. def->id is ignored; host and
 * name are copied. */
int ledger_source(struct ledger *l, const struct source *def, uint32_t *ret);
const struct source *ledger_source_by_id(const struct ledger *l, uint32_t id); /* NULL: none */

/* Copies a record into the pending batch. flags: enum record_end | RECORD_*.
 * -EMSGSIZE above RECORD_MAX, -ENOSPC when the disk is full (nothing was taken; a commit that goes
 * through ends that), -ENOBUFS when 256 MiB wait (commit first), -EINVAL for an unknown source or
 * flag, -EIO when the ledger has failed for good (a failed fdatasync is never retried on the same
 * file). */
int ledger_put(struct ledger *l, uint32_t source, usec arrival, uint32_t flags, struct bytes raw);
/* A record of Vedette itself: text is one JSON object that begins with {"event":"…, but no
 * definition of a source (-EINVAL). */
int ledger_note(struct ledger *l, struct bytes json);
/* Where reading of `source` goes on once all that was put so far is durable; opaque to us, at most
 * 4 KiB; becomes durable with the same commit. */
int ledger_position(struct ledger *l, uint32_t source, struct bytes position);
struct bytes ledger_position_of(const struct ledger *l, uint32_t source); /* {NULL, 0}: none */
/* Likewise, one number for each input ring (0..63): the ring position that is durable. */
int ledger_ring_position(struct ledger *l, unsigned ring, uint64_t position);
uint64_t ledger_ring_position_of(const struct ledger *l, unsigned ring);

/* Makes the pending batch durable. On failure nothing of the batch is acknowledged: -ENOSPC may be
 * tried again later (the batch is kept), other errors are final. */
int ledger_commit(struct ledger *l);
uint64_t ledger_size(const struct ledger *l); /* records durable: the tree size */
uint64_t ledger_next(const struct ledger *l); /* seq of the record that is put next */
size_t ledger_pending(const struct ledger *l); /* bytes waiting for the next commit */

/* Timed work: checkpoint when due, segment by age, retention. Call at least every second. */
int ledger_tick(struct ledger *l, usec now);
int ledger_checkpoint(struct ledger *l); /* sign one now */
/* Closes the open segment now, if it holds records (import does so at its end). */
int ledger_close_segment(struct ledger *l);

/* The segments that are no blocks yet, oldest first; only the last may be open. The path is lent
 * until the next call. */
struct ledger_segment {
	uint64_t first;
	uint32_t count; /* durable records */
	bool closed;
	const char *path;
};
size_t ledger_segments(const struct ledger *l);
void ledger_segment(const struct ledger *l, size_t i, struct ledger_segment *ret);
/* The oldest of them, if it is closed. The path is lent likewise. */
bool ledger_closed_segment(const struct ledger *l, uint64_t *ret_first, const char **ret_path);
/* The sealed blocks, oldest first; of those that retention has dropped there is no file. The path
 * is lent likewise. */
struct ledger_block {
	uint64_t first;
	uint32_t count;
	usec arrival_max;
	bool gone;
	const char *path;
};
size_t ledger_blocks(const struct ledger *l);
void ledger_block(const struct ledger *l, size_t i, struct ledger_block *ret);
/* Seals `payload` (made by block/build.h from that very segment) as its block, if decoding it gives
 * the segment's records back byte for byte; otherwise -EBADMSG with the reason, and the segment
 * stays. */
int ledger_adopt(struct ledger *l, uint64_t first, struct bytes payload, struct why *why);

struct ledger_counts {
	uint64_t records, bytes, commits, blocks, checkpoints, dropped_blocks;
	uint64_t disk_bytes, raw_bytes; /* of what is kept */
	uint32_t sources, closed_segments;
};
void ledger_counts(const struct ledger *l, struct ledger_counts *ret);
