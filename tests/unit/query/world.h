/* SPDX-License-Identifier: Apache-2.0 */
/* world.h — a real ledger of a test's own, in a directory that goes when the test does.
 * Records lie in live segments until world_seal() makes blocks of them. */
#pragma once
#include "base/buf.h"
#include "base/err.h"
#include "ledger/block/build.h"
#include "ledger/ledger.h"
#include "ledger/view.h"
#include "parse/parse.h"
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

struct world {
	char dir[64];
	struct ledger *ledger;
	struct view *view;
};

static inline void world_must(int r, const struct why *why)
{
	if (r >= 0)
		return;
	fprintf(stderr, "Bail out! %d %s\n", r, why ? why->line : "");
	abort();
}

static inline void world_open(struct world *w, uint32_t block_records)
{
	struct ledger_options o = {
		.dir = w->dir, .create = true, .origin = "test", .block_records = block_records
	};
	struct why why = { "" };

	*w = (struct world){ .dir = "/tmp/vedette-query-XXXXXX" };
	if (!mkdtemp(w->dir))
		abort();
	world_must(ledger_open(&w->ledger, &o, &why), &why);
}

static inline uint32_t world_source(struct world *w, enum source_kind kind, const char *host,
				    const char *name)
{
	struct source def = { .kind = kind, .host = bytes_str(host), .name = bytes_str(name) };
	uint32_t id = 0;

	world_must(ledger_source(w->ledger, &def, &id), NULL);
	return id;
}

static inline void world_put(struct world *w, uint32_t source, usec arrival, uint32_t flags,
			     struct bytes raw)
{
	world_must(ledger_put(w->ledger, source, arrival, flags, raw), NULL);
}

static inline void world_commit(struct world *w)
{
	world_must(ledger_commit(w->ledger), NULL);
}

static inline void world_build(struct world *w, struct segment *s, struct buf *payload)
{
	struct builder_options o = { .level = 0 };
	struct arena scratch = { 0 };
	struct event *e = mem_new(1, sizeof(*e));
	struct builder *b;
	struct record r;

	e->scratch = &scratch;
	world_must(builder_new(&b, &o), NULL);
	for (uint32_t i = 0; i < segment_count(s); i++) {
		const struct source *source;
		struct parse_hint hint = { 0 };

		segment_record(s, i, &r);
		hint.arrival = r.arrival;
		source = ledger_source_by_id(w->ledger, r.source);
		if (source) {
			hint.kind = source->kind;
			hint.name = source->name;
			hint.host = source->host;
			hint.year = source->year;
			hint.zone_minutes = source->zone_minutes;
		}
		arena_reset(&scratch);
		parse_record(&hint, r.raw, e);
		builder_add(b, &r, e);
	}
	world_must(builder_finish(b, payload), NULL);
	builder_free(b);
	arena_done(&scratch);
	free(e);
}

/* Makes blocks of all records there are. */
static inline void world_seal(struct world *w)
{
	struct why why = { "" };
	const char *path;
	uint64_t first;

	world_commit(w);
	world_must(ledger_close_segment(w->ledger), NULL);
	while (ledger_closed_segment(w->ledger, &first, &path)) {
		struct buf payload = { 0 };
		struct segment *s;
		int fd;

		fd = open(path, O_RDONLY | O_CLOEXEC);
		world_must(fd < 0 ? -errno : 0, NULL);
		world_must(segment_open_fd(&s, fd, &why), &why);
		world_build(w, s, &payload);
		segment_free(s);
		close(fd);
		world_must(ledger_adopt(w->ledger, first, buf_view(&payload), &why), &why);
		buf_done(&payload);
	}
}

/* What a reader sees now; lent until the next call. */
static inline struct view *world_view(struct world *w)
{
	struct why why = { "" };

	world_commit(w);
	w->view = view_free(w->view);
	world_must(view_open(&w->view, w->dir, &why), &why);
	return w->view;
}

static inline int world_remove(const char *path, const struct stat *st, int kind, struct FTW *f)
{
	(void)st, (void)kind, (void)f;
	return remove(path);
}

static inline void world_done(struct world *w)
{
	w->view = view_free(w->view);
	w->ledger = ledger_close(w->ledger);
	nftw(w->dir, world_remove, 16, FTW_DEPTH | FTW_PHYS);
}
