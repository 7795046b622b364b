/* SPDX-License-Identifier: Apache-2.0 */
/* vedette report: ready-made answers. */
#include "cmd/command.h"
#include "query/query.h"

enum { OPT_DIR, OPT_SINCE, OPT_UNTIL, OPT_LIMIT, OPT_OUTPUT };

static const struct option options[] = {
	[OPT_DIR] = { "dir", 'd', "DIR",
		      "directory of the ledger (default /var/lib/vedette/ledger)" },
	[OPT_SINCE] = { "since", 0, "TIME", "only events at or after this time" },
	[OPT_UNTIL] = { "until", 0, "TIME", "only events before this time" },
	[OPT_LIMIT] = { "limit", 'n', "N", "rows of each table in text (default 50)" },
	[OPT_OUTPUT] = { "output", 'o', "FORMAT",
			 "text (the default) or json (one object a line)" },
};

typedef int report_fn(const struct view *v, const struct report_options *o,
		      struct query_result *ret, struct why *why);

static const struct {
	const char *name;
	report_fn *fn;
} reports[] = { { "logins", report_logins }, { "coverage", report_coverage } };

struct report {
	const char *dir;
	report_fn *fn;
	struct report_options o;
};

static int choose(struct args *a, struct report *p)
{
	if (p->fn)
		return args_bad(a, "one report at a time, please: \"%s\" is too much", a->value);
	for (size_t i = 0; i < sizeof(reports) / sizeof(*reports); i++)
		if (!strcmp(reports[i].name, a->value))
			p->fn = reports[i].fn;
	return p->fn ? 0 : args_bad(a, "there is no report \"%s\": logins or coverage", a->value);
}

static int take(struct args *a, struct report *p, int option)
{
	switch (option) {
	case OPT_DIR:
		p->dir = a->value;
		return 0;
	case OPT_SINCE:
		return args_time(a, "--since", &p->o.since) ? 0 : EXIT_TROUBLE;
	case OPT_UNTIL:
		return args_time(a, "--until", &p->o.until) ? 0 : EXIT_TROUBLE;
	case OPT_LIMIT:
		return args_count(a, "--limit", UINT32_MAX, &p->o.limit) ? 0 : EXIT_TROUBLE;
	case OPT_OUTPUT:
		if (!query_format_parse(a->value, &p->o.format) ||
		    (p->o.format != QUERY_TEXT && p->o.format != QUERY_JSON))
			return args_bad(a, "-o: expected text or json, not \"%s\"", a->value);
		return 0;
	case ARGS_OPERAND:
		return choose(a, p);
	default:
		return EXIT_TROUBLE;
	}
}

static int run(struct args *a)
{
	struct report p = { .dir = "/var/lib/vedette/ledger", .o = REPORT_OPTIONS };
	struct query_result result = { 0 };
	struct why why = { "" };
	struct view *view = NULL;
	int option, r;

	p.o.out = stdout;
	p.o.colour = args_colour();
	while ((option = args_next(a)) != ARGS_END) {
		if (option == ARGS_HELP)
			return EXIT_GOOD;
		r = take(a, &p, option);
		if (r != 0)
			return r;
	}
	if (!p.fn)
		return args_bad(a, "say which report: logins or coverage");
	r = view_open(&view, p.dir, &why);
	if (r < 0)
		return args_failed(a, &why, r);
	r = p.fn(view, &p.o, &result, &why);
	view_free(view);
	if (r == -EPIPE)
		return EXIT_GOOD;
	if (args_flush(a, EXIT_GOOD) != EXIT_GOOD)
		return EXIT_TROUBLE;
	if (r < 0)
		return args_failed(a, &why, r);
	return result.hits ? EXIT_GOOD : EXIT_NOT;
}

static const char *const examples[] = {
	"vedette report logins -d /var/lib/vedette/ledger --since -1d",
	"who failed to log in since yesterday, how often, from where",
	"vedette report coverage -d /var/lib/vedette/ledger -o json",
	"which sources there are, and what their lines were understood as",
	NULL,
};

const struct command command_report = {
	.name = "report",
	.args = "logins|coverage -d DIR [OPTION...]",
	.what = "ready-made answers: failed logins, what is covered",
	.about = "logins: failed and successful logins by account and origin.\n\n"
		 "coverage: the sources, how much each has said, when last, and which parser "
		 "understood how much of it.",
	.status = "0 there is something to report, 1 there is nothing, 2 trouble.",
	.examples = examples,
	.options = options,
	.options_n = sizeof(options) / sizeof(*options),
	.run = run,
};
