/* SPDX-License-Identifier: Apache-2.0 */
/* The database: a schema with a number, and the statements by name. Write-ahead mode, so that
 * `vedette alerts --db` reads while serve writes; each commit is synced. */
#include "alert/state.h"
#include <assert.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#define SCHEMA 1
#define APPLICATION 0x56644172 /* "VdAr" */
#define CHECKED_BYTES ((off_t)256 << 20) /* a larger file is not read through at the start */

static const char schema[] =
	"CREATE TABLE meta(name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;"
	"CREATE TABLE blob(name TEXT PRIMARY KEY, value BLOB NOT NULL);"
	"CREATE TABLE alert(id INTEGER PRIMARY KEY, key BLOB NOT NULL, state INTEGER NOT NULL,"
	" level INTEGER NOT NULL, told_level INTEGER NOT NULL,"
	" urgent INTEGER NOT NULL, overflow INTEGER NOT NULL, exact INTEGER NOT NULL,"
	" count INTEGER NOT NULL, events INTEGER NOT NULL, unsaid INTEGER NOT NULL,"
	" hidden INTEGER NOT NULL, entities INTEGER NOT NULL, first INTEGER NOT NULL,"
	" last INTEGER NOT NULL, opened INTEGER NOT NULL, said INTEGER NOT NULL,"
	" closed INTEGER NOT NULL, suppressed INTEGER NOT NULL, rule TEXT NOT NULL,"
	" name TEXT NOT NULL, entity TEXT NOT NULL, tags TEXT NOT NULL, message TEXT NOT NULL,"
	" details TEXT NOT NULL, host TEXT NOT NULL, project TEXT NOT NULL, source TEXT NOT NULL,"
	" assignee TEXT NOT NULL, proofs BLOB NOT NULL);"
	"CREATE INDEX alert_key ON alert(key, id);"
	"CREATE INDEX alert_last ON alert(last, id);"
	"CREATE INDEX alert_level ON alert(level, last, id);"
	"CREATE INDEX alert_count ON alert(count, id);"
	"CREATE INDEX alert_state ON alert(state, level, last);"
	"CREATE INDEX alert_opened ON alert(opened);"
	"CREATE INDEX alert_due ON alert(said) WHERE unsaid > 0;"
	"CREATE INDEX alert_suppressed ON alert(suppressed) WHERE suppressed > 0;"
	"CREATE TABLE change(id INTEGER PRIMARY KEY, alert INTEGER NOT NULL,"
	" at INTEGER NOT NULL, kind INTEGER NOT NULL, text TEXT NOT NULL);"
	"CREATE INDEX change_alert ON change(alert, id);"
	"CREATE TABLE suppression(id INTEGER PRIMARY KEY, key BLOB NOT NULL, rule TEXT NOT NULL,"
	" entity TEXT NOT NULL, until INTEGER NOT NULL, made INTEGER NOT NULL,"
	" last INTEGER NOT NULL, count INTEGER NOT NULL, by TEXT NOT NULL, reason TEXT NOT NULL);";

#define ROW_COLUMNS                                                                                \
	"id,key,state,level,told_level,urgent,overflow,exact,count,events,unsaid,hidden,"          \
	"entities,first,last,opened,said,closed,suppressed,rule,name,entity,tags,message,details," \
	"host,project,source,assignee,proofs"
const char row_columns[] = ROW_COLUMNS;

/* Why alerts go when there are too many: the parts of one statement. */
#define DROP(where) "DELETE FROM alert WHERE id IN (SELECT id FROM alert WHERE " where " LIMIT ?1)"

/* The index is named, so that no page is ever sorted. */
#define LIST(index, where, order)                                                                  \
	"SELECT " ROW_COLUMNS " FROM alert INDEXED BY " index " WHERE " where " ORDER BY " order   \
	" LIMIT ?4"

