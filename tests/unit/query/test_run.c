/* SPDX-License-Identifier: Apache-2.0 */
/* What a query gives from a real ledger of blocks and live segments is what a plain reading of each
 * record by itself gives: random records, random queries, their meaning written down twice. */
#include "base/text.h"
#include "lines.h"
#include "query/query.h"
#include "query/value.h"
#include "tap.h"
#include "world.h"
#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#define RECORDS 6000u

struct seen {
	struct bytes raw;
	struct event e;
	struct arena scratch;
	usec time, arrival;
	uint32_t source, flags;
};

static struct world world;
static struct seen *all;
static uint64_t all_n;

/* The meaning of a query, on one record. */

enum kind {
	RAW,
	RAW_GLOB,
	RAW_REGEX,
	FIELD,
	EXISTS,
	GLOB,
	REGEX,
	NUMBER,
	NET,
	TIME,
	SOURCE,
	AND,
	OR,
	NOT
};

struct meaning {
	enum kind kind;
	enum field field;
	const char *text;
	double lo, hi;
	struct meaning *a, *b;
};

/* PCRE2 by itself; patterns are few, so each is compiled once. */
static bool plain_regex(const char *pattern, struct bytes text)
{
	static struct {
		const char *pattern;
		pcre2_code *code;
	} known[32];
	static pcre2_match_data *data;
	unsigned i = 0;
	int error;
	size_t at;

	while (known[i].pattern && known[i].pattern != pattern)
		i++;
	if (!known[i].pattern) {
		known[i].pattern = pattern;
		known[i].code =
			pcre2_compile((PCRE2_SPTR)pattern, strlen(pattern), 0, &error, &at, NULL);
	}
	if (!data)
		data = pcre2_match_data_create(1, NULL);
	return pcre2_match(known[i].code, text.len ? text.at : (PCRE2_SPTR) "", text.len, 0, 0,
			   data, NULL) >= 0;
}

static bool plain_glob(const char *p, struct bytes t, bool open)
{
	if (!*p)
		return open || !t.len;
	if (*p == '*') {
		for (size_t i = 0; i <= t.len; i++)
			if (plain_glob(p + 1, bytes_from(t, i), open))
				return true;
		return false;
	}
	return t.len && (*p == '?' || (uint8_t)*p == t.at[0]) &&
	       plain_glob(p + 1, bytes_from(t, 1), open);
}

static bool glob_in(const char *p, struct bytes t)
{
	for (size_t i = 0; i <= t.len; i++)
		if (plain_glob(p, bytes_from(t, i), true))
			return true;
	return false;
}

static bool means(const struct meaning *m, const struct seen *s)
{
	struct bytes v = m->kind <= TIME && m->kind >= FIELD ? event_get(&s->e, m->field) : s->raw;
	bool has = m->kind >= FIELD && m->kind <= NET ? event_has(&s->e, m->field) : true;
	struct addr a, lo, hi;
	__int128 num;

	switch (m->kind) {
	case RAW:
		return bytes_find(v, bytes_str(m->text)) != BYTES_NONE;
	case RAW_GLOB:
		return glob_in(m->text, v);
	case RAW_REGEX:
		return plain_regex(m->text, v);
	case FIELD:
		if (m->field == FIELD_MESSAGE)
			return has && bytes_find(v, bytes_str(m->text)) != BYTES_NONE;
		return has && bytes_eq(v, bytes_str(m->text));
	case EXISTS:
		return has;
	case GLOB:
		if (m->field == FIELD_MESSAGE)
			return has && glob_in(m->text, v);
		return has && plain_glob(m->text, v, false);
	case REGEX:
		return has && plain_regex(m->text, v);
	case NUMBER:
		return has && num_parse(v, &num) && num_double(num) >= m->lo &&
		       num_double(num) <= m->hi;
	case NET:
		addr_parse_net(bytes_str(m->text), &lo, &hi);
		return has && addr_parse(v, &a) && addr_cmp(&a, &lo) >= 0 && addr_cmp(&a, &hi) <= 0;
	case TIME:
		return (double)s->time >= m->lo && (double)s->time <= m->hi;
	case SOURCE:
		return s->source == (uint32_t)m->lo;
	case AND:
		return means(m->a, s) && means(m->b, s);
	case OR:
		return means(m->a, s) || means(m->b, s);
	case NOT:
		return !means(m->a, s);
	}
	return false;
}

