/* SPDX-License-Identifier: Apache-2.0 */
/* What is not an entry yet: caps, digests, and the alerts that Alertmanager hears of. */
#include "notify/outbox_in.h"

void outbox_told(struct outbox *o, struct bytes target, struct bytes route, enum level level,
		 usec at)
{
	sqlite3_stmt *st = box_use(o, SQL_TOLD_PUT);

	box_text(st, 1, target);
	box_text(st, 2, route);
	box_int(st, 3, level);
	box_int(st, 4, (uint64_t)at);
	box_run(o, st);
}

static uint64_t told(struct outbox *o, enum box_sql sql, struct bytes target, struct bytes route,
		     enum level level, usec at)
{
	sqlite3_stmt *st = box_use(o, sql);

	box_text(st, 1, target);
	box_text(st, 2, route);
	box_int(st, 3, level);
	box_int(st, 4, (uint64_t)at);
	return box_one(o, st);
}

uint64_t outbox_told_since(struct outbox *o, struct bytes target, struct bytes route,
			   enum level level, usec since)
{
	told(o, SQL_TOLD_OLD, target, route, level, since);
	return told(o, SQL_TOLD_COUNT, target, route, level, since);
}

/* ---- digests ---- */

static sqlite3_stmt *of_route(struct outbox *o, enum box_sql sql, struct bytes target,
			      struct bytes route)
{
	sqlite3_stmt *st = box_use(o, sql);

	box_text(st, 1, target);
	box_text(st, 2, route);
	return st;
}

/* Alert 0 stands for all that have no row of their own. */
static uint64_t row_for(struct outbox *o, struct bytes target, struct bytes route, uint64_t alert)
{
	sqlite3_stmt *st = of_route(o, SQL_DIGEST_HAS, target, route);

	box_int(st, 3, alert);
	if (box_one(o, st) ||
	    box_one(o, of_route(o, SQL_DIGEST_ROWS, target, route)) < OUTBOX_DIGEST)
		return alert;
	return 0;
}

void outbox_digest_add(struct outbox *o, struct bytes target, struct bytes route,
		       const struct outbox_digest *d, usec at)
{
	uint64_t alert = row_for(o, target, route, d->alert);
	sqlite3_stmt *st = of_route(o, SQL_DIGEST_PUT, target, route);

	box_int(st, 3, alert);
	box_int(st, 4, d->level);
	box_int(st, 5, (uint64_t)at);
	box_int(st, 6, d->changes);
	box_int(st, 7, d->findings);
	box_blob(st, 8, d->text);
	box_run(o, st);
}

usec outbox_digest_since(struct outbox *o, struct bytes target, struct bytes route)
{
	uint64_t since = box_one(o, of_route(o, SQL_DIGEST_SINCE, target, route));

	return since ? (usec)since : USEC_NONE;
}

void outbox_digest_each(struct outbox *o, struct bytes target, struct bytes route,
			outbox_digest_fn *fn, void *ctx)
{
	sqlite3_stmt *st = of_route(o, SQL_DIGEST_EACH, target, route);

	while (box_row(o, st)) {
		struct outbox_digest d = { .alert = (uint64_t)sqlite3_column_int64(st, 0),
					   .level = (enum level)sqlite3_column_int(st, 1),
					   .changes = (uint64_t)sqlite3_column_int64(st, 2),
					   .findings = (uint64_t)sqlite3_column_int64(st, 3),
					   .text = box_column(st, 4) };

		fn(ctx, &d);
	}
}

void outbox_digest_clear(struct outbox *o, struct bytes target, struct bytes route)
{
	box_run(o, of_route(o, SQL_DIGEST_CLEAR, target, route));
}

uint64_t outbox_digest_held(struct outbox *o, struct bytes target, struct bytes route)
{
	return box_one(o, of_route(o, SQL_DIGEST_HELD, target, route));
}

/* ---- live alerts ---- */

static uint64_t next_rev(struct outbox *o)
{
	uint64_t rev = outbox_number(o, "rev") + 1;

	outbox_set(o, "rev", rev);
	return rev;
}

bool outbox_live_has(struct outbox *o, struct bytes target, uint64_t alert)
{
	sqlite3_stmt *st = box_use(o, SQL_LIVE_HAS);

	box_text(st, 1, target);
	box_int(st, 2, alert);
	return box_one(o, st) != 0;
}

void outbox_live_put(struct outbox *o, struct bytes target, const struct outbox_live *l)
{
	uint64_t rev = next_rev(o);
	sqlite3_stmt *st = box_use(o, SQL_LIVE_COUNT);

	box_text(st, 1, target);
	if (box_one(o, st) >= OUTBOX_LIVE) {
		st = box_use(o, SQL_LIVE_LEAST);
		box_text(st, 1, target);
		box_run(o, st);
		outbox_add(o, "dropped", target, 1);
	}
	st = box_use(o, SQL_LIVE_OTHERS);
	box_text(st, 1, target);
	box_int(st, 2, l->alert);
	box_int(st, 3, l->level);
	box_int(st, 4, rev);
	box_int(st, 5, (uint64_t)l->at);
	box_run(o, st);
	st = box_use(o, SQL_LIVE_PUT);
	box_text(st, 1, target);
	box_int(st, 2, l->alert);
	box_int(st, 3, l->level);
	box_int(st, 4, rev);
	box_int(st, 5, l->over);
	box_int(st, 6, (uint64_t)l->at);
	box_blob(st, 7, l->text);
	box_run(o, st);
}

size_t outbox_live_due(struct outbox *o, struct bytes target, size_t most, outbox_live_fn *fn,
		       void *ctx)
{
	sqlite3_stmt *st = box_use(o, SQL_LIVE_DUE);
	size_t n = 0;

	box_text(st, 1, target);
	box_int(st, 2, most);
	for (; box_row(o, st); n++) {
		struct outbox_live l = { .alert = (uint64_t)sqlite3_column_int64(st, 0),
					 .level = (enum level)sqlite3_column_int(st, 1),
					 .rev = (uint64_t)sqlite3_column_int64(st, 2),
					 .over = sqlite3_column_int(st, 3) != 0,
					 .at = sqlite3_column_int64(st, 4),
					 .text = box_column(st, 5) };

		fn(ctx, &l);
	}
	return n;
}

void outbox_live_taken(struct outbox *o, struct bytes target, uint64_t rev)
{
	sqlite3_stmt *st = box_use(o, SQL_LIVE_TAKEN);

	box_text(st, 1, target);
	box_int(st, 2, rev);
	box_run(o, st);
	st = box_use(o, SQL_LIVE_OVER);
	box_text(st, 1, target);
	box_run(o, st);
}

void outbox_live_again(struct outbox *o, struct bytes target)
{
	sqlite3_stmt *st = box_use(o, SQL_LIVE_AGAIN);

	box_text(st, 1, target);
	box_run(o, st);
}
