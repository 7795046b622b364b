/* SPDX-License-Identifier: Apache-2.0 */
/* vedette import: log files already written, into a ledger. */
#include "cmd/command.h"
#include "cmd/import/run.h"
#include "cmd/units.h"
#include "event/record.h"
#include "intake/reader.h"
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum {
	OPT_DIR,
	OPT_HOST,
	OPT_SOURCE,
	OPT_YEAR,
	OPT_ZONE,
	OPT_MAX_LINE,
	OPT_SINGLE,
	OPT_AGAIN,
	OPT_ACK,
	OPT_PROGRESS,
	OPT_QUIET
};

static const struct option options[] = {
	[OPT_DIR] = { "dir", 'd', "DIR", "directory of the ledger; made when it is not there" },
	[OPT_HOST] = { "host", 0, "NAME", "the host that the files speak for" },
	[OPT_SOURCE] = { "source", 0, "NAME",
			 "name of the source (default: the absolute path of each file)" },
	[OPT_YEAR] = { "assume-year", 0, "YYYY",
		       "year of stamps that have none (default: the one before the import)" },
	[OPT_ZONE] = { "zone", 0, "ZONE",
		       "zone of stamps that have none: UTC (the default) or such as +02:00" },
	[OPT_MAX_LINE] = { "max-line", 0, "SIZE",
			   "longest record; what is longer is kept in pieces (default 1MiB)" },
	[OPT_SINGLE] = { "single-lines", 0, NULL,
			 "every line is a record: do not join tracebacks and the like" },
	[OPT_AGAIN] = { "again", 0, NULL, "import also what has been imported already" },
	[OPT_ACK] = { "ack", 0, NULL,
		      "print the number of records that are durable, after each commit" },
	[OPT_PROGRESS] = { "progress", 0, NULL, "say how far it is, also when not on a terminal" },
	[OPT_QUIET] = { "quiet", 'q', NULL, "no bar and no summary" },
};

static volatile int interrupted;

static void on_signal(int number)
{
	interrupted = number;
}

static int take(struct args *a, struct import_options *o, bool *quiet, int option)
{
	uint64_t n;

	switch (option) {
	case OPT_DIR:
		o->dir = a->value;
		return 0;
	case OPT_HOST:
		o->host = a->value;
		return 0;
	case OPT_SOURCE:
		o->source = a->value;
		return *a->value ? 0 : args_bad(a, "--source: must not be empty");
	case OPT_YEAR:
		if (units_year(bytes_str(a->value), &o->year))
			return 0;
		return args_bad(a, "--assume-year: expected a year such as 2026, not \"%s\"",
				a->value);
	case OPT_ZONE:
		if (units_zone(bytes_str(a->value), &o->zone_minutes))
			return 0;
		return args_bad(a, "--zone: expected UTC or an offset such as +02:00, not \"%s\"",
				a->value);
	case OPT_MAX_LINE:
		if (!units_size(bytes_str(a->value), &n) || n < 64 || n > RECORD_MAX)
			return args_bad(a,
					"--max-line: expected a size from 64 to 16MiB, not \"%s\"",
					a->value);
		o->max_line = (uint32_t)n;
		return 0;
	case OPT_SINGLE:
		o->join = false;
		return 0;
	case OPT_AGAIN:
		o->again = true;
		return 0;
	case OPT_ACK:
		o->ack = true;
		return 0;
	case OPT_PROGRESS:
		o->progress = true;
		return 0;
	case OPT_QUIET:
		*quiet = true;
		return 0;
	default:
		return EXIT_TROUBLE;
	}
}

/* All must be readable before the first is imported: half an import helps nobody. */
static int look(struct args *a, char **path, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct why why = { "" };
		struct reader *r;

		if (!strcmp(path[i], "-"))
			continue;
		if (reader_open(&r, path[i], NULL, &why) < 0)
			return args_bad(a, "%s", why.line);
		reader_free(r);
	}
	return 0;
}

static int import(struct args *a, const struct import_options *o, char **path, size_t n, bool quiet)
{
	struct import_result result = { 0 };
	struct why why = { "" };
	struct sigaction once = { .sa_handler = on_signal, .sa_flags = (int)SA_RESETHAND };
	struct buf size = { 0 };
	usec from = clock_mono();
	double seconds;
	int r = look(a, path, n);

	if (r != 0)
		return r;
	/* The second signal ends it at once; what is durable stays, as with a power cut. */
	sigaction(SIGINT, &once, NULL);
	sigaction(SIGTERM, &once, NULL);
	r = import_files(o, path, n, &result, &why);
	seconds = (double)(clock_mono() - from) / (double)USEC_PER_SEC;
	units_show_about(&size, result.bytes);
	if (!quiet && (result.files || r == 0))
		fprintf(stderr, "%llu records (%s) of %u files in %.1f s\n",
			(unsigned long long)result.records, buf_cstr(&size), result.files, seconds);
	buf_done(&size);
	if (r == -EINTR)
		return args_bad(a, "interrupted; the same command goes on where this one stopped");
	if (r != 0) /* IMPORT_BROKEN too */
		return args_failed(a, &why, r);
	return args_flush(a, result.refused ? EXIT_NOT : EXIT_GOOD);
}

static int run(struct args *a)
{
	struct import_options o = { .host = "",
				    .max_line = 1u << 20,
				    .join = true,
				    .bar = isatty(STDERR_FILENO),
				    .interrupted = &interrupted };
	char **path = mem_new((size_t)(a->end - a->at) + 1, sizeof(*path));
	bool quiet = false;
	size_t n = 0;
	int option, r = 0;

	while (r == 0 && (option = args_next(a)) != ARGS_END) {
		if (option == ARGS_HELP) {
			free(path);
			return EXIT_GOOD;
		}
		if (option == ARGS_OPERAND)
			path[n++] = *(a->at - 1);
		else
			r = take(a, &o, &quiet, option);
	}
	o.bar = o.bar && !quiet;
	if (r == 0 && !o.dir)
		r = args_bad(a, "say into which ledger: -d DIR");
	if (r == 0 && !n)
		r = args_bad(a, "say which files; - is the standard input");
	if (r == 0)
		r = import(a, &o, path, n, quiet);
	free(path);
	return r;
}

static const char *const examples[] = {
	"vedette import -d ledger --host ctl-1 /var/log/nova/nova-api.log.2.gz",
	"one file, compressed as it is",
	"vedette import -d ledger --assume-year 2025 --zone +02:00 old/auth.log old/syslog",
	"stamps like \"Nov 22 01:02:03\" say neither year nor zone",
	"journalctl -o short-iso | vedette import -d ledger --source journal -",
	"out of a pipe",
	NULL,
};

const struct command command_import = {
	.name = "import",
	.args = "-d DIR [OPTION...] FILE...",
	.what = "log files already written, into a ledger",
	.about =
		"Reads files (plain, or gzip, xz, zstd by their first bytes), splits them into "
		"records, and seals them into a ledger. Not a byte is changed: search -o raw gives "
		"back what was read. Lines that belong together (tracebacks, indented lines) "
		"become "
		"one record.\n\n"
		"An import that was killed goes on where it was when the same command is given "
		"again, each record once. A file that has been imported whole is refused; one that "
		"has grown since goes on where it ended. How stamps without year or zone are read "
		"is "
		"kept in the ledger with the source.",
	.status =
		"0 imported, 1 a file was imported already, 2 trouble (what was imported before it "
		"is kept).",
	.examples = examples,
	.options = options,
	.options_n = sizeof(options) / sizeof(*options),
	.run = run,
};
