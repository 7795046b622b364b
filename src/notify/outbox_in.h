/* SPDX-License-Identifier: Apache-2.0 */
/* outbox_in.h — the database of the outbox, for its own files.
 * Threads: as outbox.h. Memory: what a column lends ends with the next step of its statement. */
#pragma once
#include "notify/outbox.h"
#include <sqlite3.h>

#define OUTBOX_SCHEMA 1
#define OUTBOX_APPLICATION 0x5664546c /* "VdTl" */

enum box_sql {
	SQL_BEGIN,
	SQL_COMMIT,
	SQL_ROLLBACK,
	SQL_GET,
	SQL_SET,
	SQL_ADD,
	SQL_ENTRY_PUT,
	SQL_ENTRY_NEXT,
	SQL_ENTRY_DROP,
	SQL_ENTRY_LATER,
	SQL_ENTRY_COUNT,
	SQL_ENTRY_WORST,
	SQL_ENTRY_BYTES,
	SQL_ENTRY_LEAST,
	SQL_ENTRY_OLD,
	SQL_TOLD_PUT,
	SQL_TOLD_COUNT,
	SQL_TOLD_OLD,
	SQL_DIGEST_HAS,
	SQL_DIGEST_ROWS,
	SQL_DIGEST_PUT,
	SQL_DIGEST_SINCE,
	SQL_DIGEST_EACH,
	SQL_DIGEST_CLEAR,
	SQL_DIGEST_HELD,
	SQL_LIVE_HAS,
	SQL_LIVE_PUT,
	SQL_LIVE_OTHERS,
	SQL_LIVE_COUNT,
	SQL_LIVE_LEAST,
	SQL_LIVE_DUE,
	SQL_LIVE_TAKEN,
	SQL_LIVE_OVER,
	SQL_LIVE_AGAIN,
	SQL_N
};

struct outbox {
	sqlite3 *db;
	sqlite3_stmt *sql[SQL_N];
	bool begun, fresh;
	int failed;
	struct why why;
};

void box_fail(struct outbox *o, const char *doing);
sqlite3_stmt *box_use(struct outbox *o, enum box_sql s); /* begins a transaction where none is */
void box_text(sqlite3_stmt *st, int i, struct bytes b);
void box_blob(sqlite3_stmt *st, int i, struct bytes b);
void box_int(sqlite3_stmt *st, int i, uint64_t n);
bool box_row(struct outbox *o, sqlite3_stmt *st); /* false: no more, or failed; then it is reset */
void box_run(struct outbox *o, sqlite3_stmt *st);
uint64_t box_one(struct outbox *o, sqlite3_stmt *st);
struct bytes box_column(sqlite3_stmt *st, int i);
