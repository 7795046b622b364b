/* SPDX-License-Identifier: Apache-2.0 */
/* A message: u8 type, u8 kind, u64 dev, u64 ino, u32 watch, u16 name length, name, the rest: the
 * position, the base, or the numbers of CTL_LIMITS. */
#include "intake/control.h"
#include "base/cursor.h"
#include "guard/fdpass.h"
#include <unistd.h>

#define LIMIT_N 17 /* u64s in a CTL_LIMITS */

static void put_limits(struct buf *b, const struct intake_limits *l)
{
	buf_u64le(b, l->record_limit);
	buf_u64le(b, l->multiline_bytes);
	buf_u64le(b, l->multiline_lines);
	buf_u64le(b, (uint64_t)l->multiline_wait);
	buf_u64le(b, (uint64_t)l->line_wait);
	buf_u64le(b, (uint64_t)l->partial_wait);
	buf_u64le(b, (uint64_t)l->rotate_wait);
	buf_u64le(b, (uint64_t)l->deleted_wait);
	buf_u64le(b, l->max_sources);
	buf_u64le(b, l->max_connections);
	buf_u64le(b, l->max_peer_connections);
	buf_u64le(b, l->max_files);
	buf_u64le(b, l->net_memory);
	buf_u64le(b, l->stage_memory);
	buf_u64le(b, l->source_rate);
	buf_u64le(b, 0); /* room for two more: both ends are of one build, but not of one start */
	buf_u64le(b, 0);
}

static bool take_limits(struct cursor *c, struct intake_limits *ret)
{
	struct intake_limits l = { 0 };

	l.record_limit = (uint32_t)cur_u64le(c);
	l.multiline_bytes = (uint32_t)cur_u64le(c);
	l.multiline_lines = (uint32_t)cur_u64le(c);
	l.multiline_wait = (usec)cur_u64le(c);
	l.line_wait = (usec)cur_u64le(c);
	l.partial_wait = (usec)cur_u64le(c);
	l.rotate_wait = (usec)cur_u64le(c);
	l.deleted_wait = (usec)cur_u64le(c);
	l.max_sources = (uint32_t)cur_u64le(c);
	l.max_connections = (uint32_t)cur_u64le(c);
	l.max_peer_connections = (uint32_t)cur_u64le(c);
	l.max_files = (uint32_t)cur_u64le(c);
	l.net_memory = cur_u64le(c);
	l.stage_memory = cur_u64le(c);
	l.source_rate = cur_u64le(c);
	if (c->bad || intake_limits_check(&l, NULL) < 0)
		return false;
	*ret = l;
	return true;
}

static bool has_fd(enum control_type type)
{
	return type == CTL_FILE || type == CTL_SIBLING || type == CTL_ROTATED ||
	       type == CTL_JOURNAL || type == CTL_LISTEN;
}

static bool has_base(enum control_type type)
{
	return type == CTL_SIBLING || type == CTL_ROTATED;
}

int control_send(int fd, const struct control *c)
{
	struct buf b = { 0 };
	bool with_fd = has_fd(c->type);
	int r;

	if (c->name.len > 4096 || c->position.len > 8192 || c->base.len > 4096)
		return -EMSGSIZE;
	buf_u8(&b, (uint8_t)c->type);
	buf_u8(&b, (uint8_t)c->kind);
	buf_u64le(&b, c->type == CTL_LISTEN ? c->slot : c->dev);
	buf_u64le(&b, c->ino);
	buf_u32le(&b, (uint32_t)c->watch);
	buf_u16le(&b, (uint16_t)c->name.len);
	buf_bytes(&b, c->name);
	if (c->type == CTL_LIMITS)
		put_limits(&b, &c->limits);
	else
		buf_bytes(&b, has_base(c->type) ? c->base : c->position);
	r = fdpass_send(fd, buf_view(&b), &c->fd, with_fd);
	buf_done(&b);
	return r == -EAGAIN ? CONTROL_FULL : r;
}

int control_position(int fd, enum source_kind kind, struct bytes name, struct bytes position)
{
	struct control c = {
		.type = CTL_POSITION, .kind = kind, .name = name, .position = position, .fd = -1
	};

	return control_send(fd, &c);
}

int control_limits(int fd, const struct intake_limits *l)
{
	struct control c = { .type = CTL_LIMITS, .limits = *l, .fd = -1 };

	return control_send(fd, &c);
}

int control_listen(int fd, const struct intake_listener *l)
{
	struct control c = { .type = CTL_LISTEN,
			     .kind = l->kind,
			     .name = bytes_str(l->name),
			     .slot = l->slot,
			     .fd = l->fd };

	return control_send(fd, &c);
}

int control_unlisten(int fd, enum source_kind kind, const char *name)
{
	struct control c = {
		.type = CTL_UNLISTEN, .kind = kind, .name = bytes_str(name), .fd = -1
	};

	return control_send(fd, &c);
}

int control_start(int fd)
{
	struct control c = { .type = CTL_START, .fd = -1 };

	return control_send(fd, &c);
}

int control_stop(int fd)
{
	struct control c = { .type = CTL_STOP, .fd = -1 };

	return control_send(fd, &c);
}

int control_note(int fd, struct bytes path, struct bytes json)
{
	struct control c = { .type = CTL_NOTE, .name = path, .position = json, .fd = -1 };

	return control_send(fd, &c);
}

static bool control_decode(struct bytes message, struct control *c)
{
	struct cursor cur = cursor_of(message);
	unsigned type = cur_u8(&cur);
	unsigned kind = cur_u8(&cur);

	c->dev = cur_u64le(&cur);
	c->slot = (uint32_t)c->dev;
	c->ino = cur_u64le(&cur);
	c->watch = (int32_t)cur_u32le(&cur);
	c->name = cur_take(&cur, cur_u16le(&cur));
	if (cur.bad || type == 0 || type >= CTL_TYPE_N || kind >= SOURCE_KIND_N)
		return false;
	c->type = (enum control_type)type;
	c->kind = (enum source_kind)kind;
	if (c->type == CTL_LIMITS)
		return take_limits(&cur, &c->limits);
	*(has_base(c->type) ? &c->base : &c->position) = cur_rest(&cur);
	return true;
}

int control_receive(int fd, struct buf *scratch, struct control *ret)
{
	struct control c = { .fd = -1, .watch = -1 };
	int fds[FDPASS_MAX];
	size_t len, n;
	bool wants;
	int r;

	buf_clear(scratch);
	r = fdpass_recv(fd, buf_reserve(scratch, CONTROL_MAX), CONTROL_MAX, &len, fds, &n);
	if (r == FDPASS_NONE)
		return CONTROL_NONE;
	if (r == FDPASS_CLOSED || r == -EPIPE)
		return CONTROL_CLOSED;
	if (r == -EMSGSIZE)
		return CONTROL_BAD;
	if (r < 0)
		return err_trace(r);
	scratch->len = len;
	r = control_decode(buf_view(scratch), &c) ? 0 : CONTROL_BAD;
	wants = !r && has_fd(c.type);
	if (wants && n == 1) {
		c.fd = fds[0];
		n = 0;
	} else if (wants) {
		r = CONTROL_BAD;
	}
	for (size_t i = 0; i < n; i++)
		close(fds[i]);
	if (!r)
		*ret = c;
	return r;
}
