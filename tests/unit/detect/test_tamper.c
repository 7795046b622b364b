/* SPDX-License-Identifier: Apache-2.0 */
/* Tampering, as an operator meets it: what is told of notes, lines, numbers and clocks. */
#include "detect/tamper.h"
#include "parse/parse.h"
#include "silence_kit.h"

static struct keeper k;
static struct tamper *t;

static struct tamper *fresh(void)
{
	tamper_free(t);
	k.n = k.quiet = 0;
	tamper_new(&t);
	return t;
}

static void spoken(const struct source *s, usec arrival, usec stamp, struct bytes raw, bool parse)
{
	struct arena scratch = { 0 };
	struct event e = { .scratch = &scratch };
	struct record r = { .arrival = arrival, .source = s->id, .raw = raw };
	struct item i = { .record = &r, .source = s, .event = &e, .time = arrival };
	const struct parse_hint hint = {
		.kind = s->kind, .name = s->name, .host = s->host, .arrival = arrival
	};

	event_reset(&e);
	if (parse)
		parse_record(&hint, raw, &e);
	e.time = stamp;
	tamper_record(t, &i, keep, &k);
	arena_done(&scratch);
}

static const struct source self = { .kind = SOURCE_SELF };

static void note(const char *json)
{
	spoken(&self, MONDAY, USEC_NONE, bytes_str(json), false);
}

static void line(const struct source *s, usec at, const char *text)
{
	spoken(s, at, at, bytes_str(text), true);
}

static void notes(void)
{
	fresh();
	note("{\"event\":\"config-seen\",\"path\":\"/etc/nova/nova.conf\",\"sha256\":\"aa\"}");
	is_int(k.n, 0, "a file that is seen for the first time is nothing to tell");
	note("{\"event\":\"config-changed\",\"path\":\"/etc/nova/logging.conf\",\"sha256\":\"ab\","
	     "\"key\":\"logger_root.level\",\"old\":\"INFO\",\"new\":\"CRITICAL\",\"logging\":"
	     "true}");
	is_str(k.at[0].rule, "vedette.tamper.config-logging", "a level was raised in a file");
	is_int(k.at[0].level, LEVEL_HIGH, "so that hardly a line comes: high");
	ok(strstr(k.at[0].message, "from \"INFO\" to \"CRITICAL\""), "old and new are named");
	note("{\"event\":\"config-changed\",\"path\":\"/etc/nova/nova.conf\",\"sha256\":\"ac\","
	     "\"key\":\"DEFAULT.debug\",\"old\":\"False\",\"new\":\"True\",\"logging\":true}");
	is_int(k.at[1].level, LEVEL_MEDIUM, "one that makes more lines: medium");
	note("{\"event\":\"config-changed\",\"path\":\"/etc/nova/nova.conf\",\"sha256\":\"ad\"}");
	is_int(k.at[2].level, LEVEL_INFORMATIONAL, "what is not about logging: informational");
	note("{\"event\":\"config-changed\",\"path\":\"/etc/rsyslog.d/x.conf\",\"sha256\":\"ae\","
	     "\"key\":\":msg, contains, \\\"sudo\\\" stop\",\"old\":\"\",\"new\":\"there\","
	     "\"logging\":true}");
	is_int(k.at[3].level, LEVEL_HIGH, "a rule that throws lines away: high");
	ok(strstr(k.at[3].message, ":msg, contains, \"sudo\" stop"), "and it is shown");
	note("{\"event\":\"file-rewritten\",\"path\":\"/var/log/a.log\",\"from\":12,\"bytes\":40}");
	is_str(k.at[4].rule, "vedette.tamper.rewritten", "a log that was rewritten");
	note("{\"event\":\"clock-stepped\",\"microseconds\":-3600000000}");
	is_str(k.at[5].rule, "vedette.tamper.own-clock", "our own clock");
	ok(strstr(k.at[5].message, "back by 1h"), "set back by an hour");
	note("{\"event\":\"journal-gap\",\"source\":3}");
	is_str(k.at[6].rule, "vedette.tamper.journal-gap", "entries of the journal that are gone");
	note("{\"event\":\"file-rotated\",\"path\":\"/var/log/a.log\",\"position\":12}");
	note("{\"event\":\"file-truncated\",\"path\":\"/var/log/"
	     "a.log\",\"position\":12,\"size\":0}");
	is_int(k.n, 7, "rotation is nothing to tell");
}

