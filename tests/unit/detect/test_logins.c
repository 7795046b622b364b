/* SPDX-License-Identifier: Apache-2.0 */
/* Logins, and who becomes whom: what is usual is learned, what is new is told once. */
#include "detect/logins.h"
#include "parse/parse.h"
#include "tap.h"

#define HOUR (3600 * USEC_PER_SEC)
#define DAY USEC_PER_DAY
#define MONDAY ((usec)1767571200 * USEC_PER_SEC)

static char rules[64][64], said[64][300];
static enum level levels[64];
static size_t told;

static void keep(void *ctx, const struct finding *f)
{
	size_t k = told < 63 ? told++ : 63;

	(void)ctx;
	snprintf(rules[k], sizeof(rules[k]), "%.*s", (int)f->rule_id.len,
		 (const char *)f->rule_id.at);
	snprintf(said[k], sizeof(said[k]), "%.*s", (int)f->message.len,
		 (const char *)f->message.at);
	levels[k] = f->level;
}

static struct logins *fresh(struct calendar *c)
{
	struct logins_options o = { .calendar = c };
	struct logins *l;

	told = 0;
	logins_new(&l, &o);
	return l;
}

static void line(struct logins *l, const char *program, usec at, const char *text)
{
	static struct event e;
	struct arena scratch = { 0 };
	struct source src = {
		.id = 1, .kind = SOURCE_JOURNAL, .host = BYTES("cmp-07"), .name = bytes_str(program)
	};
	struct parse_hint hint = {
		.kind = src.kind, .name = src.name, .host = src.host, .arrival = at
	};
	struct record r = { .arrival = at, .source = 1, .raw = bytes_str(text) };
	struct item i = {
		.record = &r, .source = &src, .event = &e, .time = at, .ref = { .seq = 3 }
	};

	e.scratch = &scratch;
	parse_record(&hint, r.raw, &e);
	logins_record(l, &i, keep, NULL);
	arena_done(&scratch);
}

static void ssh(struct logins *l, usec at, const char *user, const char *ip, const char *key)
{
	char text[300];

	snprintf(text, sizeof(text),
		 "Accepted publickey for %s from %s port 50222 ssh2: RSA SHA256:%s", user, ip, key);
	line(l, "sshd", at, text);
}

static void is_told(size_t n, const char *rule, enum level level, const char *says,
		    const char *what)
{
	if (is_int(told, n, "%s: %zu findings", what, n) && n) {
		is_str(rules[n - 1], rule, "%s", rule);
		is_int(levels[n - 1], level, "at level %s", level_name(level));
		ok(strstr(said[n - 1], says), "says \"%s\"", says);
	} else {
		for (size_t k = 0; k < told; k++)
			printf("# %s: %s\n", rules[k], said[k]);
	}
}

/* Four weeks of alice's working days, one login in the morning and one after noon. */
static usec learn(struct logins *l)
{
	for (int day = 0; day < 28; day++) {
		if (day % 7 >= 5)
			continue;
		ssh(l, MONDAY + day * DAY + 8 * HOUR, "alice", "192.0.2.7", "aaaa");
		ssh(l, MONDAY + day * DAY + 14 * HOUR, "alice", "192.0.2.8", "aaaa");
		line(l, "sudo", MONDAY + day * DAY + 15 * HOUR,
		     "alice : TTY=pts/0 ; PWD=/home/alice ; USER=root ; COMMAND=/usr/bin/id");
	}
	return MONDAY + 28 * DAY;
}

