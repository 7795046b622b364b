/* SPDX-License-Identifier: Apache-2.0 */
/* RabbitMQ:
 *
 *	2026-11-22 01:10:09.410188+00:00 [notice] <0.223.0> text
 *	=INFO REPORT==== 10-Dec-2015::15:20:13 ===          and the text in the next lines
 *(before 3.7)
 */
#include "parse/line.h"

static bool did(struct line *l, struct bytes category, struct bytes action)
{
	set(l, FIELD_EVENT_CATEGORY, category);
	set(l, FIELD_EVENT_ACTION, action);
	return true;
}

/* "(10.0.0.1:1234 -> 10.0.0.2:5672…)", since 4.0 without the first parenthesis: client, server */
static void ends_of(struct line *l, struct bytes b)
{
	size_t arrow = FIND(b, " -> "), n;
	struct bytes to, from = scan_head(b, arrow);

	if (arrow == BYTES_NONE || arrow > 160)
		return;
	n = scan_last_chr(from, ' ');
	if (n < from.len)
		scan_skip(&from, n + 1);
	scan_take_chr(&from, '(');
	set_source_port(l, from);
	to = bytes_from(b, arrow + 4);
	n = 0;
	while (n < to.len && to.at[n] != ' ' && to.at[n] != ',' && to.at[n] != ')')
		n++;
	if (n && to.at[n - 1] == ':')
		n--;
	set_destination(l, scan_head(to, n));
}

/* user 'NAME' behind the last `before`: a client names its connection itself and that name stands
 * further left; what stands after the closing quote is known. */
static void user_in(struct line *l, struct bytes b, struct bytes before, struct bytes after)
{
	size_t at = scan_last(b, before);
	struct bytes name;

	if (at == BYTES_NONE)
		return;
	name = bytes_from(b, at + before.len);
	at = scan_last(name, after);
	if (at == BYTES_NONE)
		at = scan_chr(name, '\'');
	set(l, FIELD_USER_NAME, scan_head(name, at));
}

static bool login(struct line *l, struct bytes outcome, struct bytes reason)
{
	did(l, BYTES("authentication"), BYTES("authenticate"));
	set(l, FIELD_EVENT_OUTCOME, outcome);
	set(l, FIELD_EVENT_REASON, reason);
	return true;
}

/* "PLAIN login refused: user 'x' - invalid credentials", "HTTP access denied: user 'x' - …": the
 * whole of b, for a client's own words elsewhere in a line may look the same. */
static bool refused(struct line *l, struct bytes b)
{
	struct bytes c = b, name;
	size_t n = 0, at;

	while (n < c.len && ((uint8_t)(c.at[n] - 'A') < 26 || c.at[n] == '-'))
		n++;
	scan_skip(&c, n);
	if (!n || (!TAKE(&c, " login refused: ") && !TAKE(&c, " access denied: ")))
		return false;
	c = scan_head(c, scan_chr(c, '\n'));
	name = c;
	if (TAKE(&name, "user '")) {
		at = LAST(name, "' - ");
		set(l, FIELD_USER_NAME, scan_head(name, at != BYTES_NONE ? at : LAST(name, "' ")));
	}
	return login(l, BYTES("failure"), c);
}

static bool connections(struct line *l, struct bytes b)
{
	if (STARTS(b, "accepting AMQP connection ")) {
		ends_of(l, b);
		return did(l, BYTES("network"), BYTES("connection-accepted"));
	}
	if (STARTS(b, "closing AMQP connection ")) {
		ends_of(l, b);
		b = scan_head(b, scan_chr(b, '\n'));
		user_in(l, b, BYTES(", user: '"),
			HAS(b, "', duration: '") ? BYTES("', duration: '") : BYTES("')"));
		return did(l, BYTES("network"), BYTES("connection-closed"));
	}
	if (STARTS(b, "connection ")) {
		ends_of(l, b);
		if (!HAS(b, "' authenticated and granted access"))
			return true;
		user_in(l, b, BYTES("user '"), BYTES("' authenticated and granted access"));
		return login(l, BYTES("success"), BYTES(""));
	}
	if (STARTS(b, "Error on AMQP connection ")) {
		ends_of(l, b);
		scan_skip(&b, scan_chr(b, '\n') + 1);
		if (stamp_is_iso(b)) /* each line with the header of the first */
			scan_skip(&b, scan_chr(b, '>') + 1);
		scan_blanks(&b);
		return refused(l, b) || did(l, BYTES("network"), BYTES("connection-error"));
	}
	return false;
}

