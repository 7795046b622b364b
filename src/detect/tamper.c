/* SPDX-License-Identifier: Apache-2.0 */
/* What the lines themselves say: an ordinary record is passed by after a look at which fields it
 * has, without a search in any text. */
#include "detect/tamper_in.h"
#include <stdlib.h>

#define RESTARTS_WITHIN (15 * USEC_PER_SEC)

int tamper_new(struct tamper **ret)
{
	struct tamper *t = mem_new(1, sizeof(*t));

	t->behind = keyed_new(sizeof(struct source_clock), TAMPER_KEYS, NULL);
	t->sequences = keyed_new(sizeof(struct sequence), TAMPER_KEYS, NULL);
	t->stops = keyed_new(sizeof(struct stopped), TAMPER_KEYS, NULL);
	*ret = t;
	return 0;
}

struct tamper *tamper_free(struct tamper *t)
{
	if (!t)
		return NULL;
	keyed_free(t->behind);
	keyed_free(t->sequences);
	keyed_free(t->stops);
	free(t->clocks);
	compose_done(&t->compose);
	arena_done(&t->texts);
	free(t);
	return NULL;
}

static struct bytes host_of(const struct item *i)
{
	struct bytes host = event_get(i->event, FIELD_HOST_NAME);

	if (!host.len)
		host = event_get(i->event, FIELD_SYSLOG_HOSTNAME);
	return !host.len && i->source ? i->source->host : host;
}

void tamper_begin(struct tamper *t, const struct item *i, const char *id, const char *title,
		  enum level level, const char *tag)
{
	struct compose *c = &t->compose;

	compose_begin(c, id, title, level, i->time);
	compose_item(c, i);
	compose_tag(c, tag);
	compose_entity(c, "host.name", host_of(i));
}

/* An item's own words are what there is to say. */
static void tell_line(struct tamper *t, const struct item *i, struct bytes about, const char *words,
		      finding_fn *fn, void *ctx)
{
	struct compose *c = &t->compose;

	compose_entity(c, "vedette.about", about);
	compose_detail(c, "message", event_get(i->event, FIELD_MESSAGE));
	compose_say(c, words);
	if (about.len) {
		compose_say(c, " of ");
		compose_say_bytes(c, about);
	}
	compose_say(c, ": ");
	compose_say_bytes(c, event_get(i->event, FIELD_MESSAGE));
	compose_tell(c, fn, ctx);
}

static bool has(struct bytes b, const char *part)
{
	return bytes_find(b, bytes_str(part)) != BYTES_NONE;
}

/* oslo.config: "Option DEFAULT.debug changed from [..] to [..]", "Ignoring change to immutable …".
 * The second is told as well: the file says it, and the next start makes it true. */
static void option(struct tamper *t, const struct item *i, finding_fn *fn, void *ctx)
{
	struct bytes name = event_get(i->event, FIELD_OS_CONFIG_OPTION), what = name;
	size_t dot = bytes_chr(name, '.');
	bool now = bytes_eq(event_get(i->event, FIELD_EVENT_OUTCOME), BYTES("success"));
	struct compose *c = &t->compose;

	if (dot != BYTES_NONE)
		what = bytes_from(name, dot + 1);
	if (!has(what, "log") && !has(what, "debug") && !has(what, "verbose") &&
	    !has(what, "rate_limit") && !has(what, "publish_errors") && !has(what, "notif") &&
	    !bytes_starts(what, BYTES("use_")))
		return;
	tamper_begin(t, i, "vedette.tamper.level-changed", "What a service logs was changed",
		     now ? LEVEL_MEDIUM : LEVEL_LOW, "attack.t1562.006");
	compose_entity(c, "vedette.source", i->source ? i->source->name : name);
	compose_detail(c, "vedette.option", name);
	compose_detail(c, "vedette.old", event_get(i->event, FIELD_OS_CONFIG_OLD));
	compose_detail(c, "vedette.new", event_get(i->event, FIELD_OS_CONFIG_NEW));
	compose_say_bytes(c, event_get(i->event, FIELD_MESSAGE));
	if (!now)
		compose_say(c, " (it is in force after the next start)");
	compose_tell(c, fn, ctx);
}

