/* SPDX-License-Identifier: Apache-2.0 */
#include "intake/follow.h"
#include "intake/follow_in.h"
#include "intake/rotation.h"
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#define MISSING_AFTER (10 * USEC_PER_SEC) /* the supervisor has had time to look */

struct follow *follow_new(struct push *push, struct sources *sources,
			  const struct intake_limits *limits)
{
	struct follow *f = mem_new(1, sizeof(*f));

	f->push = push;
	f->sources = sources;
	f->limits = limits;
	f->missing_at = USEC_NONE;
	f->notes = mem_new(NOTES_MOST, sizeof(*f->notes));
	follow_limits(f);
	return f;
}

void follow_limits(struct follow *f)
{
	size_t view;

	f->lines = (struct lines_limits){ .record = f->limits->record_limit,
					  .joined = f->limits->multiline_bytes,
					  .joined_lines = f->limits->multiline_lines };
	view = POSITION_TAIL + lines_view(&f->lines);
	if (view < POSITION_TAIL + VIEW_LEAST)
		view = POSITION_TAIL + VIEW_LEAST;
	if (view <= f->view_cap)
		return;
	f->view = mem_must(realloc(f->view, view));
	f->view_cap = view;
}

struct follow *follow_free(struct follow *f)
{
	if (!f)
		return NULL;
	for (size_t i = 0; i < f->trail_n; i++) {
		while (f->trails[i]->oldest)
			followed_drop(f, f->trails[i]->oldest, false);
		free(f->trails[i]->name);
		free(f->trails[i]);
	}
	for (size_t i = 0; i < f->name_n; i++)
		free(f->names[i].path);
	for (size_t i = 0; i < f->note_n; i++)
		buf_done(&f->notes[i].json);
	free(f->trails);
	free(f->names);
	free(f->notes);
	free(f->view);
	buf_done(&f->blob);
	free(f);
	return NULL;
}

static char *text_of(struct bytes b)
{
	char *s = mem_new(b.len + 1, 1);

	if (b.len)
		memcpy(s, b.at, b.len);
	return s;
}

static struct trail *trail_find(struct follow *f, struct bytes name)
{
	for (size_t i = 0; i < f->trail_n; i++)
		if (bytes_eq(bytes_str(f->trails[i]->name), name))
			return f->trails[i];
	return NULL;
}

struct trail *trail_of(struct follow *f, struct bytes name)
{
	struct trail *t = trail_find(f, name);

	if (t)
		return t;
	if (f->trail_n == f->trail_cap) {
		f->trail_cap = f->trail_cap ? 2 * f->trail_cap : 16;
		f->trails = mem_must(realloc(f->trails, f->trail_cap * sizeof(*f->trails)));
	}
	t = mem_new(1, sizeof(*t));
	t->name = text_of(name);
	f->trails[f->trail_n++] = t;
	return t;
}

void trail_forget(struct trail *t, size_t i)
{
	t->known_n--;
	memmove(&t->known[i], &t->known[i + 1], (t->known_n - i) * sizeof(t->known[0]));
	t->moved = true;
}

void trail_remember(struct trail *t, const struct position *p)
{
	if (t->known_n == POSITION_FILES) {
		size_t victim = 0;

		for (size_t i = POSITION_FILES; i-- > 0;)
			if (t->known[i].flags & POSITION_DONE)
				victim = i; /* the oldest of those */
		trail_forget(t, victim);
	}
	t->known[t->known_n++] = *p;
	t->moved = true;
}

void followed_link(struct trail *t, struct file *file, struct file *before)
{
	file->trail = t;
	file->newer = before;
	file->older = before ? before->older : t->newest;
	*(file->older ? &file->older->newer : &t->oldest) = file;
	*(before ? &before->older : &t->newest) = file;
	t->file_n++;
}

void followed_unlink(struct file *file)
{
	struct trail *t = file->trail;

	*(file->older ? &file->older->newer : &t->oldest) = file->newer;
	*(file->newer ? &file->newer->older : &t->newest) = file->older;
	file->older = file->newer = NULL;
	t->file_n--;
}