/* A random query: its text and its meaning. */

static struct arena made;

static void any_test(struct buf *q, struct meaning *m)
{
	static const enum field keywords[] = { FIELD_USER_NAME,	    FIELD_LOG_LEVEL,
					       FIELD_HOST_NAME,	    FIELD_EVENT_DATASET,
					       FIELD_EVENT_OUTCOME, FIELD_OS_REQUEST_ID,
					       FIELD_HTTP_METHOD,   FIELD_MESSAGE,
					       FIELD_SOURCE_IP };
	struct buf t = { 0 };

	m->kind = (enum kind)any_of(AND);
	m->field = keywords[any_of(8)];
	switch (m->kind) {
	case RAW:
		m->text = PICK("failed", " 40", "Failed password", "mallory", "nosuchtext", "a",
			       ": ", "deadbeef", "\"POST ", "Took 1");
		buf_printf(q, "\"");
		for (const char *c = m->text; *c; c++)
			buf_printf(q, *c == '"' ? "\\%c" : "%c", *c);
		buf_printf(q, "\"");
		break;
	case RAW_GLOB:
		m->text = PICK("ma?lory", "Took*seconds", "wsgi*time", "f?iled", "from*1");
		buf_str(q, m->text);
		break;
	case RAW_REGEX:
		m->text = PICK("Took [1-3][0-9]\\.[0-9]+ seconds to (build|spawn)", "[0-9]{5,}",
			       "^Mar ", "status: 40[13]", "al+ory?", "(failed|Accepted) (for|\\.)",
			       "\\d+$");
		buf_printf(q, "/%s/", m->text);
		break;
	case FIELD:
		m->text = m->field == FIELD_USER_NAME	    ? any_user()
			  : m->field == FIELD_LOG_LEVEL	    ? PICK("info", "error", "none")
			  : m->field == FIELD_HOST_NAME	    ? PICK("cmp-00", "h1", "h2")
			  : m->field == FIELD_OS_REQUEST_ID ? any_id()
			  : m->field == FIELD_HTTP_METHOD
				  ? PICK("GET", "get")
				  : PICK("failure", "sshd", "oslo.log", "failed");
		buf_printf(q, "%s:\"%s\"", field_name(m->field), m->text);
		break;
	case EXISTS:
		buf_printf(q, "%s:*", field_name(m->field));
		break;
	case GLOB:
		m->text = PICK("*a*", "?ob", "m*y", "*fail*e*", "s*", "no*such");
		buf_printf(q, "%s:%s", field_name(m->field), m->text);
		break;
	case REGEX:
		m->text = PICK("a", "^[a-m]", "o$", "seconds to s", "[0-9]{4}", "x.y");
		buf_printf(q, "%s:/%s/", field_name(m->field), m->text);
		break;
	case NUMBER:
		m->field = any_of(2) ? FIELD_HTTP_STATUS : FIELD_PROCESS_PID;
		m->lo = any_of(2) ? 400 : 3;
		m->hi = any_of(2) ? 499 : 401;
		buf_printf(q, "%s:[%.0f TO %.0f]", field_name(m->field), m->lo, m->hi);
		break;
	case NET:
		m->field = FIELD_SOURCE_IP;
		m->text = PICK("10.0.0.0/8", "10.0.0.0/24", "2001:db8::/32", "203.0.113.7/32");
		buf_printf(q, "source.ip:%s", m->text);
		break;
	case TIME:
		m->lo = 1772323200e6 + any_of(3) * 600e6;
		m->hi = 4e18;
		buf_time(&t, (usec)m->lo);
		buf_printf(q, "@timestamp:>=%s", buf_cstr(&t));
		break;
	default:
		m->kind = SOURCE;
		m->lo = 1 + any_of(3);
		buf_printf(q, "input.id:%.0f", m->lo);
	}
	buf_done(&t);
}

static struct meaning *any_query(struct buf *q, int depth)
{
	struct meaning *m = arena_take(&made, sizeof(*m));

