/* SPDX-License-Identifier: Apache-2.0 */
/* intake.h — the intake role: receives, frames and hands records to the keeper through a ring.
 * In: descriptors made by others (listeners, files, a control socket). Out: messages of batch.h.
 * It opens nothing, parses no format, and holds no position of its own: where reading of a file
 * goes on travels with the records and becomes durable with them.
 * Threads: one; start it twice (say, one for sockets, one for files and the journal), each with
 * its own ring and control socket, to use two cores or to part network from files.
 * Memory: read buffer + record_limit, net_memory, stage_memory, some 200 bytes a source, some
 * 500 bytes a file; nothing grows with what arrives beyond these. */
#pragma once
#include "base/clock.h"
#include "base/err.h"
#include "base/ring.h"
#include "event/source.h"

struct counts; /* intake/counts.h */

struct intake_listener {
	int fd; /* bound (and listening where that applies), from listen_open() or systemd */
	enum source_kind kind; /* SOURCE_SYSLOG_UDP, _TCP or _UNIX (a datagram socket) */
	const char *name; /* as configured: the socket path of a unix one, an address */
	uint32_t
		slot; /* its place among the kernel's drop counts; its own while the socket lives */
};

/* Every limit has a default: intake_limits_default(). CTL_LIMITS replaces them at run time. */
struct intake_limits {
	uint32_t record_limit; /* bytes of a record; longer ones are cut into counted pieces */
	uint32_t multiline_bytes, multiline_lines; /* of a joined record; 0 lines: never join */
	usec multiline_wait; /* a record that may go on is given up after so long without growth */
	usec line_wait; /* an ordinary line waits so long for a continuation … */
	usec partial_wait; /* … and a line without its newline so long: then it is cut */
	usec rotate_wait; /* a file renamed away is let go after so long without growth … */
	usec deleted_wait; /* … and a deleted one after so long: our descriptor holds its disk space
			    */
	uint32_t max_sources; /* beyond: one shared source named "overflow", counted and noted */
	uint32_t max_connections, max_peer_connections;
	uint32_t max_files; /* per role */
	uint64_t net_memory; /* all unfinished TCP frames together */
	uint64_t stage_memory; /* datagrams that wait while the ring is full */
	uint64_t source_rate; /* bytes a second of one peer; TCP waits, UDP is counted lost; 0: any
			       */
};

struct intake_config {
	const char *host; /* the host that files, journal and unix sockets speak for */
	int year, zone_minutes; /* of stamps without them, see struct source */
	struct intake_limits limits;
	const struct intake_listener *listeners; /* lent until intake_run() returns */
	size_t listener_n;
	int watch_fd; /* names_watch_fd(): tells which files were written to; -1: none */
	struct counts *counts; /* shared counters, or NULL */
};

void intake_limits_default(struct intake_limits *ret);
/* 0, or -EINVAL and the reason when a limit makes no sense. */
int intake_limits_check(const struct intake_limits *l, struct why *why);

/* Runs until CTL_STOP or until the control socket is closed (the supervisor died): then all that
 * has been read is pushed, and it waits for the keeper to make it durable, 5 s at most.
 * 0, or -errno when it cannot go on. Descriptors stay the caller's,
 * but for those of CTL_UNLISTEN, which are closed here. */
int intake_run(const struct intake_config *c, struct ring *ring, int control_fd);
