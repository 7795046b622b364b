/* SPDX-License-Identifier: Apache-2.0 */
/* A file is read whole when it is told, when something was written to it, and whenever its stat
 * differs from the last one (a look every two seconds: writes through a mapping tell nobody). What
 * was found goes out as notes, and as the position of the file, in one message each: a crash in
 * between tells a change twice rather than never. */
#include "intake/configs.h"
#include "base/io.h"
#include "base/sha256.h"
#include "intake/control.h"
#include "intake/note.h"
#include "intake/sources.h"
#include "watch/settings.h"
#include <poll.h>
#include <stdlib.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#define HELD_FILES 16384 /* log files that something was told of */
#define FILE_BYTES ((size_t)4 << 20)
#define LOOK_EVERY (2 * USEC_PER_SEC)
#define SETTLE (USEC_PER_SEC / 5) /* an editor writes in pieces */
#define STEP_LEAST (USEC_PER_SEC) /* clocks are slewed by less between two looks */
#define DRAIN (3 * USEC_PER_SEC)
#define POSITION_SETTINGS 3500u

struct config_file {
	struct bytes path; /* owned */
	int fd, watch;
	struct speaker *speaker;
	struct stat seen; /* when it was read last */
	bool unwatched; /* it was told that it names a file that is not watched */
	bool known, moved; /* a fingerprint is there; another file bears the name */
	usec due; /* read it then; USEC_NONE: nothing to do */
	uint8_t sha[SHA256_LEN];
	struct settings settings;
};

struct configs {
	struct push push;
	struct counts *own_counts;
	struct sources *sources;
	struct config_file *file;
	size_t n;
	struct buf scratch, text;
	struct settings fresh;
	int watch_fd;
	bool stop, started;
	usec now, looked;
	usec offset; /* CLOCK_REALTIME less CLOCK_BOOTTIME */
};

static struct config_file *file_of(struct configs *c, struct bytes path, bool make);

/* ---- what is sent; a full ring is waited for ---- */

static void wait_room(struct configs *c)
{
	if (push_will_wait(&c->push, true)) {
		struct pollfd p = { .fd = ring_space_fd(c->push.ring), .events = POLLIN };

		poll(&p, 1, 100);
	}
	push_woken(&c->push);
}

static void send_note(struct configs *c, const struct config_file *f, struct buf *b)
{
	buf_u8(b, '}');
	push_now(&c->push);
	while (push_note(&c->push, f && f->speaker ? f->speaker->handle : 0, buf_view(b)) ==
	       PUSH_FULL)
		wait_room(c);
	buf_done(b);
}

static struct buf begin_note(const struct config_file *f, const char *event)
{
	struct buf b = note_of(event);

	note_text(&b, "path", f->path);
	return b;
}

static void put_sha(struct buf *b, const struct config_file *f)
{
	buf_str(b, ",\"sha256\":\"");
	hex_encode(b, bytes_of(f->sha, sizeof(f->sha)));
	buf_u8(b, '"');
}

struct telling {
	struct configs *c;
	const struct config_file *file;
	const char *event;
	unsigned told;
};

static bool tell_setting(void *ctx, struct bytes key, struct bytes before, struct bytes after)
{
	struct telling *t = ctx;
	struct buf b = begin_note(t->file, t->event);

	put_sha(&b, t->file);
	note_text(&b, "key", key);
	note_text(&b, "old", before);
	note_text(&b, "new", after);
	buf_str(&b, ",\"logging\":true");
	send_note(t->c, t->file, &b);
	return ++t->told < 64;
}

static void save_position(struct configs *c, struct config_file *f)
{
	struct buf b = { 0 };

	buf_u8(&b, 1);
	buf_u64le(&b, f->seen.st_dev);
	buf_u64le(&b, f->seen.st_ino);
	buf_add(&b, f->sha, sizeof(f->sha));
	settings_pack(&f->settings, POSITION_SETTINGS, &b);
	while (push_position(&c->push, f->speaker->handle, buf_view(&b)) == PUSH_FULL)
		wait_room(c);
	buf_done(&b);
}

