/* SPDX-License-Identifier: Apache-2.0 */
#include "ledger/tree/tiles.h"
#include "ledger/file.h"
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

void tile_name(unsigned level, uint64_t index, char ret[static TILE_NAME_MAX])
{
	char digits[24];
	int n = snprintf(digits, sizeof(digits), "%03llu", (unsigned long long)index);
	int pad = (3 - n % 3) % 3, at;

	at = snprintf(ret, TILE_NAME_MAX, "tile/%u/", level);
	for (int i = -pad; i < n; i += 3) {
		char three[4] = "000";

		for (int k = 0; k < 3; k++) {
			if (i + k >= 0)
				three[k] = digits[i + k];
		}
		at += snprintf(ret + at, TILE_NAME_MAX - (size_t)at, "%s%s%s", i + 3 < n ? "x" : "",
			       three, i + 3 < n ? "/" : "");
	}
}

bool tile_name_parse(const char *name, unsigned *ret_level, uint64_t *ret_index,
		     unsigned *ret_width)
{
	struct bytes b = bytes_str(name), index;
	char again[TILE_NAME_MAX + 8];
	uint64_t level, i = 0, width = TILE_WIDTH;
	size_t at;

	if (!bytes_starts(b, BYTES("tile/")))
		return false;
	b = bytes_from(b, 5);
	at = bytes_chr(b, '/');
	if (at == BYTES_NONE || !bytes_u64(bytes_sub(b, 0, at), &level) || !level ||
	    level >= TILE_LEVELS)
		return false;
	index = bytes_from(b, at + 1);
	at = bytes_find(index, BYTES(".p/"));
	if (at != BYTES_NONE) {
		if (!bytes_u64(bytes_from(index, at + 3), &width) || !width || width >= TILE_WIDTH)
			return false;
		index = bytes_sub(index, 0, at);
	}
	for (size_t k = 0; k < index.len; k++) {
		if (is_digit(index.at[k]) && i < UINT64_MAX / 20)
			i = i * 10 + (unsigned)(index.at[k] - '0');
		else if (index.at[k] != 'x' && index.at[k] != '/')
			return false;
	}
	tile_name((unsigned)level, i, again); /* one name only for one tile */
	if (at != BYTES_NONE)
		snprintf(again + strlen(again), 8, ".p/%u", (unsigned)width);
	if (strcmp(again, name) != 0)
		return false;
	*ret_level = (unsigned)level;
	*ret_index = i;
	*ret_width = (unsigned)width;
	return true;
}

static int read_hashes(int dirfd, const char *name, unsigned n, struct hash256 *ret)
{
	struct buf b = { 0 };
	int r = file_read(dirfd, name, TILE_WIDTH * SHA256_LEN, &b);

	if (!r && b.len != n * SHA256_LEN)
		r = -EBADMSG;
	if (!r)
		memcpy(ret, b.at, b.len);
	buf_done(&b);
	return r;
}

/* The widest of the unfinished forms. */
static int read_partial(int treefd, const char *name, unsigned want, struct hash256 *ret,
			unsigned *ret_n)
{
	char path[TILE_NAME_MAX + 8];
	struct file_names f;
	unsigned best = 0;
	uint32_t w;
	int r;

	snprintf(path, sizeof(path), "%s.p", name);
	r = file_names(treefd, path, &f);
	if (r)
		return r;
	for (size_t i = 0; i < f.n; i++) {
		if (bytes_u32(bytes_str(f.at[i]), &w) && w < TILE_WIDTH && w > best)
			best = w;
	}
	file_names_done(&f);
	if (!best || best < want)
		return -ENOENT;
	snprintf(path + strlen(path), 8, "/%u", best);
	r = read_hashes(treefd, path, best, ret);
	if (!r)
		*ret_n = best;
	return r;
}

int tile_read(int treefd, unsigned level, uint64_t index, unsigned want,
	      struct hash256 ret[static TILE_WIDTH], unsigned *ret_n)
{
	char name[TILE_NAME_MAX];
	int r = -ENOENT;

	tile_name(level, index, name);
	for (int try = 0; try < 3 && r == -ENOENT; try++) { /* a writer may replace it meanwhile */
		r = read_hashes(treefd, name, TILE_WIDTH, ret);
		if (!r)
			*ret_n = TILE_WIDTH;
		if (r == -ENOENT && want < TILE_WIDTH)
			r = read_partial(treefd, name, want, ret, ret_n);
	}
	return r;
}

