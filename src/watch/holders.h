/* SPDX-License-Identifier: Apache-2.0 */
/* holders.h — which process has a log file open for writing, and what has become of it.
 * In: files (path, device, inode), and /proc a few processes at a time. Out: notes:
 *   writer-stopped  path, pid, name   it is stopped (SIGSTOP), so it writes nothing
 *   writer-goes-on  path, pid, name
 *   writer-gone     path, pid, name   nobody has the file open for writing any more, for two looks
 *                                     at all processes on end
 *   writer-back     path, pid, name
 * Nothing is told of a file that nobody was ever seen to hold: many open, write and close.
 * What may be seen: as root all processes; else those of our own account. A process that takes and
 * gives up descriptors all the time may be missed; that is why two looks decide.
 * Source: proc(5): /proc/PID/fd (the mode of each link tells how it is open), /proc/PID/stat.
 * Threads: one owner. Memory: some 400 bytes a file, at most HOLDERS_MOST of them. */
#pragma once
#include "base/buf.h"
#include "base/clock.h"

struct holders;

struct holders *holders_new(void);
struct holders *holders_free(struct holders *h);
/* The files are told anew before each look at all processes: begin, each, end. */
void holders_begin(struct holders *h);
void holders_file(struct holders *h, const char *path, uint64_t dev, uint64_t ino);
void holders_end(struct holders *h);

/* Goes on with the look at all processes; each `HOLDERS_EVERY` a new one begins. True: it wants
 * the files anew now (then again: holders_step()). */
bool holders_step(struct holders *h, usec now);
usec holders_due(const struct holders *h);

/* The oldest note: path and text, whole JSON. False: none. Lent until holders_told(). */
bool holders_next(const struct holders *h, struct bytes *ret_path, struct bytes *ret_json);
void holders_told(struct holders *h);

#define HOLDERS_MOST 4096u
#define HOLDERS_EVERY (5 * USEC_PER_SEC)
