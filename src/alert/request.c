/* SPDX-License-Identifier: Apache-2.0 */
/* Requests by a table: which members each may and must have, and how each member is read. */
#include "alert/request.h"
#include "alert/ask.h"
#include "alert/text.h"
#include <jansson.h>
#include <stdarg.h>
#include <stdio.h>

#define LIMIT_MOST 1000
#define LIMIT_USUAL 100
#define SUPPRESSED_MOST (400 * USEC_PER_DAY)

static const struct request {
	const char *name;
	unsigned may, must;
	bool changes;
	int (*answer)(struct ask *q);
} requests[] = {
	{ "list",
	  ASK(STATE) | ASK(LEVEL) | ASK(RULE) | ASK(ENTITY) | ASK(SINCE) | ASK(TEXT) | ASK(ORDER) |
		  ASK(LIMIT) | ASK(AFTER),
	  0, false, ask_list },
	{ "show", ASK(ID), ASK(ID), false, ask_show },
	{ "ack", ASK(ID) | ASK(COMMENT), ASK(ID), true, ask_ack },
	{ "close", ASK(ID) | ASK(COMMENT), ASK(ID), true, ask_close },
	{ "reopen", ASK(ID) | ASK(COMMENT), ASK(ID), true, ask_reopen },
	{ "assign", ASK(ID) | ASK(TO) | ASK(COMMENT), ASK(ID) | ASK(TO), true, ask_assign },
	{ "comment", ASK(ID) | ASK(COMMENT), ASK(ID) | ASK(COMMENT), true, ask_comment },
	{ "suppress", ASK(ID) | ASK(RULE) | ASK(ENTITY) | ASK(FOR) | ASK(UNTIL) | ASK(REASON),
	  ASK(REASON), true, ask_suppress },
	{ "unsuppress", ASK(ID), ASK(ID), true, ask_unsuppress },
	{ "suppressions", 0, 0, false, ask_suppressions },
	{ "stats", 0, 0, false, ask_stats },
};

int ask_refuse(struct ask *q, const char *fmt, ...)
{
	char line[400];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	buf_clear(q->reply);
	buf_str(q->reply, "{\"ok\":false,\"error\":");
	text_json(q->reply, bytes_str(line));
	buf_str(q->reply, "}\n");
	return REQUEST_REFUSED;
}

static struct bytes text_of(json_t *v)
{
	return bytes_of(json_string_value(v), json_string_length(v));
}

static int take_text(struct ask *q, const char *name, json_t *v, size_t most, struct bytes *ret)
{
	if (!json_is_string(v))
		return ask_refuse(q, "\"%s\" is a string", name);
	if (text_cost(text_of(v)) > most)
		return ask_refuse(q, "\"%s\" is longer than %zu bytes", name, most);
	*ret = text_of(v);
	return 0;
}

static int take_number(struct ask *q, const char *name, json_t *v, uint64_t most, uint64_t *ret)
{
	if (!json_is_integer(v) || json_integer_value(v) < 1 ||
	    (uint64_t)json_integer_value(v) > most)
		return ask_refuse(q, "\"%s\" is a number from 1 to %llu", name,
				  (unsigned long long)most);
	*ret = (uint64_t)json_integer_value(v);
	return 0;
}

static int take_time(struct ask *q, const char *name, json_t *v, usec *ret)
{
	if (json_is_string(v) && clock_parse(text_of(v), q->a->now, ret))
		return 0;
	return ask_refuse(q, "\"%s\" is a time such as 2026-11-22T01:02:03Z, -2h or now", name);
}

/* "open,acknowledged", "all" */
static int take_states(struct ask *q, json_t *v)
{
	struct bytes rest = json_is_string(v) ? text_of(v) : BYTES("");

	q->states = 0;
	while (rest.len) {
		size_t comma = bytes_chr(rest, ',');
		struct bytes word = bytes_sub(rest, 0, comma);
		unsigned s = 0;

		while (s < ALERT_STATES && !bytes_eq(word, bytes_str(alert_state_names[s])))
			s++;
		if (s == ALERT_STATES && !bytes_eq(word, BYTES("all")))
			break;
		q->states |= s == ALERT_STATES ? (1u << ALERT_STATES) - 1 : 1u << s;
		rest = bytes_from(rest, comma == BYTES_NONE ? rest.len : comma + 1);
	}
	if (!rest.len && q->states)
		return 0;
	return ask_refuse(q, "\"state\" is open, acknowledged, closed, several of them with commas "
			     "between, or all");
}

static int take_order(struct ask *q, json_t *v)
{
	static const struct {
		struct bytes name;
		enum sql sql;
	} orders[] = {
		{ BYTES("last"), SQL_LIST_LAST },
		{ BYTES("opened"), SQL_LIST_OPENED },
		{ BYTES("level"), SQL_LIST_LEVEL },
		{ BYTES("count"), SQL_LIST_COUNT },
	};

	for (size_t i = 0; i < sizeof(orders) / sizeof(*orders); i++)
		if (json_is_string(v) && bytes_eq(text_of(v), orders[i].name)) {
			q->order = orders[i].sql;
			return 0;
		}
	return ask_refuse(q, "\"order\" is last, opened, level or count");
}

