/* SPDX-License-Identifier: Apache-2.0 */
#include "watch/settings.h"
#include "base/cursor.h"
#include <stdlib.h>

#define ROOM (SETTINGS_MAX * 2 * (SETTING_TEXT + 1))

/* oslo.config and oslo.log, in any section. */
static const char *const oslo_keys[] = {
	"debug",
	"verbose",
	"log_config_append",
	"log-config-append",
	"log_config",
	"log_file",
	"log-file",
	"log_dir",
	"log-dir",
	"logfile",
	"logdir",
	"use_syslog",
	"use-syslog",
	"use_journal",
	"use-journal",
	"use_json",
	"use-json",
	"use_stderr",
	"use_eventlog",
	"watch_log_file",
	"watch-log-file",
	"syslog_log_facility",
	"default_log_levels",
	"rate_limit_interval",
	"rate_limit_burst",
	"rate_limit_except_level",
	"publish_errors",
	"fatal_deprecations",
	"logging_context_format_string",
	"logging_default_format_string",
	"logging_exception_prefix",
	"log_rotation_type",
	"max_logfile_count",
	"max_logfile_size_mb",
	"insecure_debug",
	"notification_format",
	"notification_opt_out",
	"enable_proxy_headers_parsing",
	NULL,
};

/* [oslo_messaging_notifications] */
static const char *const notification_keys[] = { "driver", "topics", NULL };

/* python's logging.config: sections loggers, logger_…, handler_… */
static const char *const python_keys[] = {
	"level", "handlers", "class", "keys", "propagate", "qualname", "disable_existing_loggers",
	NULL
};

/* Words that make a line of rsyslog, logrotate or haproxy one about logging. */
static const char *const line_words[] = {
	"stop",	    "~",	 "discard",  "ratelimit",	"RateLimit",
	"imuxsock", "imjournal", "imklog",   "imfile",		"omfile",
	"omfwd",    "*.*",	 "authpriv", "$FileCreateMode", "copytruncate",
	"rotate",   "missingok", "log ",     "httplog",		"dontlog",
	"no log",   "level",	 "severity", "facility",	NULL,
};
static const char *const secret_words[] = {
	"pass", "pwd", "secret", "token", "key=", "Key=", NULL
};

enum syntax { SYNTAX_INI, SYNTAX_ALL_INI, SYNTAX_RULES, SYNTAX_LINES, SYNTAX_SSHD };

static struct bytes base_of(struct bytes path)
{
	size_t at = path.len;

	while (at && path.at[at - 1] != '/')
		at--;
	return bytes_from(path, at);
}

static enum syntax syntax_of(struct bytes path)
{
	struct bytes base = base_of(path);

	if (bytes_ends(base, BYTES(".rules")))
		return SYNTAX_RULES;
	if (bytes_eq(base, BYTES("auditd.conf")) ||
	    bytes_find(path, BYTES("journald")) != BYTES_NONE)
		return SYNTAX_ALL_INI;
	if (bytes_starts(base, BYTES("sshd_config")) ||
	    bytes_find(path, BYTES("/sshd_config.d/")) != BYTES_NONE)
		return SYNTAX_SSHD;
	if (bytes_find(path, BYTES("rsyslog")) != BYTES_NONE ||
	    bytes_find(path, BYTES("logrotate")) != BYTES_NONE ||
	    bytes_find(path, BYTES("haproxy")) != BYTES_NONE)
		return SYNTAX_LINES;
	return SYNTAX_INI;
}

static bool is_one_of(struct bytes b, const char *const *words)
{
	for (; *words; words++)
		if (bytes_eq(b, bytes_str(*words)))
			return true;
	return false;
}

static bool holds_one_of(struct bytes b, const char *const *words)
{
	for (; *words; words++)
		if (bytes_ifind(b, bytes_str(*words)) != BYTES_NONE)
			return true;
	return false;
}

static struct bytes keep(struct settings *s, struct bytes b)
{
	uint8_t *to = s->room + s->used;

	b = bytes_sub(b, 0, SETTING_TEXT);
	if (!b.len)
		return bytes_of(to, 0);
	memcpy(to, b.at, b.len);
	s->used += b.len;
	return bytes_of(to, b.len);
}

static struct setting *find(struct settings *s, struct bytes key)
{
	key = bytes_sub(key, 0, SETTING_TEXT);
	for (size_t i = 0; i < s->n; i++)
		if (bytes_eq(s->at[i].key, key))
			return &s->at[i];
	return NULL;
}

/* Of a key that stands twice the last one counts, as for oslo.config. */
static void add(struct settings *s, struct bytes key, struct bytes value)
{
	struct setting *old = find(s, key);

	if (!old && s->n == SETTINGS_MAX)
		return;
	if (s->used + 2 * (SETTING_TEXT + 1) > ROOM)
		return;
	if (old)
		old->value = keep(s, value);
	else
		s->at[s->n++] = (struct setting){ keep(s, key), keep(s, value) };
}

static bool next_line(struct bytes *rest, struct bytes *ret)
{
	size_t end = bytes_chr(*rest, '\n');

	if (!rest->len)
		return false;
	*ret = bytes_sub(*rest, 0, end);
	*rest = bytes_from(*rest, end == BYTES_NONE ? rest->len : end + 1);
	return true;
}

