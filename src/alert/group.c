/* SPDX-License-Identifier: Apache-2.0 */
/* A finding finds its alert, or opens one where the hour has room for it, or is counted in the
 * overflow of its rule. */
#include "alert/state.h"
#include "alert/text.h"
#include "base/hash.h"
#include "base/sha256.h"
#include <stdlib.h>

/* In a flood, texts are those of the first so many findings of a second: making them anew for each
 * cost a tenth of a busy analyst, and so did four for each of the ten commits of a second. */
#define TEXTS_MOST 4u
#define HOUR ((usec)3600 * USEC_PER_SEC)
#define AHEAD_MOST HOUR /* of our clock: what a sender's clock may be off */
#define SET_SLOTS_MOST ((size_t)1 << 21) /* of 8 bytes: 16 MiB */
#define SET_SLOTS_FIRST ((size_t)1 << 12)

struct opened { /* by one rule, in this hour */
	uint64_t rule; /* hash of the id */
	uint32_t low, high;
	bool used;
};

struct window {
	int64_t hour;
	uint32_t low_all;
	struct opened *at;
	size_t n, slots; /* slots: a power of two */
	/* (overflow, entity) counted since the start: what is not 0 is a hash */
	uint64_t *set;
	size_t set_n, set_slots;
};

struct window *window_new(struct alerts *a)
{
	struct window *w = mem_new(1, sizeof(*w));

	w->slots = 256;
	w->at = mem_new(w->slots, sizeof(*w->at));
	w->hour = a->now / HOUR;
	return w;
}

struct window *window_free(struct window *w)
{
	if (!w)
		return NULL;
	free(w->at);
	free(w->set);
	free(w);
	return NULL;
}

static struct opened *opened_slot(struct opened *at, size_t slots, uint64_t rule)
{
	size_t i = rule & (slots - 1);

	while (at[i].used && at[i].rule != rule)
		i = (i + 1) & (slots - 1);
	return &at[i];
}

static struct opened *opened_of(struct window *w, struct bytes rule)
{
	uint64_t hash = hash_keyed(rule);
	struct opened *o = opened_slot(w->at, w->slots, hash);

	if (o->used)
		return o;
	if (w->n >= w->slots / 2) {
		struct opened *more = mem_new(w->slots * 2, sizeof(*more));

		for (size_t i = 0; i < w->slots; i++)
			if (w->at[i].used)
				*opened_slot(more, w->slots * 2, w->at[i].rule) = w->at[i];
		free(w->at);
		w->at = more;
		w->slots *= 2;
		o = opened_slot(w->at, w->slots, hash);
	}
	w->n++;
	*o = (struct opened){ .rule = hash, .used = true };
	return o;
}

static void window_turn(struct alerts *a)
{
	struct window *w = a->window;

	if (w->hour == a->now / HOUR)
		return;
	w->hour = a->now / HOUR;
	w->low_all = 0;
	w->n = 0;
	memset(w->at, 0, w->slots * sizeof(*w->at));
}

void window_load(struct alerts *a)
{
	sqlite3_stmt *st = db_use(a, SQL_ROW_WINDOW);
	struct window *w = a->window;

	memset(w->at, 0, w->slots * sizeof(*w->at));
	w->n = w->low_all = 0;
	sqlite3_bind_int64(st, 1, w->hour * HOUR);
	while (db_step(a, st) == 1) {
		struct opened *o = opened_of(w, db_bytes(st, 0));
		uint32_t n = (uint32_t)sqlite3_column_int64(st, 2);

		if (sqlite3_column_int64(st, 1)) {
			o->high += n;
		} else {
			o->low += n;
			w->low_all += n;
		}
	}
	sqlite3_reset(st);
}

/* Has the hour room for one more alert of the rule? Then it is taken. */
static bool admit(struct alerts *a, struct bytes rule, bool urgent)
{
	struct opened *o;

	window_turn(a);
	o = opened_of(a->window, rule);
	if (urgent)
		return o->high < a->o.cap_high && ++o->high;
	if (o->low >= a->o.cap || a->window->low_all >= a->o.cap_all)
		return false;
	o->low++;
	a->window->low_all++;
	return true;
}

static bool set_put(uint64_t *set, size_t slots, uint64_t hash)
{
	size_t i = hash & (slots - 1);

	while (set[i] && set[i] != hash)
		i = (i + 1) & (slots - 1);
	if (set[i])
		return false;
	set[i] = hash;
	return true;
}

