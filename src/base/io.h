/* SPDX-License-Identifier: Apache-2.0 */
/* io.h — whole reads and writes, and files that appear whole or not at all.
 * Short transfers and EINTR are dealt with here, nowhere else. All return 0 or -errno unless said.
 * Threads: pure but for the files. */
#pragma once
#include "base/buf.h"
#include "base/err.h"
#include <sys/types.h>

int io_write(int fd, struct bytes b); /* all of it */
int io_pwrite(int fd, struct bytes b, uint64_t at); /* all of it */
ssize_t io_read(int fd, void *to, size_t n); /* until n or end of file; bytes read */
ssize_t io_pread(int fd, void *to, size_t n, uint64_t at);

/* A regular file of at most `max` bytes, appended to ret (untouched on failure); -EFBIG above. */
int io_read_file(int dirfd, const char *name, size_t max, struct buf *ret);
/* Writes name.tmp, fdatasync, rename, fsync of the directory: name holds old or new, whole. */
int io_replace_file(int dirfd, const char *name, struct bytes b, mode_t mode);
int io_sync_dir(int dirfd);
/* Creates what is missing of a path of directories (mode 0700 for new ones). */
int io_make_dirs(const char *path);

/* Memory with these bytes that nobody can change any more, whoever has the descriptor: who gets it
 * may look twice and see the same. A descriptor or -errno. */
int io_sealed(const char *name, struct bytes b);

/* A read-only map of the first `len` bytes (len > 0) of fd; unmap with munmap(). */
int io_map(int fd, size_t len, struct bytes *ret);
