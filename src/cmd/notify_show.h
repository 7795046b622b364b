/* SPDX-License-Identifier: Apache-2.0 */
/* notify_show.h — what notify.yaml says and what waits, in words. Secrets are not shown, and of an
 * address no more than its server: the rest may be a secret. Threads: pure. Memory: the buffer of
 * the caller. */
#pragma once
#include "base/buf.h"
#include "notify/outbox_look.h"
#include "notify/settings.h"

void notify_show_name(struct bytes name, struct buf *to); /* safe for a terminal */
void notify_show_settings(const char *file, const struct notify_config *c, struct buf *to);
void notify_show_row(const struct outbox_row *r, usec now, struct buf *to);
void notify_show_row_json(const struct outbox_row *r, struct buf *to);