/* "1.1790000000000000.7": three numbers */
static int take_after(struct ask *q, json_t *v)
{
	struct bytes rest = json_is_string(v) ? text_of(v) : BYTES("");
	unsigned n = 0;

	while (n < 3) {
		size_t dot = n < 2 ? bytes_chr(rest, '.') : rest.len;

		if (dot == BYTES_NONE || !bytes_i64(bytes_sub(rest, 0, dot), &q->after[n]))
			break;
		rest = bytes_from(rest, dot + 1);
		n++;
	}
	if (n == 3)
		return 0;
	return ask_refuse(q, "\"after\" is the \"next\" of the reply before");
}

static int take_entity(struct ask *q, json_t *v)
{
	struct buf *to = &q->pattern->entity;
	const char *name;
	json_t *pattern;

	if (!json_is_object(v) || !json_object_size(v) || json_object_size(v) > SUPPRESSION_PAIRS)
		return ask_refuse(
			q,
			"\"entity\" is an object of 1 to %u fields with patterns, such as "
			"{\"user.name\":\"svc-*\"}",
			SUPPRESSION_PAIRS);
	json_object_foreach(v, name, pattern)
	{
		if (!*name || !json_is_string(pattern) ||
		    text_cost(text_of(pattern)) + text_cost(bytes_str(name)) > PATTERN_MOST)
			return ask_refuse(q,
					  "\"entity\" holds names of fields, each with a pattern; "
					  "together they are at most %u bytes",
					  PATTERN_MOST);
		buf_u8(to, to->len ? ',' : '{');
		text_json(to, bytes_str(name));
		buf_u8(to, ':');
		text_json(to, text_of(pattern));
	}
	buf_u8(to, '}');
	if (to->len > REMARK_MOST || !suppression_read(q->pattern))
		return ask_refuse(q, "\"entity\" is longer than %u bytes", REMARK_MOST);
	return 0;
}

static int take_until(struct ask *q, enum ask_member m, json_t *v)
{
	usec span = 0;
	int r = 0;

	if (m == ASK_UNTIL)
		r = take_time(q, "until", v, &q->until);
	else if (!json_is_string(v) || !clock_parse_span(text_of(v), &span))
		r = ask_refuse(q, "\"for\" is a length of time such as 90m, 8h or 7d");
	else if (span <= SUPPRESSED_MOST)
		q->until = q->a->now + span;
	else
		q->until = INT64_MAX;
	if (r == 0 && (q->until <= q->a->now || q->until - q->a->now > SUPPRESSED_MOST))
		r = ask_refuse(q, "a suppression ends in the future, within 400 days");
	return r;
}

static int take_level(struct ask *q, json_t *v)
{
	if (json_is_string(v) && level_parse(text_of(v), &q->level))
		return 0;
	return ask_refuse(q, "\"level\" is informational, low, medium, high or critical");
}

static int take(struct ask *q, enum ask_member m, json_t *v)
{
	struct bytes rule;
	int r;

	switch (m) {
	case ASK_AFTER:
		return take_after(q, v);
	case ASK_BY:
		return take_text(q, "by", v, NAME_MOST, &q->by);
	case ASK_COMMENT:
		return take_text(q, "comment", v, REMARK_MOST, &q->comment);
	case ASK_ENTITY:
		return take_entity(q, v);
	case ASK_FOR:
	case ASK_UNTIL:
		return take_until(q, m, v);
	case ASK_ID:
		return take_number(q, "id", v, INT64_MAX, &q->id);
	case ASK_LEVEL:
		return take_level(q, v);
	case ASK_LIMIT:
		return take_number(q, "limit", v, LIMIT_MOST, &q->limit);
	case ASK_ORDER:
		return take_order(q, v);
	case ASK_REASON:
		return take_text(q, "reason", v, REMARK_MOST, &q->reason);
	case ASK_RULE:
		r = take_text(q, "rule", v, PATTERN_MOST, &rule);
		if (r == 0 && !rule.len)
			r = ask_refuse(q, "\"rule\" is empty; * is every rule");
		else if (r == 0)
			buf_bytes(&q->pattern->rule, rule);
		return r;
	case ASK_SINCE:
		return take_time(q, "since", v, &q->since);
	case ASK_STATE:
		return take_states(q, v);
	case ASK_TEXT:
		return take_text(q, "text", v, PATTERN_MOST, &q->text);
	case ASK_TO:
		return take_text(q, "to", v, NAME_MOST, &q->to);
	case ASK_MEMBERS:
		break;
	}
	return 0;
}