static const char *const statements[SQL_N] = {
	[SQL_BEGIN] = "BEGIN IMMEDIATE",
	[SQL_COMMIT] = "COMMIT",
	[SQL_ROLLBACK] = "ROLLBACK",
	[SQL_META_GET] = "SELECT value FROM meta WHERE name=?1",
	[SQL_META_PUT] = "INSERT INTO meta VALUES(?1,?2) "
			 "ON CONFLICT(name) DO UPDATE SET value=excluded.value",
	[SQL_BLOB_GET] = "SELECT value FROM blob WHERE name=?1",
	[SQL_BLOB_PUT] = "INSERT INTO blob VALUES(?1,?2) "
			 "ON CONFLICT(name) DO UPDATE SET value=excluded.value",
	[SQL_ROW_BY_KEY] =
		"SELECT " ROW_COLUMNS " FROM alert WHERE key=?1 ORDER BY id DESC LIMIT 1",
	[SQL_ROW_BY_ID] = "SELECT " ROW_COLUMNS " FROM alert WHERE id=?1",
	[SQL_ROW_INSERT] = "INSERT INTO alert(" ROW_COLUMNS ") VALUES(?1,?2,?3,?4,?5,?6,?7,?8,?9,"
			   "?10,?11,?12,?13,?14,?15,?16,?17,?18,?19,?20,?21,?22,?23,?24,?25,?26,"
			   "?27,?28,?29,?30)",
	[SQL_ROW_UPDATE] = "UPDATE alert SET state=?3,level=?4,told_level=?5,exact=?8,count=?9,"
			   "events=?10,unsaid=?11,hidden=?12,entities=?13,first=?14,last=?15,"
			   "said=?17,closed=?18,suppressed=?19,tags=?23,message=?24,details=?25,"
			   "host=?26,project=?27,source=?28,assignee=?29,proofs=?30 "
			   "WHERE id=?1",
	[SQL_ROW_DUE] = "SELECT id FROM alert WHERE unsaid > 0 AND said <= ?1 ORDER BY said "
			"LIMIT 500",
	[SQL_ROW_WINDOW] = "SELECT rule,urgent,count(*) FROM alert WHERE opened >= ?1 AND "
			   "overflow = 0 GROUP BY rule,urgent",
	[SQL_ROW_STATES] = "SELECT state,level,count(*) FROM alert GROUP BY state,level",
	[SQL_ROW_DROP_CLOSED] = DROP("state = 2 ORDER BY level, last"),
	[SQL_ROW_DROP_LOW] = DROP("level <= 2 ORDER BY level, last"),
	[SQL_ROW_DROP_ANY] = DROP("1 ORDER BY last"),
	[SQL_ROW_UNHIDE] = "UPDATE alert SET suppressed=0 WHERE suppressed > 0 AND suppressed=?1",
	[SQL_CHANGE_PUT] = "INSERT INTO change VALUES(?1,?2,?3,?4,?5)",
	[SQL_CHANGE_AFTER] = "SELECT id,text FROM change WHERE id > ?1 ORDER BY id",
	[SQL_CHANGE_OF] = "SELECT text FROM (SELECT id,text FROM change WHERE alert=?1 "
			  "ORDER BY id DESC LIMIT ?2) ORDER BY id",
	/* The keys of the row that came last, as ?1 to ?3: a page begins behind it. */
	[SQL_LIST_LAST] = LIST("alert_last", "(last,id) < (?1,?3)", "last DESC, id DESC"),
	[SQL_LIST_OPENED] = "SELECT " ROW_COLUMNS " FROM alert WHERE id < ?3 "
			    "ORDER BY id DESC LIMIT ?4",
	[SQL_LIST_LEVEL] = LIST("alert_level", "(level,last,id) < (?1,?2,?3)",
				"level DESC, last DESC, id DESC"),
	[SQL_LIST_COUNT] = LIST("alert_count", "(count,id) < (?1,?3)", "count DESC, id DESC"),
	/* An alert's history is kept with it, but for its repeats: its count says as much. */
	[SQL_CHANGE_FORGET] = "DELETE FROM change WHERE id > ?1 AND id <= ?2 AND (kind = ?3 OR "
			      "alert NOT IN (SELECT id FROM alert))",
	[SQL_SUPPRESSION_ALL] = "SELECT id,key,rule,entity,until,made,last,count,by,reason FROM "
				"suppression ORDER BY id",
	[SQL_SUPPRESSION_PUT] = "INSERT OR REPLACE INTO suppression VALUES(?1,?2,?3,?4,?5,?6,?7,?8,"
				"?9,?10)",
	[SQL_SUPPRESSION_DROP] = "DELETE FROM suppression WHERE id=?1",
};

