/* SPDX-License-Identifier: Apache-2.0 */
/* follow_in.h — what the files follow*.c share; nobody else includes it.
 *
 * trail: a source, by the name its first file had. files: all that are open for it, oldest first.
 *   FILE_READ       is read from `offset` on
 *   FILE_GHOST      has no descriptor: what was read of a file before it was truncated; it gives
 *                   what it holds, and waits for a copy that goes on where it stopped
 *   FILE_CANDIDATE  may be such a copy, or a file nobody has read: not decided yet
 *   FILE_OVER       was a candidate and is not needed: dropped when its turn comes */
#pragma once
#include "intake/follow.h"
#include "intake/lines.h"
#include "intake/note.h"
#include "intake/position.h"
#include <sys/stat.h>

enum file_state { FILE_READ, FILE_GHOST, FILE_CANDIDATE, FILE_OVER };

struct file {
	enum file_state state;
	int fd;
	int watch;
	uint64_t dev, ino;
	int64_t birth; /* of the inode, nanoseconds since 1970; 0: unknown */
	struct trail *trail;
	struct file *older, *newer; /* of the trail */
	struct file *next_watch;
	uint32_t names; /* how many names lead to it now */

	uint64_t offset; /* all before it has been pushed */
	struct lines lines;
	uint8_t head[POSITION_HEAD]; /* the first bytes before offset */
	uint8_t tail[POSITION_TAIL]; /* the last ones */
	uint16_t head_len;
	uint8_t tail_len;
	struct buf held; /* what was read behind offset and waits for its end */

	uint64_t size; /* as last seen */
	uint64_t read_to; /* size when last read to the end */
	struct timespec mtime;
	usec grown; /* since when the size is what it is */
	usec since; /* of its state; CANDIDATE and GHOST do not stay for ever */
	usec left; /* since when it has no name; 0: it has one */
	usec due; /* timed work; USEC_NONE: none */
	bool deleted; /* no link is left */
	bool dirty; /* something may have happened */
	bool caught_up; /* was read to its end since it lost its name */
	bool ending; /* nothing comes any more: give all, then let go */
	bool replaces; /* CANDIDATE: took the name of a file that was deleted */
	bool rotated; /* CANDIDATE: if it is no copy, it has to be read from 0 */
	bool restarted; /* begins at 0 after a truncation: may begin with a hole */
	bool erred; /* an error was noted */
	uint32_t mode, uid, gid; /* as last seen; mode 0: not yet (a file has a type) */
	bool full; /* disk-full was noted */
	usec room_at; /* the file system is asked again */
};

struct trail {
	char *name;
	struct speaker *speaker; /* NULL until the keeper could be told */
	struct file *oldest, *newest;
	uint32_t file_n;
	struct position known[POSITION_FILES]; /* of files that are not open; oldest first */
	size_t known_n;
	bool moved; /* positions have changed without a record */
};

struct told {
	struct trail *trail;
	struct buf json;
};

struct name {
	char *path;
	struct file *file;
};

#define WATCH_SLOTS 1024

struct follow {
	struct push *push;
	struct sources *sources;
	const struct intake_limits *limits;
	struct lines_limits lines;
	struct trail **trails;
	struct name *names;
	size_t trail_n, trail_cap, name_n, name_cap;
	size_t first; /* trail of the next turn */
	uint32_t file_n;
	struct file *watched[WATCH_SLOTS]; /* by watch descriptor, chained */
	bool started;
	bool ending; /* what waits is given: nothing follows */
	usec missing_at; /* when positions without a file are noted; USEC_NONE: done */
	struct told *notes; /* wait for room in the ring, first in, first out */
	size_t note_n;
	uint64_t notes_lost; /* somebody truncates in a loop: counted */
	uint8_t *view;
	size_t view_cap;
	struct buf blob;
};

#define VIEW_LEAST (256u << 10) /* bytes read at once */
#define HELD_MOST (64u << 10)
#define LEFT_FILES 16 /* nameless files of a trail: beyond, the oldest that is read is let go */
#define GHOST_GIVE (2 * USEC_PER_SEC) /* a copy is there before its original is cut */
#define GHOST_WAIT (60 * USEC_PER_SEC) /* … but who tells of it may be slow */
#define CANDIDATE_FIRST (USEC_PER_SEC)
#define CANDIDATE_WAIT (30 * USEC_PER_SEC)
#define NOTES_MOST 256

/* follow.c */
struct trail *trail_of(struct follow *f, struct bytes name);
struct file *followed_new(struct follow *f, struct trail *t, int fd, enum file_state state,
			  usec now);
/* remember: it may be met again, so its position is kept. */
void followed_drop(struct follow *f, struct file *file, bool remember);
void trail_forget(struct trail *t, size_t i); /* known[i] */
void trail_remember(struct trail *t, const struct position *p);
void followed_link(struct trail *t, struct file *file, struct file *before); /* NULL: as newest */
void followed_unlink(struct file *file);
/* Queues it: a note goes out before the records that follow. key NULL: none. */
void note_file(struct follow *f, struct trail *t, const char *event, uint64_t position,
	       const char *key, uint64_t value);

/* follow_read.c */
int followed_turn(struct follow *f, struct file *file, usec now);
void followed_position(const struct file *file, struct position *ret);
int followed_seek(struct file *file, const struct position *p); /* 0 or -errno */
int trail_push(struct follow *f, struct trail *t); /* its positions alone; 0 or PUSH_FULL */
bool trail_speaks(struct follow *f, struct trail *t); /* false: the ring is full */

/* follow_watch.c: what may keep a writer from writing. */
void followed_mode(struct follow *f, struct file *file, const struct stat *st);
void followed_room(struct follow *f, struct file *file, usec now);
/* Is the new file an edited copy of what was read of the old one? Notes it. True: it is. */
bool followed_edited(struct follow *f, struct file *old, struct file *fresh);
/* The same of a file that was cut to nothing and holds something again: `ghost` knows its head. */
bool followed_rewritten(struct follow *f, const struct file *ghost, const struct file *file);

/* follow_change.c */
void ghost_drop(struct follow *f, struct file *ghost, uint64_t copied);
void followed_truncated(struct follow *f, struct file *file, uint64_t size, usec now);
void candidate_try(struct follow *f, struct file *cand, usec now);
/* Whose file is it? Sets its trail and offset from what is known. False: nobody's. */
bool followed_recognise(struct follow *f, struct file *file, struct bytes path, usec now);
