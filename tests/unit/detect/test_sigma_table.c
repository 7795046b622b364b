/* SPDX-License-Identifier: Apache-2.0 */
/* Log sources and field names: the built-in table on lines as they come, and tables of operators.
 */
#include "parse/parse.h"
#include "sigma_kit.h"

static const char sshd[] = "<38>Nov 22 10:15:02 ctl01 sshd[991]: Failed password for invalid user "
			   "admin from 203.0.113.9 port 52110 ssh2";
static const char web[] = "203.0.113.9 - frank [22/Nov/2026:10:15:02 +0000] \"GET /a.php?q=1 "
			  "HTTP/1.1\" 404 196 \"-\" \"sqlmap\"";
static const char audit[] = "type=SYSCALL msg=audit(1763806502.123:42): arch=c000003e syscall=59 "
			    "success=yes pid=2 auid=1000 uid=0 comm=\"cat\" exe=\"/usr/bin/cat\" "
			    "key=\"shadow\"";
static const char eve[] = "{\"timestamp\":\"2026-11-22T10:15:02.123456+0000\",\"flow_id\":1,"
			  "\"event_type\":\"alert\",\"src_ip\":\"203.0.113.9\",\"src_port\":4444,"
			  "\"dest_ip\":\"10.0.0.5\",\"dest_port\":22,\"proto\":\"TCP\",\"alert\":"
			  "{\"signature\":\"ET \\u0053CAN\",\"severity\":2}}";

/* Findings of a rule (with an own table, or NULL) on a line; -1: refused, or never matches. */
static int on_line(const char *logsource, const char *item, const char *table, const char *line)
{
	const struct matcher_options mo = { 0 };
	struct buf rule = { 0 };
	struct ruleset_text t[2] = { { .path = BYTES("rule.yml") },
				     { .path = BYTES("own.yml"), .table = true } };
	struct ruleset_options o = { .texts = t, .texts_n = table ? 2 : 1 };
	const struct parse_hint hint = { .kind = SOURCE_FILE, .name = BYTES("/var/log/own.log") };
	struct arena a = { 0 };
	struct event event = { .scratch = &a };
	struct record record = { .raw = bytes_str(line) };
	struct source source = { .name = hint.name };
	struct item i = { .record = &record, .source = &source, .event = &event };
	const struct subject subject = { .item = &i };
	struct ruleset *s = NULL;
	struct matcher *m = NULL;
	struct why why = { "" };
	size_t n = 0;
	int ret = -1;

	buf_printf(&rule, "title: x\nlogsource: {%s}\ndetection: {s: {%s}, condition: s}\n",
		   logsource, item);
	t[0].text = buf_view(&rule);
	t[1].text = bytes_str(table ? table : "");
	parse_record(&hint, record.raw, &event);
	if (ruleset_load(&s, &o, &why) == 0 && ruleset_n(s) == 1 && !ruleset_refused_n(s) &&
	    matcher_new(&m, s, &mo) == 0) {
		matcher_feed(m, &subject, count_finding, &n);
		ret = ruleset_rule(s, 0)->never.len ? -1 : (int)n;
	}
	if (s && ruleset_n(s) && ruleset_rule(s, 0)->never.len)
		printf("# %s: %.*s\n", item, (int)ruleset_rule(s, 0)->never.len,
		       ruleset_rule(s, 0)->never.at);
	matcher_free(m);
	ruleset_free(s);
	arena_done(&a);
	buf_done(&rule);
	return ret;
}

