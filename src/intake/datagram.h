/* SPDX-License-Identifier: Apache-2.0 */
/* datagram.h — messages that are datagrams: UDP, which cannot wait, and unix sockets, which can.
 * In: sockets. Out: records to push; what was lost, exactly: the kernel's count of drops, read
 * even when nothing comes any more, and ours.
 * While the ring is full UDP is read on, into the stage (FIFO); a source may hold there as much as
 * is left free, so one that floods takes half at most and the others still find room.
 * Threads: one owner. Memory: stage_memory, and the receive area (touched as far as it is used). */
#pragma once
#include "intake/intake.h"
#include "intake/polled.h"
#include "intake/sources.h"

struct datagrams;

struct datagrams *datagrams_new(struct push *push, struct sources *sources,
				const struct intake_limits *limits); /* limits: lent for good */
struct datagrams *datagrams_free(struct datagrams *d);
/* The struct to give to epoll, NULL when there are too many. The descriptor is taken. */
struct polled *datagrams_add(struct datagrams *d, const struct intake_listener *l);
/* Reads what waits in the socket, and closes it. */
void datagrams_remove(struct datagrams *d, int epoll_fd, enum source_kind kind, struct bytes name);
int datagrams_turn(struct datagrams *d); /* TURN_… */
bool datagrams_waiting(const struct datagrams *d); /* some are staged */
void datagrams_tick(struct datagrams *d); /* every second or so: tells what was lost */
