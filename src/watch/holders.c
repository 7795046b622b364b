/* SPDX-License-Identifier: Apache-2.0 */
/* A look at all processes of a large host is some hundred thousand calls; so it is made in slices,
 * and the processes that are known to hold a file are looked at in between, which is cheap. */
#include "watch/holders.h"
#include "base/io.h"
#include "base/text.h"
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define SLICE 64 /* processes */
#define SLICE_PAUSE (USEC_PER_SEC / 50)
#define STATES_EVERY USEC_PER_SEC
#define DESCRIPTORS 4096 /* of one process */
#define NOTES 256
#define SEEN_LOOKS 2 /* of a process that is only passing by nothing is told */
#define GONE_LOOKS 2

struct held {
	char *path;
	uint64_t dev, ino;
	pid_t pid, found; /* who holds it; found in this look */
	uint64_t start; /* of pid: numbers of processes are used again */
	char name[32];
	unsigned seen, missed; /* looks in which it did, nobody did */
	bool stopped, gone; /* as told */
	bool listed;
};

struct told {
	char *path;
	struct buf json;
};

struct holders {
	struct held *at;
	size_t n, cap;
	size_t sorted; /* so many are in the order of their inodes */
	DIR *proc; /* NULL: between two looks */
	usec next, states_at;
	struct told notes[NOTES];
	size_t note_n;
};

struct holders *holders_new(void)
{
	return mem_new(1, sizeof(struct holders));
}

static void notes_clear(struct holders *h)
{
	while (h->note_n)
		holders_told(h);
}

struct holders *holders_free(struct holders *h)
{
	if (!h)
		return NULL;
	notes_clear(h);
	for (size_t i = 0; i < h->n; i++)
		free(h->at[i].path);
	free(h->at);
	if (h->proc)
		closedir(h->proc);
	free(h);
	return NULL;
}

void holders_begin(struct holders *h)
{
	for (size_t i = 0; i < h->n; i++)
		h->at[i].listed = false;
}

/* Those of the last look are sorted by inode, and most are still the same. */
static struct held *by_path(struct holders *h, const char *path, uint64_t ino)
{
	size_t from = 0, to = h->sorted;

	while (from < to) {
		size_t mid = (from + to) / 2;

		if (h->at[mid].ino < ino)
			from = mid + 1;
		else
			to = mid;
	}
	for (; from < h->sorted && h->at[from].ino == ino; from++)
		if (!strcmp(h->at[from].path, path))
			return &h->at[from];
	for (size_t i = 0; i < h->n; i++)
		if (!strcmp(h->at[i].path, path))
			return &h->at[i];
	return NULL;
}

void holders_file(struct holders *h, const char *path, uint64_t dev, uint64_t ino)
{
	struct held *x = by_path(h, path, ino);

	if (!x && h->n >= HOLDERS_MOST)
		return;
	if (!x) {
		if (h->n == h->cap) {
			h->cap = h->cap ? 2 * h->cap : 64;
			h->at = mem_must(realloc(h->at, h->cap * sizeof(*h->at)));
		}
		x = &h->at[h->n++];
		*x = (struct held){ .path = mem_must(strdup(path)) };
	}
	/* Another file bears the name: its writer has yet to open it. */
	if (x->dev != dev || x->ino != ino) {
		x->pid = 0;
		x->seen = x->missed = 0;
		x->gone = x->stopped = false;
	}
	if (x->ino != ino)
		h->sorted = 0;
	x->dev = dev;
	x->ino = ino;
	x->listed = true;
}

static int by_inode(const void *a, const void *b)
{
	const struct held *x = a, *y = b;

	return x->ino < y->ino ? -1 : x->ino > y->ino;
}

void holders_end(struct holders *h)
{
	size_t kept = 0;

	for (size_t i = 0; i < h->n; i++) {
		if (h->at[i].listed)
			h->at[kept++] = h->at[i];
		else
			free(h->at[i].path);
	}
	h->n = kept;
	if (h->n)
		qsort(h->at, h->n, sizeof(*h->at), by_inode);
	h->sorted = h->n;
	h->proc = opendir("/proc");
	if (h->proc)
		h->next = 0;
}

static void tell(struct holders *h, const struct held *x, const char *event)
{
	struct told *t = &h->notes[h->note_n];

	if (h->note_n == NOTES)
		return;
	*t = (struct told){ .path = mem_must(strdup(x->path)) };
	buf_printf(&t->json, "{\"event\":\"%s\",\"path\":", event);
	json_string(&t->json, bytes_str(x->path));
	buf_printf(&t->json, ",\"pid\":%d,\"name\":", (int)x->pid);
	json_string(&t->json, bytes_str(x->name));
	buf_u8(&t->json, '}');
	h->note_n++;
}

bool holders_next(const struct holders *h, struct bytes *ret_path, struct bytes *ret_json)
{
	if (!h->note_n)
		return false;
	*ret_path = bytes_str(h->notes[0].path);
	*ret_json = buf_view(&h->notes[0].json);
	return true;
}

void holders_told(struct holders *h)
{
	if (!h->note_n)
		return;
	free(h->notes[0].path);
	buf_done(&h->notes[0].json);
	memmove(h->notes, h->notes + 1, --h->note_n * sizeof(h->notes[0]));
}

/* Field n (from 3 on) of /proc/PID/stat; the second one, the name, may hold anything. */
static struct bytes stat_field(struct bytes stat, unsigned n)
{
	struct bytes rest = stat, field = { NULL, 0 };

