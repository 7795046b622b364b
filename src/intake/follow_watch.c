/* SPDX-License-Identifier: Apache-2.0 */
/* Signs that somebody has laid hands on a log file: its mode, the room it has, and whether it still
 * holds what was read of it.
 *
 * An edited copy has most of its bytes in common with the file whose name it took: counted are
 * those that are the same from the front and from the back. A log that begins anew has none but by
 * chance: lines begin with their time. */
#include "base/io.h"
#include "intake/follow_in.h"
#include <stdio.h>
#include <sys/statvfs.h>

#define ROOM_EVERY (2 * USEC_PER_SEC)
#define PIECE 65536u
#define COMPARE_MOST (64u << 20) /* from the front, and as much from the back */
#define COMMON_SURE 512u
#define HEAD_LEAST 128u /* of a file that was cut: a line and the time of the next */
#define COMMON_LEAST 64u /* less in common is chance */

/* May the owner write and read it? Root may whatever the mode says, but a mode like that is no
 * accident either. */
static bool is_open(uint32_t mode)
{
	return (mode & 0600) == 0600;
}

static void note_mode(struct follow *f, struct file *file, const char *event, const struct stat *st)
{
	struct buf b;

	if (f->note_n == NOTES_MOST) {
		f->notes_lost++;
		return;
	}
	b = note_of(event);
	note_text(&b, "path", bytes_str(file->trail->name));
	note_number(&b, "position", file->offset);
	buf_printf(&b, ",\"old\":\"%04o %u:%u\",\"new\":\"%04o %u:%u\"", file->mode & 07777,
		   file->uid, file->gid, st->st_mode & 07777, st->st_uid, st->st_gid);
	f->notes[f->note_n++] = (struct told){ file->trail, b };
}

void followed_mode(struct follow *f, struct file *file, const struct stat *st)
{
	if (file->mode && (file->mode != st->st_mode || file->uid != st->st_uid)) {
		if (file->uid != st->st_uid || (is_open(file->mode) && !is_open(st->st_mode)))
			note_mode(f, file, "file-mode", st);
		else if (!is_open(file->mode) && is_open(st->st_mode))
			note_mode(f, file, "file-mode-back", st);
	}
	file->mode = st->st_mode;
	file->uid = st->st_uid;
	file->gid = st->st_gid;
}

void followed_room(struct follow *f, struct file *file, usec now)
{
	struct statvfs fs;
	bool full;

	if (now < file->room_at)
		return;
	file->room_at = now + ROOM_EVERY;
	if (fstatvfs(file->fd, &fs) < 0 || !fs.f_blocks)
		return;
	full = fs.f_bavail == 0;
	if (full != file->full)
		note_file(f, file->trail, full ? "disk-full" : "disk-room", file->offset, NULL, 0);
	file->full = full;
}

/* How many bytes are the same from the front. */
static uint64_t same_front(int a, int b, uint64_t most)
{
	static uint8_t room[2][PIECE];
	uint64_t at = 0;

	while (at < most) {
		size_t want = most - at < PIECE ? (size_t)(most - at) : PIECE, i = 0;

		if (io_pread(a, room[0], want, at) != (ssize_t)want ||
		    io_pread(b, room[1], want, at) != (ssize_t)want)
			return at;
		while (i < want && room[0][i] == room[1][i])
			i++;
		at += i;
		if (i < want)
			return at;
	}
	return at;
}

/* … and from the back. */
static uint64_t same_back(int a, uint64_t a_len, int b, uint64_t b_len, uint64_t most)
{
	static uint8_t room[2][PIECE];
	uint64_t same = 0;

	while (same < most) {
		size_t want = most - same < PIECE ? (size_t)(most - same) : PIECE, i = 0;

		if (io_pread(a, room[0], want, a_len - same - want) != (ssize_t)want ||
		    io_pread(b, room[1], want, b_len - same - want) != (ssize_t)want)
			return same;
		while (i < want && room[0][want - 1 - i] == room[1][want - 1 - i])
			i++;
		same += i;
		if (i < want)
			return same;
	}
	return same;
}

static uint64_t least(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

static void note_edited(struct follow *f, struct trail *t, uint64_t position, uint64_t from,
			uint64_t bytes)
{
	struct buf b;

	if (f->note_n == NOTES_MOST) {
		f->notes_lost++;
		return;
	}
	b = note_of("file-rewritten");
	note_text(&b, "path", bytes_str(t->name));
	note_number(&b, "position", position);
	note_number(&b, "from", from);
	note_number(&b, "bytes", bytes);
	f->notes[f->note_n++] = (struct told){ t, b };
}

bool followed_edited(struct follow *f, struct file *old, struct file *fresh)
{
	struct stat was, is;
	uint64_t len, now, most, front, back;

	if (old->fd < 0 || fresh->fd < 0 || fstat(old->fd, &was) < 0 || fstat(fresh->fd, &is) < 0)
		return false;
	len = least(old->offset + old->held.len, (uint64_t)was.st_size);
	now = (uint64_t)is.st_size;
	most = least(least(len, now), COMPARE_MOST);
	front = same_front(old->fd, fresh->fd, most);
	if (front == len || front == COMPARE_MOST)
		return false; /* all of it stands there */
	back = same_back(old->fd, (uint64_t)was.st_size, fresh->fd, now,
			 least(most - front, least((uint64_t)was.st_size, now) - front));
	/* Files that begin with the same line about their columns have little else in common. */
	if (front + back < COMMON_LEAST || front + back < now / 2 ||
	    (front + back < COMMON_SURE && front + back < len / 2))
		return false;
	note_edited(f, fresh->trail, old->offset, front,
		    len > front + back ? len - front - back : 0);
	return true;
}

bool followed_rewritten(struct follow *f, const struct file *ghost, const struct file *file)
{
	uint8_t head[POSITION_HEAD];
	struct bytes now, was;
	ssize_t n;

	if (!ghost || ghost->state != FILE_GHOST || ghost->head_len < HEAD_LEAST)
		return false;
	n = io_pread(file->fd, head, sizeof(head), 0);
	if (n < (ssize_t)HEAD_LEAST)
		return false;
	now = bytes_of(head, HEAD_LEAST);
	was = bytes_of(ghost->head, ghost->head_len);
	/* Its first line may be what was taken out: so its beginning may stand further on. */
	if (bytes_find(was, now) == BYTES_NONE)
		return false;
	note_edited(f, file->trail, ghost->offset, 0, ghost->offset);
	return true;
}
