/* SPDX-License-Identifier: Apache-2.0 */
/* Asks a running serve to prove its rules alive, waits for it and shows what came of it. */
#include "base/text.h"
#include "cmd/command.h"
#include "cmd/config/config.h"
#include "cmd/rules/rules.h"
#include "cmd/serve/status_path.h"
#include <poll.h>
/* base/text.h has a function of the same name as one that makes values, which nobody does here. */
#define json_string jansson_string
#include <jansson.h>
#undef json_string

#define ANSWER_MOST ((size_t)64 << 20)
#define PATIENCE (60 * USEC_PER_SEC)
#define ASK_AGAIN 100 /* milliseconds */

static int reach(struct rules *r, struct buf *path)
{
	struct config config;
	struct why why = { "" };
	int x;

	if (r->socket) {
		buf_str(path, r->socket);
		return 0;
	}
	if (!r->config) {
		status_usual_path("/var/lib/vedette/ledger", path);
		return 0;
	}
	x = config_load(&config, r->config, &why);
	if (x == 0 && *config.desk_socket)
		buf_str(path, config.desk_socket);
	else if (x == 0)
		status_usual_path(config.ledger.dir, path);
	config_done(&config);
	return x < 0 ? args_failed(r->args, &why, x) : 0;
}

/* The last line of an answer says how often it was proven. 0, or the exit status. */
static int ask(struct rules *r, const char *path, const char *request, struct buf *reply,
	       json_int_t *ret_runs)
{
	struct why why = { "" };
	struct bytes last;
	size_t from = 0;
	json_t *end;
	int x;

	buf_clear(reply);
	x = status_ask(path, bytes_str(request), ANSWER_MOST, reply, &why);
	if (x < 0)
		return args_failed(r->args, &why, x);
	for (size_t i = 0; i + 1 < reply->len; i++)
		if (reply->at[i] == '\n')
			from = i + 1;
	last = bytes_from(buf_view(reply), from);
	end = json_loadb((const char *)last.at, last.len, 0, NULL);
	if (!json_is_true(json_object_get(end, "ok"))) {
		const char *said = json_string_value(json_object_get(end, "error"));

		why_set(&why, -EPROTO, "%s", said ? said : "the answer was cut off");
		json_decref(end);
		return args_failed(r->args, &why, -EPROTO);
	}
	*ret_runs = json_integer_value(json_object_get(end, "runs"));
	json_decref(end);
	return 0;
}

static const char *text_of(json_t *object, const char *name)
{
	const char *s = json_string_value(json_object_get(object, name));

	return s ? s : "";
}

/* true: a rule that is dead or was not tried. */
static bool show_rule(struct rules *r, json_t *one, struct bytes line)
{
	const char *state = text_of(one, "state");
	bool bad = !strcmp(state, "dead") || !strcmp(state, "not-tried");

	if (r->quiet && !bad)
		return bad;
	if (r->json) {
		buf_bytes(&r->out, line);
	} else {
		buf_printf(&r->out, "%-10s ", state);
		text_safe(&r->out, bytes_str(text_of(one, "rule.name")), NULL);
		buf_str(&r->out, " (");
		text_safe(&r->out, bytes_str(text_of(one, "file")), NULL);
		buf_str(&r->out, ")");
		if (*text_of(one, "reason")) {
			buf_str(&r->out, ": ");
			text_safe(&r->out, bytes_str(text_of(one, "reason")), NULL);
		}
	}
	rules_say(r);
	return bad;
}

static long long number_of(json_t *object, const char *name)
{
	return (long long)json_integer_value(json_object_get(object, name));
}

static int show(struct rules *r, struct bytes reply)
{
	bool bad = false;

	while (reply.len) {
		struct bytes line = bytes_sub(reply, 0, bytes_chr(reply, '\n'));
		json_t *one = json_loadb((const char *)line.at, line.len, 0, NULL);

		reply = bytes_from(reply, line.len + 1);
		if (json_object_get(one, "rule.uuid")) {
			bad |= show_rule(r, one, line);
		} else if (r->json) {
			buf_bytes(&r->out, line);
			rules_say(r);
		} else {
			buf_printf(&r->out,
				   "%lld proven alive, %lld dead, %lld without a sample, "
				   "%lld not tried",
				   number_of(one, "proven"), number_of(one, "dead"),
				   number_of(one, "without_sample"), number_of(one, "not_tried"));
			rules_say(r);
		}
		json_decref(one);
	}
	return bad ? 1 : 0;
}

int rules_canary(struct rules *r)
{
	usec until = clock_mono() + PATIENCE;
	struct buf path = { 0 }, reply = { 0 };
	json_int_t before = 0, now = 0;
	int e = reach(r, &path);

	if (e == 0)
		e = ask(r, buf_cstr(&path), "alerts {\"request\":\"canary\",\"run\":true}\n",
			&reply, &before);
	now = before;
	while (e == 0 && now <= before && clock_mono() < until) {
		poll(NULL, 0, ASK_AGAIN);
		e = ask(r, buf_cstr(&path), "alerts {\"request\":\"canary\"}\n", &reply, &now);
		if (now < before)
			before = 0; /* another analyst, which proves them at its start */
	}
	if (e == 0 && now <= before) {
		struct why why = { "" };

		why_set(&why, -ETIMEDOUT, "the rules were not proven within a minute; ask again");
		e = args_failed(r->args, &why, -ETIMEDOUT);
	} else if (e == 0) {
		e = show(r, buf_view(&reply));
	}
	buf_done(&path);
	buf_done(&reply);
	return e;
}
