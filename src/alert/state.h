/* SPDX-License-Identifier: Apache-2.0 */
/* state.h — what the files of this folder share: the alert in memory, the cache, the database.
 * Not for other steps. Threads: the owner of the struct alerts. Memory: all of it is owned by the
 * struct alerts; a struct row is lent until the next call that may load another one. */
#pragma once
#include "alert/alert.h"
#include <sqlite3.h>

#define KEY_LEN 16
#define PROOFS_MOST 256u
#define OUR_NAME "vedette" /* `by` of what no person did */

/* Most bytes in JSON; their sum and what stands between keeps a change under ALERT_TEXT_MAX. */
#define RULE_MOST 256u
#define ENTITY_MOST 2500u
#define DETAILS_MOST 4000u
#define VALUE_MOST 512u
#define MESSAGE_MOST 1500u
#define TAGS_MOST 1000u
#define NAME_MOST 128u
#define HOST_MOST 256u
#define REMARK_MOST 1500u /* comments, reasons */
#define PATTERN_MOST 256u

enum alert_state { ALERT_OPEN, ALERT_ACKNOWLEDGED, ALERT_CLOSED, ALERT_STATES };
extern const char *const alert_state_names[ALERT_STATES + 1]; /* ends in NULL */

/* Kinds of changes, and their names in JSON. */
#define CHANGE_KINDS(X)                                                                            \
	X(OPENED, "opened")                                                                        \
	X(REPEATED, "repeated")                                                                    \
	X(RAISED, "level-raised")                                                                  \
	X(REOPENED, "reopened")                                                                    \
	X(ACKNOWLEDGED, "acknowledged")                                                            \
	X(CLOSED, "closed")                                                                        \
	X(ASSIGNED, "assigned")                                                                    \
	X(COMMENTED, "commented")                                                                  \
	X(SUPPRESSED, "suppressed")                                                                \
	X(UNSUPPRESSED, "unsuppressed")                                                            \
	X(EXPIRED, "expired")

enum change_kind {
	CHANGE_NONE,
#define X(id, name) CHANGE_##id,
	CHANGE_KINDS(X)
#undef X
		CHANGE_N
};

enum row_text {
	ROW_RULE, /* text */
	ROW_NAME, /* text */
	ROW_ENTITY, /* JSON object */
	ROW_TAGS, /* JSON list */
	ROW_MESSAGE, /* text */
	ROW_DETAILS, /* JSON object */
	ROW_HOST, /* text, "" */
	ROW_PROJECT,
	ROW_SOURCE,
	ROW_ASSIGNEE,
	ROW_TEXTS
};

struct row {
	uint64_t id;
	uint8_t key[KEY_LEN];
	enum alert_state state;
	enum level level, told_level; /* highest; and as last told */
	enum level was_level; /* before it was raised: for the change that tells it */
	bool urgent; /* opened under cap_high */
	bool overflow, exact; /* of its rule; entities is exact */
	uint64_t count, events, unsaid, hidden; /* findings; those not told yet; suppressed */
	uint64_t entities; /* of an overflow */
	usec first, last; /* of events */
	usec opened, said, closed; /* by our clock */
	uint64_t suppressed; /* id of the suppression that hides it, 0: none */
	struct buf text[ROW_TEXTS];
	struct buf proofs; /* u64 each, newest last */

	int64_t texts_second;
	uint32_t texts; /* how often they were made in that second */
	bool saved; /* the database has a row of it */
	bool dirty;
	enum change_kind say; /* to be told when it is saved */
	usec used; /* for the cache: the tick of the last use */
	struct row *next_key, *next_dirty, *prev_used, *next_used;
};

struct suppression {
	uint64_t id;
	bool by_key; /* this very alert's cause and entity */
	uint8_t key[KEY_LEN];
	struct buf rule; /* pattern of the rule's id or name, "" any */
	struct buf entity; /* JSON object of patterns */
	struct finding_pair *pairs; /* the same, into `words` */
	size_t pairs_n;
	struct buf words;
	usec until; /* USEC_NONE: for ever */
	usec made, last;
	uint64_t count;
	struct buf by, reason;
	bool dirty;
};
#define SUPPRESSIONS_MOST 1000u
#define SUPPRESSION_PAIRS 16u

struct window; /* group.c: what was opened in this hour */
struct suppression_set {
	struct suppression *at[SUPPRESSIONS_MOST];
	size_t n;
	uint64_t last_id;
};

enum sql {
	SQL_BEGIN,
	SQL_COMMIT,
	SQL_ROLLBACK,
	SQL_META_GET,
	SQL_META_PUT,
	SQL_BLOB_GET,
	SQL_BLOB_PUT,
	SQL_ROW_BY_KEY,
	SQL_ROW_BY_ID,
	SQL_ROW_INSERT,
	SQL_ROW_UPDATE,
	SQL_ROW_DUE,
	SQL_ROW_WINDOW,
	SQL_ROW_STATES,
	SQL_ROW_DROP_CLOSED,
	SQL_ROW_DROP_LOW,
	SQL_ROW_DROP_ANY,
	SQL_ROW_UNHIDE,
	SQL_CHANGE_PUT,
	SQL_CHANGE_AFTER,
	SQL_CHANGE_OF,
	SQL_LIST_LAST,
	SQL_LIST_OPENED,
	SQL_LIST_LEVEL,
	SQL_LIST_COUNT,
	SQL_CHANGE_FORGET,
	SQL_SUPPRESSION_ALL,
	SQL_SUPPRESSION_PUT,
	SQL_SUPPRESSION_DROP,
	SQL_N
};

