/* SPDX-License-Identifier: Apache-2.0 */
/* position.h — where reading of a file goes on, and how to know the file again.
 * A file is known by device, inode and birth, and by what it held: the first bytes (at most 1 KiB)
 * and the last bytes before the offset. A source may have several files at once: the one that bears
 * its name, and older ones renamed or copied away that are not read to their end.
 * On the wire and in the ledger (little-endian): u8 version (1), u8 number of entries, then each:
 *   u64 device, u64 inode, u64 offset, u64 head checksum, u64 tail checksum, u16 head length,
 *   u8 tail length, u8 flags, i64 mtime, i64 time of birth (nanoseconds since 1970)
 * In: bytes of the ledger (a cursor checks them), descriptors. Threads, memory: none. */
#pragma once
#include "base/buf.h"

#define POSITION_HEAD 1024
#define POSITION_TAIL 64
#define POSITION_FILES 64 /* entries of one source: 3,842 bytes, below BATCH_POSITION_MAX */

enum {
	POSITION_DONE = 1, /* read to its end, and left */
	POSITION_MISSING = 2, /* was not there at the last start; that has been noted */
	POSITION_CUT = 4, /* the last record was an END_CUT one */
	POSITION_TRUNCATED = 8, /* the rest may be in a copy of it */
	POSITION_UNDECIDED = 16, /* nobody has read it, unless it is a copy */
};

struct position {
	uint64_t dev, ino, offset;
	uint64_t head, tail; /* checksum64() */
	uint16_t head_len;
	uint8_t tail_len, flags;
	int64_t mtime; /* of the file when it was last read, nanoseconds since 1970 */
	int64_t birth; /* of the inode, 0: unknown; its number is used again after a deletion */
};

void position_encode(struct buf *to, const struct position *p, size_t n); /* n <= POSITION_FILES */
bool position_decode(struct bytes b, struct position ret[static POSITION_FILES], size_t *ret_n);

/* May the position be of this inode? */
static inline bool position_inode(const struct position *p, uint64_t ino, int64_t birth)
{
	return p->ino == ino && (!p->birth || !birth || p->birth == birth);
}

/* Fills head and tail from the file for p->offset. 0 or -errno; -ENODATA: it is shorter. */
int position_take(int fd, struct position *p);

/* Does the file hold what the position says, at the same places? */
enum { POSITION_SAME = 0, POSITION_OTHER = 1, POSITION_SHORT = 2 }; /* short: as far as it goes */
int position_check(int fd, const struct position *p); /* or -errno */