static int errno_of(int code)
{
	switch (code & 0xff) {
	case SQLITE_FULL:
		return -ENOSPC;
	case SQLITE_CORRUPT:
	case SQLITE_NOTADB:
		return -EBADMSG;
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
		return -EBUSY;
	case SQLITE_READONLY:
		return -EROFS;
	case SQLITE_CANTOPEN:
		return -ENOENT;
	case SQLITE_NOMEM:
		return -ENOMEM;
	case SQLITE_INTERRUPT:
		return -EINTR;
	default:
		return -EIO;
	}
}

int db_fail(struct alerts *a, const char *doing)
{
	int r = errno_of(sqlite3_errcode(a->db));

	if (!a->failed)
		a->failed = why_set(&a->why, r, "the alert database: %s: %s", doing,
				    sqlite3_errmsg(a->db));
	return err_trace(r);
}

sqlite3_stmt *db_use(struct alerts *a, enum sql s)
{
	assert(a->sql[s]);
	sqlite3_reset(a->sql[s]);
	sqlite3_clear_bindings(a->sql[s]);
	return a->sql[s];
}

int db_step(struct alerts *a, sqlite3_stmt *st)
{
	int code = sqlite3_step(st), r = 0;

	if (code == SQLITE_ROW)
		return 1;
	if (code != SQLITE_DONE)
		r = db_fail(a, sqlite3_sql(st));
	sqlite3_reset(st);
	return r;
}

struct bytes db_bytes(sqlite3_stmt *st, int column)
{
	const void *at = sqlite3_column_blob(st, column); /* of a text: its UTF-8 */

	return bytes_of(at, (size_t)sqlite3_column_bytes(st, column));
}

void db_bind(sqlite3_stmt *st, int i, struct bytes b)
{
	sqlite3_bind_text64(st, i, b.len ? (const char *)b.at : "", b.len, SQLITE_STATIC,
			    SQLITE_UTF8);
}

void db_bind_blob(sqlite3_stmt *st, int i, struct bytes b)
{
	sqlite3_bind_blob64(st, i, b.len ? (const void *)b.at : "", b.len, SQLITE_STATIC);
}

int db_begin(struct alerts *a)
{
	int r;

	if (a->begun)
		return 0;
	r = db_step(a, db_use(a, SQL_BEGIN));
	a->begun = r == 0;
	return r;
}

int db_commit(struct alerts *a)
{
	int r = db_step(a, db_use(a, SQL_COMMIT));

	a->begun = a->begun && r != 0;
	return r;
}

void db_rollback(struct alerts *a)
{
	for (unsigned i = 0; i < SQL_N; i++)
		sqlite3_reset(a->sql[i]);
	if (!sqlite3_get_autocommit(a->db)) /* a full disk may have done it already */
		sqlite3_step(a->sql[SQL_ROLLBACK]);
	sqlite3_reset(a->sql[SQL_ROLLBACK]);
	a->begun = false;
}