static const char *const member_names[ASK_MEMBERS] = {
	[ASK_AFTER] = "after",	 [ASK_BY] = "by",	[ASK_COMMENT] = "comment",
	[ASK_ENTITY] = "entity", [ASK_FOR] = "for",	[ASK_ID] = "id",
	[ASK_LEVEL] = "level",	 [ASK_LIMIT] = "limit", [ASK_ORDER] = "order",
	[ASK_REASON] = "reason", [ASK_RULE] = "rule",	[ASK_SINCE] = "since",
	[ASK_STATE] = "state",	 [ASK_TEXT] = "text",	[ASK_TO] = "to",
	[ASK_UNTIL] = "until",
};

static int take_members(struct ask *q, const struct request *what, json_t *object)
{
	const char *name;
	json_t *v;
	int r;

	json_object_foreach(object, name, v)
	{
		unsigned m = 0;

		if (!strcmp(name, "request"))
			continue;
		while (m < ASK_MEMBERS && strcmp(name, member_names[m]) != 0)
			m++;
		if (m == ASK_MEMBERS || !((what->may | ASK(BY)) >> m & 1))
			return ask_refuse(q, "\"%s\" takes no \"%.100s\"", what->name, name);
		if ((r = take(q, (enum ask_member)m, v)) != 0)
			return r;
		q->has |= 1u << m;
	}
	for (unsigned m = 0; m < ASK_MEMBERS; m++)
		if (what->must & ~q->has & 1u << m)
			return ask_refuse(q, "\"%s\" needs \"%s\"", what->name, member_names[m]);
	return 0;
}

static const struct request *request_by_name(json_t *name)
{
	for (size_t i = 0; i < sizeof(requests) / sizeof(*requests); i++)
		if (json_is_string(name) && bytes_eq(text_of(name), bytes_str(requests[i].name)))
			return &requests[i];
	return NULL;
}

static int answer(struct ask *q, struct bytes by, json_t *object)
{
	const struct request *what = request_by_name(json_object_get(object, "request"));
	int r;

	if (!what)
		return ask_refuse(q,
				  "\"request\" is list, show, ack, close, reopen, assign, comment, "
				  "suppress, unsuppress, suppressions or stats");
	r = take_members(q, what, object);
	if (r != 0)
		return r;
	if (by.len)
		q->by = by;
	if (what->changes && q->a->o.read_only)
		return ask_refuse(q, "the database is only looked at: \"%s\" changes it",
				  what->name);
	if (what->changes && !q->by.len)
		return ask_refuse(q, "\"%s\" needs \"by\": who does it", what->name);
	return what->answer(q);
}

static int settle(struct ask *q, bool waited)
{
	struct why why = { "" };

	if (!q->changed)
		return 0;
	if (waited)
		return REQUEST_LATER;
	q->a->waits = true; /* there is something to write */
	if (alerts_commit(q->a, q->a->cursor, NULL, 0, &why) < 0)
		return ask_refuse(q, "nothing was changed: %s", why.line);
	return 0;
}

/* Of the database. Back to the last commit, but where findings wait: then their commit does it, and
 * its caller learns of it. */
static void failed(struct ask *q, bool waited)
{
	ask_refuse(q, "%s", q->a->why.line);
	if (q->a->o.read_only)
		q->a->failed = 0;
	else if (!waited)
		alerts_commit(q->a, q->a->cursor, NULL, 0, NULL);
}

int alerts_request(struct alerts *a, struct bytes by, struct bytes request, struct buf *reply)
{
	struct ask q = { .a = a,
			 .reply = reply,
			 .limit = LIMIT_USUAL,
			 .states = 1u << ALERT_OPEN | 1u << ALERT_ACKNOWLEDGED,
			 .order = SQL_LIST_LAST,
			 .after = { INT64_MAX, INT64_MAX, INT64_MAX },
			 .since = USEC_NONE,
			 .until = USEC_NONE };
	bool waited = a->waits;
	json_error_t error;
	struct buf who = { 0 };
	json_t *object = NULL;
	int r;

	q.pattern = suppression_new();
	text_keep(&who, by, NAME_MOST);
	if (request.len <= REQUEST_MOST)
		object = json_loadb((const char *)request.at, request.len, JSON_REJECT_DUPLICATES,
				    &error);
	if (request.len > REQUEST_MOST)
		r = ask_refuse(&q, "a request is at most %u bytes", REQUEST_MOST);
	else if (!object)
		r = ask_refuse(&q, "the request is not JSON: %s", error.text);
	else if (!json_is_object(object))
		r = ask_refuse(&q, "a request is one JSON object");
	else
		r = answer(&q, buf_view(&who), object);
	if (r == 0)
		r = settle(&q, waited);
	else if (r < 0)
		failed(&q, waited);
	suppression_free(q.pattern);
	json_decref(object);
	buf_done(&who);
	return r;
}
