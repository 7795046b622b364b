/* SPDX-License-Identifier: Apache-2.0 */
/* segment.h — reading one segment of the log-ahead file, closed or still being written.
 * In: an open descriptor or a path. Out: records, in order. A torn or unfinished frame at the end
 * is where reading stops; a bad frame with good ones after it is damage and is said.
 * Threads: one owner; the writer may append meanwhile (readers take no lock). segment_ref() and
 * segment_free() may be called from any thread.
 * Memory: a read-only map; records are lent until segment_free(). */
#pragma once
#include "base/err.h"
#include "event/record.h"

struct segment;

int segment_open(struct segment **ret, int dirfd, const char *name, struct why *why);
int segment_open_fd(struct segment **ret, int fd, struct why *why); /* takes no ownership of fd */
struct segment *segment_free(struct segment *s);
struct segment *segment_ref(struct segment *s); /* one more to free */

/* Follows a segment while it is being written: segment_more() takes the frames that are there and
 * whose records are all below `durable` (the size of the tree as the writer tells it), and gives
 * the number of records there are now. What was lent stays where it is: address space for the
 * largest segment is set aside at once. The descriptor is duplicated. */
int segment_follow(struct segment **ret, int fd, struct why *why);
uint32_t segment_more(struct segment *s, uint64_t durable);

uint64_t segment_first(const struct segment *s); /* seq of its first record */
uint32_t segment_count(const struct segment *s); /* records in whole frames seen at open */
uint64_t segment_raw_bytes(const struct segment *s);
bool segment_damaged(const struct segment *s, struct why *why);
/* Record i (0 .. count-1); constant time (an index is made at open). */
void segment_record(const struct segment *s, uint32_t i, struct record *ret);
/* leaf_head and raw, contiguous: what RFC 6962's leaf hash is taken over. */
struct bytes segment_leaf(const struct segment *s, uint32_t i);

/* How the file ends and what its frames say; for recovery and verify, who open it so that the room
 * taken in advance is looked at as well (it may be megabytes of zeros). */
int segment_open_whole(struct segment **ret, int dirfd, const char *name, struct why *why);
struct segment_end {
	uint64_t end; /* behind the last good frame */
	uint64_t size; /* of the file */
	uint64_t frames;
	uint64_t last_first; /* the last frame: seq of its first record, */
	uint64_t last_at; /* its offset */
	bool torn; /* bytes behind `end` that are no zeros */
	bool more; /* the last frame says that its batch goes on */
};
struct segment_header;
const struct segment_end *segment_end(const struct segment *s);
const struct segment_header *segment_header(const struct segment *s);
typedef int segment_positions_fn(void *ctx, struct bytes positions);
int segment_positions(const struct segment *s, segment_positions_fn *fn, void *ctx);
