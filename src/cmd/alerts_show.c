/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/alerts_show.h"
#include "base/text.h"
#include "cmd/args.h"
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

static struct bytes text_of(json_t *object, const char *name)
{
	json_t *v = json_object_get(object, name);

	return json_is_string(v) ? bytes_of(json_string_value(v), json_string_length(v))
				 : BYTES("");
}

static unsigned long long number_of(json_t *object, const char *name)
{
	return (unsigned long long)json_integer_value(json_object_get(object, name));
}

static void safe(struct buf *to, struct bytes b)
{
	text_safe(to, b, NULL);
}

/* "2026-11-26T01:02:03.456Z" as "2026-11-26 01:02:03" */
static void moment(struct buf *to, json_t *object, const char *name)
{
	struct bytes t = text_of(object, name);

	if (t.len < 19) {
		safe(to, t);
		return;
	}
	safe(to, bytes_sub(t, 0, 10));
	buf_str(to, " ");
	safe(to, bytes_sub(t, 11, 8));
}

struct look look_of_stdout(void)
{
	struct look l = { .colour = args_colour() };
	const char *columns = getenv("COLUMNS");
	struct winsize w;
	uint64_t n;

	if (!isatty(STDOUT_FILENO))
		return l;
	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &w) == 0 && w.ws_col)
		l.width = w.ws_col;
	else if (columns && bytes_u64(bytes_str(columns), &n) && n < 10000)
		l.width = n;
	else
		l.width = 80;
	return l;
}

static const char *colour_of(struct bytes level)
{
	if (bytes_eq(level, BYTES("critical")))
		return "\033[1;31m";
	if (bytes_eq(level, BYTES("high")))
		return "\033[31m";
	if (bytes_eq(level, BYTES("medium")))
		return "\033[33m";
	return "\033[2m";
}

/* At most `width` characters from `start` on; what is cut ends in "...". */
static void fit(struct buf *to, size_t start, size_t width)
{
	struct bytes rest = bytes_of(to->at + start, to->len - start);
	size_t n = 0, keep = to->len;

	if (!width)
		return;
	while (rest.len) {
		size_t one = utf8_length(rest);

		if (n + 3 == width)
			keep = (size_t)(rest.at - to->at);
		if (++n > width) {
			to->len = width < 3 ? start : keep;
			buf_str(to, width < 3 ? "" : "...");
			return;
		}
		rest = bytes_from(rest, one ? one : 1);
	}
}

#define LINE_HEAD "%6s  %-13s %-12s %8s  %-19s  "

void alerts_show_heading(const struct look *l, struct buf *to)
{
	size_t start = to->len;

	buf_printf(to, LINE_HEAD "WHAT", "ID", "LEVEL", "STATE", "COUNT", "LAST (UTC)");
	fit(to, start, l->width);
	buf_str(to, "\n");
}

/* The values alone: "ctl-1, ann" */
static void entity_values(json_t *entity, struct buf *to)
{
	const char *name, *between = ": ";
	json_t *v;

	json_object_foreach(entity, name, v)
	{
		buf_str(to, between);
		safe(to, bytes_of(json_string_value(v), json_string_length(v)));
		between = ", ";
	}
}

void alerts_show_line(const struct look *l, json_t *alert, struct buf *to)
{
	struct bytes level = text_of(alert, "rule.level"), name = text_of(alert, "rule.name");
	struct buf id = { 0 }, count = { 0 }, last = { 0 }, level_safe = { 0 }, state = { 0 };
	size_t start;

	buf_printf(&id, "%llu", number_of(alert, "id"));
	buf_printf(&count, "%llu", number_of(alert, "count"));
	moment(&last, alert, "last");
	safe(&level_safe, level);
	safe(&state, text_of(alert, "state"));
	if (l->colour)
		buf_str(to, colour_of(level));
	start = to->len;
	buf_printf(to, LINE_HEAD, buf_cstr(&id), buf_cstr(&level_safe), buf_cstr(&state),
		   buf_cstr(&count), buf_cstr(&last));
	safe(to, name.len ? name : text_of(alert, "rule.uuid"));
	if (json_object_get(alert, "overflow"))
		buf_printf(to, ": %llu more entities",
			   number_of(json_object_get(alert, "overflow"), "entities"));
	entity_values(json_object_get(alert, "entity"), to);
	fit(to, start, l->width);
	buf_str(to, l->colour ? "\033[0m\n" : "\n");
	buf_done(&id);
	buf_done(&count);
	buf_done(&last);
	buf_done(&level_safe);
	buf_done(&state);
}