static bool wanted(struct bytes section, struct bytes key, bool all)
{
	if (all || is_one_of(key, oslo_keys))
		return true;
	if (bytes_eq(section, BYTES("oslo_messaging_notifications")))
		return is_one_of(key, notification_keys);
	return (bytes_starts(section, BYTES("logger")) ||
		bytes_starts(section, BYTES("handler"))) &&
	       is_one_of(key, python_keys);
}

static void read_ini(struct settings *s, struct bytes text, bool all)
{
	struct bytes line, section = BYTES("DEFAULT");
	struct buf name = { 0 };

	while (next_line(&text, &line)) {
		struct bytes t = bytes_trim(line), key;
		size_t at;

		if (!t.len || t.at[0] == '#' || t.at[0] == ';')
			continue;
		if (t.at[0] == '[') {
			section = bytes_sub(t, 1, bytes_chr(bytes_from(t, 1), ']'));
			continue;
		}
		at = bytes_chr(t, '=');
		if (at == BYTES_NONE || line.at[0] == ' ' || line.at[0] == '\t')
			continue; /* a continuation: its first line tells enough */
		key = bytes_trim(bytes_sub(t, 0, at));
		if (!wanted(section, key, all))
			continue;
		buf_clear(&name);
		buf_bytes(&name, bytes_sub(section, 0, 60));
		buf_u8(&name, '.');
		buf_bytes(&name, key);
		add(s, buf_view(&name), bytes_trim(bytes_from(t, at + 1)));
	}
	buf_done(&name);
}

/* Each line is a setting of its own: there, or not. Audit rules (all) hold no secrets. */
static void read_lines(struct settings *s, struct bytes text, bool all)
{
	struct bytes line;

	while (next_line(&text, &line)) {
		struct bytes t = bytes_trim(line);

		if (!t.len || t.at[0] == '#' || (!all && holds_one_of(t, secret_words)))
			continue;
		if (all || holds_one_of(t, line_words))
			add(s, t, BYTES("there"));
	}
}

static void read_sshd(struct settings *s, struct bytes text)
{
	static const char *const keys[] = { "LogLevel", "SyslogFacility", "LogVerbose", NULL };
	struct bytes line;

	while (next_line(&text, &line)) {
		struct bytes t = bytes_trim(line);
		size_t at = 0;

		while (at < t.len && t.at[at] != ' ' && t.at[at] != '\t' && t.at[at] != '=')
			at++;
		for (const char *const *k = keys; *k; k++)
			if (bytes_ieq(bytes_sub(t, 0, at), bytes_str(*k)))
				add(s, bytes_str(*k), bytes_trim(bytes_from(t, at + 1)));
	}
}

static int by_key(const void *a, const void *b)
{
	return bytes_cmp(((const struct setting *)a)->key, ((const struct setting *)b)->key);
}

static void begin(struct settings *s)
{
	if (!s->room)
		s->room = mem_new(1, ROOM);
	s->n = s->used = 0;
}

void settings_read(struct settings *s, struct bytes path, struct bytes text)
{
	enum syntax x = syntax_of(path);

	begin(s);
	if (x == SYNTAX_RULES || x == SYNTAX_LINES)
		read_lines(s, text, x == SYNTAX_RULES);
	else if (x == SYNTAX_SSHD)
		read_sshd(s, text);
	else
		read_ini(s, text, x == SYNTAX_ALL_INI);
	if (s->n)
		qsort(s->at, s->n, sizeof(*s->at), by_key);
}

void settings_done(struct settings *s)
{
	free(s->room);
	*s = (struct settings){ .n = 0 };
}

void settings_diff(const struct settings *before, const struct settings *after,
		   settings_diff_fn *fn, void *ctx)
{
	size_t a = 0, b = 0;

	while (a < before->n || b < after->n) {
		const struct setting *x = a < before->n ? &before->at[a] : NULL,
				     *y = b < after->n ? &after->at[b] : NULL;
		int order = !x ? 1 : !y ? -1 : bytes_cmp(x->key, y->key);
		bool go_on = true;

		if (order < 0)
			go_on = fn(ctx, x->key, x->value, BYTES(""));
		else if (order > 0)
			go_on = fn(ctx, y->key, BYTES(""), y->value);
		else if (!bytes_eq(x->value, y->value))
			go_on = fn(ctx, x->key, x->value, y->value);
		if (!go_on)
			return;
		a += order <= 0;
		b += order >= 0;
	}
}

void settings_pack(const struct settings *s, size_t most, struct buf *to)
{
	size_t from = to->len;

	for (size_t i = 0; i < s->n; i++) {
		const struct setting *x = &s->at[i];

		if (to->len - from + 2 + x->key.len + x->value.len > most)
			return;
		buf_u8(to, (uint8_t)x->key.len);
		buf_bytes(to, x->key);
		buf_u8(to, (uint8_t)x->value.len);
		buf_bytes(to, x->value);
	}
}

bool settings_unpack(struct settings *s, struct bytes packed)
{
	struct cursor c = cursor_of(packed);

	begin(s);
	while (cur_left(&c) && !c.bad) {
		struct bytes key = cur_take(&c, cur_u8(&c)), value = cur_take(&c, cur_u8(&c));

		if (!c.bad)
			add(s, key, value);
	}
	if (s->n)
		qsort(s->at, s->n, sizeof(*s->at), by_key);
	return !c.bad;
}