uint64_t db_meta(struct alerts *a, const char *name)
{
	sqlite3_stmt *st = db_use(a, SQL_META_GET);
	uint64_t v = 0;

	db_bind(st, 1, bytes_str(name));
	if (db_step(a, st) == 1)
		v = (uint64_t)sqlite3_column_int64(st, 0);
	sqlite3_reset(st);
	return v;
}

int db_meta_put(struct alerts *a, const char *name, uint64_t value)
{
	sqlite3_stmt *st = db_use(a, SQL_META_PUT);

	db_bind(st, 1, bytes_str(name));
	sqlite3_bind_int64(st, 2, (int64_t)value);
	return db_step(a, st);
}

static int run(sqlite3 *db, const char *sql, struct why *why)
{
	if (sqlite3_exec(db, sql, NULL, NULL, NULL) == SQLITE_OK)
		return 0;
	return why_set(why, errno_of(sqlite3_errcode(db)), "%s", sqlite3_errmsg(db));
}

/* The number that a pragma gives. */
static int number(sqlite3 *db, const char *sql, int64_t *ret, struct why *why)
{
	sqlite3_stmt *st = NULL;
	int r = 0;

	if (sqlite3_prepare_v2(db, sql, -1, &st, NULL) != SQLITE_OK ||
	    sqlite3_step(st) != SQLITE_ROW)
		r = why_set(why, errno_of(sqlite3_errcode(db)), "%s", sqlite3_errmsg(db));
	else
		*ret = sqlite3_column_int64(st, 0);
	sqlite3_finalize(st);
	return r;
}

static int check(sqlite3 *db, const char *path, struct why *why)
{
	sqlite3_stmt *st = NULL;
	struct stat s;
	int r = 0;

	if (stat(path, &s) < 0 || s.st_size > CHECKED_BYTES)
		return 0;
	if (sqlite3_prepare_v2(db, "PRAGMA quick_check(1)", -1, &st, NULL) != SQLITE_OK ||
	    sqlite3_step(st) != SQLITE_ROW)
		r = why_set(why, errno_of(sqlite3_errcode(db)), "%s", sqlite3_errmsg(db));
	else if (!bytes_eq(db_bytes(st, 0), BYTES("ok")))
		r = why_set(why, -EBADMSG, "%.300s", (const char *)sqlite3_column_text(st, 0));
	sqlite3_finalize(st);
	return r;
}

/* Is it ours, and of a form we know? An empty file becomes one. */
static int take_schema(struct alerts *a, const char *path, struct why *why)
{
	int64_t version = 0, application = 0, tables = 0;
	int r;

	if ((r = number(a->db, "PRAGMA user_version", &version, why)) < 0 ||
	    (r = number(a->db, "PRAGMA application_id", &application, why)) < 0 ||
	    (r = number(a->db, "SELECT count(*) FROM sqlite_master", &tables, why)) < 0)
		return r;
	if (!tables && !version && !application) {
		char pragma[120];

		if (a->o.read_only)
			return why_set(why, -ENODATA, "it is empty");
		snprintf(pragma, sizeof(pragma),
			 "PRAGMA application_id=%d; PRAGMA user_version=%d; COMMIT", APPLICATION,
			 SCHEMA);
		if ((r = run(a->db, "BEGIN IMMEDIATE", why)) < 0 ||
		    (r = run(a->db, schema, why)) < 0)
			return r;
		return run(a->db, pragma, why);
	}
	if (application != APPLICATION)
		return why_set(why, -EINVAL, "it is a database of another program");
	if (version > SCHEMA)
		return why_set(why, -EPROTONOSUPPORT,
			       "it was written by a newer vedette (form %lld, this one knows %d); "
			       "use that one, or name another file",
			       (long long)version, SCHEMA);
	if (version < 1)
		return why_set(why, -EBADMSG, "it has no form");
	return check(a->db, path, why);
}

