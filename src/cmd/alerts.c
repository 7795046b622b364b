/* SPDX-License-Identifier: Apache-2.0 */
/* vedette alerts: look at alerts and deal with them, by requests (alert/request.h) to a running
 * serve, or to a database that is only looked at. */
#include "alert/request.h"
#include "alert/text.h"
#include "cmd/alerts_show.h"
#include "cmd/command.h"
#include "cmd/config/config.h"
#include "cmd/serve/status_path.h"
#include <pwd.h>
#include <stdio.h>
#include <unistd.h>

#define PAGE 1000u
#define ENTITIES 16u
#define ANSWER_MOST ((size_t)64 << 20)

enum {
	OPT_CONFIG,
	OPT_SOCKET,
	OPT_DIR,
	OPT_DB,
	OPT_OUTPUT,
	OPT_STATE,
	OPT_ALL,
	OPT_LEVEL,
	OPT_RULE,
	OPT_ENTITY,
	OPT_SINCE,
	OPT_TEXT,
	OPT_ORDER,
	OPT_LIMIT,
	OPT_COMMENT,
	OPT_REASON,
	OPT_FOR,
	OPT_UNTIL,
	OPT_BY,
	OPT_N
};

static const struct option options[OPT_N] = {
	[OPT_CONFIG] = { "config", 'c', "FILE",
			 "take directory and socket from this configuration" },
	[OPT_SOCKET] = { "socket", 's', "PATH", "the socket, when desk.socket names one" },
	[OPT_DIR] = { "dir", 'd', "DIR",
		      "directory of the ledger (default /var/lib/vedette/ledger)" },
	[OPT_DB] = { "db", 0, "FILE", "look at this alert database, without a serve" },
	[OPT_OUTPUT] = { "output", 'o', "FORMAT",
			 "text (the default) or json (one object a line)" },
	[OPT_STATE] = { "state", 0, "STATES",
			"open, acknowledged, closed or all; several with commas between (default: "
			"all but closed)" },
	[OPT_ALL] = { "all", 'a', NULL, "the same as --state all" },
	[OPT_LEVEL] = { "level", 'l', "LEVEL",
			"at least informational, low, medium, high or critical" },
	[OPT_RULE] = { "rule", 'r', "PATTERN", "rules whose id or name matches, with * and ?" },
	[OPT_ENTITY] = { "entity", 'e', "F=PATTERN",
			 "about a field's value, such as user.name=svc-*; more of them must all "
			 "match" },
	[OPT_SINCE] = { "since", 0, "TIME", "with a finding at or after this time" },
	[OPT_TEXT] = { "text", 't', "TEXT", "with this text in message, rule, entity or details" },
	[OPT_ORDER] = { "order", 0, "ORDER",
			"last (newest first; the default), opened, level or count" },
	[OPT_LIMIT] = { "limit", 'n', "N", "show at most N (default 100)" },
	[OPT_COMMENT] = { "comment", 'm', "TEXT", "say why: kept in the history" },
	[OPT_REASON] = { "reason", 0, "TEXT", "why it is suppressed; must be given" },
	[OPT_FOR] = { "for", 0, "SPAN", "suppress for so long: 90m, 8h, 7d (at most 400d)" },
	[OPT_UNTIL] = { "until", 0, "TIME", "suppress until then" },
	[OPT_BY] = { "by", 0, "NAME", "who does it (default: the name you are logged in by)" },
};

struct alerts_command {
	struct args *args;
	const char *verb;
	const char *value[OPT_N]; /* as given, or NULL */
	const char *entity[ENTITIES];
	size_t entity_n;
	uint64_t limit, shown;
	struct bytes operands[64];
	size_t operands_n;
	bool json;
	struct look look;
	struct alerts *db; /* or NULL: ask at `path` */
	struct buf path, out;
	bool headed;
};

/* What stands behind the verb. */
static const struct verb {
	const char *name;
	enum { NOTHING, IDS, ID_OR_NOT, ID_AND_NAME, ID_AND_TEXT } takes;
	bool acts;
} verbs[] = {
	{ "list", NOTHING, false },
	{ "show", IDS, false },
	{ "ack", IDS, true },
	{ "close", IDS, true },
	{ "reopen", IDS, true },
	{ "assign", ID_AND_NAME, true },
	{ "comment", ID_AND_TEXT, true },
	{ "suppress", ID_OR_NOT, true },
	{ "unsuppress", IDS, true },
	{ "suppressions", NOTHING, false },
	{ "stats", NOTHING, false },
};

static void add_text(struct buf *to, const char *name, struct bytes text)
{
	buf_printf(to, ",\"%s\":", name);
	text_json(to, text);
}

