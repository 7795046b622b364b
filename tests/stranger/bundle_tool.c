/* SPDX-License-Identifier: Apache-2.0 */
/* bundle_tool.c — the program's side of agree.py: makes ledgers and bundles, judges bundles. */
#include "ledger/evidence.h"
#include "ledger/tree/tree.h"
#include "unit/ledger/scratch.h"

#define BUNDLE_MAX (64u << 20)

static const char usage[] =
	"usage: bundle_tool make DIR FROM N\n"
	"    N records more, numbered, of several sources; the last block and segment not full\n"
	"bundle_tool export DIR OUT N SEED [CHECKPOINT]\n"
	"    a bundle of N records drawn at random\n"
	"bundle_tool judge KEY [CHECKPOINT]\n"
	"    reads bundles, u32 length before each; answers y or n for each\n";

static uint64_t state;

static uint64_t rnd(void)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return state * 0x2545f4914f6cdd1du >> 8;
}

static int make(const char *dir, uint64_t from, uint64_t n)
{
	struct ledger_options o = { .block_records = 1000, .checkpoint_every = 1 };
	struct ledger *l = scratch_open(dir, &o);
	int r = l ? 0 : -EIO;

	for (uint64_t i = from; i < from + n && !r; i += 50) {
		char name[32];

		snprintf(name, sizeof(name), "/var/log/%u", (unsigned)(i / 400 % 7));
		r = scratch_fill(l, scratch_source(l, name), i,
				 from + n - i < 50 ? from + n - i : 50, 25);
	}
	if (!r)
		r = scratch_seal(l);
	ledger_close(l);
	return r < 0 ? 2 : 0;
}

static int by_number(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

static int export(const char *dir, const char *out, uint64_t n, const char *checkpoint)
{
	uint64_t *seq = mem_new(n, sizeof(*seq)), size = 0;
	struct why why = { 0 };
	struct view *v;
	size_t k = 0;
	FILE *to;
	int r = view_open(&v, dir, &why);

	if (!r) {
		const struct unit *last = view_unit(v, view_units(v) - 1);

		size = last->first + last->count;
		view_free(v);
	}
	for (uint64_t i = 0; i < n && size; i++)
		seq[i] = rnd() % size;
	if (n)
		qsort(seq, n, sizeof(*seq), by_number);
	for (size_t i = 0; i < n; i++) {
		if (!k || seq[i] != seq[k - 1])
			seq[k++] = seq[i];
	}
	to = fopen(out, "we");
	if (!r)
		r = to ? evidence_export_for(dir, seq, k, checkpoint, to, &why) : -errno;
	if (to)
		fclose(to);
	free(seq);
	if (r)
		fprintf(stderr, "export: %s\n", why.line);
	return r ? 2 : 0;
}

static int judge(const char *key, const char *checkpoint)
{
	uint8_t *bundle = mem_new(BUNDLE_MAX, 1);
	uint32_t len;

	while (fread(&len, sizeof(len), 1, stdin) == 1 && len && len <= BUNDLE_MAX &&
	       fread(bundle, 1, len, stdin) == len) {
		struct evidence_result res;
		struct why why = { 0 };
		FILE *f = fmemopen(bundle, len, "r");

		putchar(evidence_verify(f, key, checkpoint, NULL, NULL, &res, &why) ? 'n' : 'y');
		fclose(f);
		fflush(stdout);
	}
	free(bundle);
	return 0;
}

int main(int argc, char **argv)
{
	const char *cmd = argc > 2 ? argv[1] : "";
	uint64_t n, from;

	if (!strcmp(cmd, "make") && argc == 5 && bytes_u64(bytes_str(argv[3]), &from) &&
	    bytes_u64(bytes_str(argv[4]), &n))
		return make(argv[2], from, n);
	if (!strcmp(cmd, "export") && argc >= 6 && bytes_u64(bytes_str(argv[4]), &n) &&
	    bytes_u64(bytes_str(argv[5]), &state)) {
		state = state * 2 + 88172645463325253u;
		return export(argv[2], argv[3], n, argc > 6 ? argv[6] : NULL);
	}
	if (!strcmp(cmd, "judge"))
		return judge(argv[2], argc > 3 ? argv[3] : NULL);
	fputs(usage, stderr);
	return 2;
}
