/* SPDX-License-Identifier: Apache-2.0 */
/* The whole: opening, and the one transaction of a commit. */
#include "alert/state.h"
#include "base/cursor.h"
#include <assert.h>
#include <stdlib.h>

static const char *const reader_names[ALERTS_READERS] = { "read_ledger", "read_notify" };

static const struct {
	const char *name;
	size_t at;
} kept_numbers[] = {
	{ "findings", offsetof(struct alerts_numbers, findings) },
	{ "suppressed", offsetof(struct alerts_numbers, suppressed) },
	{ "overflowed", offsetof(struct alerts_numbers, overflowed) },
	{ "dropped", offsetof(struct alerts_numbers, dropped) },
	{ "alerts", offsetof(struct alerts_numbers, alerts) },
	{ "untold", offsetof(struct alerts_numbers, untold) },
};

static uint64_t *kept_number(struct alerts *a, size_t i)
{
	return (uint64_t *)(void *)((char *)&a->numbers + kept_numbers[i].at);
}

/* All that is not rows, as the database has it. */
static int reload(struct alerts *a)
{
	a->cursor = db_meta(a, "cursor");
	a->last_alert = db_meta(a, "last_alert");
	a->last_change = db_meta(a, "last_change");
	for (unsigned i = 0; i < ALERTS_READERS; i++)
		a->read[i] = a->asked[i] = db_meta(a, reader_names[i]);
	for (size_t i = 0; i < sizeof(kept_numbers) / sizeof(*kept_numbers); i++)
		*kept_number(a, i) = db_meta(a, kept_numbers[i].name);
	a->numbers.changes = a->last_change;
	a->asked_any = a->waits = false;
	suppressions_load(a);
	window_load(a);
	return a->failed;
}

static void options_bound(struct alerts_options *o)
{
	const struct alerts_options usual = ALERTS_OPTIONS;

	o->cache = o->cache < 16 ? usual.cache : o->cache;
	o->rows = o->rows ? o->rows : usual.rows;
	o->proofs = o->proofs > PROOFS_MOST ? PROOFS_MOST : o->proofs ? o->proofs : usual.proofs;
}

int alerts_open(struct alerts **ret, const char *path, const struct alerts_options *options,
		usec now, struct why *why)
{
	struct alerts *a = mem_new(1, sizeof(*a));
	int r, x;

	a->o = *options;
	options_bound(&a->o);
	a->now = now;
	a->dirty_end = &a->dirty;
	a->table_n = 256;
	while (a->table_n < a->o.cache)
		a->table_n *= 2;
	a->table = mem_new(a->table_n, sizeof(*a->table));
	a->window = window_new(a);
	r = db_open(a, path, why);
	if (r >= 0 && (x = reload(a)) < 0) {
		*why = a->why;
		r = why_in(why, x, "%s", path);
	}
	a->run_from = a->last_alert;
	if (r < 0)
		alerts_close(a);
	else
		*ret = a;
	return r;
}

struct alerts *alerts_close(struct alerts *a)
{
	if (!a)
		return NULL;
	if (a->db && a->begun)
		db_rollback(a);
	rows_forget(a);
	suppressions_done(a);
	db_close(a);
	window_free(a->window);
	buf_done(&a->scratch);
	free(a->table);
	free(a);
	return NULL;
}

void alerts_tick(struct alerts *a, usec now)
{
	a->now = now;
}

uint64_t alerts_cursor(const struct alerts *a)
{
	return a->cursor;
}

bool alerts_blob(struct alerts *a, const char *name, struct buf *ret)
{
	sqlite3_stmt *st = db_use(a, SQL_BLOB_GET);
	bool there;

	db_bind(st, 1, bytes_str(name));
	there = db_step(a, st) == 1;
	if (there)
		buf_bytes(ret, db_bytes(st, 0));
	sqlite3_reset(st);
	return there;
}

