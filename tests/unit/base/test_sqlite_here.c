/* SPDX-License-Identifier: Apache-2.0 */
/* A database is made and used in a directory whose way nobody may search any more. */
#include "base/sqlite_here.h"
#include "tap.h"
#include <fcntl.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static bool run(sqlite3 *db, const char *sql)
{
	char *said = NULL;
	bool good = sqlite3_exec(db, sql, NULL, NULL, &said) == SQLITE_OK;

	if (!good)
		printf("# %s: %s\n", sql, said ? said : sqlite3_errmsg(db));
	sqlite3_free(said);
	return good;
}

int main(void)
{
	char above[] = "/tmp/vedette-here-XXXXXX";
	sqlite3 *db = NULL;
	int fd;

	ok(mkdtemp(above) && chdir(above) == 0 && mkdir("state", 0700) == 0 &&
		   chdir("state") == 0 && chmod(above, 0) == 0,
	   "in a directory below one that is closed");
	/* What a role of serve does: it becomes somebody who has this directory, and not the one
	 * above. */
	fd = open("..", O_RDONLY);
	if (fd >= 0 && geteuid() == 0) {
		ok(chown(".", 65534, 65534) == 0 && setegid(65534) == 0 && seteuid(65534) == 0,
		   "as an account that owns only this one");
		close(fd);
	}
	is_int(sqlite_here(), 0, "SQLite takes the hooks");
	is_int(sqlite3_open("a.db", &db), SQLITE_OK, "a database opens");
	ok(run(db, "PRAGMA journal_mode=WAL") && run(db, "PRAGMA synchronous=FULL") &&
		   run(db, "CREATE TABLE t(x)") && run(db, "INSERT INTO t VALUES(1)"),
	   "it takes a row, with a log-ahead file beside it");
	sqlite3_close(db);
	ok(access("a.db", F_OK) == 0 && access("a.db-wal", F_OK) != 0,
	   "it lies here, and its log went away with the last connection");
	if (geteuid() != getuid())
		ok(seteuid(0) == 0 && setegid(0) == 0, "back");
	unlink("a.db");
	ok(chmod(above, 0700) == 0 && chdir("/") == 0, "opened again");
	fd = open(above, O_RDONLY | O_DIRECTORY);
	ok(unlinkat(fd, "state", AT_REMOVEDIR) == 0 && rmdir(above) == 0, "and removed");
	close(fd);
	return done_testing();
}
