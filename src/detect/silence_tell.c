/* SPDX-License-Identifier: Apache-2.0 */
/* The findings of silence, and what takes them back. */
#include "detect/silence_in.h"

static const struct {
	const char *id, *title;
	enum level level;
	const char *words; /* "…: " before who it is */
	const char *tag;
} causes[CAUSE_N] = {
	[CAUSE_QUIET] = { "vedette.silence.quiet", "A source has fallen silent", LEVEL_MEDIUM,
			  "nothing comes any more from ", "attack.t1562.006" },
	[CAUSE_FILE_REMOVED] = { "vedette.silence.file-removed", "A log file was removed",
				 LEVEL_HIGH, "the log file was removed: ", "attack.t1070.002" },
	[CAUSE_FILE_TRUNCATED] = { "vedette.silence.file-truncated", "A log file was truncated",
				   LEVEL_HIGH, "the log file was cut off and no copy is there: ",
				   "attack.t1070.002" },
	[CAUSE_FILE_REPLACED] = { "vedette.silence.file-replaced",
				  "A log file was replaced by another", LEVEL_HIGH,
				  "another file stands in the place of the log file, without what "
				  "was "
				  "read of the old one: ",
				  "attack.t1070.002" },
	[CAUSE_FILE_UNWRITABLE] = { "vedette.silence.file-unwritable",
				    "A log file can no longer be written or read", LEVEL_HIGH,
				    "the log file cannot be written or read: ",
				    "attack.t1562.006" },
	[CAUSE_WRITER_STOPPED] = { "vedette.silence.writer-stopped",
				   "The process that writes a log was stopped", LEVEL_HIGH,
				   "the process that writes the log is stopped (SIGSTOP): ",
				   "attack.t1562.006" },
	[CAUSE_WRITER_GONE] = { "vedette.silence.writer-gone",
				"The process that writes a log is gone", LEVEL_MEDIUM,
				"no process has the log file open any more: ", "attack.t1489" },
	[CAUSE_SENDER_GONE] = { "vedette.silence.sender-gone", "A sender has gone", LEVEL_MEDIUM,
				"the sender closed its connection and did not come back: ",
				"attack.t1562.006" },
	[CAUSE_PATH_CUT] = { "vedette.silence.path-cut", "The way to us is cut", LEVEL_HIGH,
			     "nothing gets through to us any more from ", "attack.t1562.006" },
	[CAUSE_DISK_FULL] = { "vedette.silence.disk-full", "The disk of a log is full", LEVEL_HIGH,
			      "the disk is full, nothing can be logged: ", "attack.t1499" },
	[CAUSE_LEVEL_MIX] = { "vedette.tamper.level-mix",
			      "A level of lines has vanished while others go on", LEVEL_HIGH,
			      "lines of one level have vanished: ", "attack.t1562.006" },
	[CAUSE_NEVER_SPOKE] = { "vedette.silence.never-spoke", "A source has never spoken",
				LEVEL_MEDIUM, "nothing has ever come from ", "attack.t1562.006" },
};

static const char *const level_words[LEVELS] = { "debug", "info" };

/* What it is about; `names` too for the line. */
static void who(struct compose *c, const struct talker *t)
{
	switch (t->kind) {
	case TALKER_ALL:
		compose_entity(c, "vedette.path", BYTES("everything"));
		compose_say(c, "any source");
		return;
	case TALKER_NET:
		compose_entity(c, "vedette.path", t->name);
		compose_say(c, "the network ");
		compose_say_bytes(c, t->name);
		return;
	default:
		break;
	}
	compose_entity(c, "host.name", t->host);
	compose_entity(c, t->kind == TALKER_PROGRAM ? "process.name" : "vedette.source", t->name);
	if (t->kind != TALKER_HOST)
		compose_say_bytes(c, t->name);
	if (t->host.len || t->kind == TALKER_HOST) {
		compose_say(c, t->kind == TALKER_HOST ? "host " : " of host ");
		compose_say_bytes(c, t->host);
	}
	c->f.source_host = t->host;
	c->f.source_name = t->kind == TALKER_HOST ? BYTES("") : t->name;
}

/* "/var/log/nova/nova-compute.log" is nova-compute's. */
static struct bytes service_of(struct bytes name)
{
	for (size_t i = name.len; i-- > 0;)
		if (name.at[i] == '/') {
			name = bytes_from(name, i + 1);
			break;
		}
	if (bytes_ends(name, BYTES(".log")))
		name.len -= 4;
	return name;
}

static bool is_deed(enum cause c)
{
	return c == CAUSE_FILE_REMOVED || c == CAUSE_FILE_TRUNCATED || c == CAUSE_FILE_REPLACED ||
	       c == CAUSE_FILE_UNWRITABLE || c == CAUSE_LEVEL_MIX;
}