	memset(m, 0, sizeof(*m));
	if (depth <= 0 || any_of(4) == 0) {
		any_test(q, m);
		return m;
	}
	m->kind = (enum kind)(AND + any_of(3));
	buf_str(q, m->kind == NOT ? "NOT (" : "(");
	m->a = any_query(q, depth - 1);
	buf_str(q, ")");
	if (m->kind == NOT)
		return m;
	buf_str(q, m->kind == OR ? " OR (" : any_of(2) ? " AND (" : " (");
	m->b = any_query(q, depth - 1);
	buf_str(q, ")");
	return m;
}

/* The ledger. */

static void keep(const struct record *r)
{
	struct seen *s = &all[all_n++];
	const struct source *source = view_source(world.view, r->source);
	struct parse_hint hint = { .arrival = r->arrival };

	if (source) {
		hint.kind = source->kind;
		hint.name = source->name;
		hint.host = source->host;
	}
	s->raw = r->raw;
	s->arrival = r->arrival;
	s->source = r->source;
	s->flags = r->flags;
	s->e.scratch = &s->scratch;
	parse_record(&hint, s->raw, &s->e);
	s->time = s->e.time == USEC_NONE ? r->arrival : s->e.time;
}

static struct arena texts;

static void make_world(void)
{
	usec at = (usec)1772323200 * USEC_PER_SEC;
	struct buf line = { 0 };
	struct record *put = calloc(RECORDS, sizeof(*put));
	uint32_t id[3];
	uint64_t n = 0;

	world_open(&world, 1000);
	id[0] = world_source(&world, SOURCE_IMPORT, "h1", "/var/log/nova/nova-api.log");
	id[1] = world_source(&world, SOURCE_FILE, "h2", "/var/log/auth.log");
	id[2] = world_source(&world, SOURCE_SYSLOG_UDP, "h3", "192.0.2.99");
	for (unsigned i = 0; i < RECORDS; i++) {
		buf_clear(&line);
		any_line(&line, i / 3);
		put[n] = (struct record){ .source = id[any_of(3)], .arrival = at + i * 1000 };
		put[n].flags = (uint32_t[]){
			END_LF, END_LF, END_LF, END_FRAME, END_EOF, END_CUT, END_FRAME | RECORD_NUL
		}[any_of(7)];
		put[n].raw = arena_copy(&texts, buf_view(&line));
		world_put(&world, put[n].source, put[n].arrival, put[n].flags, put[n].raw);
		n++;
		if (i % 1500 == 700)
			world_must(ledger_note(world.ledger, BYTES("{\"event\":\"failed\"}")),
				   NULL);
		if (i == RECORDS * 3 / 4)
			world_seal(&world);
		else if (i % 100 == 0)
			world_commit(&world);
	}
	world_view(&world);
	all = calloc(RECORDS, sizeof(*all));
	for (uint64_t i = 0; i < n; i++)
		keep(&put[i]);
	free(put);
	buf_done(&line);
}

/* Running. */

static char *answer(const char *text, struct query_options o, struct query_result *ret)
{
	struct why why = { "" };
	struct query *q;
	char *out = NULL;
	size_t n = 0;
	int r;

	if (query_compile(&q, bytes_str(text), 0, &why, NULL) < 0) {
		printf("# %s: %s\n", text, why.line);
		return strdup("not compiled");
	}
	o.out = open_memstream(&out, &n);
	r = query_run(q, world.view, &o, ret, &why);
	fclose(o.out);
	if (r < 0)
		printf("# %s: %d %s\n", text, r, why.line);
	query_free(q);
	return out;
}

/* The lines that should come, of the records a meaning holds for. */
static void expect(struct buf *to, const struct meaning *m, usec since, usec until)
{
	for (uint64_t i = 0; i < all_n; i++)
		if (means(m, &all[i]) && (since == USEC_NONE || all[i].time >= since) &&
		    (until == USEC_NONE || all[i].time < until)) {
			struct buf t = { 0 };

			buf_time(&t, all[i].time);
			buf_printf(to, "{\"@timestamp\":\"%s\",\"event.original\":", buf_cstr(&t));
			json_string(to, all[i].raw);
			buf_str(to, "}\n");
			buf_done(&t);
		}
}

