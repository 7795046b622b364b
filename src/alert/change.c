/* SPDX-License-Identifier: Apache-2.0 */
/* What happened to an alert, as the one JSON text that the ledger keeps and that people are told
 * from. doc/alerts.md describes it. */
#include "alert/state.h"
#include "alert/text.h"
#include <assert.h>

#define CHANGE_PROOFS 8u

const char *const alert_state_names[ALERT_STATES + 1] = { "open", "acknowledged", "closed", NULL };

const char *change_name(enum change_kind k)
{
	static const char *const names[CHANGE_N] = { "none",
#define X(id, name) name,
						     CHANGE_KINDS(X)
#undef X
	};

	return names[k];
}

static void member(struct buf *to, const char *name, struct bytes text)
{
	if (!text.len)
		return;
	buf_printf(to, ",\"%s\":", name);
	text_json(to, text);
}

static void moment(struct buf *to, const char *name, usec at)
{
	buf_printf(to, ",\"%s\":\"", name);
	buf_time(to, at);
	buf_str(to, "\"");
}

static void proofs_json(const struct row *r, size_t most, struct buf *to)
{
	size_t n = r->proofs.len / 8, from = n > most ? n - most : 0;

	buf_str(to, ",\"vedette.seq\":[");
	for (size_t i = from; i < n; i++) {
		uint64_t seq;

		memcpy(&seq, r->proofs.at + i * 8, 8);
		buf_printf(to, "%s%llu", i > from ? "," : "", (unsigned long long)seq);
	}
	buf_str(to, "]");
}

static void raw_member(struct buf *to, const char *name, const struct buf *json)
{
	if (!json->len)
		return;
	buf_printf(to, ",\"%s\":", name);
	buf_bytes(to, buf_view(json));
}

void alert_json(const struct alerts *a, const struct row *r, size_t proofs, struct buf *to)
{
	(void)a;
	buf_printf(to, "{\"id\":%llu,\"state\":\"%s\"", (unsigned long long)r->id,
		   alert_state_names[r->state]);
	member(to, "rule.uuid", buf_view(&r->text[ROW_RULE]));
	member(to, "rule.name", buf_view(&r->text[ROW_NAME]));
	buf_printf(to, ",\"rule.level\":\"%s\"", level_name(r->level));
	raw_member(to, "tags", &r->text[ROW_TAGS]);
	raw_member(to, "entity", &r->text[ROW_ENTITY]);
	buf_printf(to, ",\"count\":%llu,\"events\":%llu", (unsigned long long)r->count,
		   (unsigned long long)r->events);
	if (r->hidden)
		buf_printf(to, ",\"suppressed_count\":%llu", (unsigned long long)r->hidden);
	if (r->suppressed)
		buf_printf(to, ",\"suppressed_by\":%llu", (unsigned long long)r->suppressed);
	if (r->overflow)
		buf_printf(to, ",\"overflow\":{\"entities\":%llu,\"exact\":%s}",
			   (unsigned long long)r->entities, r->exact ? "true" : "false");
	moment(to, "first", r->first);
	moment(to, "last", r->last);
	moment(to, "opened", r->opened);
	if (r->closed)
		moment(to, "closed", r->closed);
	member(to, "assignee", buf_view(&r->text[ROW_ASSIGNEE]));
	member(to, "host.name", buf_view(&r->text[ROW_HOST]));
	member(to, "openstack.project.id", buf_view(&r->text[ROW_PROJECT]));
	member(to, "source", buf_view(&r->text[ROW_SOURCE]));
	member(to, "message", buf_view(&r->text[ROW_MESSAGE]));
	raw_member(to, "details", &r->text[ROW_DETAILS]);
	proofs_json(r, proofs, to);
	buf_str(to, "}");
}

void suppression_json(const struct suppression *s, struct buf *to)
{
	buf_printf(to, "{\"id\":%llu", (unsigned long long)s->id);
	member(to, "rule", buf_view(&s->rule));
	buf_str(to, ",\"entity\":");
	buf_bytes(to, s->entity.len ? buf_view(&s->entity) : BYTES("{}"));
	if (s->by_key)
		buf_str(to, ",\"exactly\":true");
	moment(to, "since", s->made);
	if (s->until != USEC_NONE)
		moment(to, "until", s->until);
	member(to, "by", buf_view(&s->by));
	member(to, "reason", buf_view(&s->reason));
	buf_printf(to, ",\"count\":%llu", (unsigned long long)s->count);
	if (s->count)
		moment(to, "last", s->last);
	buf_str(to, "}");
}

static void change_json(struct alerts *a, const struct row *r, const struct change *c, uint64_t id,
			struct buf *to)
{
	buf_printf(to, "{\"event\":\"alert-%s\",\"change\":%llu,\"kind\":\"%s\"",
		   change_name(c->kind), (unsigned long long)id, change_name(c->kind));
	moment(to, "@timestamp", a->now);
	member(to, "by", c->by);
	if (r)
		buf_printf(to, ",\"delta\":%llu", (unsigned long long)r->unsaid);
	if (r && c->kind == CHANGE_RAISED)
		buf_printf(to, ",\"level_was\":\"%s\"", level_name(r->was_level));
	if (r && c->kind == CHANGE_ASSIGNED)
		member(to, "assignee", buf_view(&r->text[ROW_ASSIGNEE]));
	member(to, "assignee_was", c->assignee_was);
	member(to, "comment", c->comment);
	member(to, "reason", c->reason);
	if (c->suppression) {
		buf_str(to, ",\"suppression\":");
		suppression_json(c->suppression, to);
	}
	if (r) {
		buf_str(to, ",\"alert\":");
		alert_json(a, r, CHANGE_PROOFS, to);
	}
	buf_str(to, "}");
}

int change_put(struct alerts *a, uint64_t id, uint64_t alert, usec at, enum change_kind k,
	       struct bytes text)
{
	sqlite3_stmt *st = db_use(a, SQL_CHANGE_PUT);

	sqlite3_bind_int64(st, 1, (int64_t)id);
	sqlite3_bind_int64(st, 2, (int64_t)alert);
	sqlite3_bind_int64(st, 3, at);
	sqlite3_bind_int64(st, 4, k);
	db_bind(st, 5, text);
	return db_step(a, st);
}

int change_add(struct alerts *a, struct row *r, const struct change *c)
{
	struct buf *to = &a->scratch;
	uint64_t id = a->last_change + 1;
	int x = db_begin(a);

	if (x < 0)
		return x;
	buf_clear(to);
	change_json(a, r, c, id, to);
	assert(to->len <= ALERT_TEXT_MAX);
	a->last_change = id;
	x = change_put(a, id, r ? r->id : 0, a->now, c->kind, buf_view(to));
	if (x == 0 && r) {
		r->unsaid = 0;
		r->said = a->now;
		r->told_level = r->level;
	}
	return x;
}
