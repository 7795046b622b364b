/* SPDX-License-Identifier: Apache-2.0 */
/* vedette notify: is notify.yaml good, do the targets take a message, what waits for them. */
#include "cmd/command.h"
#include "cmd/config/config.h"
#include "cmd/notify_show.h"
#include "notify/trial.h"
#include <stdio.h>
#include <unistd.h>

#define NAMES 64u

enum { OPT_CONFIG, OPT_DIR, OPT_OUTPUT, OPT_N };

static const struct option options[OPT_N] = {
	[OPT_CONFIG] = { "config", 'c', "FILE",
			 "take the names of files and directories from this configuration of "
			 "serve" },
	[OPT_DIR] = { "dir", 'd', "DIR",
		      "queue: directory of the outbox (default /var/lib/vedette/ledger.outbox)" },
	[OPT_OUTPUT] = { "output", 'o', "FORMAT",
			 "queue: text (the default) or json (one object a line)" },
};

struct notify_command {
	struct args *args;
	const char *verb, *config_file, *dir;
	bool json;
	const char *name[NAMES]; /* what stands behind the verb */
	size_t names;
	struct config config; /* when config_file is given */
	struct notify_config *notify;
	struct buf out;
	usec now;
};

static void flush_out(struct notify_command *c)
{
	fwrite(c->out.at, 1, c->out.len, stdout);
	fflush(stdout);
	buf_clear(&c->out);
}

static int load_config(struct notify_command *c)
{
	struct why why = { "" };
	int r = config_load(&c->config, c->config_file, &why);

	return r < 0 ? args_failed(c->args, &why, r) : 0;
}

/* By -c, or by the first name, which is then no more one of the others. */
static int load_notify(struct notify_command *c)
{
	struct why why = { "" };
	const char *file;
	int r;

	if (!c->config_file && !c->names)
		return args_bad(c->args,
				"%s: say which file: notify.yaml, or -c with the "
				"configuration that names it",
				c->verb);
	if (c->config_file) {
		r = load_config(c);
		if (r != 0)
			return r;
		file = c->config.notify_file;
		if (!*file)
			return args_bad(c->args, "%s: notify.file is empty: nobody is told",
					c->config_file);
	} else {
		file = c->name[0];
		memmove(c->name, c->name + 1, --c->names * sizeof(*c->name));
	}
	r = notify_load(&c->notify, file, &why);
	if (r < 0)
		return args_failed(c->args, &why, r);
	c->config_file = file;
	return 0;
}

static int check(struct notify_command *c)
{
	int r = load_notify(c);

	if (r != 0)
		return r;
	if (c->names)
		return args_bad(c->args, "\"%s\" is too much", c->name[0]);
	notify_show_settings(c->config_file, c->notify, &c->out);
	flush_out(c);
	return EXIT_GOOD;
}

/* ---- test ---- */

static int take_names(struct notify_command *c, uint32_t *wanted)
{
	*wanted = c->names ? 0 : UINT32_MAX;
	for (size_t k = 0; k < c->names; k++) {
		size_t i = 0;

		while (i < c->notify->targets &&
		       !bytes_eq(c->notify->target[i].name, bytes_str(c->name[k])))
			i++;
		if (i == c->notify->targets)
			return args_bad(c->args, "test: there is no target \"%s\" in %s",
					c->name[k], c->config_file);
		*wanted |= (uint32_t)1 << i;
	}
	return 0;
}

static int test(struct notify_command *c)
{
	char host[256] = "";
	int r = load_notify(c), status = EXIT_GOOD;
	uint32_t wanted = 0;

	if (r == 0)
		r = take_names(c, &wanted);
	if (r != 0)
		return r;
	if (!c->notify->targets)
		return args_bad(c->args, "test: %s has no targets", c->config_file);
	if (gethostname(host, sizeof(host) - 1) < 0)
		snprintf(host, sizeof(host), "this machine");
	for (size_t i = 0; i < c->notify->targets; i++) {
		const struct target *t = &c->notify->target[i];

		if (!(wanted >> i & 1))
			continue;
		notify_show_name(t->name, &c->out);
		buf_str(&c->out, ": ");
		if (!trial_run(t, bytes_str(host), clock_real(), &c->out))
			status = EXIT_NOT;
		buf_str(&c->out, "\n");
		flush_out(c);
	}
	return status;
}

/* ---- queue ---- */

