/* SPDX-License-Identifier: Apache-2.0 */
#include "ledger/wal.h"
#include <fcntl.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

int wal_begin(int waldir, const uint8_t id[static LEDGER_ID_LEN], uint64_t first, usec now,
	      struct wal_segment *ret)
{
	struct wal_segment s = { .first = first, .end = SEGMENT_HEADER, .room = SEGMENT_HEADER };
	struct segment_header h = { .first = first, .created = now };
	uint8_t head[SEGMENT_HEADER];
	char tmp[FILE_NAME_MAX];
	int r;

	memcpy(h.id, id, sizeof(h.id));
	if (getrandom(&h.salt, sizeof(h.salt), 0) != sizeof(h.salt))
		return -EIO;
	s.salt = h.salt;
	segment_header_write(&h, head);
	file_seq_name(first, ".wal", s.name);
	file_seq_name(first, ".tmp", tmp);
	s.fd = file_create(waldir, tmp, 0600);
	if (s.fd < 0)
		return s.fd;
	r = io_pwrite(s.fd, bytes_of(head, sizeof(head)), 0);
	if (!r)
		r = file_sync(s.fd);
	if (!r)
		r = file_rename(waldir, tmp, s.name);
	if (!r)
		r = file_sync_dir(waldir);
	if (r) {
		close(s.fd);
		file_unlink(waldir, tmp);
		file_unlink(waldir, s.name);
		return r == -EDQUOT ? -ENOSPC : r;
	}
	*ret = s;
	return 0;
}

int wal_resume(int waldir, uint64_t end, bool dirty, struct wal_segment *s)
{
	struct stat st;
	int r = 0;

	s->fd = openat(waldir, s->name, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
	if (s->fd < 0)
		return -errno;
	if (fstat(s->fd, &st) < 0)
		r = -errno;
	s->end = end;
	if (!r && dirty) {
		r = file_zero(s->fd, end, (uint64_t)st.st_size);
		if (r == -ENOSPC || r == -EDQUOT) /* a file system that never writes in place */
			r = file_truncate(s->fd, end);
		if (!r)
			r = file_sync(s->fd);
	}
	if (!r && fstat(s->fd, &st) < 0)
		r = -errno;
	if (r) {
		close(s->fd);
		s->fd = -1;
		return r;
	}
	s->room = (uint64_t)st.st_size < end ? end : (uint64_t)st.st_size;
	return 0;
}

int wal_room(struct wal_segment *s, uint64_t len, uint64_t reserve)
{
	uint64_t want = s->end + len, step, left;
	int r;

	if (want <= s->room)
		return 0;
	step = (want - s->room + WAL_STEP - 1) / WAL_STEP * WAL_STEP;
	r = file_free_bytes(s->fd, &left);
	if (r)
		return r;
	if (left < reserve || left - reserve < want - s->room)
		return -ENOSPC;
	if (left - reserve < step)
		step = want - s->room;
	r = file_room(s->fd, s->room, step);
	if (!r)
		s->room += step;
	return r;
}

int wal_write(struct wal_segment *s, struct bytes frame)
{
	int r = io_pwrite(s->fd, frame, s->end);

	return r == -EDQUOT ? -ENOSPC : r;
}

void wal_undo(struct wal_segment *s, uint64_t len)
{
	struct stat st;
	uint64_t to = s->end + len;

	if (fstat(s->fd, &st) < 0)
		return;
	if (to > (uint64_t)st.st_size)
		to = (uint64_t)st.st_size;
	if (to > s->end)
		(void)file_zero(s->fd, s->end, to); /* recovery would do it too */
}

void wal_close(struct wal_segment *s)
{
	if (s->fd < 0)
		return;
	if (s->room > s->end)
		(void)file_truncate(s->fd, s->end); /* only zeros go */
	close(s->fd);
	s->fd = -1;
	s->room = s->end;
}
