/* SPDX-License-Identifier: Apache-2.0 */
/* vedette detect: rules over files or over a ledger's history. */
#include "detect/detect.h"
#include "base/text.h"
#include "cmd/command.h"
#include "cmd/detect/input.h"
#include "cmd/detect/print.h"
#include "cmd/units.h"
#include "detect/calendar.h"
#include "detect/sigma/matcher.h"
#include "event/record.h"
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum {
	OPT_RULES,
	OPT_DIR,
	OPT_EVENTS,
	OPT_ANY,
	OPT_TABLE,
	OPT_OUTPUT,
	OPT_SINCE,
	OPT_UNTIL,
	OPT_HOST,
	OPT_YEAR,
	OPT_ZONE,
	OPT_MAX_LINE,
	OPT_SINGLE,
	OPT_LATE,
	OPT_STATE,
	OPT_CALENDAR,
	OPT_ONLY,
	OPT_QUIET
};

static const struct option options[] = {
	[OPT_RULES] = { "rules", 'r', "DIR",
			"folder or file of Sigma rules; may be given several times" },
	[OPT_DIR] = { "dir", 'd', "DIR", "look at the history of this ledger instead of files" },
	[OPT_EVENTS] = { "events", 0, NULL,
			 "files hold one JSON object a line, with the rules' own field names" },
	[OPT_ANY] = { "any-logsource", 0, NULL,
		      "try every rule on every event, whatever log source it is for" },
	[OPT_TABLE] = { "table", 0, "FILE",
			"one more table of log sources and fields; may be given several times" },
	[OPT_OUTPUT] = { "output", 'o', "FORMAT", "text (for people; the default) or json" },
	[OPT_SINCE] = { "since", 0, "TIME", "only events at or after this time" },
	[OPT_UNTIL] = { "until", 0, "TIME", "only events before this time" },
	[OPT_HOST] = { "host", 0, "NAME", "the host that the files speak for" },
	[OPT_YEAR] = { "assume-year", 0, "YYYY",
		       "year of stamps that have none (default: the one before now)" },
	[OPT_ZONE] = { "zone", 0, "ZONE",
		       "zone of stamps that have none: UTC (the default) or such as +02:00" },
	[OPT_MAX_LINE] = { "max-line", 0, "SIZE", "longest record (default 1MiB)" },
	[OPT_SINGLE] = { "single-lines", 0, NULL,
			 "every line is a record: do not join tracebacks and the like" },
	[OPT_LATE] = { "late", 0, "SPAN",
		       "how late events may come and still be correlated (default 5m)" },
	[OPT_STATE] = { "state", 0, "SIZE", "memory for correlations (default 64MiB)" },
	[OPT_CALENDAR] = { "calendar", 0, "FILE",
			   "windows of planned work (YAML or iCalendar); may be given several "
			   "times" },
	[OPT_ONLY] = { "rules-only", 0, NULL,
		       "leave out what no rule states: silence, lifecycle, logins, tampering" },
	[OPT_QUIET] = { "quiet", 'q', NULL, "no bar and no summary" },
};

struct detect {
	struct args *a;
	const char *dir;
	const char **files, **rules, **tables, **calendars;
	size_t files_n, rules_n, tables_n, calendars_n;
	bool any, json, colour, quiet, only;
	struct input_options input;
	struct detector_options detecting;
	struct detector *detector;
	const struct ruleset *set; /* the detector's */
	struct buf line;
	uint64_t findings;
};

static volatile int interrupted;

static void on_signal(int number)
{
	interrupted = number;
}

/* ---- the command line ---- */

static int take_how(struct detect *d, int option)
{
	struct args *a = d->a;
	struct bytes v = bytes_str(a->value);
	uint64_t n;

	switch (option) {
	case OPT_YEAR:
		return units_year(v, &d->input.year)
			       ? 0
			       : args_bad(a, "--assume-year: expected a year, not \"%s\"",
					  a->value);
	case OPT_ZONE:
		return units_zone(v, &d->input.zone_minutes)
			       ? 0
			       : args_bad(a, "--zone: expected UTC or such as +02:00, not \"%s\"",
					  a->value);
	case OPT_MAX_LINE:
		if (!units_size(v, &n) || n < 64 || n > RECORD_MAX)
			return args_bad(a, "--max-line: expected a size from 64 to 16MiB");
		d->input.max_line = (uint32_t)n;
		return 0;
	case OPT_LATE:
		return clock_parse_span(v, &d->detecting.late)
			       ? 0
			       : args_bad(a, "--late: expected such as 90s or 5m, not \"%s\"",
					  a->value);
	case OPT_STATE:
		if (!units_size(v, &n) || n < (1u << 20) || n > SIZE_MAX)
			return args_bad(a, "--state: expected a size of at least 1MiB");
		d->detecting.memory = (size_t)n;
		return 0;
	default:
		return EXIT_TROUBLE;
	}
}

