/* SPDX-License-Identifier: Apache-2.0 */
#include "base/sqlite_here.h"
#include <errno.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* What SQLite is told that the working directory is called; no file has a name below it. */
#define HERE "/.here"

static const char *here(const char *path)
{
	size_t n = sizeof(HERE) - 1;

	if (strncmp(path, HERE, n) != 0 || (path[n] && path[n] != '/'))
		return path;
	return path[n] && path[n + 1] ? path + n + 1 : ".";
}

static char *here_getcwd(char *to, size_t room)
{
	if (room < sizeof(HERE)) {
		errno = ERANGE;
		return NULL;
	}
	memcpy(to, HERE, sizeof(HERE));
	return to;
}

static int here_open(const char *path, int flags, int mode)
{
	return open(here(path), flags, mode);
}

static int here_access(const char *path, int mode)
{
	return access(here(path), mode);
}

static int here_stat(const char *path, struct stat *ret)
{
	return stat(here(path), ret);
}

static int here_lstat(const char *path, struct stat *ret)
{
	return lstat(here(path), ret);
}

static int here_unlink(const char *path)
{
	return unlink(here(path));
}

static ssize_t here_readlink(const char *path, char *to, size_t room)
{
	return readlink(here(path), to, room);
}

int sqlite_here(void)
{
	static const struct {
		const char *name;
		sqlite3_syscall_ptr call;
	} calls[] = {
		{ "getcwd", (sqlite3_syscall_ptr)here_getcwd },
		{ "open", (sqlite3_syscall_ptr)here_open },
		{ "access", (sqlite3_syscall_ptr)here_access },
		{ "stat", (sqlite3_syscall_ptr)here_stat },
		{ "lstat", (sqlite3_syscall_ptr)here_lstat },
		{ "unlink", (sqlite3_syscall_ptr)here_unlink },
		{ "readlink", (sqlite3_syscall_ptr)here_readlink },
	};
	sqlite3_vfs *vfs = sqlite3_vfs_find(NULL);

	if (!vfs || vfs->iVersion < 3 || !vfs->xSetSystemCall)
		return -ENOSYS;
	for (size_t i = 0; i < sizeof(calls) / sizeof(*calls); i++)
		if (vfs->xSetSystemCall(vfs, calls[i].name, calls[i].call) != SQLITE_OK)
			return -ENOSYS;
	return 0;
}
