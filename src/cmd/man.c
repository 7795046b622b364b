/* SPDX-License-Identifier: Apache-2.0 */
/* The manual pages (man(7) roff) and the completion, from the same tables as --help. The files in
 * doc/man are what this prints; a test holds them to it. */
#include "cmd/command.h"
#include "cmd/config/config.h"
#include "cmd/units.h"

/* Text for roff: backslash, hyphen and leading dots mean something there. */
static void roff(struct buf *to, const char *text)
{
	bool line_start = !to->len || to->at[to->len - 1] == '\n';

	for (; *text; text++) {
		if (line_start && (*text == '.' || *text == '\''))
			buf_str(to, "\\&");
		line_start = *text == '\n';
		if (*text == '\\')
			buf_str(to, "\\e");
		else if (*text == '-')
			buf_str(to, "\\-");
		else if (*text == '`')
			buf_str(to, "\\(ga");
		else if (*text == '\n' && text[1] == '\n')
			buf_str(to, "\n.PP\n"), text++, line_start = true;
		else
			buf_u8(to, (uint8_t)*text);
	}
}

static void title(struct buf *to, const char *name, const char *section, const char *what)
{
	struct buf upper = { 0 };

	for (const char *p = name; *p; p++)
		buf_u8(&upper, (uint8_t)(*p >= 'a' && *p <= 'z' ? *p - 32 : *p));
	buf_printf(to,
		   ".\\\" SPDX-License-Identifier: Apache-2.0\n"
		   ".\\\" Printed by the program itself: vedette help --man %s\n",
		   name);
	buf_printf(to, ".TH \"%s\" %s \"\" \"vedette " VEDETTE_VERSION "\" \"Vedette\"\n",
		   buf_cstr(&upper), section);
	buf_str(to, ".SH NAME\n");
	roff(to, name);
	buf_str(to, " \\- ");
	roff(to, what);
	buf_str(to, "\n");
	buf_done(&upper);
}

static void overview_page(struct buf *to)
{
	title(to, "vedette", "1", "security monitoring and log forensics for OpenStack clouds");
	buf_str(to, ".SH SYNOPSIS\n.B vedette\n.I command\n[\\fIoption\\fR ...] "
		    "[\\fIargument\\fR ...]\n.SH DESCRIPTION\n");
	roff(to,
	     "Vedette collects what a cloud says about itself, keeps it so that nobody can "
	     "quietly change it, and answers questions about it. Each command has a manual page "
	     "of its own.\n");
	buf_str(to, ".SH COMMANDS\n");
	for (size_t i = 0; commands[i]; i++) {
		buf_printf(to, ".TP\n.BR vedette\\-%s (1)\n", commands[i]->name);
		roff(to, commands[i]->what);
		buf_str(to, "\n");
	}
	buf_str(to, ".SH EXIT STATUS\n");
	roff(to, "0 found or good; 1 not found or falls short; 2 trouble (said in one line on the "
		 "standard error).\n");
	buf_str(to, ".SH ENVIRONMENT\n.TP\n.B NO_COLOR\nNo colours, also on a terminal.\n"
		    ".TP\n.B VEDETTE_TRACE\nSay where in the program a failure began.\n"
		    ".SH FILES\n.TP\n.I /etc/vedette/vedette.yaml\n"
		    "Configuration of serve, see\n.BR vedette.yaml (5).\n"
		    ".TP\n.I /var/lib/vedette/ledger\nThe usual directory of a ledger.\n");
}

static void command_page(const struct command *c, struct buf *to)
{
	struct buf name = { 0 };

	buf_printf(&name, "vedette-%s", c->name);
	title(to, buf_cstr(&name), "1", c->what);
	buf_printf(to, ".SH SYNOPSIS\n.B vedette %s\n", c->name);
	roff(to, c->args);
	buf_str(to, "\n.SH DESCRIPTION\n");
	roff(to, c->about);
	buf_str(to, "\n.SH OPTIONS\n");
	for (size_t i = 0; i < c->options_n; i++) {
		const struct option *o = &c->options[i];

		buf_str(to, ".TP\n\\fB");
		if (o->letter)
			buf_printf(to, "\\-%c\\fR, \\fB", o->letter);
		buf_str(to, "\\-\\-");
		roff(to, o->name);
		buf_str(to, "\\fR");
		if (o->value) {
			buf_str(to, " \\fI");
			roff(to, o->value);
			buf_str(to, "\\fR");
		}
		buf_str(to, "\n");
		roff(to, o->what);
		buf_str(to, "\n");
	}
	buf_str(to, ".SH EXIT STATUS\n");
	roff(to, c->status ? c->status : "0 done, 2 trouble.");
	buf_str(to, "\n");
	if (c->examples) {
		buf_str(to, ".SH EXAMPLES\n");
		for (size_t i = 0; c->examples[i]; i += 2) {
			buf_str(to, ".TP\n.B ");
			roff(to, c->examples[i]);
			buf_str(to, "\n");
			roff(to, c->examples[i + 1]);
			buf_str(to, "\n");
		}
	}
	buf_str(to, ".SH SEE ALSO\n.BR vedette (1)");
	buf_str(to, !strcmp(c->name, "serve") ? ",\n.BR vedette.yaml (5)\n" : "\n");
	buf_done(&name);
}