static void take_row(void *ctx, const struct outbox_row *r)
{
	struct notify_command *c = ctx;

	if (c->json)
		notify_show_row_json(r, &c->out);
	else
		notify_show_row(r, c->now, &c->out);
}

static int queue(struct notify_command *c)
{
	const char *dir = c->dir ? c->dir : "/var/lib/vedette/ledger.outbox";
	struct buf room = { 0 }, file = { 0 };
	struct why why = { "" };
	int r = 0;

	if (c->names)
		return args_bad(c->args, "\"%s\" is too much", c->name[0]);
	if (c->config_file && !c->dir) {
		r = load_config(c);
		dir = r == 0 ? config_notify_dir(&c->config, &room) : dir;
	}
	if (r == 0) {
		buf_printf(&file, "%s/outbox.db", dir);
		c->now = clock_real();
		r = outbox_look(buf_cstr(&file), take_row, c, &why);
		r = r < 0 ? args_failed(c->args, &why, r) : EXIT_GOOD;
	}
	if (r == EXIT_GOOD && !c->out.len && !c->json)
		buf_str(&c->out, "nothing waits\n");
	if (r == EXIT_GOOD)
		flush_out(c);
	buf_done(&room);
	buf_done(&file);
	return r;
}

/* ---- the whole ---- */

static const struct verb {
	const char *name;
	int (*run)(struct notify_command *c);
} verbs[] = {
	{ "check", check },
	{ "test", test },
	{ "queue", queue },
};

static int take(struct notify_command *c, int option)
{
	const char *v = c->args->value;

	switch (option) {
	case OPT_CONFIG:
		c->config_file = v;
		return 0;
	case OPT_DIR:
		c->dir = v;
		return 0;
	case OPT_OUTPUT:
		c->json = !strcmp(v, "json");
		if (c->json || !strcmp(v, "text"))
			return 0;
		return args_bad(c->args, "-o: expected text or json, not \"%s\"", v);
	case ARGS_OPERAND:
		if (!c->verb)
			c->verb = v;
		else if (c->names == NAMES)
			return args_bad(c->args, "too many names");
		else
			c->name[c->names++] = v;
		return 0;
	default:
		return EXIT_TROUBLE;
	}
}

static int run_with(struct notify_command *c)
{
	int option, r;

	while ((option = args_next(c->args)) != ARGS_END) {
		if (option == ARGS_HELP)
			return EXIT_GOOD;
		if ((r = take(c, option)) != 0)
			return r;
	}
	for (size_t i = 0; c->verb && i < sizeof(verbs) / sizeof(*verbs); i++)
		if (!strcmp(verbs[i].name, c->verb))
			return args_flush(c->args, verbs[i].run(c));
	return args_bad(c->args, "say what to do: check, test or queue");
}

static int run(struct args *a)
{
	struct notify_command c = { .args = a };
	int r = run_with(&c);

	notify_config_free(c.notify);
	config_done(&c.config);
	buf_done(&c.out);
	return r;
}

static const char *const examples[] = {
	"vedette notify check -c /etc/vedette/vedette.yaml",
	"who is told of what, or what is wrong with the file",
	"vedette notify test /etc/vedette/notify.yaml ops",
	"one mail to the target ops, now",
	"vedette notify queue -c /etc/vedette/vedette.yaml",
	"what waits for each target, and why",
	NULL,
};

const struct command command_notify = {
	.name = "notify",
	.args = "check -c CONFIG | FILE\n"
		"       vedette notify test -c CONFIG | FILE [TARGET...]\n"
		"       vedette notify queue [-c CONFIG | -d DIR] [-o text|json]",
	.what = "check whom alerts are told to, and whether they can be told",
	.about = "check reads the file that says whom to tell (notify.yaml, doc/notify.md) and the "
		 "files of secrets that it names, and says in words what it says.\n\n"
		 "test sends one message to each target, or to those named, and prints what its "
		 "server said. The message says that it is a test; Alertmanager gets an alert "
		 "VedetteTest that has ended. It is sent by this command, in the way that serve "
		 "would send it, but with the rights and the network of who runs it; what serve "
		 "has waiting is not touched.\n\n"
		 "queue looks at the outbox, also while serve writes to it, and says for each "
		 "target how many messages wait, since when, how often and why it failed, when it "
		 "is tried again, and what was dropped since the daily mail before. A target "
		 "of which there is nothing to say is not named.",
	.status = "0 good, or all accepted; 1 a target did not accept; 2 trouble.",
	.examples = examples,
	.options = options,
	.options_n = OPT_N,
	.run = run,
};
