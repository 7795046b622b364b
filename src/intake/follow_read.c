/* SPDX-License-Identifier: Apache-2.0 */
/* A file is read from the start of its unfinished record, together with the last bytes before it:
 *   view: [ tail: as remembered? ][ bytes from offset on … ]
 * If the tail is not what it was, the file was truncated and has grown again, or was written over.
 * Nothing is kept of a file between two turns but what waits for its end, so that a file that is
 * truncated in that moment loses nothing that was seen. */
#include "base/hash.h"
#include "base/io.h"
#include "intake/follow_in.h"
#include <unistd.h>

void followed_position(const struct file *file, struct position *ret)
{
	*ret = (struct position){
		.dev = file->dev,
		.ino = file->ino,
		.birth = file->birth,
		.offset = file->offset,
		.head = checksum64(bytes_of(file->head, file->head_len)),
		.tail = checksum64(bytes_of(file->tail, file->tail_len)),
		.head_len = file->head_len,
		.tail_len = file->tail_len,
		.mtime = (int64_t)file->mtime.tv_sec * 1000000000 + file->mtime.tv_nsec,
		.flags = (uint8_t)((file->lines.cut ? POSITION_CUT : 0) |
				   (file->state == FILE_GHOST ? POSITION_TRUNCATED : 0) |
				   (file->state == FILE_CANDIDATE ? POSITION_UNDECIDED : 0)),
	};
}

int followed_seek(struct file *file, const struct position *p)
{
	size_t head = p->offset < POSITION_HEAD ? (size_t)p->offset : POSITION_HEAD;
	size_t tail = p->offset < POSITION_TAIL ? (size_t)p->offset : POSITION_TAIL;
	ssize_t a = io_pread(file->fd, file->head, head, 0);
	ssize_t b = io_pread(file->fd, file->tail, tail, p->offset - tail);

	if (a < 0 || b < 0)
		return (int)(a < 0 ? a : b);
	if ((size_t)a < head || (size_t)b < tail)
		return -ENODATA;
	file->head_len = (uint16_t)head;
	file->tail_len = (uint8_t)tail;
	file->offset = p->offset;
	file->lines = (struct lines){ .cut = (p->flags & POSITION_CUT) != 0 };
	return 0;
}

bool trail_speaks(struct follow *f, struct trail *t)
{
	return t->speaker ||
	       !sources_named(f->sources, SOURCE_FILE, bytes_str(t->name), &t->speaker);
}

static bool has_position(const struct file *x)
{
	return x->state == FILE_READ || x->state == FILE_GHOST ||
	       (x->state == FILE_CANDIDATE && x->rotated);
}

/* The positions of all files of the trail, newest last. */
static struct bytes trail_blob(struct follow *f, const struct trail *t)
{
	struct position all[POSITION_FILES];
	size_t n = 0, skip = 0, files = 0;

	for (const struct file *x = t->oldest; x; x = x->newer)
		files += has_position(x);
	if (t->known_n + files > POSITION_FILES)
		skip = t->known_n + files - POSITION_FILES;
	for (size_t i = skip; i < t->known_n; i++)
		all[n++] = t->known[i];
	skip = skip > t->known_n ? skip - t->known_n : 0;
	for (const struct file *x = t->oldest; x; x = x->newer) {
		if (!has_position(x))
			continue;
		if (skip)
			skip--;
		else
			followed_position(x, &all[n++]);
	}
	buf_clear(&f->blob);
	position_encode(&f->blob, all, n);
	return buf_view(&f->blob);
}

int trail_push(struct follow *f, struct trail *t)
{
	int r;

	if (!trail_speaks(f, t))
		return PUSH_FULL;
	r = push_position(f->push, t->speaker->handle, trail_blob(f, t));
	if (!r)
		t->moved = false;
	return r;
}

/* `used` bytes of the view behind the tail have been pushed. */
static void advance(struct file *file, const uint8_t *view, size_t used)
{
	size_t have = file->tail_len + used;
	size_t tail = have < POSITION_TAIL ? have : POSITION_TAIL;
	size_t head = (size_t)(POSITION_HEAD - file->head_len);

	if (!used)
		return;
	if (head > used)
		head = used;
	memcpy(file->head + file->head_len, view + file->tail_len, head);
	file->head_len = (uint16_t)(file->head_len + head);
	memmove(file->tail, view + have - tail, tail);
	file->tail_len = (uint8_t)tail;
	file->offset += used;
}

/* The message in the making ends with the positions as they are now. */
static void end_message(struct follow *f, struct file *file)
{
	if (!f->push->at)
		return;
	push_end(f->push, trail_blob(f, file->trail));
	file->trail->moved = false;
}

