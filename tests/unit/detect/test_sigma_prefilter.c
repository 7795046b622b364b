/* SPDX-License-Identifier: Apache-2.0 */
/* The scan that says which rules may match loses none: rules made at random of pieces of events are
 * held against events with the scan and without, and both must agree. Events are lines of many
 * formats, with values that stand escaped in the bytes, or are nowhere in them. */
#include "base/text.h"
#include "detect/sigma/logtable.h"
#include "detect/sigma/look.h"
#include "parse/parse.h"
#include "sigma_kit.h"
#include <stdlib.h>

#define RULES 400u
#define ROUNDS 60u /* changed copies of each line */

static const char *const lines[] = {
	"2026-11-22 10:15:02.123 2811 WARNING keystone.server.flask.application "
	"[req-1f2e3d4c-5b6a-4798-8897-a6b5c4d3e2f1 - - - - -] Authorization failed. The request "
	"you have made requires authentication. from 203.0.113.9: keystone.exception.Unauthorized",
	"2026-11-22 10:15:02.123 2811 INFO nova.osapi_compute.wsgi.server [req-1 u p - d d] "
	"10.0.0.5 \"POST /v2.1/servers HTTP/1.1\" status: 202 len: 781 time: 0.52",
	"<38>Nov 22 10:15:02 ctl01 sshd[991]: Failed password for invalid user admin from "
	"203.0.113.9 port 52110 ssh2",
	"<38>Nov 22 10:15:02 ctl01 sshd[991]: Accepted publickey for stack from 198.51.100.7 port "
	"52110 ssh2: RSA SHA256:abcdefghijk",
	"Nov 22 10:15:02 ctl01 sudo:    stack : TTY=pts/0 ; PWD=/home/stack ; USER=root ; "
	"COMMAND=/bin/cat /etc/shadow",
	"203.0.113.9 - frank [22/Nov/2026:10:15:02 +0000] \"GET /admin.php?q=1%27%20or%201 "
	"HTTP/1.1\" 404 196 \"http://example.org/\" \"Mozilla/5.0 (X11) sqlmap\"",
	"type=SYSCALL msg=audit(1763806502.123:42): arch=c000003e syscall=59 success=yes exit=0 "
	"ppid=1 pid=2 auid=1000 uid=0 comm=\"cat\" exe=\"/usr/bin/cat\" key=\"shadow\"",
	"type=USER_CMD msg=audit(1763806502.123:43): pid=2 uid=1000 auid=1000 ses=1 "
	"msg='cwd=\"/root\" cmd=6C73202D6C61 terminal=pts/0 res=success'",
	"{\"timestamp\":\"2026-11-22T10:15:02.123456+0000\",\"flow_id\":1,\"event_type\":\"alert\","
	"\"src_ip\":\"203.0.113.9\",\"src_port\":4444,\"dest_ip\":\"10.0.0.5\",\"dest_port\":22,"
	"\"proto\":\"TCP\",\"alert\":{\"action\":\"allowed\",\"signature_id\":2001219,"
	"\"signature\":\"ET SCAN Potential \\\"SSH\\\" Scan C:\\\\x\",\"category\":\"Attempted\","
	"\"severity\":2}}",
	"{\"event_type\":\"identity.user.updated\",\"publisher_id\":\"identity.ctl\",\"payload\":"
	"{\"typeURI\":\"http://schemas.dmtf.org/cloud/audit/1.0/event\",\"eventType\":\"activity\","
	"\"action\":\"authenticate\",\"outcome\":\"failure\",\"initiator\":{\"id\":\"u1\",\"host\":"
	"{\"address\":\"203.0.113.9\",\"agent\":\"python\\u002drequests\\/2\"}}},\"timestamp\":"
	"\"2026-11-22 10:15:02.123456\"}",
	"{\"output\":\"10:15:02.1: Notice A shell was spawned\",\"priority\":\"Notice\",\"rule\":"
	"\"Terminal shell in container\",\"time\":\"2026-11-22T10:15:02.123456789Z\","
	"\"output_fields\":{\"proc.name\":\"bash\",\"user.name\":\"root\"}}",
	"nothing that anybody knows, with a tail of words: needle haystack",
};
#define LINES (sizeof(lines) / sizeof(*lines))

/* A sequence that is the same each time. */
static uint64_t seed = 42;

static uint32_t dice(uint32_t n)
{
	seed = seed * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)(seed >> 33) % n;
}

/* ---- events ---- */

