/* SPDX-License-Identifier: Apache-2.0 */
/* trial.h — one test message to one target, now, over the same wire as the courier's, and what the
 * server said to it. Nothing is kept and nothing is tried again.
 * In: a target; the server's answers, which may be anything. Out: one line for a person.
 * Threads: one owner; it waits as long as the target's timeout. Memory: the message. */
#pragma once
#include "base/buf.h"
#include "notify/settings.h"

/* "mail.example.org:587": who is talked to. The rest of an address may be a secret, as those of
 * chat systems are. */
struct bytes trial_server(const struct target *t);
/* Whether it was accepted, and for all recipients. says: how it went, without the name of the
 * target, safe to show. */
bool trial_run(const struct target *t, struct bytes host, usec now, struct buf *says);
