/* SPDX-License-Identifier: Apache-2.0 */
/* names_in.h — what the files names*.c share; nobody else includes it. */
#pragma once
#include "intake/control.h"
#include "intake/names.h"
#include "intake/position.h"
#include <sys/stat.h>

/* An inode number is used again; with the time of birth it is not (0 where that is unknown). */
struct identity {
	uint64_t dev, ino;
	int64_t birth;
};

struct entry { /* a name that a pattern gave */
	char *path;
	struct entry *next; /* of the bucket */
	enum source_kind kind;
	struct identity id; /* the file it was last time */
	struct identity told; /* the file the intake was told of */
	int watch;
	bool seen; /* in this scan */
	bool refused; /* may not be opened: said once, tried again now and then */
};

struct sighting {
	struct identity id; /* first: it is searched for by this */
	uint8_t missed; /* so many looks did not find it: a rename may hide a name from one */
};

struct dir {
	char *path; /* ends in a slash */
	struct timespec mtime;
	bool listed, relist;
	struct sighting *seen; /* sorted: what needs no telling: it was there, or was told */
	size_t seen_n;
};

struct known {
	char *path;
	struct position at[POSITION_FILES];
	size_t n;
};

struct waiting { /* an event; its file is opened when it is sent */
	enum control_type type;
	char *path, *base;
	struct identity id;
};

#define BUCKETS 1024
#define RETIRED 1024
#define FORMER 256

struct names {
	struct pattern {
		enum source_kind kind;
		char *text;
	} * patterns;
	size_t pattern_n;
	struct entry *bucket[BUCKETS];
	uint32_t entry_n, max;
	bool cleared; /* no scan yet with the new patterns: a name may be gone for want of one */
	bool crowded; /* max was reached: said once */
	struct dir *dirs;
	size_t dir_n;
	struct known *known;
	size_t known_n;
	char *former[FORMER]; /* followed names that lead to no file now; the latest is last */
	size_t former_n;
	struct waiting *queue; /* first in, first out, from queue_at on */
	size_t queue_n, queue_at, queue_cap;
	struct identity retired[RETIRED]; /* told, and no name's file any more */
	size_t retired_n;
	struct {
		int watch;
		usec since;
	} old_watch[RETIRED]; /* of files without a name: taken away after a while */
	size_t old_watch_n;
	int dir_fd, data_fd; /* inotify: of the directories; of the files, for the intake */
	usec last, due, gap, retry;
	uint64_t scans;
	int64_t started; /* CLOCK_REALTIME, nanoseconds */
	int open_fd; /* of the event that names_next() lent */
};

static inline bool identity_same(const struct identity *a, const struct identity *b)
{
	return a->dev == b->dev && a->ino == b->ino && a->birth == b->birth;
}

/* names.c */
void names_push(struct names *n, enum control_type type, const char *path, const char *base,
		const struct identity *id);
bool names_is_told(const struct names *n, const struct identity *id);
struct entry *names_entry(struct names *n, const char *path);
void names_retire(struct names *n, const struct identity *id);

/* names_open.c */
bool identity_of(const char *path, bool follow, struct identity *ret, struct timespec *ret_mtime);
/* Opens a regular file for reading; symbolic links only as names.h says: -ELOOP otherwise.
 * -EINVAL: not a regular file. */
int names_open(const char *path, struct identity *ret_id, int *ret_fd);

/* names_dir.c */
struct dir *names_dir(struct names *n, const char *path); /* of a file's path; makes it */
void names_list(struct names *n, struct dir *d); /* tells of siblings, if something has changed */