static void lines(void)
{
	static const struct {
		const char *text, *rule;
	} said[] = {
		{ "2026-01-05 00:00:01.000 7 INFO oslo_config.cfg [-] Option DEFAULT.debug changed "
		  "from [True] to [False]",
		  "vedette.tamper.level-changed" },
		{ "2026-01-05 00:00:01.000 7 WARNING oslo_config.cfg [-] Ignoring change to "
		  "immutable option DEFAULT.log_file",
		  "vedette.tamper.level-changed" },
		{ "2026-01-05 00:00:01.000 7 ERROR nova.x [-] Logging rate limit: drop after 3 "
		  "records/10 sec",
		  "vedette.tamper.rate-limited" },
		{ "Jan  5 00:00:01 h systemd-journald[12]: Suppressed 123 messages from "
		  "nova-api.service",
		  "vedette.tamper.rate-limited" },
		{ "Jan  5 00:00:01 h rsyslogd: imuxsock[pid 7]: begin to drop messages due to "
		  "rate-limiting",
		  "vedette.tamper.rate-limited" },
		{ "Jan  5 00:00:01 h rsyslogd: imuxsock lost 50 messages from pid 7 due to "
		  "rate-limiting",
		  "vedette.tamper.rate-limited" },
		{ "type=CONFIG_CHANGE msg=audit(1767571201.123:45): op=set audit_enabled=0 old=1 "
		  "auid=1001 ses=3 res=1",
		  "vedette.tamper.audit-disabled" },
		{ "Jan  5 00:00:01 h kernel: audit: backlog limit exceeded",
		  "vedette.tamper.audit-lost" },
		{ "2026-01-05 00:00:01.000 7 INFO oslo_config.cfg [-] Option DEFAULT.workers "
		  "changed from [1] to [2]",
		  NULL },
		{ "2026-01-05 00:00:01.000 7 INFO nova.compute [-] Logging in to the volume",
		  NULL },
	};
	const struct source s = file_source(1, "h", "/var/log/x.log");

	for (size_t i = 0; i < sizeof(said) / sizeof(said[0]); i++) {
		fresh();
		line(&s, MONDAY, said[i].text);
		is_str(k.n ? k.at[0].rule : "", said[i].rule ? said[i].rule : "", "%s",
		       said[i].text);
	}
}

static void daemons(void)
{
	const struct source s = file_source(1, "h", "/var/log/syslog");

	fresh();
	line(&s, MONDAY, "Jan  5 00:00:00 h systemd[1]: Stopped rsyslog.service - System Logging.");
	tamper_tick(t, MONDAY + 10 * SECOND, keep, &k);
	line(&s, MONDAY + 11 * SECOND,
	     "Jan  5 00:00:11 h systemd[1]: Started rsyslog.service - x.");
	tamper_tick(t, MONDAY + 60 * SECOND, keep, &k);
	is_int(k.n, 1, "stopped and started: told once");
	is_int(k.at[0].level, LEVEL_INFORMATIONAL, "as a restart");
	line(&s, MONDAY + HOUR,
	     "type=DAEMON_END msg=audit(1767574800.1:46): op=terminate auid=0 res=success");
	tamper_tick(t, MONDAY + HOUR + 16 * SECOND, keep, &k);
	is_str(k.at[1].rule, "vedette.tamper.logger-stopped", "stopped, and that was all");
	is_int(k.at[1].level, LEVEL_HIGH, "that is high");
}

static void number(const struct source *s, usec at, unsigned n)
{
	char text[200];

	snprintf(text, sizeof(text),
		 "<13>1 2026-01-05T00:00:00Z h app 7 - [meta sequenceId=\"%u\"] x", n);
	line(s, at, text);
}

