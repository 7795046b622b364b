/* SPDX-License-Identifier: Apache-2.0 */
/* What happens to files: truncation, copies, replacement; and how a file is known again.
 *
 * copytruncate is three steps of somebody else: write a copy beside the file, cut the file to
 * nothing, let the writer go on. What was appended between our last read and the cut is only in
 * the copy. So the cut leaves a ghost with the place where we were; a file beside it that holds
 * the same bytes there is the copy, and is read from that place on. */
#include "base/io.h"
#include "intake/follow_in.h"
#include "intake/rotation.h"
#include <unistd.h>

#define GHOSTS 64 /* of a trail */
#define SETTLED (USEC_PER_SEC / 2) /* a small file without growth for so long is complete */
#define COMPARE_MOST (64u << 20)

/* copied: how far a copy goes. What had been seen of its size, was never read and is in no copy, is
 * known to be lost. Of what came and went between two looks nothing can be known. */
void ghost_drop(struct follow *f, struct file *ghost, uint64_t copied)
{
	uint64_t from = ghost->offset > copied ? ghost->offset : copied;

	if (ghost->size > from) {
		note_file(f, ghost->trail, "file-lost", from, "bytes", ghost->size - from);
		count_add(&f->push->counts->file_bytes_lost, ghost->size - from);
	}
	followed_drop(f, ghost, false);
}

static void ghosts_limit(struct follow *f, struct trail *t)
{
	uint32_t n = 0;
	struct file *older;

	for (struct file *x = t->newest; x; x = older) {
		older = x->older;
		if (x->state == FILE_GHOST && !x->held.len && ++n > GHOSTS)
			ghost_drop(f, x, 0);
	}
}

static void begin_again(struct file *file)
{
	file->offset = file->read_to = 0;
	file->head_len = 0;
	file->tail_len = 0;
	file->lines = (struct lines){ 0 };
	file->restarted = true;
	file->caught_up = false;
	file->dirty = true;
	file->due = USEC_NONE;
}

void followed_truncated(struct follow *f, struct file *file, uint64_t size, usec now)
{
	struct trail *t = file->trail;
	struct file *ghost;

	note_file(f, t, "file-truncated", file->offset + file->held.len, "size", size);
	count_add(&f->push->counts->truncations, 1);
	if (!file->offset && !file->held.len) {
		begin_again(file); /* nothing of it was seen */
		return;
	}
	ghost = followed_new(f, t, -1, FILE_GHOST, now);
	followed_unlink(ghost);
	followed_link(t, ghost, file);
	ghost->dev = file->dev;
	ghost->ino = file->ino;
	ghost->birth = file->birth;
	ghost->offset = file->offset;
	ghost->lines.cut = file->lines.cut;
	memcpy(ghost->head, file->head, sizeof(ghost->head));
	memcpy(ghost->tail, file->tail, sizeof(ghost->tail));
	ghost->head_len = file->head_len;
	ghost->tail_len = file->tail_len;
	ghost->mtime = file->mtime;
	ghost->size = file->size > size ? file->size : 0; /* 0: it grew again before we looked */
	ghost->held = file->held;
	ghost->dirty = true;
	file->held = (struct buf){ 0 };
	begin_again(file);
	t->moved = true;
	ghosts_limit(f, t);
}

/* The candidate is read from now on. */
static void decide(struct follow *f, struct file *cand, usec now)
{
	cand->state = FILE_READ;
	cand->dirty = true;
	cand->left = cand->names ? 0 : now;
	cand->trail->moved = true;
	(void)f;
}

static bool settled(struct file *cand, usec now)
{
	return now - cand->grown >= SETTLED;
}

/* Are the first bytes of both files the same, up to `size`? */
static bool contents_same(int a, int b, uint64_t size)
{
	static uint8_t room[2][65536];

	if (size > COMPARE_MOST)
		size = COMPARE_MOST;
	for (uint64_t at = 0; at < size;) {
		size_t want = size - at < sizeof(room[0]) ? (size_t)(size - at) : sizeof(room[0]);
		ssize_t n = io_pread(a, room[0], want, at), m = io_pread(b, room[1], want, at);

		if (n != (ssize_t)want || m != n || memcmp(room[0], room[1], want) != 0)
			return false;
		at += want;
	}
	return true;
}

static void goes_on(struct follow *f, struct file *cand, const struct position *p, usec now)
{
	if (followed_seek(cand, p) < 0)
		return;
	note_file(f, cand->trail, "file-copy", p->offset, "size", cand->size);
	decide(f, cand, now);
	/* The copy was complete before the file was cut: it does not grow any more. */
	cand->ending = !cand->names;
}

