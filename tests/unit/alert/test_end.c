/* SPDX-License-Identifier: Apache-2.0 */
/* What a detector says is over is closed by itself, and nothing else is. */
#include "make.h"

static void over(struct alerts *a, const char *user, enum level level, usec since, usec time)
{
	struct made m;

	make(&m, "back", user, level, time, 9);
	m.f.since = since;
	m.f.message = BYTES("it speaks again");
	m.f.ends = BYTES("quiet gone");
	alerts_finding(a, &m.f);
}

static void closes(void)
{
	struct alerts *a = open_at(":memory:", &ALERTS_OPTIONS);
	struct alerts_numbers n;
	struct seen_changes s;

	find(a, "quiet", "ann", LEVEL_MEDIUM, START, 1);
	find(a, "quiet", "bob", LEVEL_MEDIUM, START, 2);
	find(a, "removed", "ann", LEVEL_HIGH, START, 3);
	commit_at(a, START, 4);
	over(a, "ann", LEVEL_INFORMATIONAL, START - 3 * MINUTE, START + HOUR);
	commit_at(a, START + HOUR, 5);
	is_str(kinds(a, 3), "closed", "one alert is closed, and no other is touched or opened");
	s = changes(a, 3);
	is_str(of(json_object_get(json_array_get(s.list, 0), "alert"), "id"), "1",
	       "that of the same entity");
	is_str(of(json_array_get(s.list, 0), "by"), "vedette", "by nobody");
	is_str(of(json_array_get(s.list, 0), "comment"), "over after 1h 3m: it speaks again",
	       "with how long it was");
	json_decref(s.list);
	alerts_numbers(a, &n);
	is_int((long long)n.findings, 4, "the finding counts");
	over(a, "ann", LEVEL_INFORMATIONAL, START, START + HOUR);
	commit_at(a, START + HOUR, 6);
	is_str(kinds(a, 4), "", "what is closed stays as it is");
	alerts_close(a);
}

static void order(void)
{
	struct alerts *a = open_at(":memory:", &ALERTS_OPTIONS);
	json_t *list;

	find(a, "quiet", "ann", LEVEL_MEDIUM, START, 1);
	over(a, "ann", LEVEL_INFORMATIONAL, START + SECOND, START + SECOND);
	commit_at(a, START + SECOND, 2);
	is_str(kinds(a, 0), "opened closed", "begun and over within one commit: both are told");
	find(a, "quiet", "ann", LEVEL_MEDIUM, START + MINUTE, 3);
	commit_at(a, START + MINUTE, 4);
	is_str(kinds(a, 2), "reopened", "again: it is open again");
	over(a, "ann", LEVEL_INFORMATIONAL, START, START + SECOND);
	commit_at(a, START + MINUTE, 5);
	is_str(kinds(a, 3), "", "an end that is late does not close what came after it");
	list = ask(a, "{\"request\":\"ack\",\"id\":1,\"by\":\"eve\"}");
	json_decref(list);
	over(a, "ann", LEVEL_INFORMATIONAL, START + HOUR, START + HOUR);
	commit_at(a, START + HOUR, 6);
	is_str(kinds(a, 4), "closed", "one that is acknowledged is closed too");
	alerts_close(a);
}

static void tells_too(void)
{
	struct alerts *a = open_at(":memory:", &ALERTS_OPTIONS);

	find(a, "quiet", "ann", LEVEL_MEDIUM, START, 1);
	commit_at(a, START, 2);
	over(a, "ann", LEVEL_LOW, START + MINUTE, START + MINUTE);
	commit_at(a, START + MINUTE, 3);
	is_str(kinds(a, 1), "closed opened", "an end that is a finding itself opens its alert");
	alerts_close(a);
}

int main(void)
{
	closes();
	order();
	tells_too();
	return done_testing();
}
