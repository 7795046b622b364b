/* SPDX-License-Identifier: Apache-2.0 */
/* faultlib.c — an LD_PRELOAD library: counts the durable system calls on files below a directory
 * and at the n-th does harm. What a program may not survive at any one of them is a bug.
 *
 *   FAULT_DIR    only calls on files below it count
 *   FAULT_AT     which call, from 1 (0: only count)
 *   FAULT_DO     kill      SIGKILL before the call
 *                EIO ENOSPC EINTR EDQUOT EMFILE   the call fails so
 *                short     a write takes only half
 *                power     SIGKILL, and what was not synced is lost in part: of each unsynced write
 *                          a random choice of 512-byte sectors, of the unsynced changes of
 *                          directories a random number of the last ones
 *   FAULT_EVER   1: this call and all after it (not for kill and power)
 *   FAULT_SEED   for power
 *   FAULT_COUNT  file that gets the number of calls at exit
 *   FAULT_GRAVE  an empty directory on the same file system, for power
 *
 * Threads: a lock around every call, so that the count is the same in each run. */
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#define SECTOR 512
#define REAL(name) ((__typeof__(&name))real(#name))

static pthread_mutex_t lock = PTHREAD_RECURSIVE_MUTEX_INITIALIZER_NP;
static const char *dir, *what, *count_file, *grave;
static long at, ever;
static long calls;
static uint64_t seed;
static bool busy; /* our own calls do not count */

static void *real(const char *name)
{
	return dlsym(RTLD_NEXT, name);
}

static long number(const char *name)
{
	const char *s = getenv(name);
	long v = 0;

	for (; s && *s >= '0' && *s <= '9'; s++)
		v = v * 10 + (*s - '0');
	return v;
}

__attribute__((constructor)) static void start(void)
{
	dir = getenv("FAULT_DIR");
	what = getenv("FAULT_DO");
	count_file = getenv("FAULT_COUNT");
	grave = getenv("FAULT_GRAVE");
	at = number("FAULT_AT");
	ever = number("FAULT_EVER");
	seed = (uint64_t)number("FAULT_SEED") * 0x9e3779b97f4a7c15u + 1;
}

__attribute__((destructor)) static void stop(void)
{
	FILE *f;

	busy = true;
	f = count_file ? fopen(count_file, "w") : NULL;
	if (!f)
		return;
	fprintf(f, "%ld\n", calls);
	fclose(f);
}

static uint64_t rnd(void)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return seed * 0x2545f4914f6cdd1du >> 16;
}

/* ---- which file ---- */

static bool below(const char *path)
{
	size_t n = dir ? strlen(dir) : 0;

	return n && !strncmp(path, dir, n) && (path[n] == '/' || !path[n]);
}

static bool path_of_fd(int fd, char path[static PATH_MAX])
{
	char proc[64];
	ssize_t n;

	snprintf(proc, sizeof(proc), "/proc/self/fd/%d", fd);
	n = readlink(proc, path, PATH_MAX - 1);
	if (n < 0)
		return false;
	path[n] = 0;
	return below(path);
}

static bool path_at(int dirfd, const char *name, char path[static PATH_MAX])
{
	char base[PATH_MAX];

	if (*name == '/' || dirfd == AT_FDCWD) {
		snprintf(path, PATH_MAX, "%s", name);
		return below(path);
	}
	if (!path_of_fd(dirfd, base))
		return false;
	snprintf(path, PATH_MAX, "%.2000s/%.2000s", base, name);
	return true;
}

/* ---- what is not synced (power) ---- */

struct change {
	struct change *older;
	enum { WRITE, CREATE, RENAME, UNLINK, MKDIR } kind;
	ino_t inode; /* of the file, or of the directory */
	char path[PATH_MAX], to[PATH_MAX], saved[PATH_MAX];
	uint64_t offset, len, size_before;
	uint8_t *old;
};
static struct change *changes; /* newest first */

static bool power(void)
{
	return at && what && !strcmp(what, "power") && grave;
}

static ino_t inode_of(const char *path)
{
	struct stat st;

	return stat(path, &st) < 0 ? 0 : st.st_ino;
}

static ino_t inode_of_parent(const char *path)
{
	char parent[PATH_MAX], *slash;

	snprintf(parent, sizeof(parent), "%s", path);
	slash = strrchr(parent, '/');
	if (slash)
		*slash = 0;
	return inode_of(parent);
}

static struct change *change_add(int kind, ino_t inode, const char *path)
{
	struct change *c = calloc(1, sizeof(*c));

	if (!c)
		abort();
	c->kind = (__typeof__(c->kind))kind;
	c->inode = inode;
	snprintf(c->path, sizeof(c->path), "%s", path);
	c->older = changes;
	changes = c;
	return c;
}