/* A file that holds less than was read: there is nothing to take from it. */
static void skip_all(struct follow *f, struct file *cand, usec now)
{
	struct position p = { .offset = cand->size };

	if (!cand->names) {
		cand->state = FILE_OVER;
		return;
	}
	if (followed_seek(cand, &p) < 0)
		return;
	decide(f, cand, now);
}

static bool bytes_at(const struct file *cand, uint64_t at, struct bytes want)
{
	static uint8_t room[HELD_MOST];
	size_t n = want.len;

	if (at >= cand->size)
		return true;
	if (n > cand->size - at)
		n = (size_t)(cand->size - at);
	if (n > sizeof(room))
		n = sizeof(room);
	return io_pread(cand->fd, room, n, at) == (ssize_t)n && (!n || !memcmp(room, want.at, n));
}

/* As far as both go, is what was seen of the file the same in the candidate: its first bytes, and
 * what it holds behind its offset? Most candidates are told apart so. */
static bool seen_same(const struct file *cand, const struct file *file)
{
	return bytes_at(cand, 0, bytes_of(file->head, file->head_len)) &&
	       bytes_at(cand, file->offset, buf_view(&file->held));
}

enum fit { FIT_NO, FIT_LATER, FIT_DONE };

/* Does the candidate go on where the ghost stopped? */
static enum fit fit_ghost(struct follow *f, struct file *cand, struct file *ghost, usec now)
{
	struct position p;
	int r;

	if (!seen_same(cand, ghost))
		return FIT_NO;
	if (ghost->dirty)
		return FIT_LATER; /* the records it holds come first */
	followed_position(ghost, &p);
	r = position_check(cand->fd, &p);
	if (r == POSITION_SAME) {
		followed_unlink(cand);
		followed_link(ghost->trail, cand, ghost);
		goes_on(f, cand, &p, now);
		ghost_drop(f, ghost, cand->size);
		return FIT_DONE;
	}
	if (r != POSITION_SHORT)
		return FIT_NO;
	if (!settled(cand, now) || !cand->size)
		return FIT_LATER;
	/* All of the copy was read before it was made. */
	ghost_drop(f, ghost, cand->size);
	skip_all(f, cand, now);
	return FIT_DONE;
}

/* Likewise for what the ledger knows of a file that was truncated, or is gone, since. */
static enum fit fit_known(struct follow *f, struct file *cand, usec now)
{
	struct trail *t = cand->trail;

	for (size_t i = 0; i < t->known_n; i++) {
		struct position p = t->known[i];

		if ((p.flags & POSITION_DONE) || !p.offset ||
		    position_check(cand->fd, &p) != POSITION_SAME)
			continue;
		trail_forget(t, i);
		p.flags &= POSITION_CUT;
		goes_on(f, cand, &p, now);
		return FIT_DONE;
	}
	return FIT_NO;
}

/* Is it a copy, complete or in the making, of a file that has not been truncated (yet)? */
static enum fit fit_live(struct follow *f, struct file *cand, usec now)
{
	for (struct file *x = cand->trail->newest; x; x = x->older) {
		struct position p;
		int r;

		if (x->state != FILE_READ || !x->names || !(x->offset || x->held.len) ||
		    !seen_same(cand, x))
			continue;
		followed_position(x, &p);
		r = position_check(cand->fd, &p);
		if (r != POSITION_SAME && r != POSITION_SHORT)
			continue;
		if (r == POSITION_SHORT && settled(cand, now) &&
		    !contents_same(cand->fd, x->fd, cand->size))
			continue;
		if (now - cand->grown < CANDIDATE_WAIT)
			return FIT_LATER;
		/* Nobody truncated the file: somebody just made a copy of it. */
		if (!contents_same(cand->fd, x->fd, cand->size))
			continue;
		skip_all(f, cand, now);
		return FIT_DONE;
	}
	return FIT_NO;
}

/* It bears the name of a deleted file. If it holds what was read of that, it goes on there. */
static void try_successor(struct follow *f, struct file *cand, usec now)
{
	struct file *old = cand->older;
	struct position p;

	while (old && !(old->state == FILE_READ && old->deleted))
		old = old->older;
	if (old && !old->caught_up && !old->erred)
		return;
	if (!old) {
		decide(f, cand, now);
		return;
	}
	followed_position(old, &p);
	if (p.offset >= POSITION_TAIL && position_check(cand->fd, &p) == POSITION_SAME &&
	    !followed_seek(cand, &p)) {
		if (contents_same(old->fd, cand->fd, p.offset) || !followed_edited(f, old, cand))
			note_file(f, cand->trail, "file-replaced", p.offset, "same", 1);
		followed_drop(f, old, false);
	} else if (!followed_edited(f, old, cand)) {
		note_file(f, cand->trail, "file-replaced", p.offset, "same", 0);
	}
	count_add(&f->push->counts->replacements, 1);
	decide(f, cand, now);
}