static void test_builtin(void)
{
	static const struct {
		const char *logsource, *item, *line;
		int want;
	} k[] = {
		{ "product: linux, service: sshd", "source.ip: 203.0.113.9", sshd, 1 },
		{ "product: linux, service: auth", "message|contains: invalid user", sshd, 1 },
		{ "product: linux", "user.name: admin", sshd, 1 },
		{ "product: linux, service: cron", "user.name: admin", sshd, 0 },
		{ "category: any", "user.name: admin", sshd, 1 },
		{ "category: webserver", "cs-method: GET, sc-status: 404", web, 1 },
		{ "category: webserver", "cs-uri-query|contains: q=1", web, 1 },
		{ "category: webserver", "cs-user-agent: sqlmap, c-ip|cidr: 203.0.113.0/24", web,
		  1 },
		{ "product: linux, service: auditd", "type: SYSCALL, exe|endswith: /cat", audit,
		  1 },
		{ "product: linux, service: auditd", "arch: c000003e, key: shadow", audit, 1 },
		{ "product: linux, service: auditd", "pid: 3", audit, 0 },
		{ "product: suricata", "alert.signature: ET SCAN", eve, 1 },
		{ "product: suricata", "alert.severity|lte: 2", eve, 1 },
		{ "product: suricata", "source.ip: 203.0.113.9", eve, 1 },
		{ "category: any", "source.name|endswith: own.log", sshd, 1 },
		{ "category: any", "'@timestamp|month': 1", "plain", 1 },
		{ "product: windows", "EventID: 1", sshd, -1 },
		{ "product: linux, service: sshd", "NoSuchField: x", sshd, -1 },
	};

	for (size_t i = 0; i < sizeof(k) / sizeof(*k); i++)
		is_int(on_line(k[i].logsource, k[i].item, NULL, k[i].line), k[i].want, "%s: %s",
		       k[i].logsource, k[i].item);
}

static void test_own(void)
{
	const char *own = "logsources:\n"
			  "  - {product: shop, when: {source.name: '*/own.log'}, fields: {kunde: "
			  "user.name, '*': kv}}\n"
			  "  - product: either\n"
			  "    when:\n"
			  "      - {event.dataset: cron}\n"
			  "      - {event.dataset: sshd, process.name: 'ssh*'}\n"
			  "  - {product: linux, service: sshd, when: {process.name: never}}\n"
			  "placeholders:\n  villains: [admin, 'r*t']\n";

	is_int(on_line("product: shop", "kunde: admin", own, sshd), 1,
	       "a source and a name of one's own");
	is_int(on_line("product: shop", "amount: 5", own, "sold amount=5"), 1,
	       "key=value in the text");
	is_int(on_line("product: either", "user.name: admin", own, sshd), 1,
	       "one of two conditions");
	is_int(on_line("product: either", "message: '*'", own, "plain"), 0, "none of them");
	is_int(on_line("product: linux, service: sshd", "user.name: admin", own, sshd), 0,
	       "an entry takes the place of the built-in one");
	is_int(on_line("category: any", "user.name|expand: '%villains%'", own, sshd), 1,
	       "a placeholder has the table's values");
	is_int(on_line("category: any", "message|expand|contains: 'user %villains%'", own, sshd), 1,
	       "and stands within other text");
}

static void test_bad(void)
{
	static const struct {
		const char *table, *says;
	} k[] = {
		{ "logsources: 5", "expected a list" },
		{ "logsources:\n  - {product: x}", "own.yml:2: when" },
		{ "logsources:\n  - {product: x, when: {nosuch: y}}", "no such field" },
		{ "logsources:\n  - {product: x, when: {message: y}, fields: {a: nosuch}}",
		  "no such field" },
		{ "logsources:\n  - {when: {message: y}}", "expected product" },
		{ "something: else", "expected logsources, fields or placeholders" },
		{ "logsources: [", "own.yml" },
	};

	for (size_t i = 0; i < sizeof(k) / sizeof(*k); i++) {
		const struct ruleset_text t = { .path = BYTES("own.yml"),
						.text = bytes_str(k[i].table),
						.table = true };
		const struct ruleset_options o = { .texts = &t, .texts_n = 1 };
		struct ruleset *s = NULL;
		struct why why = { "" };
		struct bytes said = BYTES("");

		if (ruleset_load(&s, &o, &why) == 0 && ruleset_refused_n(s) == 1)
			said = ruleset_refused(s, 0)->reason;
		if (!ok(bytes_find(said, bytes_str(k[i].says)) != BYTES_NONE, "told: %s",
			k[i].says))
			printf("# %.*s\n", (int)said.len, said.at);
		ruleset_free(s);
	}
}

int main(void)
{
	test_builtin();
	test_own();
	test_bad();
	return done_testing();
}