static void same_as_plain_reading(void)
{
	int wrong = 0, hits = 0, empty = 0;

	for (int i = 0; i < 400; i++) {
		struct query_options o = QUERY_OPTIONS;
		struct query_result r = { 0 };
		struct buf q = { 0 }, want = { 0 };
		struct meaning *m = any_query(&q, 3);
		char *got;

		buf_str(&q, " | fields @timestamp, event.original");
		o.format = QUERY_JSON;
		o.threads = 1 + any_of(3);
		if (any_of(4) == 0)
			o.since = (usec)1772323200 * USEC_PER_SEC + any_of(1500) * USEC_PER_SEC;
		if (any_of(4) == 0)
			o.until = (usec)1772323200 * USEC_PER_SEC + any_of(2500) * USEC_PER_SEC;
		expect(&want, m, o.since, o.until);
		got = answer(buf_cstr(&q), o, &r);
		if (strcmp(got, want.len ? buf_cstr(&want) : "") && wrong++ < 5)
			printf("# %s\n# got %zu bytes, %llu hits; want %zu bytes\n", buf_cstr(&q),
			       strlen(got), (unsigned long long)r.hits, want.len);
		hits += r.hits > 0;
		empty += r.hits == 0;
		free(got);
		buf_done(&q);
		buf_done(&want);
		arena_reset(&made);
	}
	ok(hits > 200 && empty > 30, "%d queries with hits, %d without", hits, empty);
	is_int(wrong, 0, "all answers are those of a plain reading");
}

/* Tables. */