struct file *followed_new(struct follow *f, struct trail *t, int fd, enum file_state state,
			  usec now)
{
	struct file *file = mem_new(1, sizeof(*file));

	file->state = state;
	file->fd = fd;
	file->watch = -1;
	file->since = file->grown = now;
	file->due = USEC_NONE;
	file->dirty = true;
	followed_link(t, file, NULL);
	f->file_n += fd >= 0;
	count_set(&f->push->counts->files, f->file_n);
	return file;
}

static void unwatch(struct follow *f, struct file *file)
{
	struct file **p;

	if (file->watch < 0)
		return;
	p = &f->watched[(uint32_t)file->watch % WATCH_SLOTS];
	while (*p && *p != file)
		p = &(*p)->next_watch;
	if (*p)
		*p = file->next_watch;
	file->watch = -1;
}

static void watch(struct follow *f, struct file *file, int wd)
{
	if (wd < 0 || file->watch == wd)
		return;
	unwatch(f, file);
	file->watch = wd;
	file->next_watch = f->watched[(uint32_t)wd % WATCH_SLOTS];
	f->watched[(uint32_t)wd % WATCH_SLOTS] = file;
}

void followed_drop(struct follow *f, struct file *file, bool remember)
{
	struct position p;

	if (remember && file->fd >= 0 && !file->deleted) {
		followed_position(file, &p);
		p.flags = (uint8_t)((p.flags & POSITION_CUT) | POSITION_DONE);
		trail_remember(file->trail, &p);
	}
	unwatch(f, file);
	file->trail->moved = true;
	followed_unlink(file);
	if (file->fd >= 0) {
		close(file->fd);
		f->file_n--;
		count_set(&f->push->counts->files, f->file_n);
		count_add(&f->push->counts->files_retired, 1);
	}
	for (size_t i = 0; i < f->name_n; i++)
		if (f->names[i].file == file)
			f->names[i].file = NULL;
	buf_done(&file->held);
	free(file);
}

void note_file(struct follow *f, struct trail *t, const char *event, uint64_t position,
	       const char *key, uint64_t value)
{
	struct buf b;

	if (f->note_n == NOTES_MOST) {
		f->notes_lost++;
		return;
	}
	b = note_of(event);
	note_text(&b, "path", bytes_str(t->name));
	note_number(&b, "position", position);
	if (key)
		note_number(&b, key, value);
	f->notes[f->note_n++] = (struct told){ t, b };
}

static int notes_send(struct follow *f)
{
	size_t done = 0;
	int r = 0;

	while (done < f->note_n && !r) {
		struct told *n = &f->notes[done];

		r = trail_speaks(f, n->trail) ? 0 : PUSH_FULL;
		if (!r) {
			struct buf copy = { 0 };

			buf_bytes(&copy, buf_view(&n->json));
			r = note_send(&copy, f->push, n->trail->speaker->handle);
		}
		if (r)
			break;
		buf_done(&n->json);
		done++;
	}
	f->note_n -= done;
	memmove(f->notes, f->notes + done, f->note_n * sizeof(*f->notes));
	if (!r && f->notes_lost) {
		struct buf b = note_of("notes-lost");

		note_number(&b, "count", f->notes_lost);
		r = note_send(&b, f->push, 0);
		if (!r)
			f->notes_lost = 0;
	}
	return r;
}

/* -- names ----------------------------------------------------------------------------------- */

static struct name *name_of(struct follow *f, struct bytes path)
{
	for (size_t i = 0; i < f->name_n; i++)
		if (bytes_eq(bytes_str(f->names[i].path), path))
			return &f->names[i];
	return NULL;
}

static void name_lost(struct file *file, usec now)
{
	struct stat st;

	if (!file || --file->names)
		return;
	file->left = now;
	file->caught_up = false;
	file->dirty = true;
	if (!fstat(file->fd, &st))
		file->deleted = st.st_nlink == 0;
}

