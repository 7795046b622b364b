/* SPDX-License-Identifier: Apache-2.0 */
/* vedette verify: is a ledger, or a bundle of evidence, what it was? */
#include "ledger/verify.h"
#include "base/text.h"
#include "cmd/command.h"
#include "cmd/prove.h"
#include "cmd/units.h"
#include "ledger/repair.h"
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
	OPT_DIR,
	OPT_KEY,
	OPT_CHECKPOINT,
	OPT_INCREMENTAL,
	OPT_THREADS,
	OPT_OUTPUT,
	OPT_PROGRESS,
	OPT_REPAIR
};

static const struct option options[] = {
	[OPT_DIR] = { "dir", 'd', "DIR", "directory of the ledger" },
	[OPT_KEY] = { "key", 'k', "KEY",
		      "public key to believe: its text, or a file that holds it (key.pub of the "
		      "ledger, kept elsewhere)" },
	[OPT_CHECKPOINT] = { "checkpoint", 'c', "FILE",
			     "an older checkpoint kept elsewhere: the ledger must go on from it" },
	[OPT_INCREMENTAL] = { "incremental", 0, NULL,
			      "decode again only what came after that checkpoint" },
	[OPT_THREADS] = { "threads", 0, "N", "at most so many threads (default: one a core)" },
	[OPT_OUTPUT] = { "output", 'o', "FORMAT", "text (the default) or json" },
	[OPT_REPAIR] = { "repair-tiles", 0, NULL,
			 "first make stored hashes of the tree that are missing or harmed again "
			 "from the records; writes only what gives the signed roots, and says so; "
			 "no writer may be at work" },
	[OPT_PROGRESS] = { "progress", 0, NULL, "say how far it is, also when not on a terminal" },
};

struct job {
	struct args *args;
	const char *path;
	bool json, progress, bar, repair;
	usec told;
	struct verify_options o;
};

static void show(const struct job *j, const char *key, const char *line)
{
	struct buf b = { 0 };

	if (j->bar)
		fputs("\r\033[K", stderr);
	if (j->json) {
		buf_printf(&b, "{\"%s\":", key);
		json_string(&b, bytes_str(line));
		buf_str(&b, "}\n");
	} else {
		text_safe(&b, bytes_str(line), NULL);
		buf_str(&b, "\n");
	}
	fwrite(b.at, 1, b.len, stdout);
	fflush(stdout);
	buf_done(&b);
}

static void finding(void *ctx, const char *line)
{
	show(ctx, "finding", line);
}

static void repaired(void *ctx, const char *line)
{
	show(ctx, "repair", line);
}

static void progress(void *ctx, uint64_t done, uint64_t all)
{
	struct job *j = ctx;
	usec now = clock_mono();

	if (now - j->told < (j->bar ? USEC_PER_SEC / 10 : 5 * USEC_PER_SEC))
		return;
	j->told = now;
	fprintf(stderr, "%sverified %llu of %llu MiB%s", j->bar ? "\r\033[K" : "",
		(unsigned long long)(done >> 20), (unsigned long long)(all >> 20),
		j->bar ? "" : "\n");
}

static int take(struct job *j, int option)
{
	struct args *a = j->args;
	uint64_t n;

	switch (option) {
	case OPT_DIR:
	case ARGS_OPERAND:
		if (j->path)
			return args_bad(
				a, "one ledger or bundle at a time, please: \"%s\" is too much",
				a->value);
		j->path = a->value;
		return 0;
	case OPT_KEY:
		j->o.public_key = a->value;
		return 0;
	case OPT_CHECKPOINT:
		j->o.checkpoint = a->value;
		return 0;
	case OPT_INCREMENTAL:
		j->o.incremental = true;
		return 0;
	case OPT_THREADS:
		if (!args_count(a, "--threads", 256, &n))
			return EXIT_TROUBLE;
		j->o.threads = (unsigned)n;
		return 0;
	case OPT_OUTPUT:
		j->json = !strcmp(a->value, "json");
		if (j->json || !strcmp(a->value, "text"))
			return 0;
		return args_bad(a, "-o: expected text or json, not \"%s\"", a->value);
	case OPT_PROGRESS:
		j->progress = true;
		return 0;
	case OPT_REPAIR:
		j->repair = true;
		return 0;
	default:
		return EXIT_TROUBLE;
	}
}

static void tell_json(const struct verify_result *v, bool intact)
{
	printf("{\"intact\":%s,\"records\":%llu,\"raw_bytes\":%llu,\"disk_bytes\":%llu,"
	       "\"blocks\":%llu,\"dropped_blocks\":%llu,\"unsigned_records\":%llu,"
	       "\"findings\":%llu,\"root\":\"%s\"}\n",
	       intact ? "true" : "false", (unsigned long long)v->records,
	       (unsigned long long)v->raw_bytes, (unsigned long long)v->disk_bytes,
	       (unsigned long long)v->blocks, (unsigned long long)v->dropped_blocks,
	       (unsigned long long)v->unsigned_records, (unsigned long long)v->findings, v->root);
}

