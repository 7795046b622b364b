/* SPDX-License-Identifier: Apache-2.0 */
/* record.h — what arrived: raw bytes exactly as received, with source and arrival time.
 * A record is immutable and is a leaf of the Merkle tree. Its leaf hash (RFC 6962 section 2.1) is
 *     SHA-256(0x00 || arrival u64le || source u32le || flags u32le || raw)
 * so the 16 bytes of struct leaf_head and the raw bytes lie together wherever records are kept.
 * Memory: raw is borrowed from the batch, map or arena that holds it. */
#pragma once
#include "base/bytes.h"
#include "base/clock.h"

/* How the raw bytes ended where they came from. `search -o raw` gives the very bytes back:
 * raw, then what `end` says. */
enum record_end {
	END_LF = 0, /* a newline followed (raw does not hold it) */
	END_FRAME = 1, /* a message of its own (datagram, octet count, journal entry) */
	END_EOF = 2, /* the file ended without a newline */
	END_CUT = 3, /* longer than the limit: the next record of the source goes on here */
};
#define RECORD_END_MASK 3u
#define RECORD_CONT 4u /* this record goes on where an END_CUT one stopped */
#define RECORD_NUL 8u /* a NUL byte followed instead of a newline (RFC 6587 trailers) */
#define RECORD_FLAGS 15u

#define RECORD_MAX (16u << 20) /* no raw bytes longer than this, whatever the limit is set to */

struct leaf_head { /* on the wire and on disk as it stands, little-endian */
	int64_t arrival; /* microseconds since 1970, by our clock */
	uint32_t source; /* id; 0 = Vedette itself */
	uint32_t flags;
};
_Static_assert(sizeof(struct leaf_head) == 16, "leaf head");

struct record {
	uint64_t seq; /* index of the leaf, from 0 */
	usec arrival;
	uint32_t source;
	uint32_t flags; /* enum record_end | RECORD_* */
	struct bytes raw;
};

static inline enum record_end record_end(const struct record *r)
{
	return (enum record_end)(r->flags & RECORD_END_MASK);
}
