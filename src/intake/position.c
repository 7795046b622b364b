/* SPDX-License-Identifier: Apache-2.0 */
#include "intake/position.h"
#include "base/cursor.h"
#include "base/hash.h"
#include "base/io.h"

void position_encode(struct buf *to, const struct position *p, size_t n)
{
	buf_u8(to, 1);
	buf_u8(to, (uint8_t)n);
	for (size_t i = 0; i < n; i++) {
		buf_u64le(to, p[i].dev);
		buf_u64le(to, p[i].ino);
		buf_u64le(to, p[i].offset);
		buf_u64le(to, p[i].head);
		buf_u64le(to, p[i].tail);
		buf_u16le(to, p[i].head_len);
		buf_u8(to, p[i].tail_len);
		buf_u8(to, p[i].flags);
		buf_u64le(to, (uint64_t)p[i].mtime);
		buf_u64le(to, (uint64_t)p[i].birth);
	}
}

bool position_decode(struct bytes b, struct position ret[static POSITION_FILES], size_t *ret_n)
{
	struct cursor c = cursor_of(b);
	uint8_t version = cur_u8(&c), n = cur_u8(&c);

	if (version != 1 || n > POSITION_FILES)
		return false;
	for (size_t i = 0; i < n; i++) {
		ret[i].dev = cur_u64le(&c);
		ret[i].ino = cur_u64le(&c);
		ret[i].offset = cur_u64le(&c);
		ret[i].head = cur_u64le(&c);
		ret[i].tail = cur_u64le(&c);
		ret[i].head_len = cur_u16le(&c);
		ret[i].tail_len = cur_u8(&c);
		ret[i].flags = cur_u8(&c);
		ret[i].mtime = (int64_t)cur_u64le(&c);
		ret[i].birth = (int64_t)cur_u64le(&c);
		if (ret[i].offset > INT64_MAX || ret[i].head_len > POSITION_HEAD ||
		    ret[i].tail_len > POSITION_TAIL || ret[i].head_len > ret[i].offset ||
		    ret[i].tail_len > ret[i].offset)
			return false;
	}
	if (c.bad || cur_left(&c))
		return false;
	*ret_n = n;
	return true;
}

/* The checksum of `len` bytes at `at`; -ENODATA when the file ends before. */
static int sum_at(int fd, uint64_t at, size_t len, uint64_t *ret)
{
	uint8_t room[POSITION_HEAD];
	ssize_t n = io_pread(fd, room, len, at);

	if (n < 0)
		return (int)n;
	if ((size_t)n < len)
		return -ENODATA;
	*ret = checksum64(bytes_of(room, len));
	return 0;
}

int position_take(int fd, struct position *p)
{
	struct position q = *p;
	int r;

	q.head_len = (uint16_t)(p->offset < POSITION_HEAD ? p->offset : POSITION_HEAD);
	q.tail_len = (uint8_t)(p->offset < POSITION_TAIL ? p->offset : POSITION_TAIL);
	r = sum_at(fd, 0, q.head_len, &q.head);
	if (!r)
		r = sum_at(fd, p->offset - q.tail_len, q.tail_len, &q.tail);
	if (!r)
		*p = q;
	return r;
}

int position_check(int fd, const struct position *p)
{
	uint64_t head = 0, tail = 0;
	int r = sum_at(fd, 0, p->head_len, &head);

	if (r == -ENODATA)
		return POSITION_SHORT;
	if (r < 0)
		return r;
	if (head != p->head)
		return POSITION_OTHER;
	r = sum_at(fd, p->offset - p->tail_len, p->tail_len, &tail);
	if (r == -ENODATA)
		return POSITION_SHORT;
	if (r < 0)
		return r;
	return tail == p->tail ? POSITION_SAME : POSITION_OTHER;
}