void candidate_try(struct follow *f, struct file *cand, usec now)
{
	struct file *x = cand->trail->oldest, *newer;
	enum fit fit = FIT_NO;
	struct stat st;

	if (!f->started)
		return; /* first the files that bear their names take their positions */
	if (fstat(cand->fd, &st) < 0) {
		cand->state = FILE_OVER;
		return;
	}
	if ((uint64_t)st.st_size != cand->size)
		cand->grown = now;
	cand->size = (uint64_t)st.st_size;
	if (cand->replaces) {
		try_successor(f, cand, now);
		return;
	}
	for (; x && fit == FIT_NO; x = newer) {
		newer = x->newer;
		if (x->state == FILE_GHOST)
			fit = fit_ghost(f, cand, x, now);
	}
	if (fit == FIT_NO)
		fit = fit_known(f, cand, now);
	if (fit == FIT_NO)
		fit = fit_live(f, cand, now);
	if (fit != FIT_NO || (cand->size < POSITION_TAIL && !settled(cand, now)))
		return; /* a copy that has just been begun says nothing yet */
	if (cand->rotated || cand->names)
		decide(f, cand, now); /* nobody has read it: from its beginning */
	else if (now - cand->since >= CANDIDATE_WAIT)
		cand->state = FILE_OVER;
}

/* The position in the ledger that this file has, by inode and content. */
static bool take_same(struct file *file, struct trail *t, bool own)
{
	for (size_t i = t->known_n; i-- > 0;) {
		struct position p = t->known[i];

		/* Device numbers change with a boot; the name and the content do not. */
		if (!position_inode(&p, file->ino, file->birth) || (p.dev != file->dev && !own) ||
		    (p.flags & POSITION_TRUNCATED))
			continue;
		if (p.flags & POSITION_UNDECIDED) {
			trail_forget(t, i); /* a candidate, as it was */
			file->rotated = true;
			continue;
		}
		if (position_check(file->fd, &p) != POSITION_SAME || followed_seek(file, &p) < 0)
			continue;
		trail_forget(t, i);
		followed_unlink(file);
		followed_link(t, file, NULL);
		return true;
	}
	return false;
}

/* It bears its old name, but does not hold what was read of it: truncated while we were down. */
static bool take_truncated(struct follow *f, struct file *file, struct trail *t, usec now)
{
	for (size_t i = t->known_n; i-- > 0;) {
		struct position *p = &t->known[i];

		if (!position_inode(p, file->ino, file->birth) ||
		    (p->flags & (POSITION_TRUNCATED | POSITION_UNDECIDED)))
			continue;
		note_file(f, t, "file-truncated", p->offset, "size", file->size);
		count_add(&f->push->counts->truncations, 1);
		p->flags |= POSITION_TRUNCATED;
		p->flags &= (uint8_t)~POSITION_DONE;
		file->restarted = true;
		file->since = now;
		return true;
	}
	return false;
}

/* Another file, but it holds what was read of the one that had its name: a copy took its place. */
static bool take_replaced(struct follow *f, struct file *file, struct trail *t)
{
	for (size_t i = t->known_n; i-- > 0;) {
		struct position p = t->known[i];

		if (p.flags & (POSITION_DONE | POSITION_TRUNCATED) || p.offset < POSITION_TAIL ||
		    position_check(file->fd, &p) != POSITION_SAME || followed_seek(file, &p) < 0)
			continue;
		note_file(f, t, "file-replaced", p.offset, "same", 1);
		count_add(&f->push->counts->replacements, 1);
		trail_forget(t, i);
		return true;
	}
	return false;
}

bool followed_recognise(struct follow *f, struct file *file, struct bytes path, usec now)
{
	struct trail *own = file->trail;

	for (size_t k = 0; k < f->trail_n; k++)
		if (take_same(file, f->trails[k], f->trails[k] == own))
			return true;
	if (!bytes_eq(bytes_str(own->name), path))
		return false;
	return take_truncated(f, file, own, now) || take_replaced(f, file, own);
}
