/* SPDX-License-Identifier: Apache-2.0 */
#include "ledger/file.h"
#include "ledger/verify_core.h"
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>

#define DEPTH_MAX 12

/* A name is looked at with its path below the ledger. */
typedef void walk_fn(struct verify *v, const char *path, const struct stat *st, void *ctx);

static int walk(struct verify *v, const char *path, int depth, walk_fn *fn, void *ctx)
{
	struct file_names f;
	int r = file_names(v->dirfd, *path ? path : ".", &f);

	if (r)
		return r == -ENOENT && v->live ? 0 : r;
	for (size_t i = 0; i < f.n && !r; i++) {
		char sub[512];
		struct stat st;

		if (snprintf(sub, sizeof(sub), "%s%s%s", path, *path ? "/" : "", f.at[i]) >=
			    (int)sizeof(sub) ||
		    fstatat(v->dirfd, sub, &st, AT_SYMLINK_NOFOLLOW) < 0)
			continue;
		fn(v, sub, &st, ctx);
		if (S_ISDIR(st.st_mode) && depth < DEPTH_MAX)
			r = walk(v, sub, depth + 1, fn, ctx);
	}
	file_names_done(&f);
	return r;
}

static bool block_file(const char *path)
{
	char again[BLOCK_PATH_MAX];
	uint64_t first;
	const char *name = path + sizeof("blocks/00000000/") - 1;

	if (strlen(path) < sizeof("blocks/00000000/") ||
	    (!file_seq(name, ".vb", &first) && !file_seq(name, ".gone", &first)))
		return false;
	block_path(first, bytes_ends(bytes_str(name), BYTES(".gone")), again);
	return !strcmp(again, path);
}

static bool block_dir(const char *path)
{
	char full[FILE_NAME_MAX];
	uint64_t hi;

	if (strlen(path) != sizeof("blocks/00000000") - 1)
		return false;
	snprintf(full, sizeof(full), "%s00000000", path + sizeof("blocks/") - 1);
	return file_seq(full, "", &hi);
}

static bool tile_dir(const char *path)
{
	struct bytes b = bytes_str(path), last;
	char zero[TILE_NAME_MAX + 8];
	unsigned level, width;
	uint64_t index;

	if (!strcmp(path, "tree/tile"))
		return true;
	if (bytes_ends(b, BYTES(".p"))) {
		snprintf(zero, sizeof(zero), "%s/1", path + 5);
		return tile_name_parse(zero, &level, &index, &width);
	}
	/* tree/tile/<level>, then folders x000 … x999 */
	last = bytes_from(b, sizeof("tree/tile/") - 1);
	if (!last.len || !is_digit(last.at[0]) || (last.len > 1 && last.at[1] != '/'))
		return false;
	for (last = bytes_from(last, 1); last.len; last = bytes_from(last, 5)) {
		if (last.len < 5 || last.at[0] != '/' || last.at[1] != 'x' ||
		    !is_digit(last.at[2]) || !is_digit(last.at[3]) || !is_digit(last.at[4]))
			return false;
	}
	return true;
}

static bool belongs(const char *path, bool dir)
{
	static const char *const files[] = { "ledger",	   "key",	  "key.pub", "lock",
					     "checkpoint", "checkpoints", "sources" };
	static const char *const dirs[] = { "wal", "blocks", "tree" };
	struct bytes b = bytes_str(path);
	unsigned level, width;
	uint64_t first;

	for (size_t i = 0; !dir && i < sizeof(files) / sizeof(*files); i++) {
		if (!strcmp(path, files[i]))
			return true;
	}
	for (size_t i = 0; dir && i < sizeof(dirs) / sizeof(*dirs); i++) {
		if (!strcmp(path, dirs[i]))
			return true;
	}
	if (bytes_starts(b, BYTES("wal/")))
		return !dir && file_seq(path + 4, ".wal", &first);
	if (bytes_starts(b, BYTES("blocks/")))
		return dir ? block_dir(path) : block_file(path);
	if (bytes_starts(b, BYTES("tree/")))
		return dir ? tile_dir(path) : tile_name_parse(path + 5, &level, &first, &width);
	return false;
}

static void look(struct verify *v, const char *path, const struct stat *st, void *ctx)
{
	bool dir = S_ISDIR(st->st_mode);

	(void)ctx;
	if (!dir && bytes_ends(bytes_str(path), BYTES(".tmp")))
		unsettled(v, "%s: a draft that was never finished", path);
	else if ((!dir && !S_ISREG(st->st_mode)) || !belongs(path, dir))
		finding(v, "%s: does not belong to a ledger", path);
	else if (!strcmp(path, "lock") && st->st_size)
		finding(v, "lock: must be empty");
	if (dir)
		return;
	v->res.disk_bytes += (uint64_t)st->st_size;
	v->all_bytes += (uint64_t)st->st_size;
}

int verify_walk(struct verify *v)
{
	return walk(v, "", 0, look, NULL);
}

static void look_tile(struct verify *v, const char *path, const struct stat *st, void *ctx)
{
	uint64_t size = *(const uint64_t *)ctx, index, entries = size;
	char name[TILE_NAME_MAX];
	unsigned level, width, n;
	struct hash256 h[TILE_WIDTH];

	if (S_ISDIR(st->st_mode) || !bytes_starts(bytes_str(path), BYTES("tree/")) ||
	    !tile_name_parse(path + 5, &level, &index, &width))
		return;
	for (unsigned k = 0; k < level; k++)
		entries /= TILE_WIDTH;
	if (index * TILE_WIDTH + width > entries)
		finding(v, "%s: holds more of the tree than there are records", path);
	tile_name(level, index, name);
	if (width < TILE_WIDTH && !tile_read(v->treefd, level, index, width, h, &n) && n != width)
		unsettled(v, "%s: a wider form of this tile is there", path);
}

int verify_walk_tiles(struct verify *v, uint64_t size)
{
	return v->live || v->treefd < 0 ? 0 : walk(v, "tree", 0, look_tile, &size);
}
