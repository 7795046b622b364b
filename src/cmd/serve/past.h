/* SPDX-License-Identifier: Apache-2.0 */
/* past.h — a sealed block is shown to an onlooker once more, record by record.
 * Threads: one owner. Memory: the block while it is looked at. */
#pragma once
#include "base/err.h"
#include "cmd/encode.h"

int past_show(int fd, struct encoder *e, encoder_look_fn *look, void *ctx, struct why *why);