static int prepare(struct alerts *a, struct why *why)
{
	for (unsigned i = 0; i < SQL_N; i++)
		if (sqlite3_prepare_v3(a->db, statements[i], -1, SQLITE_PREPARE_PERSISTENT,
				       &a->sql[i], NULL) != SQLITE_OK)
			return why_set(why, errno_of(sqlite3_errcode(a->db)), "%s",
				       sqlite3_errmsg(a->db));
	return 0;
}

/* It holds what logs say: nobody else is to read it. SQLite gives its companions the same mode. */
static int make_file(const char *path, struct why *why)
{
	int fd;

	if (!strcmp(path, ":memory:"))
		return 0;
	fd = open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return why_set(why, -errno, "%s", strerror(errno));
	close(fd);
	return 0;
}

static int open_once(struct alerts *a, const char *path, struct why *why)
{
	int flags = SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE |
		    (a->o.read_only ? SQLITE_OPEN_READONLY
				    : SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE);
	int r = a->o.read_only ? 0 : make_file(path, why);

	if (r < 0)
		return r;
	if (sqlite3_open_v2(path, &a->db, flags, NULL) != SQLITE_OK)
		return why_set(why, errno_of(sqlite3_errcode(a->db)), "%s", sqlite3_errmsg(a->db));
	sqlite3_busy_timeout(a->db, 5000);
	/* What is in the file is data to us, whoever wrote it. */
	sqlite3_db_config(a->db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
	sqlite3_db_config(a->db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
	r = run(a->db, "PRAGMA temp_store=MEMORY; PRAGMA cache_size=-16384", why);
	if (r == 0 && !a->o.read_only)
		r = run(a->db, "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL", why);
	if (r == 0)
		r = take_schema(a, path, why);
	return r < 0 ? r : prepare(a, why);
}

void db_close(struct alerts *a)
{
	for (unsigned i = 0; i < SQL_N; i++) {
		sqlite3_finalize(a->sql[i]);
		a->sql[i] = NULL;
	}
	sqlite3_close(a->db);
	a->db = NULL;
}

/* The damaged file is evidence too: it is put beside, with its companions, never deleted. */
static int move_aside(const char *path, usec now, struct buf *ret)
{
	static const char *const ends[] = { "", "-wal", "-shm" };
	struct buf from = { 0 }, to = { 0 };
	int r = 0;

	buf_printf(ret, "%s.damaged-%lld", path, (long long)(now / USEC_PER_SEC));
	for (unsigned i = 0; i < 3 && r == 0; i++) {
		buf_clear(&from);
		buf_clear(&to);
		buf_printf(&from, "%s%s", path, ends[i]);
		buf_printf(&to, "%s%s", buf_cstr(ret), ends[i]);
		if (renameat2(AT_FDCWD, buf_cstr(&from), AT_FDCWD, buf_cstr(&to),
			      RENAME_NOREPLACE) < 0 &&
		    errno != ENOENT)
			r = -errno;
	}
	buf_done(&from);
	buf_done(&to);
	return r;
}

int db_open(struct alerts *a, const char *path, struct why *why)
{
	struct buf aside = { 0 };
	struct why first = { "" };
	int r = open_once(a, path, &first);

	if (r < 0)
		db_close(a);
	if (r != -EBADMSG || a->o.read_only) {
		if (r < 0)
			why_set(why, r, "%s: %s", path,
				r == -EBADMSG ? "the alert database is damaged" : first.line);
		return r;
	}
	r = move_aside(path, a->now, &aside);
	if (r < 0)
		why_set(why, r, "%s: the alert database is damaged and could not be put aside: %s",
			path, strerror(-r));
	else if ((r = open_once(a, path, why)) < 0)
		why_in(why, r, "%s", path);
	else
		r = why_set(why, ALERTS_ANEW,
			    "%s: the alert database is damaged (%.160s); it lies in %.180s now, "
			    "and alerts begin anew: what they were is in the ledger",
			    path, first.line, buf_cstr(&aside));
	buf_done(&aside);
	return r;
}