/* Planned, or announced by its own last words: still to be known, not to be woken up for. A window
 * does not excuse what was done to the log itself. */
static void excuse(struct silence *s, const struct talker *t, enum cause cause)
{
	struct compose *c = &s->compose;
	struct calendar_ask ask = {
		c->f.time, t->host, service_of(t->name), { NULL, 0 }, CALENDAR_STOP
	};
	struct bytes window;
	bool bye = t->leaving;

	for (uint32_t up = t->parent; up != NOBODY && !bye; up = s->t[up].parent)
		bye = s->t[up].leaving && s->t[up].kind == TALKER_HOST;
	if (is_deed(cause))
		return;
	if (calendar_covers(s->o.calendar, &ask, &window)) {
		c->f.level = LEVEL_INFORMATIONAL;
		compose_detail(c, "vedette.window", window);
		compose_say(c, " (planned)");
	} else if (bye) {
		c->f.level = LEVEL_LOW;
		compose_detail(c, "vedette.last_words", BYTES("it said that it stops"));
		compose_say(c, " (it said that it stops)");
	}
}

static void lengths(struct silence *s, const struct talker *t, usec now, const struct judgement *j)
{
	struct compose *c = &s->compose;

	if (!t->any.n)
		return;
	compose_span(c, "vedette.silent_for", now - t->any.last);
	if (j && j->expected) {
		compose_span(c, "vedette.expected_gap", j->expected);
		compose_number(c, "vedette.expected_gap_seconds",
			       (uint64_t)(j->expected / USEC_PER_SEC));
		compose_say(c, ": silent for ");
		compose_say_span(c, now - t->any.last);
		compose_say(c, ", expected at most ");
		compose_say_span(c, j->expected);
	}
	if (t->any.n > 1)
		compose_span(c, "vedette.usual_gap",
			     (t->any.last - t->any.first) / (usec)(t->any.n - 1));
	compose_time(c, "vedette.last_record", t->last_real);
}

static void begin(struct silence *s, const struct talker *t, enum cause cause, usec now)
{
	bool by_time = t && t->parent == NOBODY && t->kind == TALKER_SOURCE;

	compose_begin(&s->compose, causes[cause].id, causes[cause].title, causes[cause].level,
		      by_time ? now : real_of(s, now));
	compose_tag(&s->compose, causes[cause].tag);
	compose_say(&s->compose, causes[cause].words);
}

static unsigned below(const struct silence *s, uint32_t above)
{
	unsigned n = 0;

	for (size_t i = 0; i < s->n; i++)
		for (uint32_t up = s->t[i].kind == TALKER_SOURCE ? s->t[i].parent : NOBODY;
		     up != NOBODY; up = s->t[up].parent)
			n += up == above;
	return n;
}

void tell_talker(struct silence *s, struct talker *t, enum cause cause, usec now,
		 const struct judgement *j, finding_fn *fn, void *ctx)
{
	struct compose *c = &s->compose;
	bool group = t->kind == TALKER_ALL || t->kind == TALKER_NET || t->kind == TALKER_HOST;

	begin(s, t, cause, now);
	who(c, t);
	if (t->any.n)
		c->f.since = c->f.time - (now - t->any.last);
	lengths(s, t, now, j);
	if (t->any.n) { /* the last that was heard of it */
		c->proof = (struct record_ref){ .seq = t->last_seq,
						.line = t->last_line,
						.file = t->last_seq == SEQ_NONE ? t->name
										: BYTES("") };
		c->f.proofs_n = 1;
	}
	if (group)
		compose_number(c, "vedette.sources", below(s, talker_index(s, t)));
	excuse(s, t, cause);
	/* a deed is over when it is told; the source may go on */
	if (cause != CAUSE_FILE_TRUNCATED && cause != CAUSE_FILE_REPLACED) {
		t->told = cause;
		t->told_at = now;
	}
	s->counts.told++;
	compose_tell(c, fn, ctx);
}

void tell_note(struct silence *s, struct talker *t, enum cause cause, const struct item *i,
	       usec now, finding_fn *fn, void *ctx)
{
	struct compose *c = &s->compose;

	begin(s, t, cause, now);
	who(c, t);
	compose_item(c, i);
	c->f.source_host = t->host;
	c->f.source_name = t->name;
	compose_time(c, "vedette.last_record", t->last_real);
	compose_detail(c, "vedette.note", i->record->raw);
	excuse(s, t, cause);
	if (cause != CAUSE_FILE_REPLACED) {
		t->told = cause;
		t->told_at = now;
	}
	s->counts.told++;
	compose_tell(c, fn, ctx);
}

