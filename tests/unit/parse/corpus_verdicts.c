/* SPDX-License-Identifier: Apache-2.0 */
/* corpus_verdicts DIR — the corpora that come with a verdict: JSONTestSuite, go-syslog's tables,
 * fail2ban's lines, the goldens of go-libaudit. All are read with the walker of parse/json.h
 * itself. */
#include "base/text.h"
#include "corpus.h"
#include "parse/json.h"
#include "tap.h"
#include <dirent.h>
#include <stdlib.h>

static struct event the_event, *const event = &the_event;
static const char *root;
static struct arena scratch;

static bool open_text(const char *name, struct buf *ret)
{
	char path[4096];

	snprintf(path, sizeof(path), "%s/%s", root, name);
	if (corpus_read(path, ret))
		return true;
	skip(name);
	return false;
}

static struct parse_hint hint_of(enum source_kind kind, usec arrival)
{
	return (struct parse_hint){ .kind = kind, .arrival = arrival };
}

static usec moment(const char *text)
{
	usec at = 0;

	clock_parse(bytes_str(text), 0, &at);
	return at;
}

/* --- JSONTestSuite: y_ must be taken, n_ must not; arrays and scalars as the value of a key --- */

static void no_leaf(void *ctx, const struct json_leaf *leaf)
{
	(void)ctx;
	(void)leaf;
}

static void json_suite(void)
{
	char path[4096];
	struct dirent **all;
	struct buf text = { 0 }, wrapped = { 0 };
	unsigned n = 0, wrong = 0;
	int found;

	snprintf(path, sizeof(path), "%s/json-suite", root);
	found = scandir(path, &all, NULL, alphasort);
	if (found < 0) {
		skip("json-suite");
		return;
	}
	for (int i = 0; i < found; i++) {
		const char *name = all[i]->d_name;
		bool good;

		snprintf(path, sizeof(path), "%s/json-suite/%s", root, name);
		if ((name[0] == 'y' || name[0] == 'n') && name[1] == '_' &&
		    corpus_read(path, &text)) {
			buf_clear(&wrapped);
			buf_str(&wrapped, "{\"k\":");
			buf_bytes(&wrapped, buf_view(&text));
			buf_str(&wrapped, "}");
			good = json_walk(buf_view(&wrapped), no_leaf, NULL);
			n++;
			if (good != (name[0] == 'y')) {
				wrong++;
				printf("# %s is %s\n", name, good ? "taken" : "refused");
			}
		}
		free(all[i]);
	}
	free(all);
	ok(n > 150, "json-suite: %u texts", n);
	is_int(wrong, 0, "json-suite: wrong verdicts");
	buf_done(&text);
	buf_done(&wrapped);
}

/* --- go-syslog: {"expect": {…}, "input_b64": "…", "valid": true} --- */

struct expected {
	struct buf input;
	bool valid;
	unsigned wrong;
};

/* Their word for it, and ours. */
static const struct {
	const char *path;
	enum field field;
} syslog_fields[] = {
	{ "expect.Priority", FIELD_SYSLOG_PRIORITY }, { "expect.Version", FIELD_SYSLOG_VERSION },
	{ "expect.Hostname", FIELD_SYSLOG_HOSTNAME }, { "expect.Appname", FIELD_SYSLOG_APPNAME },
	{ "expect.ProcID", FIELD_SYSLOG_PROCID },     { "expect.MsgID", FIELD_SYSLOG_MSGID },
};

static void take_input(void *arg, const struct json_leaf *leaf)
{
	struct expected *x = arg;

	if (bytes_eq(leaf->path, BYTES("input_b64")))
		base64_decode(leaf->value, &x->input);
	if (bytes_eq(leaf->path, BYTES("valid")))
		x->valid = leaf->type == JSON_TRUE;
}

static void check_field(void *arg, const struct json_leaf *leaf)
{
	struct expected *x = arg;
	struct bytes v = leaf->escaped ? json_unescape(&scratch, leaf->value) : leaf->value;
	usec at;

	for (size_t i = 0; i < sizeof(syslog_fields) / sizeof(syslog_fields[0]); i++) {
		if (!bytes_eq(leaf->path, bytes_str(syslog_fields[i].path)))
			continue;
		if (!bytes_eq(event_get(event, syslog_fields[i].field), v)) {
			x->wrong++;
			printf("# %s: want %.*s\n", syslog_fields[i].path, (int)v.len,
			       (const char *)v.at);
		}
	}
	if (bytes_eq(leaf->path, BYTES("expect.Message")) &&
	    !bytes_eq(event_get(event, FIELD_MESSAGE), v)) {
		x->wrong++;
		printf("# message: want %.*s\n", (int)v.len, (const char *)v.at);
	}
	if (bytes_eq(leaf->path, BYTES("expect.Timestamp")) && clock_parse(v, 0, &at) &&
	    event->time != at) {
		x->wrong++;
		printf("# time: want %.*s\n", (int)v.len, (const char *)v.at);
	}
}