static void audit_config(struct tamper *t, const struct item *i, finding_fn *fn, void *ctx)
{
	struct bytes text = event_get(i->event, FIELD_MESSAGE);
	bool off = has(text, "audit_enabled=0"), remove = has(text, "remove_rule");

	if (has(text, "res=0"))
		return; /* refused */
	tamper_begin(t, i, off ? "vedette.tamper.audit-disabled" : "vedette.tamper.audit-changed",
		     off ? "Auditing was switched off" : "Auditing was configured anew",
		     off      ? LEVEL_HIGH
		     : remove ? LEVEL_MEDIUM
			      : LEVEL_LOW,
		     "attack.t1562.012");
	compose_detail(&t->compose, "user.audit.id", event_get(i->event, FIELD_AUDIT_AUID));
	tell_line(t, i, BYTES("auditd"),
		  off ? "auditing was switched off" : "auditing was configured anew", fn, ctx);
}

static void dropped(struct tamper *t, const struct item *i, struct bytes about, finding_fn *fn,
		    void *ctx)
{
	tamper_begin(t, i, "vedette.tamper.rate-limited", "Lines were thrown away by a rate limit",
		     LEVEL_MEDIUM, "attack.t1562.006");
	tell_line(t, i, about, "lines were thrown away", fn, ctx);
}

/* ---- daemons ---- */

static const char *daemon_of(struct bytes unit)
{
	static const char *const daemons[] = { "rsyslog",   "systemd-journald", "auditd",
					       "syslog-ng", "fluentd",		"fluent-bit",
					       "td-agent",  "filebeat",		"promtail" };

	for (size_t i = 0; i < sizeof(daemons) / sizeof(daemons[0]); i++)
		if (bytes_starts(unit, bytes_str(daemons[i])))
			return daemons[i];
	return NULL;
}

static struct stopped *stop_of(struct tamper *t, const struct item *i, const char *daemon)
{
	struct buf key = { 0 };
	struct stopped *s;
	struct bytes host = host_of(i);
	bool fresh;

	buf_str(&key, daemon);
	buf_u8(&key, 0);
	buf_bytes(&key, bytes_sub(host, 0, 120));
	s = keyed_get(t->stops, buf_view(&key), &fresh);
	buf_done(&key);
	if (fresh) {
		memcpy(s->daemon, daemon, strlen(daemon));
		if (host.len)
			memcpy(s->host, host.at, host.len < 120 ? host.len : 120);
	}
	return s;
}

static void daemon_stops(struct tamper *t, const struct item *i, const char *daemon)
{
	struct stopped *s = stop_of(t, i, daemon);

	if (s->at)
		return; /* the daemon and systemd both say it */
	s->at = i->time;
	s->ref = i->ref;
	s->ref.file = s->ref.id = BYTES(""); /* lent: they are gone by the time it is told */
}

static void daemon_starts(struct tamper *t, const struct item *i, const char *daemon,
			  finding_fn *fn, void *ctx)
{
	struct stopped *s = stop_of(t, i, daemon);

	if (!s->at)
		return;
	s->at = 0;
	tamper_begin(t, i, "vedette.tamper.logger-restarted", "A log daemon was started again",
		     LEVEL_INFORMATIONAL, "attack.t1562.001");
	tell_line(t, i, bytes_str(daemon), "started again", fn, ctx);
}

static void tell_stop(struct tamper *t, struct stopped *s, finding_fn *fn, void *ctx)
{
	struct compose *c = &t->compose;

	compose_begin(c, "vedette.tamper.logger-stopped", "A log daemon was stopped", LEVEL_HIGH,
		      s->at);
	c->proof = s->ref;
	c->f.proofs_n = 1;
	c->f.source_host = bytes_str(s->host);
	compose_tag(c, "attack.t1562.001");
	compose_entity(c, "host.name", bytes_str(s->host));
	compose_entity(c, "vedette.about", bytes_str(s->daemon));
	compose_say(c, s->daemon);
	compose_say(c, " of host ");
	compose_say(c, s->host);
	compose_say(c, " was stopped, and has not been started again");
	compose_tell(c, fn, ctx);
	s->at = 0;
}

static const char *daemon_named(const struct item *i)
{
	struct bytes data = event_get(i->event, FIELD_EVENT_DATASET);

	if (bytes_eq(data, BYTES("journald")))
		return "systemd-journald";
	return daemon_of(data);
}

/* ---- the way of a record ---- */

static void log_action(struct tamper *t, const struct item *i, struct bytes did, finding_fn *fn,
		       void *ctx)
{
	const char *daemon = daemon_named(i);

	if (bytes_eq(did, BYTES("log-dropped"))) {
		struct bytes unit = event_get(i->event, FIELD_SYSTEMD_UNIT);

		dropped(t, i, unit.len ? unit : bytes_str(daemon), fn, ctx);
	} else if (bytes_eq(did, BYTES("log-stop")) && daemon) {
		daemon_stops(t, i, daemon);
	} else if (bytes_eq(did, BYTES("log-start")) && daemon) {
		daemon_starts(t, i, daemon, fn, ctx);
	} else if (bytes_eq(did, BYTES("log-vacuumed")) || bytes_eq(did, BYTES("log-corrupt"))) {
		tamper_begin(t, i, "vedette.tamper.journal-vacuumed",
			     "Old entries of the journal were thrown away", LEVEL_LOW,
			     "attack.t1070.002");
		tell_line(t, i, bytes_str(daemon), "the journal has lost old entries", fn, ctx);
	}
}