static void add_entity(const struct alerts_command *c, struct buf *to)
{
	buf_str(to, ",\"entity\":{");
	for (size_t i = 0; i < c->entity_n; i++) {
		const char *equals = strchr(c->entity[i], '=');

		buf_str(to, i ? "," : "");
		text_json(to, bytes_of(c->entity[i], (size_t)(equals - c->entity[i])));
		buf_str(to, ":");
		text_json(to, bytes_str(equals + 1));
	}
	buf_str(to, "}");
}

static void add_by(const struct alerts_command *c, struct buf *to)
{
	const struct passwd *p = getpwuid(getuid());
	char number[32];

	snprintf(number, sizeof(number), "uid %u", getuid());
	add_text(to, "by",
		 bytes_str(c->value[OPT_BY] ? c->value[OPT_BY]
			   : p		    ? p->pw_name
					    : number));
}

/* Everything but id, limit and after. */
static void common_members(const struct alerts_command *c, const struct verb *v, struct buf *to)
{
	buf_printf(to, "{\"request\":\"%s\"", v->name);
	for (int o = OPT_STATE; o <= OPT_UNTIL; o++)
		if (c->value[o] && o != OPT_ALL && o != OPT_LIMIT && o != OPT_ENTITY)
			add_text(to, options[o].name, bytes_str(c->value[o]));
	if (c->value[OPT_ALL])
		buf_str(to, ",\"state\":\"all\"");
	if (c->entity_n)
		add_entity(c, to);
	if (v->acts)
		add_by(c, to);
}

static int exchange(struct alerts_command *c, struct buf *request, struct buf *reply)
{
	struct buf line = { 0 };
	struct why why = { "" };
	int r;

	if (c->db) {
		alerts_request(c->db, BYTES(""), buf_view(request), reply);
		return 0;
	}
	buf_str(&line, "alerts ");
	buf_bytes(&line, buf_view(request));
	buf_str(&line, "\n");
	r = status_ask(buf_cstr(&c->path), buf_view(&line), ANSWER_MOST, reply, &why);
	buf_done(&line);
	return r < 0 ? args_failed(c->args, &why, r) : 0;
}

static void show(struct alerts_command *c, const struct verb *v, json_t *object)
{
	if (!strcmp(v->name, "suppressions")) {
		alerts_show_suppression(object, &c->out);
	} else if (json_object_get(object, "change")) {
		alerts_show_change(object, &c->out);
	} else if (!strcmp(v->name, "show")) {
		alerts_show_alert(&c->look, object, &c->out);
	} else {
		if (!c->headed)
			alerts_show_heading(&c->look, &c->out);
		c->headed = true;
		alerts_show_line(&c->look, object, &c->out);
	}
}

static void flush_out(struct alerts_command *c)
{
	fwrite(c->out.at, 1, c->out.len, stdout);
	buf_clear(&c->out);
}

/* The last line of a reply. */
static int ended(struct alerts_command *c, const struct verb *v, json_t *end, struct bytes line,
		 struct buf *next)
{
	json_t *error = json_object_get(end, "error"), *more = json_object_get(end, "next");

	if (!json_is_true(json_object_get(end, "ok"))) {
		flush_out(c);
		return args_bad(c->args, "%s",
				json_is_string(error) ? json_string_value(error)
						      : "the answer was refused");
	}
	if (json_is_string(more))
		buf_str(next, json_string_value(more));
	if (c->json && (v->acts || !strcmp(v->name, "stats"))) {
		buf_bytes(&c->out, line);
		buf_str(&c->out, "\n");
	} else if (!c->json && !strcmp(v->name, "stats")) {
		alerts_show_stats(end, &c->out);
	} else if (!c->json && v->acts) {
		alerts_show_done(end, &c->out);
	}
	return EXIT_GOOD;
}

/* Shows a reply; `next` gets where the next page begins, if there is one. */
static int take_reply(struct alerts_command *c, const struct verb *v, struct buf *reply,
		      struct buf *next)
{
	struct bytes rest = buf_view(reply);

	while (rest.len) {
		struct bytes line = bytes_sub(rest, 0, bytes_chr(rest, '\n'));
		json_t *object = json_loadb((const char *)line.at, line.len, 0, NULL);
		bool end = json_object_get(object, "ok") != NULL;
		int status = EXIT_GOOD;

		rest = bytes_from(rest, line.len + 1);
		if (end) {
			status = ended(c, v, object, line, next);
		} else if (json_is_object(object)) {
			c->shown++;
			if (c->json) {
				buf_bytes(&c->out, line);
				buf_str(&c->out, "\n");
			} else {
				show(c, v, object);
			}
		}
		json_decref(object);
		if (end)
			return status;
	}
	flush_out(c);
	return args_bad(c->args, "the answer was cut off; is this serve older than this program?");
}