static void go_syslog(const char *name)
{
	struct parse_hint h = hint_of(SOURCE_SYSLOG_TCP, moment("2026-11-22T02:00:00Z"));
	struct buf text = { 0 };
	struct bytes line, lines;
	struct expected x = { 0 };
	unsigned valid = 0, invalid = 0, refused = 0, taken = 0;

	if (!open_text(name, &text))
		return;
	for (lines = buf_view(&text); corpus_line(&lines, &line);) {
		int answer;

		buf_clear(&x.input);
		json_walk(line, take_input, &x);
		answer = parse_record(&h, buf_view(&x.input), event);
		if (x.valid) {
			valid++;
			refused += answer != PARSE_OK;
			json_walk(line, check_field, &x);
		} else {
			invalid++;
			taken += event_has(event, FIELD_SYSLOG_VERSION);
		}
		arena_reset(&scratch);
	}
	printf("# %s: %u valid, %u invalid\n", name, valid, invalid);
	is_int(refused, 0, "%s: valid and refused", name);
	is_int(taken, 0, "%s: invalid and taken", name);
	is_int(x.wrong, 0, "%s: fields that differ", name);
	buf_done(&x.input);
	buf_done(&text);
}

/* --- fail2ban: a comment with the verdict, then the line --- */

struct verdict {
	bool given, match;
	char host[256];
};

static void take_verdict(void *arg, const struct json_leaf *leaf)
{
	struct verdict *v = arg;

	if (bytes_eq(leaf->path, BYTES("match"))) {
		v->given = true;
		v->match = leaf->type == JSON_TRUE;
	}
	if (bytes_eq(leaf->path, BYTES("host")))
		snprintf(v->host, sizeof(v->host), "%.*s", (int)leaf->value.len,
			 (const char *)leaf->value.at);
}

/* `logins`: a match is a failed login, so its outcome must say so. `unsure`: lines of which two
 * readings fit, a name that looks like an end and a request that does; no address is right there.
 */
static void fail2ban(const char *name, bool logins, unsigned unsure)
{
	struct parse_hint h = hint_of(SOURCE_FILE, moment("2005-12-31T23:59:59Z"));
	struct buf text = { 0 };
	struct bytes line, lines, host;
	struct verdict v = { 0 };
	unsigned must = 0, must_not = 0, missed = 0, false_hits = 0, silent = 0;
	char path[128];
	bool strict = false; /* lines that only a mode beyond failed logins counts */

	snprintf(path, sizeof(path), "auth-fail2ban/%s", name);
	if (!open_text(path, &text))
		return;
	for (lines = buf_view(&text); corpus_line(&lines, &line);) {
		bool failed;

		if (bytes_starts(line, BYTES("# failJSON:")) ||
		    bytes_starts(line, BYTES("#failJSON:"))) {
			v = (struct verdict){ 0 };
			json_walk(bytes_from(line, bytes_chr(line, '{')), take_verdict, &v);
			continue;
		}
		if (bytes_starts(line, BYTES("# Test-cases of aggressive mode")))
			strict = true;
		if (!line.len || line.at[0] == '#' || !v.given || strict ||
		    bytes_starts(line, BYTES("host nginx["))) /* the journal without its stamp */
			continue;
		parse_record(&h, line, event);
		failed = bytes_eq(event_get(event, FIELD_EVENT_OUTCOME), BYTES("failure"));
		host = event_get(event, event_has(event, FIELD_SOURCE_IP) ? FIELD_SOURCE_IP
									  : FIELD_SOURCE_DOMAIN);
		if (v.match) {
			must++;
			if (!host.len && unsure && event_has(event, FIELD_EVENT_OUTCOME))
				silent++;
			else if (!bytes_eq(host, bytes_str(v.host)) || (logins && !failed)) {
				missed++;
				printf("# missed: %.*s\n", (int)line.len, (const char *)line.at);
			}
		} else {
			must_not++;
			false_hits += logins && failed;
		}
		arena_reset(&scratch);
		v.given = false;
	}
	printf("# %s: %u must match, %u must not\n", name, must, must_not);
	is_int(missed, 0, "%s: missed", path);
	is_int(silent, unsure, "%s: said to be unsure", path);
	is_int(false_hits, 0, "%s: failures that are none", path);
	buf_done(&text);
}

