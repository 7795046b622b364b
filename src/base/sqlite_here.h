/* SPDX-License-Identifier: Apache-2.0 */
/* sqlite_here.h — SQLite in a process that may reach its directory but not the way to it.
 * A role of serve is put into its directory by descriptor (fchdir) and has no right to search the
 * directories above, while SQLite makes every name absolute. After sqlite_here() names without '/'
 * are opened in the working directory, whatever lies above it, through the hooks that SQLite has
 * for its system calls (https://www.sqlite.org/c3ref/vfs.html, xSetSystemCall). Threads: once,
 * before the first database is opened. Memory: none. */
#pragma once

int sqlite_here(void); /* 0, or -ENOSYS: this SQLite cannot */
