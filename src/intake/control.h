/* SPDX-License-Identifier: Apache-2.0 */
/* control.h — what the supervisor tells an intake role, over a SOCK_SEQPACKET socket pair.
 * How the supervisor uses it:
 *   1. socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC), ring_new(),
 *      counts_new(), listen_open() for each listener, names_new() + names_add() for the patterns;
 *   2. fork; the child drops its privileges and calls intake_run();
 *   3. for each position the keeper knows (ledger_position_of() of every source of kind file, and
 *      of the journal's): control_position() to the child and names_known() to the names;
 *   4. names_scan(), names_tell() until it answers 0, then control_start();
 *   5. in its loop: names_scan() when names_fd() is readable or names_due() has come, then
 *      names_tell() (again when the control socket is writable, if it answered CONTROL_FULL).
 * After the death of an intake: wait until ring_released() == ring_pushed() (the keeper has taken
 * and committed what the dead one left, else the positions are too old and lines come twice), then
 * names_again(), and from 2. Positions are trusted as far as the ledger is; a position that is
 * none is ignored.
 * Threads: none shared. Memory: a message is at most CONTROL_MAX bytes. */
#pragma once
#include "base/buf.h"
#include "base/clock.h"
#include "event/source.h"
#include "intake/intake.h"

enum control_type {
	CTL_POSITION = 1, /* kind, name, position: where reading went on when it was last durable */
	CTL_FILE, /* descriptor, watch, device, inode, path: the path is this file now */
	CTL_SIBLING, /* the same and base, for an older file beside a followed one: of use only if
		      * what was read of the followed one stands in it too */
	CTL_ROTATED, /* the same, for a file that rotation has left beside `base` since the last
		      * look: nobody has read it, unless it is a copy of what was read */
	CTL_GONE, /* path: no such file any more */
	CTL_JOURNAL, /* descriptor, device, inode, path: a journal file */
	CTL_JOURNAL_GONE, /* path */
	CTL_START, /* all that was there at the start has been told */
	CTL_LIMITS, /* new limits */
	CTL_LISTEN, /* descriptor, kind, name, slot: a listener more */
	CTL_UNLISTEN, /* kind, name: this one no more; its open connections go on */
	CTL_NOTE, /* path, JSON text in `position`: a note about this file, to the role of
		     configurations */
	CTL_STOP, /* push what is read, wait until it is durable, return */
	CTL_TYPE_N
};

enum { CONTROL_FULL = 1, CONTROL_NONE = 2, CONTROL_CLOSED = 3, CONTROL_BAD = 4 };
#define CONTROL_MAX 16384

struct control {
	enum control_type type;
	enum source_kind kind; /* CTL_POSITION, CTL_LISTEN, CTL_UNLISTEN */
	uint32_t slot; /* CTL_LISTEN */
	struct bytes name; /* path, source name or address; lent until the next control_receive() */
	struct bytes position; /* CTL_POSITION; lent likewise */
	struct bytes base; /* CTL_SIBLING, CTL_ROTATED: the followed name; lent likewise */
	uint64_t dev, ino;
	int32_t watch; /* inotify watch descriptor, -1: none */
	struct intake_limits limits; /* CTL_LIMITS */
	int fd; /* CTL_FILE, _SIBLING, _ROTATED, _JOURNAL, _LISTEN: the receiver's now; else -1 */
};

/* Supervisor. 0, CONTROL_FULL (nothing was sent: again when the socket is writable) or -errno. */
int control_send(int fd, const struct control *c);
int control_position(int fd, enum source_kind kind, struct bytes name, struct bytes position);
int control_limits(int fd, const struct intake_limits *l);
int control_start(int fd);
int control_listen(int fd, const struct intake_listener *l);
int control_unlisten(int fd, enum source_kind kind, const char *name);
int control_stop(int fd);
int control_note(int fd, struct bytes path, struct bytes json);

/* Intake. 0, CONTROL_NONE (nothing there), CONTROL_CLOSED, CONTROL_BAD (not ours: skipped) or
 * -errno. `scratch` keeps the message. */
int control_receive(int fd, struct buf *scratch, struct control *ret);
