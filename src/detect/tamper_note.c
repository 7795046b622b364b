/* SPDX-License-Identifier: Apache-2.0 */
/* What Vedette noted itself (intake/note.h, intake/configs.h). */
#include "detect/tamper_in.h"
#include "parse/json.h"

struct noted {
	struct tamper *t;
	struct bytes event, path, key, old, new, sha, from, bytes, count, oldest, newest, names;
	int64_t by; /* of our clock, microseconds */
	bool logging;
};

static void leaf(void *ctx, const struct json_leaf *l)
{
	struct noted *n = ctx;
	const struct {
		const char *path;
		struct bytes *to;
	} parts[] = { { "event", &n->event },	{ "path", &n->path },	  { "key", &n->key },
		      { "old", &n->old },	{ "new", &n->new },	  { "sha256", &n->sha },
		      { "from", &n->from },	{ "bytes", &n->bytes },	  { "count", &n->count },
		      { "oldest", &n->oldest }, { "newest", &n->newest }, { "names", &n->names } };

	if (bytes_eq(l->path, BYTES("logging")))
		n->logging = l->type == JSON_TRUE;
	if (bytes_eq(l->path, BYTES("microseconds")))
		bytes_i64(l->value, &n->by);
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
		if (bytes_eq(l->path, bytes_str(parts[i].path)))
			*parts[i].to =
				l->escaped ? json_unescape(&n->t->texts, l->value) : l->value;
}

/* Does the new value make fewer lines than the old one? Then it is told louder. */
static bool quiets(const struct noted *n)
{
	static const char *const levels[] = { "CRITICAL", "FATAL", "ERROR", "50",    "40",
					      "none",	  "emerg", "alert", "QUIET", "crit" };
	static const char *const keys[] = { "rate_limit", "RateLimit", "disable_existing" };
	bool there = bytes_eq(n->new, BYTES("there")); /* a line, of rsyslog or of audit rules */
	struct bytes line = n->key;

	for (size_t i = 0; i < sizeof(levels) / sizeof(levels[0]); i++)
		if (bytes_ieq(n->new, bytes_str(levels[i])))
			return true;
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		if (bytes_find(line, bytes_str(keys[i])) != BYTES_NONE)
			return true;
	if (bytes_ends(line, BYTES(".handlers")) || bytes_ends(line, BYTES(".class")))
		return !n->new.len || bytes_find(n->new, BYTES("Null")) != BYTES_NONE ||
		       bytes_find(n->new, BYTES("null")) != BYTES_NONE;
	if (there)
		return bytes_eq(line, BYTES("-D")) || bytes_starts(line, BYTES("-e 0")) ||
		       bytes_ends(line, BYTES(" stop")) || bytes_eq(line, BYTES("stop")) ||
		       bytes_ends(line, BYTES("~")) || bytes_starts(line, BYTES("-a never"));
	return bytes_eq(n->old, BYTES("there")) &&
	       (bytes_starts(line, BYTES("-w")) || bytes_starts(line, BYTES("-a")));
}

static void config(struct tamper *t, const struct noted *n, const struct item *i, finding_fn *fn,
		   void *ctx)
{
	struct compose *c = &t->compose;

	if (!n->key.len) {
		tamper_begin(t, i, "vedette.tamper.config-changed",
			     "A configuration file was changed", LEVEL_INFORMATIONAL,
			     "attack.t1562");
		compose_entity(c, "file.path", n->path);
		compose_detail(c, "file.hash.sha256", n->sha);
		compose_say_bytes(c, n->path);
		compose_say(c, " was changed, but nothing that decides what is logged");
		compose_tell(c, fn, ctx);
		return;
	}
	tamper_begin(t, i, "vedette.tamper.config-logging",
		     "The configuration of what is logged was changed",
		     quiets(n) ? LEVEL_HIGH : LEVEL_MEDIUM, "attack.t1562.006");
	compose_entity(c, "file.path", n->path);
	compose_detail(c, "vedette.option", n->key);
	compose_detail(c, "vedette.old", n->old);
	compose_detail(c, "vedette.new", n->new);
	compose_detail(c, "file.hash.sha256", n->sha);
	compose_say_bytes(c, n->path);
	compose_say(c, ": ");
	compose_say_bytes(c, n->key);
	compose_say(c, " was changed from \"");
	compose_say_bytes(c, n->old);
	compose_say(c, "\" to \"");
	compose_say_bytes(c, n->new);
	compose_say(c, "\"");
	compose_tell(c, fn, ctx);
}

static void on_file(struct tamper *t, const struct noted *n, const char *words, finding_fn *fn,
		    void *ctx)
{
	struct compose *c = &t->compose;

	compose_entity(c, "file.path", n->path);
	compose_detail(c, "vedette.old", n->old);
	compose_detail(c, "vedette.new", n->new);
	compose_detail(c, "vedette.from", n->from);
	compose_detail(c, "vedette.bytes", n->bytes);
	compose_say_bytes(c, n->path);
	compose_say(c, words);
	compose_tell(c, fn, ctx);
}

