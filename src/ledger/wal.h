/* SPDX-License-Identifier: Apache-2.0 */
/* wal.h — writing the segments of the log-ahead file.
 * A segment is made under another name and appears whole with its header; frames are written behind
 * each other into room taken in advance; what must not stay is overwritten with zeros (readers may
 * have the file mapped, so it is never cut below what they may have seen).
 * Threads: one owner. Memory: one small entry a segment. */
#pragma once
#include "ledger/file.h"
#include "ledger/tree/tree.h"
#include "ledger/wal_frame.h"

struct wal_segment {
	uint64_t first, raw_bytes, end, room; /* end: of the frames; room: bytes taken on disk */
	uint64_t salt;
	usec since; /* arrival of its first record */
	usec arrival_max;
	uint32_t count;
	int fd; /* -1 once closed */
	bool closed;
	/* of the tree after its last record, once closed */
	struct hash256 root;
	struct range low;
	char name[FILE_NAME_MAX];
};

#define WAL_STEP (4u << 20) /* room is taken in steps of this */

int wal_begin(int waldir, const uint8_t id[static LEDGER_ID_LEN], uint64_t first, usec now,
	      struct wal_segment *ret);
/* One that is there already, to go on behind `end`; what lies there becomes zeros. */
int wal_resume(int waldir, uint64_t end, bool dirty, struct wal_segment *s);
/* Takes room for len more bytes; keeps `reserve` bytes of the disk free (-ENOSPC). */
int wal_room(struct wal_segment *s, uint64_t len, uint64_t reserve);
/* Writes behind `end`, which moves only by wal_took(). */
int wal_write(struct wal_segment *s, struct bytes frame);
void wal_undo(struct wal_segment *s, uint64_t len); /* zeros over what a failed batch wrote */
/* Gives unused room back and the descriptor up. */
void wal_close(struct wal_segment *s);
