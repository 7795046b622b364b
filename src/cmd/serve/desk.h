/* SPDX-License-Identifier: Apache-2.0 */
/* desk.h — the role that answers: /metrics and /healthz over HTTP, and `vedette status` over a unix
 * socket, and alerts by asking the analyst. It reads shared numbers only: no file, no ledger, no
 * key. Threads: one. Memory: one answer at a time for each connection, DESK_CONNECTIONS of them. */
#pragma once
#include "base/buf.h"
#include "cmd/serve/shared.h"

#define DESK_CONNECTIONS 32

struct desk_start {
	const struct shared *shared;
	const struct counts *counts[SERVE_RINGS]; /* NULL: that intake is not there */
	int http_fd; /* -1: none */
	int status_fd, supervisor;
	int analyst; /* whom to ask for alerts; -1: not there */
	uint32_t asked;
};

int desk_run(struct desk_start *start);

/* Prometheus text format 0.0.4. sources: a row for each source instead of the totals. */
void desk_metrics(const struct desk_start *d, bool sources, struct buf *to);
void desk_status(const struct desk_start *d, bool json, struct buf *to);
bool desk_healthy(const struct desk_start *d, const char **ret_why);
