/* SPDX-License-Identifier: Apache-2.0 */
/* command.h — the subcommands: one table that feeds the dispatch, --help, the manual pages and the
 * completion. Each lives in a file of its own, named like it.
 * Threads: read-only. Memory: constants. */
#pragma once
#include "cmd/args.h"

/* Exit status, as grep has it. */
enum { EXIT_GOOD = 0, EXIT_NOT = 1, EXIT_TROUBLE = 2 };

struct command {
	const char *name;
	const char *args; /* what follows the name on a usage line */
	const char *what; /* one line */
	const char *about; /* paragraphs, parted by an empty line; wrapped where they are shown */
	const char *status; /* exit status, when it is more than the usual */
	const char *const *examples; /* command, then what it does; ends in NULL */
	const struct option *options;
	size_t options_n;
	int (*run)(struct args *a);
};

extern const struct command command_serve, command_import, command_search, command_report,
	command_verify, command_evidence, command_checkpoint, command_status, command_detect,
	command_rules, command_alerts, command_notify;
extern const struct command *const commands[]; /* ends in NULL */
const struct command *command_by_name(const char *name);

void help_overview(struct buf *to);
void help_command(const struct command *c, struct buf *to);
/* Roff of "vedette", "vedette-<command>" or "vedette.yaml"; false: no such page. */
bool man_page(const char *name, struct buf *to);
void man_config(struct buf *to);
void completion_bash(struct buf *to);
