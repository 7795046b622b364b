/* SPDX-License-Identifier: Apache-2.0 */
/* wal_frame.h — the bytes of a log-ahead segment (doc/format-ledger.md, "Segments").
 *
 *   header, 64 bytes | frame | frame | … | zeros (room taken in advance)
 *   header  "VDTWAL01", u32 version, u32 zero, ledger id[16], u64 first seq, u64 salt,
 *           i64 created, u64 XXH3-64 of the 56 bytes before
 *   frame   u32 magic, u32 flags, u64 first seq, u32 records, u32 record bytes,
 *           u32 position bytes, u32 zero | records | positions | zeros up to a multiple of 8 |
 *           u64 XXH3-64, seeded with the salt, of all before
 *   record  u32 raw length, struct leaf_head, raw
 *
 * The salt keeps a sender, who may put the bytes of a frame into a record, from making a whole one.
 * Threads: pure. Memory: all is lent by the file's bytes. */
#pragma once
#include "base/buf.h"
#include "base/err.h"
#include "event/record.h"

#define SEGMENT_MAGIC "VDTWAL01"
#define SEGMENT_VERSION 1u
#define SEGMENT_HEADER 64u
#define LEDGER_ID_LEN 16
#define WAL_FRAME_MAGIC 0x46544456u /* "VDTF" */
#define WAL_FRAME_HEADER 32u
#define WAL_FRAME_OVERHEAD (WAL_FRAME_HEADER + 8 + 7)
#define WAL_FRAME_MAX (1u << 30)
#define WAL_FRAME_MORE 1u /* the batch goes on in the next frame; without it, it is unfinished */
#define RECORD_HEAD (4 + sizeof(struct leaf_head))

struct segment_header {
	uint8_t id[LEDGER_ID_LEN];
	uint64_t first, salt;
	usec created;
};
void segment_header_write(const struct segment_header *h, uint8_t ret[static SEGMENT_HEADER]);
bool segment_header_parse(struct bytes b, struct segment_header *ret, struct why *why);

struct wal_frame {
	uint64_t at, end; /* offsets in the file */
	uint64_t first;
	uint32_t count, flags;
	struct bytes records, positions;
};

/* Offsets in the file of the leaves met so far; the length of each is in the 4 bytes before. */
struct wal_leaves {
	uint64_t *at;
	uint32_t n, cap;
};

enum { WAL_FRAME_NONE = 1, /* nothing follows: end of file or zeros */ WAL_FRAME_BAD = 2 };
/* The frame at `at` whose first record must have the seq `first`. Its leaves are added
 * (NULL: nobody wants them). */
int wal_frame_next(struct bytes file, uint64_t salt, uint64_t at, uint64_t first,
		   struct wal_frame *ret, struct wal_leaves *leaves);
/* The first good frame behind `at` with a seq of at least `first`; WAL_FRAME_NONE: none. */
int wal_frame_search(struct bytes file, uint64_t salt, uint64_t at, uint64_t first,
		     struct wal_frame *ret, struct wal_leaves *leaves);

/* Records of a frame, one after the other; false at the end. ret_leaf: leaf_head and raw. */
bool wal_frame_record(struct bytes *records, struct bytes *ret_leaf);
void record_of_leaf(struct bytes leaf, uint64_t seq, struct record *ret);

/* Writing: room for the header, then records, then positions, then the end. `from` is where the
 * frame begins in the buffer. */
void wal_frame_begin(struct buf *b);
void wal_frame_put(struct buf *b, const struct leaf_head *head, struct bytes raw);
/* positions_len: how many of the last bytes are positions. */
void wal_frame_finish(struct buf *b, size_t from, uint64_t salt, uint64_t first, uint32_t count,
		      uint32_t positions_len, uint32_t flags);
