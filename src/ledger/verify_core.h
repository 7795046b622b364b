/* SPDX-License-Identifier: Apache-2.0 */
/* verify_core.h — for the files that make up verify: verify.c (the front: keys, notes, sources),
 * verify_files.c (which files there are), verify_units.c (decoding and hashing, in threads),
 * verify_tree.c (the tree, in order, against tiles and signed roots). Nobody else includes this. */
#pragma once
#include "ledger/blocks.h"
#include "ledger/seal/identity.h"
#include "ledger/segment.h"
#include "ledger/source_table.h"
#include "ledger/tree/tiles.h"
#include "ledger/verify.h"

struct signed_size { /* what a signature says of the tree */
	uint64_t size;
	struct hash256 root;
	const char *where; /* file, for messages */
	bool kept; /* the one that was kept elsewhere */
};

struct vunit {
	uint64_t first;
	uint32_t count;
	bool gone, live;
	bool readable; /* the trailer, or the segment's header */
	bool skip; /* incremental: only its bytes are checked */
	bool decoded; /* afterwards: all its records were seen */
	struct trailer trailer;
	struct segment *segment;
};

struct definition {
	uint64_t seq;
	struct buf raw;
	bool in_block;
};

struct drop { /* a record that tells that a block was dropped */
	uint64_t seq, first;
};

struct low_at { /* the compact range below level 8 at a signed size inside a whole group */
	uint64_t size;
	struct hash256 node[GROUP_LEVEL];
};

/* What a worker finds out about one unit. Leaves before the first whole group, roots of the whole
 * groups, leaves behind them. */
struct outcome {
	int r; /* 0: all records were hashed */
	bool payload_differs, unsigned_trailer, range_differs;
	struct why why;
	struct hash256 *head, *group, *tail;
	uint32_t heads, groups, tails;
	struct low_at *low;
	size_t lows;
	struct definition *def;
	size_t defs;
	struct drop *drop;
	size_t drops;
	struct bridge *bridge;
	size_t bridges;
	uint64_t file_bytes;
};

struct verify {
	const struct verify_options *o;
	int dirfd, treefd;
	bool live; /* a writer is at work: what a crash may leave is in motion, not harm */
	bool id_known;
	struct identity id;
	struct verifier key;
	struct verify_result res;
	struct why cannot; /* why one thing cannot be told */
	struct signed_size *sizes; /* ascending */
	size_t n_sizes;
	struct checkpoint newest, kept;
	bool has_newest, has_kept;
	struct vunit *unit;
	size_t units;
	uint64_t blocks_end; /* seq behind the sealed blocks */
	uint64_t all_bytes, done_bytes;
	struct source_table *sources; /* NULL: the file is harmed */
	struct definition *def;
	size_t defs;
	struct drop *drop;
	size_t drops;
	struct growing *growing; /* of verify_tree.c */
};

void finding(struct verify *v, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* Something that a crash may leave too and that opening for writing puts right. */
void unsettled(struct verify *v, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* verify_files.c */
int verify_walk(struct verify *v); /* strange names, sizes; all_bytes */
/* Tiles must end before the tree does; asked once its size is known. */
int verify_walk_tiles(struct verify *v, uint64_t size);

/* verify_units.c */
int verify_list_units(struct verify *v, struct why *why);
void verify_units_done(struct verify *v);
typedef void outcome_fn(struct verify *v, size_t i, struct outcome *o); /* in order */
int verify_run_units(struct verify *v, unsigned threads, outcome_fn *fn);

/* verify_tree.c */
int verify_records(struct verify *v, unsigned threads);