static int take(struct detect *d, int option)
{
	struct args *a = d->a;

	switch (option) {
	case ARGS_OPERAND:
		d->files[d->files_n++] = a->value;
		return 0;
	case OPT_RULES:
		d->rules[d->rules_n++] = a->value;
		return 0;
	case OPT_TABLE:
		d->tables[d->tables_n++] = a->value;
		return 0;
	case OPT_CALENDAR:
		d->calendars[d->calendars_n++] = a->value;
		return 0;
	case OPT_ONLY:
		d->only = true;
		return 0;
	case OPT_DIR:
		d->dir = a->value;
		return 0;
	case OPT_EVENTS:
		d->input.events = true;
		return 0;
	case OPT_ANY:
		d->any = true;
		return 0;
	case OPT_OUTPUT:
		d->json = !strcmp(a->value, "json");
		if (d->json || !strcmp(a->value, "text"))
			return 0;
		return args_bad(a, "-o: expected text or json, not \"%s\"", a->value);
	case OPT_SINCE:
		return args_time(a, "--since", &d->input.since) ? 0 : EXIT_TROUBLE;
	case OPT_UNTIL:
		return args_time(a, "--until", &d->input.until) ? 0 : EXIT_TROUBLE;
	case OPT_HOST:
		d->input.host = a->value;
		return 0;
	case OPT_SINGLE:
		d->input.join = false;
		return 0;
	case OPT_QUIET:
		d->quiet = true;
		return 0;
	default:
		return take_how(d, option);
	}
}

static int check(struct detect *d)
{
	if (!d->rules_n)
		return args_bad(d->a, "say which rules: --rules DIR");
	if (!d->dir && !d->files_n)
		return args_bad(d->a, "say which files (- is the standard input), or -d DIR");
	if (d->dir && d->files_n)
		return args_bad(d->a, "either files or -d DIR, not both");
	if (d->dir && d->input.events)
		return args_bad(d->a, "--events: a ledger holds records, not flat events");
	return 0;
}

/* ---- the run ---- */

static void tell(void *ctx, const struct finding *f)
{
	struct detect *d = ctx;

	d->findings++;
	buf_clear(&d->line);
	if (d->json)
		print_json(&d->line, f);
	else
		print_text(&d->line, f, d->colour);
	buf_u8(&d->line, '\n');
	fwrite(d->line.at, 1, d->line.len, stdout);
}

static void look(void *ctx, const struct subject *s)
{
	struct detect *d = ctx;

	detector_subject(d->detector, s, d->only ? DETECT_RULES : DETECT_ALL, tell, d);
}

static void say_refused(const struct ruleset *set)
{
	struct buf b = { 0 };

	for (size_t i = 0; i < ruleset_refused_n(set); i++) {
		const struct ruleset_refused *r = ruleset_refused(set, i);

		text_safe(&b, r->file, NULL);
		buf_printf(&b, ":%u: refused: ", r->line);
		text_safe(&b, r->reason, NULL);
		buf_u8(&b, '\n');
	}
	fwrite(b.at, 1, b.len, stderr);
	buf_done(&b);
}

static int load(struct detect *d, struct why *why)
{
	struct ruleset_options o = { .paths = d->rules,
				     .paths_n = d->rules_n,
				     .tables = d->tables,
				     .tables_n = d->tables_n,
				     .flat = d->input.events,
				     .any_logsource = d->any };
	struct calendar *calendar = NULL;
	struct ruleset *set = NULL;
	int r = ruleset_load(&set, &o, why);

	if (r < 0)
		return r;
	say_refused(set);
	if (!ruleset_n(set))
		r = why_set(why, -ENOENT, "there is no rule to run");
	if (r == 0)
		r = calendar_load(&calendar, d->calendars, d->calendars_n, why);
	if (r == 0)
		r = detector_new(&d->detector, &d->detecting);
	if (r < 0) {
		ruleset_free(set);
		calendar_free(calendar);
		return r;
	}
	detector_calendar(d->detector, calendar);
	d->set = set;
	return detector_rules(d->detector, set);
}

/* 0, INPUT_BROKEN or < 0; a file that cannot be read does not keep the others from being read. */
static int read_all(struct detect *d, struct input_counts *counts, struct why *why)
{
	int worst = 0, r;

	if (d->dir)
		return input_ledger(&d->input, d->dir, look, d, counts, why);
	for (size_t i = 0; i < d->files_n && worst != -EINTR; i++) {
		struct why one = { "" };

		r = input_file(&d->input, d->files[i], look, d, counts, &one);
		if (r && r != -EINTR)
			args_failed(d->a, &one, r);
		worst = r && worst >= 0 ? r : worst;
	}
	why_set(why, 0, "not all could be read");
	return worst;
}

