/* SPDX-License-Identifier: Apache-2.0 */
/* corpus_check DIR — real logs with known answers, kept beside the project and not in it: every
 * line is parsed and what it gives is compared with what is known of it. Skips what is absent.
 * Figures are printed as TAP comments. */
#include "corpus.h"
#include "tap.h"

static char dir[3072];
static struct arena scratch;
static struct event event;

static struct parse_hint hint_of(enum source_kind kind, const char *name)
{
	struct parse_hint h = { .kind = kind, .name = bytes_str(name) };

	clock_parse(BYTES("2026-11-22T02:00:00Z"), 0, &h.arrival);
	return h;
}

static bool open_text(const char *name, struct buf *ret)
{
	char path[4096];

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	if (corpus_read(path, ret))
		return true;
	skip(name);
	return false;
}

static bool field_is(enum field f, struct bytes want)
{
	return bytes_eq(event_get(&event, f), want);
}

static bool time_is(struct bytes text, usec zone)
{
	usec at;

	return clock_parse(text, 0, &at) && event.time == at - zone;
}

/* One cell of the table against one field; tells the first lines that differ. */
static unsigned differ, compared;

static void cell(bool good, size_t line, const char *what)
{
	compared++;
	if (good)
		return;
	if (differ++ < 10)
		printf("# line %zu: %s differs\n", line, what);
}

/* "10.11.10.1 "GET /x HTTP/1.1" status: 200 len: 1893 time: 0.2477829" as the table has it */
static void check_request(struct bytes content, size_t line)
{
	struct bytes w[12], b = content, client, path;
	size_t n = corpus_words(b, w, 12), comma, question;

	if (n < 10 || w[1].at[0] != '"' || !bytes_eq(w[4], BYTES("status:")))
		return;
	comma = bytes_chr(w[0], ',');
	client = comma == BYTES_NONE ? w[0] : bytes_from(w[0], comma + 1);
	cell(field_is(FIELD_SOURCE_IP, client), line, "address");
	if (comma != BYTES_NONE)
		cell(field_is(FIELD_CLIENT_IP, bytes_sub(w[0], 0, comma)), line,
		     "forwarded address");
	cell(field_is(FIELD_HTTP_METHOD, bytes_from(w[1], 1)), line, "method");
	question = bytes_chr(w[2], '?');
	path = bytes_sub(w[2], 0, question);
	cell(field_is(FIELD_URL_PATH, path), line, "path");
	cell(field_is(FIELD_URL_ORIGINAL, w[2]), line, "target");
	cell(field_is(FIELD_HTTP_VERSION, BYTES("1.1")), line, "version");
	cell(field_is(FIELD_HTTP_STATUS, w[5]), line, "status");
	cell(field_is(FIELD_HTTP_BYTES, w[7]), line, "length");
	cell(field_is(FIELD_EVENT_DURATION_S, w[9]), line, "duration");
}

static void check_context(struct bytes addr, size_t line)
{
	static const enum field fields[] = { FIELD_OS_REQUEST_ID,     FIELD_USER_ID,
					     FIELD_OS_PROJECT_ID,     FIELD_OS_DOMAIN_ID,
					     FIELD_OS_USER_DOMAIN_ID, FIELD_OS_PROJECT_DOMAIN_ID };
	struct bytes w[8];
	size_t n = corpus_words(addr, w, 8);

	for (size_t i = 0; i < 6; i++) {
		struct bytes want = i < n ? w[i] : BYTES("");

		if (bytes_eq(want, BYTES("-")))
			want = BYTES("");
		cell(field_is(fields[i], want), line, field_name(fields[i]));
	}
}

static void check_instance(struct bytes content, size_t line)
{
	if (bytes_starts(content, BYTES("[instance: ")))
		cell(field_is(FIELD_OS_INSTANCE_ID, bytes_sub(content, 11, 36)), line, "instance");
}

