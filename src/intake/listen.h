/* SPDX-License-Identifier: Apache-2.0 */
/* listen.h — the sockets of the intake, made by the supervisor while it has the right to.
 * In: addresses from the configuration. Out: bound descriptors (close-on-exec, non-blocking).
 * Threads, memory: none. */
#pragma once
#include "base/err.h"
#include "event/source.h"

/* address: SOURCE_SYSLOG_UDP and _TCP: "0.0.0.0:514", "[::]:514", "*:514" (both families), a host
 * name; SOURCE_SYSLOG_UNIX: an absolute path (a stale socket there is replaced; mode 0666, as
 * anyone may log). receive_bytes: socket buffer of UDP, 0 = 64 MiB; forced past net.core.rmem_max
 * where we may (CAP_NET_ADMIN), else as much as is allowed. */
int listen_open(enum source_kind kind, const char *address, uint64_t receive_bytes, int *ret,
		struct why *why);
uint16_t listen_port(int fd); /* of an internet socket: for tests that bind port 0 */
