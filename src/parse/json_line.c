/* SPDX-License-Identifier: Apache-2.0 */
/* A line that is one JSON object. One table says which path means which field, whoever wrote it:
 * names of the Elastic Common Schema as they are; the JSON and fluentd formatters of oslo.log;
 * OpenStack notifications, CADF events and their AMQP envelope (whose text is JSON in a string,
 * perhaps twice over); journald's and Docker's JSON; Suricata, AIDE.
 *
 * Where several paths may give one field, the lowest rank wins, then the first in the line; of a
 * key that is there twice the first counts, and event.anomaly says so. Text that had to be
 * unescaped is looked for in the raw bytes again in the end: most of it (ids, names, addresses)
 * stands there unchanged. */
#include "parse/json.h"
#include "parse/json_kinds.h"
#include "parse/line.h"
#include "parse/vocabulary.h"

enum how {
	AS_TEXT,
	AS_NUMBER,
	AS_LEVEL,
	AS_TIME, /* a stamp, or seconds, milliseconds … since 1970 */
	AS_CREATED, /* the same, but only a number: elsewhere "created" means a thing */
	AS_SOURCE, /* address or name */
	AS_OUTCOME,
	AS_STATUS,
	AS_TARGET, /* request target */
	AS_OBJECT, /* JSON in a string */
	AS_LINE, /* a log line in a string */
	AS_JOURNAL, /* the journal's text */
	AS_ERROR, /* "Class: text" */
	AS_ARGV, /* the words of a command, one element each */
	AS_SUDO, /* any text of an accept, reject or alert record */
	AS_AUDIT, /* "1795311000.603:41": time and number of an audit event */
	AS_PATH, /* only where it is one */
	AS_MARK, /* says which schema this is */
};

struct map {
	const char *path;
	uint16_t field; /* or a mark */
	uint8_t rank, how;
};

static const struct map maps[] = {
#include "parse/json_map.def"
};

#define MAPS (sizeof(maps) / sizeof(maps[0]))
#define WEAK_MAX 48

static struct vocabulary names; /* the paths of maps[], then the names of the fields */

/* The table's own entries come first, so that a field whose name needs care is not taken as plain
 * text. */
__attribute__((constructor)) static void fill(void)
{
	for (size_t i = 0; i < MAPS; i++)
		vocabulary_add(&names, bytes_str(maps[i].path));
	for (unsigned f = 0; f < FIELD_N; f++)
		vocabulary_add(&names, bytes_str(field_name((enum field)f)));
}

static bool map_of(struct bytes path, struct map *ret)
{
	size_t i = vocabulary_find(&names, path);

	if (i == BYTES_NONE || i == MAPS + FIELD_EVENT_DATASET) /* the dataset is ours to say */
		return false;
	if (i < MAPS)
		*ret = maps[i];
	else
		*ret = (struct map){ "", (uint16_t)(i - MAPS), 0,
				     field_type((enum field)(i - MAPS)) == TYPE_NUMBER ? AS_NUMBER
										       : AS_TEXT };
	return true;
}

struct weak {
	struct bytes value;
	uint16_t field;
	uint8_t rank;
};

struct scan_ctx {
	struct line *l;
	unsigned marks, nested;
	size_t weak_n, made_n;
	struct weak weak[WEAK_MAX];
	struct bytes line, journal; /* texts in strings */
	struct bytes made[8]; /* what was unescaped, to be looked for in the raw bytes */
	usec time;
	uint8_t time_rank;
	enum json_keys keys;
	struct bytes argv;
	unsigned argc;
	uint8_t *journal_bytes;
};

static void on_leaf(void *arg, const struct json_leaf *leaf);

static struct bytes text_of(struct scan_ctx *s, const struct json_leaf *leaf)
{
	struct bytes t;

	if (!leaf->escaped || !s->l->ev->scratch)
		return leaf->value;
	t = json_unescape(s->l->ev->scratch, leaf->value);
	if (s->made_n < sizeof(s->made) / sizeof(s->made[0]))
		s->made[s->made_n++] = t;
	return t;
}

/* Digits since 1970 in whatever unit: by their number. */
static usec epoch_of(struct bytes v)
{
	struct bytes whole = v, digits = scan_digits(&whole);
	uint64_t n;
	usec at;

	if (digits.len <= 11)
		return stamp_epoch(v, &at) ? at : USEC_NONE;
	if (!bytes_u64(digits, &n) || whole.len > 12 || digits.len > 19)
		return USEC_NONE;
	if (digits.len <= 14)
		return (usec)n * 1000;
	return digits.len <= 17 ? (usec)n : (usec)(n / 1000);
}

