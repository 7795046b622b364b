/* SPDX-License-Identifier: Apache-2.0 */
/* Answers that only look. A page is read along one index from where the page before ended; how many
 * rows are looked at for it has a bound, so that no request keeps findings waiting: a page may be
 * short, or empty, and still have a next one. */
#include "alert/ask.h"
#include "alert/request.h"
#include "alert/text.h"
#include "base/arena.h"
#include "parse/json.h"
#include "query/glob.h"

#define LOOKED_AT 20000
#define HISTORY 200

struct entity_check {
	const struct suppression *pattern;
	unsigned met; /* bit i: pair i is there */
	struct arena arena;
};

static void entity_leaf(void *ctx, const struct json_leaf *leaf)
{
	struct entity_check *e = ctx;
	struct bytes value = leaf->escaped ? json_unescape(&e->arena, leaf->value) : leaf->value;

	for (size_t i = 0; i < e->pattern->pairs_n; i++)
		if (bytes_eq(leaf->path, e->pattern->pairs[i].name) &&
		    glob_match(e->pattern->pairs[i].value, value))
			e->met |= 1u << i;
}

static bool entity_wanted(const struct ask *q, const struct row *r)
{
	struct entity_check e = { .pattern = q->pattern };

	if (!(q->has & ASK(ENTITY)))
		return true;
	json_walk(buf_view(&r->text[ROW_ENTITY]), entity_leaf, &e);
	arena_done(&e.arena);
	return e.met == (1u << q->pattern->pairs_n) - 1;
}

static bool text_wanted(const struct ask *q, const struct row *r)
{
	static const enum row_text looked[] = { ROW_MESSAGE, ROW_NAME, ROW_ENTITY, ROW_DETAILS,
						ROW_RULE,    ROW_TAGS, ROW_SOURCE, ROW_ASSIGNEE };

	if (!q->text.len)
		return true;
	for (size_t i = 0; i < sizeof(looked) / sizeof(*looked); i++)
		if (bytes_ifind(buf_view(&r->text[looked[i]]), q->text) != BYTES_NONE)
			return true;
	return false;
}

static bool wanted(const struct ask *q, const struct row *r)
{
	struct bytes rule = buf_view(&q->pattern->rule);

	if (!(q->states >> r->state & 1) || r->level < q->level ||
	    (q->since != USEC_NONE && r->last < q->since))
		return false;
	if (rule.len && !glob_match(rule, buf_view(&r->text[ROW_RULE])) &&
	    !glob_match(rule, buf_view(&r->text[ROW_NAME])))
		return false;
	return text_wanted(q, r) && entity_wanted(q, r);
}

static void next_page(const struct ask *q, const struct row *r, struct buf *to)
{
	int64_t first = r->last;

	if (q->order == SQL_LIST_LEVEL)
		first = (int64_t)r->level;
	else if (q->order == SQL_LIST_COUNT)
		first = (int64_t)r->count;
	buf_printf(to, ",\"next\":\"%lld.%lld.%llu\"", (long long)first, (long long)r->last,
		   (unsigned long long)r->id);
}

int ask_list(struct ask *q)
{
	struct row row = { 0 };
	uint64_t shown = 0, looked = 0;
	sqlite3_stmt *st;
	int x = rows_save(q->a);

	if (x < 0)
		return x;
	st = db_use(q->a, q->order);
	for (int i = 0; i < 3; i++)
		sqlite3_bind_int64(st, i + 1, q->after[i]);
	sqlite3_bind_int64(st, 4, LOOKED_AT);
	while (shown < q->limit && q->reply->len < REPLY_MOST && (x = db_step(q->a, st)) == 1) {
		row_read(&row, st);
		looked++;
		if (!wanted(q, &row))
			continue;
		alert_json(q->a, &row, PROOFS_MOST, q->reply);
		buf_str(q->reply, "\n");
		shown++;
	}
	sqlite3_reset(st);
	if (x >= 0) {
		buf_printf(q->reply, "{\"ok\":true,\"alerts\":%llu", (unsigned long long)shown);
		if (x == 1 || looked == LOOKED_AT) /* the index may go on */
			next_page(q, &row, q->reply);
		buf_str(q->reply, "}\n");
	}
	for (unsigned i = 0; i < ROW_TEXTS; i++)
		buf_done(&row.text[i]);
	buf_done(&row.proofs);
	return x < 0 ? x : 0;
}

