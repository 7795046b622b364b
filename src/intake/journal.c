/* SPDX-License-Identifier: Apache-2.0 */
/* libsystemd is given descriptors (it takes them, so copies), opens nothing and watches nothing: it
 * sees new entries through its maps of the files. The set is changed only when all entries of the
 * old one have been read, so that a file which is vacuumed away meanwhile costs none. */
#include "intake/journal.h"
#include "intake/journal_json.h"
#include "intake/note.h"
#include <fcntl.h>
#include <stdlib.h>
#include <systemd/sd-journal.h>
#include <unistd.h>

#define ENTRIES 256 /* a turn */
#define LOOK_EVERY (USEC_PER_SEC / 5)
#define RETRY_EVERY (5 * USEC_PER_SEC)
#define UNITS 2000 /* sources of the journal: identifiers are chosen by whoever logs */
#define POSITION_VERSION 1

struct jfile {
	char *path; /* NULL: has no name any more */
	int fd;
	uint64_t dev, ino;
};

struct journal {
	struct push *push;
	struct sources *sources;
	const struct intake_limits *limits;
	struct jfile *file;
	size_t file_n;
	bool changed; /* the set of files is not the one that is open */
	sd_journal *open;
	bool at_entry; /* the entry we stand at has not been read yet */
	bool waiting; /* an entry is made up already, and waits for the ring … */
	size_t sent; /* … but for so many of its bytes */
	bool erred; /* an error was noted, and nothing read since */
	struct buf cursor; /* of the last entry that was pushed */
	struct buf next_cursor; /* of the one in `json` */
	bool known; /* the cursor is the ledger's: what follows may be gone */
	struct speaker *keeper; /* the source that has the position */
	uint32_t units;
	struct journal_fields fields;
	struct buf json;
	usec due;
};

struct journal *journal_new(struct push *push, struct sources *sources,
			    const struct intake_limits *limits)
{
	struct journal *j = mem_new(1, sizeof(*j));

	j->push = push;
	j->sources = sources;
	j->limits = limits;
	j->due = USEC_NONE;
	return j;
}

struct journal *journal_free(struct journal *j)
{
	if (!j)
		return NULL;
	sd_journal_close(j->open);
	for (size_t i = 0; i < j->file_n; i++) {
		close(j->file[i].fd);
		free(j->file[i].path);
	}
	free(j->file);
	journal_fields_done(&j->fields);
	buf_done(&j->json);
	buf_done(&j->cursor);
	buf_done(&j->next_cursor);
	free(j);
	return NULL;
}

void journal_known(struct journal *j, struct bytes name, struct bytes position)
{
	if (!bytes_eq(name, BYTES("journal")) || position.len < 2 || position.len > 1024 ||
	    position.at[0] != POSITION_VERSION || bytes_chr(position, 0) != BYTES_NONE)
		return;
	buf_clear(&j->cursor);
	buf_bytes(&j->cursor, bytes_from(position, 1));
	j->known = true;
}

static struct jfile *file_of(struct journal *j, uint64_t dev, uint64_t ino)
{
	for (size_t i = 0; i < j->file_n; i++)
		if (j->file[i].dev == dev && j->file[i].ino == ino)
			return &j->file[i];
	return NULL;
}

static void lose_name(struct journal *j, struct bytes path)
{
	for (size_t i = 0; i < j->file_n; i++) {
		struct jfile *x = &j->file[i];

		if (x->path && bytes_eq(bytes_str(x->path), path)) {
			free(x->path);
			x->path = NULL;
			j->changed = true;
		}
	}
}

/* An archived file (its name has an '@') that goes was vacuumed: by journald, for want of room, or
 * by somebody. What was in it has been read. */
static void note_removed(struct journal *j, struct bytes path)
{
	struct buf b;

	if (bytes_chr(path, '@') == BYTES_NONE)
		return;
	b = note_of("journal-removed");
	note_text(&b, "path", path);
	note_send(&b, j->push, 0);
}

void journal_told(struct journal *j, const struct control *c)
{
	struct jfile *x;

	if (c->type == CTL_JOURNAL_GONE) {
		note_removed(j, c->name);
		lose_name(j, c->name);
		return;
	}
	if (c->type != CTL_JOURNAL)
		return;
	x = file_of(j, c->dev, c->ino);
	if (x && x->path && bytes_eq(bytes_str(x->path), c->name)) {
		close(c->fd);
		return;
	}
	lose_name(j, c->name);
	if (x) {
		close(c->fd); /* renamed: that is how the journal archives a file */
	} else {
		j->file = mem_must(realloc(j->file, (j->file_n + 1) * sizeof(*j->file)));
		x = &j->file[j->file_n++];
		*x = (struct jfile){ .fd = c->fd, .dev = c->dev, .ino = c->ino };
		j->changed = true;
	}
	free(x->path);
	x->path = mem_must(strndup((const char *)c->name.at, c->name.len));
	if (j->due == USEC_NONE)
		j->due = 0;
}

