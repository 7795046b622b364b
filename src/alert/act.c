/* SPDX-License-Identifier: Apache-2.0 */
/* What operators do to alerts. Each act is a change, with who did it. */
#include "alert/ask.h"
#include "alert/request.h"
#include "alert/text.h"

/* The alert that is meant, or NULL: *ret_r is what to return then. */
static struct row *meant(struct ask *q, bool *ret_newest, int *ret_r)
{
	struct row *r = row_by_id(q->a, q->id, ret_newest);

	if (!r)
		*ret_r = q->a->failed ? q->a->failed
				      : ask_refuse(q, "there is no alert %llu",
						   (unsigned long long)q->id);
	return r;
}

static int done(struct ask *q, struct row *r, bool newest, const struct change *c)
{
	int x = change_add(q->a, r, c);

	q->changed = true;
	if (x == 0) {
		buf_printf(q->reply,
			   "{\"ok\":true,\"done\":\"%s\",\"alert\":", change_name(c->kind));
		alert_json(q->a, r, PROOFS_MOST, q->reply);
		buf_str(q->reply, "}\n");
		return row_put(q->a, r, newest);
	}
	if (!newest)
		row_free(r);
	return x;
}

static int become(struct ask *q, enum alert_state state, enum change_kind kind)
{
	struct change c = { .kind = kind, .by = q->by, .comment = q->comment };
	bool newest = false;
	int x = 0;
	struct row *r = meant(q, &newest, &x);

	if (!r)
		return x;
	if (r->state == state)
		x = ask_refuse(q, "alert %llu is %s already", (unsigned long long)q->id,
			       alert_state_names[state]);
	else if (state == ALERT_ACKNOWLEDGED && r->state == ALERT_CLOSED)
		x = ask_refuse(q, "alert %llu is closed: reopen it first",
			       (unsigned long long)q->id);
	else if (state == ALERT_OPEN && !newest)
		x = ask_refuse(q, "there is a newer alert of the same cause and entity than %llu",
			       (unsigned long long)q->id);
	if (x) {
		if (!newest)
			row_free(r);
		return x;
	}
	r->state = state;
	r->closed = state == ALERT_CLOSED ? q->a->now : 0;
	return done(q, r, newest, &c);
}

int ask_ack(struct ask *q)
{
	return become(q, ALERT_ACKNOWLEDGED, CHANGE_ACKNOWLEDGED);
}

int ask_close(struct ask *q)
{
	return become(q, ALERT_CLOSED, CHANGE_CLOSED);
}

int ask_reopen(struct ask *q)
{
	return become(q, ALERT_OPEN, CHANGE_REOPENED);
}

int ask_comment(struct ask *q)
{
	struct change c = { .kind = CHANGE_COMMENTED, .by = q->by, .comment = q->comment };
	bool newest = false;
	int x = 0;
	struct row *r;

	if (!q->comment.len)
		return ask_refuse(q, "\"comment\" is empty");
	r = meant(q, &newest, &x);
	return r ? done(q, r, newest, &c) : x;
}

int ask_assign(struct ask *q)
{
	struct change c = { .kind = CHANGE_ASSIGNED, .by = q->by, .comment = q->comment };
	struct buf was = { 0 };
	bool newest = false;
	int x = 0;
	struct row *r = meant(q, &newest, &x);

	if (!r)
		return x;
	buf_bytes(&was, buf_view(&r->text[ROW_ASSIGNEE]));
	c.assignee_was = buf_view(&was);
	buf_clear(&r->text[ROW_ASSIGNEE]);
	text_keep(&r->text[ROW_ASSIGNEE], q->to, NAME_MOST);
	x = done(q, r, newest, &c);
	buf_done(&was);
	return x;
}

/* The suppression is of this alert's cause and entity, whatever patterns would make of them. */
static void of_alert(struct suppression *s, const struct row *r)
{
	s->by_key = true;
	memcpy(s->key, r->key, KEY_LEN);
	buf_clear(&s->rule);
	buf_bytes(&s->rule, buf_view(&r->text[ROW_RULE]));
	buf_clear(&s->entity);
	if (r->text[ROW_ENTITY].len <= REMARK_MOST)
		buf_bytes(&s->entity, buf_view(&r->text[ROW_ENTITY]));
}

int ask_suppress(struct ask *q)
{
	struct suppression *s = q->pattern;
	struct change c = { .kind = CHANGE_SUPPRESSED, .by = q->by, .suppression = s };
	bool by_alert = q->has & ASK(ID), newest = false;
	struct row *r = NULL;
	int x = 0;

	if (by_alert ? (q->has & (ASK(RULE) | ASK(ENTITY))) != 0
		     : !(q->has & (ASK(RULE) | ASK(ENTITY))))
		return ask_refuse(q, "\"suppress\" needs \"rule\" or \"entity\" or both, or else "
				     "\"id\" of an alert");
	if (!(q->has & ASK(FOR)) == !(q->has & ASK(UNTIL)))
		return ask_refuse(q, "\"suppress\" needs either \"for\" or \"until\"");
	if (!q->reason.len)
		return ask_refuse(q, "\"reason\" is empty");
	if (q->a->suppressions.n == SUPPRESSIONS_MOST)
		return ask_refuse(q, "there are %u suppressions already", SUPPRESSIONS_MOST);
	if (by_alert && !(r = meant(q, &newest, &x)))
		return x;
	if (r)
		of_alert(s, r);
	s->until = q->until;
	s->made = q->a->now;
	buf_bytes(&s->by, q->by);
	buf_bytes(&s->reason, q->reason);
	q->pattern = NULL; /* the set has it now */
	q->changed = true;
	x = suppression_add(q->a, s);
	if (r)
		r->suppressed = s->id;
	if (x == 0)
		x = change_add(q->a, r, &c);
	if (r && x == 0)
		x = row_put(q->a, r, newest);
	else if (r && !newest)
		row_free(r);
	if (x < 0)
		return x;
	buf_str(q->reply, "{\"ok\":true,\"done\":\"suppressed\",\"suppression\":");
	suppression_json(s, q->reply);
	buf_str(q->reply, "}\n");
	return 0;
}

int ask_unsuppress(struct ask *q)
{
	struct suppression_set *set = &q->a->suppressions;
	size_t i = 0;

	while (i < set->n && set->at[i]->id != q->id)
		i++;
	if (i == set->n)
		return ask_refuse(q, "there is no suppression %llu", (unsigned long long)q->id);
	buf_str(q->reply, "{\"ok\":true,\"done\":\"unsuppressed\",\"suppression\":");
	suppression_json(set->at[i], q->reply);
	buf_str(q->reply, "}\n");
	q->changed = true;
	return suppression_end(q->a, set->at[i], CHANGE_UNSUPPRESSED, q->by);
}