int tile_node(int treefd, unsigned level, uint64_t index, struct hash256 *ret)
{
	struct hash256 h[TILE_WIDTH];
	unsigned inside = level % 8, n;
	uint64_t first = index << inside; /* at the tile's own level */
	int r = tile_read(treefd, level / 8, first / TILE_WIDTH,
			  (unsigned)(first % TILE_WIDTH) + (1u << inside), h, &n);

	if (r)
		return r;
	memmove(h, h + first % TILE_WIDTH, sizeof(*h) << inside);
	tree_fold(h, inside);
	*ret = h[0];
	return 0;
}

int tile_range(int treefd, uint64_t groups, struct range *ret)
{
	struct range all = { .size = groups * GROUP };
	int r = 0;

	/* A level at a time from the right: the loose hashes of the unfinished tile. */
	for (unsigned k = GROUP_LEVEL; k < 64 && !r; k++) {
		if (all.size >> k & 1)
			r = tile_node(treefd, k, (all.size >> k) - 1, &all.node[k]);
	}
	if (!r)
		*ret = all;
	return r;
}

int tiles_load(struct tiles *t, int treefd, uint64_t groups, struct range *ret_range,
	       struct why *why)
{
	uint64_t n = groups;
	unsigned got;
	int r;

	t->fd = treefd;
	t->groups = groups;
	for (unsigned level = 1; level < TILE_LEVELS && n; level++, n /= TILE_WIDTH) {
		unsigned want = (unsigned)(n % TILE_WIDTH);

		if (!want)
			continue;
		r = tile_read(treefd, level, n / TILE_WIDTH, want, t->edge[level], &got);
		if (r) {
			char name[TILE_NAME_MAX];

			tile_name(level, n / TILE_WIDTH, name);
			return why_set(why, r,
				       "tree/%s: cannot be read (%s); `vedette verify -d DIR "
				       "--repair-tiles` makes it again",
				       name, strerror(-r));
		}
	}
	r = tile_range(treefd, groups, ret_range);
	if (r)
		why_set(why, r,
			"tree/: tiles below record %llu cannot be read (%s); `vedette verify -d "
			"DIR "
			"--repair-tiles` makes them again",
			(unsigned long long)(groups * GROUP), strerror(-r));
	return r;
}

/* Opens the directory that a tile lies in, made where it is missing; `ret_file` is its last part.
 */
static int open_parent(int treefd, char *name, const char **ret_file)
{
	int fd = fcntl(treefd, F_DUPFD_CLOEXEC, 3), up;
	char *part = name, *slash;

	while (fd >= 0 && (slash = strchr(part, '/'))) {
		*slash = 0;
		up = fd;
		fd = file_open_dir(up, part, true);
		close(up);
		part = slash + 1;
	}
	*ret_file = part;
	return fd < 0 && fd == -1 ? -errno : fd;
}

/* Everything in the folder of unfinished forms but `keep` (0: the folder too). */
static int drop_partials(int dirfd, const char *folder, unsigned keep)
{
	struct file_names f;
	int fd, r = file_names(dirfd, folder, &f);

	if (r)
		return r == -ENOENT ? 0 : r;
	fd = file_open_dir(dirfd, folder, false);
	for (size_t i = 0; i < f.n && fd >= 0 && !r; i++) {
		uint32_t w;

		if (!bytes_u32(bytes_str(f.at[i]), &w) || w != keep)
			r = file_unlink(fd, f.at[i]);
	}
	file_names_done(&f);
	if (fd >= 0)
		close(fd);
	if (fd >= 0 && !r && !keep && unlinkat(dirfd, folder, AT_REMOVEDIR) < 0 && errno != ENOENT)
		r = -errno;
	return fd < 0 ? fd : r;
}

int tile_write(int treefd, unsigned level, uint64_t index, const struct hash256 *h, unsigned n)
{
	char name[TILE_NAME_MAX], folder[TILE_NAME_MAX + 2], width[8];
	struct bytes all = bytes_of(h, n * sizeof(*h));
	const char *file;
	int r, fd, dirfd;

	tile_name(level, index, name);
	dirfd = open_parent(treefd, name, &file);
	if (dirfd < 0)
		return dirfd;
	snprintf(folder, sizeof(folder), "%s.p", file);
	if (n == TILE_WIDTH) {
		r = file_replace(dirfd, file, all, 0600);
		if (!r)
			r = drop_partials(dirfd, folder, 0);
	} else {
		fd = file_open_dir(dirfd, folder, true);
		r = fd < 0 ? fd : 0;
		snprintf(width, sizeof(width), "%u", n);
		if (!r)
			r = file_replace(fd, width, all, 0600);
		if (fd >= 0)
			close(fd);
		if (!r)
			r = drop_partials(dirfd, folder, n);
	}
	close(dirfd);
	return r;
}

