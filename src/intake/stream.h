/* SPDX-License-Identifier: Apache-2.0 */
/* stream.h — syslog over TCP.
 * In: listening sockets. Out: records to push. Fair: in a round of the loop a peer is read for so
 * many bytes at most, over all its connections; where there is a rate it waits for its tokens.
 * Back-pressure: while the ring is full nothing is read.
 * Bounded: connections, connections of a peer; an unfinished message begins with 4 KiB and grows
 * out of net_memory, and is cut into pieces when that is used up. No connection is ended for being
 * silent, as its sender would lose the next message; only when there are too many does the one
 * that was silent longest give way.
 * Threads: one owner. Memory: see above, and one read buffer. */
#pragma once
#include "intake/intake.h"
#include "intake/polled.h"
#include "intake/sources.h"

struct streams;

struct streams *streams_new(struct push *push, struct sources *sources,
			    const struct intake_limits *limits, int epoll_fd);
struct streams *streams_free(struct streams *s); /* closes all connections */
/* The struct to give to epoll, NULL when there are too many. The descriptor is taken. */
struct polled *streams_add(struct streams *s, const struct intake_listener *l);
/* Takes no more connections there; those that are open go on. */
void streams_remove(struct streams *s, struct bytes name);
void streams_event(struct streams *s, struct polled *p); /* an event of accept or connection */
int streams_turn(struct streams *s); /* TURN_… */
void streams_tick(struct streams *s, usec now); /* every second or so */
usec streams_due(const struct streams *s); /* mono time when a rate lets go on; USEC_NONE: none */
int streams_end(struct streams *s); /* what is unfinished is given as it is; TURN_… */
