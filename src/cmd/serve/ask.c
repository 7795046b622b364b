/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/serve/ask.h"
#include "base/cursor.h"
#include "cmd/serve/talk.h"
#include <errno.h>
#include <poll.h>
#include <unistd.h>

#define PIECE (TALK_MAX - 64)

/* 1: that was the last piece; 0: go on. */
static int take_piece(int sock, uint32_t number, struct buf *ret)
{
	uint8_t room[TALK_MAX];
	int fds[FDPASS_MAX];
	size_t len = 0, n = 0;
	struct cursor c;
	bool mine;
	uint8_t last;
	int r = fdpass_recv(sock, room, sizeof(room), &len, fds, &n);

	while (n)
		close(fds[--n]);
	if (r == FDPASS_NONE)
		return 0;
	if (r)
		return r == FDPASS_CLOSED ? -EPIPE : r;
	c = cursor_of(bytes_of(room, len));
	mine = cur_u32le(&c) == number;
	last = cur_u8(&c);
	if (c.bad || !mine)
		return 0;
	if (ret->len + cur_left(&c) > ASK_ANSWER_MAX)
		return -EMSGSIZE;
	buf_bytes(ret, cur_rest(&c));
	return last ? 1 : 0;
}

int ask(int sock, uint32_t number, struct bytes by, struct bytes request, usec patience,
	struct buf *ret)
{
	usec until = clock_mono() + patience;
	struct pollfd p = { .fd = sock, .events = POLLIN };
	struct buf b = { 0 };
	int r;

	if (sock < 0)
		return -EPIPE;
	if (request.len > ASK_REQUEST_MAX)
		return -EMSGSIZE;
	by = bytes_sub(by, 0, UINT8_MAX);
	buf_u32le(&b, number);
	buf_u8(&b, (uint8_t)by.len);
	buf_bytes(&b, by);
	buf_bytes(&b, request);
	r = talk_send(sock, buf_view(&b), NULL, 0, patience);
	buf_done(&b);
	while (r == 0) {
		usec left = until - clock_mono();

		if (left <= 0)
			return -ETIMEDOUT;
		poll(&p, 1, (int)(left / 1000) + 1);
		r = take_piece(sock, number, ret);
	}
	return r > 0 ? 0 : r == -EAGAIN ? -ETIMEDOUT : r;
}

int ask_next(int sock, struct buf *room, uint32_t *ret_number, struct bytes *ret_by,
	     struct bytes *ret_request)
{
	int fds[FDPASS_MAX], r;
	size_t len = 0, n = 0;
	struct cursor c;

	buf_clear(room);
	r = fdpass_recv(sock, buf_reserve(room, TALK_MAX), TALK_MAX, &len, fds, &n);
	while (n)
		close(fds[--n]);
	if (r == -EMSGSIZE)
		return FDPASS_NONE;
	if (r)
		return r < 0 ? FDPASS_CLOSED : r;
	c = cursor_of(bytes_of(room->at, len));
	*ret_number = cur_u32le(&c);
	*ret_by = cur_take(&c, cur_u8(&c));
	*ret_request = cur_rest(&c);
	return c.bad ? FDPASS_NONE : 0;
}

int ask_answer(int sock, uint32_t number, struct bytes text, usec patience)
{
	struct buf b = { 0 };
	size_t at = 0;
	int r;

	do {
		struct bytes piece = bytes_sub(text, at, PIECE);

		at += piece.len;
		buf_clear(&b);
		buf_u32le(&b, number);
		buf_u8(&b, at == text.len);
		buf_bytes(&b, piece);
		r = talk_send(sock, buf_view(&b), NULL, 0, patience);
	} while (r == 0 && at < text.len);
	buf_done(&b);
	return r;
}
