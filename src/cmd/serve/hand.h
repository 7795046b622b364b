/* SPDX-License-Identifier: Apache-2.0 */
/* hand.h — the role that tells people: it has the outbox, the credentials of mail servers and
 * webhooks, and the network outwards; no log, no ledger, no key. Changes of alerts come from the
 * analyst over a socket pair; one is acknowledged when what it leads to is on disk.
 * A hand that starts says what it has, and is given what comes after it. On a failure of its disk
 * it ends and is started again, so that nothing is taken that is not kept.
 * Threads: one, and libcurl's for names. Memory: a message a target. */
#pragma once
#include "cmd/config/config.h"
#include "cmd/serve/shared.h"
#include "notify/settings.h"

enum {
	HAND_CHANGE = 1, /* u64le number, JSON text: to the hand */
	HAND_TAKEN, /* u64le number: from the hand; the first one says what it has */
};

struct hand_start {
	const struct config *config;
	const struct notify_config *notify;
	const struct shared *shared; /* numbers for the daily mail; NULL: none */
	int supervisor; /* TALK_ALERTS + descriptor of the analyst; closed: the end */
	int dirfd; /* of the outbox: the process goes there */
};

/* Runs until the supervisor closes its socket. Exit status. */
int hand_run(const struct hand_start *start);
