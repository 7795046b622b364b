/* SPDX-License-Identifier: Apache-2.0 */
/* Alerts in memory: the newest of each key that was used of late. A row that is changed is written
 * once a commit, however often it changed: so 100,000 repeats cost one write. */
#include "alert/state.h"
#include "base/hash.h"
#include <assert.h>
#include <stdlib.h>

static size_t slot_of(const struct alerts *a, const uint8_t *key)
{
	return hash_keyed(bytes_of(key, KEY_LEN)) & (a->table_n - 1);
}

static void use_unlink(struct alerts *a, struct row *r)
{
	*(r->prev_used ? &r->prev_used->next_used : &a->newest) = r->next_used;
	*(r->next_used ? &r->next_used->prev_used : &a->oldest) = r->prev_used;
}

static void use_link(struct alerts *a, struct row *r)
{
	r->prev_used = NULL;
	r->next_used = a->newest;
	*(a->newest ? &a->newest->prev_used : &a->oldest) = r;
	a->newest = r;
}

static struct row *cached(struct alerts *a, const uint8_t *key)
{
	struct row *r = a->table[slot_of(a, key)];

	while (r && memcmp(r->key, key, KEY_LEN) != 0)
		r = r->next_key;
	if (r && r != a->newest) {
		use_unlink(a, r);
		use_link(a, r);
	}
	return r;
}

static void cache(struct alerts *a, struct row *r)
{
	struct row **slot = &a->table[slot_of(a, r->key)];

	r->next_key = *slot;
	*slot = r;
	use_link(a, r);
	a->rows_n++;
}

static void uncache(struct alerts *a, struct row *r)
{
	struct row **at = &a->table[slot_of(a, r->key)];

	while (*at != r)
		at = &(*at)->next_key;
	*at = r->next_key;
	use_unlink(a, r);
	a->rows_n--;
}

struct row *row_free(struct row *r)
{
	if (!r)
		return NULL;
	for (unsigned i = 0; i < ROW_TEXTS; i++)
		buf_done(&r->text[i]);
	buf_done(&r->proofs);
	free(r);
	return NULL;
}

struct row *row_new(struct alerts *a, const uint8_t key[static KEY_LEN])
{
	struct row *old = cached(a, key), *r = mem_new(1, sizeof(*r));

	if (old) { /* a new alert of the key: the old one, closed long since, is no more wanted */
		if (old->dirty)
			rows_save(a);
		uncache(a, old);
		row_free(old);
	}
	memcpy(r->key, key, KEY_LEN);
	r->id = ++a->last_alert;
	cache(a, r);
	return r;
}

void row_read(struct row *r, sqlite3_stmt *st)
{
	struct bytes key = db_bytes(st, 1);
	int i = 2;

	r->id = (uint64_t)sqlite3_column_int64(st, 0);
	if (key.len == KEY_LEN)
		memcpy(r->key, key.at, KEY_LEN);
#define NUMBER(member, type) r->member = (type)sqlite3_column_int64(st, i++)
	NUMBER(state, enum alert_state);
	NUMBER(level, enum level);
	NUMBER(told_level, enum level);
	NUMBER(urgent, bool);
	NUMBER(overflow, bool);
	NUMBER(exact, bool);
	NUMBER(count, uint64_t);
	NUMBER(events, uint64_t);
	NUMBER(unsaid, uint64_t);
	NUMBER(hidden, uint64_t);
	NUMBER(entities, uint64_t);
	NUMBER(first, usec);
	NUMBER(last, usec);
	NUMBER(opened, usec);
	NUMBER(said, usec);
	NUMBER(closed, usec);
	NUMBER(suppressed, uint64_t);
#undef NUMBER
	/* The file may have been written by anyone: what indexes a table is held to its bounds. */
	if ((unsigned)r->state >= ALERT_STATES)
		r->state = ALERT_OPEN;
	if ((unsigned)r->level >= LEVEL_N)
		r->level = LEVEL_CRITICAL;
	if ((unsigned)r->told_level >= LEVEL_N)
		r->told_level = r->level;
	for (unsigned t = 0; t < ROW_TEXTS; t++) {
		buf_clear(&r->text[t]);
		buf_bytes(&r->text[t], db_bytes(st, i++));
	}
	buf_clear(&r->proofs);
	buf_bytes(&r->proofs, bytes_sub(db_bytes(st, i), 0, PROOFS_MOST * 8));
	r->proofs.len -= r->proofs.len % 8;
	r->saved = true;
}

