/* SPDX-License-Identifier: Apache-2.0 */
/* courier.h — brings what is in the outbox to its targets, one conversation a target at a time, all
 * targets side by side (libcurl's multi interface).
 * How it talks to them is in wire.h. Taken is what the server said yes to; then it leaves the
 * outbox. A server that cannot be reached or says "later" makes its target wait, twice as long each
 * time, with jitter, but never longer than 30 s while a critical message waits; one that says
 * "never" (SMTP 5xx, HTTP 4xx) makes that message wait and lets the others pass. Threads: one owner
 * (libcurl has one for names). Memory: one message a target. */
#pragma once
#include "notify/outbox.h"
#include "notify/settings.h"

struct courier;
struct curl_waitfd;

int courier_new(struct courier **ret, const struct notify_config *c, struct outbox *o,
		struct why *why);
struct courier *courier_free(struct courier *k);
/* Begins what is due, ends what is done. What it changed in the outbox is to be committed. */
void courier_step(struct courier *k, usec now);
/* For who looks at the outbox: how often a target failed, why, and when it is tried again. To be
 * committed by itself: nothing depends on it, and a full disk is no reason to stop. */
void courier_note(struct courier *k, usec now);
/* Waits for the network or one of the descriptors, at most so long. */
void courier_wait(struct courier *k, struct curl_waitfd *extra, unsigned n, int milliseconds);
