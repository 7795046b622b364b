/* SPDX-License-Identifier: Apache-2.0 */
/* What rotation leaves beside the followed files. A file is told of once: when it was not there at
 * the last look, or, at the first look, when a position of the ledger says that it is missed. */
#include "intake/names_in.h"
#include "intake/rotation.h"
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#define LOOKED_AT 20000 /* files of a directory */
#define MISSED_MOST 3 /* looks that do not find a file, then it is gone */
#define NEWEST 2 /* siblings shown at the first look: one may be a copy */

struct found {
	char *path;
	struct identity id;
	int64_t mtime;
	const char *base; /* lent by the entry or the known position */
};

static int identity_order(const void *a, const void *b)
{
	const struct identity *x = a, *y = b;

	if (x->dev != y->dev)
		return x->dev < y->dev ? -1 : 1;
	if (x->ino != y->ino)
		return x->ino < y->ino ? -1 : 1;
	return (x->birth > y->birth) - (x->birth < y->birth);
}

/* Oldest first: renaming keeps the birth, and a copy is born when its generation ends. The clock
 * of both ticks slowly; among equals .2 is older than .1. */
static int found_order(const void *a, const void *b)
{
	const struct found *x = a, *y = b;

	if (x->id.birth != y->id.birth)
		return x->id.birth < y->id.birth ? -1 : 1;
	if (x->mtime != y->mtime)
		return x->mtime < y->mtime ? -1 : 1;
	return -strcmp(x->path, y->path);
}

struct dir *names_dir(struct names *n, const char *path)
{
	const char *slash = strrchr(path, '/');
	size_t len = slash ? (size_t)(slash - path) + 1 : 0;
	struct dir *d;

	for (size_t i = 0; i < n->dir_n; i++)
		if (strlen(n->dirs[i].path) == len && !memcmp(n->dirs[i].path, path, len))
			return &n->dirs[i];
	n->dirs = mem_must(realloc(n->dirs, (n->dir_n + 1) * sizeof(*n->dirs)));
	d = &n->dirs[n->dir_n++];
	*d = (struct dir){ .path = mem_must(strndup(path, len)) };
	return d;
}

/* The followed name that this one was made of by rotation. */
static const char *base_of(const struct names *n, const char *path)
{
	struct bytes b = bytes_str(path);

	if (rotation_compressed(b))
		return NULL;
	for (size_t i = 0; i < n->known_n; i++)
		if (rotation_of(bytes_str(n->known[i].path), b))
			return n->known[i].path;
	for (size_t i = 0; i < BUCKETS; i++)
		for (const struct entry *e = n->bucket[i]; e; e = e->next)
			if (e->kind == SOURCE_FILE && rotation_of(bytes_str(e->path), b))
				return e->path;
	for (size_t i = n->former_n; i-- > 0;)
		if (rotation_of(bytes_str(n->former[i]), b))
			return n->former[i];
	return NULL;
}

static const struct known *known_of(const struct names *n, const char *path)
{
	for (size_t i = 0; i < n->known_n; i++)
		if (!strcmp(n->known[i].path, path))
			return &n->known[i];
	return NULL;
}

/* Names without a digit are nothing that rotation made, but for two endings. */
static bool may_be_rotated(const char *name)
{
	size_t len = strlen(name);

	return strpbrk(name, "0123456789") || (len > 4 && !strcmp(name + len - 4, ".old")) ||
	       (len > 5 && !strcmp(name + len - 5, ".prev"));
}

static size_t read_dir(struct names *n, const struct dir *d, struct found **ret)
{
	struct found *all = NULL;
	size_t count = 0, cap = 0;
	struct dirent *e;
	DIR *dir = opendir(d->path);

	while (dir && count < LOOKED_AT && (e = readdir(dir))) {
		struct timespec mtime;
		struct found f;

		if (!may_be_rotated(e->d_name) || (e->d_type != DT_REG && e->d_type != DT_UNKNOWN))
			continue;
		if (asprintf(&f.path, "%s%s", d->path, e->d_name) < 0)
			mem_must(NULL);
		if (!identity_of(f.path, false, &f.id, &mtime)) {
			free(f.path);
			continue;
		}
		f.mtime = (int64_t)mtime.tv_sec * 1000000000 + mtime.tv_nsec;
		f.base = base_of(n, f.path);
		if (count == cap) {
			cap = cap ? 2 * cap : 64;
			all = mem_must(realloc(all, cap * sizeof(*all)));
		}
		all[count++] = f;
	}
	if (dir)
		closedir(dir);
	if (count)
		qsort(all, count, sizeof(*all), found_order);
	*ret = all;
	return count;
}