static void tell(const struct job *j, const struct verify_result *v, bool intact)
{
	struct buf raw = { 0 }, disk = { 0 };

	if (j->json) {
		tell_json(v, intact);
		return;
	}
	units_show_about(&raw, v->raw_bytes);
	units_show_about(&disk, v->disk_bytes);
	printf("%s: %llu records, %s in %s, %llu blocks", intact ? "intact" : "NOT INTACT",
	       (unsigned long long)v->records, buf_cstr(&raw), buf_cstr(&disk),
	       (unsigned long long)v->blocks);
	if (v->dropped_blocks)
		printf(" (%llu more dropped by retention)", (unsigned long long)v->dropped_blocks);
	printf("\nroot: %s\n", v->root);
	if (v->unsigned_records)
		printf("note: the newest %llu records are not under a signed checkpoint yet\n",
		       (unsigned long long)v->unsigned_records);
	if (intact && !j->o.public_key)
		printf("note: checked with the key that lies in the ledger itself; --key with a "
		       "copy "
		       "kept elsewhere proves more\n");
	if (intact && !j->o.checkpoint)
		printf("note: no checkpoint kept elsewhere was given: a roll-back as a whole would "
		       "not be seen\n");
	if (!intact)
		printf("%llu findings\n", (unsigned long long)v->findings);
	buf_done(&raw);
	buf_done(&disk);
}

static int repair(struct job *j, struct why *why)
{
	struct repair_options o = {
		.dir = j->path, .public_key = j->o.public_key, .say = repaired, .ctx = j
	};
	uint64_t tiles;
	int r = repair_tiles(&o, &tiles, why);

	if (r >= 0 && !j->json)
		printf("%llu tiles made again\n", (unsigned long long)tiles);
	return r < 0 ? r : 0; /* what could not be made again, verify tells */
}

static int verify_directory(struct job *j)
{
	struct verify_result result = { 0 };
	struct why why = { "" };
	int r;

	j->o.dir = j->path;
	j->o.say = finding;
	j->o.ctx = j;
	j->bar = isatty(STDERR_FILENO);
	if (j->bar || j->progress)
		j->o.progress = progress;
	r = j->repair ? repair(j, &why) : 0;
	if (!r)
		r = verify_ledger(&j->o, &result, &why);
	if (j->bar)
		fputs("\r\033[K", stderr);
	if (r < 0)
		return args_failed(j->args, &why, r);
	tell(j, &result, r == 0);
	return args_flush(j->args, r == 0 ? EXIT_GOOD : EXIT_NOT);
}

static int run(struct args *a)
{
	struct job j = { .args = a };
	struct stat st;
	int option, r;

	while ((option = args_next(a)) != ARGS_END) {
		if (option == ARGS_HELP)
			return EXIT_GOOD;
		r = take(&j, option);
		if (r != 0)
			return r;
	}
	if (!j.path)
		return args_bad(a, "say which ledger (-d DIR) or bundle of evidence (its file)");
	if (j.o.incremental && !j.o.checkpoint)
		return args_bad(a, "--incremental needs --checkpoint, to know from where on");
	if (strcmp(j.path, "-") != 0 && stat(j.path, &st) < 0)
		return args_bad(a, "%s: %s", j.path, strerror(errno));
	if (strcmp(j.path, "-") != 0 && S_ISDIR(st.st_mode))
		return verify_directory(&j);
	if (j.o.incremental || j.repair)
		return args_bad(a, "%s is for ledgers, not for bundles of evidence",
				j.repair ? "--repair-tiles" : "--incremental");
	return prove_bundle(a, j.path, j.o.public_key, j.o.checkpoint, NULL, j.json);
}

static const char *const examples[] = {
	"vedette verify -d /var/lib/vedette/ledger --key key.pub --checkpoint old.checkpoint",
	"with a key and a checkpoint that were kept on another machine",
	"vedette verify case-17.evidence --key key.pub",
	"a bundle made by vedette evidence export",
	"vedette verify -d /var/lib/vedette/ledger --key key.pub --repair-tiles",
	"after files below tree/ were lost: serve does not start without the newest of them",
	NULL,
};

const struct command command_verify = {
	.name = "verify",
	.args = "-d DIR | BUNDLE [--key KEY] [--checkpoint FILE] [OPTION...]",
	.what = "prove that a ledger or a bundle of evidence is intact",
	.about = "Reads every byte of every file, computes the Merkle tree again, checks all "
		 "signatures, and that the ledger goes on from an older checkpoint. It needs the "
		 "public key and nothing secret, and changes nothing unless --repair-tiles is "
		 "given; "
		 "it may run on a copy or while serve writes. What is wrong is named with the "
		 "records it harms.",
	.status = "0 proven intact, 1 not intact (said what and where), 2 cannot tell.",
	.examples = examples,
	.options = options,
	.options_n = sizeof(options) / sizeof(*options),
	.run = run,
};