static void openstack(void)
{
	struct parse_hint h = hint_of(SOURCE_IMPORT, "OpenStack_2k.log");
	struct buf log = { 0 }, table = { 0 };
	struct bytes line, row, col[11], rows, lines;
	size_t n = 0, plain = 0;

	if (!open_text("loghub/OpenStack_2k.log", &log) ||
	    !open_text("loghub/OpenStack_2k.log_structured.csv", &table))
		return;
	lines = buf_view(&log);
	rows = buf_view(&table);
	corpus_line(&rows, &row); /* the heads */
	for (differ = 0; corpus_line(&lines, &line) && corpus_csv(&rows, col, 11) == 11; n++) {
		char stamp[64];

		plain += parse_record(&h, line, &event) != PARSE_OK;
		snprintf(stamp, sizeof(stamp), "%.*sT%.*sZ", (int)col[2].len,
			 (const char *)col[2].at, (int)col[3].len, (const char *)col[3].at);
		cell(time_is(bytes_str(stamp), 0), n + 1, "time");
		cell(field_is(FIELD_LOG_FILE, col[1]), n + 1, "file");
		cell(field_is(FIELD_PROCESS_PID, col[4]), n + 1, "pid");
		cell(bytes_ieq(event_get(&event, FIELD_LOG_LEVEL), col[5]), n + 1, "level");
		cell(field_is(FIELD_LOG_LOGGER, col[6]), n + 1, "logger");
		cell(field_is(FIELD_MESSAGE, col[8]), n + 1, "content");
		check_context(col[7], n + 1);
		check_request(col[8], n + 1);
		check_instance(col[8], n + 1);
		arena_reset(&scratch);
	}
	is_int(n, 2000, "OpenStack_2k: lines");
	is_int(plain, 0, "OpenStack_2k: lines not understood");
	is_int(differ, 0, "OpenStack_2k: fields that differ");
	buf_done(&log);
	buf_done(&table);
}

static void linux_2k(void)
{
	struct parse_hint h = hint_of(SOURCE_IMPORT, "/var/log/messages");
	struct buf log = { 0 }, table = { 0 };
	struct bytes line, row, col[10], rows, lines;
	size_t n = 0, plain = 0;

	h.year = 2005;
	if (!open_text("loghub/Linux_2k.log", &log) ||
	    !open_text("loghub/Linux_2k.log_structured.csv", &table))
		return;
	lines = buf_view(&log);
	rows = buf_view(&table);
	corpus_line(&rows, &row);
	for (differ = 0; corpus_line(&lines, &line) && corpus_csv(&rows, col, 10) == 10; n++) {
		char stamp[64];

		plain += parse_record(&h, line, &event) != PARSE_OK;
		snprintf(stamp, sizeof(stamp), "2005-%s-%02d %.*s",
			 bytes_eq(col[1], BYTES("Jun")) ? "06" : "07", (int)corpus_number(col[2]),
			 (int)col[3].len, (const char *)col[3].at);
		cell(time_is(bytes_str(stamp), 0), n + 1, "time");
		cell(field_is(FIELD_HOST_NAME, col[4]), n + 1, "host");
		cell(field_is(FIELD_PROCESS_NAME, col[5]), n + 1, "component");
		cell(field_is(FIELD_PROCESS_PID, col[6]), n + 1, "pid");
		cell(bytes_eq(bytes_trim(event_get(&event, FIELD_MESSAGE)), bytes_trim(col[7])),
		     n + 1, "content");
	}
	is_int(n, 2000, "Linux_2k: lines");
	is_int(plain, 0, "Linux_2k: lines not understood");
	is_int(differ, 0, "Linux_2k: fields that differ");
	buf_done(&log);
	buf_done(&table);
}