static struct row *load(struct alerts *a, sqlite3_stmt *st)
{
	struct row *r = NULL;

	if (db_step(a, st) == 1) {
		r = mem_new(1, sizeof(*r));
		row_read(r, st);
	}
	sqlite3_reset(st);
	return r;
}

struct row *row_by_key(struct alerts *a, const uint8_t key[static KEY_LEN])
{
	struct row *r = cached(a, key);
	sqlite3_stmt *st;

	if (r)
		return r;
	st = db_use(a, SQL_ROW_BY_KEY);
	db_bind_blob(st, 1, bytes_of(key, KEY_LEN));
	r = load(a, st);
	if (r)
		cache(a, r);
	return r;
}

struct row *row_by_id(struct alerts *a, uint64_t id, bool *ret_newest)
{
	sqlite3_stmt *st;
	struct row *r, *newest;

	if (rows_save(a) < 0)
		return NULL;
	st = db_use(a, SQL_ROW_BY_ID);
	sqlite3_bind_int64(st, 1, (int64_t)id);
	r = load(a, st);
	if (!r)
		return NULL;
	newest = row_by_key(a, r->key);
	*ret_newest = newest && newest->id == id;
	if (!*ret_newest)
		return r;
	row_free(r);
	return newest;
}

void row_touch(struct alerts *a, struct row *r)
{
	if (r->dirty)
		return;
	r->dirty = true;
	r->next_dirty = NULL;
	*a->dirty_end = r;
	a->dirty_end = &r->next_dirty;
}

static int write_row(struct alerts *a, const struct row *r)
{
	sqlite3_stmt *st = db_use(a, r->saved ? SQL_ROW_UPDATE : SQL_ROW_INSERT);
	int i = 3;

	sqlite3_bind_int64(st, 1, (int64_t)r->id);
	if (!r->saved)
		db_bind_blob(st, 2, bytes_of(r->key, KEY_LEN));
#define NUMBER(member) sqlite3_bind_int64(st, i++, (int64_t)r->member)
	NUMBER(state);
	NUMBER(level);
	NUMBER(told_level);
	NUMBER(urgent);
	NUMBER(overflow);
	NUMBER(exact);
	NUMBER(count);
	NUMBER(events);
	NUMBER(unsaid);
	NUMBER(hidden);
	NUMBER(entities);
	NUMBER(first);
	NUMBER(last);
	NUMBER(opened);
	NUMBER(said);
	NUMBER(closed);
	NUMBER(suppressed);
#undef NUMBER
	for (unsigned t = 0; t < ROW_TEXTS; t++)
		db_bind(st, i++, buf_view(&r->text[t]));
	db_bind_blob(st, i, buf_view(&r->proofs));
	return db_step(a, st);
}

static int save(struct alerts *a, struct row *r)
{
	struct change c = { .kind = r->say, .by = BYTES(OUR_NAME) };
	int x = db_begin(a);

	if (x == 0 && c.kind)
		x = change_add(a, r, &c);
	r->say = CHANGE_NONE;
	if (x == 0)
		x = write_row(a, r);
	if (x == 0 && !r->saved)
		a->numbers.alerts++;
	r->saved = r->saved || x == 0;
	return x;
}

int row_put(struct alerts *a, struct row *r, bool newest)
{
	int x;

	if (newest) {
		row_touch(a, r);
		return rows_save(a);
	}
	x = save(a, r);
	row_free(r);
	return x;
}

int rows_save(struct alerts *a)
{
	int x = 0;

	for (struct row *r = a->dirty; r && x == 0; r = r->next_dirty) {
		x = save(a, r);
		r->dirty = x != 0;
		if (x == 0)
			a->dirty = r->next_dirty;
	}
	if (!a->dirty)
		a->dirty_end = &a->dirty;
	return x;
}

int rows_trim(struct alerts *a)
{
	int x;

	if (a->rows_n <= a->o.cache)
		return 0;
	if ((x = rows_save(a)) < 0)
		return x;
	/* A quarter at once, so that not every new one costs a round of writing. */
	while (a->rows_n > a->o.cache - a->o.cache / 4) {
		struct row *r = a->oldest;

		assert(r && !r->dirty);
		uncache(a, r);
		row_free(r);
	}
	return 0;
}

void rows_forget(struct alerts *a)
{
	while (a->oldest) {
		struct row *r = a->oldest;

		uncache(a, r);
		row_free(r);
	}
	a->dirty = NULL;
	a->dirty_end = &a->dirty;
}
