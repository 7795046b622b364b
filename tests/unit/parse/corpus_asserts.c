/* SPDX-License-Identifier: Apache-2.0 */
/* corpus_asserts DIR — lines with what another program's parsers must give of them, as its tests
 * say it:
 *
 *	results["s01-parse"]["crowdsecurity/sshd-logs"][3].Evt.Meta["source_ip"] == "1.2.3.4"
 *
 * and logs that a third one's rules are tested with:
 *
 *	log 1 pass = Nov 22 … sshd[12]: …
 */
#include "corpus.h"
#include "tap.h"

static const char *root;
static struct arena scratch;
static struct event the_event, *const event = &the_event;
static struct parse_hint hint = { .kind = SOURCE_FILE };

static bool open_text(const char *name, struct buf *ret)
{
	char path[4096];

	snprintf(path, sizeof(path), "%s/%s", root, name);
	if (corpus_read(path, ret))
		return true;
	skip(name);
	return false;
}

/* Their word for it, and ours: one of two. */
static const struct {
	const char *theirs;
	enum field ours, or ;
} words[] = {
	{ ".Evt.Meta[\"source_ip\"]", FIELD_SOURCE_IP, FIELD_SOURCE_DOMAIN },
	{ ".Evt.Meta[\"target_user\"]", FIELD_USER_NAME, FIELD_USER_NAME },
	{ ".Evt.Meta[\"username\"]", FIELD_USER_NAME, FIELD_USER_NAME },
	{ ".Evt.Meta[\"user\"]", FIELD_USER_NAME, FIELD_USER_NAME },
	{ ".Evt.Meta[\"http_status\"]", FIELD_HTTP_STATUS, FIELD_HTTP_STATUS },
	{ ".Evt.Meta[\"http_verb\"]", FIELD_HTTP_METHOD, FIELD_HTTP_METHOD },
	{ ".Evt.Meta[\"http_user_agent\"]", FIELD_USER_AGENT, FIELD_USER_AGENT },
	{ ".Evt.Meta[\"machine\"]", FIELD_HOST_NAME, FIELD_HOST_NAME },
	{ ".Evt.Parsed[\"pid\"]", FIELD_PROCESS_PID, FIELD_SYSLOG_PROCID },
};

#define WANTS 24

/* What is said of one line, until the next line's turn. */
struct said {
	struct bytes of; /* results["…"]["…"][3] */
	struct bytes text; /* Parsed["message"] */
	struct bytes value[WANTS];
	enum field ours[WANTS], or [WANTS];
	size_t n;
	bool good; /* their parser understood it */
};

struct count {
	unsigned lines, equal, wrong;
};

/* The line that holds the text, parsed. */
static bool parse_line_with(struct bytes log, struct bytes text)
{
	struct bytes line;

	while (corpus_line(&log, &line))
		if (text.len && bytes_find(line, text) != BYTES_NONE) {
			arena_reset(&scratch);
			parse_record(&hint, line, event);
			return true;
		}
	return false;
}

static void settle(struct said *s, struct bytes log, struct count *c)
{
	if (s->good && parse_line_with(log, s->text)) {
		c->lines++;
		for (size_t i = 0; i < s->n; i++) {
			if (bytes_eq(event_get(event, s->ours[i]), s->value[i]) ||
			    bytes_eq(event_get(event, s->or [i]), s->value[i])) {
				c->equal++;
				continue;
			}
			c->wrong++;
			printf("# %s: want %.*s of %.*s\n", field_name(s->ours[i]),
			       (int)s->value[i].len, (const char *)s->value[i].at, (int)s->text.len,
			       (const char *)s->text.at);
		}
	}
	s->n = 0;
	s->text = (struct bytes){ NULL, 0 };
	s->good = false;
}

/* "… == "value"", with \" and \\ in it as they are in the line */
static struct bytes value_of(struct bytes b)
{
	static struct buf ring[WANTS + 4];
	static size_t turn;
	struct buf *to = &ring[turn++ % (WANTS + 4)];

	buf_clear(to);
	for (size_t i = 0; i < b.len && b.at[i] != '"'; i++) {
		if (b.at[i] == '\\')
			i++;
		if (i < b.len)
			buf_u8(to, b.at[i]);
	}
	return buf_view(to);
}