static void row(struct buf *to, const char *name)
{
	buf_printf(to, "%-12s", name);
}

static void text_row(struct buf *to, json_t *object, const char *label, const char *name)
{
	struct bytes text = text_of(object, name);

	if (!text.len)
		return;
	row(to, label);
	safe(to, text);
	buf_str(to, "\n");
}

static void pairs(struct buf *to, const char *label, json_t *object)
{
	const char *name;
	json_t *v;

	json_object_foreach(object, name, v)
	{
		row(to, label);
		safe(to, bytes_str(name));
		buf_str(to, " ");
		safe(to, bytes_of(json_string_value(v), json_string_length(v)));
		buf_str(to, "\n");
		label = "";
	}
}

/* "attack.t1110.003" has a page; other tags are words. */
static void tag(struct buf *to, struct bytes t)
{
	static const char start[] = "attack.t";
	struct bytes id = bytes_from(t, sizeof(start) - 1);
	size_t dot = bytes_chr(id, '.');

	safe(to, t);
	for (size_t i = 0; i < id.len; i++)
		if (!is_digit(id.at[i]) && i != dot)
			return;
	if (!bytes_starts(t, bytes_str(start)) || id.len < 4)
		return;
	buf_str(to, "  https://attack.mitre.org/techniques/T");
	buf_bytes(to, bytes_sub(id, 0, dot));
	if (dot != BYTES_NONE) {
		buf_str(to, "/");
		buf_bytes(to, bytes_from(id, dot + 1));
	}
	buf_str(to, "/");
}

static void tags(struct buf *to, json_t *list)
{
	size_t i;
	json_t *v;

	json_array_foreach(list, i, v)
	{
		row(to, i ? "" : "tags");
		tag(to, bytes_of(json_string_value(v), json_string_length(v)));
		buf_str(to, "\n");
	}
}

/* Numbers that follow each other as a range, as `evidence export` takes them. */
static void evidence(struct buf *to, json_t *list)
{
	size_t n = json_array_size(list);

	if (!n)
		return;
	row(to, "evidence");
	buf_str(to, "vedette evidence export --seq ");
	for (size_t i = 0, end; i < n; i = end) {
		json_int_t first = json_integer_value(json_array_get(list, i));

		end = i + 1;
		while (end < n && json_integer_value(json_array_get(list, end)) ==
					  first + (json_int_t)(end - i))
			end++;
		buf_printf(to, "%s%llu", i ? "," : "", (unsigned long long)first);
		if (end > i + 1)
			buf_printf(to, "-%llu", (unsigned long long)first + end - i - 1);
	}
	buf_str(to, "\n");
}

static void findings(struct buf *to, unsigned long long n)
{
	buf_printf(to, "%llu finding%s", n, n == 1 ? "" : "s");
}

void alerts_show_alert(const struct look *l, json_t *alert, struct buf *to)
{
	struct bytes level = text_of(alert, "rule.level");

	buf_printf(to, "alert %llu: ", number_of(alert, "id"));
	safe(to, text_of(alert, "rule.name"));
	buf_str(to, "\n");
	row(to, "level");
	buf_str(to, l->colour ? colour_of(level) : "");
	safe(to, level);
	buf_str(to, l->colour ? "\033[0m\n" : "\n");
	text_row(to, alert, "state", "state");
	text_row(to, alert, "assigned to", "assignee");
	pairs(to, "about", json_object_get(alert, "entity"));
	text_row(to, alert, "message", "message");
	row(to, "findings");
	buf_printf(to, "%llu", number_of(alert, "count"));
	if (number_of(alert, "suppressed_count"))
		buf_printf(to, ", %llu of them suppressed", number_of(alert, "suppressed_count"));
	buf_str(to, ", from ");
	moment(to, alert, "first");
	buf_str(to, " to ");
	moment(to, alert, "last");
	buf_str(to, " UTC\n");
	text_row(to, alert, "rule", "rule.uuid");
	tags(to, json_object_get(alert, "tags"));
	text_row(to, alert, "source", "source");
	pairs(to, "details", json_object_get(alert, "details"));
	evidence(to, json_object_get(alert, "vedette.seq"));
	buf_str(to, "history\n");
}

