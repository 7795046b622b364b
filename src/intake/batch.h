/* SPDX-License-Identifier: Apache-2.0 */
/* batch.h — what intake puts on a ring for the keeper: message types and their bytes.
 * Sources are named by handles that the sender chooses (small numbers from 1); the keeper maps them
 * to ledger ids. All integers little-endian. The keeper checks everything with a cursor: the
 * batch_… functions here do, and are the only ones that should read a message.
 *
 * MSG_SOURCE     u32 handle, u8 kind, u16 year, i16 zone minutes, u16 host length, host,
 *                u16 name length, name
 * MSG_RECORDS    repeated: u32 raw length, struct leaf_head (source = handle), raw
 * MSG_POSITION   u32 handle, position bytes: where reading goes on after all records before this
 * MSG_NOTE       u32 handle (0: none), JSON object text: a record of Vedette itself about the
 *                source (file truncated, replaced, removed, datagrams lost, budget exceeded …)
 * MSG_RECORDS_AT u32 handle, u32 length, so many bytes as in MSG_RECORDS, then the position of the
 *                handle after these records. One message, so that records and position are made
 *                durable together: a crash between two messages would give lines twice.
 *
 * A handle may be defined again (a new intake starts at 1 again): from there on it means the new
 * source. A keeper that starts anew goes on at the first unreleased message, which may use handles
 * whose definition was released long ago: so it keeps its map from handle to id where it outlives
 * it (a shared page made by the supervisor), written before the definition is released. */
#pragma once
#include "base/cursor.h"
#include "base/ring.h"
#include "event/record.h"
#include "event/source.h"

enum message {
	MSG_SOURCE = 1,
	MSG_RECORDS = 2,
	MSG_POSITION = 3,
	MSG_NOTE = 4,
	MSG_RECORDS_AT = 5
};
enum { BATCH_END = 1, BATCH_BAD = 2 };

#define BATCH_HEAD (4 + sizeof(struct leaf_head)) /* before the raw bytes of a record */
#define BATCH_POSITION_MAX 4096
#define BATCH_NAME_MAX 4096

/* The next record of the payload of MSG_RECORDS (or the records part of MSG_RECORDS_AT).
 * 0, BATCH_END, or BATCH_BAD: the rest is not what it should be. raw is lent by the message. */
static inline int batch_next(struct cursor *c, struct leaf_head *ret_head, struct bytes *ret_raw)
{
	struct bytes head, raw;
	uint32_t len;

	if (!c->bad && !cur_left(c))
		return BATCH_END;
	len = cur_u32le(c);
	head = cur_take(c, sizeof(*ret_head));
	raw = cur_take(c, len);
	if (c->bad || len > RECORD_MAX)
		return BATCH_BAD;
	memcpy(ret_head, head.at, sizeof(*ret_head));
	*ret_raw = raw;
	return 0;
}

/* 0 or BATCH_BAD; everything returned is lent by the message. */
int batch_source(struct bytes message, uint32_t *ret_handle, struct source *ret);
int batch_records_at(struct bytes message, uint32_t *ret_handle, struct cursor *ret_records,
		     struct bytes *ret_position);
int batch_position(struct bytes message, uint32_t *ret_handle, struct bytes *ret_position);
int batch_note(struct bytes message, uint32_t *ret_handle, struct bytes *ret_json);
