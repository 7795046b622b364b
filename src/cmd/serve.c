/* SPDX-License-Identifier: Apache-2.0 */
/* vedette serve: the monitor. The processes are in cmd/serve/. */
#include "cmd/command.h"
#include "cmd/serve/supervisor.h"
#include <stdio.h>
#include <stdlib.h>

#define USUAL_FILE "/etc/vedette/vedette.yaml"

enum { OPT_CONFIG, OPT_CHECK, OPT_PRINT, OPT_VERBOSE, OPT_QUIET };

static const struct option options[] = {
	[OPT_CONFIG] = { "config", 'c', "FILE", "configuration (default " USUAL_FILE ")" },
	[OPT_CHECK] = { "check-config", 0, NULL,
			"say whether the configuration is good, and stop" },
	[OPT_PRINT] = { "print-config", 0, NULL,
			"print all values in effect with their explanations, and stop" },
	[OPT_VERBOSE] = { "verbose", 'v', NULL, "say more" },
	[OPT_QUIET] = { "quiet", 'q', NULL, "say only warnings and errors (and that it is ready)" },
};

static int print_config(struct args *a, const struct config *c)
{
	struct buf text = { 0 };

	config_print(c, true, &text);
	fwrite(text.at, 1, text.len, stdout);
	buf_done(&text);
	return args_flush(a, EXIT_GOOD);
}

static int run(struct args *a)
{
	const char *file = NULL;
	bool check = false, print = false;
	struct why why = { "" };
	struct config *c;
	int option, r;

	while ((option = args_next(a)) != ARGS_END) {
		switch (option) {
		case OPT_CONFIG:
			file = a->value;
			break;
		case OPT_CHECK:
			check = true;
			break;
		case OPT_PRINT:
			print = true;
			break;
		case OPT_VERBOSE:
			say_level = SAY_DEBUG;
			break;
		case OPT_QUIET:
			say_level = SAY_WARN;
			break;
		case ARGS_OPERAND:
			return args_bad(a, "\"%s\" is too much; the configuration is given by -c",
					a->value);
		default:
			return option == ARGS_HELP ? EXIT_GOOD : EXIT_TROUBLE;
		}
	}
	c = mem_new(1, sizeof(*c));
	r = 0;
	if (!file && print) /* without a file: the defaults */
		config_init(c);
	else
		r = config_load(c, file ? file : USUAL_FILE, &why);
	if (r == 0 && !check && !print)
		return supervisor_run(c, file ? file : USUAL_FILE);
	if (r < 0)
		r = args_failed(a, &why, r);
	else if (print)
		r = print_config(a, c);
	else
		printf("%s is good\n", file ? file : USUAL_FILE);
	config_done(c);
	free(c);
	return r == 0 ? args_flush(a, r) : r;
}

static const char *const examples[] = {
	"vedette serve -c vedette.yaml --check-config",
	"is the file good?",
	"vedette serve --print-config",
	"every key with its default and what it means",
	NULL,
};

const struct command command_serve = {
	.name = "serve",
	.args = "[-c FILE] [OPTION...]",
	.what = "the monitor: receive, keep, seal, answer",
	.about =
		"Receives syslog (UDP, TCP, unix socket), follows log files and the systemd "
		"journal, "
		"and keeps every record in a ledger that nobody can quietly change. It runs in the "
		"foreground as several processes: a supervisor, an intake that reads foreign bytes "
		"and can open nothing, a keeper that alone writes the ledger, an analyst that "
		"parses, and a desk that answers /metrics and vedette status. Started as root, all "
		"but the supervisor run as other accounts and without capabilities.\n\n"
		"It says \"vedette: ready\" on the standard error once it takes records. TERM and "
		"INT stop it cleanly; HUP reads the configuration again: files and limits change "
		"at "
		"once, listening sockets that stay are kept open with their connections (those of "
		"one that "
		"goes too, until their senders end them), and what needs a new start is "
		"said.\n\n"
		"Rotation: each line of a followed file is taken once, however the file is "
		"renamed, "
		"copied and truncated, replaced or deleted, and across restarts. Three things are "
		"out of reach. With copytruncate, what is written between logrotate's copy and its "
		"cut is lost by logrotate; what serve had seen of it is noted (file-lost) and "
		"counted (vedette_file_lost_bytes_total), the rest nobody can know: prefer "
		"create. What is unread in a file that is compressed or moved to another directory "
		"while serve is down is noted (file-missing) and not read: use delaycompress, and "
		"name an olddir in files too. A writer that goes on in an old file is read for "
		"limits.rotate_wait after its last line, the file renamed last for as long as it "
		"takes.",
	.status = "0 stopped as asked, 2 trouble at the start.",
	.examples = examples,
	.options = options,
	.options_n = sizeof(options) / sizeof(*options),
	.run = run,
};
