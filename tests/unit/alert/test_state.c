/* SPDX-License-Identifier: Apache-2.0 */
/* What operators do to alerts, and what a finding does to an alert that somebody has dealt with. */
#include "make.h"

static struct alerts *with_one(void)
{
	struct alerts *a = open_at(":memory:", &ALERTS_OPTIONS);

	find(a, "r1", "ann", LEVEL_MEDIUM, START, 1);
	commit_at(a, START, 2);
	return a;
}

static bool is_done(struct alerts *a, const char *request, const char *want)
{
	json_t *list = ask(a, request);
	bool good = !strcmp(of(last_of(list), "done"), want);

	if (!good)
		printf("# %s: %s\n", request, of(last_of(list), "error"));
	json_decref(list);
	return good;
}

static bool refused(struct alerts *a, const char *request, const char *part)
{
	json_t *list = ask(a, request);
	bool good = !strcmp(of(last_of(list), "ok"), "false") && json_array_size(list) == 1 &&
		    strstr(of(last_of(list), "error"), part);

	if (!good)
		printf("# %s: %s\n", request, of(last_of(list), "error"));
	json_decref(list);
	return good;
}

static const char *state(struct alerts *a, int id)
{
	char request[100];
	static char to[40];
	json_t *list;

	snprintf(request, sizeof(request), "{\"request\":\"show\",\"id\":%d}", id);
	list = ask(a, request);
	snprintf(to, sizeof(to), "%.39s", of(json_array_get(list, 0), "state"));
	json_decref(list);
	return to;
}

static void machine(void)
{
	struct alerts *a = with_one();
	struct alerts_numbers n;

	ok(is_done(a, "{\"request\":\"ack\",\"id\":1,\"by\":\"eve\"}", "acknowledged"), "ack");
	is_str(state(a, 1), "acknowledged", "is shown");
	ok(refused(a, "{\"request\":\"ack\",\"id\":1,\"by\":\"eve\"}", "acknowledged already"),
	   "twice is refused");
	find(a, "r1", "ann", LEVEL_MEDIUM, START + SECOND, 2);
	commit_at(a, START + SECOND, 3);
	is_str(state(a, 1), "acknowledged", "a repeat leaves it acknowledged");
	find(a, "r1", "ann", LEVEL_CRITICAL, START + SECOND, 3);
	commit_at(a, START + 2 * SECOND, 4);
	is_str(state(a, 1), "open", "a higher level opens it again");
	ok(is_done(a, "{\"request\":\"close\",\"id\":1,\"by\":\"eve\"}", "closed"), "close");
	ok(refused(a, "{\"request\":\"ack\",\"id\":1,\"by\":\"eve\"}", "reopen it first"),
	   "what is closed cannot be acknowledged");
	find(a, "r1", "ann", LEVEL_MEDIUM, START + HOUR, 4);
	commit_at(a, START + HOUR, 5);
	is_str(state(a, 1), "open", "a finding after closing opens it again");
	is_str(kinds(a, 0), "opened acknowledged level-raised closed reopened",
	       "all of it was told, in order");
	ok(is_done(a, "{\"request\":\"close\",\"id\":1,\"by\":\"eve\"}", "closed"), "closed anew");
	alerts_tick(a, START + 48 * HOUR);
	find(a, "r1", "ann", LEVEL_MEDIUM, START + 48 * HOUR, 5);
	commit_at(a, START + 48 * HOUR, 6);
	alerts_numbers(a, &n);
	is_int(n.alerts, 2, "a finding long after closing is a new alert");
	is_str(state(a, 1), "closed", "and the old one stays closed");
	ok(refused(a, "{\"request\":\"reopen\",\"id\":1,\"by\":\"eve\"}", "a newer alert"),
	   "nor can it be opened beside the new one");
	ok(is_done(a, "{\"request\":\"comment\",\"id\":1,\"by\":\"eve\",\"comment\":\"was me\"}",
		   "commented"),
	   "but a comment it takes");
	alerts_close(a);
}

static void people(void)
{
	struct alerts *a = with_one();
	struct buf reply = { 0 };
	struct seen_changes s;
	json_t *list;

	ok(is_done(a, "{\"request\":\"assign\",\"id\":1,\"by\":\"eve\",\"to\":\"bob\"}",
		   "assigned"),
	   "assigned");
	ok(is_done(a, "{\"request\":\"assign\",\"id\":1,\"by\":\"bob\",\"to\":\"\"}", "assigned"),
	   "and to nobody");
	ok(refused(a, "{\"request\":\"ack\",\"id\":1}", "\"by\""), "nobody acts unnamed");
	is_int(alerts_request(a, BYTES("uid 1000"),
			      BYTES("{\"request\":\"ack\",\"id\":1,\"by\":\"root\"}"), &reply),
	       0, "a request of a known peer");
	buf_done(&reply);
	s = changes(a, 1);
	is_str(of(json_array_get(s.list, 1), "assignee_was"), "bob", "whose it was is told");
	is_str(of(json_array_get(s.list, 2), "by"), "uid 1000",
	       "whom the peer claims to be does not count");
	json_decref(s.list);
	list = ask(a, "{\"request\":\"show\",\"id\":1}");
	is_int(json_array_size(list), 6, "show has the alert, its four changes, and the end");
	is_str(of(json_array_get(list, 2), "by"), "eve", "with who did what");
	ok(!json_object_get(json_array_get(list, 2), "alert"), "without the alert of then");
	json_decref(list);
	alerts_close(a);
}

