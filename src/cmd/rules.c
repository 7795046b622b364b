/* SPDX-License-Identifier: Apache-2.0 */
/* vedette rules: check, list, explain and test rules. */
#include "cmd/rules/rules.h"
#include "base/text.h"
#include "cmd/command.h"
#include <stdio.h>
#include <stdlib.h>

enum { OPT_OUTPUT, OPT_TABLE, OPT_EVENTS, OPT_QUIET, OPT_CONFIG, OPT_SOCKET };

static const struct option options[] = {
	[OPT_OUTPUT] = { "output", 'o', "FORMAT",
			 "list, test: text (for people; the default) or json (one object a line)" },
	[OPT_TABLE] = { "table", 0, "FILE",
			"one more table of log sources and fields; may be given several times" },
	[OPT_EVENTS] = { "events", 0, NULL,
			 "check, list, explain: as for detect --events (no table is needed)" },
	[OPT_QUIET] = { "quiet", 'q', NULL, "check: no warnings; test, canary: only what failed" },
	[OPT_CONFIG] = { "config", 'c', "FILE",
			 "canary: take directory and socket from this configuration" },
	[OPT_SOCKET] = { "socket", 's', "PATH", "canary: the socket, when desk.socket names one" },
};

static const struct verb {
	const char *name;
	int (*run)(struct rules *r);
} verbs[] = {
	{ "check", rules_check }, { "list", rules_list },     { "explain", rules_explain },
	{ "test", rules_test },	  { "canary", rules_canary },
};

void rules_where(struct rules *r, struct bytes file, unsigned line)
{
	text_safe(&r->out, file, NULL);
	buf_printf(&r->out, ":%u: ", line);
}

void rules_say(struct rules *r)
{
	buf_u8(&r->out, '\n');
	fwrite(r->out.at, 1, r->out.len, stdout);
	buf_clear(&r->out);
}

const char *rules_kind(const struct rule_info *i)
{
	return i->kind == RULE_CORRELATION ? "correlation"
	       : i->kind == RULE_FILTER	   ? "filter"
					   : "rule";
}

static int take(struct rules *r, int option)
{
	struct args *a = r->args;

	switch (option) {
	case ARGS_OPERAND:
		if (!r->verb)
			r->verb = a->value;
		else if (!strcmp(r->verb, "explain") && !r->wanted)
			r->wanted = a->value;
		else
			r->paths[r->paths_n++] = a->value;
		return 0;
	case OPT_OUTPUT:
		r->json = !strcmp(a->value, "json");
		if (r->json || !strcmp(a->value, "text"))
			return 0;
		return args_bad(a, "-o: expected text or json, not \"%s\"", a->value);
	case OPT_TABLE:
		r->tables[r->tables_n++] = a->value;
		return 0;
	case OPT_EVENTS:
		r->flat = true;
		return 0;
	case OPT_QUIET:
		r->quiet = true;
		return 0;
	case OPT_CONFIG:
		r->config = a->value;
		return 0;
	case OPT_SOCKET:
		r->socket = a->value;
		return 0;
	default:
		return EXIT_TROUBLE;
	}
}

static int run_verb(struct rules *r)
{
	struct ruleset_options o = { .paths = r->paths,
				     .paths_n = r->paths_n,
				     .tables = r->tables,
				     .tables_n = r->tables_n,
				     .flat = r->flat };
	const struct verb *verb = NULL;
	struct why why = { "" };
	int e;

	for (size_t i = 0; r->verb && i < sizeof(verbs) / sizeof(*verbs); i++)
		if (!strcmp(r->verb, verbs[i].name))
			verb = &verbs[i];
	if (!verb)
		return args_bad(r->args, "say what to do: check, list, explain, test or canary");
	if (verb->run == rules_explain && !r->wanted)
		return args_bad(r->args, "say which rule: its id, name or title");
	if (verb->run == rules_canary) {
		if (r->paths_n)
			return args_bad(r->args, "canary proves what serve has in force: say no "
						 "folders");
		e = rules_canary(r);
		return args_flush(r->args, e);
	}
	if (!r->paths_n)
		return args_bad(r->args, "say which rules: folders or files");
	e = ruleset_load(&r->set, &o, &why);
	if (e < 0)
		return args_failed(r->args, &why, e);
	e = verb->run(r);
	return args_flush(r->args, e);
}

static int run(struct args *a)
{
	size_t room = (size_t)(a->end - a->at) + 1;
	struct rules r = { .args = a,
			   .paths = mem_new(room, sizeof(char *)),
			   .tables = mem_new(room, sizeof(char *)) };
	int option, e = 0;

	while (e == 0 && (option = args_next(a)) != ARGS_END && option != ARGS_HELP)
		e = take(&r, option);
	if (e == 0 && option != ARGS_HELP)
		e = run_verb(&r);
	ruleset_free(r.set);
	buf_done(&r.out);
	free(r.paths);
	free(r.tables);
	return e;
}

static const char *const examples[] = {
	"vedette rules check rules",
	"what does not run and why, and what should be looked at",
	"vedette rules test -q rules",
	"every sample beside the rules, only what fails is printed",
	"vedette rules explain keystone_login_failed rules",
	"what a rule looks for, in words",
	NULL,
};

const struct command command_rules = {
	.name = "rules",
	.args = "check|list|test [OPTION...] DIR...; rules explain RULE DIR...; rules canary "
		"[OPTION...]",
	.what = "check, list, explain, test and prove Sigma rules",
	.about = "check compiles rules, correlations and filters and says which are refused, by "
		 "file, line and reason; and which run but never match here, have no id, level, "
		 "tags or samples, or share an id.\n\n"
		 "list prints a line a rule. explain says in words what a rule looks for (RULE is "
		 "its id, name, title or file), and where the values of its fields are found.\n\n"
		 "test takes the sample lines that stand beside each rule (foo.samples.yml beside "
		 "foo.yml), pushes them through the parsers and against all rules, and says which "
		 "rule did not fire that must, or fired and must not.\n\n"
		 "canary has a running serve push the samples through the rules that it has in "
		 "force, and says which are proven alive, which are dead (no sample of their own "
		 "makes them fire) and which have no sample. Serve does the same by itself at its "
		 "start and whenever rules change; a dead rule raises vedette.detect.rule-dead.",
	.status = "0 good, 1 a rule is refused or dead or a sample failed, 2 trouble.",
	.examples = examples,
	.options = options,
	.options_n = sizeof(options) / sizeof(*options),
	.run = run,
};