static int push_line(struct follow *f, struct file *file, const struct line *line)
{
	struct speaker *sp = file->trail->speaker;
	int r = f->push->at ? push_record(f->push, sp->handle, sp->row, line->flags, line->raw)
			    : PUSH_SPLIT;

	if (r != PUSH_SPLIT)
		return r;
	end_message(f, file);
	r = push_begin(f->push, sp->handle, line->raw.len);
	return r ? r : push_record(f->push, sp->handle, sp->row, line->flags, line->raw);
}

/* Gives the records of the view behind the tail. TURN_IDLE or TURN_FULL; what could be pushed is
 * behind the offset then. *ret_rest: how many bytes of the view are left. */
static int give(struct follow *f, struct file *file, const uint8_t *view, size_t len,
		enum lines_press press, size_t *ret_rest)
{
	const uint8_t *at = view;
	struct line line;
	int r = 0;

	if (!trail_speaks(f, file->trail)) {
		*ret_rest = len;
		return TURN_FULL;
	}
	while (!r) {
		struct bytes in = bytes_of(at + file->tail_len, len);
		struct lines before = file->lines;

		/* The offset moves record by record: a message that is full ends in between. */
		if (lines_next(&file->lines, &f->lines, in, press, &line))
			break;
		r = push_line(f, file, &line);
		if (r) {
			file->lines = before;
			break;
		}
		{
			uint8_t had = file->tail_len;

			advance(file, at, line.used);
			at += had + line.used - file->tail_len;
			len -= line.used;
		}
	}
	end_message(f, file);
	*ret_rest = len;
	return r ? TURN_FULL : TURN_IDLE;
}

/* What is behind the offset is kept: if the file is truncated now it is not lost. */
static void hold(struct file *file, struct bytes rest)
{
	buf_clear(&file->held);
	if (!rest.len && file->held.cap > 4096)
		buf_done(&file->held);
	if (rest.len <= HELD_MOST)
		buf_bytes(&file->held, rest);
}

/* When is what waits to be given? Sets file->due; answers how hard to press now. */
static enum lines_press press_of(struct follow *f, struct file *file, struct bytes rest, usec now)
{
	const struct intake_limits *l = f->limits;
	usec quiet = now - file->grown, wait = l->partial_wait;
	enum lines_press press = LINES_CUT;

	file->due = USEC_NONE;
	if (!rest.len)
		return LINES_WAIT;
	if (file->ending)
		return LINES_END;
	if (file->lines.open) {
		press = LINES_GIVE;
		wait = multi_expects(&file->lines.multi, bytes_sub(rest, 0, file->lines.body))
			       ? l->multiline_wait
			       : l->line_wait;
	}
	/* A renamed file may be compressed away before we are there again. */
	if (quiet >= wait || (f->ending && file->left && file->lines.open))
		return press;
	file->due = file->grown + wait;
	return LINES_WAIT;
}

/* A file that was written to beyond its end (by somebody who did not know that it was truncated)
 * begins with bytes that nobody wrote. They are skipped, and noted. False: there is nothing else
 * (yet). */
static bool skip_hole(struct follow *f, struct file *file)
{
	off_t data = lseek(file->fd, 0, SEEK_DATA);
	uint8_t room[4096];
	uint64_t skip;
	ssize_t n;

	if (data < 0 && errno == ENXIO)
		return false;
	file->restarted = false;
	if (data <= 0)
		return true;
	n = io_pread(file->fd, room, sizeof(room), (uint64_t)data);
	skip = (uint64_t)data;
	for (ssize_t i = 0; i < n && !room[i]; i++)
		skip++;
	memset(file->head, 0, POSITION_HEAD);
	memset(file->tail, 0, POSITION_TAIL);
	file->head_len = (uint16_t)(skip < POSITION_HEAD ? skip : POSITION_HEAD);
	file->tail_len = (uint8_t)(skip < POSITION_TAIL ? skip : POSITION_TAIL);
	file->offset = skip;
	file->trail->moved = true;
	note_file(f, file->trail, "file-hole", 0, "count", skip);
	return true;
}

enum { READ_ALL = 0, READ_MORE, READ_STUCK, READ_FULL, READ_CHANGED, READ_ERROR };

/* One read. READ_ALL: up to the end; READ_STUCK: the view is too small for the next record. */
static int read_once(struct follow *f, struct file *file, size_t cap, usec now)
{
	size_t want = file->tail_len + cap, rest, had;
	ssize_t n;
	const uint8_t *end;
	bool all;
	int r;

	do /* one call: of a regular file, less than was asked for is all there is */
		n = pread(file->fd, f->view, want, (off_t)(file->offset - file->tail_len));
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return READ_ERROR;
	if ((size_t)n < file->tail_len + file->held.len ||
	    memcmp(f->view, file->tail, file->tail_len) != 0 ||
	    (file->held.len &&
	     memcmp(f->view + file->tail_len, file->held.at, file->held.len) != 0))
		return READ_CHANGED;
	all = (size_t)n < want;
	end = f->view + n;
	had = (size_t)n - file->tail_len;
	buf_clear(&file->held);
	push_now(f->push);
	r = give(f, file, f->view, had, LINES_WAIT, &rest);
	if (r == TURN_FULL)
		return READ_FULL;
	if (!all)
		return rest < had ? READ_MORE : READ_STUCK;
	for (;;) {
		enum lines_press press = press_of(f, file, bytes_of(end - rest, rest), now);

		if (press == LINES_WAIT)
			break;
		/* The view is behind its tail again: give() has moved it along. */
		r = give(f, file, end - rest - file->tail_len, rest, press, &rest);
		if (r == TURN_FULL) {
			file->due = now; /* it still is: all has been read, so nothing else asks */
			return READ_FULL;
		}
	}
	hold(file, bytes_of(end - rest, rest));
	file->read_to = file->offset + rest;
	return READ_ALL;
}

