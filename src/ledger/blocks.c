/* SPDX-License-Identifier: Apache-2.0 */
#include "ledger/blocks.h"
#include "ledger/file.h"
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

void block_path(uint64_t first, bool gone, char ret[static BLOCK_PATH_MAX])
{
	snprintf(ret, BLOCK_PATH_MAX, "blocks/%08x/%016llx.%s", (unsigned)(first >> 32),
		 (unsigned long long)first, gone ? "gone" : "vb");
}

int block_folder(int dirfd, uint64_t first, bool create)
{
	int blocks = file_open_dir(dirfd, "blocks", create), fd;
	char name[16];

	if (blocks < 0)
		return blocks;
	snprintf(name, sizeof(name), "%08x", (unsigned)(first >> 32));
	fd = file_open_dir(blocks, name, create);
	close(blocks);
	return fd;
}

static int by_first(const void *a, const void *b)
{
	const struct block_name *x = a, *y = b;

	if (x->first != y->first)
		return x->first < y->first ? -1 : 1;
	return (int)x->gone - (int)y->gone; /* .vb first: it wins */
}

static void list_folder(const struct file_names *names, struct blocks *b, size_t *cap)
{
	for (size_t i = 0; i < names->n; i++) {
		struct block_name e = { 0 };

		if (!file_seq(names->at[i], ".vb", &e.first)) {
			if (!file_seq(names->at[i], ".gone", &e.first))
				continue;
			e.gone = true;
		}
		if (b->n == *cap) {
			*cap = *cap ? *cap * 2 : 64;
			b->at = mem_must(realloc(b->at, *cap * sizeof(*b->at)));
		}
		b->at[b->n++] = e;
	}
}

int blocks_list(int dirfd, struct blocks *ret)
{
	struct file_names folders, names;
	struct blocks b = { 0 };
	size_t cap = 0, n = 0;
	int r = file_names(dirfd, "blocks", &folders);

	if (r == -ENOENT) {
		*ret = b;
		return 0;
	}
	if (r)
		return r;
	for (size_t i = 0; !r && i < folders.n; i++) {
		char path[FILE_NAME_MAX * 2];

		if (snprintf(path, sizeof(path), "blocks/%s", folders.at[i]) >= (int)sizeof(path))
			continue;
		r = file_names(dirfd, path, &names);
		if (r == -ENOTDIR || r == -ENOENT || r == -ELOOP) {
			r = 0; /* not of ours, or removed meanwhile */
			continue;
		}
		if (r)
			break;
		list_folder(&names, &b, &cap);
		file_names_done(&names);
	}
	file_names_done(&folders);
	if (r) {
		free(b.at);
		return r;
	}
	if (b.n)
		qsort(b.at, b.n, sizeof(*b.at), by_first);
	for (size_t i = 0; i < b.n; i++) {
		if (!n || b.at[n - 1].first != b.at[i].first)
			b.at[n++] = b.at[i];
	}
	b.n = n;
	*ret = b;
	return 0;
}

void blocks_done(struct blocks *b)
{
	free(b->at);
	*b = (struct blocks){ 0 };
}

int block_trailer(int dirfd, uint64_t first, bool gone, struct trailer *ret, struct why *why)
{
	char path[BLOCK_PATH_MAX];
	struct trailer t;
	int fd, r;

	block_path(first, gone, path);
	fd = file_open(dirfd, path);
	if (fd < 0)
		return why_set(why, fd, "%s: cannot be read: %s", path, strerror(-fd));
	if (why)
		why->line[0] = 0;
	r = trailer_read(fd, &t, why);
	close(fd);
	if (!r && (t.first != first || t.gone != gone)) {
		trailer_done(&t);
		r = why_set(why, -EBADMSG, "is another block's file under this name");
	}
	if (r)
		return why_in(why, r, "%s", path);
	*ret = t;
	return 0;
}

int block_body(int dirfd, const struct trailer *t, struct buf *ret, struct why *why)
{
	char path[BLOCK_PATH_MAX];
	ssize_t n;
	int fd;

	block_path(t->first, t->gone, path);
	fd = file_open(dirfd, path);
	if (fd < 0)
		return why_set(why, fd, "%s: cannot be read: %s", path, strerror(-fd));
	n = io_pread(fd, buf_reserve(ret, t->body_len), t->body_len, 0);
	close(fd);
	if (n < 0 || (uint64_t)n != t->body_len)
		return why_set(why, n < 0 ? (int)n : -EBADMSG, "%s: cannot be read: %s", path,
			       n < 0 ? strerror((int)-n) : "it is cut off");
	ret->len += (size_t)n;
	return 0;
}