static void apache_2k(void)
{
	struct parse_hint h = hint_of(SOURCE_IMPORT, "error.log");
	struct buf log = { 0 }, table = { 0 };
	struct bytes line, row, col[6], rows, lines, text;
	size_t n = 0, plain = 0;

	if (!open_text("loghub/Apache_2k.log", &log) ||
	    !open_text("loghub/Apache_2k.log_structured.csv", &table))
		return;
	lines = buf_view(&log);
	rows = buf_view(&table);
	corpus_line(&rows, &row);
	for (differ = 0; corpus_line(&lines, &line) && corpus_csv(&rows, col, 6) == 6; n++) {
		char stamp[64];

		plain += parse_record(&h, line, &event) != PARSE_OK;
		/* "Sun Dec 04 04:47:44 2005" */
		snprintf(stamp, sizeof(stamp), "2005-12-%.2s %.8s", (const char *)col[1].at + 8,
			 (const char *)col[1].at + 11);
		cell(time_is(bytes_str(stamp), 0), n + 1, "time");
		cell(field_is(FIELD_LOG_LEVEL, col[2]), n + 1, "level");
		text = col[3]; /* the client is a field of its own here */
		if (bytes_starts(text, BYTES("[client "))) {
			size_t end = bytes_chr(text, ']');

			cell(field_is(FIELD_SOURCE_IP, bytes_sub(text, 8, end - 8)), n + 1,
			     "client");
			text = bytes_from(text, end + 2);
		}
		cell(field_is(FIELD_MESSAGE, text), n + 1, "content");
	}
	is_int(n, 2000, "Apache_2k: lines");
	is_int(plain, 0, "Apache_2k: lines not understood");
	is_int(differ, 0, "Apache_2k: fields that differ");
	buf_done(&log);
	buf_done(&table);
}

/* Lines of a log: all must be understood. In those of oslo.log further lines of a record, which
 * intake joins to their first one, are those without a stamp. */
static void all_known(const char *name, const char *path, bool joined)
{
	struct parse_hint h = hint_of(SOURCE_FILE, path);
	struct buf log = { 0 };
	struct bytes line, lines;
	size_t n = 0, plain = 0, more = 0, timeless = 0;

	if (!open_text(name, &log))
		return;
	for (lines = buf_view(&log); corpus_line(&lines, &line); n++) {
		if (parse_record(&h, line, &event) == PARSE_OK) {
			timeless += event.time == USEC_NONE;
			continue;
		}
		if (joined && !bytes_starts(line, BYTES("20"))) {
			more++;
			continue;
		}
		if (plain++ < 5)
			printf("# not understood: %.*s\n", (int)(line.len < 120 ? line.len : 120),
			       (const char *)line.at);
		arena_reset(&scratch);
	}
	printf("# %s: %zu lines, %zu of a record before, %zu without a time\n", name, n, more,
	       timeless);
	is_int(plain, 0, "%s: lines not understood", name);
	buf_done(&log);
}

static void real(void)
{
	static const char *const logs[] = { "cinder-volume",
					    "keystone",
					    "nova-api",
					    "nova-compute1",
					    "neutron-openvswitch-agent.head",
					    "rabbit",
					    "keystone-uwsgi",
					    "nova-api-uwsgi" };
	char name[128], path[128];

	for (size_t i = 0; i < sizeof(logs) / sizeof(logs[0]); i++) {
		snprintf(name, sizeof(name), "openstack-real/logs-info/%s.log", logs[i]);
		snprintf(path, sizeof(path), "/var/log/os/%s.log", logs[i]);
		all_known(name, path, i < 5);
	}
	all_known("openstack-real/keystone/keystone_access_kolla.log", "", false);
	all_known("openstack-real/network/audit-netfilter.log", "", false);
	all_known("openstack-real/network/ovs-vswitchd.log", "", false);
	all_known("openstack-real/security/auth-trad.log", "", false);
	all_known("openstack-real/security/clamd.log", "", false);
	all_known("openstack-real/security/fail2ban.log", "", false);
	all_known("openstack-real/security/rkhunter.log", "", false);
	all_known("openstack-real/notifications/all-services-by-type.jsonl", "", false);
	all_known("openstack-real/notifications/keystone-cadf.jsonl", "", false);
	all_known("syslog/wazuh-syslog.log", "", false);
}

/* --- the logs of real services, cut up here by their fixed layout and not by the parsers --- */