static void summary(const struct detect *d, const struct input_counts *n)
{
	struct buf size = { 0 };
	struct matcher_counts m;

	matcher_counts(detector_matcher(d->detector), &m);
	units_show_about(&size, n->bytes);
	fprintf(stderr, "%llu findings in %llu records (%s) by %zu rules",
		(unsigned long long)d->findings, (unsigned long long)n->records, buf_cstr(&size),
		ruleset_n(d->set));
	if (ruleset_refused_n(d->set))
		fprintf(stderr, ", %zu rules refused", ruleset_refused_n(d->set));
	if (m.limited)
		fprintf(stderr, ", %llu evaluations given up at their limit",
			(unsigned long long)m.limited);
	if (n->malformed)
		fprintf(stderr, ", %llu lines are no events (the first: %s)",
			(unsigned long long)n->malformed, n->first.line);
	fputc('\n', stderr);
	buf_done(&size);
}

static int detect(struct detect *d)
{
	static char room[1 << 18];
	struct sigaction once = { .sa_handler = on_signal, .sa_flags = (int)SA_RESETHAND };
	struct input_counts counts = { 0 };
	struct why why = { "" };
	int r = load(d, &why);

	if (r < 0)
		return args_failed(d->a, &why, r);
	sigaction(SIGINT, &once, NULL);
	sigaction(SIGTERM, &once, NULL);
	if (!isatty(STDOUT_FILENO))
		setvbuf(stdout, room, _IOFBF, sizeof(room));
	r = read_all(d, &counts, &why);
	detector_end(d->detector, tell, d);
	if (args_flush(d->a, EXIT_GOOD) != EXIT_GOOD)
		return EXIT_TROUBLE;
	if (!d->quiet)
		summary(d, &counts);
	if (r == -EINTR)
		return args_bad(d->a, "interrupted; what was found so far has been printed");
	if (r != 0)
		return args_failed(d->a, &why, r);
	return d->findings ? EXIT_GOOD : EXIT_NOT;
}

static int run(struct args *a)
{
	size_t room = (size_t)(a->end - a->at) + 1;
	struct detect d = { .a = a,
			    .files = mem_new(room, sizeof(char *)),
			    .rules = mem_new(room, sizeof(char *)),
			    .tables = mem_new(room, sizeof(char *)),
			    .calendars = mem_new(room, sizeof(char *)),
			    .detecting = { .by_time = true },
			    .input = { .host = "",
				       .max_line = 1u << 20,
				       .join = true,
				       .since = USEC_NONE,
				       .until = USEC_NONE,
				       .interrupted = &interrupted } };
	int option, r = 0;

	while (r == 0 && (option = args_next(a)) != ARGS_END && option != ARGS_HELP)
		r = take(&d, option);
	if (r == 0 && option != ARGS_HELP) {
		d.colour = args_colour();
		d.input.bar = !d.quiet && isatty(STDERR_FILENO) && !isatty(STDOUT_FILENO);
		r = check(&d);
		if (r == 0)
			r = detect(&d);
	}
	detector_free(d.detector);
	buf_done(&d.line);
	free(d.files);
	free(d.rules);
	free(d.tables);
	free(d.calendars);
	return r;
}

static const char *const examples[] = {
	"vedette detect --rules rules /var/log/auth.log",
	"what the rules find in a log file",
	"vedette detect --rules rules -d ledger --since -7d -o json",
	"the same over the last week of a ledger, one JSON object a finding",
	"vedette detect --rules sigma/rules --events --any-logsource events.ndjson",
	"hunting: every rule on every event of another collector's export",
	NULL,
};

const struct command command_detect = {
	.name = "detect",
	.args = "--rules DIR [OPTION...] FILE... | -d DIR",
	.what = "run rules over log files or over a ledger's history",
	.about =
		"Runs Sigma rules, correlations and filters over log files (plain, gzip, xz or "
		"zstd; read and parsed as import does), over events of other collectors "
		"(--events), or over the history of a ledger, and prints what they find. Nothing "
		"is written anywhere else.\n\n"
		"Correlations run in event time, so files may be given in any order. A rule that "
		"cannot run as written is refused alone and told on the standard error; the others "
		"run.",
	.status = "0 something was found, 1 nothing was found, 2 trouble.",
	.examples = examples,
	.options = options,
	.options_n = sizeof(options) / sizeof(*options),
	.run = run,
};