static void lists(void)
{
	struct alerts *a = open_at(":memory:", &ALERTS_OPTIONS);
	char user[24], request[200] = "{\"request\":\"list\",\"limit\":7,\"order\":\"level\"}";
	unsigned seen = 0, pages = 0;
	const char *next = "";
	json_t *list;

	for (unsigned i = 0; i < 50; i++) {
		snprintf(user, sizeof(user), "user-%u", i);
		find(a, i % 2 ? "odd" : "even", user, (enum level)(i % 5), START + i * MINUTE, i);
	}
	commit_at(a, START + HOUR, 50);
	do {
		list = ask(a, request);
		seen += (unsigned)json_array_size(list) - 1;
		next = of(last_of(list), "next");
		snprintf(request, sizeof(request),
			 "{\"request\":\"list\",\"limit\":7,\"order\":\"level\",\"after\":\"%s\"}",
			 next);
		json_decref(list);
	} while (*next && ++pages < 20);
	is_int(seen, 50, "page after page, every alert is shown once");
#define IS_LISTED(n, members)                                                                      \
	list = ask(a, "{\"request\":\"list\"," members "}");                                       \
	is_int(json_array_size(list) - 1, n, "%s", members);                                       \
	json_decref(list)
	IS_LISTED(25, "\"rule\":\"od?\"");
	IS_LISTED(20, "\"level\":\"high\"");
	IS_LISTED(11, "\"entity\":{\"user.name\":\"user-4*\"}");
	IS_LISTED(0, "\"entity\":{\"user.name\":\"user-4*\",\"host.name\":\"x\"}");
	IS_LISTED(1, "\"text\":\"USER-17\"");
	IS_LISTED(20, "\"since\":\"2026-09-21T14:43:20Z\"");
	IS_LISTED(0, "\"state\":\"closed\"");
	IS_LISTED(50, "\"state\":\"all\"");
	alerts_close(a);
}

static void bad(void)
{
	static const char *const requests[] = {
		"",
		"x",
		"[]",
		"{}",
		"{\"request\":\"drop\"}",
		"{\"request\":\"list\",\"id\":1}",
		"{\"request\":\"list\",\"limit\":0}",
		"{\"request\":\"list\",\"limit\":1001}",
		"{\"request\":\"list\",\"limit\":\"5\"}",
		"{\"request\":\"list\",\"limit\":5,\"limit\":5}",
		"{\"request\":\"list\",\"state\":\"ajar\"}",
		"{\"request\":\"list\",\"state\":\"\"}",
		"{\"request\":\"list\",\"level\":\"High\"}",
		"{\"request\":\"list\",\"rule\":\"\"}",
		"{\"request\":\"list\",\"order\":\"id\"}",
		"{\"request\":\"list\",\"after\":\"1.2\"}",
		"{\"request\":\"list\",\"since\":\"soon\"}",
		"{\"request\":\"list\",\"entity\":{}}",
		"{\"request\":\"list\",\"entity\":{\"user.name\":1}}",
		"{\"request\":\"list\",\"entity\":\"ann\"}",
		"{\"request\":\"show\"}",
		"{\"request\":\"show\",\"id\":-1}",
		"{\"request\":\"show\",\"id\":2}",
		"{\"request\":\"close\",\"id\":2,\"by\":\"eve\"}",
		"{\"request\":\"comment\",\"id\":1,\"by\":\"eve\",\"comment\":\"\"}",
		"{\"request\":\"suppress\",\"by\":\"eve\",\"reason\":\"x\",\"for\":\"1h\"}",
		"{\"request\":\"suppress\",\"by\":\"eve\",\"rule\":\"r1\",\"for\":\"1h\"}",
		"{\"request\":\"suppress\",\"by\":\"eve\",\"rule\":\"r1\",\"reason\":\"x\"}",
		"{\"request\":\"suppress\",\"by\":\"eve\",\"rule\":\"r1\",\"reason\":\"x\","
		"\"until\":\"2020-01-01\"}",
		"{\"request\":\"suppress\",\"by\":\"eve\",\"rule\":\"r1\",\"reason\":\"x\","
		"\"for\":\"4000d\"}",
		"{\"request\":\"unsuppress\",\"id\":1,\"by\":\"eve\"}",
	};
	struct alerts *a = with_one();
	uint64_t before;
	struct alerts_numbers n;

	alerts_numbers(a, &n);
	before = n.commits;
	for (size_t i = 0; i < sizeof(requests) / sizeof(*requests); i++)
		ok(refused(a, requests[i], ""), "refused: %s", requests[i]);
	alerts_numbers(a, &n);
	is_int(n.commits, before, "nothing was written for any of them");
	alerts_close(a);
}

static void in_between(void)
{
	struct alerts *a = with_one();
	struct buf reply = { 0 };

	find(a, "r1", "ann", LEVEL_MEDIUM, START + SECOND, 2);
	is_int(alerts_request(a, BYTES("eve"), BYTES("{\"request\":\"ack\",\"id\":1}"), &reply),
	       REQUEST_LATER, "while findings wait for their commit, so does the reply");
	buf_done(&reply);
	is_str(kinds(a, 1), "", "and the change");
	commit_at(a, START + SECOND, 3);
	is_str(kinds(a, 1), "acknowledged", "until the commit");
	alerts_close(a);
}

int main(void)
{
	machine();
	people();
	lists();
	bad();
	in_between();
	return done_testing();
}