/* "DATE TIME PID LEVEL LOGGER [GLOBAL REQUEST USER PROJECT DOMAIN SCOPE UDOMAIN PDOMAIN] TEXT" */
static void oslo_line_is(struct bytes line, size_t n)
{
	static const enum field fields[] = {
		FIELD_OS_GLOBAL_REQUEST_ID, FIELD_OS_REQUEST_ID,       FIELD_USER_ID,
		FIELD_OS_PROJECT_ID,	    FIELD_OS_DOMAIN_ID,	       FIELD_OS_SYSTEM_SCOPE,
		FIELD_OS_USER_DOMAIN_ID,    FIELD_OS_PROJECT_DOMAIN_ID
	};
	struct bytes w[13], context, text; /* without a context: a line of a traceback */
	size_t words = corpus_words(line, w, 13), open, close;

	if (words < 6 || w[0].len != 10)
		return;
	cell(time_is(bytes_of(w[0].at, 23), 0), n, "time");
	cell(field_is(FIELD_PROCESS_PID, w[2]), n, "pid");
	cell(bytes_ieq(event_get(&event, FIELD_LOG_LEVEL), w[3]), n, "level");
	cell(field_is(FIELD_LOG_LOGGER, w[4]), n, "logger");
	open = (size_t)(w[5].at - line.at);
	text = bytes_from(line, open);
	close = bytes_find(bytes_from(line, open), BYTES("] "));
	if (bytes_starts(w[5], BYTES("[-]"))) {
		text = bytes_from(line, open + 4);
	} else if (bytes_starts(w[5], BYTES("[None")) || bytes_starts(w[5], BYTES("[req-"))) {
		context = bytes_sub(line, open + 1, close - 1);
		text = bytes_from(line, open + close + 2);
		words = corpus_words(context, w, 13);
		cell(words == 8, n, "number of words");
		for (size_t i = 0; i < 8 && i < words; i++) {
			bool none = bytes_eq(w[i], BYTES("-")) || bytes_eq(w[i], BYTES("None"));

			if (none && fields[i] == FIELD_USER_ID)
				continue; /* the text may name one: "User is disabled: …" */
			cell(none ? !event_has(&event, fields[i]) : field_is(fields[i], w[i]), n,
			     field_name(fields[i]));
		}
	}
	cell(field_is(FIELD_MESSAGE, text), n, "text");
}

/* `[pid: 12|app: 0|req: 1/1] IP () {…} [Sun Nov 22 01:20:00 2026] GET /x => generated 1 bytes in 2
 * msecs (HTTP/1.1 200) …` */
static void uwsgi_line_is(struct bytes line, size_t n)
{
	struct bytes w[40], target;
	size_t words = corpus_words(line, w, 40), i = 0;

	if (!bytes_starts(line, BYTES("[pid: ")))
		return;
	cell(field_is(FIELD_PROCESS_PID, bytes_sub(w[1], 0, bytes_chr(w[1], '|'))), n, "pid");
	while (i < words && !bytes_eq(w[i], BYTES("=>")))
		i++;
	if (i < 7 || i + 7 >= words)
		return;
	target = w[i - 1];
	cell(field_is(FIELD_HTTP_METHOD, w[i - 2]), n, "method");
	cell(field_is(FIELD_URL_ORIGINAL, target), n, "target");
	cell(field_is(FIELD_URL_PATH, bytes_sub(target, 0, bytes_chr(target, '?'))), n, "path");
	cell(field_is(FIELD_HTTP_BYTES, w[i + 2]), n, "length");
	cell(field_is(FIELD_EVENT_DURATION_MS, w[i + 5]), n, "duration");
	cell(field_is(FIELD_HTTP_STATUS, bytes_sub(w[i + 8], 0, 3)), n, "status");
	cell(field_is(FIELD_SOURCE_IP, w[4]), n, "address");
}

/* `- - - [22/Nov/2026:01:47:40 +0000] "POST /v3/auth/tokens HTTP/1.1" 201 1217 184711 "-" "agent"`
 */