static void action(struct tamper *t, const struct item *i, struct bytes did, finding_fn *fn,
		   void *ctx)
{
	const char *daemon;

	switch (did.at[0]) {
	case 'c':
		if (bytes_eq(did, BYTES("config-change")) &&
		    event_has(i->event, FIELD_OS_CONFIG_OPTION))
			option(t, i, fn, ctx);
		break;
	case 'l':
		if (bytes_starts(did, BYTES("log-")))
			log_action(t, i, did, fn, ctx);
		break;
	case 'a':
		if (bytes_eq(did, BYTES("audit-config-change")))
			audit_config(t, i, fn, ctx);
		else if (bytes_eq(did, BYTES("audit-stop")))
			daemon_stops(t, i, "auditd");
		else if (bytes_eq(did, BYTES("audit-start")))
			daemon_starts(t, i, "auditd", fn, ctx);
		break;
	case 's':
		if (!event_has(i->event, FIELD_SYSTEMD_UNIT) ||
		    !(daemon = daemon_of(event_get(i->event, FIELD_SYSTEMD_UNIT))))
			break;
		if (bytes_eq(did, BYTES("service-stop")))
			daemon_stops(t, i, daemon);
		else if (bytes_eq(did, BYTES("service-start")))
			daemon_starts(t, i, daemon, fn, ctx);
		break;
	default:
		break;
	}
}

/* Lines without an action, known by their first bytes. */
static void words(struct tamper *t, const struct item *i, finding_fn *fn, void *ctx)
{
	struct bytes text = event_get(i->event, FIELD_MESSAGE);
	struct bytes data = event_get(i->event, FIELD_EVENT_DATASET);

	if (bytes_starts(text, BYTES("Logging rate limit: drop after "))) {
		dropped(t, i, i->source ? i->source->name : data, fn, ctx);
	} else if (bytes_starts(text, BYTES("audit: ")) &&
		   (bytes_starts(text, BYTES("audit: backlog limit exceeded")) ||
		    bytes_starts(text, BYTES("audit: audit_lost=")) ||
		    bytes_starts(text, BYTES("audit: rate limit exceeded")))) {
		tamper_begin(t, i, "vedette.tamper.audit-lost", "The kernel lost audit records",
			     LEVEL_MEDIUM, "attack.t1562.012");
		tell_line(t, i, BYTES("kernel audit"), "audit records were lost", fn, ctx);
	} else if (bytes_starts(text, BYTES("imuxsock lost ")) ||
		   (bytes_starts(text, BYTES("imjournal")) && has(text, " lost "))) {
		dropped(t, i, data, fn, ctx);
	}
}

void tamper_record(struct tamper *t, const struct item *i, finding_fn *fn, void *ctx)
{
	struct bytes text;

	if (__builtin_expect(i->source && i->source->kind == SOURCE_SELF, 0)) {
		tamper_note(t, i, fn, ctx);
		return;
	}
	tamper_clock(t, i, fn, ctx);
	if (event_has(i->event, FIELD_LOG_SEQUENCE) || event_has(i->event, FIELD_SYSLOG_SD))
		tamper_sequence(t, i);
	if (event_has(i->event, FIELD_EVENT_ACTION)) {
		action(t, i, i->event->value[FIELD_EVENT_ACTION], fn, ctx);
		return;
	}
	text = event_get(i->event, FIELD_MESSAGE);
	if (text.len > 8 && (text.at[0] == 'L' || text.at[0] == 'a' || text.at[0] == 'i'))
		words(t, i, fn, ctx);
}

void tamper_tick(struct tamper *t, usec now, finding_fn *fn, void *ctx)
{
	for (struct stopped *s = keyed_first(t->stops); s; s = keyed_next(t->stops, s))
		if (s->at && now - s->at >= RESTARTS_WITHIN)
			tell_stop(t, s, fn, ctx);
	tamper_gaps(t, now, fn, ctx);
}

void tamper_save(const struct tamper *t, struct buf *to)
{
	buf_u8(to, 1);
	sequences_save(t, to);
}

bool tamper_load(struct tamper *t, struct bytes state)
{
	return state.len && state.at[0] == 1 && sequences_load(t, bytes_from(state, 1));
}
