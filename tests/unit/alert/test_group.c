/* SPDX-License-Identifier: Apache-2.0 */
/* Findings of one cause about one entity are one alert, told once, with an exact count. */
#include "make.h"

static void repeats(void)
{
	struct alerts *a = open_at(":memory:", &ALERTS_OPTIONS);
	struct alerts_numbers n;
	struct seen_changes s;
	json_t *list, *alert;

	for (uint64_t i = 0; i < 100000; i++)
		find(a, "r1", "ann", LEVEL_MEDIUM, START + (usec)i, i);
	commit_at(a, START + SECOND, 100000);
	alerts_numbers(a, &n);
	is_int(n.commits, 1, "100,000 repeats cost one transaction");
	is_int(n.alerts, 1, "and are one alert");
	s = changes(a, 0);
	is_int(s.n, 1, "which is told once");
	alert = json_object_get(json_array_get(s.list, 0), "alert");
	is_str(of(json_array_get(s.list, 0), "event"), "alert-opened", "as opened");
	is_str(of(alert, "count"), "100000", "with the exact count");
	json_decref(s.list);
	list = ask(a, "{\"request\":\"show\",\"id\":1}");
	alert = json_array_get(list, 0);
	is_str(of(alert, "first"), "2026-09-21T14:13:20.000Z", "it knows the first time");
	is_str(of(alert, "last"), "2026-09-21T14:13:20.099999Z", "and the last");
	is_int(json_array_size(json_object_get(alert, "vedette.seq")), 64, "the newest proofs");
	is_int(json_integer_value(json_array_get(json_object_get(alert, "vedette.seq"), 63)), 99999,
	       "of which the newest is last");
	is_str(of(json_object_get(alert, "details"), "source.ip"), "192.0.2.7", "the details");
	is_str(of(json_object_get(alert, "entity"), "user.name"), "ann", "and whom it is about");
	json_decref(list);
	alerts_close(a);
}

static void parts(void)
{
	struct alerts *a = open_at(":memory:", &ALERTS_OPTIONS);
	struct alerts_numbers n;
	struct made m;

	find(a, "r1", "ann", LEVEL_LOW, START, 1);
	find(a, "r1", "bob", LEVEL_LOW, START, 2);
	find(a, "r2", "ann", LEVEL_LOW, START, 3);
	make(&m, "r1", "", LEVEL_LOW, START, 4);
	m.entity[0].value = BYTES("ctl-1user.name"); /* not the same as two pairs, run together */
	m.f.entity_n = 1;
	alerts_finding(a, &m.f);
	commit_at(a, START, 5);
	alerts_numbers(a, &n);
	is_int(n.alerts, 4, "another rule or another entity is another alert");
	alerts_close(a);
}

static void levels(void)
{
	struct alerts *a = open_at(":memory:", &ALERTS_OPTIONS);
	struct seen_changes s;

	find(a, "r1", "ann", LEVEL_LOW, START, 1);
	commit_at(a, START, 2);
	find(a, "r1", "ann", LEVEL_HIGH, START + SECOND, 2);
	find(a, "r1", "ann", LEVEL_MEDIUM, START + 2 * SECOND, 3);
	commit_at(a, START + SECOND, 4);
	s = changes(a, 1);
	is_int(s.n, 1, "a higher level is told at once");
	is_str(of(json_array_get(s.list, 0), "kind"), "level-raised", "as level-raised");
	is_str(of(json_array_get(s.list, 0), "level_was"), "low", "from the old one");
	is_str(of(json_object_get(json_array_get(s.list, 0), "alert"), "rule.level"), "high",
	       "to the highest, which a lower one does not take back");
	json_decref(s.list);
	alerts_close(a);
}

static void repeated(void)
{
	struct alerts *a = open_at(":memory:", &ALERTS_OPTIONS);
	struct seen_changes s;
	uint64_t seq = 0;

	for (usec at = 0; at < 25 * MINUTE; at += MINUTE) {
		find(a, "r1", "ann", LEVEL_LOW, START + at, seq++);
		commit_at(a, START + at, seq);
	}
	is_str(kinds(a, 0), "opened repeated repeated",
	       "25 minutes of repeats are told every ten minutes");
	s = changes(a, 0);
	is_str(of(json_array_get(s.list, 1), "delta"), "10", "each with how many came since");
	json_decref(s.list);
	commit_at(a, START + HOUR, seq);
	is_str(kinds(a, 3), "repeated", "what came last is told when its time has come");
	commit_at(a, START + 2 * HOUR, seq);
	is_str(kinds(a, 4), "", "and then there is nothing more to tell");
	alerts_close(a);
}

