/* SPDX-License-Identifier: Apache-2.0 */
/* polled.h — what the loop of an intake role waits for: epoll gives back a pointer to one of these.
 * Everything is edge-triggered: `ready` stays until its owner has read until there was nothing, so
 * that a source that has to wait for its turn, its budget or the ring costs no wakeups. */
#pragma once
#include <stdbool.h>
#include <stdint.h>

enum polled_kind {
	POLLED_CONTROL,
	POLLED_RING,
	POLLED_WATCH,
	POLLED_DATAGRAM,
	POLLED_ACCEPT,
	POLLED_CONNECTION
};

struct polled {
	enum polled_kind kind;
	int fd;
	bool ready;
	bool hangup;
};

/* Answers of the turns of the loop's parts. */
enum {
	TURN_IDLE = 0, /* nothing more to read now */
	TURN_MORE = 1, /* there is more: call again */
	TURN_FULL = 2, /* the ring is full */
};