static void count_by(const char *query, const char *(*key)(const struct seen *), enum field f)
{
	struct query_options o = QUERY_OPTIONS;
	struct query_result r;
	char *got, *save = NULL;
	uint64_t sum = 0, rows = 0, bad = 0;

	(void)key;
	o.format = QUERY_JSON;
	got = answer(query, o, &r);
	for (char *line = strtok_r(got, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		struct buf want = { 0 };
		char *at = strstr(line, "\"count\":");
		uint64_t n = at ? strtoull(at + 8, NULL, 10) : 0, real = 0;

		for (uint64_t i = 0; i < all_n; i++) {
			buf_clear(&want);
			buf_printf(&want, "{\"%s\":", field_name(f));
			json_string(&want, event_get(&all[i].e, f));
			buf_str(&want, ",");
			if (event_has(&all[i].e, f))
				real += !strncmp(line, buf_cstr(&want), want.len);
			else
				real += line[2] == 'c' && line[3] == 'o';
		}
		bad += n != real;
		sum += n;
		rows++;
		buf_done(&want);
	}
	is_int(sum, all_n, "%s: all records are counted once", query);
	is_int(bad, 0, "in %llu groups, each as it should be", (unsigned long long)rows);
	free(got);
}

static void is_answer(const char *query, enum query_format format, const char *want)
{
	struct query_options o = QUERY_OPTIONS;
	struct query_result r;
	char *got;

	o.format = format;
	got = answer(query, o, &r);
	is_str(got, want, "%s", query);
	free(got);
}

static void tables(void)
{
	struct buf want = { 0 }, sum = { 0 };
	__int128 bytes = 0, v, most = 0;
	uint64_t n = 0, with = 0;
	bool users[1024] = { false };
	const char *names[] = { "alice", "bob", "mallory", "root", "zabbix", "o'neil", "admin" };
	uint64_t distinct = 0;

	count_by("* | stats count() by user.name", NULL, FIELD_USER_NAME);
	count_by("* | stats count() by event.dataset", NULL, FIELD_EVENT_DATASET);
	count_by("* | stats count() by openstack.request_id", NULL, FIELD_OS_REQUEST_ID);
	for (uint64_t i = 0; i < all_n; i++) {
		struct bytes b = event_get(&all[i].e, FIELD_HTTP_BYTES);

		n += event_has(&all[i].e, FIELD_HTTP_STATUS);
		for (unsigned k = 0; k < 7; k++)
			users[k] |= bytes_eq(event_get(&all[i].e, FIELD_USER_NAME),
					     bytes_str(names[k]));
		if (b.len && num_parse(b, &v)) {
			with++;
			bytes += v;
			most = v > most ? v : most;
		}
	}
	for (unsigned k = 0; k < 7; k++)
		distinct += users[k];
	buf_printf(&want, "{\"n\":%llu,\"count(http.response.status_code)\":%llu,\"sum\":",
		   (unsigned long long)all_n, (unsigned long long)n);
	num_text(&want, bytes);
	buf_str(&want, ",\"max\":");
	num_text(&want, most);
	buf_str(&want, ",\"avg\":");
	num_text(&want, bytes / (__int128)with);
	buf_str(&want, "}\n");
	is_answer("* | stats count() as n, count(http.response.status_code), "
		  "sum(http.response.body.bytes) as sum, max(http.response.body.bytes) as max, "
		  "avg(http.response.body.bytes) as avg",
		  QUERY_JSON, buf_cstr(&want));
	buf_printf(&sum, "{\"d\":%llu}\n", (unsigned long long)distinct);
	is_answer("user.name:(alice OR bob OR mallory OR root OR zabbix OR \"o'neil\" OR admin) | "
		  "stats dc(user.name) as d",
		  QUERY_JSON, buf_cstr(&sum));
	is_answer(
		"nosuchtextatall | stats count(), min(@timestamp), p50(process.pid), dc(user.name)",
		QUERY_JSON, "{\"count\":0,\"dc(user.name)\":0}\n");
	is_answer("nosuchtextatall | stats count() by user.name", QUERY_JSON, "");
	buf_done(&want);
	buf_done(&sum);
}

/* Long lists, which are asked as one set, against their parts. */
static void lists(void)
{
	static const char *const queries[][2] = {
		{ "user.name:(alice OR bob OR nobody1 OR nobody2 OR nobody3 OR nobody4 OR nobody5 "
		  "OR "
		  "mallory OR alice)",
		  "user.name:alice OR user.name:bob OR user.name:mallory" },
		{ "source.ip:(1.0.0.0/8 OR 2.0.0.0/8 OR 3.0.0.0/8 OR 10.0.0.0/25 OR 10.0.0.64/26 "
		  "OR "
		  "2001:db8::/32 OR 203.0.113.7 OR 5.0.0.0/8 OR 0.0.0.1)",
		  "source.ip:10.0.0.0/25 OR source.ip:2001:db8::/32 OR source.ip:203.0.113.7" },
		{ "NOT http.response.status_code:(1 OR 2 OR 3 OR 4 OR 401 OR [400 TO 404] OR 6 OR "
		  "7 OR "
		  "500)",
		  "NOT http.response.status_code:[400 TO 404] AND NOT "
		  "http.response.status_code:500" },
		{ "mallory OR user.name:(a1 OR a2 OR a3 OR a4 OR a5 OR a6 OR a7 OR bob) OR "
		  "source.ip:*",
		  "mallory OR user.name:bob OR source.ip:*" },
	};

	for (size_t i = 0; i < sizeof(queries) / sizeof(queries[0]); i++) {
		struct query_options o = QUERY_OPTIONS;
		struct query_result a, b;
		char *got, *want;

		o.format = QUERY_JSON;
		got = answer(queries[i][0], o, &a);
		want = answer(queries[i][1], o, &b);
		ok(!strcmp(got, want) && a.hits && a.hits < RECORDS, "%s: %llu records",
		   queries[i][0], (unsigned long long)a.hits);
		free(got);
		free(want);
	}
}

/* head, tail and limits give the rows they say, whatever the number of threads. */
static void windows(void)
{
	struct query_options o = QUERY_OPTIONS;
	struct query_result r;
	char *whole;
	static const uint64_t sizes[] = { 1, 2, 10, 999, 1000, 1001, 3500, 5999, 6000, 7000 };
	int bad = 0;

	o.format = QUERY_RAW;
	o.threads = 2;
	whole = answer("user.name:* | sort @timestamp | fields @timestamp", o, &r);
	free(whole);
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		char text[100];
		char *got, *want;
		struct query_result a, b;

		for (unsigned threads = 1; threads <= 3; threads++) {
			o.threads = threads;
			o.format = QUERY_JSON;
			o.limit = 0;
			snprintf(text, sizeof(text),
				 "event.sequence:>=0 | head %llu | fields event.sequence",
				 (unsigned long long)sizes[i]);
			got = answer(text, o, &a);
			o.limit = sizes[i];
			want = answer("* | fields event.sequence", o, &b);
			bad += strcmp(got, want) != 0 || a.hits != b.hits ||
			       a.hits != (sizes[i] < RECORDS ? sizes[i] : RECORDS);
			free(got);
			free(want);
			o.limit = 0;
			snprintf(text, sizeof(text), "* | tail %llu | fields event.sequence",
				 (unsigned long long)sizes[i]);
			got = answer(text, o, &a);
			snprintf(text, sizeof(text),
				 "* | sort -event.sequence | head %llu | sort event.sequence | "
				 "fields "
				 "event.sequence",
				 (unsigned long long)sizes[i]);
			want = answer(text, o, &b);
			bad += strcmp(got, want) != 0 || a.hits != b.hits ||
			       a.hits != (sizes[i] < RECORDS ? sizes[i] : RECORDS);
			free(got);
			free(want);
			snprintf(text, sizeof(text), "* | tail %llu | stats count()",
				 (unsigned long long)sizes[i]);
			o.format = QUERY_TEXT;
			got = answer(text, o, &a);
			snprintf(text, sizeof(text), "count\n%5llu\n", (unsigned long long)a.hits);
			bad += strtoull(got + 6, NULL, 10) !=
			       (sizes[i] < RECORDS ? sizes[i] : RECORDS);
			free(got);
		}
	}
	is_int(bad, 0, "windows of all sizes, one to three threads");
}

