/* SPDX-License-Identifier: Apache-2.0 */
/* Reports over logs written for the purpose: one login in four logs, floods, sessions of sshd. */
#include "base/text.h"
#include "query/query.h"
#include "tap.h"
#include "world.h"

static struct world w;
static uint32_t keystone, uwsgi, proxy, notes, host;
static usec arrival;

static void add(uint32_t source, const char *line)
{
	world_put(&w, source, arrival++, END_LF, bytes_str(line));
}

static void begin(void)
{
	world_open(&w, 0);
	arrival = (usec)1772366400 * USEC_PER_SEC;
	keystone = world_source(&w, SOURCE_FILE, "ctl1", "/var/log/keystone/keystone.log");
	uwsgi = world_source(&w, SOURCE_FILE, "ctl1", "/var/log/keystone/uwsgi.log");
	proxy = world_source(&w, SOURCE_SYSLOG_UDP, "lb1", "10.0.0.1");
	notes = world_source(&w, SOURCE_FILE, "ctl1", "/var/log/notifications.json");
	host = world_source(&w, SOURCE_FILE, "cmp1", "/var/log/auth.log");
}

typedef int report_fn(const struct view *v, const struct report_options *o,
		      struct query_result *ret, struct why *why);

static char *report(report_fn *fn, enum query_format format)
{
	struct report_options o = REPORT_OPTIONS;
	struct query_result r;
	struct why why = { "" };
	char *out = NULL;
	size_t n = 0;

	o.format = format;
	o.out = open_memstream(&out, &n);
	if (fn(world_view(&w), &o, &r, &why) < 0)
		printf("# %s\n", why.line);
	fclose(o.out);
	return out;
}

