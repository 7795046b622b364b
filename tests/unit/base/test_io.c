/* SPDX-License-Identifier: Apache-2.0 */
#include "base/io.h"
#include "tap.h"
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static char dir[] = "/tmp/vedette-io-XXXXXX";
static int dirfd_;

/* A pipe gives and takes in small pieces: the loops are tried on real short transfers. */
static void pipes(void)
{
	static uint8_t data[1 << 20], back[1 << 20];
	int p[2], status;
	pid_t child;

	for (size_t i = 0; i < sizeof(data); i++)
		data[i] = (uint8_t)(i * 7 + (i >> 12));
	if (!ok(pipe(p) == 0, "a pipe"))
		return;
	child = fork();
	if (!child) {
		close(p[0]);
		_exit(io_write(p[1], bytes_of(data, sizeof(data))) ? 1 : 0);
	}
	close(p[1]);
	is_int(io_read(p[0], back, sizeof(back)), sizeof(back), "a megabyte through a pipe");
	ok(!memcmp(data, back, sizeof(data)), "is the same");
	is_int(io_read(p[0], back, 10), 0, "then the end");
	waitpid(child, &status, 0);
	is_int(status, 0, "the writer is content");
	close(p[0]);
	is_int(io_read(-1, back, 1), -EBADF, "no descriptor: -EBADF");
	is_int(io_write(-1, BYTES("x")), -EBADF, "here too");
	is_int(io_write(-1, BYTES("")), 0, "but nothing can be written anywhere");
}

static void at_offsets(void)
{
	int fd = openat(dirfd_, "offsets", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	uint8_t back[16];
	struct bytes map;

	is_int(io_pwrite(fd, BYTES("tail"), 4), 0, "written past the end");
	is_int(io_pwrite(fd, BYTES("head"), 0), 0, "then before");
	is_int(io_pread(fd, back, 16, 2), 6, "read until the end of the file");
	is_bytes(bytes_of(back, 6), BYTES("adtail"), "what stands there");
	is_int(io_pread(fd, back, 1, 100), 0, "nothing is past the end");
	is_int(io_map(fd, 8, &map), 0, "mapped");
	is_bytes(map, BYTES("headtail"), "the map shows it");
	munmap((void *)(uintptr_t)map.at, map.len);
	ok(io_map(fd, 0, &map) < 0, "a map of nothing is refused");
	close(fd);
}

static void whole_files(void)
{
	struct buf b = { 0 };
	struct stat st;

	buf_str(&b, "had ");
	is_int(io_replace_file(dirfd_, "a", BYTES("one"), 0640), 0, "a new file");
	is_int(io_read_file(dirfd_, "a", 100, &b), 0, "is read");
	is_bytes(buf_view(&b), BYTES("had one"), "appended to what was there");
	is_int(io_replace_file(dirfd_, "a", BYTES(""), 0640), 0, "replaced by nothing");
	is_int(io_read_file(dirfd_, "a", 0, &b), 0, "which fits a limit of 0");
	is_bytes(buf_view(&b), BYTES("had one"), "and adds nothing");
	ok(fstatat(dirfd_, "a.tmp", &st, 0) < 0 && errno == ENOENT, "no temporary file stays");
	io_replace_file(dirfd_, "a", BYTES("12345"), 0640);
	is_int(io_read_file(dirfd_, "a", 4, &b), -EFBIG, "larger than the limit");
	is_int(io_read_file(dirfd_, "none", 4, &b), -ENOENT, "not there");
	is_int(io_read_file(dirfd_, ".", 4, &b), -EINVAL, "a directory is no file");
	if (!mkfifoat(dirfd_, "fifo", 0600))
		is_int(io_read_file(dirfd_, "fifo", 4, &b), -EINVAL, "nor is a pipe, at once");
	is_bytes(buf_view(&b), BYTES("had one"), "failures leave the buffer as it was");
	ok(io_read_file(AT_FDCWD, "/proc/self/status", 65536, &b) == 0 && b.len > 200,
	   "a file whose size is said to be 0 is read to its end");
	buf_done(&b);
}

static void replace_refusals(void)
{
	char name[300];
	struct stat st;

	memset(name, 'n', sizeof(name));
	name[299] = 0;
	is_int(io_replace_file(dirfd_, name, BYTES("x"), 0600), -ENAMETOOLONG, "a name too long");
	is_int(io_replace_file(dirfd_, "no/where", BYTES("x"), 0600), -ENOENT, "no such directory");
	io_replace_file(dirfd_, "victim", BYTES("safe"), 0600);
	if (!symlinkat("victim", dirfd_, "trap.tmp")) {
		struct buf b = { 0 };

		ok(io_replace_file(dirfd_, "trap", BYTES("evil"), 0600) < 0,
		   "a planted link is not followed");
		io_read_file(dirfd_, "victim", 100, &b);
		is_bytes(buf_view(&b), BYTES("safe"), "its target is untouched");
		buf_done(&b);
	}
	mkdirat(dirfd_, "full", 0700);
	ok(io_replace_file(dirfd_, "full", BYTES("x"), 0600) < 0, "a directory is not replaced");
	ok(fstatat(dirfd_, "full.tmp", &st, 0) < 0, "and its temporary file is removed");
}

static void directories(void)
{
	char path[200];
	struct stat st;

	snprintf(path, sizeof(path), "%s/x/y//z/", dir);
	is_int(io_make_dirs(path), 0, "a path of three");
	ok(stat(path, &st) == 0 && S_ISDIR(st.st_mode) && (st.st_mode & 0777) == 0700,
	   "for us alone");
	is_int(io_make_dirs(path), 0, "once more");
	snprintf(path, sizeof(path), "%s/offsets/below", dir);
	is_int(io_make_dirs(path), -ENOTDIR, "not below a file");
	is_int(io_sync_dir(dirfd_), 0, "synced");
}

int main(void)
{
	char remove[100];
	int status = 0;

	if (!mkdtemp(dir))
		return 2;
	dirfd_ = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	pipes();
	at_offsets();
	whole_files();
	replace_refusals();
	directories();
	snprintf(remove, sizeof(remove), "%s", dir);
	if (!fork()) {
		execlp("rm", "rm", "-rf", "--", remove, (char *)NULL);
		_exit(127);
	}
	wait(&status);
	return done_testing();
}
