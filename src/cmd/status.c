/* SPDX-License-Identifier: Apache-2.0 */
/* vedette status: what a running serve says of itself. */
#include "cmd/command.h"
#include "cmd/config/config.h"
#include "cmd/serve/status_path.h"
#include <stdio.h>

#define STATUS_MAX ((size_t)64 << 20)

enum { OPT_DIR, OPT_CONFIG, OPT_SOCKET, OPT_OUTPUT };

static const struct option options[] = {
	[OPT_DIR] = { "dir", 'd', "DIR",
		      "directory of the ledger (default /var/lib/vedette/ledger)" },
	[OPT_CONFIG] = { "config", 'c', "FILE",
			 "take directory and socket from this configuration" },
	[OPT_SOCKET] = { "socket", 's', "PATH", "the socket, when desk.socket names one" },
	[OPT_OUTPUT] = { "output", 'o', "FORMAT", "text (the default) or json (one object)" },
};

static int ask(struct args *a, const char *path, bool json)
{
	struct why why = { "" };
	struct buf text = { 0 };
	int r = status_ask(path, json ? BYTES("json\n") : BYTES("text\n"), STATUS_MAX, &text, &why);

	if (r == 0)
		fwrite(text.at, 1, text.len, stdout);
	buf_done(&text);
	return r < 0 ? args_failed(a, &why, r) : args_flush(a, EXIT_GOOD);
}

static int ask_at(struct args *a, const char *dir, const char *socket_path, bool json)
{
	struct buf path = { 0 };
	int r;

	if (socket_path)
		return ask(a, socket_path, json);
	status_usual_path(dir, &path);
	r = ask(a, buf_cstr(&path), json);
	buf_done(&path);
	return r;
}

static int run(struct args *a)
{
	const char *dir = "/var/lib/vedette/ledger", *config = NULL, *socket_path = NULL;
	struct why why = { "" };
	bool json = false;
	struct config c;
	int option, r;

	while ((option = args_next(a)) != ARGS_END) {
		if (option == OPT_DIR)
			dir = a->value;
		else if (option == OPT_CONFIG)
			config = a->value;
		else if (option == OPT_SOCKET)
			socket_path = a->value;
		else if (option == OPT_OUTPUT &&
			 (!strcmp(a->value, "json") || !strcmp(a->value, "text")))
			json = a->value[0] == 'j';
		else if (option == OPT_OUTPUT)
			return args_bad(a, "-o: expected text or json, not \"%s\"", a->value);
		else if (option == ARGS_OPERAND)
			return args_bad(a, "\"%s\" is too much", a->value);
		else
			return option == ARGS_HELP ? EXIT_GOOD : EXIT_TROUBLE;
	}
	if (!config)
		return ask_at(a, dir, socket_path, json);
	r = config_load(&c, config, &why);
	if (r < 0)
		r = args_failed(a, &why, r);
	else
		r = ask_at(a, c.ledger.dir, *c.desk_socket ? c.desk_socket : socket_path, json);
	config_done(&c);
	return r;
}

const struct command command_status = {
	.name = "status",
	.args = "[-d DIR | -c FILE | -s PATH] [-o text|json]",
	.what = "ask a running serve how it is",
	.about = "Shows whether serve is healthy, what it has received and lost from each source "
		 "since "
		 "its start, how soon records become durable, and its processes.",
	.status = "0 answered, 2 no serve is running there.",
	.options = options,
	.options_n = sizeof(options) / sizeof(*options),
	.run = run,
};
