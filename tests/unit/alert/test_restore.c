/* SPDX-License-Identifier: Apache-2.0 */
/* A database that is lost comes back from the changes in the ledger. */
#include "make.h"

struct notes {
	struct buf text; /* lines */
};

static bool note(void *ctx, uint64_t id, struct bytes text)
{
	struct notes *n = ctx;

	(void)id;
	buf_bytes(&n->text, text);
	buf_str(&n->text, "\n");
	return true;
}

static void restore_all(struct alerts *a, const struct notes *n)
{
	for (struct bytes rest = buf_view(&n->text); rest.len;) {
		size_t end = bytes_chr(rest, '\n');

		if (alerts_restore(a, bytes_sub(rest, 0, end)) != 0)
			ok(false, "a note is taken");
		rest = bytes_from(rest, end + 1);
	}
}

static void done(struct alerts *a, const char *request)
{
	json_decref(ask(a, request));
}

static struct alerts *lived(void)
{
	struct alerts_options o = ALERTS_OPTIONS;
	struct alerts *a;
	char user[24];

	o.cap = 3;
	a = open_at(":memory:", &o);
	for (unsigned i = 0; i < 6; i++) {
		snprintf(user, sizeof(user), "us\"er\x01-%u", i);
		find(a, "r1", user, LEVEL_LOW, START + i, i);
	}
	find(a, "r2", "ann", LEVEL_HIGH, START, 7);
	commit_at(a, START, 8);
	find(a, "r2", "ann", LEVEL_CRITICAL, START, 8);
	commit_at(a, START + SECOND, 9);
	done(a, "{\"request\":\"ack\",\"id\":1,\"by\":\"eve\"}");
	done(a, "{\"request\":\"close\",\"id\":2,\"by\":\"eve\"}");
	done(a, "{\"request\":\"assign\",\"id\":3,\"by\":\"eve\",\"to\":\"bob\"}");
	done(a, "{\"request\":\"suppress\",\"by\":\"eve\",\"rule\":\"x\",\"for\":\"9h\","
		"\"reason\":\"ended\"}");
	done(a, "{\"request\":\"suppress\",\"by\":\"eve\",\"id\":5,\"for\":\"9h\","
		"\"reason\":\"known\"}");
	done(a, "{\"request\":\"unsuppress\",\"by\":\"eve\",\"id\":1}");
	return a;
}

static bool same(struct alerts *a, struct alerts *b, const char *request)
{
	struct buf one = { 0 }, two = { 0 };
	bool equal;

	alerts_request(a, BYTES(""), bytes_str(request), &one);
	alerts_request(b, BYTES(""), bytes_str(request), &two);
	equal = bytes_eq(buf_view(&one), buf_view(&two)) && one.len > 100;
	if (!equal) {
		tap_show("was", buf_view(&one));
		tap_show("is ", buf_view(&two));
	}
	buf_done(&one);
	buf_done(&two);
	return equal;
}

int main(void)
{
	struct alerts *a = lived(), *b = open_at(":memory:", &ALERTS_OPTIONS);
	struct notes n = { { 0 } };
	struct seen_changes s;
	struct alerts_numbers was;

	alerts_changes(a, 0, note, &n);
	alerts_numbers(a, &was);
	restore_all(b, &n);
	commit_at(b, START + SECOND, 9);
	ok(same(a, b,
		"{\"request\":\"list\",\"state\":\"all\",\"rule\":\"r1\","
		"\"entity\":{\"host.name\":\"*\"}}"),
	   "the alerts are what they were, with their states");
	ok(same(a, b, "{\"request\":\"suppressions\"}"), "so are the suppressions");
	ok(same(a, b, "{\"request\":\"show\",\"id\":3}"), "and the history");
	is_int(alerts_forgotten(b, ALERTS_NOTIFY), was.changes, "nothing of it is told again");
	find(b, "r1", "us\"er\x01-0", LEVEL_LOW, START, 10);
	find(b, "r2", "ann", LEVEL_CRITICAL, START, 11);
	find(b, "r3", "ann", LEVEL_LOW, START, 12);
	commit_at(b, START + 2 * SECOND, 13);
	s = changes(b, was.changes);
	is_int(s.n, 1, "findings go on in the alerts that came back, hidden or counted");
	is_int(s.last, was.changes + 1, "and new changes are numbered behind the old ones");
	is_str(of(json_object_get(json_array_get(s.list, 0), "alert"), "id"), "6",
	       "as new alerts are");
	json_decref(s.list);
	restore_all(b, &n);
	commit_at(b, START + 3 * SECOND, 13);
	alerts_numbers(b, &was);
	is_int(was.alerts, 6, "notes that are known change nothing");
	is_int(alerts_restore(b, BYTES("{\"event\":\"start\",\"change\":99}")), ALERTS_NO_NOTE,
	       "nor do other notes");
	is_int(alerts_restore(b, BYTES("{\"event\":\"alert-x\",\"change\":99")), ALERTS_NO_NOTE,
	       "nor what is no JSON");
	buf_done(&n.text);
	alerts_close(a);
	alerts_close(b);
	return done_testing();
}
