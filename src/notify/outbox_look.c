/* SPDX-License-Identifier: Apache-2.0 */
#include "notify/outbox_look.h"
#include "notify/outbox_in.h"
#include <unistd.h>

#define NUMBER(name) "coalesce((SELECT value FROM number WHERE name='" name ".'||t.target),0)"

static const char rows[] = "WITH t(target) AS (SELECT target FROM entry UNION SELECT target FROM "
			   "digest"
			   " UNION SELECT target FROM live WHERE due=1"
			   " UNION SELECT substr(name,9) FROM number WHERE name GLOB 'dropped.*' "
			   "AND value>0"
			   " UNION SELECT substr(name,10) FROM number WHERE name GLOB 'failures.*' "
			   "AND value>0)"
			   "SELECT target,"
			   "(SELECT count(*) FROM entry e WHERE e.target=t.target),"
			   "(SELECT total(length(text)) FROM entry e WHERE e.target=t.target),"
			   "(SELECT max(level) FROM entry e WHERE e.target=t.target),"
			   "(SELECT min(made) FROM entry e WHERE e.target=t.target),"
			   "(SELECT min(due) FROM entry e WHERE e.target=t.target),"
			   "(SELECT max(attempts) FROM entry e WHERE e.target=t.target),"
			   "(SELECT total(changes) FROM digest d WHERE d.target=t.target),"
			   "(SELECT count(*) FROM live l WHERE l.target=t.target AND "
			   "due=1)," NUMBER("dropped") "," NUMBER("failures") "," NUMBER(
				   "next") "," NUMBER("reason") "," NUMBER("answer") " FROM t "
										     "ORDER BY "
										     "target";

static uint64_t column(sqlite3_stmt *st, int i)
{
	sqlite3_int64 n = sqlite3_column_int64(st, i);

	return n > 0 ? (uint64_t)n : 0;
}

static void one(sqlite3_stmt *st, outbox_row_fn *fn, void *ctx)
{
	uint64_t level = column(st, 3), alerts = column(st, 8), failures = column(st, 10);
	usec due = (usec)column(st, 5), next = (usec)column(st, 11);
	struct outbox_row r = { .target = box_column(st, 0),
				.waiting = column(st, 1),
				.bytes = column(st, 2),
				.worst = level < LEVEL_N ? (enum level)level : LEVEL_CRITICAL,
				.oldest = USEC_NONE,
				.next = USEC_NONE,
				.refused = column(st, 6),
				.digest = column(st, 7),
				.alerts = alerts,
				.dropped = column(st, 9),
				.failures = failures,
				.reason = (unsigned)column(st, 12),
				.answer = (unsigned)column(st, 13) };

	if (r.waiting)
		r.oldest = (usec)column(st, 4);
	if (r.waiting || alerts)
		r.next = failures && next > due ? next : due;
	fn(ctx, &r);
}

/* What is not there is -1. */
static int number(sqlite3 *db, const char *sql, int *ret)
{
	sqlite3_stmt *st = NULL;
	int r = sqlite3_prepare_v2(db, sql, -1, &st, NULL);

	if (r == SQLITE_OK)
		r = sqlite3_step(st);
	*ret = r == SQLITE_ROW ? sqlite3_column_int(st, 0) : -1;
	sqlite3_finalize(st);
	return r == SQLITE_ROW || r == SQLITE_DONE ? 0 : -EIO;
}

static int look(sqlite3 *db, outbox_row_fn *fn, void *ctx)
{
	sqlite3_stmt *st = NULL;
	int r, application, version;

	sqlite3_busy_timeout(db, 5000);
	sqlite3_db_config(db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
	sqlite3_db_config(db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
	if (number(db, "PRAGMA application_id", &application) < 0 ||
	    number(db, "PRAGMA user_version", &version) < 0)
		return -EIO;
	if (application != OUTBOX_APPLICATION || version != OUTBOX_SCHEMA)
		return -EBADMSG;
	r = sqlite3_prepare_v2(db, rows, -1, &st, NULL);
	while (r == SQLITE_OK && (r = sqlite3_step(st)) == SQLITE_ROW) {
		one(st, fn, ctx);
		r = SQLITE_OK;
	}
	sqlite3_finalize(st);
	return r == SQLITE_DONE ? 0 : -EIO;
}

int outbox_look(const char *file, outbox_row_fn *fn, void *ctx, struct why *why)
{
	sqlite3 *db = NULL;
	int r;

	if (access(file, R_OK) < 0)
		return why_set(why, -errno, "%s: %s", file, strerror(errno));
	r = sqlite3_open_v2(file, &db, SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX, NULL) ==
			    SQLITE_OK
		    ? look(db, fn, ctx)
		    : -EIO;
	if (r < 0)
		r = why_set(why, r, "%s: %s", file,
			    r == -EBADMSG ? "it is no outbox of this version"
			    : db	  ? sqlite3_errmsg(db)
					  : "no memory");
	sqlite3_close(db);
	return r;
}
