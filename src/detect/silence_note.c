/* SPDX-License-Identifier: Apache-2.0 */
/* What Vedette itself noted about a source (intake/note.h) tells why it may fall silent.
 * Three kinds: what is told at once, for it is a deed whether the source goes on or not (truncated,
 * replaced by other content); what is told unless the source speaks again within the grace
 * (removed, its writer gone); and what only names the cause when the source is overdue. */
#include "detect/silence_in.h"
#include "parse/json.h"

struct noted {
	struct bytes event, how;
	uint64_t source, same, connections;
	bool has_source, same_set;
};

static void leaf(void *ctx, const struct json_leaf *l)
{
	struct noted *n = ctx;

	if (bytes_eq(l->path, BYTES("event")) && l->type == JSON_STRING)
		n->event = l->value;
	else if (bytes_eq(l->path, BYTES("how")) && l->type == JSON_STRING)
		n->how = l->value;
	else if (bytes_eq(l->path, BYTES("source")) && bytes_u64(l->value, &n->source))
		n->has_source = true;
	else if (bytes_eq(l->path, BYTES("same")) && bytes_u64(l->value, &n->same))
		n->same_set = true;
	else if (bytes_eq(l->path, BYTES("connections")))
		bytes_u64(l->value, &n->connections);
}

enum when { AT_ONCE, AFTER_COPY, AFTER_GRACE, AFTER_WRITER, NAMES };

static const struct {
	const char *event;
	enum cause cause;
	enum when when;
} known[] = {
	{ "file-removed", CAUSE_FILE_REMOVED, AFTER_GRACE },
	{ "file-missing", CAUSE_FILE_REMOVED, AFTER_GRACE },
	{ "file-truncated", CAUSE_FILE_TRUNCATED, AFTER_COPY },
	{ "file-replaced", CAUSE_FILE_REPLACED, AT_ONCE },
	{ "file-mode", CAUSE_FILE_UNWRITABLE, AT_ONCE },
	{ "file-error", CAUSE_FILE_UNWRITABLE, NAMES },
	{ "writer-stopped", CAUSE_WRITER_STOPPED, AT_ONCE },
	{ "writer-gone", CAUSE_WRITER_GONE, AFTER_WRITER },
	{ "disk-full", CAUSE_DISK_FULL, AT_ONCE },
};

static void pend(struct talker *t, enum cause cause, usec now, usec due)
{
	t->pending = cause;
	t->noted = now;
	t->due = due;
}

static void about(struct silence *s, struct talker *t, const struct noted *n, size_t k,
		  const struct item *i, usec now, finding_fn *fn, void *ctx)
{
	enum cause cause = known[k].cause;
	/* A log that nobody wrote to for long is tidied away: that is no news. */
	bool stale = pulse_known(s, &t->any) ? now - t->any.last > 2 * t->any.judged.expected &&
						       now - t->any.last > USEC_PER_DAY
					     : now - t->any.last > USEC_PER_DAY;

	switch (known[k].when) {
	case AT_ONCE:
		if (cause == CAUSE_FILE_REPLACED && n->same_set && n->same) {
			/* the same content under its name: an editor, sed -i; nothing is lost */
			t->pending = CAUSE_NONE;
			return;
		}
		if (t->told != cause)
			tell_note(s, t, cause, i, now, fn, ctx);
		if (cause != CAUSE_FILE_REPLACED)
			pend(t, cause, now, INT64_MAX);
		break;
	case AFTER_COPY: /* a copy beside it (copytruncate of logrotate) is found soon or never */
		pend(t, cause, now, now + 5 * USEC_PER_SEC);
		break;
	case AFTER_GRACE:
		pend(t, cause, now, stale ? INT64_MAX : now + 3 * USEC_PER_SEC);
		break;
	case AFTER_WRITER:
		pend(t, cause, now, stale ? INT64_MAX : now + s->o.grace);
		break;
	case NAMES:
		if (!t->pending)
			pend(t, cause, now, INT64_MAX);
		break;
	}
}

/* A connection that timed out was cut, not closed: that is told unless it is back at once. */
static void on_connection(struct talker *t, const struct noted *n, usec now)
{
	if (bytes_eq(n->event, BYTES("peer-connected"))) {
		t->connected = true;
		t->closed = false;
		if (t->pending == CAUSE_PATH_CUT)
			t->pending = CAUSE_NONE;
	} else if (bytes_eq(n->event, BYTES("peer-closed")) && !n->connections) {
		t->connected = false;
		t->closed = true;
		if (bytes_eq(n->how, BYTES("timed-out")) && !t->told)
			pend(t, CAUSE_PATH_CUT, now, now + 5 * USEC_PER_SEC);
	}
}

/* What has an end of its own, whether the source speaks or not. */
static const struct {
	const char *event;
	enum cause ends;
} ends[] = {
	{ "file-mode-back", CAUSE_FILE_UNWRITABLE }, { "disk-room", CAUSE_DISK_FULL },
	{ "writer-goes-on", CAUSE_WRITER_STOPPED },  { "writer-back", CAUSE_WRITER_GONE },
	{ "file-rotated", CAUSE_FILE_UNWRITABLE },   { "file-replaced", CAUSE_FILE_UNWRITABLE },
};

static void on_end(struct silence *s, struct talker *t, const struct noted *n, const struct item *i,
		   usec now, finding_fn *fn, void *ctx)
{
	for (size_t k = 0; k < sizeof(ends) / sizeof(ends[0]); k++) {
		if (!bytes_eq(n->event, bytes_str(ends[k].event)))
			continue;
		if (t->told == ends[k].ends)
			tell_back(s, t, i, now, fn, ctx);
		if (t->pending == ends[k].ends)
			t->pending = CAUSE_NONE;
	}
}

void silence_note(struct silence *s, const struct item *i, finding_fn *fn, void *ctx)
{
	struct noted n = { 0 };
	usec now = awake_of(s, i->record->arrival);
	struct talker *t;

	if (!json_walk(i->record->raw, leaf, &n))
		return;
	if (bytes_eq(n.event, BYTES("heartbeat"))) {
		s->heartbeats = true;
		return;
	}
	if (!n.has_source || n.source > UINT32_MAX || !(t = talker_by_id(s, (uint32_t)n.source)) ||
	    s->o.by_time)
		return;
	on_connection(t, &n, now);
	on_end(s, t, &n, i, now, fn, ctx);
	/* rotated, or the rest was read from a copy: what came before is explained */
	if ((bytes_eq(n.event, BYTES("file-rotated")) || bytes_eq(n.event, BYTES("file-copy"))) &&
	    t->pending)
		t->pending = CAUSE_NONE;
	for (size_t k = 0; k < sizeof(known) / sizeof(known[0]); k++)
		if (bytes_eq(n.event, bytes_str(known[k].event)))
			about(s, t, &n, k, i, now, fn, ctx);
}