static void tell_first(struct configs *c, struct config_file *f)
{
	struct buf b = begin_note(f, "config-seen");

	put_sha(&b, f);
	note_number(&b, "settings", f->settings.n);
	send_note(c, f, &b);
}

static void tell_change(struct configs *c, struct config_file *f, const struct settings *before)
{
	struct telling t = { c, f, f->moved ? "config-replaced" : "config-changed", 0 };

	settings_diff(before, &f->settings, tell_setting, &t);
	if (!t.told) {
		struct buf b = begin_note(f, t.event);

		put_sha(&b, f);
		send_note(c, f, &b);
	}
}

/* ---- looking ---- */

static int read_whole(struct configs *c, const struct config_file *f)
{
	ssize_t n;

	buf_clear(&c->text);
	n = io_pread(f->fd, buf_reserve(&c->text, FILE_BYTES), FILE_BYTES, 0);
	if (n < 0)
		return (int)n;
	c->text.len = (size_t)n;
	return 0;
}

static void fingerprint(struct configs *c, struct config_file *f)
{
	struct settings before = f->settings;
	struct hash256 sha;

	sha256(buf_view(&c->text), &sha);
	if (f->known && !memcmp(&sha, f->sha, sizeof(f->sha))) {
		f->moved = false;
		return;
	}
	f->settings = c->fresh; /* its room is used again */
	settings_read(&f->settings, f->path, buf_view(&c->text));
	memcpy(f->sha, &sha, sizeof(f->sha));
	if (f->known)
		tell_change(c, f, &before);
	else
		tell_first(c, f);
	c->fresh = before;
	f->known = true;
	f->moved = false;
	save_position(c, f);
}

static void tell_mode(struct configs *c, struct config_file *f, const struct stat *now)
{
	struct buf b = begin_note(f, "config-mode");

	buf_printf(&b, ",\"old\":\"%04o %u:%u\",\"new\":\"%04o %u:%u\"", f->seen.st_mode & 07777,
		   f->seen.st_uid, f->seen.st_gid, now->st_mode & 07777, now->st_uid, now->st_gid);
	send_note(c, f, &b);
}

static void look_at(struct configs *c, struct config_file *f)
{
	struct stat st;

	f->due = USEC_NONE;
	if (f->fd < 0 || fstat(f->fd, &st) < 0)
		return;
	if (f->seen.st_mode && f->seen.st_ino == st.st_ino &&
	    (f->seen.st_mode != st.st_mode || f->seen.st_uid != st.st_uid ||
	     f->seen.st_gid != st.st_gid))
		tell_mode(c, f, &st);
	f->seen = st;
	if (read_whole(c, f) == 0)
		fingerprint(c, f);
}

static bool differs(const struct config_file *f)
{
	struct stat st;

	return f->fd >= 0 && fstat(f->fd, &st) == 0 &&
	       (st.st_size != f->seen.st_size || st.st_mtim.tv_sec != f->seen.st_mtim.tv_sec ||
		st.st_mtim.tv_nsec != f->seen.st_mtim.tv_nsec ||
		st.st_ctim.tv_sec != f->seen.st_ctim.tv_sec ||
		st.st_ctim.tv_nsec != f->seen.st_ctim.tv_nsec);
}

/* Our own clock, set by somebody: the two clocks part. */
static void look_at_clock(struct configs *c)
{
	usec offset = clock_real() - clock_boot(), by = offset - c->offset;
	struct buf b;

	if (by > -STEP_LEAST && by < STEP_LEAST) {
		c->offset = offset; /* slewed */
		return;
	}
	b = note_of("clock-stepped");
	buf_printf(&b, ",\"microseconds\":%lld", (long long)by);
	send_note(c, NULL, &b);
	c->offset = offset;
}

/* The file that decides over a service's logging is named by a file that is watched: it should be
 * watched itself. */
