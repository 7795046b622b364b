/* SPDX-License-Identifier: Apache-2.0 */
/* Suppressions: what somebody said not to be told of, for a while. Findings are counted all the
 * same, in the suppression and in their alert. */
#include "alert/state.h"
#include "base/arena.h"
#include "parse/json.h"
#include "query/glob.h"
#include <stdlib.h>

#define MATCHED_MOST 1024u /* of a value: pattern times value is what a finding may cost */

struct suppression *suppression_new(void)
{
	struct suppression *s = mem_new(1, sizeof(*s));

	s->until = USEC_NONE;
	return s;
}

struct suppression *suppression_free(struct suppression *s)
{
	if (!s)
		return NULL;
	buf_done(&s->rule);
	buf_done(&s->entity);
	buf_done(&s->words);
	buf_done(&s->by);
	buf_done(&s->reason);
	free(s->pairs);
	free(s);
	return NULL;
}

struct reading {
	struct suppression *s;
	size_t from[SUPPRESSION_PAIRS][3]; /* into words: name, value, end */
	struct arena arena;
	bool bad;
};

static void pattern(void *ctx, const struct json_leaf *leaf)
{
	struct reading *d = ctx;
	struct suppression *s = d->s;
	struct bytes value = leaf->escaped ? json_unescape(&d->arena, leaf->value) : leaf->value;

	if (leaf->type != JSON_STRING || !leaf->path.len || s->pairs_n == SUPPRESSION_PAIRS) {
		d->bad = true;
		return;
	}
	d->from[s->pairs_n][0] = s->words.len;
	buf_bytes(&s->words, leaf->path);
	d->from[s->pairs_n][1] = s->words.len;
	buf_bytes(&s->words, value);
	d->from[s->pairs_n++][2] = s->words.len;
}

bool suppression_read(struct suppression *s)
{
	struct reading d = { .s = s };
	bool good;

	if (!s->entity.len || s->by_key) /* of an alert's own: for people to read */
		return true;
	good = json_walk(buf_view(&s->entity), pattern, &d) && !d.bad;
	s->pairs = mem_new(s->pairs_n + 1, sizeof(*s->pairs));
	for (size_t i = 0; i < s->pairs_n; i++) {
		const size_t *f = d.from[i];

		s->pairs[i].name = bytes_sub(buf_view(&s->words), f[0], f[1] - f[0]);
		s->pairs[i].value = bytes_sub(buf_view(&s->words), f[1], f[2] - f[1]);
	}
	arena_done(&d.arena);
	return good;
}

static bool pair_there(const struct finding *f, const struct finding_pair *want)
{
	for (size_t i = 0; i < f->entity_n; i++)
		if (bytes_eq(f->entity[i].name, want->name) &&
		    glob_match(want->value, bytes_sub(f->entity[i].value, 0, MATCHED_MOST)))
			return true;
	return false;
}

static bool meant(const struct suppression *s, const struct finding *f, const uint8_t *key)
{
	struct bytes rule = buf_view(&s->rule);

	if (s->by_key)
		return !memcmp(s->key, key, KEY_LEN);
	if (rule.len && !glob_match(rule, f->rule_id) && !glob_match(rule, f->rule_name))
		return false;
	for (size_t i = 0; i < s->pairs_n; i++)
		if (!pair_there(f, &s->pairs[i]))
			return false;
	return true;
}

struct suppression *suppression_of(struct alerts *a, const struct finding *f,
				   const uint8_t key[static KEY_LEN])
{
	for (size_t i = 0; i < a->suppressions.n; i++) {
		struct suppression *s = a->suppressions.at[i];

		if ((s->until == USEC_NONE || s->until > a->now) && meant(s, f, key))
			return s;
	}
	return NULL;
}

static int write_suppression(struct alerts *a, const struct suppression *s)
{
	sqlite3_stmt *st;
	int x = db_begin(a);

	if (x < 0)
		return x;
	st = db_use(a, SQL_SUPPRESSION_PUT);
	sqlite3_bind_int64(st, 1, (int64_t)s->id);
	db_bind_blob(st, 2, s->by_key ? bytes_of(s->key, KEY_LEN) : BYTES(""));
	db_bind(st, 3, buf_view(&s->rule));
	db_bind(st, 4, buf_view(&s->entity));
	sqlite3_bind_int64(st, 5, s->until);
	sqlite3_bind_int64(st, 6, s->made);
	sqlite3_bind_int64(st, 7, s->last);
	sqlite3_bind_int64(st, 8, (int64_t)s->count);
	db_bind(st, 9, buf_view(&s->by));
	db_bind(st, 10, buf_view(&s->reason));
	return db_step(a, st);
}