static void remember_write(int fd, const char *path, uint64_t offset, uint64_t len)
{
	struct change *c;
	struct stat st;
	int own;

	if (!power() || fstat(fd, &st) < 0)
		return;
	c = change_add(WRITE, st.st_ino, path);
	c->offset = offset;
	c->len = len;
	c->size_before = (uint64_t)st.st_size;
	c->old = calloc(1, len ? len : 1);
	own = open(path, O_RDONLY | O_CLOEXEC);
	if (own >= 0 && pread(own, c->old, len, (off_t)offset) < 0)
		abort();
	if (own >= 0)
		close(own);
}

/* Keeps a file that is about to lose its name. */
static void save(struct change *c, const char *path)
{
	static int n;

	snprintf(c->saved, sizeof(c->saved), "%.3000s/%d", grave, n++);
	if (link(path, c->saved) < 0)
		c->saved[0] = 0;
}

static void synced(ino_t inode)
{
	struct change **p = &changes;

	while (*p) {
		struct change *c = *p;

		if (c->inode != inode) {
			p = &c->older;
			continue;
		}
		*p = c->older;
		free(c->old);
		free(c);
	}
}

/* The path a file had when it was written may be another one now. */
static int open_inode(const char *folder, ino_t inode, int depth)
{
	DIR *d = opendir(folder);
	struct dirent *e;
	int fd = -1;

	while (d && fd < 0 && (e = readdir(d))) {
		char path[PATH_MAX];
		struct stat st;

		if (e->d_name[0] == '.')
			continue;
		snprintf(path, sizeof(path), "%.2000s/%.1000s", folder, e->d_name);
		if (lstat(path, &st) < 0)
			continue;
		if (S_ISDIR(st.st_mode) && depth < 8)
			fd = open_inode(path, inode, depth + 1);
		else if (st.st_ino == inode)
			fd = open(path, O_RDWR | O_CLOEXEC);
	}
	if (d)
		closedir(d);
	return fd;
}

static void lose_write(const struct change *c)
{
	int fd = open_inode(dir, c->inode, 0);
	struct stat st;

	if (fd < 0)
		return;
	for (uint64_t o = 0; o < c->len;) {
		uint64_t n = SECTOR - (c->offset + o) % SECTOR;

		if (n > c->len - o)
			n = c->len - o;
		if (rnd() & 1 && REAL(pwrite)(fd, c->old + o, n, (off_t)(c->offset + o)) < 0)
			abort();
		o += n;
	}
	if (rnd() & 1 && fstat(fd, &st) == 0 && (uint64_t)st.st_size > c->size_before &&
	    c->size_before < c->offset + c->len && REAL(ftruncate)(fd, (off_t)c->size_before) < 0)
		abort();
	close(fd);
}

static void lose_change(const struct change *c)
{
	switch (c->kind) {
	case WRITE:
		break;
	case CREATE:
		REAL(unlink)(c->path);
		break;
	case MKDIR:
		syscall(SYS_rmdir, c->path);
		break;
	case RENAME:
		REAL(rename)(c->to, c->path);
		if (c->saved[0])
			REAL(rename)(c->saved, c->to);
		break;
	case UNLINK:
		if (c->saved[0])
			REAL(rename)(c->saved, c->path);
		break;
	}
}

static void lose_power(void)
{
	long names = 0, lost;

	for (struct change *c = changes; c; c = c->older) {
		if (c->kind == WRITE)
			lose_write(c);
		else
			names++;
	}
	lost = (long)(rnd() % (uint64_t)(names + 1));
	for (struct change *c = changes; c && lost; c = c->older) {
		if (c->kind == WRITE)
			continue;
		lose_change(c);
		lost--;
	}
}

/* ---- the n-th call ---- */

static int error_of(const char *name)
{
	static const struct {
		const char *name;
		int error;
	} table[] = { { "EIO", EIO },
		      { "ENOSPC", ENOSPC },
		      { "EINTR", EINTR },
		      { "EDQUOT", EDQUOT },
		      { "EMFILE", EMFILE } };

	for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++) {
		if (!strcmp(name, table[i].name))
			return table[i].error;
	}
	return 0;
}

/* 0: go on; -1: fail with errno; 1: take only half. */
static int strike(void)
{
	calls++;
	if (!at || !what || calls < at || (calls > at && !ever))
		return 0;
	if (!strcmp(what, "power") && grave) {
		busy = true;
		lose_power();
	}
	if (!strcmp(what, "kill") || !strcmp(what, "power"))
		syscall(SYS_kill, getpid(), SIGKILL);
	if (!strcmp(what, "short"))
		return 1;
	errno = error_of(what);
	return errno ? -1 : 0;
}

#define ENTER()                                                                                    \
	pthread_mutex_lock(&lock);                                                                 \
	bool was_busy = busy
#define LEAVE(r)                                                                                   \
	do {                                                                                       \
		int leave_errno = errno;                                                           \
		busy = was_busy;                                                                   \
		pthread_mutex_unlock(&lock);                                                       \
		errno = leave_errno;                                                               \
		return r;                                                                          \
	} while (0)

