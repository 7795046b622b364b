/* SPDX-License-Identifier: Apache-2.0 */
/* The database and its entries; digests and live alerts are in outbox_state.c. */
#include "base/hash.h"
#include "notify/outbox_in.h"
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

static const char schema[] =
	"CREATE TABLE number(name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;"
	"CREATE TABLE entry(id INTEGER PRIMARY KEY, target TEXT NOT NULL, level INTEGER NOT NULL,"
	" number INTEGER NOT NULL, made INTEGER NOT NULL, due INTEGER NOT NULL,"
	" attempts INTEGER NOT NULL, text BLOB NOT NULL);"
	"CREATE INDEX entry_next ON entry(target, level DESC, id);"
	"CREATE INDEX entry_made ON entry(target, made);"
	/* What waits is asked before each entry: it is kept, not counted. */
	"CREATE TABLE waiting(target TEXT PRIMARY KEY, n INTEGER NOT NULL, bytes INTEGER NOT NULL)"
	" WITHOUT ROWID;"
	"CREATE TRIGGER entry_in AFTER INSERT ON entry BEGIN"
	" INSERT INTO waiting VALUES(new.target, 1, length(new.text)) ON CONFLICT(target)"
	" DO UPDATE SET n=n+1, bytes=bytes+excluded.bytes; END;"
	"CREATE TRIGGER entry_out AFTER DELETE ON entry BEGIN"
	" UPDATE waiting SET n=n-1, bytes=bytes-length(old.text) WHERE target=old.target; END;"
	"CREATE TABLE told(target TEXT NOT NULL, route TEXT NOT NULL, level INTEGER NOT NULL,"
	" at INTEGER NOT NULL);"
	"CREATE INDEX told_at ON told(target, route, level, at);"
	"CREATE TABLE digest(target TEXT NOT NULL, route TEXT NOT NULL, alert INTEGER NOT NULL,"
	" level INTEGER NOT NULL, since INTEGER NOT NULL, changes INTEGER NOT NULL,"
	" findings INTEGER NOT NULL, text BLOB NOT NULL, PRIMARY KEY(target, route, alert));"
	"CREATE TABLE live(target TEXT NOT NULL, alert INTEGER NOT NULL, level INTEGER NOT NULL,"
	" rev INTEGER NOT NULL, due INTEGER NOT NULL, over INTEGER NOT NULL, at INTEGER NOT NULL,"
	" text BLOB NOT NULL, PRIMARY KEY(target, alert, level));"
	"CREATE INDEX live_due ON live(target, due, rev);";

