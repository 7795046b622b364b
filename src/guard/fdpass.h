/* SPDX-License-Identifier: Apache-2.0 */
/* fdpass.h — messages with descriptors over a socket pair (SCM_RIGHTS).
 * In/Out: one message at a time; SOCK_SEQPACKET keeps them apart. Descriptors that arrive are
 * close-on-exec and belong to the receiver; those that did not fit are closed, never leaked.
 * Threads: one at each end. Memory: none. */
#pragma once
#include "base/bytes.h"
#include <sys/types.h>

#define FDPASS_MAX 4 /* descriptors in one message */

/* Both ends close-on-exec and non-blocking. */
int fdpass_pair(int ret[static 2]);
/* 0, or -errno: -EAGAIN when the other end does not keep up, -EPIPE when it is gone. The
 * descriptors stay the sender's. b must not be empty. */
int fdpass_send(int sock, struct bytes b, const int *fds, size_t n);

enum { FDPASS_NONE = 1, FDPASS_CLOSED = 2 };
/* One message into buf. 0, FDPASS_NONE (nothing there), FDPASS_CLOSED (other end gone),
 * -EMSGSIZE (longer than cap: dropped with its descriptors) or -errno. Unused places of fds are
 * set to -1. */
int fdpass_recv(int sock, void *buf, size_t cap, size_t *ret_len, int fds[static FDPASS_MAX],
		size_t *ret_n);
