/* SPDX-License-Identifier: Apache-2.0 */
/* vedette evidence: records with the proofs that they are in the ledger, and checking them. */
#include "ledger/evidence.h"
#include "base/text.h"
#include "cmd/command.h"
#include "cmd/prove.h"
#include "query/query.h"
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define EVIDENCE_MAX 1000000 /* records in one bundle */

enum {
	OPT_DIR,
	OPT_SEQ,
	OPT_SINCE,
	OPT_UNTIL,
	OPT_LIMIT,
	OPT_OWN,
	OPT_OUTPUT,
	OPT_KEY,
	OPT_CHECKPOINT,
	OPT_RECORDS
};

static const struct option options[] = {
	[OPT_DIR] = { "dir", 'd', "DIR",
		      "export: directory of the ledger (default /var/lib/vedette/ledger)" },
	[OPT_SEQ] = { "seq", 0, "N[-M][,...]",
		      "export: records by number (event.sequence of search -o json)" },
	[OPT_SINCE] = { "since", 0, "TIME", "export: only events at or after this time" },
	[OPT_UNTIL] = { "until", 0, "TIME", "export: only events before this time" },
	[OPT_LIMIT] = { "limit", 'n', "N", "export: the first N hits of the query" },
	[OPT_OWN] = { "own", 0, NULL, "export: also Vedette's own records" },
	[OPT_OUTPUT] = { "output", 'o', "FILE", "export: the bundle (default: standard output)" },
	[OPT_KEY] = { "key", 'k', "KEY", "verify: public key to believe, its text or a file" },
	[OPT_CHECKPOINT] = { "checkpoint", 'c', "FILE",
			     "a checkpoint kept elsewhere; export: tie the bundle to it, verify: "
			     "it must "
			     "be tied to it" },
	[OPT_RECORDS] = { "records", 0, NULL, "verify: print the proven records, one a line" },
};

struct evidence {
	struct args *args;
	const char *verb, *dir, *output, *key, *checkpoint;
	bool records;
	struct buf query, seqs; /* seqs: uint64_t, one after the other */
	struct query_options o;
	struct buf line; /* of the answer, while it comes */
	bool no_record, too_many, damaged;
};

static bool add_seq(struct evidence *e, uint64_t seq)
{
	if (e->seqs.len / sizeof(seq) >= EVIDENCE_MAX)
		return false;
	buf_u64le(&e->seqs, seq);
	return true;
}

static int add_list(struct evidence *e, struct bytes list)
{
	while (list.len) {
		size_t comma = bytes_chr(list, ',');
		struct bytes item = bytes_sub(list, 0, comma);
		size_t dash = bytes_chr(item, '-');
		uint64_t from, to;

		if (!bytes_u64(bytes_sub(item, 0, dash), &from) ||
		    !bytes_u64(dash == BYTES_NONE ? item : bytes_from(item, dash + 1), &to) ||
		    to < from)
			return args_bad(e->args,
					"--seq: expected numbers such as 17,20-25, not \"%s\"",
					e->args->value);
		for (uint64_t s = from; s <= to; s++)
			if (!add_seq(e, s))
				return args_bad(e->args, "--seq: more than %d records",
						EVIDENCE_MAX);
		list = comma == BYTES_NONE ? BYTES("") : bytes_from(list, comma + 1);
	}
	return 0;
}

static int operand(struct evidence *e, const char *value)
{
	if (!e->verb) {
		e->verb = value;
		if (!strcmp(value, "export") || !strcmp(value, "verify"))
			return 0;
		return args_bad(e->args, "expected export or verify, not \"%s\"", value);
	}
	buf_str(&e->query, e->query.len ? " " : "");
	buf_str(&e->query, value);
	return 0;
}

static int take(struct evidence *e, int option)
{
	struct args *a = e->args;

	switch (option) {
	case OPT_DIR:
		e->dir = a->value;
		return 0;
	case OPT_SEQ:
		return add_list(e, bytes_str(a->value));
	case OPT_SINCE:
		return args_time(a, "--since", &e->o.since) ? 0 : EXIT_TROUBLE;
	case OPT_UNTIL:
		return args_time(a, "--until", &e->o.until) ? 0 : EXIT_TROUBLE;
	case OPT_LIMIT:
		return args_count(a, "--limit", EVIDENCE_MAX, &e->o.limit) ? 0 : EXIT_TROUBLE;
	case OPT_OWN:
		e->o.own = true;
		return 0;
	case OPT_OUTPUT:
		e->output = a->value;
		return 0;
	case OPT_KEY:
		e->key = a->value;
		return 0;
	case OPT_CHECKPOINT:
		e->checkpoint = a->value;
		return 0;
	case OPT_RECORDS:
		e->records = true;
		return 0;
	case ARGS_OPERAND:
		return operand(e, a->value);
	default:
		return EXIT_TROUBLE;
	}
}

