/* SPDX-License-Identifier: Apache-2.0 */
/* What is suppressed is counted and not told, until the suppression ends. */
#include "make.h"

static json_t *suppression(struct alerts *a)
{
	json_t *list = ask(a, "{\"request\":\"suppressions\"}");
	json_t *first = json_incref(json_array_get(list, 0));

	json_decref(list);
	return first;
}

static void does(struct alerts *a, const char *request)
{
	json_t *list = ask(a, request);

	ok(!strcmp(of(last_of(list), "ok"), "true"), "done: %s %s", request,
	   of(last_of(list), "error"));
	json_decref(list);
}

static void by_pattern(void)
{
	struct alerts *a = open_at(":memory:", &ALERTS_OPTIONS);
	struct alerts_numbers n;
	json_t *s;

	does(a, "{\"request\":\"suppress\",\"by\":\"eve\",\"rule\":\"r*\",\"for\":\"1h\","
		"\"entity\":{\"user.name\":\"svc-*\"},\"reason\":\"a scan we ordered\"}");
	for (uint64_t i = 0; i < 5; i++)
		find(a, "r1", "svc-nova", LEVEL_HIGH, START, i);
	find(a, "r1", "ann", LEVEL_HIGH, START, 5);
	find(a, "q1", "svc-nova", LEVEL_HIGH, START, 6);
	commit_at(a, START + SECOND, 7);
	is_str(kinds(a, 0), "suppressed opened opened",
	       "other entities and other rules are told as ever");
	s = suppression(a);
	is_str(of(s, "count"), "5", "the suppression counts what it hid");
	is_str(of(s, "by"), "eve", "it says whose it is");
	is_str(of(s, "reason"), "a scan we ordered", "and why");
	json_decref(s);
	commit_at(a, START + 2 * HOUR, 8);
	is_str(kinds(a, 3), "expired", "when its time is over, that is told");
	find(a, "r1", "svc-nova", LEVEL_HIGH, START, 8);
	commit_at(a, START + 2 * HOUR, 9);
	is_str(kinds(a, 4), "opened", "and findings are told again");
	alerts_numbers(a, &n);
	is_int(n.findings, 8, "every finding was counted");
	is_int(n.suppressed, 5, "and every suppressed one");
	alerts_close(a);
}

static void of_an_alert(void)
{
	struct alerts *a = open_at(":memory:", &ALERTS_OPTIONS);
	json_t *list;

	find(a, "r1", "a*", LEVEL_LOW, START, 1);
	find(a, "r1", "ann", LEVEL_LOW, START, 2);
	commit_at(a, START, 3);
	does(a, "{\"request\":\"suppress\",\"by\":\"eve\",\"id\":1,\"for\":\"7d\","
		"\"reason\":\"known\"}");
	find(a, "r1", "a*", LEVEL_CRITICAL, START + HOUR, 4);
	find(a, "r1", "ann", LEVEL_LOW, START + HOUR, 5);
	commit_at(a, START + HOUR, 6);
	is_str(kinds(a, 3), "repeated", "that very entity is meant, whatever is in its name");
	list = ask(a, "{\"request\":\"show\",\"id\":1}");
	is_str(of(json_array_get(list, 0), "count"), "2", "its alert goes on counting");
	is_str(of(json_array_get(list, 0), "suppressed_count"), "1",
	       "and tells how many were hidden");
	json_decref(list);
	does(a, "{\"request\":\"unsuppress\",\"by\":\"bob\",\"id\":1}");
	find(a, "r1", "a*", LEVEL_LOW, START + HOUR, 7);
	commit_at(a, START + HOUR, 8);
	is_str(kinds(a, 4), "unsuppressed level-raised",
	       "a level that rose meanwhile is told with the next finding");
	alerts_close(a);
}

static void closed(void)
{
	struct alerts *a = open_at(":memory:", &ALERTS_OPTIONS);

	find(a, "r1", "ann", LEVEL_LOW, START, 1);
	commit_at(a, START, 2);
	does(a, "{\"request\":\"close\",\"by\":\"eve\",\"id\":1}");
	does(a, "{\"request\":\"suppress\",\"by\":\"eve\",\"rule\":\"*\",\"for\":\"1h\","
		"\"reason\":\"quiet\"}");
	find(a, "r1", "ann", LEVEL_LOW, START, 2);
	commit_at(a, START, 3);
	is_str(kinds(a, 3), "", "a suppressed finding opens no closed alert");
	alerts_close(a);
}

static void kept(void)
{
	char path[] = "/tmp/vedette-test-XXXXXX", file[64];
	struct alerts *a;
	json_t *s;

	if (!mkdtemp(path)) {
		printf("Bail out! no directory\n");
		exit(1);
	}
	snprintf(file, sizeof(file), "%s/alerts.db", path);
	a = open_at(file, &ALERTS_OPTIONS);
	does(a, "{\"request\":\"suppress\",\"by\":\"eve\",\"entity\":{\"user.name\":"
		"\"a\\\"n\\u0007\"},"
		"\"for\":\"1h\",\"reason\":\"odd\"}");
	find(a, "r1", "a\"n\a", LEVEL_LOW, START, 1);
	commit_at(a, START, 2);
	alerts_close(a);
	a = open_at(file, &ALERTS_OPTIONS);
	find(a, "r1", "a\"n\a", LEVEL_LOW, START, 2);
	commit_at(a, START, 3);
	s = suppression(a);
	is_str(of(s, "count"), "2",
	       "a suppression goes on after a restart, odd characters and all");
	json_decref(s);
	alerts_close(a);
	unlink(file); /* its companions went when it was closed */
	rmdir(path);
}

int main(void)
{
	by_pattern();
	of_an_alert();
	closed();
	kept();
	return done_testing();
}
