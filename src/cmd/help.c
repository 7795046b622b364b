/* SPDX-License-Identifier: Apache-2.0 */
/* Help for a terminal, from the table of subcommands. */
#include "cmd/command.h"
#include <stdio.h>

const struct command *const commands[] = {
	&command_serve,
	&command_import,
	&command_search,
	&command_report,
	&command_verify,
	&command_evidence,
	&command_checkpoint,
	&command_status,
	&command_detect,
	&command_rules,
	&command_alerts,
	&command_notify,
	NULL,
};

const struct command *command_by_name(const char *name)
{
	for (size_t i = 0; commands[i]; i++)
		if (!strcmp(commands[i]->name, name))
			return commands[i];
	return NULL;
}

#define WIDTH 80

/* Text wrapped to the width; goes on at column `at`, following lines begin at `indent`. */
static void wrap(struct buf *to, const char *text, size_t at, size_t indent)
{
	while (*text) {
		size_t word = strcspn(text, " \n");

		if (*text == '\n') {
			buf_str(to, text[1] == '\n' ? "\n\n" : "\n");
			text += text[1] == '\n' ? 2 : 1;
			buf_printf(to, "%*s", (int)indent, "");
			at = indent;
			continue;
		}
		if (at > indent && at + 1 + word > WIDTH) {
			buf_printf(to, "\n%*s", (int)indent, "");
			at = indent;
		} else if (at > indent) {
			buf_str(to, " ");
			at++;
		}
		buf_add(to, text, word);
		at += word;
		text += word;
		while (*text == ' ')
			text++;
	}
	buf_str(to, "\n");
}

void help_overview(struct buf *to)
{
	buf_str(to, "vedette " VEDETTE_VERSION
		    " - security monitoring and log forensics for OpenStack clouds\n\n"
		    "usage: vedette COMMAND [OPTION...] [ARGUMENT...]\n\ncommands:\n");
	for (size_t i = 0; commands[i]; i++) {
		buf_printf(to, "  %-11s ", commands[i]->name);
		wrap(to, commands[i]->what, 14, 14);
	}
	buf_str(to, "\nvedette help COMMAND (or COMMAND --help) says more; vedette --version.\n"
		    "Exit status: 0 found or good, 1 not found or falls short, 2 trouble.\n");
}

static void option_left(const struct option *o, char *to, size_t room)
{
	char letter[8] = "    ";

	if (o->letter)
		snprintf(letter, sizeof(letter), "-%c, ", o->letter);
	snprintf(to, room, "%s--%s%s%s", letter, o->name, o->value ? " " : "",
		 o->value ? o->value : "");
}

void help_command(const struct command *c, struct buf *to)
{
	buf_printf(to, "usage: vedette %s %s\n\n", c->name, c->args);
	wrap(to, c->what, 0, 0);
	buf_str(to, "\n");
	wrap(to, c->about, 0, 0);
	buf_str(to, "\noptions:\n");
	for (size_t i = 0; i < c->options_n; i++) {
		char left[64];

		option_left(&c->options[i], left, sizeof(left));
		buf_printf(to, "  %-26s", left);
		if (strlen(left) > 25)
			buf_printf(to, "\n%28s", "");
		wrap(to, c->options[i].what, 28, 28);
	}
	buf_str(to, "  -h, --help                this text\n");
	if (c->examples) {
		buf_str(to, "\nexamples:\n");
		for (size_t i = 0; c->examples[i]; i += 2)
			buf_printf(to, "  %s\n      %s\n", c->examples[i], c->examples[i + 1]);
	}
	buf_str(to, "\nExit status: ");
	wrap(to, c->status ? c->status : "0 done, 2 trouble.", 13, 0);
}
