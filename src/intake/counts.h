/* SPDX-License-Identifier: Apache-2.0 */
/* counts.h — what an intake has received, in memory shared with the supervisor and the desk.
 * In: counted by the intake alone. Out: read by /metrics and status, at any time.
 * Trust: a reader takes it as bytes from outside: it copies, bounds and escapes the names; the
 * functions here do so. Threads: one writer, any readers; every number is atomic, the whole is
 * not. Memory: COUNT_SOURCES rows, mapped once, touched as they are used. */
#pragma once
#include "base/bytes.h"
#include "base/clock.h"
#include "event/source.h"
#include <stdatomic.h>

#define COUNT_SOURCES 24576 /* rows: handles 1..; above that only the totals count */
#define COUNT_NAME 120
#define COUNT_LISTENERS 64
#define COUNT_BUCKETS 32 /* bucket i: up to 2^i microseconds from push to durable */

typedef _Atomic uint64_t count;

struct count_row {
	count used; /* 1: the names below are valid */
	count records, bytes; /* pushed to the keeper */
	count lost; /* datagrams lost in the kernel or dropped over budget */
	count cut; /* pieces made of records above the limit */
	count last; /* usec since 1970 of the last record */
	uint32_t kind;
	char host[52], name[COUNT_NAME]; /* NUL-terminated, cut */
};

struct counts {
	count records, bytes, lost, cut;
	count batches, notes, positions;
	count sources, overflowed; /* sources; records that went to the overflow source */
	count connections, connections_refused, connections_total;
	count files, files_retired, truncations, replacements;
	count file_bytes_lost; /* seen in a file, cut before they were read, in no copy */
	count waits; /* times that a full ring stopped the reading */
	count wait_usec; /* and for how long */
	count staged; /* bytes of datagrams that wait for the ring */
	count ack[COUNT_BUCKETS]; /* push to durable, sampled */
	count journal_entries, journal_gaps;
	count kernel_drops[COUNT_LISTENERS]; /* of a listener's socket, as last told */
	struct count_row row[COUNT_SOURCES];
};

struct counts *counts_new(void); /* shared memory that survives fork(); ends the process without */
struct counts *counts_free(struct counts *c);

/* By the one writer. */
static inline void count_add(count *c, uint64_t n)
{
	atomic_store_explicit(c, atomic_load_explicit(c, memory_order_relaxed) + n,
			      memory_order_relaxed);
}

static inline void count_set(count *c, uint64_t n)
{
	atomic_store_explicit(c, n, memory_order_relaxed);
}

static inline uint64_t count_get(const count *c)
{
	return atomic_load_explicit(c, memory_order_relaxed);
}

/* Writer: names the row of a handle (from 1). */
void counts_name(struct counts *c, uint32_t handle, enum source_kind kind, struct bytes host,
		 struct bytes name);

struct count_view {
	uint64_t records, bytes, lost, cut;
	usec last;
	enum source_kind kind;
	char host[52], name[COUNT_NAME]; /* terminated; bytes as they came: escape them */
};
/* Reader: row i of the table; false where there is none. */
bool counts_row(const struct counts *c, uint32_t i, struct count_view *ret);
/* Reader: microseconds within which the share q (0..1) of the samples became durable; 0: none. */
uint64_t counts_ack(const struct counts *c, double q);