struct alerts {
	sqlite3 *db;
	sqlite3_stmt *sql[SQL_N];
	struct alerts_options o;
	usec now;
	bool begun; /* a transaction is open */
	bool waits; /* with findings in it, or in memory: the caller has to commit */
	int failed; /* of a statement since the last commit */
	struct why why;
	uint64_t cursor;
	uint64_t last_alert, last_change;
	uint64_t run_from; /* newest alert when it was opened */
	uint64_t read[ALERTS_READERS], asked[ALERTS_READERS]; /* committed; to be */
	bool asked_any;
	struct alerts_numbers numbers;

	struct row **table; /* by key */
	size_t table_n, rows_n; /* a power of two; rows in memory */
	struct row *newest, *oldest; /* by use */
	struct row *dirty, **dirty_end;
	struct suppression_set suppressions;
	struct window *window;
	struct buf scratch;
};

/* db.c */
int db_open(struct alerts *a, const char *path, struct why *why); /* or ALERTS_ANEW */
void db_close(struct alerts *a);
int db_begin(struct alerts *a);
int db_commit(struct alerts *a);
void db_rollback(struct alerts *a);
/* A statement, ready for its values. */
sqlite3_stmt *db_use(struct alerts *a, enum sql s);
/* A step; 1: a row, 0: done, < 0: failed, remembered in a->failed. The statement is reset unless
 * there is a row. */
int db_step(struct alerts *a, sqlite3_stmt *st);
int db_fail(struct alerts *a, const char *doing); /* the last failure of SQLite, as -errno */
struct bytes db_bytes(sqlite3_stmt *st, int column); /* lent until the next step */
void db_bind(sqlite3_stmt *st, int i, struct bytes b); /* as text; borrowed until the reset */
void db_bind_blob(sqlite3_stmt *st, int i, struct bytes b);
uint64_t db_meta(struct alerts *a, const char *name);
int db_meta_put(struct alerts *a, const char *name, uint64_t value);

/* row.c */
struct row *row_new(struct alerts *a, const uint8_t key[static KEY_LEN]); /* in the cache */
/* The newest alert of a key, or NULL: there is none, or the database failed. */
struct row *row_by_key(struct alerts *a, const uint8_t key[static KEY_LEN]);
/* NULL too where it is not there. *ret_newest: it is the newest of its key. A row that is not is
 * not of the cache, and is to be given back with row_put(). */
struct row *row_by_id(struct alerts *a, uint64_t id, bool *ret_newest);
int row_put(struct alerts *a, struct row *r, bool newest); /* saves it now, with what it says */
void row_touch(struct alerts *a, struct row *r); /* is to be saved */
int rows_save(struct alerts *a); /* all that are to be */
int rows_trim(struct alerts *a); /* keeps the cache within its bound */
void rows_forget(struct alerts *a); /* empties the cache, saving nothing */
void row_read(struct row *r, sqlite3_stmt *st); /* of SQL with the columns of a row */
struct row *row_free(struct row *r);
extern const char row_columns[];

/* group.c */
struct window *window_new(struct alerts *a);
struct window *window_free(struct window *w);
/* Of a rule and an entity, or of the overflow of a rule. */
void alert_key(struct alerts *a, bool overflow, struct bytes rule,
	       const struct finding_pair *entity, size_t n, uint8_t ret[static KEY_LEN]);
void window_load(struct alerts *a); /* what was opened in this hour, from the database */

/* change.c */
struct change {
	enum change_kind kind;
	struct bytes by;
	struct bytes comment, reason; /* empty: none */
	struct bytes assignee_was;
	const struct suppression *suppression;
};
const char *change_name(enum change_kind k);
/* Tells it now, with the row as it is; r NULL: about a suppression alone. */
int change_add(struct alerts *a, struct row *r, const struct change *c);
int change_put(struct alerts *a, uint64_t id, uint64_t alert, usec at, enum change_kind k,
	       struct bytes text);
void alert_json(const struct alerts *a, const struct row *r, size_t proofs, struct buf *to);
void suppression_json(const struct suppression *s, struct buf *to); /* an object */

/* suppress.c */
int suppressions_load(struct alerts *a);
void suppressions_done(struct alerts *a);
int suppressions_save(struct alerts *a); /* counts */
int suppressions_expire(struct alerts *a);
struct suppression *suppression_of(struct alerts *a, const struct finding *f,
				   const uint8_t key[static KEY_LEN]);
struct suppression *suppression_new(void);
struct suppression *suppression_free(struct suppression *s);
/* The patterns of s->entity; false: it is not an object of strings, or has too many. */
bool suppression_read(struct suppression *s);
/* Takes s. -ENOSPC: there are too many. */
int suppression_add(struct alerts *a, struct suppression *s);
int suppression_drop(struct alerts *a, struct suppression *s); /* frees it, tells nothing */
int suppression_end(struct alerts *a, struct suppression *s, enum change_kind kind,
		    struct bytes by);