static void name_set(struct follow *f, struct bytes path, struct file *file, usec now)
{
	struct name *n = name_of(f, path);

	file->names++;
	file->left = 0;
	if (n) {
		name_lost(n->file, now);
		n->file = file;
		return;
	}
	if (f->name_n == f->name_cap) {
		f->name_cap = f->name_cap ? 2 * f->name_cap : 16;
		f->names = mem_must(realloc(f->names, f->name_cap * sizeof(*f->names)));
	}
	f->names[f->name_n++] = (struct name){ text_of(path), file };
}

static struct file *file_open(struct follow *f, uint64_t dev, uint64_t ino)
{
	for (size_t i = 0; i < f->trail_n; i++)
		for (struct file *x = f->trails[i]->oldest; x; x = x->newer)
			if (x->fd >= 0 && x->ino == ino && x->dev == dev)
				return x;
	return NULL;
}

/* The trail whose name rotation has changed into this path. */
static struct trail *trail_base(struct follow *f, struct bytes path)
{
	for (size_t i = 0; i < f->trail_n; i++)
		if (rotation_of(bytes_str(f->trails[i]->name), path))
			return f->trails[i];
	return NULL;
}

static struct file *told_file(struct follow *f, struct trail *t, const struct control *c, usec now)
{
	struct file *file = followed_new(f, t, c->fd, FILE_READ, now);
	struct statx x;

	file->dev = c->dev;
	file->ino = c->ino;
	if (!statx(c->fd, "", AT_EMPTY_PATH, STATX_SIZE | STATX_BTIME, &x)) {
		file->size = x.stx_size;
		if (x.stx_mask & STATX_BTIME)
			file->birth = x.stx_btime.tv_sec * 1000000000 + x.stx_btime.tv_nsec;
	}
	watch(f, file, c->watch);
	return file;
}

/* A copy is told from a file that nobody has read by what was read of its original: so that is
 * read first, as far as it goes. */
static void candidate_new(struct file *cand)
{
	cand->state = FILE_CANDIDATE;
	cand->trail->moved = true;
	for (struct file *x = cand->trail->oldest; x; x = x->newer)
		x->dirty |= x->state == FILE_READ && x->names;
}

static void told_name(struct follow *f, const struct control *c, usec now)
{
	struct file *file = file_open(f, c->dev, c->ino), *old;
	struct name *n = name_of(f, c->name);
	struct trail *base;

	old = n ? n->file : NULL;
	if (file) {
		close(c->fd);
		watch(f, file, c->watch);
		if (file != old)
			name_set(f, c->name, file, now);
		return;
	}
	file = told_file(f, trail_of(f, c->name), c, now);
	name_set(f, c->name, file, now);
	file->trail->moved = true; /* from now on the ledger knows what to look for */
	if (followed_recognise(f, file, c->name, now))
		return;
	base = trail_base(f, c->name);
	if (base && (f->started || base->known_n)) {
		file->rotated = true;
		followed_unlink(file);
		followed_link(base, file, NULL);
		candidate_new(file);
	} else if (old && old->deleted && old->trail == file->trail) {
		file->state = FILE_CANDIDATE;
		file->replaces = true;
	} else if (old && old->trail == file->trail) {
		if (!followed_edited(f, old, file))
			note_file(f, file->trail, "file-rotated", old->offset, NULL, 0);
	}
}

static void told_beside(struct follow *f, const struct control *c, usec now)
{
	struct trail *t = trail_find(f, c->base);
	struct file *file;

	/* Nobody has read it, and it is told before what bears the name now: with a trail that
	 * begins here its lines come first, and not never. */
	if (!t && c->type == CTL_ROTATED)
		t = trail_of(f, c->base);

	if (!t || file_open(f, c->dev, c->ino)) {
		close(c->fd);
		return;
	}
	file = told_file(f, t, c, now);
	file->left = now;
	file->rotated = c->type == CTL_ROTATED;
	if (followed_recognise(f, file, c->name, now))
		return;
	candidate_new(file);
	file->grown = now - USEC_PER_SEC; /* as a rule it has been there for a moment */
}