/* The line of the answer that holds all the texts (separated by |), or nothing. */
static void has_line(const char *out, const char *texts, const char *what)
{
	char *copy = strdup(out), *save = NULL;
	bool found = false;

	for (char *line = strtok_r(copy, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		char *want = strdup(texts), *inner = NULL;
		bool all = true;

		for (char *t = strtok_r(want, "|", &inner); t; t = strtok_r(NULL, "|", &inner))
			all &= strstr(line, t) != NULL;
		found |= all;
		free(want);
	}
	if (!ok(found, "%s", what))
		printf("# no line with %s in\n# %s\n", texts, out);
	free(copy);
}

static void keystone_failure(const char *time, const char *id, const char *from)
{
	struct buf b = { 0 };

	buf_printf(
		&b,
		"2026-03-01 %s 25246 WARNING keystone.server.flask.application [None req-%s - - - "
		"- - -] Authorization failed. The request you have made requires authentication. "
		"from %s",
		time, id, from);
	add(keystone, buf_cstr(&b));
	buf_done(&b);
}

static void notification(const char *time, const char *id, const char *user, const char *outcome,
			 const char *from)
{
	struct buf b = { 0 };

	buf_printf(&b,
		   "{\"message_id\":\"m\",\"publisher_id\":\"identity.ctl1\",\"event_type\":"
		   "\"identity.authenticate\",\"priority\":\"INFO\",\"payload\":{\"typeURI\":"
		   "\"http://schemas.dmtf.org/cloud/audit/1.0/event\",\"eventType\":\"activity\","
		   "\"action\":\"authenticate\",\"outcome\":\"%s\",\"initiator\":{\"id\":\"i\","
		   "\"typeURI\":\"service/security/account/user\",\"host\":{\"address\":\"%s\","
		   "\"agent\":\"curl\"},\"user_id\":\"0123456789abcdef0123456789abcdef\","
		   "\"request_id\":\"req-%s\",\"username\":\"%s\"}},\"timestamp\":\"2026-03-01 "
		   "%s\"}",
		   outcome, from, id, user, time);
	add(notes, buf_cstr(&b));
	buf_done(&b);
}

#define ID1 "11111111-1111-4111-8111-111111111111"
#define ID2 "22222222-2222-4222-8222-222222222222"

/* One failed login with a forged address, in all four logs, which arrive one after the other. */
static void one_login(bool sealed)
{
	char *out;

	begin();
	keystone_failure("12:00:00.040", ID1, "203.0.113.7");
	add(uwsgi,
	    "[pid: 25246|app: 0|req: 5/5] 10.0.0.1 () {36 vars in 700 bytes} [Sun Mar  1 "
	    "12:00:00 2026] POST /v3/auth/tokens => generated 114 bytes in 45 msecs (HTTP/1.1 "
	    "401) 6 headers in 200 bytes (1 switches on core 0)");
	add(proxy,
	    "<134>Mar  1 12:00:00 lb1 haproxy[99]: 198.51.100.9:40000 "
	    "[01/Mar/2026:12:00:00.000] keystone-fe keystone-be/ctl1 0/0/0/45/45 401 300 - - "
	    "---- 1/1/0/0/0 0/0 \"POST /v3/auth/tokens HTTP/1.1\"");
	notification("12:00:00.042", ID1, "mallory", "failure", "203.0.113.7");
	if (sealed)
		world_seal(&w);
	out = report(report_logins, QUERY_JSON);
	has_line(out,
		 "\"kind\":\"summary\"|\"attempts\":1,\"failures\":1,\"successes\":0|\"lines\":4",
		 "four lines are one login");
	has_line(out,
		 "\"kind\":\"account\"|\"keystone\"|\"user.name\":\"mallory\"|\"failures\":1,"
		 "\"successes\":0,\"origins\":1",
		 "the notification tells who");
	has_line(
		out,
		"\"kind\":\"origin\"|\"source.address\":\"198.51.100.9\",\"evidence\":\"observed\"|"
		"\"claimed_another_address\":1",
		"the proxy tells from where, and that another address was claimed");
	ok(!strstr(out, "\"source.address\":\"203.0.113.7\""), "nobody else is accused");
	free(out);
	world_done(&w);
}

static void claims_alone(void)
{
	char *out;

	begin();
	keystone_failure("12:00:00.040", ID1, "203.0.113.7");
	out = report(report_logins, QUERY_JSON);
	has_line(out, "\"source.address\":\"203.0.113.7\",\"evidence\":\"claimed\"",
		 "without an access line it is a claim");
	free(out);
	out = report(report_logins, QUERY_TEXT);
	ok(strstr(out, "never block an address on a claim alone"), "and the report says so");
	free(out);
	world_done(&w);
}

static void reasons(void)
{
	char *out;

	begin();
	add(keystone,
	    "2026-03-01 12:00:01.000 25246 WARNING keystone.auth.plugins.core [None req-" ID1
	    " - - - - - -] Could not find user: eve.: keystone.exception.UserNotFound: Could not "
	    "find "
	    "user: eve.");
	keystone_failure("12:00:01.010", ID1, "192.0.2.5");
	add(keystone,
	    "2026-03-01 12:00:02.000 25246 WARNING keystone.auth.plugins.core [None req-" ID2
	    " - - - - - -] User is disabled: 0123456789abcdef0123456789abcdef");
	keystone_failure("12:00:02.010", ID2, "192.0.2.5");
	notification("12:01:00.042", "33333333-3333-4333-8333-333333333333", "frank", "success",
		     "192.0.2.5");
	add(keystone, "2026-03-01 12:02:00.000 25246 INFO "
		      "keystone.server.flask.request_processing.middleware.auth_context [None "
		      "req-44444444-4444-4444-8444-444444444444 - - - - - -] Invalid user token");
	out = report(report_logins, QUERY_JSON);
	has_line(out, "\"attempts\":4,\"failures\":2,\"successes\":1,\"bad_tokens\":1",
		 "reasons are joined by request id");
	has_line(out, "\"user.name\":\"eve\"|\"failures\":1|\"unknown_account\":true",
		 "an account that is not there");
	has_line(out, "\"user.name\":\"frank\"|\"failures\":1,\"successes\":1",
		 "an id has the name that a notification gave it later");
	free(out);
	world_done(&w);
}

static void sessions(void)
{
	char *out;

	begin();
	for (int i = 0; i < 6; i++)
		add(host,
		    "Mar  1 12:00:00 cmp1 sshd[10]: Failed password for root from 192.0.2.9 port "
		    "4000 ssh2");
	add(host,
	    "Mar  1 12:00:09 cmp1 sshd[10]: Accepted password for root from 192.0.2.9 port 4000 "
	    "ssh2");
	add(host, "Mar  1 12:01:00 cmp1 sshd[11]: Invalid user test from 192.0.2.10 port 4001");
	add(host, "Mar  1 12:01:02 cmp1 sshd[11]: Failed password for invalid user test from "
		  "192.0.2.10 port 4001 ssh2");
	add(host,
	    "Mar  1 12:01:03 cmp1 sshd[11]: Connection closed by invalid user test 192.0.2.10 "
	    "port 4001 [preauth]");
	add(host, "Mar  1 12:02:00 cmp1 sshd[12]: Invalid user oracle from 192.0.2.10 port 4002");
	add(host,
	    "Mar  1 12:02:03 cmp1 sshd[12]: Connection closed by invalid user oracle 192.0.2.10 "
	    "port 4002 [preauth]");
	out = report(report_logins, QUERY_JSON);
	has_line(out, "\"attempts\":9,\"failures\":8,\"successes\":1",
		 "sshd's lines are told apart");
	has_line(out,
		 "\"user.name\":\"root\"|\"failures\":6,\"successes\":1|\"failures_per_minute_"
		 "max\":6,"
		 "\"failures_before_success_max\":6",
		 "a success after failures");
	has_line(out, "\"user.name\":\"test\"|\"failures\":1,|\"unknown_account\":true",
		 "one attempt, told by three lines");
	has_line(out, "\"user.name\":\"oracle\"|\"failures\":1,|\"unknown_account\":true",
		 "a session without a password is an attempt as well");
	has_line(out, "\"source.address\":\"192.0.2.10\"|\"observed\"|\"accounts\":2", "an origin");
	free(out);
	out = report(report_logins, QUERY_TEXT);
	has_line(out, "root|ssh|6 failures, then a success at 2026-03-01T12:00:09Z", "in words");
	free(out);
	world_done(&w);
}

/* A flood of made-up names, at one second: everything is counted, and memory stays bounded. */
static void flood(void)
{
	struct buf b = { 0 };
	char *out;

	begin();
	for (int i = 0; i < 30000; i++) {
		buf_clear(&b);
		buf_printf(
			&b,
			"2026-03-01 12:00:%02d.%03d 25246 WARNING keystone.auth.plugins.core [None "
			"req-%08x-1111-4111-8111-111111111111 - - - - - -] Could not find user: "
			"u%d.",
			i / 1000, i % 1000, (unsigned)i, i);
		add(keystone, buf_cstr(&b));
	}
	world_seal(&w);
	out = report(report_logins, QUERY_JSON);
	has_line(out, "\"attempts\":30000,\"failures\":30000", "30,000 names in half a minute");
	free(out);
	out = report(report_logins, QUERY_TEXT);
	has_line(out, "and 29950 more: --limit shows more", "of which text shows fifty");
	free(out);
	buf_done(&b);
	world_done(&w);
}

static void coverage(void)
{
	char *out;

	begin();
	keystone_failure("12:00:00.040", ID1, "203.0.113.7");
	add(keystone, "2026-03-01 12:00:00.040 25246 ERROR keystone.x [-] broken");
	add(host, "just words");
	world_seal(&w);
	add(host,
	    "Mar  1 12:00:00 cmp1 sshd[10]: Failed password for root from 192.0.2.9 port 4 ssh2");
	world_must(
		ledger_note(w.ledger, BYTES("{\"event\":\"datagrams-lost\",\"kind\":\"syslog-udp\","
					    "\"name\":\"x\\\",\\\"count\\\":99\",\"count\":42,"
					    "\"where\":\"kernel\",\"source\":3}")),
		NULL);
	world_must(ledger_note(w.ledger,
			       BYTES("{\"event\":\"file-truncated\",\"path\":\"p\",\"position\":"
				     "1,\"size\":0,\"source\":5}")),
		   NULL);
	out = report(report_coverage, QUERY_JSON);
	has_line(out,
		 "\"input.id\":1,\"host.hostname\":\"ctl1\",\"input.type\":\"file\"|\"records\":2,"
		 "\"bytes\":|\"parsed\":2,\"errors\":1,\"warnings\":1,\"lost\":0,\"gaps\":0|"
		 "\"first_heard\":\"2026-03-01T12:00:00.000Z\"",
		 "a source of two records");
	has_line(out, "\"input.id\":3,|\"records\":0,|\"lost\":42,", "lost datagrams, by source");
	has_line(out, "\"input.id\":5,|\"records\":2,\"bytes\":92,\"parsed\":1,|\"gaps\":1",
		 "bytes and gaps, in a block and behind it");
	free(out);
	out = report(report_coverage, QUERY_TEXT);
	has_line(out, "cmp1|file|2|92|50|/var/log/auth.log", "in words");
	free(out);
	world_done(&w);
	begin();
	out = report(report_logins, QUERY_TEXT);
	is_str(out, "no logins\n", "an empty ledger");
	free(out);
	world_done(&w);
}

int main(void)
{
	one_login(false);
	one_login(true);
	claims_alone();
	reasons();
	sessions();
	flood();
	coverage();
	return done_testing();
}