static const char *const statements[SQL_N] = {
	[SQL_BEGIN] = "BEGIN IMMEDIATE",
	[SQL_COMMIT] = "COMMIT",
	[SQL_ROLLBACK] = "ROLLBACK",
	[SQL_GET] = "SELECT value FROM number WHERE name=?1",
	[SQL_SET] = "INSERT INTO number VALUES(?1,?2) ON CONFLICT(name) DO UPDATE SET "
		    "value=excluded.value",
	[SQL_ADD] = "INSERT INTO number VALUES(?1,?2) ON CONFLICT(name) DO UPDATE SET "
		    "value=value+excluded.value",
	[SQL_ENTRY_PUT] = "INSERT INTO entry(target,level,number,made,due,attempts,text) "
			  "VALUES(?1,?2,?3,?4,?4,0,?5)",
	[SQL_ENTRY_NEXT] = "SELECT id,level,number,made,attempts,text FROM entry WHERE target=?1 "
			   "AND due<=?2 ORDER BY level DESC, id LIMIT 1",
	[SQL_ENTRY_DROP] = "DELETE FROM entry WHERE id=?1",
	[SQL_ENTRY_LATER] = "UPDATE entry SET attempts=attempts+1, due=?2 WHERE id=?1",
	[SQL_ENTRY_COUNT] = "SELECT n FROM waiting WHERE target=?1",
	[SQL_ENTRY_WORST] = "SELECT max(level) FROM entry WHERE target=?1",
	[SQL_ENTRY_BYTES] = "SELECT sum(bytes) FROM waiting",
	[SQL_ENTRY_LEAST] = "DELETE FROM entry WHERE id=(SELECT id FROM entry WHERE target=?1 "
			    "AND level=(SELECT min(level) FROM entry WHERE target=?1) "
			    "ORDER BY id LIMIT 1)",
	[SQL_ENTRY_OLD] = "DELETE FROM entry WHERE target=?1 AND made<?2",
	[SQL_TOLD_PUT] = "INSERT INTO told VALUES(?1,?2,?3,?4)",
	[SQL_TOLD_COUNT] = "SELECT count(*) FROM told WHERE target=?1 AND route=?2 AND level=?3 "
			   "AND at>?4",
	[SQL_TOLD_OLD] = "DELETE FROM told WHERE target=?1 AND route=?2 AND level=?3 AND at<=?4",
	[SQL_DIGEST_HAS] = "SELECT 1 FROM digest WHERE target=?1 AND route=?2 AND alert=?3",
	[SQL_DIGEST_ROWS] = "SELECT count(*) FROM digest WHERE target=?1 AND route=?2",
	[SQL_DIGEST_PUT] =
		"INSERT INTO digest VALUES(?1,?2,?3,?4,?5,?6,?7,?8) "
		"ON CONFLICT(target,route,alert) DO UPDATE SET level=max(level,excluded.level),"
		"changes=changes+excluded.changes,findings=findings+excluded.findings,"
		"text=excluded.text",
	[SQL_DIGEST_SINCE] = "SELECT min(since) FROM digest WHERE target=?1 AND route=?2",
	[SQL_DIGEST_EACH] = "SELECT alert,level,changes,findings,text FROM digest WHERE target=?1 "
			    "AND route=?2 ORDER BY alert=0, level DESC, findings DESC",
	[SQL_DIGEST_CLEAR] = "DELETE FROM digest WHERE target=?1 AND route=?2",
	[SQL_DIGEST_HELD] = "SELECT total(changes) FROM digest WHERE target=?1 AND route=?2",
	[SQL_LIVE_HAS] = "SELECT 1 FROM live WHERE target=?1 AND alert=?2 AND over=0",
	[SQL_LIVE_PUT] = "INSERT INTO live VALUES(?1,?2,?3,?4,1,?5,?6,?7) "
			 "ON CONFLICT(target,alert,level) DO UPDATE SET rev=excluded.rev,due=1,"
			 "over=excluded.over,at=excluded.at,text=excluded.text",
	/* A raised level is another set of labels: the one with the lower level is over. */
	[SQL_LIVE_OTHERS] = "UPDATE live SET over=1,due=1,rev=?4,at=?5 WHERE target=?1 AND "
			    "alert=?2 AND level<>?3 AND over=0",
	[SQL_LIVE_COUNT] = "SELECT count(*) FROM live WHERE target=?1",
	[SQL_LIVE_LEAST] = "DELETE FROM live WHERE rowid=(SELECT rowid FROM live WHERE target=?1 "
			   "ORDER BY level, rev LIMIT 1)",
	[SQL_LIVE_DUE] = "SELECT alert,level,rev,over,at,text FROM live WHERE target=?1 AND due=1 "
			 "ORDER BY rev LIMIT ?2",
	[SQL_LIVE_TAKEN] = "UPDATE live SET due=0 WHERE target=?1 AND due=1 AND rev<=?2",
	[SQL_LIVE_OVER] = "DELETE FROM live WHERE target=?1 AND due=0 AND over=1",
	[SQL_LIVE_AGAIN] = "UPDATE live SET due=1 WHERE target=?1 AND over=0",
};

void box_fail(struct outbox *o, const char *doing)
{
	if (!o->failed)
		o->failed =
			why_set(&o->why, -EIO, "the outbox: %s: %s", doing, sqlite3_errmsg(o->db));
}

/* ---- one statement: use, bind, run ---- */