/* --- go-libaudit: a log and the array of what each line holds --- */

struct golden {
	struct bytes log; /* lines still to be compared */
	struct parse_hint hint;
	unsigned n, wrong;
};

static void want(struct golden *g, bool good, const char *what)
{
	if (good)
		return;
	g->wrong++;
	printf("# record %u: %s differs\n", g->n, what);
}

static void check_golden(void *arg, const struct json_leaf *leaf)
{
	static const struct {
		const char *path;
		enum field field;
	} fields[] = {
		{ "k.sequence", FIELD_LOG_SEQUENCE },	    { "k.data.pid", FIELD_PROCESS_PID },
		{ "k.data.ppid", FIELD_PROCESS_PPID },	    { "k.data.uid", FIELD_USER_ID },
		{ "k.data.euid", FIELD_USER_EFFECTIVE_ID },
	};
	struct golden *g = arg;
	struct bytes line;
	usec at;

	if (bytes_eq(leaf->path, BYTES("k.@timestamp"))) { /* the first key of a record */
		if (!corpus_line(&g->log, &line)) {
			want(g, false, "number of lines");
			return;
		}
		g->n++;
		parse_record(&g->hint, line, event);
		want(g, clock_parse(leaf->value, 0, &at) && at == event->time, "time");
	}
	if (bytes_eq(leaf->path, BYTES("k.record_type")))
		want(g, bytes_ieq(leaf->value, event_get(event, FIELD_AUDIT_TYPE)), "type");
	if (bytes_eq(leaf->path, BYTES("k.data.result")))
		want(g,
		     bytes_starts(event_get(event, FIELD_EVENT_OUTCOME),
				  bytes_sub(leaf->value, 0, 4)),
		     "result");
	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++)
		if (bytes_eq(leaf->path, bytes_str(fields[i].path)) &&
		    !bytes_eq(leaf->value, BYTES("unset")))
			want(g, bytes_eq(event_get(event, fields[i].field), leaf->value),
			     fields[i].path);
}

static void audit(const char *name)
{
	struct golden g = { .hint = hint_of(SOURCE_FILE, 0) };
	struct buf log = { 0 }, gold = { 0 }, wrapped = { 0 };
	char path[256];

	snprintf(path, sizeof(path), "auditd/%s.golden", name);
	if (!open_text(path, &gold))
		return;
	snprintf(path, sizeof(path), "auditd/%s", name);
	if (!open_text(path, &log))
		return;
	buf_str(&wrapped, "{\"k\":");
	buf_bytes(&wrapped, buf_view(&gold));
	buf_str(&wrapped, "}");
	g.log = buf_view(&log);
	ok(json_walk(buf_view(&wrapped), check_golden, &g), "%s: golden read, %u records", name,
	   g.n);
	is_int(g.wrong, 0, "%s: fields that differ", name);
	buf_done(&log);
	buf_done(&gold);
	buf_done(&wrapped);
}

int main(int argc, char **argv)
{
	if (argc != 2) {
		printf("1..0 # SKIP corpus_verdicts needs the folder of the corpora\n");
		return 0;
	}
	root = argv[1];
	event->scratch = &scratch;
	json_suite();
	go_syslog("syslog/go-syslog-rfc5424.jsonl");
	go_syslog("syslog/go-syslog-rfc3164.jsonl");
	fail2ban("mysqld-auth", true, 0);
	fail2ban("dropbear", true, 0);
	fail2ban("dovecot", true, 0);
	fail2ban("nginx-http-auth", false, 1);
	fail2ban("nginx-forbidden", false, 0);
	fail2ban("nginx-limit-req", false, 0);
	fail2ban("nginx-bad-request", false, 0);
	fail2ban("nginx-botsearch", false, 0);
	fail2ban("apache-overflows", false, 0);
	fail2ban("apache-nohome", false, 0);
	fail2ban("apache-pass", false, 0);
	audit("libaudit-auparse_testdata_audit-rhel6.log");
	audit("libaudit-auparse_testdata_audit-ubuntu14.log");
	audit("libaudit-auparse_testdata_audit-ubuntu16.log");
	audit("libaudit-auparse_testdata_audit-ubuntu17.log");
	audit("libaudit-auparse_testdata_test2.log");
	audit("libaudit-auparse_testdata_test3.log");
	arena_done(&scratch);
	return done_testing();
}
