/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/serve/talk.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/err.h"
#include <poll.h>

#define NAME_MOST 4096u

void talk_source(struct buf *to, const struct source *s)
{
	size_t host = s->host.len > NAME_MOST ? NAME_MOST : s->host.len;

	buf_u8(to, TALK_SOURCE);
	buf_u32le(to, s->id);
	buf_u8(to, (uint8_t)s->kind);
	buf_u16le(to, (uint16_t)s->year);
	buf_u16le(to, (uint16_t)s->zone_minutes);
	buf_u16le(to, (uint16_t)host);
	buf_add(to, s->host.at, host);
	buf_bytes(to, bytes_sub(s->name, 0, NAME_MOST));
}

bool talk_source_parse(struct cursor *c, struct source *ret)
{
	struct source s = { .id = cur_u32le(c) };
	uint8_t kind = cur_u8(c);

	s.year = cur_u16le(c);
	s.zone_minutes = (int16_t)cur_u16le(c);
	s.host = cur_take(c, cur_u16le(c));
	s.name = cur_rest(c);
	if (c->bad || kind >= SOURCE_KIND_N)
		return false;
	s.kind = (enum source_kind)kind;
	*ret = s;
	return true;
}

int talk_send(int sock, struct bytes b, const int *fds, size_t n, usec patience)
{
	usec until = clock_mono() + patience;
	struct pollfd p = { .fd = sock, .events = POLLOUT };
	int r;

	while ((r = fdpass_send(sock, b, fds, n)) == -EAGAIN) {
		usec left = until - clock_mono();

		if (left <= 0)
			return -EAGAIN;
		poll(&p, 1, (int)(left / 1000) + 1);
	}
	return r;
}

int talk_word(int sock, enum talk what, uint8_t value)
{
	uint8_t b[2] = { (uint8_t)what, value };

	return talk_send(sock, bytes_of(b, sizeof(b)), NULL, 0, 5 * USEC_PER_SEC);
}
