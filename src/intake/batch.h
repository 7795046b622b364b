/* SPDX-License-Identifier: Apache-2.0 */
/* batch.h — what intake puts on a ring for the keeper: message types and their bytes.
 * Sources are named by handles that the sender chooses (small numbers from 1); the keeper maps them
 * to ledger ids. All integers little-endian. The keeper checks everything with a cursor.
 *
 * MSG_SOURCE    u32 handle, u8 kind, u16 year, i16 zone minutes, u16 host length, host,
 *               u16 name length, name
 * MSG_RECORDS   repeated: u32 raw length, struct leaf_head (source = handle), raw
 * MSG_POSITION  u32 handle, position bytes: where reading goes on after all records before this
 * MSG_NOTE      u32 handle (0: none), JSON object text: a record of Vedette itself about the source
 *               (file truncated, replaced, removed, datagrams lost, budget exceeded …) */
#pragma once
#include "base/ring.h"
#include "event/record.h"
#include "event/source.h"

enum message { MSG_SOURCE = 1, MSG_RECORDS = 2, MSG_POSITION = 3, MSG_NOTE = 4 };
