/* SPDX-License-Identifier: Apache-2.0 */
/* A flood of low findings about ever new entities costs bounded rows, and hides no critical one. */
#include "make.h"

static void name_of(char to[static 24], const char *what, unsigned i)
{
	snprintf(to, 24, "%s-%u", what, i);
}

static json_t *overflow_of(struct alerts *a)
{
	json_t *list = ask(a, "{\"request\":\"list\",\"order\":\"count\",\"limit\":1}");
	json_t *first = json_incref(json_array_get(list, 0));

	json_decref(list);
	return first;
}

static void flood(void)
{
	struct alerts *a = open_at(":memory:", &ALERTS_OPTIONS);
	struct alerts_numbers n;
	json_t *over, *list;
	char user[24];

	for (unsigned i = 0; i < 50000; i++) {
		name_of(user, "user", i);
		find(a, "noisy", user, LEVEL_LOW, START + i, i);
		if (i == 40000)
			find(a, "noisy", "victim", LEVEL_CRITICAL, START + i, i);
		if (i % 10000 == 0)
			commit_at(a, START + SECOND, i + 1);
	}
	find(a, "noisy", "user-49999", LEVEL_LOW, START + 60000, 60000);
	commit_at(a, START + 2 * SECOND, 60001);
	alerts_numbers(a, &n);
	is_int(n.alerts, 1000 + 1 + 1,
	       "1,000 alerts of the rule, its overflow, and the critical one");
	is_int(n.findings, 50002, "every finding is counted");
	over = overflow_of(a);
	is_str(of(over, "count"), "49001", "the overflow counts its findings exactly");
	is_str(of(json_object_get(over, "overflow"), "entities"), "49000", "and its entities");
	is_str(of(json_object_get(over, "overflow"), "exact"), "true", "and says that it is exact");
	ok(!strncmp(of(over, "message"), "49000 more entities; the newest: ", 33),
	   "its message says how many more there are");
	json_decref(over);
	list = ask(a, "{\"request\":\"list\",\"order\":\"level\",\"limit\":1}");
	is_str(of(json_object_get(json_array_get(list, 0), "entity"), "user.name"), "victim",
	       "the critical one has an alert of its own, first in the list by level");
	json_decref(list);
	alerts_close(a);
}

static void next_hour(void)
{
	struct alerts_options o = ALERTS_OPTIONS;
	struct alerts_numbers n;
	struct alerts *a;
	char user[24];

	o.cap = 10;
	a = open_at(":memory:", &o);
	for (unsigned i = 0; i < 40; i++) {
		name_of(user, "user", i);
		alerts_tick(a, START + (i < 20 ? 0 : HOUR));
		find(a, "noisy", user, LEVEL_LOW, START - i * HOUR, i);
	}
	commit_at(a, START + HOUR, 40);
	alerts_numbers(a, &n);
	is_int(n.alerts, 21, "the next hour of our clock has room again, the senders' does not");
	alerts_close(a);
}

static void all_rules(void)
{
	struct alerts_options o = ALERTS_OPTIONS;
	struct alerts_numbers n;
	struct alerts *a;
	char rule[24];

	o.cap_all = 50;
	a = open_at(":memory:", &o);
	for (unsigned i = 0; i < 100; i++) {
		name_of(rule, "rule", i);
		find(a, rule, "ann", LEVEL_MEDIUM, START, i);
		find(a, rule, "bob", LEVEL_HIGH, START, i);
	}
	commit_at(a, START, 100);
	alerts_numbers(a, &n);
	is_int(n.alerts, 50 + 50 + 100, "all rules together have a bound, high ones are beside it");
	alerts_close(a);
}

static void small_cache(void)
{
	struct alerts_options o = ALERTS_OPTIONS;
	struct seen_changes s;
	struct alerts *a;
	json_t *list;
	char user[24];

	o.cache = 16;
	a = open_at(":memory:", &o);
	for (unsigned round = 0; round < 3; round++)
		for (unsigned i = 0; i < 200; i++) {
			name_of(user, "user", i);
			find(a, "r1", user, LEVEL_LOW, START, round * 200 + i);
		}
	commit_at(a, START, 600);
	list = ask(a, "{\"request\":\"list\",\"order\":\"count\",\"limit\":500}");
	is_int(json_array_size(list), 201, "more alerts than the cache holds are all there");
	is_str(of(json_array_get(list, 0), "count"), "3", "none counted too much");
	is_str(of(json_array_get(list, 199), "count"), "3", "and none too little");
	json_decref(list);
	s = changes(a, 0);
	is_int(s.n, 200, "and each was told once");
	json_decref(s.list);
	alerts_close(a);
}

static void old_ones_go(void)
{
	struct alerts_options o = ALERTS_OPTIONS;
	struct alerts_numbers n;
	struct alerts *a;
	json_t *list;
	char user[24];

	o.rows = 100;
	a = open_at(":memory:", &o);
	find(a, "r1", "victim", LEVEL_CRITICAL, START, 0);
	for (unsigned i = 1; i < 300; i++) {
		name_of(user, "user", i);
		find(a, "r1", user, LEVEL_LOW, START + i, i);
	}
	commit_at(a, START, 300);
	alerts_numbers(a, &n);
	ok(n.alerts <= 100, "no more alerts are kept than may be");
	is_int(n.alerts + n.dropped, 300, "and how many went is known");
	list = ask(a, "{\"request\":\"list\",\"level\":\"critical\"}");
	is_int(json_array_size(list), 2, "the critical one stays, though it is the oldest");
	json_decref(list);
	find(a, "r1", "user-1", LEVEL_LOW, START + 400, 400);
	commit_at(a, START, 401);
	list = ask(a, "{\"request\":\"list\",\"entity\":{\"user.name\":\"user-1\"}}");
	is_str(of(json_array_get(list, 0), "count"), "1", "one that comes back begins anew");
	json_decref(list);
	alerts_close(a);
}

int main(void)
{
	flood();
	next_hour();
	all_rules();
	small_cache();
	old_ones_go();
	return done_testing();
}