sqlite3_stmt *box_use(struct outbox *o, enum box_sql s)
{
	sqlite3_reset(o->sql[s]);
	sqlite3_clear_bindings(o->sql[s]);
	if (!o->failed && !o->begun && s > SQL_ROLLBACK) {
		sqlite3_reset(o->sql[SQL_BEGIN]);
		if (sqlite3_step(o->sql[SQL_BEGIN]) != SQLITE_DONE)
			box_fail(o, "begin");
		sqlite3_reset(o->sql[SQL_BEGIN]);
		o->begun = true;
	}
	return o->sql[s];
}

void box_text(sqlite3_stmt *st, int i, struct bytes b)
{
	sqlite3_bind_text(st, i, b.at ? (const char *)b.at : "", (int)b.len, SQLITE_TRANSIENT);
}

void box_blob(sqlite3_stmt *st, int i, struct bytes b)
{
	sqlite3_bind_blob(st, i, b.at ? b.at : (const uint8_t *)"", (int)b.len, SQLITE_TRANSIENT);
}

void box_int(sqlite3_stmt *st, int i, uint64_t n)
{
	sqlite3_bind_int64(st, i, (sqlite3_int64)n);
}

bool box_row(struct outbox *o, sqlite3_stmt *st)
{
	int r = o->failed ? SQLITE_DONE : sqlite3_step(st);

	if (r != SQLITE_ROW && r != SQLITE_DONE)
		box_fail(o, "step");
	if (r != SQLITE_ROW)
		sqlite3_reset(st);
	return r == SQLITE_ROW;
}

void box_run(struct outbox *o, sqlite3_stmt *st)
{
	while (box_row(o, st))
		;
}

uint64_t box_one(struct outbox *o, sqlite3_stmt *st)
{
	uint64_t n = 0;

	if (box_row(o, st))
		n = (uint64_t)sqlite3_column_int64(st, 0);
	sqlite3_reset(st);
	return n;
}

struct bytes box_column(sqlite3_stmt *st, int i)
{
	const void *at = sqlite3_column_blob(st, i);

	return bytes_of(at, (size_t)sqlite3_column_bytes(st, i));
}

/* ---- open ---- */

static int run_text(struct outbox *o, const char *sql)
{
	return sqlite3_exec(o->db, sql, NULL, NULL, NULL) == SQLITE_OK ? 0 : -EIO;
}

static bool pragma_is(struct outbox *o, const char *sql, int want)
{
	sqlite3_stmt *st = NULL;
	int got = -1;

	if (sqlite3_prepare_v2(o->db, sql, -1, &st, NULL) == SQLITE_OK &&
	    sqlite3_step(st) == SQLITE_ROW)
		got = sqlite3_column_int(st, 0);
	sqlite3_finalize(st);
	return got == want;
}

static int make(struct outbox *o)
{
	char text[200];

	snprintf(text, sizeof(text), "PRAGMA application_id=%d; PRAGMA user_version=%d;",
		 OUTBOX_APPLICATION, OUTBOX_SCHEMA);
	if (run_text(o, "BEGIN IMMEDIATE") < 0 || run_text(o, schema) < 0 || run_text(o, text) < 0)
		return -EIO;
	return run_text(o, "COMMIT");
}

static int open_it(struct outbox *o, const char *file)
{
	if (sqlite3_open_v2(file, &o->db,
			    SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX,
			    NULL) != SQLITE_OK)
		return -EIO;
	sqlite3_busy_timeout(o->db, 5000);
	if (run_text(o, "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;"
			"PRAGMA wal_autocheckpoint=200; PRAGMA temp_store=MEMORY;") < 0)
		return -EIO;
	if (pragma_is(o, "SELECT count(*) FROM sqlite_schema", 0)) {
		o->fresh = true;
		if (make(o) < 0)
			return -EIO;
	}
	if (!pragma_is(o, "PRAGMA application_id", OUTBOX_APPLICATION) ||
	    !pragma_is(o, "PRAGMA user_version", OUTBOX_SCHEMA))
		return -EBADMSG;
	for (unsigned i = 0; i < SQL_N; i++)
		if (sqlite3_prepare_v3(o->db, statements[i], -1, SQLITE_PREPARE_PERSISTENT,
				       &o->sql[i], NULL) != SQLITE_OK)
			return -EIO;
	return 0;
}

