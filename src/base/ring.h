/* SPDX-License-Identifier: Apache-2.0 */
/* ring.h — messages from one process to another through shared memory, one producer and one
 * consumer, bounded: a full ring is back-pressure.
 * The memory is a memfd that both ends map (data twice in a row, so no message is ever split).
 * The consumer gives room back only by ring_release(), which the keeper calls once the messages
 * are durable: what is in the ring survives the death of either end.
 * Trust: the consumer checks every length it reads; a broken or hostile producer yields -EBADMSG.
 * Layout of a message: u32le payload length, u32le type, payload, padding to 8 bytes.
 * Threads: one producer and one consumer thread. Memory: `size` once, mapped by both. */
#pragma once
#include "base/bytes.h"

struct ring; /* one end */

enum { RING_EMPTY = 1, RING_FULL = 2 };

/* size is rounded up to a power of two of whole pages, at least 64 KiB. Makes the memory and the
 * two eventfds; the descriptors are close-on-exec and survive fork(). */
int ring_new(struct ring **ret, size_t size);
struct ring *ring_free(struct ring *r);

/* Producer. The room is lent until ring_push(). RING_FULL when it does not fit now; -EMSGSIZE when
 * it never will (more than half of the ring). */
int ring_room(struct ring *r, size_t len, uint8_t **ret);
void ring_push(struct ring *r, uint32_t type, size_t len); /* len <= what was asked for */
uint64_t ring_pushed(const struct ring *r); /* bytes ever pushed: position after the last message */
uint64_t ring_released(const struct ring *r); /* position up to which all is durable */

/* Consumer. The payload is lent until it is released; later calls go on behind it. */
int ring_next(struct ring *r, uint32_t *ret_type, struct bytes *ret);
uint64_t ring_taken(const struct ring *r); /* position behind the last message of ring_next() */
void ring_release(struct ring *r, uint64_t upto);
/* A consumer that starts anew (the old one died) goes on at the first unreleased message. */
void ring_rewind(struct ring *r);

/* Sleeping: poll the descriptor for POLLIN, having first said so with ring_will_wait_…(), which
 * returns false when there is no need to wait. Clear with ring_woken_…() after waking. */
int ring_data_fd(const struct ring *r); /* readable: data for the consumer */
int ring_space_fd(const struct ring *r); /* readable: something was released, for the producer */
bool ring_will_wait_data(struct ring *r);
bool ring_will_wait_space(struct ring *r, size_t len);
bool ring_will_wait_durable(struct ring *r, uint64_t position); /* until released >= position */
void ring_woken_data(struct ring *r);
void ring_woken_space(struct ring *r);
size_t ring_size(const struct ring *r);
