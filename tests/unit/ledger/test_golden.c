/* SPDX-License-Identifier: Apache-2.0 */
/* A ledger of format 1 as it was written, with blocks of text and of columns, dropped blocks, a
 * segment; a checkpoint from before most of it; a bundle of evidence. Whatever reads format 1 must
 * read and prove these very bytes. They are never made anew: a new format gets a folder beside. */
#include "ledger/evidence.h"
#include "scratch.h"

static const char *base;

static const char *in(const char *name)
{
	static char path[4][512];
	static int n;
	char *to = path[n++ % 4];

	snprintf(to, 512, "%s/tests/vectors/ledger/%s", base, name);
	return to;
}

static void test_proven(void)
{
	struct verify_result res;

	is_int(scratch_verify_with(in("golden"), in("golden/key.pub"), in("golden.checkpoint"),
				   false, &res, NULL),
	       0, "is proven, and goes on from the older checkpoint");
	is_int(res.records, 3960, "records");
	is_int(res.dropped_blocks, 6, "dropped blocks");
	is_int(res.unsigned_records, 0, "all signed");
	is_str(res.root, "ed1f5963e73df6da7b390929b3052799d920b475dd8a64c1946e2f69796df976",
	       "root");
}

/* The records of the source that was imported, as they came. */
struct compare {
	struct buf got;
	uint32_t source;
};

static int take(void *ctx, uint32_t row, const struct record *r)
{
	struct compare *c = ctx;

	(void)row;
	if (r->source != c->source)
		return 0;
	buf_bytes(&c->got, r->raw);
	if (record_end(r) == END_LF)
		buf_u8(&c->got, '\n');
	return 0;
}

static void test_read(void)
{
	struct compare c = { .source = UINT32_MAX };
	uint64_t records = 0, live = 0;
	struct buf want = { 0 };
	struct why why = { 0 };
	struct view *v;

	is_int(view_open(&v, in("golden"), &why), 0, "a view %s", why.line);
	ok(!view_harmed(v, &why), "sound");
	for (uint32_t i = 1; i < view_sources(v); i++) {
		if (bytes_eq(view_source(v, i)->name, BYTES("golden.log")))
			c.source = i;
	}
	ok(c.source != UINT32_MAX, "the source is known");
	for (size_t i = 0; i < view_units(v); i++) {
		struct block *b;

		records += view_unit(v, i)->count;
		if (view_unit(v, i)->live) {
			live += view_unit(v, i)->count;
			continue;
		}
		is_int(view_block(v, i, &b, &why), 0, "block %d", (int)i);
		is_int(block_decode(b, NULL, take, &c), 0, "decodes");
		block_free(b);
	}
	is_int(records + view_dropped(v), 3960, "records, and dropped ones");
	ok(live > 0, "some of them in a segment");
	io_read_file(AT_FDCWD, in("golden.log"), 1 << 20, &want);
	is_bytes(buf_view(&c.got), buf_view(&want), "the very bytes");
	view_free(v);
	buf_done(&want);
	buf_done(&c.got);
}

static void test_evidence(void)
{
	struct evidence_result res = { 0 };
	struct why why = { 0 };
	FILE *f = fopen(in("golden.evidence"), "r");

	ok(f != NULL, "a bundle");
	if (!f)
		return;
	is_int(evidence_verify(f, in("golden/key.pub"), in("golden.checkpoint"), NULL, NULL, &res,
			       &why),
	       0, "is proven, tied to the older checkpoint %s", why.line);
	is_int(res.records, 5, "records");
	fclose(f);
}

int main(int argc, char **argv)
{
	base = argc > 1 ? argv[1] : ".";
	test_proven();
	test_read();
	test_evidence();
	return done_testing();
}