/* 1: met for the first time, 0: known, -1: there is no room to know. */
static int set_add(struct window *w, uint64_t hash)
{
	hash = hash ? hash : 1;
	if (w->set_n >= w->set_slots / 4 * 3) {
		size_t slots = w->set_slots ? w->set_slots * 2 : SET_SLOTS_FIRST;
		uint64_t *more;

		if (slots > SET_SLOTS_MOST)
			return -1;
		more = mem_new(slots, sizeof(*more));
		for (size_t i = 0; i < w->set_slots; i++)
			if (w->set[i])
				set_put(more, slots, w->set[i]);
		free(w->set);
		w->set = more;
		w->set_slots = slots;
	}
	if (!set_put(w->set, w->set_slots, hash))
		return 0;
	w->set_n++;
	return 1;
}

/* Cause and entity, each part with its length before it, so that no two are the same bytes. */
void alert_key(struct alerts *a, bool overflow, struct bytes rule,
	       const struct finding_pair *entity, size_t n, uint8_t ret[static KEY_LEN])
{
	struct buf *b = &a->scratch;
	struct hash256 h;

	buf_clear(b);
	buf_str(b, overflow ? "overflow" : "alert");
	buf_varint(b, rule.len);
	buf_bytes(b, rule);
	for (size_t i = 0; i < n && !overflow; i++) {
		buf_varint(b, entity[i].name.len);
		buf_bytes(b, entity[i].name);
		buf_varint(b, entity[i].value.len);
		buf_bytes(b, entity[i].value);
	}
	sha256(buf_view(b), &h);
	memcpy(ret, h.at, KEY_LEN);
}

static struct bytes pair_of(const struct finding *f, struct bytes name)
{
	for (size_t i = 0; i < f->entity_n; i++)
		if (bytes_eq(f->entity[i].name, name))
			return f->entity[i].value;
	for (size_t i = 0; i < f->details_n; i++)
		if (bytes_eq(f->details[i].name, name))
			return f->details[i].value;
	return BYTES("");
}

static void keep(struct row *r, enum row_text t, struct bytes b, size_t most)
{
	buf_clear(&r->text[t]);
	text_keep(&r->text[t], b, most);
}

/* What the newest finding says. */
static void take_texts(struct row *r, const struct finding *f)
{
	struct bytes host = pair_of(f, BYTES("host.name"));

	keep(r, ROW_MESSAGE, f->message, MESSAGE_MOST);
	buf_clear(&r->text[ROW_DETAILS]);
	text_pairs(&r->text[ROW_DETAILS], f->details, f->details_n, VALUE_MOST, DETAILS_MOST);
	buf_clear(&r->text[ROW_TAGS]);
	text_list(&r->text[ROW_TAGS], f->tags, f->tags_n, TAGS_MOST);
	if (r->overflow)
		return; /* of many: no host and no project is theirs */
	keep(r, ROW_HOST, host.len ? host : f->source_host, HOST_MOST);
	keep(r, ROW_PROJECT, pair_of(f, BYTES("openstack.project.id")), NAME_MOST);
	keep(r, ROW_SOURCE, f->source_name, HOST_MOST);
}

static bool proof_known(const struct row *r, uint64_t seq)
{
	for (size_t i = 0; i < r->proofs.len; i += 8)
		if (!memcmp(r->proofs.at + i, &seq, 8))
			return true;
	return false;
}

static void take_proofs(const struct alerts *a, struct row *r, const struct finding *f)
{
	size_t most = a->o.proofs * sizeof(uint64_t), n = f->proofs_n;

	for (size_t i = n > a->o.proofs ? n - a->o.proofs : 0; i < n; i++)
		if (f->proofs[i].seq != SEQ_NONE && !proof_known(r, f->proofs[i].seq))
			buf_u64le(&r->proofs, f->proofs[i].seq);
	if (r->proofs.len <= most)
		return;
	memmove(r->proofs.at, r->proofs.at + r->proofs.len - most, most);
	r->proofs.len = most;
}

static struct row *open_row(struct alerts *a, const struct finding *f, const uint8_t *key,
			    bool overflow)
{
	struct row *r = row_new(a, key);

	r->overflow = overflow;
	r->exact = overflow;
	r->urgent = f->level >= LEVEL_HIGH && !overflow;
	r->level = f->level;
	r->first = f->since;
	r->last = f->time;
	r->opened = a->now;
	r->say = CHANGE_OPENED;
	keep(r, ROW_RULE, f->rule_id, RULE_MOST);
	keep(r, ROW_NAME, f->rule_name, RULE_MOST);
	text_pairs(&r->text[ROW_ENTITY], f->entity, overflow ? 0 : f->entity_n, VALUE_MOST,
		   ENTITY_MOST);
	return r;
}