static void forget_nameless(struct journal *j)
{
	size_t kept = 0;

	for (size_t i = 0; i < j->file_n; i++) {
		if (j->file[i].path)
			j->file[kept++] = j->file[i];
		else
			close(j->file[i].fd);
	}
	j->file_n = kept;
}

static int note_error(struct journal *j, int r)
{
	struct buf b = note_of("journal-error");

	note_text(&b, "error", bytes_str(strerror(-r)));
	return note_send(&b, j->push, 0);
}

/* A part of a cursor ("s=…;i=1a;b=…;m=…;t=…;x=…", sd_journal_get_cursor(3)). */
static struct bytes cursor_part(struct bytes cursor, char name)
{
	while (cursor.len) {
		size_t end = bytes_chr(cursor, ';');

		if (cursor.len > 2 && cursor.at[0] == (uint8_t)name && cursor.at[1] == '=')
			return bytes_sub(bytes_sub(cursor, 0, end), 2, SIZE_MAX);
		cursor =
			end == BYTES_NONE ? (struct bytes){ NULL, 0 } : bytes_from(cursor, end + 1);
	}
	return cursor;
}

static uint64_t cursor_number(struct bytes cursor, char name)
{
	struct bytes hex = cursor_part(cursor, name);
	uint64_t n = 0;

	for (size_t i = 0; i < hex.len && i < 16; i++)
		n = n << 4 | (uint64_t)(hex_digit(hex.at[i]) & 15);
	return n;
}

/* Numbers and times of the entries that are gone: between the last one that was read and the first
 * that is there. They are numbered without gaps where both are of one series. */
static void note_gap(struct journal *j)
{
	struct bytes from = buf_view(&j->cursor), to;
	struct buf b = note_of("journal-gap");
	char *text = NULL;

	buf_str(&b, ",\"oldest\":\"");
	buf_time(&b, (usec)cursor_number(from, 't'));
	buf_u8(&b, '"');
	if (j->at_entry && sd_journal_get_cursor(j->open, &text) >= 0) {
		uint64_t a = cursor_number(from, 'i'), z;

		to = bytes_str(text);
		z = cursor_number(to, 'i');
		buf_str(&b, ",\"newest\":\"");
		buf_time(&b, (usec)cursor_number(to, 't'));
		buf_u8(&b, '"');
		if (bytes_eq(cursor_part(from, 's'), cursor_part(to, 's')) && z > a + 1)
			note_number(&b, "count", z - a - 1);
		free(text);
	}
	count_add(&j->push->counts->journal_gaps, 1);
	note_send(&b, j->push, j->keeper->handle);
}

/* Goes to where reading goes on: behind the cursor. */
static int seek(struct journal *j)
{
	int r;

	if (!j->cursor.len)
		return sd_journal_seek_head(j->open);
	r = sd_journal_seek_cursor(j->open, buf_cstr(&j->cursor));
	if (r >= 0)
		r = sd_journal_next(j->open);
	if (r < 0)
		return r;
	if (r && sd_journal_test_cursor(j->open, buf_cstr(&j->cursor)) > 0) {
		j->known = false;
		return 0;
	}
	j->at_entry = r > 0;
	/* While we ran, all of a file was read before it was let go: no gap then. */
	if (j->known)
		note_gap(j);
	j->known = false;
	return 0;
}

static int open_set(struct journal *j)
{
	int *fds;
	int r;

	sd_journal_close(j->open);
	j->open = NULL;
	j->at_entry = false;
	forget_nameless(j);
	j->changed = false;
	if (!j->file_n)
		return 0;
	fds = mem_new(j->file_n, sizeof(*fds));
	for (size_t i = 0; i < j->file_n; i++)
		fds[i] = fcntl(j->file[i].fd, F_DUPFD_CLOEXEC, 3);
	r = sd_journal_open_files_fd(&j->open, fds, (unsigned)j->file_n, 0);
	if (r < 0) {
		for (size_t i = 0; i < j->file_n; i++)
			if (fds[i] >= 0)
				close(fds[i]);
		j->open = NULL;
	}
	free(fds);
	if (r < 0)
		return r;
	sd_journal_set_data_threshold(j->open, RECORD_MAX);
	return seek(j);
}

/* The unit, if it is one that stays; a session's scope is another one each time. */
static struct bytes speaker_name(const struct journal_fields *f)
{
	struct bytes unit = journal_field(f, "_SYSTEMD_UNIT");
	struct bytes id = journal_field(f, "SYSLOG_IDENTIFIER");

	if (bytes_ends(unit, BYTES(".service")) && !bytes_starts(unit, BYTES("run-")) &&
	    !bytes_starts(unit, BYTES("user@")) && unit.len <= 255)
		return unit;
	if (id.len && id.len <= 64)
		return id;
	unit = journal_field(f, "_TRANSPORT");
	return unit.len && unit.len <= 64 ? unit : BYTES("unknown");
}