struct subject_kept {
	struct arena arena;
	struct event event;
	struct record record;
	struct source source;
	struct item item;
	struct flat flat;
	struct subject subject;
};

static void keep(struct subject_kept *k, struct bytes raw, bool flat)
{
	struct parse_hint hint = { .kind = SOURCE_FILE,
				   .name = BYTES("/var/log/keystone/keystone.log"),
				   .arrival = 1763806502000000 };

	memset(k, 0, sizeof(*k));
	k->event.scratch = &k->arena;
	k->record.raw = raw;
	k->source.name = hint.name;
	k->item = (struct item){ .record = &k->record, .source = &k->source, .event = &k->event };
	k->item.time = hint.arrival;
	k->subject.item = &k->item;
	event_reset(&k->event);
	parse_record(&hint, raw, &k->event);
	if (flat && flat_read(&k->flat, raw, &k->arena)) {
		k->subject.values = k->flat.values;
		k->subject.values_n = k->flat.n;
	}
}

static void drop(struct subject_kept *k)
{
	flat_done(&k->flat);
	arena_done(&k->arena);
}

/* Letters change their case, and in JSON some are written as \u00xx. */
static void change(struct buf *to, const char *line)
{
	bool json = line[0] == '{';
	uint32_t some = 1 + dice(40);

	buf_clear(to);
	for (const char *from = line; *line; line++) {
		uint8_t c = (uint8_t)*line;
		bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');

		if (letter && line > from && line[-1] != '\\' && json && !dice(some * 4))
			buf_printf(to, "\\u%04x", c);
		else
			buf_u8(to, letter && !json && !dice(some) ? c ^ 0x20 : c);
	}
}

/* ---- rules ---- */

static void quoted(struct buf *to, struct bytes t)
{
	buf_u8(to, '\'');
	for (size_t i = 0; i < t.len; i++) {
		if (t.at[i] == '\'')
			buf_u8(to, '\'');
		buf_u8(to, t.at[i] < ' ' || t.at[i] >= 0x7f ? '?' : t.at[i]);
	}
	buf_u8(to, '\'');
}

static void as_regex(struct buf *to, struct bytes t)
{
	struct buf b = { 0 };

	for (size_t i = 0; i < t.len; i++) {
		if (!dice(8))
			buf_str(&b, ".?");
		if (!is_alnum(t.at[i]))
			buf_u8(&b, '\\');
		buf_u8(&b, t.at[i]);
		if (!dice(8))
			buf_str(&b, "+");
	}
	quoted(to, buf_view(&b));
	buf_done(&b);
}

static struct bytes piece(struct bytes t)
{
	size_t from = dice((uint32_t)t.len), n = 1 + dice(12);

	return bytes_sub(t, from, n);
}

static void field_item(struct buf *to, struct bytes name, struct bytes value)
{
	static const char *const ways[] = { "",	       "|contains",	 "|startswith", "|endswith",
					    "|re",     "|re|i",		 "|neq",	"|cased",
					    "|exists", "|contains|cased" };
	uint32_t way = dice(10);
	struct bytes part = way == 0 || way == 6 || way == 7 ? value : piece(value);

	if (way == 2)
		part = bytes_sub(value, 0, 1 + dice(9));
	if (way == 3)
		part = bytes_from(value, value.len - (value.len < 5 ? value.len : 5));
	buf_printf(to, "        '%.*s%s': ", (int)name.len, name.at, ways[way]);
	if (way == 4 || way == 5)
		as_regex(to, part);
	else if (way == 8)
		buf_str(to, dice(2) ? "true" : "false");
	else
		quoted(to, part);
	buf_u8(to, '\n');
}

/* One field of one of the lines, and its value there. */
static void some_item(struct buf *to)
{
	struct subject_kept k;
	bool flat = dice(2);

	keep(&k, bytes_str(lines[dice(LINES)]), flat);
	if (!flat && !dice(8)) {
		field_item(to, BYTES("source.name"), k.source.name);
	} else if (!flat && !dice(8)) {
		field_item(to, BYTES("@timestamp"), BYTES("2025-11-22T10:15:02"));
	} else if (k.subject.values_n) {
		const struct subject_value *v =
			&k.subject.values[dice((uint32_t)k.subject.values_n)];

		field_item(to, v->name, v->text.len ? v->text : BYTES("none"));
	} else {
		enum field f = (enum field)k.event.order[dice(k.event.n)];

		field_item(to, bytes_str(field_name(f)), k.event.value[f]);
	}
	drop(&k);
}