/* At the first look: only what the ledger's positions make interesting. */
static enum control_type first_look(const struct known *k, const struct found *f, size_t newer)
{
	int64_t last = INT64_MIN;

	bool same = false;

	for (size_t i = 0; i < k->n; i++) {
		same |= !(k->at[i].flags & POSITION_DONE) &&
			position_inode(&k->at[i], f->id.ino, f->id.birth);
		if (k->at[i].mtime > last)
			last = k->at[i].mtime;
	}
	/* As old as the last one read, or younger: the intake knows by its inode and content if it
	 * has read it. */
	if (k->n && f->mtime >= last)
		return CTL_ROTATED;
	if (same)
		return CTL_SIBLING;
	return newer < NEWEST ? CTL_SIBLING : 0;
}

static size_t newer_siblings(const struct found *all, size_t count, size_t i)
{
	size_t n = 0;

	for (size_t k = i + 1; k < count; k++)
		n += all[k].base && !strcmp(all[k].base, all[i].base);
	return n;
}

static struct sighting *seen_of(const struct dir *d, const struct identity *id)
{
	return d->seen_n ? bsearch(id, d->seen, d->seen_n, sizeof(*d->seen), identity_order) : NULL;
}

/* What is there at the first look is seen, if it is older than we are. Other files are seen once
 * they have been told of; one without a base waits: that may come only now. */
static bool tell_found(struct names *n, const struct dir *d, const struct found *all, size_t count,
		       size_t i)
{
	const struct found *f = &all[i];
	enum control_type type = CTL_ROTATED;
	const struct known *k;
	size_t newer;

	if (!f->base)
		return !d->listed && f->id.birth <= n->started;
	/* What a pattern names is told as a file of its own. */
	if (names_entry(n, f->path) || names_is_told(n, &f->id))
		return true;
	if (!d->listed) {
		k = known_of(n, f->base);
		newer = newer_siblings(all, count, i);
		if (k)
			type = first_look(k, f, newer);
		/* Born while we watched: the intake that died need not have heard of it. What it
		 * had read of such a young one is in its positions. */
		if (k && f->id.birth > n->started && newer < POSITION_FILES / 2)
			type = CTL_ROTATED;
		if (!k && (n->scans < 2 || f->id.birth <= n->started))
			type = 0; /* older than we are, and never ours */
	}
	if (type) {
		names_push(n, type, f->path, f->base, &f->id);
		names_retire(n, &f->id);
	}
	return true;
}

static void tell_all(struct names *n, struct dir *d, const struct found *all, size_t count)
{
	struct sighting *seen = mem_new(d->seen_n + count, sizeof(*seen));
	size_t seen_n = 0;

	for (size_t i = 0; i < d->seen_n; i++)
		d->seen[i].missed++;
	for (size_t i = 0; i < count; i++) {
		struct sighting *old = seen_of(d, &all[i].id);

		if (old)
			old->missed = 0;
		else if (tell_found(n, d, all, count, i))
			seen[seen_n++].id = all[i].id;
	}
	for (size_t i = 0; i < d->seen_n; i++)
		if (d->seen[i].missed < MISSED_MOST)
			seen[seen_n++] = d->seen[i];
	if (seen_n)
		qsort(seen, seen_n, sizeof(*seen), identity_order);
	free(d->seen);
	d->seen = seen;
	d->seen_n = seen_n;
	d->listed = true;
}

void names_list(struct names *n, struct dir *d)
{
	struct timespec now;
	struct found *all;
	struct stat st;
	size_t count;

	if (stat(d->path, &st) < 0)
		return;
	if (d->listed && !d->relist && st.st_mtim.tv_sec == d->mtime.tv_sec &&
	    st.st_mtim.tv_nsec == d->mtime.tv_nsec)
		return;
	/* The clock of directories ticks some milliseconds apart: what happens in the tick of
	 * this look would not be seen at the next one. */
	clock_gettime(CLOCK_REALTIME, &now);
	d->relist = now.tv_sec - st.st_mtim.tv_sec < 2;
	d->mtime = st.st_mtim;
	count = read_dir(n, d, &all);
	tell_all(n, d, all, count);
	for (size_t i = 0; i < count; i++)
		free(all[i].path);
	free(all);
}
