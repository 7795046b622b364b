/* SPDX-License-Identifier: Apache-2.0 */
/* post.h — what is posted: the signature of a webhook, the body for Alertmanager.
 * Signature: HMAC-SHA-256 (RFC 2104) under the secret over "<timestamp>.<body>", as hex; the
 * timestamp is in seconds and a header of its own, so a receiver can refuse what is old and knows
 * a repeat by its X-Vedette-Change. Alertmanager: POST /api/v2/alerts of its OpenAPI description:
 * labels name an alert, so only what never changes about it is a label.
 * Threads: pure. Memory: the buffers of the caller. */
#pragma once
#include "notify/change.h"

void post_signature(struct buf *to, struct bytes secret, uint64_t timestamp, struct bytes body);

/* Whole bodies that say that they are a test: for a webhook, and for Alertmanager, to which it is
 * an alert VedetteTest that ended as it began. */
void post_test_change(struct buf *to, struct bytes host, usec now);
void post_test_alert(struct buf *to, struct bytes host, usec now);

/* One alert of the list; the caller puts [ , ] around them. over: it has ended at `at`; else it is
 * said to end at `until`, should nothing more be heard. False: it was none, nothing was added. */
bool post_alert(struct buf *to, const struct told_change *c, enum level level, bool over, usec at,
		usec until);