static int one(struct alerts_command *c, const struct verb *v, struct buf *request,
	       struct buf *next)
{
	struct buf reply = { 0 };
	int status;

	buf_str(request, "}");
	status = exchange(c, request, &reply);
	if (status == EXIT_GOOD)
		status = take_reply(c, v, &reply, next);
	buf_done(&reply);
	flush_out(c);
	return status;
}

static int list(struct alerts_command *c, const struct verb *v)
{
	struct buf request = { 0 }, next = { 0 }, after = { 0 };
	int status;

	do {
		uint64_t left = c->limit - c->shown;

		buf_clear(&request);
		common_members(c, v, &request);
		buf_printf(&request, ",\"limit\":%llu",
			   (unsigned long long)(left < PAGE ? left : PAGE));
		if (after.len)
			add_text(&request, "after", buf_view(&after));
		buf_clear(&next);
		status = one(c, v, &request, &next);
		buf_clear(&after);
		buf_bytes(&after, buf_view(&next));
	} while (status == EXIT_GOOD && next.len && c->shown < c->limit);
	buf_done(&request);
	buf_done(&next);
	buf_done(&after);
	return status == EXIT_GOOD && !c->shown ? EXIT_NOT : status;
}

/* With an id, or none; `extra` is what the verb takes beside it. */
static int act(struct alerts_command *c, const struct verb *v, struct bytes id, struct bytes extra)
{
	struct buf request = { 0 }, next = { 0 };
	uint64_t n;
	int status;

	if (id.len && (!bytes_u64(id, &n) || !n))
		return args_bad(c->args, "\"%.*s\" is not the number of an alert (or suppression)",
				(int)(id.len < 100 ? id.len : 100), (const char *)id.at);
	common_members(c, v, &request);
	if (id.len)
		buf_printf(&request, ",\"id\":%llu", (unsigned long long)n);
	if (v->takes == ID_AND_NAME)
		add_text(&request, "to", extra);
	if (v->takes == ID_AND_TEXT)
		add_text(&request, "comment", extra);
	status = one(c, v, &request, &next);
	buf_done(&request);
	buf_done(&next);
	return status;
}

static int act_on_each(struct alerts_command *c, const struct verb *v)
{
	int status = EXIT_GOOD, x;

	if (!c->operands_n)
		return args_bad(c->args, "%s: say which, by number", v->name);
	for (size_t i = 0; i < c->operands_n; i++) {
		if (i && !c->json && !strcmp(v->name, "show"))
			printf("\n");
		x = act(c, v, c->operands[i], BYTES(""));
		status = x > status ? x : status;
	}
	return status;
}

static int go(struct alerts_command *c, const struct verb *v)
{
	static const size_t most[] = {
		[NOTHING] = 0, [IDS] = 64, [ID_OR_NOT] = 1, [ID_AND_NAME] = 2, [ID_AND_TEXT] = 2
	};

	if (c->operands_n > most[v->takes])
		return args_bad(c->args, "%s: \"%s\" is too much", v->name,
				(const char *)c->operands[most[v->takes]].at);
	switch (v->takes) {
	case NOTHING:
		return strcmp(v->name, "list") ? act(c, v, BYTES(""), BYTES("")) : list(c, v);
	case IDS:
		return act_on_each(c, v);
	case ID_OR_NOT:
		return act(c, v, c->operands_n ? c->operands[0] : BYTES(""), BYTES(""));
	case ID_AND_NAME:
	case ID_AND_TEXT:
		break;
	}
	if (c->operands_n < 2)
		return args_bad(c->args, "%s: say which, by number, and %s", v->name,
				v->takes == ID_AND_NAME ? "to whom (\"\" is nobody)" : "what");
	return act(c, v, c->operands[0], c->operands[1]);
}

static int reach_config(struct alerts_command *c, const char *dir)
{
	struct config config;
	struct why why = { "" };
	int r = config_load(&config, c->value[OPT_CONFIG], &why);

	if (r == 0 && *config.desk_socket)
		buf_str(&c->path, config.desk_socket);
	else if (r == 0)
		status_usual_path(dir ? dir : config.ledger.dir, &c->path);
	config_done(&config);
	return r < 0 ? args_failed(c->args, &why, r) : 0;
}