static void own_clock(struct tamper *t, const struct noted *n, const struct item *i, finding_fn *fn,
		      void *ctx)
{
	struct compose *c = &t->compose;
	usec size = n->by < 0 ? -n->by : n->by;

	tamper_begin(t, i, "vedette.tamper.own-clock", "The clock of Vedette's host was set",
		     size >= 60 * USEC_PER_SEC ? LEVEL_HIGH : LEVEL_MEDIUM, "attack.t1070.006");
	compose_entity(c, "vedette.about", BYTES("own clock"));
	compose_span(c, "vedette.step", size);
	compose_detail(c, "vedette.direction", n->by > 0 ? BYTES("forward") : BYTES("back"));
	compose_say(c, "the clock of this host was set ");
	compose_say(c, n->by > 0 ? "forward by " : "back by ");
	compose_say_span(c, size);
	compose_tell(c, fn, ctx);
}

static void journal_gap(struct tamper *t, const struct noted *n, const struct item *i,
			finding_fn *fn, void *ctx)
{
	struct compose *c = &t->compose;

	tamper_begin(t, i, "vedette.tamper.journal-gap", "Entries of the journal are gone",
		     LEVEL_HIGH, "attack.t1070.002");
	compose_entity(c, "vedette.about", BYTES("journal"));
	compose_detail(c, "vedette.missing", n->count);
	compose_detail(c, "vedette.oldest", n->oldest);
	compose_detail(c, "vedette.newest", n->newest);
	compose_say(c, "entries of the journal were removed before they could be read");
	if (n->count.len) {
		compose_say(c, ": ");
		compose_say_bytes(c, n->count);
		compose_say(c, " since ");
		compose_say_bytes(c, n->oldest);
	}
	compose_tell(c, fn, ctx);
}

void tamper_note(struct tamper *t, const struct item *i, finding_fn *fn, void *ctx)
{
	struct noted n = { .t = t };

	/* What a rewriter of history is told by begins with one of these letters. */
	if (i->record->raw.len < 14 ||
	    !(i->record->raw.at[10] == 'c' || i->record->raw.at[10] == 'f' ||
	      i->record->raw.at[10] == 'j'))
		return;
	arena_reset(&t->texts);
	if (!json_walk(i->record->raw, leaf, &n))
		return;
	if (bytes_eq(n.event, BYTES("config-changed")) ||
	    bytes_eq(n.event, BYTES("config-replaced"))) {
		config(t, &n, i, fn, ctx);
	} else if (bytes_eq(n.event, BYTES("config-removed"))) {
		tamper_begin(t, i, "vedette.tamper.config-removed",
			     "A configuration file was removed", LEVEL_MEDIUM, "attack.t1562.006");
		on_file(t, &n, " was removed", fn, ctx);
	} else if (bytes_eq(n.event, BYTES("config-unwatched"))) {
		tamper_begin(t, i, "vedette.tamper.config-unwatched",
			     "A configuration of logging is not watched", LEVEL_LOW,
			     "attack.t1562.006");
		compose_detail(&t->compose, "vedette.names", n.names);
		on_file(t, &n, " names a file of logging that watch.config does not", fn, ctx);
	} else if (bytes_eq(n.event, BYTES("config-mode"))) {
		tamper_begin(t, i, "vedette.tamper.config-mode",
			     "Mode or owner of a configuration file was changed", LEVEL_LOW,
			     "attack.t1222.002");
		on_file(t, &n, " has another mode or owner", fn, ctx);
	} else if (bytes_eq(n.event, BYTES("file-rewritten"))) {
		tamper_begin(t, i, "vedette.tamper.rewritten", "A log file was rewritten",
			     LEVEL_HIGH, "attack.t1070.002");
		on_file(t, &n, " was rewritten: what was read of it no longer stands in it", fn,
			ctx);
	} else if (bytes_eq(n.event, BYTES("file-lost"))) {
		tamper_begin(t, i, "vedette.tamper.lost",
			     "A log file was cut off before it was read", LEVEL_HIGH,
			     "attack.t1070.002");
		on_file(t, &n, " was cut off before all of it was read", fn, ctx);
	} else if (bytes_eq(n.event, BYTES("journal-removed"))) {
		tamper_begin(t, i, "vedette.tamper.journal-vacuumed",
			     "Old entries of the journal were thrown away", LEVEL_LOW,
			     "attack.t1070.002");
		on_file(t, &n, " was vacuumed; Vedette had read what was in it", fn, ctx);
	} else if (bytes_eq(n.event, BYTES("journal-gap"))) {
		journal_gap(t, &n, i, fn, ctx);
	} else if (bytes_eq(n.event, BYTES("clock-stepped"))) {
		own_clock(t, &n, i, fn, ctx);
	}
}
