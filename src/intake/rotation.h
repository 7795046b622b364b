/* SPDX-License-Identifier: Apache-2.0 */
/* rotation.h — what the names of log files say about each other. Pure. */
#pragma once
#include "base/bytes.h"

/* Is `path` a name that rotation gives to `base` (both absolute, in one directory)?
 * /d/app.log: /d/app.log.1, /d/app.log-20261122, /d/app.log.2026-11-22, /d/app.log.old,
 * /d/app.log-2026112207.backup,
 * /d/app-20261122.log, /d/app.1.log. Not: /d/app.log.1.gz, /d/app.log.bak, /d/apple.log. */
bool rotation_of(struct bytes base, struct bytes path);
/* .gz .xz .zst .bz2 .lz4 .Z .zip: no lines in there. */
bool rotation_compressed(struct bytes path);