static void shut(struct outbox *o)
{
	for (unsigned i = 0; i < SQL_N; i++)
		sqlite3_finalize(o->sql[i]);
	sqlite3_close(o->db);
	memset(o->sql, 0, sizeof(o->sql));
	o->db = NULL;
}

static void put_aside(const char *file, usec now)
{
	char to[300], from[300];
	static const char *const ends[] = { "", "-wal", "-shm" };

	for (size_t i = 0; i < 3; i++) {
		snprintf(from, sizeof(from), "%.200s%s", file, ends[i]);
		snprintf(to, sizeof(to), "%.200s.damaged-%lld%s", file,
			 (long long)(now / USEC_PER_SEC), ends[i]);
		rename(from, to);
	}
	say(SAY_ERROR, "the outbox is damaged and was put aside: what waited in it is not told");
}

int outbox_open(struct outbox **ret, const char *file, usec now, struct why *why)
{
	struct outbox *o = mem_new(1, sizeof(*o));
	int r = open_it(o, file), code = o->db ? sqlite3_errcode(o->db) & 0xff : 0;
	uint64_t instance = 0;

	if (r < 0 && (code == SQLITE_CORRUPT || code == SQLITE_NOTADB)) {
		shut(o);
		put_aside(file, now);
		r = open_it(o, file);
	}
	if (r < 0) {
		r = why_set(why, r, "the outbox %s: %s", file,
			    r == -EBADMSG ? "it was not made by this program, or by a newer one"
			    : o->db	  ? sqlite3_errmsg(o->db)
					  : "no memory");
		outbox_close(o);
		return r;
	}
	if (!outbox_number(o, "instance")) {
		if (getrandom(&instance, sizeof(instance), 0) != sizeof(instance))
			instance = (uint64_t)now;
		outbox_set(o, "instance", (instance >> 2) | 1);
		outbox_set(o, "born", (uint64_t)now);
	}
	r = outbox_commit(o, why);
	if (r < 0)
		o = outbox_close(o);
	else
		*ret = o;
	return r;
}

struct outbox *outbox_close(struct outbox *o)
{
	if (o)
		shut(o);
	free(o);
	return NULL;
}

bool outbox_failed(const struct outbox *o)
{
	return o->failed != 0;
}

int outbox_commit(struct outbox *o, struct why *why)
{
	int r;

	if (!o->failed && o->begun)
		box_run(o, box_use(o, SQL_COMMIT));
	if (!o->failed) {
		o->begun = false;
		return 0;
	}
	r = why_set(why, o->failed, "%s", o->why.line);
	sqlite3_reset(o->sql[SQL_ROLLBACK]);
	sqlite3_step(o->sql[SQL_ROLLBACK]);
	sqlite3_reset(o->sql[SQL_ROLLBACK]);
	o->begun = false;
	o->failed = 0;
	return r;
}

/* ---- numbers ---- */

uint64_t outbox_number(struct outbox *o, const char *name)
{
	sqlite3_stmt *st = box_use(o, SQL_GET);

	box_text(st, 1, bytes_str(name));
	return box_one(o, st);
}

void outbox_set(struct outbox *o, const char *name, uint64_t value)
{
	sqlite3_stmt *st = box_use(o, SQL_SET);

	box_text(st, 1, bytes_str(name));
	box_int(st, 2, value);
	box_run(o, st);
}

static const char *full_name(char room[static 128], const char *name, struct bytes target)
{
	snprintf(room, 128, "%s.%.*s", name, (int)target.len, (const char *)target.at);
	return room;
}

