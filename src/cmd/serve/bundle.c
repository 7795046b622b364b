/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/serve/bundle.h"
#include "base/hash.h"
#include "base/io.h"
#include "base/text.h"
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define DEPTH_MAX 16u
#define FILE_MAX ((size_t)16 << 20)

struct walk {
	enum bundle_kind kind;
	struct buf *to; /* NULL: only the mark is wanted */
	uint64_t mark;
	unsigned files;
};

static bool is_samples(const char *name)
{
	return bytes_ends(bytes_str(name), BYTES(".samples.yml"));
}

static bool wanted(enum bundle_kind kind, const char *name)
{
	struct bytes b = bytes_str(name);

	if (*name == '.' || (kind != BUNDLE_RULE && is_samples(name)))
		return false;
	if (kind == BUNDLE_CALENDAR && bytes_ends(b, BYTES(".ics")))
		return true;
	return bytes_ends(b, BYTES(".yml")) || bytes_ends(b, BYTES(".yaml"));
}

static void told(const char *path, int r)
{
	struct buf safe = { 0 };

	text_safe(&safe, bytes_str(path), NULL);
	say(SAY_WARN, "%s is left out: %s", buf_cstr(&safe), strerror(-r));
	buf_done(&safe);
}

static void mark_file(struct walk *w, const char *path, const struct stat *st)
{
	const struct {
		uint64_t kind, dev, ino, size, sec, nsec;
	} what = { w->kind,
		   st->st_dev,
		   st->st_ino,
		   (uint64_t)st->st_size,
		   (uint64_t)st->st_mtim.tv_sec,
		   (uint64_t)st->st_mtim.tv_nsec };

	w->mark = hash_fast(bytes_of(&what, sizeof(what)), w->mark ^ hash_fast(bytes_str(path), 0));
}

static void add_file(struct walk *w, int dirfd, const char *name, const char *path)
{
	struct buf text = { 0 };
	size_t len = strlen(path);
	int r;

	if (w->to->len + len > BUNDLE_BYTES || len > UINT16_MAX)
		r = -EFBIG;
	else
		r = io_read_file(dirfd, name, FILE_MAX, &text);
	if (r < 0) {
		told(path, r);
	} else {
		buf_u8(w->to, is_samples(name) ? BUNDLE_SAMPLES : (uint8_t)w->kind);
		buf_u16le(w->to, (uint16_t)len);
		buf_str(w->to, path);
		buf_u32le(w->to, (uint32_t)text.len);
		buf_bytes(w->to, buf_view(&text));
	}
	buf_done(&text);
}

static int by_name(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

static void walk(struct walk *w, int dirfd, const char *name, const char *path, unsigned depth);

static void walk_dir(struct walk *w, int fd, const char *path, unsigned depth)
{
	struct dirent **e = NULL;
	int n = scandirat(fd, ".", &e, NULL, by_name);

	for (int i = 0; i < n; i++) {
		char child[4096];

		if (e[i]->d_name[0] != '.' &&
		    (e[i]->d_type == DT_DIR || wanted(w->kind, e[i]->d_name)) &&
		    snprintf(child, sizeof(child), "%s/%s", path, e[i]->d_name) <
			    (int)sizeof(child))
			walk(w, fd, e[i]->d_name, child, depth + 1);
		free(e[i]);
	}
	free(e);
}

static void walk(struct walk *w, int dirfd, const char *name, const char *path, unsigned depth)
{
	struct stat st;
	int fd;

	if (depth > DEPTH_MAX || w->files > BUNDLE_FILES || fstatat(dirfd, name, &st, 0) < 0)
		return;
	if (S_ISREG(st.st_mode)) {
		w->files++;
		mark_file(w, path, &st);
		if (w->to)
			add_file(w, dirfd, name, path);
		return;
	}
	if (!S_ISDIR(st.st_mode))
		return;
	fd = openat(dirfd, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return;
	walk_dir(w, fd, path, depth);
	close(fd);
}

static uint64_t walk_all(const struct config *c, struct buf *to)
{
	const struct {
		enum bundle_kind kind;
		const struct config_list *paths;
	} all[] = { { BUNDLE_RULE, &c->rules_paths },
		    { BUNDLE_TABLE, &c->rules_tables },
		    { BUNDLE_CALENDAR, &c->calendar_files } };
	struct walk w = { .to = to, .mark = 1 };

	for (size_t k = 0; k < sizeof(all) / sizeof(*all); k++) {
		w.kind = all[k].kind;
		for (size_t i = 0; i < all[k].paths->n; i++)
			walk(&w, AT_FDCWD, all[k].paths->at[i], all[k].paths->at[i], 0);
	}
	return w.mark;
}

uint64_t bundle_mark(const struct config *c)
{
	return walk_all(c, NULL);
}

int bundle_make(const struct config *c)
{
	struct buf all = { 0 };
	int fd;

	walk_all(c, &all);
	fd = io_sealed("vedette-rules", buf_view(&all));
	buf_done(&all);
	return fd;
}

bool bundle_next(struct cursor *c, struct bundle_entry *ret)
{
	struct bundle_entry e = { .kind = (enum bundle_kind)cur_u8(c) };

	e.path = cur_take(c, cur_u16le(c));
	e.text = cur_take(c, cur_u32le(c));
	if (c->bad)
		return false;
	*ret = e;
	return true;
}
