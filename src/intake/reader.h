/* SPDX-License-Identifier: Apache-2.0 */
/* reader.h — log files already written, for import: plain, gzip, xz or zstd, told apart by their
 * first bytes; "-" is standard input.
 * In: a path. Out: records through a callback, joined as when a file is followed; all bytes of the
 * file are in them. A damaged or cut-off archive gives everything that comes before the damage.
 * Idempotent import: keep reader_position() with the records (ledger_position()); next time
 * reader_resume() goes on behind them, if the file still holds what was read (it may have grown,
 * or have been compressed meanwhile).
 * Threads: one owner. Memory: 1 MiB, the record limit, and the decoder's window. */
#pragma once
#include "base/buf.h"
#include "base/err.h"
#include "intake/inflate.h"
#include "intake/lines.h"

struct reader;

struct reader_record {
	struct bytes raw; /* lent during the callback */
	uint32_t flags; /* enum record_end | RECORD_* */
	uint64_t from, next; /* offsets in the (decompressed) bytes: of it, and behind it */
};
/* 0 to go on; a negative number ends reader_run() with it. */
typedef int (*reader_fn)(void *arg, const struct reader_record *r);

/* Answers of reader_run() and reader_resume(). */
enum {
	READER_BROKEN = 1, /* what could be read was given; why says where it broke */
	READER_OTHER = 2, /* not the file the position is of: it is read from its beginning */
	READER_STREAM = 3, /* standard input cannot be resumed */
};

void reader_limits_default(struct lines_limits *ret);
/* -ENOENT, -EISDIR …, with the reason. limits: copied; NULL: default. */
int reader_open(struct reader **ret, const char *path, const struct lines_limits *limits,
		struct why *why);
struct reader *reader_free(struct reader *r);
enum inflate_kind reader_kind(const struct reader *r);

/* Before reader_run(). 0: the next record is the one after the position. */
int reader_resume(struct reader *r, struct bytes position, struct why *why);
/* 0: all of it; READER_BROKEN; or what the callback or the system said (< 0). */
int reader_run(struct reader *r, reader_fn fn, void *arg, struct why *why);

/* In the callback or afterwards: the position behind the record just given. */
void reader_position(const struct reader *r, struct buf *to);
/* Compressed bytes read, and their total (0: unknown). */
void reader_progress(const struct reader *r, uint64_t *ret_done, uint64_t *ret_total);