static void told_gone(struct follow *f, const struct control *c, usec now)
{
	struct name *n = name_of(f, c->name);
	struct file *file = n ? n->file : NULL;

	if (!n)
		return;
	free(n->path);
	*n = f->names[--f->name_n];
	name_lost(file, now);
	if (file && !file->names && file->deleted)
		note_file(f, file->trail, "file-removed", file->offset, NULL, 0);
}

void follow_told(struct follow *f, const struct control *c, usec now)
{
	if (c->type == CTL_FILE)
		told_name(f, c, now);
	else if (c->type == CTL_SIBLING || c->type == CTL_ROTATED)
		told_beside(f, c, now);
	else if (c->type == CTL_GONE)
		told_gone(f, c, now);
}

void follow_known(struct follow *f, struct bytes name, struct bytes position)
{
	struct trail *t = trail_of(f, name);
	struct position all[POSITION_FILES];
	size_t n;

	if (!position_decode(position, all, &n))
		return;
	memcpy(t->known, all, n * sizeof(all[0]));
	t->known_n = n;
}

void follow_start(struct follow *f, usec now)
{
	f->started = true;
	f->missing_at = now + MISSING_AFTER;
	follow_look(f, now);
}

void follow_end(struct follow *f)
{
	f->ending = true;
	for (size_t i = 0; i < f->trail_n; i++) {
		for (struct file *x = f->trails[i]->oldest; x; x = x->newer) {
			x->dirty |= x->state == FILE_GHOST;
			if (x->state == FILE_READ && x->left) {
				x->dirty = true;
				x->due = 0;
			}
		}
	}
}

/* -- time ------------------------------------------------------------------------------------ */

void follow_written(struct follow *f, int wd)
{
	if (wd < 0) { /* the queue of events has overflown */
		for (size_t i = 0; i < f->trail_n; i++)
			for (struct file *x = f->trails[i]->oldest; x; x = x->newer)
				x->dirty = true;
		return;
	}
	for (struct file *x = f->watched[(uint32_t)wd % WATCH_SLOTS]; x; x = x->next_watch)
		if (x->watch == wd)
			x->dirty = true;
}

/* Positions that no file was found for: what they stood for may be lost, and that is told once. */
static void missing(struct follow *f, usec now)
{
	if (f->missing_at == USEC_NONE || now < f->missing_at)
		return;
	f->missing_at = USEC_NONE;
	for (size_t i = 0; i < f->trail_n; i++) {
		struct trail *t = f->trails[i];

		for (size_t k = t->known_n; k-- > 0;) {
			struct position *p = &t->known[k];

			if (p->flags & POSITION_TRUNCATED) {
				trail_forget(t, k); /* its copy would have been found */
				continue;
			}
			if (p->flags & (POSITION_DONE | POSITION_MISSING))
				continue;
			note_file(f, t, "file-missing", p->offset, NULL, 0);
			p->flags |= POSITION_MISSING;
			t->moved = true;
		}
	}
}

/* Does a nameless file have its rest given, and end? */
static bool may_end(struct follow *f, struct trail *t, struct file *x, uint32_t left_n, usec now)
{
	usec quiet = now - (x->grown > x->left ? x->grown : x->left);

	if (x->erred && quiet >= f->limits->rotate_wait)
		return true;
	if (!x->caught_up)
		return false;
	if (x->ending || left_n > LEFT_FILES)
		return true;
	if (x->deleted)
		return quiet >= f->limits->deleted_wait;
	/* The last one that was renamed may go on for days: not every writer is told to reopen. */
	for (struct file *y = x->newer; y; y = y->newer)
		if (y->state == FILE_READ && y->left && !y->deleted)
			return quiet >= f->limits->rotate_wait;
	(void)t;
	return false;
}