/* Appends one hash to a level that has `have` of them; whole tiles are stored at once and give a
 * hash to the level above. */
static int push(struct tiles *t, unsigned level, uint64_t have[static TILE_LEVELS],
		const struct hash256 *h)
{
	struct hash256 up[TILE_WIDTH];
	int r;

	t->edge[level][have[level]++ % TILE_WIDTH] = *h;
	if (have[level] % TILE_WIDTH)
		return 0;
	r = tile_write(t->fd, level, have[level] / TILE_WIDTH - 1, t->edge[level], TILE_WIDTH);
	if (r || level + 1 >= TILE_LEVELS)
		return r;
	memcpy(up, t->edge[level], sizeof(up));
	tree_fold(up, 8);
	return push(t, level + 1, have, &up[0]);
}

int tiles_store(struct tiles *t, const struct hash256 *h, size_t n)
{
	uint64_t had[TILE_LEVELS], have[TILE_LEVELS], g = t->groups;
	struct tiles *work;
	int r = 0;

	if (!n)
		return 0;
	for (unsigned level = 1; level < TILE_LEVELS; level++, g /= TILE_WIDTH)
		had[level] = have[level] = g;
	work = mem_new(1, sizeof(*work)); /* a failure leaves the edge as it was */
	*work = *t;
	for (size_t i = 0; i < n && !r; i++)
		r = push(work, 1, have, &h[i]);
	for (unsigned level = 1; level < TILE_LEVELS && !r; level++) {
		if (have[level] != had[level] && have[level] % TILE_WIDTH)
			r = tile_write(t->fd, level, have[level] / TILE_WIDTH, work->edge[level],
				       (unsigned)(have[level] % TILE_WIDTH));
	}
	if (!r) {
		*t = *work;
		t->groups += n;
	}
	free(work);
	return r;
}

/* Of one tile: whole beats unfinished, the widest unfinished form beats the others. */
static int tidy_tile(int treefd, unsigned level, uint64_t index)
{
	char name[TILE_NAME_MAX], folder[TILE_NAME_MAX + 2];
	struct hash256 h[TILE_WIDTH];
	const char *file;
	unsigned n;
	int dirfd, r;

	if (tile_read(treefd, level, index, 1, h, &n))
		return 0;
	tile_name(level, index, name);
	dirfd = open_parent(treefd, name, &file);
	if (dirfd < 0)
		return dirfd;
	snprintf(folder, sizeof(folder), "%s.p", file);
	r = drop_partials(dirfd, folder, n == TILE_WIDTH ? 0 : n);
	if (!r) {
		char tmp[TILE_NAME_MAX + 8];

		snprintf(tmp, sizeof(tmp), "%s.tmp", file);
		r = file_unlink(dirfd, tmp);
	}
	close(dirfd);
	return r;
}

/* A tile that a crash kept from appearing leaves its draft, or a folder with nothing else in it. */
static int tidy_draft(int treefd, unsigned level, uint64_t index)
{
	char name[TILE_NAME_MAX], path[TILE_NAME_MAX + 8];
	struct file_names f;
	int r;

	tile_name(level, index, name);
	snprintf(path, sizeof(path), "%s.tmp", name);
	r = file_unlink(treefd, path);
	snprintf(path, sizeof(path), "%s.p", name);
	if (r == -ENOTDIR || file_names(treefd, path, &f))
		return 0;
	for (size_t i = 0; i < f.n && !r; i++) {
		char inner[TILE_NAME_MAX + 8 + FILE_NAME_MAX];

		if (!bytes_ends(bytes_str(f.at[i]), BYTES(".tmp")))
			continue;
		snprintf(inner, sizeof(inner), "%s/%s", path, f.at[i]);
		r = file_unlink(treefd, inner);
	}
	file_names_done(&f);
	if (!r && unlinkat(treefd, path, AT_REMOVEDIR) < 0 && errno != ENOTEMPTY && errno != ENOENT)
		r = -errno;
	return r;
}

int tiles_tidy(int treefd, uint64_t groups)
{
	uint64_t n = groups;
	int r = 0;

	/* One store writes the tile at the edge and may go on into the next ones (as many as one
	 * block has groups), so tiles around the edge are looked at. */
	for (unsigned level = 1; level < TILE_LEVELS && !r; level++, n /= TILE_WIDTH) {
		uint64_t at = n / TILE_WIDTH, from = at > 4 ? at - 4 : 0;

		for (uint64_t i = from; i <= at + 8 && !r; i++) {
			r = tidy_draft(treefd, level, i);
			if (!r)
				r = tidy_tile(treefd, level, i);
		}
	}
	return r;
}