static void firsts(void)
{
	struct logins *l = fresh(NULL);
	usec at = learn(l);

	is_told(0, "", 0, "", "four usual weeks");
	ssh(l, at + 9 * HOUR, "alice", "192.0.2.77", "aaaa");
	is_told(0, "", 0, "", "another address of a known network");
	ssh(l, at + 9 * HOUR, "alice", "203.0.113.5", "aaaa");
	is_told(1, "vedette.login.first-source", LEVEL_MEDIUM, "new network: 203.0.113.5",
		"a new network");
	ssh(l, at + 9 * HOUR, "alice", "203.0.113.6", "bbbb");
	is_told(2, "vedette.login.first-key", LEVEL_MEDIUM, "SHA256:bbbb", "a new key");
	ssh(l, at + 9 * HOUR, "alice", "203.0.113.6", "bbbb");
	is_told(2, "vedette.login.first-key", LEVEL_MEDIUM, "", "once");
	ssh(l, at + 27 * HOUR, "alice", "192.0.2.7", "aaaa");
	is_told(3, "vedette.login.unusual-hour", LEVEL_LOW, "03:00 UTC", "in the night");
	ssh(l, at + 100 * DAY + 9 * HOUR, "alice", "203.0.113.5", "aaaa");
	is_told(5, "vedette.login.first-source", LEVEL_MEDIUM, "203.0.113.5",
		"after a quarter of a year key and network are new again");
	line(l, "sshd", at + 10 * HOUR, "Failed password for alice from 198.51.100.1 port 22 ssh2");
	is_told(5, "vedette.login.first-source", LEVEL_MEDIUM, "",
		"a failure tells and teaches nothing");
	logins_free(l);
}

static void chains(void)
{
	struct logins *l = fresh(NULL);
	usec at = learn(l) + 10 * HOUR;

	line(l, "sudo", at, "alice : TTY=pts/0 ; PWD=/ ; USER=root ; COMMAND=/bin/su postgres");
	is_told(0, "", 0, "", "alice becomes root each day");
	line(l, "su", at + USEC_PER_SEC, "(to postgres) root on pts/0");
	is_told(1, "vedette.login.first-sudo", LEVEL_MEDIUM, "alice > root > postgres",
		"root becomes postgres for the first time: the whole chain");
	line(l, "sudo", at + USEC_PER_SEC, "bob : TTY=pts/1 ; PWD=/ ; USER=root ; COMMAND=/bin/sh");
	is_told(2, "vedette.login.first-sudo", LEVEL_MEDIUM, "bob > root", "bob was never root");
	line(l, "sudo", at + USEC_PER_SEC,
	     "eve : user NOT in sudoers ; TTY=pts/1 ; PWD=/ ; USER=root ; COMMAND=/bin/sh");
	is_told(2, "vedette.login.first-sudo", LEVEL_MEDIUM, "", "who was refused became nobody");
	logins_free(l);
}

static void planned(void)
{
	struct calendar *c = calendar_new();
	struct logins *l = fresh(c);
	struct why why;
	usec at = learn(l);

	is_int(calendar_read(c, "c.yaml",
			     BYTES("windows:\n- {name: on call, from: 2026-02-01 00:00, "
				   "to: 2026-02-28 00:00, what: login, who: alice}\n"),
			     false, &why),
	       0, "a window for alice");
	ssh(l, at + 9 * HOUR, "alice", "203.0.113.5", "aaaa");
	is_told(1, "vedette.login.first-source", LEVEL_INFORMATIONAL, "203.0.113.5",
		"within it a new network is for information");
	logins_free(l);
	calendar_free(c);
}

static void bounds(void)
{
	struct logins_options o = { .users_max = 100, .pairs_max = 1000 };
	struct logins *l, *m;
	struct logins_counts c;
	struct buf a = { 0 }, b = { 0 };
	char user[32];

	logins_new(&l, &o);
	logins_new(&m, &o);
	for (int i = 0; i < 20000; i++) {
		snprintf(user, sizeof(user), "user%d", i);
		ssh(l, MONDAY + i, user, "192.0.2.1", "k");
	}
	logins_counts(l, &c);
	is_int(c.users, 100, "no more accounts than were allowed");
	is_int(c.pairs, 1000, "nor pairs");
	ok(c.evicted == 20000 - 100 + 40000 - 1000, "and what was forgotten is counted");
	logins_save(l, &a);
	ok(logins_load(m, buf_view(&a)), "a state is read back");
	logins_save(m, &b);
	is_bytes(buf_view(&b), buf_view(&a), "and is the same");
	ok(!logins_load(m, bytes_sub(buf_view(&a), 0, a.len - 1)), "not where a byte is missing");
	logins_free(l);
	logins_free(m);
	buf_done(&a);
	buf_done(&b);
}

int main(void)
{
	firsts();
	chains();
	planned();
	bounds();
	return done_testing();
}