static void late(void)
{
	struct alerts *a = open_at(":memory:", &ALERTS_OPTIONS);
	json_t *list;
	struct made m;

	find(a, "r1", "ann", LEVEL_LOW, START, 9);
	make(&m, "r1", "ann", LEVEL_LOW, START - HOUR, 3);
	m.f.message = BYTES("old news");
	alerts_finding(a, &m.f);
	commit_at(a, START, 10);
	list = ask(a, "{\"request\":\"show\",\"id\":1}");
	is_str(of(json_array_get(list, 0), "first"), "2026-09-21T13:13:20.000Z",
	       "a late finding moves the first time");
	is_str(of(json_array_get(list, 0), "message"), "somebody guesses",
	       "and does not replace what is newer");
	json_decref(list);
	alerts_close(a);
}

static void raised_in_a_flood(void)
{
	struct alerts *a = open_at(":memory:", &ALERTS_OPTIONS);
	struct made m;
	json_t *list;

	for (uint64_t i = 0; i < 1000; i++) {
		make(&m, "r1", "ann", i == 500 ? LEVEL_CRITICAL : LEVEL_LOW, START + (usec)i, i);
		if (i == 500)
			m.f.message = BYTES("the one that matters");
		alerts_finding(a, &m.f);
	}
	commit_at(a, START, 1000);
	list = ask(a, "{\"request\":\"show\",\"id\":1}");
	is_str(of(json_array_get(list, 0), "message"), "the one that matters",
	       "what raised the level in a flood is what is shown");
	json_decref(list);
	alerts_close(a);
}

static void ahead(void)
{
	struct alerts *a = open_at(":memory:", &ALERTS_OPTIONS);
	json_t *list;
	struct made m;

	make(&m, "r1", "ann", LEVEL_LOW, START + 9000 * HOUR, 1);
	m.f.message = BYTES("from the future");
	alerts_finding(a, &m.f);
	commit_at(a, START + SECOND, 2);
	find(a, "r1", "ann", LEVEL_LOW, START + SECOND, 2);
	commit_at(a, START + SECOND, 3);
	list = ask(a, "{\"request\":\"show\",\"id\":1}");
	is_str(of(json_array_get(list, 0), "message"), "somebody guesses",
	       "a stamp far ahead does not hide what comes after it");
	is_str(of(json_array_get(list, 0), "last"), "2026-09-21T14:13:21.000Z",
	       "nor is it the last time");
	json_decref(list);
	alerts_close(a);
}

static void hostile(void)
{
	static uint8_t worst[200000];
	struct alerts *a = open_at(":memory:", &ALERTS_OPTIONS);
	struct finding_pair pairs[100];
	struct bytes tags[100];
	struct seen_changes s;
	json_t *alert;
	struct made m;

	for (size_t i = 0; i < sizeof(worst); i++)
		worst[i] = i % 3 ? (uint8_t)(i % 32) : 0xff;
	for (size_t i = 0; i < 100; i++) {
		tags[i] = bytes_of(worst, sizeof(worst));
		pairs[i].name = bytes_of(worst + i, 50 + i);
		pairs[i].value = bytes_of(worst, sizeof(worst));
	}
	make(&m, "r1", "ann", LEVEL_LOW, START, 1);
	m.f.message = m.f.rule_name = m.f.rule_id = m.f.source_host = m.f.source_name = tags[0];
	m.f.tags = tags;
	m.f.entity = m.f.details = pairs;
	m.f.tags_n = m.f.entity_n = m.f.details_n = 100;
	alerts_finding(a, &m.f);
	commit_at(a, START, 2);
	s = changes(a, 0);
	alert = json_object_get(json_array_get(s.list, 0), "alert");
	ok(json_is_object(alert),
	   "the worst texts make one change that is JSON, of bounded length");
	ok(strlen(of(alert, "message")) > 100, "which shows what can be shown");
	json_decref(s.list);
	alerts_close(a);
}

int main(void)
{
	repeats();
	parts();
	levels();
	repeated();
	late();
	ahead();
	raised_in_a_flood();
	hostile();
	return done_testing();
}