	for (size_t end; (end = bytes_chr(rest, ')')) != BYTES_NONE;)
		rest = bytes_from(rest, end + 1);
	for (unsigned i = 2; i < n; i++) {
		rest = bytes_trim(rest);
		field = bytes_sub(rest, 0, bytes_chr(rest, ' '));
		rest = bytes_from(rest, field.len);
	}
	return field;
}

struct life {
	uint8_t state; /* 0: no such process */
	uint64_t start;
	char name[32];
};

static struct life life_of(pid_t pid)
{
	struct life l = { 0 };
	char path[64], room[1024];
	struct bytes stat, name, start;
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return l;
	n = io_read(fd, room, sizeof(room));
	close(fd);
	if (n <= 0)
		return l;
	stat = bytes_of(room, (size_t)n);
	start = stat_field(stat, 22);
	bytes_u64(start, &l.start);
	stat = bytes_from(stat, bytes_chr(stat, '('));
	name = bytes_sub(stat, 1, bytes_chr(stat, ')') - 1);
	memcpy(l.name, name.at, name.len < sizeof(l.name) - 1 ? name.len : sizeof(l.name) - 1);
	start = stat_field(stat, 3);
	l.state = start.len ? start.at[0] : '?';
	return l;
}

/* The processes that are known: stopped, or going on? */
static void states(struct holders *h, usec now)
{
	h->states_at = now + STATES_EVERY;
	for (size_t i = 0; i < h->n; i++) {
		struct held *x = &h->at[i];
		struct life l;
		bool stopped;

		if (!x->pid || x->gone)
			continue;
		l = life_of(x->pid);
		if (!l.state || l.state == 'Z' || l.start != x->start) {
			/* One look at all is enough to know whether another has it open. */
			if (!x->missed && !h->proc)
				h->next = now;
			x->missed = x->missed ? x->missed : 1;
			continue;
		}
		stopped = l.state == 'T' || l.state == 't';
		if (stopped != x->stopped)
			tell(h, x, stopped ? "writer-stopped" : "writer-goes-on");
		x->stopped = stopped;
	}
}

static struct held *by_file(struct holders *h, const struct stat *st)
{
	size_t from = 0, to = h->n;

	while (from < to) {
		size_t mid = (from + to) / 2;

		if (h->at[mid].ino < st->st_ino)
			from = mid + 1;
		else
			to = mid;
	}
	for (; from < h->n && h->at[from].ino == st->st_ino; from++)
		if (h->at[from].dev == st->st_dev)
			return &h->at[from];
	return NULL;
}

/* Several may hold it (a parent and its workers): who did last time stays. */
static void process(struct holders *h, pid_t pid)
{
	char path[64];
	struct dirent *e;
	unsigned n = 0;
	DIR *d;

	snprintf(path, sizeof(path), "/proc/%d/fd", (int)pid);
	d = opendir(path);
	if (!d)
		return;
	while ((e = readdir(d)) && n++ < DESCRIPTORS) {
		struct stat st;
		struct held *x;

		if (!is_digit((uint8_t)e->d_name[0]) ||
		    fstatat(dirfd(d), e->d_name, &st, AT_SYMLINK_NOFOLLOW) < 0 ||
		    !(st.st_mode & S_IWUSR) || fstatat(dirfd(d), e->d_name, &st, 0) < 0 ||
		    !S_ISREG(st.st_mode))
			continue;
		x = by_file(h, &st);
		if (x && (!x->found || pid == x->pid))
			x->found = pid;
	}
	closedir(d);
}

static void found(struct holders *h, struct held *x)
{
	struct life l = life_of(x->found);

	x->missed = 0;
	if (!l.state)
		return;
	x->seen++;
	if (x->pid != x->found || x->start != l.start) {
		x->pid = x->found;
		x->start = l.start;
		memcpy(x->name, l.name, sizeof(x->name));
		x->stopped = false;
		x->seen = x->gone ? SEEN_LOOKS : x->seen;
	}
	if (x->gone)
		tell(h, x, "writer-back");
	x->gone = false;
}

static void look_ends(struct holders *h)
{
	for (size_t i = 0; i < h->n; i++) {
		struct held *x = &h->at[i];

		if (x->found) {
			found(h, x);
		} else if (x->pid && !x->gone && x->seen >= SEEN_LOOKS &&
			   ++x->missed >= GONE_LOOKS) {
			tell(h, x, "writer-gone");
			x->gone = true;
			x->stopped = false;
		}
		x->found = 0;
	}
}

static void slice(struct holders *h, usec now)
{
	struct dirent *e;
	uint32_t pid;

	for (int i = 0; i < SLICE;) {
		e = readdir(h->proc);
		if (!e) {
			closedir(h->proc);
			h->proc = NULL;
			look_ends(h);
			states(h, now);
			h->next = now + HOLDERS_EVERY;
			return;
		}
		if (!bytes_u32(bytes_str(e->d_name), &pid) || pid == (uint32_t)getpid())
			continue;
		process(h, (pid_t)pid);
		i++;
	}
	h->next = now + SLICE_PAUSE;
}

bool holders_step(struct holders *h, usec now)
{
	if (now >= h->states_at)
		states(h, now);
	if (now < h->next)
		return false;
	if (!h->proc) {
		h->next = now + HOLDERS_EVERY; /* where there is no /proc */
		return true;
	}
	slice(h, now);
	return false;
}

usec holders_due(const struct holders *h)
{
	return h->next < h->states_at || !h->n ? h->next : h->states_at;
}
