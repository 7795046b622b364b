/* SPDX-License-Identifier: Apache-2.0 */
/* core.h — struct ledger, for the files that make up the writer: ledger.c (the front), commit.c,
 * recover.c, adopt.c, retention.c. Nobody else includes this. */
#pragma once
#include "ledger/history.h"
#include "ledger/ledger.h"
#include "ledger/positions.h"
#include "ledger/seal/identity.h"
#include "ledger/source_table.h"
#include "ledger/syncer.h"
#include "ledger/tree/tiles.h"
#include "ledger/wal.h"

#define LEDGER_BATCH_MAX (256u << 20)

struct part { /* of a batch: what goes into one segment */
	struct buf b; /* a frame without its end */
	uint64_t raw_bytes;
	usec since, arrival_max;
	uint32_t count;
	size_t segment; /* the one it was written to */
};

struct kept_block {
	uint64_t first, raw_bytes, file_bytes;
	usec arrival_max;
	uint32_t count;
	bool gone;
};

struct ledger {
	struct ledger_options o;
	char *dir;
	char *lent_path; /* of ledger_segment() and the like */
	int dirfd, waldir, treefd, lockfd;
	int failed; /* for good: 0 or -errno */
	bool full; /* the last commit found no room */

	struct identity id;
	struct key *key;
	struct history history;
	usec checkpointed, retained; /* when */

	struct source_table *sources;
	uint32_t sources_stored; /* how many the file `sources` has */
	struct positions *positions;

	struct tree tree; /* of what is durable */
	struct tiles tiles;
	struct hash256
		*group; /* roots of whole groups that are no tiles yet, from tiles.groups on */
	size_t groups, groups_cap;

	struct wal_segment *segment; /* oldest first; the last one may be open */
	size_t segments;
	struct kept_block *block; /* oldest first */
	size_t blocks, dropped;

	struct part *part;
	size_t parts; /* at least one */
	size_t parts_made; /* with buffers to use again */
	uint64_t batch_records, batch_bytes;

	struct syncer *syncer;
	struct ledger_counts counts;
};

/* The open segment; NULL: there is none. */
static inline struct wal_segment *open_segment(const struct ledger *l)
{
	struct wal_segment *s = l->segments ? &l->segment[l->segments - 1] : NULL;

	return s && !s->closed ? s : NULL;
}

int ledger_failure(struct ledger *l, int r); /* -EIO is for good; returns r */

/* commit.c */
void batch_begin(struct ledger *l); /* an empty batch */
void batch_next_part(struct ledger *l);
struct wal_segment *segment_add(struct ledger *l);
/* The tree grows by the records of a frame. */
void tree_take(struct ledger *l, struct bytes records);
/* Marks the open segment as closed; the tree must end with it. */
void segment_shut(struct ledger *l);
/* Writes a frame without records, so that positions outlive the segment that begins with `first`.
 */
int positions_refresh(struct ledger *l, uint64_t first);
void group_take(void *ctx, uint64_t index, const struct hash256 *root);

/* recover.c */
int ledger_recover(struct ledger *l, struct why *why);
/* adopt.c */
int sources_store(struct ledger *l); /* the file `sources`, with all that are durable */
int tiles_catch_up(struct ledger *l);
void block_add(struct ledger *l, const struct kept_block *b);
/* retention.c */
int ledger_retain(struct ledger *l, usec now);
