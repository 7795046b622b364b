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
 *   file-rewritten       path, position, from, bytes    what was read of it, from this byte on, no
 *                                                       longer stands in the file of its name
 *   file-mode            path, position, old, new       its owner may not write, or not read, it
 *                                                       any more, or the owner is another; modes in
 *                                                       octal, owner and group as numbers
 *   file-mode-back       path, position, old, new       its owner may do both again
 *   disk-full            path, position                 its file system has no room for it
 *   disk-room            path, position                 it has again
 *   peer-connected       kind, name, connections        connections: of this peer now
 *   peer-closed          kind, name, connections, how   closed, reset, timed-out, evicted
 *   writer-stopped, writer-goes-on, writer-gone, writer-back
 *                        path, pid, name                who holds the file (watch/holders.h)
 *   journal-gap          oldest, newest, count          entries that should follow the last one
 *                                                       read are gone: times of that one and of the
 *                                                       first that is there; count where known
 *   journal-removed      path                           an archived file was vacuumed; it was read
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
