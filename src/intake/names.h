/* SPDX-License-Identifier: Apache-2.0 */
/* names.h — which files the configured patterns name now. Runs in the supervisor.
 * In: patterns (glob(7)), directories. Out: events with an open descriptor, to be sent to the
 * intake by names_tell(). It reads names and inodes, never a byte of a file.
 * Links: a symbolic link is followed only if root or the owner of the file it leads to made it,
 * so that nobody who may write to a log directory can have the supervisor open what he may not
 * read. Only regular files. Compressed names (.gz .xz .zst .bz2 .lz4) are never followed.
 * Threads: one owner. Memory: some 300 bytes a name, at most max_files of them. */
#pragma once
#include "base/bytes.h"
#include "base/clock.h"
#include "base/err.h"
#include "event/source.h"

struct names;

int names_new(struct names **ret, uint32_t max_files);
struct names *names_free(struct names *n);

/* kind: SOURCE_FILE, or SOURCE_JOURNAL for journal files ("/var/log/journal/?*?/?*.journal" and the
 * like). An absolute pattern, else -EINVAL and the reason. */
int names_add(struct names *n, enum source_kind kind, const char *pattern, struct why *why);
/* Forgets the patterns (a reload: names_add() the new ones, then names_scan()). */
void names_clear(struct names *n);

/* A position as the ledger knows it: a file it names that was renamed meanwhile is looked for
 * beside its old name. */
void names_known(struct names *n, struct bytes path, struct bytes position);

/* Looks at the directories; makes events of what changed. 0 or -errno; files that may not be read
 * are not an error: they are told through say(), once each. */
int names_scan(struct names *n, usec now);
usec names_due(const struct names *n); /* CLOCK_MONOTONIC time of the next scan */
int names_fd(const struct names *n); /* readable: a directory changed, scan */
int names_watch_fd(const struct names *n); /* for intake_config.watch_fd; inherited by fork */

/* The followed names and the files they lead to, as of the last scan. */
typedef void names_fn(void *ctx, const char *path, uint64_t dev, uint64_t ino);
void names_each(const struct names *n, names_fn *fn, void *ctx);

/* Sends the waiting events. 0: none is left; CONTROL_FULL: again when the socket is writable. */
int names_tell(struct names *n, int control_fd);
void names_again(struct names *n); /* a new intake knows nothing: tell all names again */

/* The waiting events, one at a time, for who does not use names_tell(). */
struct control;
bool names_next(struct names *n,
		struct control *ret); /* lent, descriptor too, until names_done() */
void names_done(struct names *n); /* drops it, closes its descriptor */