void outbox_add(struct outbox *o, const char *name, struct bytes target, uint64_t n)
{
	sqlite3_stmt *st = box_use(o, SQL_ADD);
	char room[128];

	box_text(st, 1, bytes_str(full_name(room, name, target)));
	box_int(st, 2, n);
	box_run(o, st);
}

void outbox_note(struct outbox *o, const char *name, struct bytes target, uint64_t value)
{
	char room[128];

	outbox_set(o, full_name(room, name, target), value);
}

uint64_t outbox_count(struct outbox *o, const char *name, struct bytes target)
{
	char room[128];

	return outbox_number(o, full_name(room, name, target));
}

/* ---- entries ---- */

static void make_room(struct outbox *o, struct bytes target, size_t len,
		      const struct outbox_limits *l)
{
	for (unsigned i = 0; i < 1000 && !o->failed; i++) {
		sqlite3_stmt *st;
		uint64_t waiting = outbox_waiting(o, target);

		if (!waiting || (waiting < l->entries &&
				 box_one(o, box_use(o, SQL_ENTRY_BYTES)) + len <= l->bytes))
			return;
		st = box_use(o, SQL_ENTRY_LEAST);
		box_text(st, 1, target);
		box_run(o, st);
		outbox_add(o, "dropped", target, 1);
	}
}

void outbox_put(struct outbox *o, struct bytes target, const struct outbox_entry *e,
		struct bytes text, const struct outbox_limits *l)
{
	sqlite3_stmt *st;

	make_room(o, target, text.len, l);
	st = box_use(o, SQL_ENTRY_PUT);
	box_text(st, 1, target);
	box_int(st, 2, e->level);
	box_int(st, 3, e->number);
	box_int(st, 4, (uint64_t)e->made);
	box_blob(st, 5, text);
	box_run(o, st);
}

bool outbox_next(struct outbox *o, struct bytes target, usec now, struct outbox_entry *ret,
		 struct buf *text)
{
	sqlite3_stmt *st = box_use(o, SQL_ENTRY_NEXT);

	box_text(st, 1, target);
	box_int(st, 2, (uint64_t)now);
	if (!box_row(o, st))
		return false;
	*ret = (struct outbox_entry){ .id = (uint64_t)sqlite3_column_int64(st, 0),
				      .level = (enum level)sqlite3_column_int(st, 1),
				      .number = (uint64_t)sqlite3_column_int64(st, 2),
				      .made = sqlite3_column_int64(st, 3),
				      .attempts = (uint32_t)sqlite3_column_int64(st, 4) };
	buf_bytes(text, box_column(st, 5));
	sqlite3_reset(st);
	return true;
}

void outbox_done(struct outbox *o, uint64_t id)
{
	sqlite3_stmt *st = box_use(o, SQL_ENTRY_DROP);

	box_int(st, 1, id);
	box_run(o, st);
}

void outbox_later(struct outbox *o, uint64_t id, usec due)
{
	sqlite3_stmt *st = box_use(o, SQL_ENTRY_LATER);

	box_int(st, 1, id);
	box_int(st, 2, (uint64_t)due);
	box_run(o, st);
}

uint64_t outbox_expire(struct outbox *o, struct bytes target, usec before)
{
	sqlite3_stmt *st = box_use(o, SQL_ENTRY_OLD);
	uint64_t n;

	box_text(st, 1, target);
	box_int(st, 2, (uint64_t)before);
	box_run(o, st);
	n = (uint64_t)sqlite3_changes64(o->db);
	if (n)
		outbox_add(o, "dropped", target, n);
	return n;
}

uint64_t outbox_waiting(struct outbox *o, struct bytes target)
{
	sqlite3_stmt *st = box_use(o, SQL_ENTRY_COUNT);

	box_text(st, 1, target);
	return box_one(o, st);
}

enum level outbox_worst(struct outbox *o, struct bytes target)
{
	sqlite3_stmt *st = box_use(o, SQL_ENTRY_WORST);

	box_text(st, 1, target);
	return (enum level)box_one(o, st);
}
