/* SPDX-License-Identifier: Apache-2.0 */
/* vedette search: a query over a ledger. */
#include "base/text.h"
#include "cmd/command.h"
#include "query/query.h"
#include <unistd.h>

enum {
	OPT_DIR,
	OPT_SINCE,
	OPT_UNTIL,
	OPT_LIMIT,
	OPT_OUTPUT,
	OPT_OWN,
	OPT_ORIGINAL,
	OPT_THREADS,
	OPT_EXPLAIN
};

static const struct option options[] = {
	[OPT_DIR] = { "dir", 'd', "DIR",
		      "directory of the ledger (default /var/lib/vedette/ledger)" },
	[OPT_SINCE] = { "since", 0, "TIME", "only events at or after this time" },
	[OPT_UNTIL] = { "until", 0, "TIME", "only events before this time" },
	[OPT_LIMIT] = { "limit", 'n', "N", "stop after the first N (the last N: | tail N)" },
	[OPT_OUTPUT] = { "output", 'o', "FORMAT",
			 "text (for people; the default), raw (the very bytes), json (one object a "
			 "line), count" },
	[OPT_OWN] = { "own", 0, NULL, "also Vedette's own records" },
	[OPT_ORIGINAL] = { "original", 0, NULL,
			   "json: also event.original, the raw bytes as text" },
	[OPT_THREADS] = { "threads", 0, "N", "at most so many threads (default: one a core)" },
	[OPT_EXPLAIN] = { "explain", 0, NULL, "print the query as it was understood, and stop" },
};

struct search {
	const char *dir;
	struct buf text; /* of the query */
	bool explain;
	struct query_options o;
};

static int take(struct args *a, struct search *s, int option)
{
	uint64_t n = 0;

	switch (option) {
	case OPT_DIR:
		s->dir = a->value;
		return 0;
	case OPT_SINCE:
		return args_time(a, "--since", &s->o.since) ? 0 : EXIT_TROUBLE;
	case OPT_UNTIL:
		return args_time(a, "--until", &s->o.until) ? 0 : EXIT_TROUBLE;
	case OPT_LIMIT:
		if (!args_count(a, "--limit", UINT64_MAX, &n))
			return EXIT_TROUBLE;
		s->o.limit = n;
		return n ? 0 : args_bad(a, "--limit: must be at least 1");
	case OPT_OUTPUT:
		if (query_format_parse(a->value, &s->o.format))
			return 0;
		return args_bad(a, "-o: expected text, raw, json or count, not \"%s\"", a->value);
	case OPT_OWN:
		s->o.own = true;
		return 0;
	case OPT_ORIGINAL:
		s->o.original = true;
		return 0;
	case OPT_THREADS:
		if (!args_count(a, "--threads", 256, &n))
			return EXIT_TROUBLE;
		s->o.threads = (unsigned)n;
		return 0;
	case OPT_EXPLAIN:
		s->explain = true;
		return 0;
	case ARGS_OPERAND: /* so that a query may be written without quotes around it */
		buf_str(&s->text, s->text.len ? " " : "");
		buf_str(&s->text, a->value);
		return 0;
	default:
		return EXIT_TROUBLE;
	}
}

static int explain(struct args *a, const struct query *q)
{
	struct buf line = { 0 };

	query_dump(q, &line);
	buf_str(&line, "\n");
	fwrite(line.at, 1, line.len, stdout);
	buf_done(&line);
	return args_flush(a, EXIT_GOOD);
}

static int answer(struct args *a, const struct search *s, const struct query *q)
{
	static char room[1 << 18];
	struct why why = { "" }, harm = { "" };
	struct query_result result = { 0 };
	struct view *view = NULL;
	bool harmed;
	int r = view_open(&view, s->dir, &why);

	if (r < 0)
		return args_failed(a, &why, r);
	if (!isatty(STDOUT_FILENO))
		setvbuf(stdout, room, _IOFBF, sizeof(room));
	r = query_run(q, view, &s->o, &result, &why);
	harmed = view_harmed(view, &harm);
	view_free(view);
	if (r == -EPIPE)
		return EXIT_GOOD; /* the reader has seen enough */
	if (args_flush(a, EXIT_GOOD) != EXIT_GOOD)
		return EXIT_TROUBLE;
	if (r < 0)
		return args_failed(a, &why, r);
	if (harmed) /* all that is there was answered, and nobody shall think that all is well */
		return args_failed(a, &harm, -EBADMSG);
	if (result.undecided)
		return args_bad(a,
				"%llu records were too hard for a regular expression of the query "
				"and are left out",
				(unsigned long long)result.undecided);
	return result.hits ? EXIT_GOOD : EXIT_NOT;
}

static int search_with(struct args *a, struct search *s)
{
	struct query *q = NULL;
	struct why why = { "" };
	size_t column = 0;
	int option, r;

	while ((option = args_next(a)) != ARGS_END) {
		if (option == ARGS_HELP)
			return EXIT_GOOD;
		r = take(a, s, option);
		if (r != 0)
			return r;
	}
	if (!s->text.len)
		return args_bad(a, "say what to search for; '*' is everything");
	r = query_compile(&q, buf_view(&s->text), clock_real(), &why, &column);
	if (r < 0) {
		args_failed(a, &why, r);
		if (column)
			query_caret(stderr, buf_view(&s->text), column);
		return EXIT_TROUBLE;
	}
	r = s->explain ? explain(a, q) : answer(a, s, q);
	query_free(q);
	return r;
}

static int run(struct args *a)
{
	struct search s = { .dir = "/var/lib/vedette/ledger", .o = QUERY_OPTIONS };
	int r;

	s.o.out = stdout;
	s.o.colour = args_colour();
	r = search_with(a, &s);
	buf_done(&s.text);
	return r;
}

static const char *const examples[] = {
	"vedette search -d /var/lib/vedette/ledger '\"Authorization failed\"'",
	"the phrase, in the raw bytes",
	"vedette search -d D --since -2h 'event.outcome:failure AND source.ip:10.0.0.0/8'",
	"fields, named after the Elastic Common Schema",
	"vedette search -d D '* | stats count() by source.ip | sort -count | head 10'",
	"a table out of the hits",
	"vedette search -d D -o raw 'message:/time: [5-9]\\./'",
	"the very bytes of the records that match a regular expression",
	NULL,
};

const struct command command_search = {
	.name = "search",
	.args = "-d DIR [OPTION...] QUERY",
	.what = "find records and count them",
	.about = "Answers a query over a ledger, also while serve or import writes to it. Bare "
		 "words "
		 "and phrases match the raw bytes; field:value asks the parsed view, with "
		 "wildcards, "
		 "ranges ([400 TO 499]), networks (10.0.0.0/8) and regular expressions (/expr/); "
		 "AND, "
		 "OR, "
		 "NOT and brackets combine; | stats, sort, head, tail and others make tables. "
		 "doc/query.md describes the language.\n\n"
		 "Times are RFC 3339 (2026-11-22T01:02:03Z), -15m, -2h, -7d, now, or @epoch. On a "
		 "terminal and in text, control characters are shown as \\xHH; -o raw gives the "
		 "very "
		 "bytes back.",
	.status = "0 something was found, 1 nothing was found, 2 trouble (a malformed query, a "
		  "damaged "
		  "block or identity; what could be answered has been).",
	.examples = examples,
	.options = options,
	.options_n = sizeof(options) / sizeof(*options),
	.run = run,
};
