/* SPDX-License-Identifier: Apache-2.0 */
#include "base/io.h"
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

int io_write(int fd, struct bytes b)
{
	while (b.len) {
		ssize_t n = write(fd, b.at, b.len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n ? -errno : -EIO;
		b = bytes_from(b, (size_t)n);
	}
	return 0;
}

int io_pwrite(int fd, struct bytes b, uint64_t at)
{
	while (b.len) {
		ssize_t n = pwrite(fd, b.at, b.len, (off_t)at);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n ? -errno : -EIO;
		b = bytes_from(b, (size_t)n);
		at += (uint64_t)n;
	}
	return 0;
}

ssize_t io_read(int fd, void *to, size_t n)
{
	size_t got = 0;

	while (got < n) {
		ssize_t k = read(fd, (uint8_t *)to + got, n - got);

		if (k < 0 && errno == EINTR)
			continue;
		if (k < 0)
			return -errno;
		if (!k)
			break;
		got += (size_t)k;
	}
	return (ssize_t)got;
}

ssize_t io_pread(int fd, void *to, size_t n, uint64_t at)
{
	size_t got = 0;

	while (got < n) {
		ssize_t k = pread(fd, (uint8_t *)to + got, n - got, (off_t)(at + got));

		if (k < 0 && errno == EINTR)
			continue;
		if (k < 0)
			return -errno;
		if (!k)
			break;
		got += (size_t)k;
	}
	return (ssize_t)got;
}

int io_read_file(int dirfd, const char *name, size_t max, struct buf *ret)
{
	int fd = openat(dirfd, name, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	size_t had = ret->len;
	struct stat st;
	ssize_t n = 0;

	if (fd < 0)
		return -errno;
	if (fstat(fd, &st) < 0)
		n = -errno;
	else if (!S_ISREG(st.st_mode))
		n = -EINVAL;
	else if ((uint64_t)st.st_size > max)
		n = -EFBIG;
	while (n >= 0) {
		size_t room = 1 + ((uint64_t)st.st_size > ret->len - had
					   ? (size_t)st.st_size - (ret->len - had)
					   : 4096);

		n = io_read(fd, buf_reserve(ret, room), room);
		if (n > 0)
			ret->len += (size_t)n;
		if (n < (ssize_t)room)
			break;
		if (ret->len - had > max)
			n = -EFBIG;
	}
	close(fd);
	if (n < 0)
		ret->len = had;
	return n < 0 ? (int)n : 0;
}

int io_sync_dir(int dirfd)
{
	return fsync(dirfd) < 0 ? -errno : 0;
}

int io_replace_file(int dirfd, const char *name, struct bytes b, mode_t mode)
{
	char tmp[256];
	int fd, r;

	if (snprintf(tmp, sizeof(tmp), "%s.tmp", name) >= (int)sizeof(tmp))
		return -ENAMETOOLONG;
	fd = openat(dirfd, tmp, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, mode);
	if (fd < 0)
		return -errno;
	r = io_write(fd, b);
	if (!r && fdatasync(fd) < 0)
		r = -errno;
	if (close(fd) < 0 && !r)
		r = -errno;
	if (!r && renameat(dirfd, tmp, dirfd, name) < 0)
		r = -errno;
	if (r) {
		unlinkat(dirfd, tmp, 0);
		return r;
	}
	return io_sync_dir(dirfd);
}

int io_make_dirs(const char *path)
{
	char *copy = mem_must(strdup(path));
	int r = 0;

	for (char *p = copy + (*copy == '/');; p++) {
		char c = *p;

		if (c && c != '/')
			continue;
		*p = 0;
		if (*copy && mkdir(copy, 0700) < 0 && errno != EEXIST)
			r = -errno;
		*p = c;
		if (!c || r)
			break;
	}
	free(copy);
	return r;
}

int io_map(int fd, size_t len, struct bytes *ret)
{
	void *p = mmap(NULL, len, PROT_READ, MAP_SHARED, fd, 0);

	if (p == MAP_FAILED)
		return -errno;
	*ret = bytes_of(p, len);
	return 0;
}

int io_sealed(const char *name, struct bytes b)
{
	int fd = memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING), r;

	if (fd < 0)
		return -errno;
	r = io_write(fd, b);
	if (r == 0 &&
	    fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL) < 0)
		r = -errno;
	if (r < 0) {
		close(fd);
		return r;
	}
	return fd;
}