void man_config(struct buf *to)
{
	struct config c;

	config_init(&c);
	title(to, "vedette.yaml", "5", "configuration of vedette serve");
	buf_str(to, ".SH DESCRIPTION\n");
	roff(to,
	     "A YAML file. Every key has a default, so an empty file is good. A key that is not "
	     "known, is there twice or has a bad value is refused with file, line and what was "
	     "expected; `vedette serve --check-config` asks without starting anything, "
	     "`vedette serve --print-config` shows the values in effect. A dot in a name below "
	     "is a level of nesting. Sizes are powers of 1024 (64KiB, 24MiB, 2GiB), lengths of "
	     "time are written 500ms, 10s, 15m, 2h, 30d.\n");
	buf_str(to, ".SH KEYS\n");
	for (size_t i = 0; i < config_keys_n; i++) {
		struct buf value = { 0 };

		config_show(&c, &config_keys[i], &value);
		buf_str(to, ".TP\n\\fB");
		roff(to, config_keys[i].path);
		buf_str(to, "\\fR (");
		roff(to, config_expects(config_keys[i].type));
		buf_str(to, "; default ");
		roff(to, buf_cstr(&value));
		buf_str(to, ")\n");
		roff(to, config_keys[i].what);
		buf_str(to, "\n");
		buf_done(&value);
	}
	buf_str(to, ".SH SEE ALSO\n.BR vedette\\-serve (1)\n");
	config_done(&c);
}

bool man_page(const char *name, struct buf *to)
{
	const struct command *c;

	if (!strcmp(name, "vedette")) {
		overview_page(to);
		return true;
	}
	if (!strcmp(name, "vedette.yaml")) {
		man_config(to);
		return true;
	}
	c = command_by_name(strncmp(name, "vedette-", 8) ? name : name + 8);
	if (c)
		command_page(c, to);
	return c != NULL;
}

void completion_bash(struct buf *to)
{
	buf_str(to, "# SPDX-License-Identifier: Apache-2.0\n"
		    "# bash completion of vedette, printed by: vedette help --completion bash\n"
		    "_vedette()\n{\n\tlocal cur=${COMP_WORDS[COMP_CWORD]} "
		    "prev=${COMP_WORDS[COMP_CWORD - 1]} words\n"
		    "\tif [ \"$COMP_CWORD\" -eq 1 ]; then\n\t\twords='");
	for (size_t i = 0; commands[i]; i++)
		buf_printf(to, "%s ", commands[i]->name);
	buf_str(to, "help --help --version'\n"
		    "\t\tmapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"$cur\")\n"
		    "\t\treturn\n\tfi\n\tcase ${COMP_WORDS[1]} in\n");
	for (size_t i = 0; commands[i]; i++) {
		const struct command *c = commands[i];

		buf_printf(to, "\t%s) words='", c->name);
		for (size_t o = 0; o < c->options_n; o++)
			buf_printf(to, "--%s ", c->options[o].name);
		buf_str(to, "--help");
		if (!strcmp(c->name, "report"))
			buf_str(to, " logins coverage");
		if (!strcmp(c->name, "alerts"))
			buf_str(to,
				" list show ack close reopen assign comment suppress unsuppress "
				"suppressions stats");
		if (!strcmp(c->name, "notify"))
			buf_str(to, " check test queue");
		if (!strcmp(c->name, "evidence"))
			buf_str(to, " export verify");
		if (!strcmp(c->name, "checkpoint"))
			buf_str(to, " show");
		buf_str(to, "' ;;\n");
	}
	buf_str(to, "\thelp) words='");
	for (size_t i = 0; commands[i]; i++)
		buf_printf(to, "%s%s", i ? " " : "", commands[i]->name);
	buf_str(to, "' ;;\n\t*) words= ;;\n\tesac\n"
		    "\tcase $prev in\n"
		    "\t-d | --dir) mapfile -t COMPREPLY < <(compgen -d -- \"$cur\") && return ;;\n"
		    "\t-o | --output) words='text raw json count' ;;\n\tesac\n"
		    "\tmapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"$cur\")\n"
		    "\t[ \"${#COMPREPLY[@]}\" -gt 0 ] || mapfile -t COMPREPLY < <(compgen -f -- "
		    "\"$cur\")\n"
		    "}\ncomplete -o filenames -F _vedette vedette\n");
}