static void sorting(void)
{
	struct query_options o = QUERY_OPTIONS;
	struct query_result r;
	char *got, *save = NULL;
	double last = 1e300;
	int bad = 0, rows = 0;

	o.format = QUERY_JSON;
	got = answer("event.duration_seconds:* | sort -event.duration_seconds | head 50 | fields "
		     "event.duration_seconds",
		     o, &r);
	for (char *line = strtok_r(got, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		double v = strtod(strchr(line, ':') + 1, NULL);

		bad += v > last;
		last = v;
		rows++;
	}
	is_int(rows, 50, "fifty rows");
	is_int(bad, 0, "the slowest first");
	free(got);
}

/* `search -o raw '*'` gives the bytes back. */
static void raw_is_exact(void)
{
	struct query_options o = QUERY_OPTIONS;
	struct query_result r;
	struct buf want = { 0 };
	char *got = NULL;
	size_t n = 0;
	struct query *q;
	struct why why;

	for (uint64_t i = 0; i < all_n; i++) {
		buf_bytes(&want, all[i].raw);
		if (all[i].flags & RECORD_NUL)
			buf_u8(&want, 0);
		else if ((all[i].flags & RECORD_END_MASK) <= END_FRAME)
			buf_u8(&want, '\n');
	}
	for (unsigned threads = 1; threads <= 4; threads++) {
		o.format = QUERY_RAW;
		o.threads = threads;
		query_compile(&q, BYTES("*"), 0, &why, NULL);
		o.out = open_memstream(&got, &n);
		query_run(q, world.view, &o, &r, &why);
		fclose(o.out);
		query_free(q);
		ok(n == want.len && !memcmp(got, want.at, n), "%u threads: byte for byte", threads);
		free(got);
	}
	buf_done(&want);
}

static void own_records(void)
{
	struct query_options o = QUERY_OPTIONS;
	struct query_result r, with;
	char *got;

	o.format = QUERY_COUNT;
	got = answer("*", o, &r);
	is_int(r.hits, RECORDS, "Vedette's own records are left out");
	is_str(got, "6000\n", "and the count is written");
	free(got);
	o.own = true;
	got = answer("input.id:0", o, &with);
	ok(with.hits >= 7, "unless they are asked for: %llu", (unsigned long long)with.hits);
	free(got);
	got = answer("\"event\\\":\\\"failed\"", o, &with);
	is_int(with.hits, 4, "the notes among them");
	free(got);
}

int main(void)
{
	srand(3);
	make_world();
	ok(view_units(world.view) >= 5, "%zu blocks and segments", view_units(world.view));
	is_int(all_n, RECORDS, "records");
	own_records();
	raw_is_exact();
	tables();
	lists();
	windows();
	sorting();
	same_as_plain_reading();
	world_done(&world);
	arena_done(&made);
	arena_done(&texts);
	for (uint64_t i = 0; i < all_n; i++)
		arena_done(&all[i].scratch);
	free(all);
	return done_testing();
}
