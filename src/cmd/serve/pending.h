/* SPDX-License-Identifier: Apache-2.0 */
/* pending.h — the segments that the analyst was handed and has not given back as blocks: the oldest
 * is read record by record as it grows; once it is closed and read to its end it is done.
 * Threads: one owner. Memory: PENDING_MAX maps. */
#pragma once
#include "base/err.h"
#include "ledger/segment.h"

#define PENDING_MAX 16u

struct pending {
	struct job {
		uint64_t first;
		struct segment *segment;
		uint32_t fed; /* records taken */
		uint32_t count; /* of all, once closed */
		bool plain, closed;
	} job[PENDING_MAX]; /* oldest first */
	unsigned n;
};

/* In its place by `first`. One that is there already is replaced: it is sent again. */
int pending_add(struct pending *p, uint64_t first, bool plain, int fd, struct why *why);
void pending_close(struct pending *p, uint64_t first, uint32_t count);
/* The next record that is durable; false: none now. plain: it is of a segment to be left unparsed.
 */
bool pending_next(struct pending *p, uint64_t durable, struct record *ret, bool *ret_plain);
/* The oldest is closed and taken to its end. */
bool pending_done(const struct pending *p);
void pending_drop(struct pending *p); /* the oldest */
void pending_clear(struct pending *p);