/* What is over when the source speaks again. What was done to a log itself (is_deed) is not: it
 * stays open until a person has looked at it, or else whoever puts the file back closes it. */
#define OVER                                                                                       \
	"vedette.silence.quiet vedette.silence.sender-gone vedette.silence.path-cut "              \
	"vedette.silence.writer-stopped vedette.silence.writer-gone vedette.silence.disk-full "    \
	"vedette.silence.never-spoke"

static void begin_back(struct silence *s, enum cause cause, usec time)
{
	compose_begin(&s->compose, "vedette.silence.back", "A silent source speaks again",
		      LEVEL_INFORMATIONAL, time);
	s->compose.f.ends = BYTES(OVER);
	compose_say(&s->compose, "it speaks again: ");
	compose_detail(&s->compose, "vedette.closes", bytes_str(causes[cause].id));
}

void tell_back(struct silence *s, struct talker *t, const struct item *i, usec now, finding_fn *fn,
	       void *ctx)
{
	struct compose *c = &s->compose;
	enum cause was = t->told;
	bool by_time = t->parent == NOBODY && t->kind == TALKER_SOURCE;

	t->told = CAUSE_NONE;
	t->cover = NOBODY;
	t->pending = CAUSE_NONE;
	if (was == CAUSE_COVERED)
		return;
	begin_back(s, was, by_time ? now : real_of(s, now));
	who(c, t);
	compose_item(c, i);
	if (t->any.n)
		c->f.since = c->f.time - (now - t->any.last);
	compose_span(c, "vedette.silent_for", now - t->any.last);
	compose_say(c, " was silent for ");
	compose_say_span(c, now - t->any.last);
	if (t->any.last > t->any.first && now > t->any.last) {
		double rate = (double)t->any.n / (double)(t->any.last - t->any.first);
		double missed = rate * (double)(now - t->any.last);

		compose_number(c, "vedette.estimated_records",
			       missed < 1e15 ? (uint64_t)missed : (uint64_t)1e15);
	}
	s->counts.back++;
	compose_tell(c, fn, ctx);
}

void tell_level(struct silence *s, struct talker *t, unsigned level, usec now, bool back,
		finding_fn *fn, void *ctx)
{
	struct compose *c = &s->compose;
	const struct pulse *p = &t->level[level].pulse;

	if (back)
		begin_back(s, CAUSE_LEVEL_MIX, t->parent == NOBODY ? now : real_of(s, now));
	else
		begin(s, t, CAUSE_LEVEL_MIX, now);
	compose_say(c, level_words[level]);
	compose_say(c, " lines of ");
	who(c, t);
	compose_entity(c, "log.level", bytes_str(level_words[level]));
	compose_span(c, "vedette.silent_for", now - p->last);
	compose_number(c, "vedette.other_records", t->level[level].others);
	if (!back) {
		compose_span(c, "vedette.expected_gap", p->judged.expected);
		c->f.since = c->f.time - (now - p->last);
		c->f.count = t->level[level].others;
		s->counts.told++;
	} else {
		s->counts.back++;
	}
	compose_tell(c, fn, ctx);
}

void tell_never(struct silence *s, const struct wanted *w, usec now, bool back, finding_fn *fn,
		void *ctx)
{
	struct compose *c = &s->compose;

	if (back)
		begin_back(s, CAUSE_NEVER_SPOKE, real_of(s, now));
	else
		begin(s, NULL, CAUSE_NEVER_SPOKE, now);
	compose_entity(c, "host.name", w->is.host);
	compose_entity(c, "vedette.source", w->is.name);
	compose_say_bytes(c, w->is.name.len ? w->is.name : BYTES("any source"));
	if (w->is.host.len) {
		compose_say(c, " of host ");
		compose_say_bytes(c, w->is.host);
	}
	compose_span(c, "vedette.silent_for", now - s->began);
	c->f.since = c->f.time - (now - s->began);
	if (back)
		s->counts.back++;
	else
		s->counts.told++;
	compose_tell(c, fn, ctx);
}

void tell_gone(struct silence *s, struct talker *t, usec now, finding_fn *fn, void *ctx)
{
	struct compose *c = &s->compose;

	compose_begin(c, "vedette.silence.gone", "A silent source is taken for gone",
		      LEVEL_INFORMATIONAL, real_of(s, now));
	compose_say(c, "it is forgotten: ");
	who(c, t);
	compose_detail(c, "vedette.closes", bytes_str(causes[t->told].id));
	lengths(s, t, now, NULL);
	compose_tell(c, fn, ctx);
}