/* Repeats that have waited long enough. What is left over is told at the next commit. */
static int say_due(struct alerts *a)
{
	uint64_t due[500];
	size_t n = 0;
	sqlite3_stmt *st = db_use(a, SQL_ROW_DUE);
	int x;

	sqlite3_bind_int64(st, 1, a->now - a->o.repeat_every);
	while ((x = db_step(a, st)) == 1 && n < sizeof(due) / sizeof(*due))
		due[n++] = (uint64_t)sqlite3_column_int64(st, 0);
	sqlite3_reset(st);
	for (size_t i = 0; i < n && x >= 0; i++) {
		bool newest;
		struct row *r = row_by_id(a, due[i], &newest);

		if (!r)
			return a->failed;
		r->say = CHANGE_REPEATED;
		x = row_put(a, r, newest);
		if (x == 0)
			x = rows_trim(a);
	}
	return x < 0 ? x : 0;
}

static int drop(struct alerts *a, enum sql s, uint64_t most)
{
	sqlite3_stmt *st = db_use(a, s);
	uint64_t gone;
	int x;

	sqlite3_bind_int64(st, 1, (int64_t)most);
	x = db_step(a, st);
	gone = x < 0 ? 0 : (uint64_t)sqlite3_changes64(a->db);
	a->numbers.dropped += gone;
	a->numbers.alerts -= gone < a->numbers.alerts ? gone : a->numbers.alerts;
	return x;
}

/* Deletes changes that both readers have, and that no alert's history needs. */
static int forget_changes(struct alerts *a, uint64_t after, uint64_t upto)
{
	sqlite3_stmt *st = db_use(a, SQL_CHANGE_FORGET);

	sqlite3_bind_int64(st, 1, (int64_t)after);
	sqlite3_bind_int64(st, 2, (int64_t)upto);
	sqlite3_bind_int64(st, 3, CHANGE_REPEATED);
	return db_step(a, st);
}

static uint64_t both_read(const uint64_t read[static ALERTS_READERS])
{
	return read[0] < read[1] ? read[0] : read[1];
}

/* Too many alerts: a hundredth more goes than must, so that it is not done at every commit. */
static int drop_rows(struct alerts *a)
{
	static const enum sql order[] = { SQL_ROW_DROP_CLOSED, SQL_ROW_DROP_LOW, SQL_ROW_DROP_ANY };
	uint64_t keep = a->o.rows - a->o.rows / 100;
	int x = 0;

	if (a->numbers.alerts <= a->o.rows)
		return 0;
	for (unsigned i = 0; i < 3 && x == 0 && a->numbers.alerts > keep; i++)
		x = drop(a, order[i], a->numbers.alerts - keep);
	rows_forget(a); /* some of them are no more; all are saved */
	return x < 0 ? x : forget_changes(a, 0, both_read(a->read));
}

static int put_meta(struct alerts *a, uint64_t cursor, const struct alerts_blob *blobs, size_t n)
{
	int x = db_meta_put(a, "cursor", cursor);

	if (x == 0)
		x = db_meta_put(a, "last_alert", a->last_alert);
	if (x == 0)
		x = db_meta_put(a, "last_change", a->last_change);
	if (x == 0)
		x = db_meta_put(a, "last_suppression", a->suppressions.last_id);
	for (unsigned i = 0; i < ALERTS_READERS && x == 0; i++)
		if (a->asked[i] != a->read[i])
			x = db_meta_put(a, reader_names[i], a->asked[i]);
	for (size_t i = 0; i < sizeof(kept_numbers) / sizeof(*kept_numbers) && x == 0; i++)
		x = db_meta_put(a, kept_numbers[i].name, *kept_number(a, i));
	for (size_t i = 0; i < n && x == 0; i++) {
		sqlite3_stmt *st = db_use(a, SQL_BLOB_PUT);

		db_bind(st, 1, bytes_str(blobs[i].name));
		db_bind_blob(st, 2, blobs[i].value);
		x = db_step(a, st);
	}
	return x;
}

/* A reader that is gone for good must not fill the disk. */
static void give_up(struct alerts *a)
{
	for (unsigned i = 0; i < ALERTS_READERS; i++) {
		if (a->last_change - a->asked[i] <= ALERTS_WAITING)
			continue;
		a->numbers.untold += a->last_change - a->asked[i] - ALERTS_WAITING;
		a->asked[i] = a->last_change - ALERTS_WAITING;
	}
}

