/* SPDX-License-Identifier: Apache-2.0 */
#include "event/event.h"
#include "tap.h"

/* The table: names are the words of queries, ids are on disk. */
static void table(void)
{
	bool named = true, unique = true, found = true, told = true, form = true;

	for (unsigned f = 0; f < FIELD_N; f++) {
		struct bytes name = bytes_str(field_name((enum field)f));

		named = named && name.len > 0;
		told = told && strlen(field_what((enum field)f)) > 2;
		found = found && field_by_name(name) == (enum field)f;
		for (size_t i = 0; i < name.len; i++)
			form = form &&
			       (is_digit(name.at[i]) || name.at[i] == '.' || name.at[i] == '_' ||
				(name.at[i] >= 'a' && name.at[i] <= 'z'));
		for (unsigned k = 0; k < f; k++)
			unique = unique && !bytes_eq(name, bytes_str(field_name((enum field)k)));
	}
	ok(named && told, "every field has a name and a description");
	ok(unique && found, "no two have the same name, and each is found by it");
	ok(form, "names are small letters, digits, points and underscores");
	is_int(FIELD_LOG_LEVEL, 0, "ids are on disk: log.level stays 0");
	is_int(FIELD_SOURCE_IP, 16, "and source.ip 16");
	is_int(FIELD_AUDIT_TYPE, 67, "and auditd.record_type 67");
	is_int(field_by_name(BYTES("no.such.field")), FIELD_N, "no field of that name");
	is_int(field_by_name(BYTES("")), FIELD_N, "nor of none");
	is_int(field_by_name(BYTES("source.i")), FIELD_N, "a part of a name is none");
	is_int(field_by_name(BYTES("Source.IP")), FIELD_N, "case counts");
	is_int(field_type(FIELD_SOURCE_IP), TYPE_IP, "source.ip is an address");
	is_int(field_type(FIELD_HTTP_STATUS), TYPE_NUMBER, "the status is a number");
	ok(!*field_name(FIELD_N) && !*field_name((enum field)1000) && !*field_what(FIELD_N),
	   "past the table there are empty names");
	is_int(field_type(FIELD_N), TYPE_KEYWORD, "and keywords");
}

static void values(void)
{
	struct event e = { 0 };

	event_reset(&e);
	is_int(e.time, USEC_NONE, "no time is known at first");
	ok(!event_get(&e, FIELD_USER_NAME).at && !event_has(&e, FIELD_USER_NAME), "nor a user");
	event_set(&e, FIELD_USER_NAME, BYTES(""));
	ok(!event_has(&e, FIELD_USER_NAME), "an empty value is not set");
	event_set(&e, FIELD_USER_NAME, BYTES("root"));
	event_set(&e, FIELD_USER_NAME, BYTES("late"));
	is_bytes(event_get(&e, FIELD_USER_NAME), BYTES("root"), "the first value wins");
	event_put(&e, FIELD_USER_NAME, BYTES("admin"));
	is_bytes(event_get(&e, FIELD_USER_NAME), BYTES("admin"), "unless one knows better");
	event_put(&e, FIELD_USER_NAME, BYTES(""));
	is_bytes(event_get(&e, FIELD_USER_NAME), BYTES("admin"), "nothing does not know better");
	event_put(&e, FIELD_SOURCE_IP, BYTES("::1"));
	is_int(e.n, 2, "two fields, each counted once");
	ok(e.order[0] == FIELD_USER_NAME && e.order[1] == FIELD_SOURCE_IP, "in their order");
	event_reset(&e);
	ok(!e.n && !event_has(&e, FIELD_USER_NAME), "reset forgets them");
}

static void all_fields(void)
{
	struct event e = { 0 };
	bool each = true;

	event_reset(&e);
	for (unsigned f = 0; f < FIELD_N; f++)
		event_set(&e, (enum field)f, bytes_str(field_name((enum field)f)));
	for (unsigned f = 0; f < FIELD_N; f++)
		each = each &&
		       bytes_eq(event_get(&e, (enum field)f), bytes_str(field_name((enum field)f)));
	ok(each && e.n == FIELD_N, "all fields fit at once");
}

int main(void)
{
	table();
	values();
	all_fields();
	return done_testing();
}
