/* SPDX-License-Identifier: Apache-2.0 */
/* file.h — the durable steps of the ledger on files, one a function, so that what happens between
 * two of them can be reasoned about (and each is a crash point of tests/fault/).
 * EINTR is dealt with here; a full quota is a full disk (-ENOSPC). All return 0 or -errno unless
 * said. Threads: pure but for the files. */
#pragma once
#include "base/io.h"

#define SEQ_MAX                                                                                    \
	(1ull << 62) /* larger ones are refused wherever they are read: sums do not wrap           \
		      */
#define FILE_NAME_MAX 64 /* longer names are no names of ours */

int file_sync(int fd); /* fdatasync */
int file_sync_dir(int dirfd);
int file_create(int dirfd, const char *name, mode_t mode); /* truncated; descriptor or -errno */
int file_open(int dirfd, const char *name); /* to read: a regular file, no link; descriptor */
int file_open_dir(int dirfd, const char *name, bool create); /* descriptor */
int file_rename(int dirfd, const char *from, const char *to);
int file_unlink(int dirfd, const char *name); /* one that is not there is fine */
int file_truncate(int fd, uint64_t len);
/* Takes room on the disk for [from, from + len): later writes there find it. Where the file system
 * cannot, nothing is done and that is fine. */
int file_room(int fd, uint64_t from, uint64_t len);
int file_zero(int fd, uint64_t from, uint64_t to); /* zeros, without changing the size */
/* io_replace_file(), and with its interruptions dealt with. */
int file_replace(int dirfd, const char *name, struct bytes b, mode_t mode);
/* The same without making the name durable: a file_sync_dir() must follow. */
int file_put(int dirfd, const char *name, struct bytes b, mode_t mode);
/* All of it, up to max bytes, appended to ret; -EFBIG above. */
int file_read(int dirfd, const char *name, size_t max, struct buf *ret);
int file_free_bytes(int fd, uint64_t *ret); /* what an ordinary user may still take */

/* Names of a directory, sorted; "." and ".." left out. Free with file_names_done(). */
struct file_names {
	char **at;
	size_t n;
};
int file_names(int dirfd, const char *dir, struct file_names *ret);
void file_names_done(struct file_names *f);

/* "<16 hex digits><suffix>": files that are named after the seq of their first record. */
void file_seq_name(uint64_t seq, const char *suffix, char ret[static FILE_NAME_MAX]);
bool file_seq(const char *name, const char *suffix, uint64_t *ret);
