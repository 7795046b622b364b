/* SPDX-License-Identifier: Apache-2.0 */
/* run.h — files into a ledger: read, split into records, put, commit; sealing goes on beside it.
 * Killed at any point and started again it goes on where it was, each record once: the position
 * in the file is durable with the records before it.
 * Threads: the caller's, and the sealer's. Memory: a window of some MiB, the pending batch, two
 * segments. */
#pragma once
#include "base/clock.h"
#include "base/err.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct import_options {
	const char *dir, *host, *source; /* source NULL: the absolute path of each file */
	int year, zone_minutes;
	uint32_t max_line;
	bool join; /* lines that belong together become one record */
	bool again; /* also what has been imported already */
	bool ack; /* after each commit: how many records are durable, on stdout */
	bool bar, progress; /* on stderr */
	const volatile int *interrupted; /* nonzero: stop at the next record */
};

struct import_result {
	uint64_t records, bytes;
	unsigned files, refused; /* refused: imported already */
};

/* 0, or -errno and the reason; -EINTR when interrupted (all is durable up to a point);
 * IMPORT_BROKEN: a file could be read only in part, why says which. */
enum { IMPORT_BROKEN = 1 };
int import_files(const struct import_options *o, char *const *path, size_t n,
		 struct import_result *ret, struct why *why);