static void take_time(struct scan_ctx *s, const struct json_leaf *leaf, uint8_t rank)
{
	struct bytes v = leaf->value;
	usec at = USEC_NONE;

	if (leaf->type == JSON_NUMBER || (v.len && scan_digits(&v).len == leaf->value.len))
		at = epoch_of(leaf->value);
	else if (leaf->type == JSON_STRING) {
		v = leaf->value;
		if (!stamp_iso(s->l->hint, &v, &at) && !stamp_bsd(s->l->hint, &v, &at) &&
		    !stamp_ctime(s->l->hint, &v, &at))
			stamp_clf(s->l->hint, &v, &at);
	}
	if (at != USEC_NONE && (s->time == USEC_NONE || rank < s->time_rank)) {
		s->time = at;
		s->time_rank = rank;
	}
}

static void take(struct scan_ctx *s, const struct map *m, struct bytes v)
{
	if (!v.len)
		return;
	if (!m->rank) {
		set(s->l, (enum field)m->field, v);
	} else if (s->weak_n < WEAK_MAX) {
		s->weak[s->weak_n++] = (struct weak){ v, m->field, m->rank };
	}
}

static struct bytes outcome_of(struct bytes v)
{
	if (IS(v, "success") || IS(v, "pass") || IS(v, "allowed"))
		return BYTES("success");
	if (IS(v, "failure") || IS(v, "fail") || IS(v, "failed") || IS(v, "denied") ||
	    IS(v, "blocked"))
		return BYTES("failure");
	return IS(v, "unknown") || IS(v, "pending") ? BYTES("unknown") : BYTES("");
}

static struct bytes level_in(const struct json_leaf *leaf)
{
	struct bytes v = leaf->value;

	if (level_of(v).len)
		return level_of(v);
	if (v.len == 1 && is_digit(v.at[0]) && v.at[0] <= '7') /* syslog's numbers */
		return level_of_severity((unsigned)(v.at[0] - '0'));
	if (leaf->type == JSON_NUMBER && v.len == 2 && v.at[1] == '0') /* Python's, bunyan's */
		switch (v.at[0]) {
		case '1':
			return BYTES("debug");
		case '2':
			return BYTES("info");
		case '3':
			return BYTES("warning");
		case '4':
			return BYTES("error");
		case '5':
			return BYTES("critical");
		default:
			break;
		}
	return BYTES("");
}

static void take_mark(struct scan_ctx *s, unsigned mark, const struct json_leaf *leaf)
{
	if (mark == MARK_CADF && !HAS(leaf->value, "dmtf.org/cloud/audit") &&
	    !HAS(leaf->value, "cadf"))
		return;
	if (mark == MARK_RABBIT && scan_chr(leaf->value, '@') == leaf->value.len)
		return;
	if (mark == MARK_HASH && !IS(leaf->value, "partial_password_hash"))
		return;
	s->marks |= mark;
}

static void nested(struct scan_ctx *s, const struct json_leaf *leaf)
{
	struct bytes t;

	if (leaf->type != JSON_STRING || s->nested > 2 || !leaf->escaped)
		return;
	if (!STARTS(bytes_trim(scan_head(leaf->value, 8)), "{"))
		return;
	t = text_of(s, leaf);
	s->nested++;
	json_walk_keys(t, on_leaf, s, &s->keys);
	s->nested--;
}

/* "payload.network.id" of a notification: what was acted on, unless something better tells */
static void take_id(struct scan_ctx *s, const struct json_leaf *leaf)
{
	struct bytes p = leaf->path, part;
	struct map m = { "", FIELD_OS_TARGET_ID, 5, AS_TEXT };

	if (leaf->type != JSON_STRING || leaf->escaped || !TAKE(&p, "payload.") ||
	    !scan_take_to(&p, '.', &part) || !IS(p, "id") || IS(part, "initiator") ||
	    IS(part, "target") || IS(part, "observer"))
		return;
	take(s, &m, leaf->value);
}

/* A text that is no UTF-8 is written by the journal as the array of its bytes. */
static void journal_byte(struct scan_ctx *s, struct bytes v)
{
	uint64_t n;

	if (!s->l->ev->scratch || !bytes_u64(v, &n) || n > 255)
		return;
	if (!s->journal_bytes) /* an element takes two bytes of the line */
		s->journal_bytes = arena_take(s->l->ev->scratch, s->l->raw.len);
	if (s->journal.at && s->journal.at != s->journal_bytes)
		return;
	if (s->journal.len == s->l->raw.len)
		return;
	s->journal_bytes[s->journal.len] = (uint8_t)n;
	s->journal = bytes_of(s->journal_bytes, s->journal.len + 1);
}

#define ARGV_MAX 64

