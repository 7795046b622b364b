/* SPDX-License-Identifier: Apache-2.0 */
/* vedette checkpoint show: the newest signed statement of a ledger, to be kept elsewhere. */
#include "ledger/seal/checkpoint.h"
#include "base/io.h"
#include "cmd/command.h"
#include "ledger/seal/identity.h"
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

enum { OPT_DIR, OPT_KEY };

static const struct option options[] = {
	[OPT_DIR] = { "dir", 'd', "DIR",
		      "directory of the ledger (default /var/lib/vedette/ledger)" },
	[OPT_KEY] = { "key", 'k', NULL, "print the public key instead" },
};

static int show(struct args *a, int dir, bool key)
{
	struct verifier v;
	struct checkpoint c;
	struct identity id;
	struct why why = { "" };
	struct buf text = { 0 };
	int r = identity_read(dir, NULL, &id, &why);

	if (r < 0)
		return args_failed(a, &why, r);
	v = id.verifier;
	if (key) {
		verifier_text(&v, &text);
		buf_str(&text, "\n");
	} else {
		r = io_read_file(dir, "checkpoint", CHECKPOINT_MAX, &text);
		if (r == -ENOENT) {
			buf_done(&text);
			args_bad(a, "this ledger has no checkpoint yet");
			return EXIT_NOT;
		}
		if (r < 0)
			return args_bad(a, "checkpoint: %s", strerror(-r));
		if (!checkpoint_open(buf_view(&text), &v, true, &c)) {
			buf_done(&text);
			return args_bad(a,
					"the checkpoint is not what the key of this ledger signed; "
					"vedette verify says more");
		}
	}
	fwrite(text.at, 1, text.len, stdout);
	buf_done(&text);
	return args_flush(a, EXIT_GOOD);
}

static int run(struct args *a)
{
	const char *dir = "/var/lib/vedette/ledger";
	bool key = false, told = false;
	int option, fd, r;

	while ((option = args_next(a)) != ARGS_END) {
		if (option == ARGS_HELP)
			return EXIT_GOOD;
		if (option == OPT_DIR)
			dir = a->value;
		else if (option == OPT_KEY)
			key = true;
		else if (option == ARGS_OPERAND && !told && !strcmp(a->value, "show"))
			told = true;
		else
			return option == ARGS_OPERAND
				       ? args_bad(a, "expected show, not \"%s\"", a->value)
				       : EXIT_TROUBLE;
	}
	if (!told)
		return args_bad(a, "say what to do: vedette checkpoint show -d DIR");
	fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return args_bad(a, "%s: %s", dir, strerror(errno));
	r = show(a, fd, key);
	close(fd);
	return r;
}

static const char *const examples[] = {
	"vedette checkpoint show -d /var/lib/vedette/ledger >elsewhere/2026-11-22.checkpoint",
	"to be given to vedette verify --checkpoint later",
	"vedette checkpoint show --key -d /var/lib/vedette/ledger >elsewhere/key.pub",
	"the public key",
	NULL,
};

const struct command command_checkpoint = {
	.name = "checkpoint",
	.args = "show -d DIR [--key]",
	.what = "print the newest checkpoint or the public key, to keep elsewhere",
	.about = "Prints the newest signed checkpoint of a ledger (origin, number of records, root "
		 "of "
		 "the Merkle tree, signature; a C2SP signed note), after checking its signature. "
		 "Whoever keeps one on another machine will notice any change to what came before.",
	.status = "0 printed, 1 there is no checkpoint yet, 2 trouble.",
	.examples = examples,
	.options = options,
	.options_n = sizeof(options) / sizeof(*options),
	.run = run,
};