void alerts_show_change(json_t *change, struct buf *to)
{
	struct bytes was = text_of(change, "level_was"), remark = text_of(change, "comment");
	struct bytes to_whom = text_of(change, "assignee"), by = text_of(change, "by");

	buf_str(to, "  ");
	moment(to, change, "@timestamp");
	buf_str(to, "  ");
	safe(to, text_of(change, "kind"));
	if (was.len) {
		buf_str(to, " from ");
		safe(to, was);
	}
	if (to_whom.len) {
		buf_str(to, " to ");
		safe(to, to_whom);
	}
	if (bytes_eq(by, BYTES("vedette"))) {
		buf_str(to, ", ");
		findings(to, number_of(change, "delta"));
	} else {
		buf_str(to, ", by ");
		safe(to, by);
	}
	if (!remark.len)
		remark = text_of(json_object_get(change, "suppression"), "reason");
	if (remark.len) {
		buf_str(to, ": ");
		safe(to, remark);
	}
	buf_str(to, "\n");
}

void alerts_show_suppression(json_t *s, struct buf *to)
{
	struct bytes rule = text_of(s, "rule");

	buf_printf(to, "suppression %llu, until ", number_of(s, "id"));
	moment(to, s, "until");
	buf_str(to, " UTC: ");
	findings(to, number_of(s, "count"));
	buf_str(to, " so far\n  rule    ");
	safe(to, rule.len ? rule : BYTES("*"));
	buf_str(to, "\n  entity  ");
	if (!json_object_size(json_object_get(s, "entity")))
		buf_str(to, "*");
	else {
		const char *name, *between = "";
		json_t *v;

		json_object_foreach(json_object_get(s, "entity"), name, v)
		{
			buf_str(to, between);
			safe(to, bytes_str(name));
			buf_str(to, "=");
			safe(to, bytes_of(json_string_value(v), json_string_length(v)));
			between = ", ";
		}
	}
	buf_str(to, "\n  by      ");
	safe(to, text_of(s, "by"));
	buf_str(to, ": ");
	safe(to, text_of(s, "reason"));
	buf_str(to, "\n");
}

void alerts_show_stats(json_t *stats, struct buf *to)
{
	static const char *const states[] = { "open", "acknowledged", "closed" };
	const char *name;
	json_t *v;

	findings(to, number_of(stats, "findings"));
	buf_printf(to,
		   ": %llu suppressed, %llu in overflows; %llu alerts kept, %llu dropped; %llu "
		   "changes\n",
		   number_of(stats, "suppressed"), number_of(stats, "overflowed"),
		   number_of(stats, "alerts"), number_of(stats, "dropped"),
		   number_of(stats, "changes"));
	for (unsigned i = 0; i < 3; i++) {
		buf_printf(to, "%-12s", states[i]);
		json_object_foreach(json_object_get(stats, states[i]), name, v)
		{
			buf_str(to, " ");
			safe(to, bytes_str(name));
			buf_printf(to, " %llu", (unsigned long long)json_integer_value(v));
		}
		buf_str(to, "\n");
	}
}

void alerts_show_done(json_t *end, struct buf *to)
{
	json_t *suppression = json_object_get(end, "suppression");

	if (suppression) {
		safe(to, text_of(end, "done"));
		buf_str(to, ": ");
		alerts_show_suppression(suppression, to);
		return;
	}
	buf_printf(to, "alert %llu: ", number_of(json_object_get(end, "alert"), "id"));
	safe(to, text_of(end, "done"));
	buf_str(to, "\n");
}