/* Words joined by blanks; what is too much is left out, as the cut shows. */
static void take_argv(struct scan_ctx *s, const struct json_leaf *leaf)
{
	struct bytes v = text_of(s, leaf);
	uint8_t *to;

	if (!s->l->ev->scratch || leaf->type != JSON_STRING || s->argc++ >= ARGV_MAX)
		return;
	if (s->argc == ARGV_MAX)
		v = BYTES("[...]");
	to = arena_take(s->l->ev->scratch, s->argv.len + 1 + v.len);
	if (s->argv.len)
		memcpy(to, s->argv.at, s->argv.len);
	to[s->argv.len] = ' ';
	if (v.len)
		memcpy(to + s->argv.len + 1, v.at, v.len);
	s->argv = bytes_of(to, s->argv.len + 1 + v.len);
}

/* "1688048710.843:30826" as laurel writes it */
static void take_audit(struct scan_ctx *s, const struct json_leaf *leaf)
{
	struct bytes v = leaf->value, stamp;
	usec at;

	if (leaf->type != JSON_STRING || !scan_take_to(&v, ':', &stamp) || !scan_all_digits(v) ||
	    scan_chr(stamp, '.') == stamp.len || !stamp_epoch(stamp, &at))
		return;
	s->time = at;
	s->time_rank = 0;
	set(s->l, FIELD_LOG_SEQUENCE, v);
	SET(s->l, EVENT_DATASET, "auditd");
}

/* "sudo.reject.submituser": which kind of record it is says how it went */
static void take_sudo(struct scan_ctx *s, const struct json_leaf *leaf)
{
	struct line *l = s->l;

	SET(l, EVENT_CATEGORY, "process");
	SET(l, EVENT_ACTION, "sudo");
	if (STARTS(leaf->path, "sudo.accept."))
		SET(l, EVENT_OUTCOME, "success");
	else
		SET(l, EVENT_OUTCOME, "failure");
	set(l, FIELD_USER_NAME, text_of(s, leaf));
}

static void on_leaf(void *arg, const struct json_leaf *leaf)
{
	struct scan_ctx *s = arg;
	struct bytes v = leaf->value;
	struct map m;

	if (!map_of(leaf->path, &m)) {
		if (ENDS(leaf->path, ".id"))
			take_id(s, leaf);
		return;
	}
	if (leaf->type == JSON_NULL)
		return;
	if (ENDS(leaf->path, "initiator.user_name"))
		s->marks |= MARK_STRANGER;
	switch ((enum how)m.how) {
	case AS_TEXT:
		take(s, &m, text_of(s, leaf));
		break;
	case AS_NUMBER:
		if (leaf->type == JSON_NUMBER || scan_all_digits(v))
			take(s, &m, v);
		break;
	case AS_LEVEL:
		take(s, &m, level_in(leaf));
		break;
	case AS_CREATED:
		if (leaf->type != JSON_NUMBER)
			break;
		__attribute__((fallthrough));
	case AS_TIME:
		take_time(s, leaf, m.rank);
		break;
	case AS_SOURCE:
		if (!leaf->escaped && leaf->type == JSON_STRING)
			set_source_list(s->l, v);
		break;
	case AS_OUTCOME:
		take(s, &m, outcome_of(v));
		break;
	case AS_STATUS:
		if (v.len == 3 && scan_all_digits(v))
			take(s, &m, v);
		break;
	case AS_TARGET:
		v = text_of(s, leaf);
		set(s->l, FIELD_URL_ORIGINAL, v);
		set(s->l, FIELD_URL_PATH, scan_head(v, scan_chr(v, '?')));
		set(s->l, FIELD_URL_QUERY, bytes_from(v, scan_chr(v, '?') + 1));
		break;
	case AS_OBJECT:
		nested(s, leaf);
		break;
	case AS_LINE:
		if (!s->line.at)
			s->line = text_of(s, leaf);
		break;
	case AS_JOURNAL:
		if (leaf->type == JSON_NUMBER)
			journal_byte(s, leaf->value);
		else if (leaf->type == JSON_STRING && !s->journal.at)
			s->journal = text_of(s, leaf);
		break;
	case AS_ERROR:
		if (leaf->type == JSON_STRING)
			trace_error(s->l, text_of(s, leaf));
		break;
	case AS_ARGV:
		take_argv(s, leaf);
		break;
	case AS_SUDO:
		take_sudo(s, leaf);
		break;
	case AS_AUDIT:
		take_audit(s, leaf);
		break;
	case AS_PATH:
		if (scan_is(v, '/'))
			take(s, &m, text_of(s, leaf));
		break;
	case AS_MARK:
		take_mark(s, m.field, leaf);
		break;
	}
}