ssize_t write(int fd, const void *b, size_t n)
{
	char path[PATH_MAX];
	ssize_t r;

	ENTER();
	if (!busy && path_of_fd(fd, path)) {
		int s = strike();

		if (s < 0)
			LEAVE(-1);
		if (s > 0 && n > 1)
			n /= 2;
		busy = true;
		remember_write(fd, path, (uint64_t)lseek(fd, 0, SEEK_CUR), n);
	}
	r = REAL(write)(fd, b, n);
	LEAVE(r);
}

ssize_t pwrite(int fd, const void *b, size_t n, off_t o)
{
	char path[PATH_MAX];
	ssize_t r;

	ENTER();
	if (!busy && path_of_fd(fd, path)) {
		int s = strike();

		if (s < 0)
			LEAVE(-1);
		if (s > 0 && n > 1)
			n /= 2;
		busy = true;
		remember_write(fd, path, (uint64_t)o, n);
	}
	r = REAL(pwrite)(fd, b, n, o);
	LEAVE(r);
}

#define SYNC(name)                                                                                 \
	int name(int fd)                                                                           \
	{                                                                                          \
		char path[PATH_MAX];                                                               \
		bool ours;                                                                         \
		int r;                                                                             \
                                                                                                   \
		ENTER();                                                                           \
		ours = !busy && path_of_fd(fd, path);                                              \
		if (ours && strike() < 0)                                                          \
			LEAVE(-1);                                                                 \
		r = power() && ours ? 0 : REAL(name)(fd);                                          \
		if (ours && !r && power())                                                         \
			synced(inode_of(path));                                                    \
		LEAVE(r);                                                                          \
	}
SYNC(fdatasync)
SYNC(fsync)

int ftruncate(int fd, off_t len)
{
	char path[PATH_MAX];
	struct stat st;
	int r;

	ENTER();
	if (!busy && path_of_fd(fd, path)) {
		if (strike() < 0)
			LEAVE(-1);
		busy = true;
		if (fstat(fd, &st) == 0 && st.st_size > len)
			remember_write(fd, path, (uint64_t)len, (uint64_t)(st.st_size - len));
	}
	r = REAL(ftruncate)(fd, len);
	LEAVE(r);
}

int fallocate(int fd, int mode, off_t o, off_t len)
{
	char path[PATH_MAX];
	int r;

	ENTER();
	if (!busy && path_of_fd(fd, path) && strike() < 0)
		LEAVE(-1);
	r = REAL(fallocate)(fd, mode, o, len);
	LEAVE(r);
}

int renameat(int fromfd, const char *from, int tofd, const char *to)
{
	char a[PATH_MAX], b[PATH_MAX];
	int r;

	ENTER();
	if (!busy && path_at(fromfd, from, a) && path_at(tofd, to, b)) {
		if (strike() < 0)
			LEAVE(-1);
		busy = true;
		if (power()) {
			struct change *c = change_add(RENAME, inode_of_parent(b), a);

			snprintf(c->to, sizeof(c->to), "%s", b);
			save(c, b);
		}
	}
	r = REAL(renameat)(fromfd, from, tofd, to);
	LEAVE(r);
}

int rename(const char *from, const char *to)
{
	return renameat(AT_FDCWD, from, AT_FDCWD, to);
}

int unlinkat(int dirfd, const char *name, int flags)
{
	char path[PATH_MAX];
	int r;

	ENTER();
	if (!busy && path_at(dirfd, name, path)) {
		if (strike() < 0)
			LEAVE(-1);
		busy = true;
		if (power() && !(flags & AT_REMOVEDIR))
			save(change_add(UNLINK, inode_of_parent(path), path), path);
	}
	r = REAL(unlinkat)(dirfd, name, flags);
	LEAVE(r);
}

int unlink(const char *name)
{
	return unlinkat(AT_FDCWD, name, 0);
}

int mkdirat(int dirfd, const char *name, mode_t mode)
{
	char path[PATH_MAX];
	int r;

	ENTER();
	bool ours = !busy && path_at(dirfd, name, path);

	if (ours && strike() < 0)
		LEAVE(-1);
	r = REAL(mkdirat)(dirfd, name, mode);
	if (ours && !r && power())
		change_add(MKDIR, inode_of_parent(path), path);
	LEAVE(r);
}

int mkdir(const char *name, mode_t mode)
{
	return mkdirat(AT_FDCWD, name, mode);
}

int openat(int dirfd, const char *name, int flags, ...)
{
	char path[PATH_MAX];
	mode_t mode = 0;
	bool ours, fresh;
	va_list ap;
	int r;

	if (flags & (O_CREAT | O_TMPFILE)) {
		va_start(ap, flags);
		mode = va_arg(ap, mode_t);
		va_end(ap);
	}
	ENTER();
	ours = (flags & O_CREAT) && !busy && path_at(dirfd, name, path);
	if (ours && strike() < 0)
		LEAVE(-1);
	fresh = ours && power() && access(path, F_OK) < 0;
	r = (int)syscall(SYS_openat, dirfd, name, flags, mode);
	if (r >= 0 && fresh)
		change_add(CREATE, inode_of_parent(path), path);
	LEAVE(r);
}