static bool is_over(const struct alerts *a, const struct row *r)
{
	return r->state == ALERT_CLOSED && a->now - r->closed > a->o.reopen_within;
}

static bool may_take_texts(struct row *r, usec now)
{
	int64_t second = now / USEC_PER_SEC;

	if (r->texts_second != second) {
		r->texts_second = second;
		r->texts = 0;
	}
	return r->texts++ < TEXTS_MOST;
}

static void count_in(struct alerts *a, struct row *r, const struct finding *f)
{
	bool raised = f->level > r->level;

	r->count++;
	r->events += f->count;
	if (f->since < r->first)
		r->first = f->since;
	if (raised)
		r->level = f->level;
	take_proofs(a, r, f);
	if (f->time >= r->last) { /* a late one is counted, and says nothing newer */
		if (may_take_texts(r, a->now) || raised) /* what raised it is what is told */
			take_texts(r, f);
		r->last = f->time;
	}
	row_touch(a, r);
}

/* What the finding means for those who are told. */
static void tell(struct row *r)
{
	r->suppressed = 0;
	r->unsaid++;
	if (r->say)
		return;
	if (r->state == ALERT_CLOSED) {
		r->say = CHANGE_REOPENED;
		r->state = ALERT_OPEN;
		r->closed = 0;
	} else if (r->level > r->told_level) {
		r->say = CHANGE_RAISED;
		r->was_level = r->told_level;
		r->state = ALERT_OPEN; /* what was acknowledged was less than this */
	}
}

static void overflow_message(struct alerts *a, struct row *r, const struct finding *f)
{
	struct buf *b = &a->scratch;

	buf_clear(b);
	buf_printf(b, "%llu more %s%s; the newest: ", (unsigned long long)r->entities,
		   r->entities == 1 ? "entity" : "entities", r->exact ? "" : " (about)");
	buf_bytes(b, f->message);
	keep(r, ROW_MESSAGE, buf_view(b), MESSAGE_MOST);
}

static int overflow(struct alerts *a, const struct finding *f, const uint8_t *key)
{
	uint8_t over[KEY_LEN], both[KEY_LEN + 8];
	struct row *r;
	int met;

	alert_key(a, true, f->rule_id, NULL, 0, over);
	r = row_by_key(a, over);
	if (a->failed)
		return a->failed;
	if (!r || is_over(a, r))
		r = open_row(a, f, over, true);
	memcpy(both, key, KEY_LEN);
	memcpy(both + KEY_LEN, &r->id, 8);
	met = set_add(a->window, hash_keyed(bytes_of(both, sizeof(both))));
	/* Which entities an earlier run had counted is known no more. */
	r->exact = r->exact && met >= 0 && r->id > a->run_from;
	r->entities += met > 0;
	a->numbers.overflowed++;
	count_in(a, r, f);
	overflow_message(a, r, f);
	tell(r);
	return 0;
}

static void suppressed(struct alerts *a, struct suppression *s, struct row *r,
		       const struct finding *f)
{
	s->count++;
	s->last = a->now;
	s->dirty = true;
	a->numbers.suppressed++;
	if (!r)
		return; /* no alert is opened for it: the suppression's count has it */
	count_in(a, r, f);
	r->hidden++;
	r->suppressed = s->id;
}

static int sort_in(struct alerts *a, const struct finding *f)
{
	uint8_t key[KEY_LEN];
	struct suppression *s;
	struct row *r;

	alert_key(a, false, f->rule_id, f->entity, f->entity_n, key);
	r = row_by_key(a, key);
	if (a->failed)
		return a->failed;
	if (r && is_over(a, r))
		r = NULL;
	s = suppression_of(a, f, key);
	if (s) {
		suppressed(a, s, r, f);
		return 0;
	}
	if (!r && admit(a, f->rule_id, f->level >= LEVEL_HIGH))
		r = open_row(a, f, key, false);
	if (!r)
		return overflow(a, f, key);
	count_in(a, r, f);
	tell(r);
	return 0;
}

int alerts_finding(struct alerts *a, const struct finding *f)
{
	struct finding g = *f;
	int x;

	if (a->failed)
		return a->failed;
	a->waits = true;
	a->numbers.findings++;
	/* One stamp far ahead would be the newest for ever, and what came after it never shown. */
	if (g.time > a->now + AHEAD_MOST)
		g.time = a->now;
	if (g.since > g.time)
		g.since = g.time;
	if (g.ends.len && (x = alerts_end(a, &g)) < 0)
		return x;
	x = g.ends.len && g.level == LEVEL_INFORMATIONAL ? 0 : sort_in(a, &g);
	return x < 0 ? x : rows_trim(a);
}