static void look_at_named(struct configs *c, struct config_file *f)
{
	for (size_t i = 0; !f->unwatched && f->fd >= 0 && i < f->settings.n; i++) {
		const struct setting *s = &f->settings.at[i];
		struct buf b;

		if (!(bytes_ends(s->key, BYTES(".log_config_append")) ||
		      bytes_ends(s->key, BYTES(".log_config"))) ||
		    !s->value.len || s->value.at[0] != '/' || file_of(c, s->value, false))
			continue;
		f->unwatched = true;
		b = begin_note(f, "config-unwatched");
		note_text(&b, "names", s->value);
		send_note(c, f, &b);
	}
}

static void look(struct configs *c)
{
	bool all = c->now - c->looked >= LOOK_EVERY;

	for (size_t i = 0; i < c->n; i++) {
		struct config_file *f = &c->file[i];

		if (all && f->due == USEC_NONE && differs(f))
			f->due = c->now;
		if (f->due != USEC_NONE && c->now >= f->due)
			look_at(c, f);
	}
	if (!all)
		return;
	for (size_t i = 0; c->looked && i < c->n; i++)
		look_at_named(c, &c->file[i]);
	c->looked = c->now;
	look_at_clock(c);
	push_flush(&c->push);
}

/* ---- what is told ---- */

static struct config_file *file_of(struct configs *c, struct bytes path, bool make)
{
	struct config_file *f;

	for (size_t i = 0; i < c->n; i++)
		if (bytes_eq(c->file[i].path, path))
			return &c->file[i];
	if (!make || c->n == CONFIG_FILES)
		return NULL;
	f = &c->file[c->n++];
	*f = (struct config_file){ .fd = -1, .watch = -1, .due = USEC_NONE };
	f->path = bytes_of(memcpy(mem_new(path.len + 1, 1), path.at, path.len), path.len);
	while (sources_named(c->sources, SOURCE_CONFIG, f->path, &f->speaker) == PUSH_FULL)
		wait_room(c);
	return f;
}

static void take_position(struct configs *c, const struct control *m)
{
	struct config_file *f = file_of(c, m->name, true);
	struct cursor at = cursor_of(m->position);
	struct bytes sha;

	if (!f || cur_u8(&at) != 1)
		return;
	f->seen.st_dev = cur_u64le(&at);
	f->seen.st_ino = cur_u64le(&at);
	sha = cur_take(&at, SHA256_LEN);
	if (at.bad || !settings_unpack(&f->settings, cur_rest(&at)))
		return;
	memcpy(f->sha, sha.at, sizeof(f->sha));
	f->known = true;
}

static void take_file(struct configs *c, const struct control *m)
{
	struct config_file *f = file_of(c, m->name, true);

	if (!f) {
		close(m->fd);
		return;
	}
	if (f->fd >= 0)
		close(f->fd);
	f->fd = m->fd;
	f->watch = m->watch;
	f->moved = f->known && f->seen.st_ino && f->seen.st_ino != m->ino;
	f->due = c->now + (c->started ? SETTLE : 0);
}

static void take_gone(struct configs *c, const struct control *m)
{
	struct config_file *f = file_of(c, m->name, false);
	struct buf b;

	if (!f || f->fd < 0)
		return;
	close(f->fd);
	f->fd = -1;
	b = begin_note(f, "config-removed");
	send_note(c, f, &b);
}

/* What the supervisor has seen of a log file; sources beyond the limit share one. */
static void take_note(struct configs *c, const struct control *m)
{
	struct speaker *sp;

	while (sources_named(c->sources, SOURCE_FILE, m->name, &sp) == PUSH_FULL)
		wait_room(c);
	push_now(&c->push);
	while (push_note(&c->push, sp->handle, m->position) == PUSH_FULL)
		wait_room(c);
}