/* A change without the alert as it was then, which is its last member: no text can hold these
 * bytes, because its quotes are escaped. */
static struct bytes without_alert(struct bytes text)
{
	return bytes_sub(text, 0, bytes_find(text, BYTES(",\"alert\":{")));
}

int ask_show(struct ask *q)
{
	uint64_t n = 0;
	sqlite3_stmt *st;
	bool newest;
	struct row *r = row_by_id(q->a, q->id, &newest);
	int x;

	if (!r)
		return q->a->failed
			       ? q->a->failed
			       : ask_refuse(q, "there is no alert %llu", (unsigned long long)q->id);
	alert_json(q->a, r, PROOFS_MOST, q->reply);
	buf_str(q->reply, "\n");
	if (!newest)
		row_free(r);
	st = db_use(q->a, SQL_CHANGE_OF);
	sqlite3_bind_int64(st, 1, (int64_t)q->id);
	sqlite3_bind_int64(st, 2, HISTORY);
	while ((x = db_step(q->a, st)) == 1) {
		buf_bytes(q->reply, without_alert(db_bytes(st, 0)));
		buf_str(q->reply, "}\n");
		n++;
	}
	buf_printf(q->reply, "{\"ok\":true,\"changes\":%llu}\n", (unsigned long long)n);
	return x;
}

int ask_suppressions(struct ask *q)
{
	const struct suppression_set *set = &q->a->suppressions;

	for (size_t i = 0; i < set->n; i++) {
		suppression_json(set->at[i], q->reply);
		buf_str(q->reply, "\n");
	}
	buf_printf(q->reply, "{\"ok\":true,\"suppressions\":%zu}\n", set->n);
	return 0;
}

int ask_stats(struct ask *q)
{
	uint64_t n[ALERT_STATES][LEVEL_N] = { 0 };
	struct alerts_numbers all;
	sqlite3_stmt *st;
	int x = rows_save(q->a);

	if (x < 0)
		return x;
	st = db_use(q->a, SQL_ROW_STATES);
	while ((x = db_step(q->a, st)) == 1) {
		int64_t s = sqlite3_column_int64(st, 0), l = sqlite3_column_int64(st, 1);

		if (s >= 0 && s < ALERT_STATES && l >= 0 && l < LEVEL_N)
			n[s][l] += (uint64_t)sqlite3_column_int64(st, 2);
	}
	alerts_numbers(q->a, &all);
	buf_printf(q->reply,
		   "{\"ok\":true,\"findings\":%llu,\"suppressed\":%llu,\"overflowed\":%llu,"
		   "\"alerts\":%llu,\"dropped\":%llu,\"changes\":%llu,\"untold\":%llu,"
		   "\"suppressions\":%zu,"
		   "\"cursor\":%llu",
		   (unsigned long long)all.findings, (unsigned long long)all.suppressed,
		   (unsigned long long)all.overflowed, (unsigned long long)all.alerts,
		   (unsigned long long)all.dropped, (unsigned long long)all.changes,
		   (unsigned long long)all.untold, q->a->suppressions.n,
		   (unsigned long long)q->a->cursor);
	for (unsigned s = 0; s < ALERT_STATES; s++) {
		buf_printf(q->reply, ",\"%s\":{", alert_state_names[s]);
		for (unsigned l = 0; l < LEVEL_N; l++)
			buf_printf(q->reply, "%s\"%s\":%llu", l ? "," : "",
				   level_name((enum level)l), (unsigned long long)n[s][l]);
		buf_str(q->reply, "}");
	}
	buf_str(q->reply, "}\n");
	return x;
}