/* Makes up the entry we stand at. */
static int read_entry(struct journal *j)
{
	uint64_t realtime = 0, monotonic = 0;
	char *cursor = NULL;
	const void *data;
	sd_id128_t boot;
	size_t len;
	int r;

	journal_fields_clear(&j->fields);
	buf_clear(&j->json);
	r = sd_journal_get_realtime_usec(j->open, &realtime);
	if (r >= 0)
		r = sd_journal_get_cursor(j->open, &cursor);
	if (r < 0)
		return r;
	buf_clear(&j->next_cursor);
	buf_str(&j->next_cursor, cursor);
	free(cursor);
	sd_journal_get_monotonic_usec(j->open, &monotonic, &boot);
	sd_journal_restart_data(j->open);
	while ((r = sd_journal_enumerate_available_data(j->open, &data, &len)) > 0)
		journal_fields_add(&j->fields, bytes_of(data, len));
	journal_json(&j->json, &j->fields, realtime, monotonic);
	return r;
}

static void end_message(struct journal *j)
{
	struct buf b = { 0 };

	if (!j->push->at)
		return;
	buf_u8(&b, POSITION_VERSION);
	buf_bytes(&b, buf_view(&j->cursor));
	push_end(j->push, buf_view(&b));
	buf_done(&b);
}

static int speaker_of(struct journal *j, struct speaker **ret)
{
	struct bytes name = speaker_name(&j->fields);
	int r;

	*ret = sources_find(j->sources, SOURCE_JOURNAL, name);
	if (*ret)
		return 0;
	if (j->units >= UNITS) {
		name = BYTES("overflow");
		*ret = sources_find(j->sources, SOURCE_JOURNAL, name);
		if (*ret)
			return 0;
	}
	end_message(j); /* a source cannot be defined within a message */
	r = sources_named(j->sources, SOURCE_JOURNAL, name, ret);
	j->units += !r;
	return r;
}

/* Room in the message for the whole entry, if one message can hold it: so the position after it
 * never stands between its pieces. */
static int entry_room(struct journal *j, size_t len, size_t pieces)
{
	size_t need = len + pieces * BATCH_HEAD, most = ring_size(j->push->ring) / 4;

	if (need > most)
		need = j->limits->record_limit + BATCH_HEAD;
	if (j->push->at && j->push->cap - j->push->used >= need)
		return 0;
	end_message(j);
	return push_begin(j->push, j->keeper->handle, need);
}

/* Pushes the entry that was made up; one longer than the limit in pieces. */
static int push_entry(struct journal *j)
{
	size_t limit = j->limits->record_limit;
	struct speaker *sp;
	int r = speaker_of(j, &sp);

	if (r)
		return r;
	r = entry_room(j, j->json.len - j->sent, (j->json.len - j->sent) / limit + 1);
	while (!r) {
		bool last = j->json.len - j->sent <= limit;
		struct bytes raw = bytes_sub(buf_view(&j->json), j->sent, limit);

		r = push_record(j->push, sp->handle, sp->row,
				(last ? END_FRAME : END_CUT) | (j->sent ? RECORD_CONT : 0), raw);
		if (r == PUSH_SPLIT) {
			r = entry_room(j, raw.len, 1);
			continue;
		}
		if (r)
			break;
		j->sent += raw.len;
		if (last)
			break;
	}
	if (r)
		return r;
	j->sent = 0;
	j->erred = false;
	buf_clear(&j->cursor);
	buf_bytes(&j->cursor, buf_view(&j->next_cursor));
	count_add(&j->push->counts->journal_entries, 1);
	return 0;
}

static int trouble(struct journal *j, int r, usec now)
{
	end_message(j);
	if (!j->erred)
		note_error(j, r);
	j->erred = true;
	sd_journal_close(j->open);
	j->open = NULL;
	j->changed = true;
	j->due = now + RETRY_EVERY;
	return TURN_IDLE;
}

/* All entries of the open set have been read. */
static int at_end(struct journal *j, usec now)
{
	end_message(j);
	if (j->changed) {
		int r = open_set(j);

		if (r < 0)
			return trouble(j, r, now);
		j->due = now;
		return j->open ? TURN_MORE : TURN_IDLE;
	}
	j->due = now + LOOK_EVERY;
	return TURN_IDLE;
}

int journal_turn(struct journal *j, usec now)
{
	int r;

	if (j->due == USEC_NONE || now < j->due)
		return TURN_IDLE;
	if (!j->keeper && sources_named(j->sources, SOURCE_JOURNAL, BYTES("journal"), &j->keeper))
		return TURN_FULL;
	if (!j->open)
		return j->file_n ? at_end(j, now) : (j->due = USEC_NONE, TURN_IDLE);
	push_now(j->push);
	for (int i = 0; i < ENTRIES; i++) {
		if (!j->waiting) {
			r = j->at_entry ? 1 : sd_journal_next(j->open);
			j->at_entry = false;
			if (r < 0)
				return trouble(j, r, now);
			if (!r)
				return at_end(j, now);
			r = read_entry(j);
			if (r < 0 && !j->next_cursor.len)
				return trouble(j, r, now);
		}
		j->waiting = true;
		if (push_entry(j)) {
			end_message(j);
			return TURN_FULL;
		}
		j->waiting = false;
	}
	end_message(j);
	return TURN_MORE;
}

usec journal_due(const struct journal *j)
{
	return j->due;
}
