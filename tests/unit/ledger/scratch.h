/* SPDX-License-Identifier: Apache-2.0 */
/* scratch.h — a ledger to try things on: a directory of its own, numbered records, blocks sealed at
 * once as `import` does. */
#pragma once
#include "base/io.h"
#include "ledger/block/build.h"
#include "ledger/ledger.h"
#include "ledger/segment.h"
#include "ledger/verify.h"
#include "ledger/view.h"
#include "tap.h"
#include <fcntl.h>
#include <ftw.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define SCRATCH_T0 ((usec)1700000000 * USEC_PER_SEC)

static inline int scratch_rm(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
	(void)st, (void)flag, (void)ftw;
	return remove(path);
}

static inline void scratch_remove(const char *dir)
{
	nftw(dir, scratch_rm, 32, FTW_DEPTH | FTW_PHYS);
}

/* A fresh directory; its name stays valid. */
static inline const char *scratch_dir(void)
{
	static char name[8][64];
	static int n;
	char *to = name[n++ % 8];
	const char *tmp = access("/dev/shm", W_OK) ? "/tmp" : "/dev/shm";

	snprintf(to, 64, "%s/vedette-test-XXXXXX", tmp);
	return mkdtemp(to);
}

static inline struct ledger *scratch_open(const char *dir, const struct ledger_options *with)
{
	struct ledger_options o = with ? *with : (struct ledger_options){ 0 };
	struct why why = { 0 };
	struct ledger *l = NULL;

	o.dir = dir;
	o.create = true;
	if (!o.origin)
		o.origin = "test.example/ledger";
	if (!o.reserve_bytes)
		o.reserve_bytes = 1;
	if (ledger_open(&l, &o, &why))
		printf("# %s\n", why.line);
	return l;
}

static inline uint32_t scratch_source(struct ledger *l, const char *name)
{
	struct source s = { .kind = SOURCE_FILE, .host = BYTES("host1"), .name = bytes_str(name) };
	uint32_t id = 0;

	return ledger_source(l, &s, &id) ? UINT32_MAX : id;
}

/* "record <i> …" with a length that varies; arrival grows by a millisecond. */
static inline int scratch_put(struct ledger *l, uint32_t source, uint64_t i)
{
	char text[256];
	int n = snprintf(
		text, sizeof(text),
		"2026-11-22 01:02:%02u.%03u %u INFO nova.compute.manager [req-%08x] record %llu "
		"%.*s",
		(unsigned)(i / 1000 % 60), (unsigned)(i % 1000), (unsigned)(i % 7),
		(unsigned)(i * 2654435761u), (unsigned long long)i, (int)(i % 60),
		"abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyzabcdefghij");

	return ledger_put(l, source, SCRATCH_T0 + (usec)i * 1000, END_LF,
			  bytes_of(text, (size_t)n));
}

/* n records from number `from`, committed every `batch`. */
static inline int scratch_fill(struct ledger *l, uint32_t source, uint64_t from, uint64_t n,
			       uint64_t batch)
{
	int r = 0;

	for (uint64_t i = from; i < from + n && !r; i++) {
		r = scratch_put(l, source, i);
		if (!r && (i - from + 1) % batch == 0)
			r = ledger_commit(l);
	}
	return r ? r : ledger_commit(l);
}

/* The payload of a segment's block; fields are left out, so all rows are text. */
static inline int scratch_encode(const char *path, struct buf *ret, struct why *why)
{
	struct builder_options bo = { 0 };
	struct builder *b = NULL;
	struct segment *s = NULL;
	struct event e;
	int r = segment_open(&s, AT_FDCWD, path, why);

	if (r)
		return r;
	r = builder_new(&b, &bo);
	event_reset(&e);
	for (uint32_t i = 0; i < segment_count(s) && !r; i++) {
		struct record rec;

		segment_record(s, i, &rec);
		builder_add(b, &rec, &e);
	}
	if (!r)
		r = builder_finish(b, ret);
	builder_free(b);
	segment_free(s);
	return r;
}

/* Seals the closed segments; returns how many, or -errno. */
static inline int scratch_seal(struct ledger *l)
{
	struct why why = { 0 };
	const char *path;
	uint64_t first;
	int n = 0, r = 0;

	while (!r && ledger_closed_segment(l, &first, &path)) {
		struct buf payload = { 0 };

		r = scratch_encode(path, &payload, &why);
		if (!r)
			r = ledger_adopt(l, first, buf_view(&payload), &why);
		if (r)
			printf("# %s\n", why.line);
		buf_done(&payload);
		n++;
	}
	return r ? r : n;
}

static inline void scratch_say(void *ctx, const char *line)
{
	if (ctx)
		buf_printf(ctx, "%s\n", line);
	else
		printf("# verify: %s\n", line);
}

static inline int scratch_verify_with(const char *dir, const char *key, const char *checkpoint,
				      bool incremental, struct verify_result *ret, struct buf *said)
{
	struct verify_options o = { .dir = dir,
				    .public_key = key,
				    .checkpoint = checkpoint,
				    .incremental = incremental,
				    .say = scratch_say,
				    .ctx = said };
	struct verify_result res = { 0 };
	struct why why = { 0 };
	int r = verify_ledger(&o, &res, &why);

	if (r < 0)
		printf("# cannot tell: %s\n", why.line);
	if (ret)
		*ret = res;
	return r;
}

static inline int scratch_verify(const char *dir)
{
	return scratch_verify_with(dir, NULL, NULL, false, NULL, NULL);
}
