/* SPDX-License-Identifier: Apache-2.0 */
/* The program: looks up the subcommand and runs it. */
#include "cmd/command.h"
#include "cmd/units.h"
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

static int out(struct buf *text)
{
	bool good = fwrite(text->at, 1, text->len, stdout) == text->len && fflush(stdout) == 0;

	buf_done(text);
	if (!good && errno != EPIPE)
		fprintf(stderr, "vedette: the output could not be written: %s\n", strerror(errno));
	return good ? EXIT_GOOD : EXIT_TROUBLE;
}

static int no_command(const char *name)
{
	const char *names[32], *near;
	size_t n = 0;

	for (; commands[n] && n < 31; n++)
		names[n] = commands[n]->name;
	names[n] = NULL;
	near = units_nearest(bytes_str(name), names);
	if (near)
		fprintf(stderr, "vedette: there is no such command; did you mean %s?\n", near);
	else
		fprintf(stderr, "vedette: there is no such command (vedette --help lists them)\n");
	return EXIT_TROUBLE;
}

static int help(int argc, char **argv)
{
	struct buf text = { 0 };
	const struct command *c;

	if (argc == 0) {
		help_overview(&text);
		return out(&text);
	}
	if (argc == 2 && !strcmp(argv[0], "--man")) {
		if (man_page(argv[1], &text))
			return out(&text);
		return no_command(argv[1]);
	}
	if (argc == 2 && !strcmp(argv[0], "--completion") && !strcmp(argv[1], "bash")) {
		completion_bash(&text);
		return out(&text);
	}
	c = command_by_name(argv[0]);
	if (!c)
		return no_command(argv[0]);
	help_command(c, &text);
	return out(&text);
}

/* 0, 1 and 2 must not become a ledger's file by accident when somebody started us with them
 * closed. */
static bool standard_descriptors(void)
{
	for (int fd = 0; fd < 3; fd++)
		if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", fd ? O_WRONLY : O_RDONLY) != fd)
			return false;
	return true;
}

int main(int argc, char **argv)
{
	const struct command *c;
	struct args a;

	if (!standard_descriptors())
		return EXIT_TROUBLE;
	signal(SIGPIPE, SIG_IGN);
	if (argc < 2) {
		fprintf(stderr, "vedette: say what to do: vedette COMMAND (vedette --help)\n");
		return EXIT_TROUBLE;
	}
	if (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h"))
		return help(0, NULL);
	if (!strcmp(argv[1], "help"))
		return help(argc - 2, argv + 2);
	if (!strcmp(argv[1], "--version") || !strcmp(argv[1], "version")) {
		struct buf text = { 0 };

		buf_str(&text, "vedette " VEDETTE_VERSION "\n");
		return out(&text);
	}
	c = command_by_name(argv[1]);
	if (!c)
		return no_command(argv[1]);
	a = (struct args){ .command = c, .at = argv + 2, .end = argv + argc };
	return c->run(&a);
}
