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

static void tell_found(struct names *n, struct dir *d, struct found *all, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const struct known *k;
		enum control_type type = CTL_ROTATED;

		/* What a pattern names is told as a file of its own. */
		if (!all[i].base || names_entry(n, all[i].path) || names_is_told(n, &all[i].id))
			continue;
		if (d->listed) {
			if (d->seen_n && bsearch(&all[i].id, d->seen, d->seen_n, sizeof(*d->seen),
						 identity_order))
				continue;
		} else {
			k = known_of(n, all[i].base);
			if (k)
				type = first_look(k, &all[i], newer_siblings(all, count, i));
			else if (n->scans < 2 || all[i].id.birth <= n->started)
				type = 0; /* older than we are, and never ours */
		}
		if (!type)
			continue;
		names_push(n, type, all[i].path, all[i].base, &all[i].id);
		names_retire(n, &all[i].id);
	}
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
	tell_found(n, d, all, count);
	d->listed = true;
	d->seen = mem_must(realloc(d->seen, (count ? count : 1) * sizeof(*d->seen)));
	d->seen_n = count;
	for (size_t i = 0; i < count; i++) {
		d->seen[i] = all[i].id;
		free(all[i].path);
	}
	free(all);
	if (count)
		qsort(d->seen, count, sizeof(*d->seen), identity_order);
}