static bool users(struct line *l, struct bytes b)
{
	static const struct {
		struct bytes text, action;
	} said[] = {
#define S(t, a)                                                                                    \
	{                                                                                          \
		{ (const uint8_t *)(t), sizeof(t) - 1 },                                           \
		{                                                                                  \
			(const uint8_t *)(a), sizeof(a) - 1                                        \
		}                                                                                  \
	}
		S("Created user '", "user-created"),
		S("Creating user '", "user-created"),
		S("Deleted user '", "user-deleted"),
		S("Deleting user '", "user-deleted"),
		S("Successfully changed password for user '", "password-changed"),
		S("Successfully set user tags for user '", "user-changed"),
		S("Successfully set permissions for user '", "permissions-changed"),
		S("Setting permissions for user '", "permissions-changed"),
#undef S
	};

	for (size_t i = 0; i < sizeof(said) / sizeof(said[0]); i++) {
		struct bytes name = b;

		if (!scan_take_lit(&name, said[i].text))
			continue;
		set(l, FIELD_USER_TARGET_NAME, scan_head(name, scan_chr(name, '\'')));
		return did(l, BYTES("iam"), said[i].action);
	}
	return false;
}

void rabbit_text(struct line *l, struct bytes b)
{
	struct bytes version = b;

	if (connections(l, b) || refused(l, b) || users(l, b))
		return;
	if (TAKE(&version, "Starting RabbitMQ ")) {
		set(l, FIELD_SERVICE_VERSION, scan_word(&version));
		did(l, BYTES("process"), BYTES("service-start"));
	} else if (STARTS(b, "Server startup complete")) {
		did(l, BYTES("process"), BYTES("service-started"));
	} else if (STARTS(b, "RabbitMQ is asked to stop") || STARTS(b, "Stopping RabbitMQ") ||
		   STARTS(b, "SIGTERM received")) {
		did(l, BYTES("process"), BYTES("service-stop"));
	} else if (STARTS(b, "rabbit on node ") && ENDS(b, " down")) {
		did(l, BYTES("process"), BYTES("node-down"));
	} else if (HAS(scan_head(b, 80), "resource limit alarm set")) {
		did(l, BYTES("host"), BYTES("resource-alarm"));
	}
}

bool rabbit_line(struct line *l, struct bytes b)
{
	struct bytes word, pid, text;

	if (!TAKE(&b, " [") || !scan_take_to(&b, ']', &word) || !level_of(word).len ||
	    !scan_take_chr(&b, ' '))
		return false;
	pid = scan_head(b, scan_chr(b, ' '));
	if (!STARTS(pid, "<") || !ENDS(pid, ">"))
		return false;
	text = bytes_from(b, pid.len + 1);
	set(l, FIELD_LOG_LEVEL, level_of(word));
	set(l, FIELD_PROCESS_THREAD_NAME, pid);
	SET(l, EVENT_DATASET, "rabbitmq");
	SET(l, SERVICE_NAME, "rabbitmq");
	set(l, FIELD_MESSAGE, text);
	while (scan_take_chr(&text, ' '))
		;
	rabbit_text(l, text);
	return true;
}

bool rabbit_report(struct line *l, struct bytes b)
{
	struct bytes word;
	usec at;

	if (!scan_take_chr(&b, '=') || !scan_take_to(&b, ' ', &word) || !level_of(word).len ||
	    !TAKE(&b, "REPORT==== ") || !stamp_erlang(l->hint, &b, &at) || !TAKE(&b, " ==="))
		return false;
	set(l, FIELD_LOG_LEVEL, level_of(word));
	SET(l, EVENT_DATASET, "rabbitmq");
	SET(l, SERVICE_NAME, "rabbitmq");
	scan_take_chr(&b, '\n');
	set(l, FIELD_MESSAGE, b);
	rabbit_text(l, b);
	set_time(l, at);
	return true;
}
