/* SPDX-License-Identifier: Apache-2.0 */
/* Who is told what and when, on a clock of our own: once, by the right way, and the worst first. */
#include "base/buf.h"
#include "notify/teller.h"
#include "tap.h"
#include <stdlib.h>
#include <unistd.h>

#define START ((usec)1795651200 * USEC_PER_SEC) /* 2026-11-26 00:00 UTC, a Thursday */
#define MINUTE (60 * USEC_PER_SEC)
#define HOUR (60 * MINUTE)

#define MAIL                                                                                       \
	": {kind: mail, server: \"127.0.0.1:25\", tls: none, from: v@example.org, "                \
	"to: [ops@example.org]}\n"
#define HOOK "  hook: {kind: webhook, url: \"http://127.0.0.1:1/\"}\n"

struct world {
	struct notify_config *config;
	struct outbox *outbox;
	struct teller t;
	uint64_t number;
};

static bool facts_well;

static bool facts(void *ctx, struct buf *to)
{
	(void)ctx;
	buf_str(to, "sources 7, records lost 0\n");
	return facts_well;
}

static bool begin(struct world *w, const char *file, const char *yaml)
{
	struct why why = { "" };

	*w = (struct world){ .number = 0 };
	if (!ok(notify_read(&w->config, "notify.yaml", bytes_str(yaml), &why) == 0 &&
			outbox_open(&w->outbox, file, START, &why) == 0,
		"a world %s", why.line))
		return false;
	w->t = (struct teller){
		.config = w->config, .outbox = w->outbox, .host = BYTES("monitor"), .facts = facts
	};
	return true;
}

static void end(struct world *w)
{
	outbox_commit(w->outbox, NULL);
	outbox_close(w->outbox);
	notify_config_free(w->config);
}

static void change(struct world *w, const char *kind, const char *level, unsigned alert, usec at)
{
	struct buf text = { 0 };

	buf_printf(&text, "{\"change\":%llu,\"kind\":\"%s\",\"@timestamp\":\"",
		   (unsigned long long)++w->number, kind);
	buf_time(&text, at);
	buf_printf(&text,
		   "\",\"by\":\"vedette\",\"delta\":3,\"alert\":{\"id\":%u,\"state\":\"%s\","
		   "\"rule.name\":\"Guessing\",\"rule.uuid\":\"r-1\",\"rule.level\":\"%s\","
		   "\"tags\":[\"attack.t1110\"],\"openstack.project.id\":\"p-%u\","
		   "\"host.name\":\"cmp-%u\",\"count\":9}}",
		   alert, strcmp(kind, "closed") == 0 ? "closed" : "open", level, alert, alert);
	teller_take(&w->t, w->number, buf_view(&text), at);
	buf_done(&text);
}

/* Takes what is next for a target: its subject or text holds `what`. */
static void next_has(struct world *w, const char *target, const char *what, usec now)
{
	struct outbox_entry e;
	struct buf text = { 0 };
	bool there = outbox_next(w->outbox, bytes_str(target), now, &e, &text);

	ok(there && bytes_find(buf_view(&text), bytes_str(what)) != BYTES_NONE, "%s is told: %s",
	   target, what);
	if (there)
		outbox_done(w->outbox, e.id);
	buf_done(&text);
}

static void waits(struct world *w, const char *target, uint64_t n, const char *what)
{
	is_int(outbox_waiting(w->outbox, bytes_str(target)), n, "%s: %s", target, what);
}

static void once(void)
{
	struct world w;

	if (!begin(&w, ":memory:",
		   "targets:\n  ops" MAIL HOOK "routes: [{to: [ops, hook], level: medium}]\n"))
		return;
	change(&w, "opened", "high", 1, START);
	waits(&w, "ops", 1, "one mail when it opens");
	waits(&w, "hook", 1, "one post when it opens");
	w.number--; /* the other end was killed before it heard that it was taken */
	change(&w, "opened", "high", 1, START);
	waits(&w, "ops", 1, "the same change again is nothing new");
	waits(&w, "hook", 1, "the same change again is nothing new");
	for (unsigned i = 0; i < 1000; i++)
		change(&w, "repeated", "high", 1, START + MINUTE);
	waits(&w, "ops", 1, "no mail for what happens again");
	change(&w, "opened", "low", 2, START + MINUTE);
	waits(&w, "ops", 1, "none for what is below the level of the route");
	change(&w, "closed", "high", 1, START + 2 * MINUTE);
	waits(&w, "ops", 2, "one when it is closed");
	next_has(&w, "ops", "(opened)", START + 2 * MINUTE);
	next_has(&w, "ops", "(closed)", START + 2 * MINUTE);
	teller_tick(&w.t, START + 30 * MINUTE);
	waits(&w, "ops", 0, "no digest before its time");
	teller_tick(&w.t, START + 62 * MINUTE);
	next_has(&w, "ops", "[digest] 1000 changes of 1 alerts", START + 62 * MINUTE);
	teller_tick(&w.t, START + 130 * MINUTE);
	waits(&w, "ops", 0, "and no second one about the same");
	end(&w);
}

