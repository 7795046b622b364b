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
static unsigned differ;

static void cell(bool good, size_t line, const char *what)
{
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
	arena_done(&scratch);
	return done_testing();
}