/* The number of the record in a line of JSON. Inside a string every quote has a backslash before
 * it, and after a string value there is no colon: so these bytes can only be the key itself. */
static bool seq_of(struct bytes line, uint64_t *ret)
{
	struct bytes key = BYTES("\"event.sequence\":");
	size_t at = bytes_find(line, key), n = 0;

	if (at == BYTES_NONE)
		return false;
	line = bytes_from(line, at + key.len);
	while (n < line.len && is_digit(line.at[n]))
		n++;
	return bytes_u64(bytes_sub(line, 0, n), ret);
}

/* The answer of the query, as it is written: NDJSON, of which only the numbers are kept. */
static ssize_t answer_write(void *ctx, const char *text, size_t n)
{
	struct evidence *e = ctx;
	struct bytes rest;
	uint64_t seq;
	size_t lf;

	buf_add(&e->line, text, n);
	rest = buf_view(&e->line);
	while ((lf = bytes_chr(rest, '\n')) != BYTES_NONE) {
		if (!seq_of(bytes_sub(rest, 0, lf), &seq))
			e->no_record = true;
		else if (!add_seq(e, seq))
			e->too_many = true;
		rest = bytes_from(rest, lf + 1);
	}
	memmove(e->line.at, rest.at, rest.len);
	e->line.len = rest.len;
	return (ssize_t)n;
}

static int ask(struct evidence *e)
{
	cookie_io_functions_t io = { .write = answer_write };
	struct query_result result = { 0 };
	struct why why = { "" };
	struct view *view = NULL;
	struct query *q = NULL;
	size_t column = 0;
	int r = query_compile(&q, buf_view(&e->query), clock_real(), &why, &column);

	if (r < 0) {
		args_failed(e->args, &why, r);
		if (column)
			query_caret(stderr, buf_view(&e->query), column);
		return EXIT_TROUBLE;
	}
	r = view_open(&view, e->dir, &why);
	e->o.format = QUERY_JSON;
	e->o.out = mem_must(fopencookie(e, "w", io));
	if (r == 0)
		r = query_run(q, view, &e->o, &result, &why);
	fclose(e->o.out);
	buf_done(&e->line);
	view_free(view);
	query_free(q);
	if (r == -EBADMSG) { /* said now; the rest was found, and is evidence all the same */
		args_failed(e->args, &why, r);
		e->damaged = true;
	} else if (r < 0) {
		return args_failed(e->args, &why, r);
	}
	if (e->no_record)
		return args_bad(e->args, "the query makes a table; evidence needs records");
	if (e->too_many)
		return args_bad(e->args, "the query finds more than %d records", EVIDENCE_MAX);
	return 0;
}

static int compare(const void *x, const void *y)
{
	uint64_t a = *(const uint64_t *)x, b = *(const uint64_t *)y;

	return a < b ? -1 : a > b;
}

static size_t sort_unique(uint64_t *seq, size_t n)
{
	size_t k = 0;

	if (n)
		qsort(seq, n, sizeof(*seq), compare);
	for (size_t i = 0; i < n; i++)
		if (!k || seq[i] != seq[k - 1])
			seq[k++] = seq[i];
	return k;
}

/* Nothing is left behind under the name when it fails. */
static int write_bundle(struct evidence *e, uint64_t *seq, size_t n)
{
	struct why why = { "" };
	FILE *to = stdout;
	int r;

	if (e->output && strcmp(e->output, "-") != 0) {
		int fd = open(e->output, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);

		if (fd < 0)
			return args_bad(e->args, "%s: %s", e->output, strerror(errno));
		to = mem_must(fdopen(fd, "w"));
	}
	r = evidence_export_for(e->dir, seq, n, e->checkpoint, to, &why);
	if (to == stdout)
		return r < 0 ? args_failed(e->args, &why, r) : args_flush(e->args, EXIT_GOOD);
	if (r == 0 && (fflush(to) != 0 || fsync(fileno(to)) < 0))
		r = why_set(&why, -errno, "%s: %s", e->output, strerror(errno));
	fclose(to);
	if (r < 0) {
		unlink(e->output);
		return args_failed(e->args, &why, r);
	}
	fprintf(stderr, "%zu records with their proofs in %s\n", n, e->output);
	return EXIT_GOOD;
}