static void kolla_line_is(struct bytes line, size_t n)
{
	struct bytes w[12];
	size_t words = corpus_words(line, w, 12);

	if (words < 11)
		return;
	cell(event.time != USEC_NONE, n, "time");
	cell(field_is(FIELD_HTTP_METHOD, bytes_from(w[5], 1)), n, "method");
	cell(field_is(FIELD_URL_ORIGINAL, w[6]), n, "target");
	cell(field_is(FIELD_HTTP_STATUS, w[8]), n, "status");
	cell(bytes_eq(w[9], BYTES("-")) || field_is(FIELD_HTTP_BYTES, w[9]), n, "length");
	cell(field_is(FIELD_EVENT_DURATION_US, w[10]), n, "duration");
}

/* key": "value of a notification, whose text is JSON in a string, twice over: \\\"key\\\": \\\"v */
static struct bytes said_in(struct bytes line, const char *key)
{
	size_t at = bytes_find(line, bytes_str(key)), end = 0;
	struct bytes b = bytes_from(line, at == BYTES_NONE ? line.len : at + strlen(key));

	while (b.len && (b.at[0] == '\\' || b.at[0] == '"' || b.at[0] == ':' || b.at[0] == ' '))
		b = bytes_from(b, 1);
	while (end < b.len && b.at[end] != '"' && b.at[end] != '\\')
		end++;
	return bytes_sub(b, 0, end);
}

static void cadf_line_is(struct bytes line, size_t n)
{
	static const struct {
		const char *key;
		enum field field;
	} said[] = {
		{ "event_type\\", FIELD_OS_EVENT_TYPE },   { "\"outcome\\", FIELD_EVENT_OUTCOME },
		{ "\"agent\\", FIELD_USER_AGENT },	   { "publisher_id\\", FIELD_OS_PUBLISHER },
		{ "\"username\\", FIELD_USER_NAME },	   { "\"user_id\\", FIELD_USER_ID },
		{ "\"request_id\\", FIELD_OS_REQUEST_ID }, { "\"address\\", FIELD_SOURCE_IP },
	};

	for (size_t i = 0; i < sizeof(said) / sizeof(said[0]); i++) {
		struct bytes v = said_in(line, said[i].key);

		if (v.len) {
			cell(field_is(said[i].field, v), n, field_name(said[i].field));
		}
	}
}

static void each_is(const char *name, const char *path, void (*is)(struct bytes, size_t))
{
	struct parse_hint h = hint_of(SOURCE_FILE, path);
	struct buf log = { 0 };
	struct bytes line, lines;
	size_t n = 0;

	if (!open_text(name, &log))
		return;
	differ = compared = 0;
	for (lines = buf_view(&log); corpus_line(&lines, &line);) {
		parse_record(&h, line, &event);
		is(line, ++n);
		arena_reset(&scratch);
	}
	printf("# %s: %zu lines, %u fields compared\n", name, n, compared);
	ok(compared > n / 2, "%s: fields compared", name);
	is_int(differ, 0, "%s: fields that differ", name);
	buf_done(&log);
}

static void real_fields(void)
{
	each_is("openstack-real/logs-info/cinder-volume.log", "", oslo_line_is);
	each_is("openstack-real/logs-info/keystone.log", "", oslo_line_is);
	each_is("openstack-real/logs-info/nova-api.log", "", oslo_line_is);
	each_is("openstack-real/logs-info/nova-compute1.log", "", oslo_line_is);
	each_is("openstack-real/logs-info/neutron-openvswitch-agent.head.log", "", oslo_line_is);
	each_is("openstack-real/logs-info/keystone-uwsgi.log", "uwsgi", uwsgi_line_is);
	each_is("openstack-real/logs-info/nova-api-uwsgi.log", "uwsgi", uwsgi_line_is);
	each_is("openstack-real/keystone/keystone_access_kolla.log", "", kolla_line_is);
	each_is("openstack-real/notifications/keystone-cadf.jsonl", "", cadf_line_is);
}

int main(int argc, char **argv)
{
	event.scratch = &scratch;
	if (argc != 2) {
		printf("1..0 # SKIP corpus_check needs the folder of the corpora\n");
		return 0;
	}
	snprintf(dir, sizeof(dir), "%s", argv[1]);
	openstack();
	linux_2k();
	apache_2k();
	real();
	real_fields();
	arena_done(&scratch);
	return done_testing();
}
