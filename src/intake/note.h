/* SPDX-License-Identifier: Apache-2.0 */
/* note.h — the JSON text of a MSG_NOTE: what the intake itself has to say about a source.
 *   sources-full         kind, limit                    newcomers share the source "overflow"
 *   datagrams-lost       kind, name, count, where       "kernel": the socket was full;
 *                                                       "here": over its budget while we waited
 *   datagram-cut         kind, name, count              longer than we can receive at once
 *   connections-refused  count, limit
 *   file-truncated       path, position, size           read up to position; unread bytes, if any,
 *                                                       are looked for in a copy beside it
 *   file-replaced        path, position, same           the name is another file now and the old
 *                                                       one is deleted; same: what was read of the
 *                                                       old one stands in the new one too
 *   file-rotated         path, position                 the old file goes on under another name
 *   file-removed         path, position
 *   file-missing         path, position                 not found again after a restart
 *   file-hole            path, position, count          never written zero bytes were skipped
 *   file-error           path, position, error
 *   file-copy            path, from, position, size     the rest of a truncated file was read
 *   journal-gap          entries that should follow the last one read are gone
 *   journal-error        error
 * Threads: none. Memory: the buffer. */
#pragma once
#include "base/text.h"
#include "intake/push.h"

static inline struct buf note_of(const char *event)
{
	struct buf b = { 0 };

	buf_printf(&b, "{\"event\":\"%s\"", event);
	return b;
}

static inline void note_text(struct buf *b, const char *key, struct bytes value)
{
	buf_printf(b, ",\"%s\":", key);
	json_string(b, value);
}

static inline void note_number(struct buf *b, const char *key, uint64_t value)
{
	buf_printf(b, ",\"%s\":%llu", key, (unsigned long long)value);
}

/* Sends and frees it. 0 or PUSH_FULL. */
static inline int note_send(struct buf *b, struct push *push, uint32_t handle)
{
	int r;

	buf_u8(b, '}');
	r = push_note(push, handle, buf_view(b));
	buf_done(b);
	return r;
}