static int export(struct evidence *e)
{
	size_t n;
	int r;

	if (!e->query.len && !e->seqs.len)
		return args_bad(e->args, "say which records: a query, or --seq");
	if (e->query.len) {
		r = ask(e);
		if (r != 0)
			return r;
	}
	/* aligned: a buf is memory of malloc */
	n = sort_unique((uint64_t *)(void *)e->seqs.at, e->seqs.len / sizeof(uint64_t));
	if (!n) {
		args_bad(e->args, "no record was found; no bundle was written");
		return EXIT_NOT;
	}
	r = write_bundle(e, (uint64_t *)(void *)e->seqs.at, n);
	return r == EXIT_GOOD && e->damaged ? EXIT_TROUBLE : r;
}

static void proven(void *ctx, uint64_t seq, struct bytes raw)
{
	FILE *to = ctx;

	(void)seq;
	fwrite(raw.at, 1, raw.len, to);
	fputc('\n', to);
}

static void tell_bundle(const struct evidence_result *e, bool key, bool json)
{
	struct buf origin = { 0 };

	if (json) {
		json_string(&origin, bytes_str(e->origin));
		printf("{\"intact\":true,\"records\":%llu,\"tree_size\":%llu,\"origin\":%s,"
		       "\"root\":\"%s\"}\n",
		       (unsigned long long)e->records, (unsigned long long)e->tree_size,
		       buf_cstr(&origin), e->root);
	} else {
		text_safe(&origin, bytes_str(e->origin), NULL);
		printf("proven: %llu records of %s, in its tree of %llu\nroot: %s\n",
		       (unsigned long long)e->records, buf_cstr(&origin),
		       (unsigned long long)e->tree_size, e->root);
		if (!key)
			printf("note: checked with the key inside the bundle; --key with a copy "
			       "kept elsewhere proves who made it\n");
	}
	buf_done(&origin);
}

int prove_bundle(struct args *a, const char *path, const char *key, const char *checkpoint,
		 FILE *records, bool json)
{
	struct evidence_result result = { 0 };
	struct why why = { "" };
	FILE *from = strcmp(path, "-") != 0 ? fopen(path, "re") : stdin;
	int r;

	if (!from)
		return args_bad(a, "%s: %s", path, strerror(errno));
	r = evidence_verify(from, key, checkpoint, records ? proven : NULL, records, &result, &why);
	if (from != stdin)
		fclose(from);
	if (r < 0)
		return args_failed(a, &why, r);
	if (r > 0) {
		if (args_flush(a, EXIT_NOT) == EXIT_NOT)
			args_bad(a, "refused: %s", why.line);
		return EXIT_NOT;
	}
	if (!records)
		tell_bundle(&result, key != NULL, json);
	return args_flush(a, EXIT_GOOD);
}

static int evidence_with(struct evidence *e)
{
	int option, r;

	while ((option = args_next(e->args)) != ARGS_END) {
		if (option == ARGS_HELP)
			return EXIT_GOOD;
		r = take(e, option);
		if (r != 0)
			return r;
	}
	if (!e->verb)
		return args_bad(e->args, "say what to do: export or verify");
	if (!strcmp(e->verb, "export"))
		return export(e);
	if (!e->query.len)
		return args_bad(e->args, "say which bundle: its file, or - for standard input");
	return prove_bundle(e->args, buf_cstr(&e->query), e->key, e->checkpoint,
			    e->records ? stdout : NULL, e->output && !strcmp(e->output, "json"));
}

static int run(struct args *a)
{
	struct evidence e = { .args = a, .dir = "/var/lib/vedette/ledger", .o = QUERY_OPTIONS };
	int r = evidence_with(&e);

	buf_done(&e.query);
	buf_done(&e.seqs);
	return r;
}

static const char *const examples[] = {
	"vedette evidence export -d D -o case-17.evidence 'openstack.request_id:\"req-1f0c...\"'",
	"the records of one request, with proofs",
	"vedette evidence verify case-17.evidence --key key.pub",
	"needs the bundle and the public key, no ledger",
	NULL,
};

const struct command command_evidence = {
	.name = "evidence",
	.args = "export -d DIR [-o FILE] QUERY | --seq LIST; evidence verify FILE [--key KEY]",
	.what = "records with proofs, for someone who trusts nobody; and checking them",
	.about = "export writes a bundle (JSON lines, doc/format-ledger.md): the records, for each "
		 "the "
		 "proof that it is in the Merkle tree, the signed checkpoint, the public key.\n\n"
		 "verify checks a bundle. With --key nobody but the holder of the private key can "
		 "have made it; with --checkpoint its tree goes on from one that was kept "
		 "elsewhere.",
	.status = "0 exported or proven, 1 nothing found or refused, 2 trouble.",
	.examples = examples,
	.options = options,
	.options_n = sizeof(options) / sizeof(*options),
	.run = run,
};