static void numbers(void)
{
	struct source s = file_source(1, "h", "/var/log/x.log");
	struct buf state = { 0 };
	usec at = MONDAY;

	fresh();
	for (unsigned n = 2; n < 300; n++, at += SECOND / 10)
		if (n != 150 && n != 151) {
			number(&s, at, n);
		} else if (n == 151) {
			number(&s, at, 151);
			number(&s, at, 150);
		}
	tamper_tick(t, at + 6 * SECOND, keep, &k);
	is_int(k.n, 0, "two that changed places are no gap");
	number(&s, at, 310);
	tamper_tick(t, at + 2 * SECOND, keep, &k);
	is_int(k.n, 0, "a gap waits for what comes late");
	tamper_tick(t, at + 6 * SECOND, keep, &k);
	is_str(k.n ? k.at[0].rule : "", "vedette.tamper.gap", "then it is told");
	ok(k.n && strstr(k.at[0].message, "10 lines are missing from number 300"), "and counted");
	for (unsigned n = 311; n < 500; n++)
		number(&s, at + HOUR, n);
	tamper_save(t, &state);
	fresh();
	ok(tamper_load(t, buf_view(&state)), "what is known is kept over a restart");
	ok(!tamper_load(t, bytes_sub(buf_view(&state), 0, state.len - 1)), "half of it is refused");
	number(&s, at + 2 * HOUR, 505);
	tamper_tick(t, at + 2 * HOUR + 6 * SECOND, keep, &k);
	is_int(k.n, 1, "a gap that falls on a restart is told too");
	buf_done(&state);
}

static const char plain[] = "2026-01-05 00:00:01.000 7 INFO nova.compute.manager [-] a line";

static usec speak(const struct source *s, usec from, unsigned n, usec offset)
{
	for (unsigned i = 0; i < n; i++, from += SECOND)
		spoken(s, from, from + offset, bytes_str(plain), false);
	return from;
}

static void clocks(void)
{
	const struct source s = file_source(3, "h", "/var/log/x.log");
	usec at;

	fresh();
	at = speak(&s, MONDAY, 100, 0);
	at = speak(&s, at, 20, HOUR);
	is_int(k.n, 1, "an hour forward: told once");
	ok(strstr(k.at[0].message, "forward by 1h"), "by how much");
	at = speak(&s, at, 20, 0);
	is_int(k.n, 2, "an hour back: told once");
	ok(strstr(k.at[1].message, "back by 1h"), "by how much");
	fresh();
	at = speak(&s, MONDAY, 100, 0);
	for (unsigned i = 0; i < 1000; i++) /* it was cut off for an hour, and sends what it kept */
		spoken(&s, at + HOUR + i * 1000, at + i * 3 * SECOND, bytes_str(plain), false);
	speak(&s, at + HOUR + 10 * SECOND, 50, 0);
	is_int(k.n, 0, "lines that come late are no step");
	fresh();
	for (unsigned i = 0; i < 1000; i++) /* read from its beginning */
		spoken(&s, at + i * 1000, at - HOUR + i * 3 * SECOND, bytes_str(plain), false);
	speak(&s, at + 10 * SECOND, 50, 0);
	is_int(k.n, 0, "a file that is read from its beginning is none either");
}

static void cheap(void)
{
	const struct source s = file_source(3, "h", "/var/log/x.log");
	struct arena scratch = { 0 };
	struct event e = { .scratch = &scratch };
	struct record r = { .arrival = MONDAY, .source = 3, .raw = bytes_str(plain) };
	struct item i = { .record = &r, .source = &s, .event = &e, .time = MONDAY };
	const struct parse_hint hint = { .kind = s.kind, .name = s.name, .host = s.host };
	usec from;

	fresh();
	event_reset(&e);
	parse_record(&hint, r.raw, &e);
	e.time = MONDAY;
	from = clock_cpu();
	for (unsigned n = 0; n < 1000000; n++)
		tamper_record(t, &i, keep, &k);
	printf("# %lld ns a record\n", (long long)(clock_cpu() - from) / 1000);
	is_int(k.n, 0, "an ordinary record is passed by");
	arena_done(&scratch);
}

int main(void)
{
	notes();
	lines();
	daemons();
	numbers();
	clocks();
	cheap();
	tamper_free(t);
	return done_testing();
}