/* Finds out where to ask. */
static int reach(struct alerts_command *c)
{
	struct alerts_options o = ALERTS_OPTIONS;
	struct why why = { "" };
	int r;

	if (c->value[OPT_DB]) {
		o.read_only = true;
		r = alerts_open(&c->db, c->value[OPT_DB], &o, clock_real(), &why);
		return r < 0 ? args_failed(c->args, &why, r) : 0;
	}
	if (c->value[OPT_SOCKET])
		buf_str(&c->path, c->value[OPT_SOCKET]);
	else if (c->value[OPT_CONFIG])
		return reach_config(c, c->value[OPT_DIR]);
	else
		status_usual_path(c->value[OPT_DIR] ? c->value[OPT_DIR] : "/var/lib/vedette/ledger",
				  &c->path);
	return 0;
}

static int take(struct alerts_command *c, int option)
{
	const char *v = c->args->value;

	if (option == ARGS_OPERAND) {
		if (!c->verb)
			c->verb = v;
		else if (c->operands_n == sizeof(c->operands) / sizeof(*c->operands))
			return args_bad(c->args, "too many at once");
		else
			c->operands[c->operands_n++] = bytes_str(v);
		return 0;
	}
	if (option < 0)
		return EXIT_TROUBLE;
	c->value[option] = v ? v : ""; /* --all has none */
	if (option == OPT_OUTPUT) {
		c->json = v[0] == 'j';
		if (strcmp(v, "json") != 0 && strcmp(v, "text") != 0)
			return args_bad(c->args, "-o: expected text or json, not \"%s\"", v);
	}
	if (option == OPT_LIMIT &&
	    (!args_count(c->args, "--limit", UINT32_MAX, &c->limit) || !c->limit))
		return c->limit ? EXIT_TROUBLE : args_bad(c->args, "--limit: must be at least 1");
	if (option == OPT_ENTITY) {
		if (!strchr(v, '=') || v[0] == '=')
			return args_bad(c->args, "--entity: expected FIELD=PATTERN, not \"%s\"", v);
		if (c->entity_n == ENTITIES)
			return args_bad(c->args, "--entity: at most %u of them", ENTITIES);
		c->entity[c->entity_n++] = v;
	}
	return 0;
}

static int run_with(struct alerts_command *c)
{
	int option, r;

	while ((option = args_next(c->args)) != ARGS_END) {
		if (option == ARGS_HELP)
			return EXIT_GOOD;
		if ((r = take(c, option)) != 0)
			return r;
	}
	if (!c->verb)
		return args_bad(c->args, "say what to do: list, show, ack, close, reopen, assign, "
					 "comment, suppress, unsuppress, suppressions or stats");
	for (size_t i = 0; i < sizeof(verbs) / sizeof(*verbs); i++) {
		if (strcmp(verbs[i].name, c->verb) != 0)
			continue;
		if ((r = reach(c)) != 0)
			return r;
		return args_flush(c->args, go(c, &verbs[i]));
	}
	return args_bad(c->args,
			"there is no \"alerts %s\": list, show, ack, close, reopen, assign, "
			"comment, suppress, unsuppress, suppressions or stats",
			c->verb);
}

static int run(struct args *a)
{
	struct alerts_command c = { .args = a, .limit = 100, .look = look_of_stdout() };
	int r = run_with(&c);

	alerts_close(c.db);
	buf_done(&c.path);
	buf_done(&c.out);
	return r;
}

static const char *const examples[] = {
	"vedette alerts list --level high",
	"what is open or acknowledged, of level high or critical",
	"vedette alerts show 17",
	"one alert with its evidence and its history",
	"vedette alerts ack 17 18 -m 'looking into it'",
	"nobody else needs to",
	"vedette alerts suppress -r 'SSH*' -e source.ip=192.0.2.* --for 8h --reason 'ordered scan'",
	"count these findings, and tell nobody",
	NULL,
};

const struct command command_alerts = {
	.name = "alerts",
	.args = "list|show|ack|close|reopen|assign|comment [ID...] [OPTION...]\n"
		"       vedette alerts suppress|unsuppress|suppressions|stats [ID] [OPTION...]",
	.what = "look at alerts and deal with them",
	.about = "Findings of one rule about one entity are one alert, which is open, acknowledged "
		 "or closed. show, ack, close and reopen take numbers of alerts; assign takes a "
		 "number and a name, comment a number and a text; suppress takes a number, or "
		 "--rule and --entity; unsuppress takes the number of a suppression. What is done "
		 "is kept, with who did it, in the alert's history and in the ledger.\n\n"
		 "A running serve is asked over its socket, as by status. With --db a database is "
		 "looked at directly, also while serve writes to it; nothing can be changed then. "
		 "-o json gives the objects that doc/alerts.md describes.",
	.status = "0 found or done, 1 nothing found, 2 trouble (refused, or no serve is running "
		  "there).",
	.examples = examples,
	.options = options,
	.options_n = OPT_N,
	.run = run,
};