static void told(struct configs *c, const struct control *m)
{
	switch (m->type) {
	case CTL_POSITION:
		if (m->kind == SOURCE_CONFIG)
			take_position(c, m);
		break;
	case CTL_FILE:
		take_file(c, m);
		break;
	case CTL_GONE:
		take_gone(c, m);
		break;
	case CTL_NOTE:
		take_note(c, m);
		break;
	case CTL_START:
		c->started = true;
		c->looked = 0;
		break;
	case CTL_STOP:
		c->stop = true;
		break;
	default:
		if (m->fd >= 0)
			close(m->fd);
	}
}

static int hear(struct configs *c, int control_fd)
{
	struct control m;
	int r;

	while (!c->stop && (r = control_receive(control_fd, &c->scratch, &m)) != CONTROL_NONE) {
		if (r < 0)
			return r;
		if (r == CONTROL_CLOSED)
			c->stop = true;
		else if (r == 0)
			told(c, &m);
	}
	return 0;
}

static void written(struct configs *c)
{
	_Alignas(struct inotify_event) char room[16384];
	ssize_t n;

	while ((n = read(c->watch_fd, room, sizeof(room))) > 0) {
		for (ssize_t at = 0; at + (ssize_t)sizeof(struct inotify_event) <= n;) {
			struct inotify_event e;

			memcpy(&e, room + at, sizeof(e));
			for (size_t i = 0; i < c->n; i++)
				if (c->file[i].watch == e.wd || (e.mask & IN_Q_OVERFLOW))
					c->file[i].due = c->now + SETTLE;
			at += (ssize_t)(sizeof(e) + e.len);
		}
	}
}

static int wait_ms(const struct configs *c)
{
	usec until = c->looked + LOOK_EVERY;

	for (size_t i = 0; i < c->n; i++)
		if (c->file[i].due != USEC_NONE && c->file[i].due < until)
			until = c->file[i].due;
	return until <= c->now ? 0 : (int)((until - c->now) / 1000) + 1;
}

static void drain(struct configs *c)
{
	usec end = clock_mono() + DRAIN;
	uint64_t last;

	push_flush(&c->push);
	last = ring_pushed(c->push.ring);
	while (ring_released(c->push.ring) < last && clock_mono() < end) {
		if (ring_will_wait_durable(c->push.ring, last)) {
			struct pollfd p = { .fd = ring_space_fd(c->push.ring), .events = POLLIN };

			poll(&p, 1, 100);
		}
		push_woken(&c->push);
	}
}

static void done(struct configs *c)
{
	for (size_t i = 0; i < c->n; i++) {
		if (c->file[i].fd >= 0)
			close(c->file[i].fd);
		free((void *)(uintptr_t)c->file[i].path.at);
		settings_done(&c->file[i].settings);
	}
	free(c->file);
	settings_done(&c->fresh);
	sources_free(c->sources);
	counts_free(c->own_counts);
	buf_done(&c->scratch);
	buf_done(&c->text);
}

int configs_run(const struct configs_config *k, struct ring *ring, int control_fd)
{
	struct configs c = { .watch_fd = k->watch_fd };
	int r = 0;

	ring_rewind(ring);
	c.own_counts = k->counts ? NULL : counts_new();
	push_init(&c.push, ring, k->counts ? k->counts : c.own_counts);
	c.sources = sources_new(&c.push, k->host, 0, 0, CONFIG_FILES + HELD_FILES);
	c.file = mem_new(CONFIG_FILES, sizeof(*c.file));
	c.offset = clock_real() - clock_boot();
	while (r == 0 && !c.stop) {
		struct pollfd p[3] = { { .fd = control_fd, .events = POLLIN },
				       { .fd = k->watch_fd, .events = POLLIN },
				       { .fd = ring_space_fd(ring), .events = POLLIN } };

		c.now = clock_mono();
		r = hear(&c, control_fd);
		if (r < 0 || c.stop)
			break;
		if (c.started) {
			written(&c);
			look(&c);
		}
		push_flush(&c.push);
		poll(p, 2, c.started ? wait_ms(&c) : 100);
		push_woken(&c.push);
	}
	drain(&c);
	done(&c);
	return r;
}