static void routed(void)
{
	struct world w;

	if (!begin(&w, ":memory:",
		   "targets:\n  a" MAIL "  b" MAIL "  c" MAIL "routes:\n"
		   "- {to: a, project: p-1}\n"
		   "- {to: b, host: 'cmp-2*', continue: true}\n"
		   "- {to: [b, c], rule: attack.t1110, hours: '08:00-18:00'}\n"))
		return;
	change(&w, "opened", "low", 1, START);
	waits(&w, "a", 1, "by project");
	change(&w, "opened", "low", 2, START);
	waits(&w, "b", 1, "by host");
	waits(&w, "c", 0, "not outside the hours");
	change(&w, "opened", "low", 22, START + 9 * HOUR);
	waits(&w, "b", 2, "a target of two routes is told once");
	waits(&w, "c", 1, "by tag, in the hours");
	waits(&w, "a", 1, "the first route that matches takes it");
	end(&w);
}

static void worst_first(void)
{
	struct world w;
	struct buf more = { 0 };

	if (!begin(&w, ":memory:", "targets:\n  ops" MAIL "routes: [{to: ops, hourly: 20}]\n"))
		return;
	for (unsigned i = 0; i < 5000; i++)
		change(&w, "opened", "low", 100 + i, START + i);
	waits(&w, "ops", 20, "the cap of an hour");
	change(&w, "opened", "critical", 7, START + MINUTE);
	waits(&w, "ops", 21, "a cap of low ones does not hold the critical one");
	next_has(&w, "ops", "Subject: [critical]", START + MINUTE);
	teller_tick(&w.t, START + 61 * MINUTE);
	waits(&w, "ops", 21, "the rest is one mail");
	buf_printf(&more, "[digest] 4980 changes of 200 alerts");
	next_has(&w, "ops", buf_cstr(&more), START + 61 * MINUTE);
	change(&w, "opened", "low", 6000, START + 62 * MINUTE);
	waits(&w, "ops", 21, "in the next hour there is room again");
	buf_done(&more);
	end(&w);
}

static void quiet(void)
{
	struct world w;

	if (!begin(&w, ":memory:",
		   "zone: Europe/Berlin\ntargets:\n  ops" MAIL
		   "routes: [{to: ops, quiet: '22:00-06:00', digest: 15m}]\n"))
		return;
	change(&w, "opened", "high", 1, START + HOUR); /* 02:00 in Berlin */
	waits(&w, "ops", 0, "quiet at night");
	change(&w, "opened", "critical", 2, START + HOUR);
	waits(&w, "ops", 1, "but not about what is critical");
	teller_tick(&w.t, START + 4 * HOUR);
	waits(&w, "ops", 1, "no digest in quiet hours");
	teller_tick(&w.t, START + 5 * HOUR);
	waits(&w, "ops", 2, "it comes when they end");
	end(&w);
}

static void heartbeat(void)
{
	struct world w;
	const char *yaml = "targets:\n  ops" MAIL "routes: [{to: ops}]\n"
			   "heartbeat: {to: ops, at: \"07:00\"}\n";
	usec seven = START + 7 * HOUR;

	facts_well = true;
	if (!begin(&w, ":memory:", yaml))
		return;
	teller_tick(&w.t, seven - MINUTE);
	waits(&w, "ops", 0, "no heartbeat before its time");
	teller_tick(&w.t, seven + 1);
	teller_tick(&w.t, seven + MINUTE);
	waits(&w, "ops", 1, "one a day");
	next_has(&w, "ops", "all is well", seven + HOUR);
	change(&w, "level-raised", "high", 1, seven + HOUR);
	next_has(&w, "ops", "(level-raised)", seven + HOUR);
	teller_tick(&w.t, seven + 24 * HOUR + 1);
	next_has(&w, "ops", "something needs a look", seven + 24 * HOUR + 1);
	facts_well = false;
	teller_tick(&w.t, seven + 48 * HOUR + 1);
	next_has(&w, "ops", "something needs a look", seven + 48 * HOUR + 1);
	end(&w);
}

static void restarted(void)
{
	char file[] = "/tmp/vedette-teller-XXXXXX";
	int fd = mkstemp(file);
	struct world w;
	const char *yaml = "targets:\n" HOOK "routes: [{to: hook}]\n";

	close(fd);
	if (begin(&w, file, yaml)) {
		change(&w, "opened", "high", 1, START);
		outbox_commit(w.outbox, NULL);
		change(&w, "closed", "high", 1, START); /* killed before the commit */
		outbox_close(w.outbox);
		notify_config_free(w.config);
	}
	if (begin(&w, file, yaml)) {
		is_int(teller_taken(&w.t), 1, "it knows what it has");
		w.number = 1;
		change(&w, "closed", "high", 1, START);
		waits(&w, "hook", 2, "nothing lost, nothing doubled");
		end(&w);
	}
	unlink(file);
}

static void bounded(void)
{
	struct world w;
	usec from = clock_mono();

	if (!begin(&w, ":memory:",
		   "targets:\n" HOOK "routes: [{to: hook}]\n"
		   "limits: {entries: 5000}\n"))
		return;
	change(&w, "opened", "critical", 1, START);
	for (unsigned i = 0; i < 20000; i++)
		change(&w, "opened", "low", 2 + i, START);
	waits(&w, "hook", 5000, "a target that is down has its bound");
	is_int(outbox_count(w.outbox, "dropped", BYTES("hook")), 15001, "what goes is counted");
	next_has(&w, "hook", "critical", START);
	printf("# 20001 changes for a target that is down: %lld ms\n",
	       (long long)(clock_mono() - from) / 1000);
	end(&w);
}

int main(void)
{
	once();
	routed();
	worst_first();
	quiet();
	heartbeat();
	restarted();
	bounded();
	return done_testing();
}