static void some_rule(struct buf *to, uint32_t i)
{
	static const char *const sources[] = {
		"category: any",
		"product: linux",
		"product: openstack",
		"product: suricata",
		"product: linux, service: auditd",
	};
	static const char *const conditions[] = {
		"a",	     "a and b", "a or b", "a and not b", "not a",
		"1 of them", "c",	"a or c", "not c and a",
	};

	buf_printf(to, "---\ntitle: rule %u\nlogsource: {%s}\ndetection:\n", i, sources[dice(5)]);
	for (char name = 'a'; name <= 'b'; name++) {
		buf_printf(to, "    %c:\n", name);
		some_item(to);
	}
	buf_str(to, "    c:\n        - ");
	quoted(to, piece(bytes_str(lines[dice(LINES)])));
	buf_printf(to, "\n    condition: %s\n", conditions[dice(9)]);
}

/* ---- both ways ---- */

static bool meets(const struct mask *a, const struct mask *b)
{
	for (size_t i = 0; i < SOURCES_MAX / 64; i++)
		if (a->bits[i] & b->bits[i])
			return true;
	return false;
}

struct both {
	const struct ruleset *set;
	struct matcher *matcher;
	struct look look;
	struct classifier *classifier;
	uint64_t *before; /* matches of each rule */
	size_t wrong, matches;
};

static void compare(struct both *b, const struct subject *e)
{
	const struct mask *sources = classifier_of(b->classifier, e->item);
	size_t findings = 0;

	matcher_feed(b->matcher, e, count_finding, &findings);
	look_begin(&b->look, e);
	for (size_t i = 0; i < b->set->n; i++) {
		const struct rule *r = &b->set->rules[i];
		bool want = !r->info.never.len && (r->everywhere || meets(&r->sources, sources)) &&
			    look_expr(&b->look, r->expr);
		uint64_t matches, limited;

		matcher_rule_counts(b->matcher, i, &matches, &limited);
		b->matches += want;
		if ((matches > b->before[i]) != want && b->wrong++ < 5) {
			struct buf said = { 0 };

			ruleset_explain(b->set, i, &said);
			printf("# want %d: %.*s\n# of %s\n", want, (int)e->item->record->raw.len,
			       e->item->record->raw.at, buf_cstr(&said));
			buf_done(&said);
		}
		b->before[i] = matches;
	}
}

static void test_set(bool flat)
{
	const struct matcher_options mo = { 0 };
	struct buf text = { 0 }, line = { 0 };
	struct both b = { 0 };
	struct ruleset_text t = { .path = BYTES("rules") };
	struct ruleset_options o = { .texts = &t, .texts_n = 1, .flat = flat };
	struct ruleset *s = NULL;
	struct why why = { "" };

	for (uint32_t i = 0; i < RULES; i++)
		some_rule(&text, i);
	t.text = buf_view(&text);
	if (!ok(ruleset_load(&s, &o, &why) == 0 && matcher_new(&b.matcher, s, &mo) == 0,
		"rules made at random load %s", why.line))
		return;
	for (size_t i = 0; i < ruleset_refused_n(s) && i < 5; i++)
		printf("# %.*s\n", (int)ruleset_refused(s, i)->reason.len,
		       ruleset_refused(s, i)->reason.at);
	ok(ruleset_n(s) > RULES / 2, "most of them (%zu)", ruleset_n(s));
	b.set = s;
	look_init(&b.look, s);
	b.classifier = classifier_new(s->table);
	b.before = mem_new(s->n, sizeof(*b.before));
	for (size_t i = 0; i < LINES * ROUNDS; i++) {
		struct subject_kept k;

		change(&line, lines[i % LINES]);
		if (i < LINES) {
			buf_clear(&line);
			buf_str(&line, lines[i]);
		}
		keep(&k, buf_view(&line), flat);
		if (!flat || k.subject.values)
			compare(&b, &k.subject);
		drop(&k);
	}
	ok(b.matches > 1000, "%s: %zu matches", flat ? "flat" : "records", b.matches);
	is_int(b.wrong, 0, "none is lost by the scan, and none added");
	free(b.before);
	classifier_free(b.classifier);
	look_done(&b.look);
	matcher_free(b.matcher);
	ruleset_free(s);
	buf_done(&text);
	buf_done(&line);
}

int main(void)
{
	for (unsigned i = 0; i < 4; i++) {
		test_set(false);
		test_set(true);
	}
	return done_testing();
}