static int commit(struct alerts *a, uint64_t cursor, const struct alerts_blob *blobs, size_t n)
{
	uint64_t had = both_read(a->read), has;
	int x = a->failed;

	if (x == 0)
		x = db_begin(a);
	if (x == 0)
		x = rows_save(a);
	if (x == 0)
		x = suppressions_expire(a);
	if (x == 0)
		x = suppressions_save(a);
	if (x == 0)
		x = say_due(a);
	if (x == 0)
		x = drop_rows(a);
	give_up(a);
	has = both_read(a->asked);
	if (x == 0 && has > had)
		x = forget_changes(a, had, has);
	if (x == 0)
		x = put_meta(a, cursor, blobs, n);
	return x < 0 ? x : db_commit(a);
}

/* Nothing to write: the cursor alone is not worth a transaction. */
static bool idle(const struct alerts *a, uint64_t cursor, size_t n)
{
	return !a->waits && !a->begun && !a->failed && !a->asked_any && cursor == a->cursor && !n;
}

/* Is there something that only time brings? */
static bool time_brings(struct alerts *a)
{
	sqlite3_stmt *st = db_use(a, SQL_ROW_DUE);
	bool due;

	for (size_t i = 0; i < a->suppressions.n; i++)
		if (a->suppressions.at[i]->until != USEC_NONE &&
		    a->suppressions.at[i]->until <= a->now)
			return true;
	sqlite3_bind_int64(st, 1, a->now - a->o.repeat_every);
	due = db_step(a, st) == 1;
	sqlite3_reset(st);
	return due;
}

int alerts_commit(struct alerts *a, uint64_t cursor, const struct alerts_blob *blobs, size_t n,
		  struct why *why)
{
	int x;

	assert(!a->o.read_only);
	if (idle(a, cursor, n) && !time_brings(a))
		return 0;
	x = commit(a, cursor, blobs, n);
	if (x < 0) {
		if (why)
			*why = a->why;
		db_rollback(a);
		rows_forget(a);
		a->failed = 0;
		reload(a); /* what fails here fails at the next commit again */
		return x;
	}
	a->numbers.commits++;
	a->cursor = cursor;
	a->numbers.changes = a->last_change;
	memcpy(a->read, a->asked, sizeof(a->read));
	a->waits = a->asked_any = false;
	return 0;
}

int alerts_changes(struct alerts *a, uint64_t after, alerts_change_fn *fn, void *ctx)
{
	sqlite3_stmt *st = db_use(a, SQL_CHANGE_AFTER);
	int x;

	sqlite3_bind_int64(st, 1, (int64_t)after);
	while ((x = db_step(a, st)) == 1) {
		uint64_t id = (uint64_t)sqlite3_column_int64(st, 0);

		if (id > a->numbers.changes || !fn(ctx, id, db_bytes(st, 1)))
			break; /* those behind it wait for their commit */
	}
	sqlite3_reset(st);
	return x < 0 ? x : 0;
}

void alerts_forget(struct alerts *a, enum alerts_reader reader, uint64_t upto)
{
	if (upto > a->numbers.changes)
		upto = a->numbers.changes; /* nobody can have what was not given out */
	if (upto <= a->asked[reader])
		return;
	a->asked[reader] = upto;
	a->asked_any = true;
}

uint64_t alerts_forgotten(const struct alerts *a, enum alerts_reader reader)
{
	return a->asked[reader];
}

bool alerts_change_id(struct bytes text, uint64_t *ret)
{
	static const struct bytes start = BYTES("{\"event\":\"alert-"),
				  id = BYTES("\",\"change\":");
	size_t at, n = 0;

	if (!bytes_starts(text, start))
		return false;
	text = bytes_from(text, start.len);
	at = bytes_find(bytes_sub(text, 0, 64), id);
	if (at == BYTES_NONE)
		return false;
	text = bytes_from(text, at + id.len);
	while (n < text.len && is_digit(text.at[n]))
		n++;
	return bytes_u64(bytes_sub(text, 0, n), ret);
}

void alerts_numbers(const struct alerts *a, struct alerts_numbers *ret)
{
	*ret = a->numbers;
}