static void trail_look(struct follow *f, struct trail *t, usec now)
{
	struct file *newer;
	uint32_t left_n = 0;

	for (struct file *x = t->oldest; x; x = x->newer)
		left_n += x->state == FILE_READ && x->left;
	for (struct file *x = t->oldest; x; x = newer) {
		newer = x->newer;
		x->dirty = true;
		if (x->state == FILE_GHOST) {
			if (now - x->since >= GHOST_WAIT && !x->held.len)
				ghost_drop(f, x, 0);
		} else if (x->state == FILE_READ && x->left && may_end(f, t, x, left_n, now)) {
			if (x->read_to > x->offset && !x->erred) {
				x->ending = true;
				x->due = now;
			} else {
				left_n--;
				followed_drop(f, x, true);
			}
		}
	}
}

void follow_look(struct follow *f, usec now)
{
	for (size_t i = 0; i < f->trail_n; i++)
		trail_look(f, f->trails[i], now);
	missing(f, now);
}

/* TURN_IDLE: on to the next file. TURN_MORE: it is read now, in its place, before those behind it.
 * TURN_FULL: those wait until more is known of this one. */
static int candidate_turn(struct follow *f, struct file *x, usec now)
{
	bool early = x->rotated && now - x->since < CANDIDATE_FIRST;

	if (x->state == FILE_CANDIDATE)
		candidate_try(f, x, now);
	if (x->state == FILE_READ)
		return TURN_MORE;
	if (x->state == FILE_OVER) {
		/* Nothing of it is to be read, at a later start neither. */
		followed_seek(x, &(struct position){ .offset = x->size });
		followed_drop(f, x, true);
	} else if (early)
		return TURN_FULL; /* its lines may be older than theirs */
	return TURN_IDLE;
}

static int trail_turn(struct follow *f, struct trail *t, usec now)
{
	int answer = TURN_IDLE, r;
	struct file *newer;

	for (struct file *x = t->oldest; x; x = newer) {
		newer = x->newer;
		if (x->state == FILE_CANDIDATE || x->state == FILE_OVER) {
			r = candidate_turn(f, x, now);
			if (r == TURN_MORE)
				return r;
			if (r == TURN_FULL)
				break;
			continue;
		}
		r = x->dirty || (x->due != USEC_NONE && x->due <= now) ? followed_turn(f, x, now)
								       : TURN_IDLE;
		if (r == TURN_FULL)
			return r;
		if (r == TURN_MORE)
			answer = r;
		/* The successor waits until this one is read: so the order stays. */
		if (x->state == FILE_READ && x->left && !x->caught_up && !x->erred)
			break;
	}
	if (t->moved && trail_push(f, t))
		return TURN_FULL;
	return answer;
}

int follow_turn(struct follow *f, usec now)
{
	int answer = TURN_IDLE;

	if (!f->started)
		return TURN_IDLE;
	if (notes_send(f))
		return TURN_FULL;
	for (size_t i = 0; i < f->trail_n; i++) {
		size_t k = (f->first + i) % f->trail_n;
		uint64_t given = push_given(f->push);
		int r = trail_turn(f, f->trails[k], now);

		if (r == TURN_FULL) { /* those have not had their turn */
			f->first = (k + (push_given(f->push) != given)) % f->trail_n;
			return r;
		}
		if (r == TURN_MORE)
			answer = r;
	}
	return f->note_n ? TURN_MORE : answer;
}

usec follow_due(const struct follow *f)
{
	usec due = f->note_n ? clock_mono() : f->missing_at;

	for (size_t i = 0; i < f->trail_n; i++) {
		for (const struct file *x = f->trails[i]->oldest; x; x = x->newer) {
			usec at = x->due;

			if (x->state == FILE_CANDIDATE)
				at = clock_mono() + USEC_PER_SEC / 20;
			if (at != USEC_NONE && (due == USEC_NONE || at < due))
				due = at;
		}
	}
	return due;
}