static void take(struct said *s, struct bytes rest)
{
	size_t at = bytes_find(rest, BYTES(" == \""));
	struct bytes name = bytes_sub(rest, 0, at), value;

	if (bytes_eq(rest, BYTES(".Success == true")))
		s->good = true;
	if (at == BYTES_NONE)
		return;
	value = value_of(bytes_from(rest, at + 5));
	if (bytes_eq(name, BYTES(".Evt.Parsed[\"message\"]")))
		s->text = value;
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]) && s->n < WANTS; i++) {
		if (!bytes_eq(name, bytes_str(words[i].theirs)) || !value.len ||
		    bytes_eq(value, BYTES("-")))
			continue;
		s->ours[s->n] = words[i].ours;
		s->or [s->n] = words[i].or ;
		s->value[s->n++] = value;
	}
}

static void asserts(const char *log_name, const char *assert_name, unsigned at_least)
{
	struct buf log = { 0 }, text = { 0 };
	struct bytes line, lines, rest;
	struct said s = { 0 };
	struct count c = { 0 };

	if (!open_text(log_name, &log) || !open_text(assert_name, &text))
		return;
	for (lines = buf_view(&text); corpus_line(&lines, &line);) {
		size_t end = bytes_find(line, BYTES("]."));
		struct bytes of = bytes_sub(line, 0, end);

		if (!bytes_starts(line, BYTES("results[")) || end == BYTES_NONE)
			continue;
		if (!bytes_eq(of, s.of))
			settle(&s, buf_view(&log), &c);
		s.of = of;
		rest = bytes_from(line, end + 1);
		take(&s, rest);
	}
	settle(&s, buf_view(&log), &c);
	printf("# %s: %u lines, %u fields equal\n", assert_name, c.lines, c.equal);
	ok(c.equal >= at_least, "%s: %u fields compared", assert_name, c.equal);
	is_int(c.wrong, 0, "%s: fields that differ", assert_name);
	buf_done(&log);
	buf_done(&text);
}

static void crowdsec(const char *name, unsigned at_least)
{
	char log[256], text[256];

	snprintf(log, sizeof(log), "scenarios-crowdsec/%s/%s.log", name, name);
	snprintf(text, sizeof(text), "scenarios-crowdsec/%s/parser.assert", name);
	asserts(log, text, at_least);
}

/* "log 1 pass = LINE": all but those of no real form (no stamp, an invented level) are understood.
 */
static void rules(const char *name, unsigned plain_ok)
{
	struct buf text = { 0 };
	struct bytes line, lines;
	unsigned n = 0, plain = 0;
	char path[256];

	snprintf(path, sizeof(path), "rules-wazuh/%s.ini", name);
	if (!open_text(path, &text))
		return;
	for (lines = buf_view(&text); corpus_line(&lines, &line);) {
		size_t at = bytes_find(line, BYTES(" = "));

		if (!bytes_starts(line, BYTES("log ")) || at == BYTES_NONE)
			continue;
		n++;
		arena_reset(&scratch);
		if (parse_record(&hint, bytes_from(line, at + 3), event) != PARSE_OK) {
			plain++;
			printf("# plain: %.*s\n", (int)line.len, (const char *)line.at);
		}
	}
	printf("# %s: %u lines\n", path, n);
	ok(n > 0, "%s: has lines", path);
	is_int(plain, plain_ok, "%s: lines not understood", path);
	buf_done(&text);
}

int main(int argc, char **argv)
{
	if (argc != 2) {
		printf("1..0 # SKIP corpus_asserts needs the folder of the corpora\n");
		return 0;
	}
	root = argv[1];
	event->scratch = &scratch;
	clock_parse(BYTES("2026-11-22T02:00:00Z"), 0, &hint.arrival);
	crowdsec("sshd-logs", 100);
	crowdsec("sshd-success-logs", 30);
	crowdsec("sshd-invalid-bf", 50);
	crowdsec("syslog-logs", 1);
	crowdsec("pam-logs", 8);
	crowdsec("apache2-logs", 20);
	crowdsec("haproxy-logs", 8);
	crowdsec("iptables-logs", 8);
	crowdsec("mariadb-logs", 10);
	crowdsec("pfsense-rfc5424-filterlog", 8);
	rules("macos-sshd", 0);
	rules("apache", 4);
	rules("nginx", 1);
	rules("apparmor", 0);
	rules("systemd", 0);
	rules("ossec-dnsmasq", 0);
	rules("ossec-dropbear", 0);
	rules("ossec-su", 0);
	rules("web_appsec", 0);
	arena_done(&scratch);
	return done_testing();
}