int suppressions_save(struct alerts *a)
{
	int x = 0;

	for (size_t i = 0; i < a->suppressions.n && x == 0; i++) {
		if (!a->suppressions.at[i]->dirty)
			continue;
		x = write_suppression(a, a->suppressions.at[i]);
		a->suppressions.at[i]->dirty = x != 0;
	}
	return x;
}

int suppression_add(struct alerts *a, struct suppression *s)
{
	struct suppression_set *set = &a->suppressions;

	if (set->n == SUPPRESSIONS_MOST) {
		suppression_free(s);
		return -ENOSPC;
	}
	s->id = ++set->last_id;
	set->at[set->n++] = s;
	return write_suppression(a, s);
}

int suppression_drop(struct alerts *a, struct suppression *s)
{
	struct suppression_set *set = &a->suppressions;
	sqlite3_stmt *st;
	size_t i = 0;
	int x = rows_save(a);

	if (x == 0)
		x = db_begin(a);
	if (x < 0)
		return x;
	st = db_use(a, SQL_SUPPRESSION_DROP);
	sqlite3_bind_int64(st, 1, (int64_t)s->id);
	x = db_step(a, st);
	st = db_use(a, SQL_ROW_UNHIDE);
	sqlite3_bind_int64(st, 1, (int64_t)s->id);
	if (x == 0)
		x = db_step(a, st);
	rows_forget(a); /* they are hidden there still; all of them are saved */
	while (set->at[i] != s)
		i++;
	memmove(&set->at[i], &set->at[i + 1], (set->n - i - 1) * sizeof(*set->at));
	set->n--;
	suppression_free(s);
	return x;
}

int suppression_end(struct alerts *a, struct suppression *s, enum change_kind kind, struct bytes by)
{
	struct change c = { .kind = kind, .by = by, .suppression = s };
	int x = change_add(a, NULL, &c);

	return x < 0 ? x : suppression_drop(a, s);
}

int suppressions_expire(struct alerts *a)
{
	int x = 0;

	for (size_t i = a->suppressions.n; i-- > 0 && x == 0;) {
		struct suppression *s = a->suppressions.at[i];

		if (s->until != USEC_NONE && s->until <= a->now)
			x = suppression_end(a, s, CHANGE_EXPIRED, BYTES(OUR_NAME));
	}
	return x;
}

void suppressions_done(struct alerts *a)
{
	for (size_t i = 0; i < a->suppressions.n; i++)
		suppression_free(a->suppressions.at[i]);
	a->suppressions.n = 0;
}

int suppressions_load(struct alerts *a)
{
	sqlite3_stmt *st = db_use(a, SQL_SUPPRESSION_ALL);
	int x;

	suppressions_done(a);
	a->suppressions.last_id = db_meta(a, "last_suppression");
	while ((x = db_step(a, st)) == 1 && a->suppressions.n < SUPPRESSIONS_MOST) {
		struct suppression *s = suppression_new();
		struct bytes key = db_bytes(st, 1);

		s->id = (uint64_t)sqlite3_column_int64(st, 0);
		s->by_key = key.len == KEY_LEN;
		if (s->by_key)
			memcpy(s->key, key.at, KEY_LEN);
		buf_bytes(&s->rule, db_bytes(st, 2));
		buf_bytes(&s->entity, db_bytes(st, 3));
		s->until = sqlite3_column_int64(st, 4);
		s->made = sqlite3_column_int64(st, 5);
		s->last = sqlite3_column_int64(st, 6);
		s->count = (uint64_t)sqlite3_column_int64(st, 7);
		buf_bytes(&s->by, db_bytes(st, 8));
		buf_bytes(&s->reason, db_bytes(st, 9));
		if (suppression_read(s))
			a->suppressions.at[a->suppressions.n++] = s;
		else
			suppression_free(s); /* one that nobody can read hides nothing */
	}
	sqlite3_reset(st);
	return x < 0 ? x : 0;
}