static int failed(struct follow *f, struct file *file)
{
	if (!file->erred)
		note_file(f, file->trail, "file-error", file->offset, "error", (uint64_t)errno);
	file->erred = true;
	file->dirty = false; /* tried again when it is looked at */
	return TURN_IDLE;
}

/* Gives the records that a ghost holds. A line without its end stays: its rest may be in a copy. */
static int ghost_turn(struct follow *f, struct file *file, usec now)
{
	bool last = f->ending || now - file->since >= GHOST_GIVE;
	size_t rest = file->held.len;
	struct buf all = { 0 };
	int r;

	file->dirty = false;
	file->due = USEC_NONE;
	if (!rest)
		return TURN_IDLE;
	/* As if it were a view of the file that is no more. */
	buf_add(&all, file->tail, file->tail_len);
	buf_bytes(&all, buf_view(&file->held));
	r = give(f, file, all.at, rest, last ? LINES_END : LINES_GIVE, &rest);
	memmove(file->held.at, all.at + all.len - rest, rest);
	file->held.len = rest;
	file->dirty = r == TURN_FULL;
	if (rest)
		file->due = file->since + GHOST_GIVE;
	buf_done(&all);
	return r;
}

/* A long line that trickles in is not read anew for every few bytes of it. */
static bool too_little(struct file *file, usec now)
{
	uint64_t pending = file->read_to > file->offset ? file->read_to - file->offset : 0;

	if (pending <= HELD_MOST || file->size < file->read_to ||
	    file->size - file->read_to >= pending / 8)
		return false;
	if (file->due == USEC_NONE || file->due > now + USEC_PER_SEC / 10)
		file->due = now + USEC_PER_SEC / 10;
	return true;
}

/* Is there anything to read? Sees to what fstat() tells: truncation too. */
static bool look(struct follow *f, struct file *file, usec now)
{
	bool timed = file->due != USEC_NONE && file->due <= now, same;
	struct stat st;

	if (fstat(file->fd, &st) < 0) {
		failed(f, file);
		return false;
	}
	file->deleted = st.st_nlink == 0;
	if (file->names) {
		followed_mode(f, file, &st);
		followed_room(f, file, now);
	}
	if ((uint64_t)st.st_size < file->offset + file->held.len) {
		followed_truncated(f, file, (uint64_t)st.st_size, now);
		return false; /* dirty: read in the next round, after the ghost */
	}
	same = (uint64_t)st.st_size == file->size && st.st_mtim.tv_sec == file->mtime.tv_sec &&
	       st.st_mtim.tv_nsec == file->mtime.tv_nsec;
	if ((uint64_t)st.st_size != file->size)
		file->grown = now;
	file->size = (uint64_t)st.st_size;
	file->mtime = st.st_mtim;
	if (file->restarted && file->size)
		followed_rewritten(f, file->older, file);
	if (file->restarted && file->size && !skip_hole(f, file)) {
		file->dirty = false;
		return false;
	}
	if (timed || (file->left && !file->caught_up))
		return true;
	if ((!same || file->size != file->read_to) && !too_little(file, now))
		return true;
	file->dirty = false;
	return false;
}

int followed_turn(struct follow *f, struct file *file, usec now)
{
	size_t cap = VIEW_LEAST;
	int r;

	if (file->state == FILE_GHOST)
		return ghost_turn(f, file, now);
	if (!look(f, file, now))
		return file->dirty ? TURN_MORE : TURN_IDLE;
	for (;;) {
		r = read_once(f, file, cap, now);
		if (r != READ_STUCK)
			break;
		cap = f->view_cap - POSITION_TAIL; /* a long record: lines_view() bytes do */
	}
	switch (r) {
	case READ_FULL:
		return TURN_FULL;
	case READ_MORE:
		return TURN_MORE;
	case READ_CHANGED:
		followed_truncated(f, file, file->size, now);
		return TURN_MORE;
	case READ_ERROR:
		return failed(f, file);
	default:
		/* A line in the making does not keep the successor waiting, a record does. */
		file->caught_up = file->left && !file->lines.open;
		file->dirty = file->read_to < file->size;
		return file->dirty ? TURN_MORE : TURN_IDLE;
	}
}
