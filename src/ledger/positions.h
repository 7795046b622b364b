/* SPDX-License-Identifier: Apache-2.0 */
/* positions.h — where reading goes on: one opaque value a source, one number an input ring.
 * Values are set, written with the next frame, and durable with it. The newest of each must outlive
 * the segment that holds it: before a segment goes, positions_held() names those to write anew.
 * Threads: one owner. Memory: one entry a source that has a position. */
#pragma once
#include "base/buf.h"

#define POSITION_MAX 4096u
#define POSITION_RINGS 64u

struct positions;

struct positions *positions_new(void);
struct positions *positions_free(struct positions *p);

int positions_set(struct positions *p, uint32_t source, struct bytes value); /* copies */
int positions_set_ring(struct positions *p, unsigned ring, uint64_t value);
struct bytes positions_get(const struct positions *p, uint32_t source); /* the durable one; lent */
uint64_t positions_get_ring(const struct positions *p, unsigned ring);

bool positions_waiting(const struct positions *p);
/* Appends what was set since the last commit, as bytes of a frame. */
void positions_write(const struct positions *p, struct buf *to);
/* Those are durable now, in the segment that begins with `segment`. */
void positions_written(struct positions *p, uint64_t segment);
/* Appends the durable values that lie in segments up to `segment` and nowhere behind it. Returns
 * how many. */
size_t positions_held(const struct positions *p, uint64_t segment, struct buf *to);
void positions_moved(struct positions *p, uint64_t from,
		     uint64_t to); /* those, now written there */
/* Takes in what a frame of that segment says; -EBADMSG when it is not of the form, or names a
 * source that is not below `sources`. */
int positions_read(struct positions *p, struct bytes b, uint64_t segment, uint32_t sources);
