/* SPDX-License-Identifier: Apache-2.0 */
/* forge.h — for ledger_tool.c: see forge.c. */
#pragma once
#include "base/buf.h"

/* Edits the record at `seq` of the ledger in dir (from 0; one that has dropped none) and makes all
 * else fit: frames, payloads, tiles, trailers, checkpoints, the table of sources and the identity,
 * signed with the key in the file `pem`. how: 0 another byte, 1 another time, 2 another source,
 * 3 changes places with the next, 4 away, and a made-up one at the end of its file.
 * Returns 0, or -errno. */
int forge(const char *dir, uint64_t seq, unsigned how, const char *pem);
