/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/import/run.h"
#include "cmd/birth.h"
#include "cmd/import/sealer.h"
#include "cmd/import/show.h"
#include "cmd/serve/places.h"
#include "intake/reader.h"
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define COMMIT_BYTES ((size_t)4 << 20)
#define COMMIT_EVERY USEC_PER_SEC /* what a slow pipe gives need not wait for more */
#define CLOCK_STEPS 256 /* records between two looks at the clock */

struct import {
	const struct import_options *o;
	struct ledger *ledger;
	struct sealer *sealer;
	struct places *places;
	struct lines_limits limits;
	struct import_result result;
	struct show show;
	struct why *why;
	/* of the file being read */
	struct reader *reader;
	uint32_t id, place;
	bool keeps_place;
	unsigned steps;
	usec now, committed;
};

static int trouble(struct import *im, int r)
{
	if (r == -ENOSPC)
		return why_set(im->why, r,
			       "%s: the disk is full; what was imported so far is kept: make room "
			       "and run the same command again",
			       im->o->dir);
	return why_set(im->why, r, "%s: %s", im->o->dir, strerror(-r));
}

/* The place in the file becomes durable with the records before it. */
static int store_place(struct import *im)
{
	struct buf b = { 0 };
	int r;

	if (!im->keeps_place)
		return 0;
	reader_position(im->reader, &b);
	r = ledger_position(im->ledger, im->place, buf_view(&b));
	buf_done(&b);
	return r;
}

static int commit(struct import *im)
{
	int r = store_place(im);

	if (r == 0)
		r = ledger_commit(im->ledger);
	if (r < 0)
		return trouble(im, r);
	if (im->o->ack) {
		printf("%llu\n", (unsigned long long)im->result.records);
		fflush(stdout);
	}
	im->now = im->committed = clock_real();
	r = ledger_tick(im->ledger, im->now);
	if (r < 0)
		return trouble(im, r);
	return sealer_step(im->sealer, false, im->why);
}

/* What a slow pipe gave is made durable at once: nobody knows when more will come. */
static bool pipe_is_empty(void)
{
	struct pollfd p = { .fd = STDIN_FILENO, .events = POLLIN };

	return poll(&p, 1, 0) == 0;
}

static int take(void *ctx, const struct reader_record *record)
{
	struct import *im = ctx;
	int r;

	if (im->steps++ % CLOCK_STEPS == 0 || !im->keeps_place)
		im->now = clock_real();
	r = ledger_put(im->ledger, im->id, im->now, record->flags, record->raw);
	if (r < 0)
		return trouble(im, r);
	im->result.records++;
	im->result.bytes += record->raw.len;
	show_step(&im->show, &im->result, im->reader);
	if (ledger_pending(im->ledger) >= COMMIT_BYTES || im->now - im->committed > COMMIT_EVERY ||
	    (!im->keeps_place && pipe_is_empty())) {
		r = commit(im);
		if (r < 0)
			return r;
	}
	return *im->o->interrupted ? -EINTR : 0;
}

static int define(struct import *im, const char *path)
{
	char full[PATH_MAX];
	const char *name = im->o->source;
	struct source def = { .kind = SOURCE_IMPORT,
			      .host = bytes_str(im->o->host),
			      .year = im->o->year,
			      .zone_minutes = im->o->zone_minutes };
	int r;

	im->keeps_place = strcmp(path, "-") != 0;
	if (!name && !im->keeps_place)
		name = "stdin";
	if (!name)
		name = realpath(path, full) ? full : path;
	def.name = bytes_sub(bytes_str(name), 0, 4096);
	r = ledger_source(im->ledger, &def, &im->id);
	if (r < 0)
		return trouble(im, r);
	im->place = places_of(im->places, &def, im->id);
	return 0;
}

/* 0, or READER_BROKEN when the end of it cannot be read. */
static int read_file(struct import *im, const char *path)
{
	uint64_t before = im->result.records;
	struct bytes known;
	bool resumed = false;
	int r = define(im, path), end;

	if (r < 0)
		return r;
	known = im->keeps_place && !im->o->again ? ledger_position_of(im->ledger, im->place)
						 : (struct bytes){ NULL, 0 };
	if (known.len) {
		r = reader_resume(im->reader, known, im->why);
		if (r < 0)
			return r;
		resumed = r == 0;
	}
	end = reader_run(im->reader, take, im, im->why);
	if (end < 0 && end != -EINTR)
		return end;
	if (end == 0 && resumed && im->result.records == before) {
		im->result.refused++;
		show_line(&im->show, "%s: imported already; --again imports it once more", path);
		return 0;
	}
	im->result.files++;
	if (end == READER_BROKEN) { /* what it said must outlive the commit */
		struct why broken = *im->why;

		r = commit(im);
		if (r == 0)
			*im->why = broken;
	} else {
		r = commit(im);
	}
	return r < 0 ? r : end;
}

static int import_file(struct import *im, const char *path)
{
	int r = reader_open(&im->reader, path, &im->limits, im->why);

	if (r < 0)
		return r;
	show_file(&im->show, path);
	r = read_file(im, path);
	im->reader = reader_free(im->reader);
	return r == 0 && *im->o->interrupted ? -EINTR : r;
}

/* ---- the whole ---- */

static int open_ledger(struct import *im)
{
	struct ledger_options lo = { .dir = im->o->dir, .create = true };
	int fd = open(im->o->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC), r;
	bool fresh = fd < 0 || birth_pending(fd);
	struct ledger_counts n;

	if (fd >= 0)
		close(fd);
	r = ledger_open(&im->ledger, &lo, im->why);
	if (r < 0)
		return r;
	fd = open(im->o->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fresh && fd >= 0)
		birth_say(fd, im->o->dir);
	if (fd >= 0)
		close(fd);
	im->places = places_new();
	ledger_counts(im->ledger, &n);
	for (uint32_t id = 1; id < n.sources; id++) {
		const struct source *s = ledger_source_by_id(im->ledger, id);

		if (s)
			places_of(im->places, s, id);
	}
	return sealer_new(&im->sealer, im->ledger);
}

static int finish(struct import *im)
{
	int r = ledger_commit(im->ledger);

	if (r == 0)
		r = ledger_close_segment(im->ledger);
	if (r < 0)
		return trouble(im, r);
	show_sealing(&im->show);
	r = sealer_step(im->sealer, true, im->why);
	if (r == 0) {
		r = ledger_checkpoint(im->ledger);
		if (r < 0)
			trouble(im, r);
	}
	return r;
}

_Static_assert((int)IMPORT_BROKEN == (int)READER_BROKEN, "passed on as it is");
int import_files(const struct import_options *o, char *const *path, size_t n,
		 struct import_result *ret, struct why *why)
{
	struct import im = { .o = o, .why = why };
	int r, end;

	reader_limits_default(&im.limits);
	im.limits.record = o->max_line;
	if (!o->join)
		im.limits.joined_lines = 0;
	show_begin(&im.show, o->bar, o->progress);
	r = open_ledger(&im);
	for (size_t i = 0; r == 0 && i < n; i++)
		r = import_file(&im, path[i]);
	show_end(&im.show);
	/* Also after trouble with a file: what is there gets its seal. */
	if (im.sealer && (r == 0 || r == -EINTR || r == READER_BROKEN)) {
		struct why later = *why;

		end = finish(&im);
		if (end == 0)
			*why = later;
		r = end < 0 ? end : r;
	}
	sealer_free(im.sealer);
	ledger_close(im.ledger);
	places_free(im.places);
	*ret = im.result;
	return r;
}
