/* SPDX-License-Identifier: Apache-2.0 */
#include "ledger/file.h"
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#define RETRY(call)                                                                                \
	({                                                                                         \
		int retry_r;                                                                       \
		do                                                                                 \
			retry_r = (call);                                                          \
		while (retry_r < 0 && errno == EINTR);                                             \
		retry_r;                                                                           \
	})

static int failure(void)
{
	return errno == EDQUOT ? -ENOSPC : -errno;
}

int file_sync(int fd)
{
	/* Only an interruption is tried again: after an error the kernel may call the same pages
	 * clean, so the second try would tell a lie. */
	return RETRY(fdatasync(fd)) < 0 ? failure() : 0;
}

int file_sync_dir(int dirfd)
{
	return RETRY(fsync(dirfd)) < 0 ? failure() : 0;
}

int file_create(int dirfd, const char *name, mode_t mode)
{
	int fd = RETRY(
		openat(dirfd, name, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, mode));

	return fd < 0 ? failure() : fd;
}

int file_open(int dirfd, const char *name)
{
	struct stat st;
	int fd = RETRY(
		openat(dirfd, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY | O_NONBLOCK));

	if (fd < 0)
		return failure();
	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode)) {
		close(fd);
		return -EINVAL;
	}
	return fd;
}

int file_open_dir(int dirfd, const char *name, bool create)
{
	bool made = create && RETRY(mkdirat(dirfd, name, 0700)) == 0;
	int fd, r;

	if (create && !made && errno != EEXIST)
		return failure();
	fd = RETRY(openat(dirfd, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW));
	if (fd < 0)
		return failure();
	r = made ? file_sync_dir(dirfd) : 0;
	if (r < 0) {
		close(fd);
		return r;
	}
	return fd;
}

int file_rename(int dirfd, const char *from, const char *to)
{
	return RETRY(renameat(dirfd, from, dirfd, to)) < 0 ? failure() : 0;
}

int file_unlink(int dirfd, const char *name)
{
	return RETRY(unlinkat(dirfd, name, 0)) < 0 && errno != ENOENT ? failure() : 0;
}

int file_truncate(int fd, uint64_t len)
{
	return RETRY(ftruncate(fd, (off_t)len)) < 0 ? failure() : 0;
}

int file_room(int fd, uint64_t from, uint64_t len)
{
	if (RETRY(fallocate(fd, 0, (off_t)from, (off_t)len)) == 0)
		return 0;
	return errno == EOPNOTSUPP || errno == ENOSYS ? 0 : failure();
}

int file_zero(int fd, uint64_t from, uint64_t to)
{
	static const uint8_t zeros[64 << 10];
	int r = 0;

	while (!r && from < to) {
		size_t n = to - from < sizeof(zeros) ? (size_t)(to - from) : sizeof(zeros);

		r = io_pwrite(fd, bytes_of(zeros, n), from);
		from += n;
	}
	return r;
}

int file_put(int dirfd, const char *name, struct bytes b, mode_t mode)
{
	char tmp[FILE_NAME_MAX + 8];
	int fd, r;

	if (snprintf(tmp, sizeof(tmp), "%s.tmp", name) >= (int)sizeof(tmp))
		return -ENAMETOOLONG;
	fd = file_create(dirfd, tmp, mode);
	if (fd < 0)
		return fd;
	r = io_write(fd, b);
	if (!r)
		r = file_sync(fd);
	close(fd);
	if (!r)
		r = file_rename(dirfd, tmp, name);
	if (r)
		file_unlink(dirfd, tmp);
	return r == -EDQUOT ? -ENOSPC : r;
}

int file_replace(int dirfd, const char *name, struct bytes b, mode_t mode)
{
	int r = file_put(dirfd, name, b, mode);

	return r ? r : file_sync_dir(dirfd);
}

int file_read(int dirfd, const char *name, size_t max, struct buf *ret)
{
	return io_read_file(dirfd, name, max, ret);
}

int file_free_bytes(int fd, uint64_t *ret)
{
	struct statvfs v;

	if (RETRY(fstatvfs(fd, &v)) < 0)
		return failure();
	*ret = (uint64_t)v.f_bavail * v.f_frsize;
	return 0;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

int file_names(int dirfd, const char *dir, struct file_names *ret)
{
	int fd = RETRY(openat(dirfd, dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW));
	struct file_names f = { 0 };
	size_t cap = 0;
	struct dirent *e;
	DIR *d;
	int r;

	if (fd < 0)
		return failure();
	d = fdopendir(fd);
	if (!d) {
		r = failure();
		close(fd);
		return r;
	}
	for (errno = 0; (e = readdir(d)); errno = 0) {
		if (!strcmp(e->d_name, ".") || !strcmp(e->d_name, ".."))
			continue;
		if (f.n == cap) {
			cap = cap ? cap * 2 : 64;
			f.at = mem_must(realloc(f.at, cap * sizeof(*f.at)));
		}
		f.at[f.n++] = mem_must(strdup(e->d_name));
	}
	r = errno ? failure() : 0;
	closedir(d);
	if (r) {
		file_names_done(&f);
		return r;
	}
	if (f.n)
		qsort(f.at, f.n, sizeof(*f.at), by_name);
	*ret = f;
	return 0;
}

void file_names_done(struct file_names *f)
{
	for (size_t i = 0; i < f->n; i++)
		free(f->at[i]);
	free(f->at);
	*f = (struct file_names){ 0 };
}

void file_seq_name(uint64_t seq, const char *suffix, char ret[static FILE_NAME_MAX])
{
	snprintf(ret, FILE_NAME_MAX, "%016llx%s", (unsigned long long)seq, suffix);
}

bool file_seq(const char *name, const char *suffix, uint64_t *ret)
{
	uint64_t v = 0;

	if (strlen(name) != 16 + strlen(suffix) || strcmp(name + 16, suffix) != 0)
		return false;
	for (int i = 0; i < 16; i++) {
		int d = hex_digit((uint8_t)name[i]);

		if (d < 0 || (name[i] >= 'A' && name[i] <= 'F'))
			return false;
		v = v << 4 | (uint64_t)d;
	}
	*ret = v;
	return true;
}