/* What was noted and not set yet, the lowest rank first. */
static void settle(struct scan_ctx *s)
{
	for (uint8_t rank = 1; rank < 8; rank++) {
		for (size_t i = 0; i < s->weak_n; i++) {
			enum field f = (enum field)s->weak[i].field;

			if (s->weak[i].rank != rank)
				continue;
			if (f == FIELD_USER_ID && (s->marks & MARK_STRANGER))
				continue; /* made up by Keystone for who has no account */
			if (f == FIELD_OS_PASSWORD_HASH && !(s->marks & MARK_HASH))
				continue; /* an attachment of another kind */
			if (f == FIELD_EVENT_REASON && IS(s->weak[i].value, "HTTP")) {
				s->marks |= MARK_HTTP; /* the code beside it is a status */
				continue;
			}
			if (f == FIELD_OS_EVENT_TYPE && !(s->marks & MARK_NOTIFICATION))
				f = FIELD_EVENT_ACTION;
			set(s->l, f, s->weak[i].value);
		}
	}
	set_time(s->l, s->time);
}

static void finish(struct scan_ctx *s, struct bytes b)
{
	struct line *l = s->l;

	if (s->line.len) { /* a container's line: without the newline that Docker keeps */
		while (s->line.len &&
		       (s->line.at[s->line.len - 1] == '\n' || s->line.at[s->line.len - 1] == '\r'))
			s->line.len--;
		set_time(l, s->time);
		if (!line_any(l, s->line))
			set(l, FIELD_MESSAGE, s->line);
	} else if (s->journal.at) {
		struct bytes program = event_get(l->ev, FIELD_SYSLOG_APPNAME);

		set_time(l, s->time);
		set(l, FIELD_PROCESS_NAME, program);
		program_text(l, program, s->journal);
	}
	s->time = l->ev->time == USEC_NONE ? s->time : l->ev->time;
	set(l, FIELD_PROCESS_COMMAND, bytes_from(s->argv, 1));
	settle(s);
	if ((s->marks & MARK_NOTIFICATION) && event_has(l->ev, FIELD_OS_EVENT_TYPE))
		json_is_notification(l, s->marks);
	else if (s->marks & MARK_CADF)
		json_is_notification(l, s->marks);
	else if (s->marks & MARK_OSLO)
		json_is_oslo(l);
	if (s->marks & MARK_RABBIT) {
		SET(l, EVENT_DATASET, "rabbitmq");
		SET(l, SERVICE_NAME, "rabbitmq");
		rabbit_text(l, event_get(l->ev, FIELD_MESSAGE));
	}
	if (s->marks & (MARK_SURICATA | MARK_AIDE | MARK_FALCO))
		json_is_tool(l, s->marks);
	SET(l, EVENT_DATASET, "json");
	set(l, FIELD_MESSAGE, b);
}

/* Values that were unescaped, where the raw bytes hold the very same: a pointer into the record
 * costs a block nothing. */
static void rebase(struct scan_ctx *s, struct bytes raw)
{
	struct event *e = s->l->ev;

	for (unsigned i = 0; i < e->n; i++) {
		struct bytes *v = &e->value[e->order[i]];

		for (size_t k = 0; k < s->made_n; k++) {
			size_t at;

			if (v->at < s->made[k].at || v->at >= s->made[k].at + s->made[k].len)
				continue;
			at = scan_find(raw, *v);
			if (at != BYTES_NONE)
				v->at = raw.at + at;
			break;
		}
	}
}

static bool walk(struct line *l, struct bytes b)
{
	struct line_mark mark = line_mark(l);
	struct scan_ctx s;

	s.l = l;
	s.marks = s.nested = 0;
	s.weak_n = s.made_n = 0;
	s.line = s.journal = (struct bytes){ NULL, 0 };
	s.argv = (struct bytes){ NULL, 0 };
	s.argc = 0;
	s.journal_bytes = NULL;
	s.time = USEC_NONE;
	s.time_rank = 0;
	if (!json_walk_keys(b, on_leaf, &s, &s.keys)) {
		line_back(l, &mark);
		return false;
	}
	if (s.keys == JSON_TWICE)
		SET(l, EVENT_ANOMALY, "duplicate-key");
	else if (s.keys == JSON_UNCHECKED)
		SET(l, EVENT_ANOMALY, "unchecked-keys");
	finish(&s, b);
	if (s.made_n)
		rebase(&s, l->raw);
	return true;
}

bool json_line(struct line *l, struct bytes b)
{
	return walk(l, b);
}

bool json_notification(struct line *l, struct bytes b)
{
	return scan_is(b, '{') && walk(l, b);
}
