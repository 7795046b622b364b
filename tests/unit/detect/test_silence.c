/* SPDX-License-Identifier: Apache-2.0 */
/* Silence, as an operator meets it: what is told, of whom, when, and what is not. */
#include "silence_kit.h"

static struct keeper k;
static struct source files[40];
static char host_names[40][16], paths[40][32];

static struct silence *fresh(const struct silence_options *o)
{
	struct silence *s;

	k.n = k.quiet = 0;
	silence_new(&s, o);
	return s;
}

/* Sources 1.. of `hosts` hosts, `each` of a host. */
static void sources(unsigned hosts, unsigned each)
{
	for (unsigned i = 0; i < hosts * each; i++) {
		snprintf(host_names[i], sizeof(host_names[i]), "cmp-%02u", i / each);
		snprintf(paths[i], sizeof(paths[i]), "/var/log/s%u.log", i % each);
		files[i] = file_source(i + 1, host_names[i], paths[i]);
	}
}

/* From one time to another each of the sources speaks each `every`; those in `mute` do not.
 * Vedette's own heartbeats and ticks go on. */
static usec run(struct silence *s, unsigned n, usec from, usec to, usec every, uint64_t mute)
{
	usec at = from;

	for (; at < to; at += SECOND) {
		if ((at - MONDAY) % (10 * SECOND) == 0)
			say_note(s, at, "{\"event\":\"heartbeat\"}", &k);
		for (unsigned i = 0; i < n; i++)
			if ((at - MONDAY) % every == 0 && !(mute >> i & 1))
				say_line(s, &files[i], at + i * 1000, "info", NULL, &k);
		silence_tick(s, at, keep, &k);
	}
	return at;
}

static void one_stops(void)
{
	struct silence_options o = { 0 };
	struct silence *s = fresh(&o);
	const struct kept *f;
	usec at;

	sources(2, 1);
	at = run(s, 2, MONDAY, MONDAY + 2 * HOUR, 30 * SECOND, 0);
	is_int(k.n, 0, "two that speak each half minute: nothing to tell");
	at = run(s, 2, at, at + 3 * MINUTE, 30 * SECOND, 1);
	is_int(k.n, 1, "one stops: told once");
	f = &k.at[0];
	is_str(f->rule, "vedette.silence.quiet", "as a source that is quiet");
	ok(f->time - (MONDAY + 2 * HOUR - 30 * SECOND) <= 60 * SECOND,
	   "within twice the expected gap");
	is_str(f->expected, "30s", "and the gap that was expected is shown");
	is_int(f->seq, 1, "and the last record of it");
	ok(strstr(f->message, "/var/log/s0.log of host cmp-00"), "and who it is");
	at = run(s, 2, at, at + HOUR, 30 * SECOND, 1);
	is_int(k.n, 1, "and not again");
	at = run(s, 2, at, at + MINUTE, 30 * SECOND, 0);
	is_int(k.n, 2, "it comes back: told once");
	is_str(k.at[1].rule, "vedette.silence.back", "as back");
	ok(strstr(k.at[1].ends, "vedette.silence.quiet"), "which ends what was told");
	ok(!strstr(k.at[1].ends, "removed"), "but not what was done to a log");
	ok(k.at[1].estimated >= 120 && k.at[1].estimated <= 130,
	   "with an estimate of what is missing: %llu", (unsigned long long)k.at[1].estimated);
	at = run(s, 2, at, at + 2 * MINUTE, 30 * SECOND, 1);
	is_int(kept_of(&k, "vedette.silence.quiet"), 2, "the long silence has not made it patient");
	run(s, 2, at, at + 8 * DAY, MINUTE, 1);
	is_int(kept_of(&k, "vedette.silence.gone"), 1, "after a week it is taken for gone");
	show(&k);
	silence_free(s);
}

static void newcomers(void)
{
	struct silence_options o = { 0 };
	struct silence *s = fresh(&o);
	usec at = MONDAY;

	sources(2, 1);
	for (int i = 0; i < 500; i++, at += SECOND / 4)
		say_line(s, &files[0], at, "info", NULL, &k);
	run(s, 2, at, at + 2 * DAY, MINUTE, 1);
	is_int(k.n, 0, "a daemon that starts with many words and has none later is not told");
	silence_free(s);
	s = fresh(&o);
	at = run(s, 1, MONDAY, MONDAY + 10 * HOUR, 2 * HOUR, 0);
	run(s, 1, at, at + 30 * DAY, MINUTE, 1);
	is_int(k.n, 0, "what spoke only some times has no pace to keep");
	silence_free(s);
}

static void we_were_away(void)
{
	struct silence_options o = { 0 };
	struct silence *s = fresh(&o);
	usec at;

	sources(3, 2);
	at = run(s, 6, MONDAY, MONDAY + 2 * HOUR, 20 * SECOND, 0);
	at = run(s, 6, at + 9 * HOUR, at + 10 * HOUR, 20 * SECOND, 0);
	is_int(k.n, 0, "that Vedette was down is no silence of others");
	run(s, 6, at, at + 3 * MINUTE, 20 * SECOND, 1);
	is_int(k.quiet, 1, "and has not made it patient");
	silence_free(s);
	s = fresh(&o);
	at = run(s, 6, MONDAY, MONDAY + 2 * HOUR, 20 * SECOND, 0);
	for (usec t = at; t < at + 2 * HOUR; t += SECOND)
		silence_tick(s, t, keep, &k);
	is_int(k.n, 0, "where not even heartbeats come, nothing is known of the others");
	silence_free(s);
}

static void together(void)
{
	struct silence_options o = { 0 };
	struct silence *s = fresh(&o);
	usec at;

	sources(4, 10);
	at = run(s, 40, MONDAY, MONDAY + 2 * HOUR, 20 * SECOND, 0);
	at = run(s, 40, at, at + 10 * MINUTE, 20 * SECOND, 0x3ff);
	is_int(k.n, 1, "ten sources of a host fall silent: one finding");
	ok(strstr(k.at[0].message, "from host cmp-00"), "of the host");
	is_int(k.at[0].level, LEVEL_MEDIUM, "of medium level");
	at = run(s, 40, at, at + 5 * MINUTE, 20 * SECOND, 1);
	is_int(kept_of(&k, "vedette.silence.back"), 1, "the host is back: one finding");
	is_int(kept_of(&k, "vedette.silence.quiet"), 2, "one of its sources is not: told now");
	at = run(s, 40, at, at + MINUTE, 20 * SECOND, 0);
	k.n = k.quiet = 0;
	run(s, 40, at, at + 10 * MINUTE, 20 * SECOND, UINT64_MAX);
	is_int(k.n, 1, "all fall silent: one finding");
	is_str(k.at[0].rule, "vedette.silence.path-cut", "of the way to us");
	show(&k);
	silence_free(s);
}

static struct source sender(uint32_t id, enum source_kind kind, const char *address)
{
	return (struct source){
		.id = id, .kind = kind, .host = bytes_str(address), .name = bytes_str(address)
	};
}

static void network(void)
{
	struct silence_options o = { 0 };
	struct silence *s = fresh(&o);
	usec at;

	files[0] = sender(1, SOURCE_SYSLOG_UDP, "192.0.2.1");
	files[1] = sender(2, SOURCE_SYSLOG_UDP, "192.0.2.2");
	files[2] = sender(3, SOURCE_SYSLOG_UDP, "192.0.2.3");
	files[3] = sender(4, SOURCE_SYSLOG_UDP, "198.51.100.1");
	at = run(s, 4, MONDAY, MONDAY + 2 * HOUR, 20 * SECOND, 0);
	run(s, 4, at, at + 10 * MINUTE, 20 * SECOND, 7);
	is_int(k.n, 1, "three senders of a network fall silent, another goes on: one finding");
	is_str(k.at[0].rule, "vedette.silence.path-cut", "of the way");
	ok(strstr(k.at[0].message, "the network 192.0.2."), "from that network");
	silence_free(s);
	for (int closes = 0; closes < 2; closes++) {
		s = fresh(&o);
		files[0] = sender(1, SOURCE_SYSLOG_TCP, "192.0.2.1");
		at = run(s, 1, MONDAY, MONDAY + 10 * SECOND, SECOND, 0);
		say_note(s, at, "{\"event\":\"peer-connected\",\"source\":1}", &k);
		at = run(s, 4, at, at + 2 * HOUR, 20 * SECOND, 0);
		if (closes)
			say_note(s, at, "{\"event\":\"peer-closed\",\"source\":1}", &k);
		run(s, 4, at, at + 2 * MINUTE, 20 * SECOND, 1);
		is_int(k.n, 1, "a sender over TCP %s", closes ? "closes" : "keeps still");
		is_str(k.at[0].rule,
		       closes ? "vedette.silence.sender-gone" : "vedette.silence.path-cut",
		       "the two are told apart");
		silence_free(s);
	}
}

static void noted(const char *event, const char *more, const char *rule, usec after, bool goes_on)
{
	struct silence_options o = { 0 };
	struct silence *s = fresh(&o);
	char json[128];
	usec at;

	sources(2, 1);
	at = run(s, 2, MONDAY, MONDAY + 2 * HOUR, 20 * SECOND, 0);
	snprintf(json, sizeof(json),
		 "{\"event\":\"%s\",\"path\":\"/var/log/s0.log\"%s,\"source\":1}", event, more);
	say_note(s, at - SECOND / 2, json, &k);
	run(s, 2, at, at + after, 20 * SECOND, goes_on ? 0 : 1);
	if (rule) {
		is_int(k.quiet, 1, "%s%s: told within %d s", event, more, (int)(after / SECOND));
		is_str(kept_first(&k, rule)->rule, rule, "by its name");
	} else {
		is_int(k.quiet, 0, "%s%s: nothing to tell", event, more);
	}
	if (k.quiet != (rule ? 1 : 0))
		show(&k);
	silence_free(s);
}

static void causes(void)
{
	noted("file-removed", "", "vedette.silence.file-removed", 5 * SECOND, false);
	noted("file-removed", "", "vedette.silence.file-removed", MINUTE, true);
	noted("file-truncated", ",\"size\":0", "vedette.silence.file-truncated", 7 * SECOND, true);
	noted("file-replaced", ",\"same\":0", "vedette.silence.file-replaced", SECOND, true);
	noted("file-replaced", ",\"same\":1", NULL, MINUTE, true);
	noted("file-rotated", "", NULL, MINUTE, true);
	noted("file-mode", "", "vedette.silence.file-unwritable", SECOND, false);
	noted("file-mode", "", "vedette.silence.file-unwritable", 10 * MINUTE, false);
	noted("writer-stopped", "", "vedette.silence.writer-stopped", 10 * MINUTE, false);
	noted("writer-gone", "", "vedette.silence.writer-gone", 35 * SECOND, false);
	noted("writer-gone", "", NULL, MINUTE, true);
	noted("disk-full", "", "vedette.silence.disk-full", SECOND, false);
	noted("peer-closed", ",\"connections\":0,\"how\":\"timed-out\"", "vedette.silence.path-cut",
	      7 * SECOND, false);
	noted("peer-closed", ",\"connections\":1,\"how\":\"timed-out\"", NULL, 7 * SECOND, false);
}

static void copytruncate(void)
{
	struct silence_options o = { 0 };
	struct silence *s = fresh(&o);
	usec at;

	sources(1, 1);
	at = run(s, 1, MONDAY, MONDAY + 2 * HOUR, 20 * SECOND, 0);
	say_note(s, at, "{\"event\":\"file-truncated\",\"size\":0,\"source\":1}", &k);
	say_note(s, at + 1, "{\"event\":\"file-copy\",\"source\":1}", &k);
	run(s, 1, at, at + MINUTE, 20 * SECOND, 0);
	is_int(k.n, 0, "truncated, and the rest was read in a copy: logrotate's copytruncate");
	silence_free(s);
}

static void lasting(void)
{
	struct silence_options o = { 0 };
	struct silence *s = fresh(&o);
	usec at;

	sources(1, 1);
	at = run(s, 1, MONDAY, MONDAY + 2 * HOUR, 20 * SECOND, 0);
	say_note(s, at, "{\"event\":\"file-mode\",\"source\":1}", &k);
	at = run(s, 1, at, at + 10 * MINUTE, 20 * SECOND, 0);
	is_int(k.n, 1, "a mode that forbids to write is told once, though an open file is written");
	say_note(s, at, "{\"event\":\"file-mode-back\",\"source\":1}", &k);
	is_int(kept_of(&k, "vedette.silence.back"), 1, "and is over when the mode is back");
	run(s, 1, at, at + 2 * MINUTE, 20 * SECOND, 1);
	is_int(kept_of(&k, "vedette.silence.quiet"), 1, "then a silence is one again");
	silence_free(s);
}

static void level_mix(void)
{
	struct silence_options o = { 0 };
	struct silence *s = fresh(&o);
	usec at = MONDAY, end;

	sources(1, 1);
	for (unsigned i = 0; at < MONDAY + 2 * HOUR; at += SECOND, i++) {
		say_line(s, &files[0], at, i % 20 ? "info" : "error", NULL, &k);
		silence_tick(s, at, keep, &k);
	}
	is_int(k.n, 0, "a mix of levels");
	for (end = at + 10 * MINUTE; at < end; at += SECOND) {
		if ((at - MONDAY) % (5 * SECOND) == 0)
			say_line(s, &files[0], at, "error", NULL, &k);
		silence_tick(s, at, keep, &k);
	}
	is_int(k.n, 1, "info has vanished, errors go on: told once");
	is_str(k.at[0].rule, "vedette.tamper.level-mix", "as tampering");
	ok(k.at[0].time < MONDAY + 2 * HOUR + MINUTE, "within a minute");
	say_line(s, &files[0], at, "info", NULL, &k);
	is_int(kept_of(&k, "vedette.silence.back"), 1, "and told when it is back");
	show(&k);
	silence_free(s);
}

static void expected(void)
{
	struct silence_expected e[] = { { BYTES("cmp-00"), BYTES("*") },
					{ BYTES("cmp-99"), BYTES("") } };
	struct silence_options o = { .expected = e, .expected_n = 2 };
	struct silence *s = fresh(&o);
	usec at;

	sources(1, 1);
	at = run(s, 1, MONDAY, MONDAY + 10 * MINUTE, 20 * SECOND, 0);
	is_int(k.n, 1, "one of two that are expected never spoke: told once");
	is_str(k.at[0].rule, "vedette.silence.never-spoke", "by its name");
	ok(strstr(k.at[0].message, "cmp-99"), "and whose it is");
	files[1] = file_source(2, "cmp-99", "/x");
	run(s, 2, at, at + MINUTE, 20 * SECOND, 0);
	is_int(kept_of(&k, "vedette.silence.back"), 1, "then it speaks");
	silence_free(s);
}

static void planned(void)
{
	struct calendar *c = calendar_new();
	struct silence_options o = { .calendar = c };
	struct silence *s = fresh(&o);
	struct why why;
	usec at;

	is_int(calendar_read(c, "c.yaml",
			     BYTES("windows:\n- {name: move, from: 2026-01-05 00:00, "
				   "to: 2026-01-07 00:00, hosts: cmp-00}\n"),
			     false, &why),
	       0, "a window for one host");
	sources(2, 1);
	at = run(s, 2, MONDAY, MONDAY + 2 * HOUR, 20 * SECOND, 0);
	run(s, 2, at, at + 2 * MINUTE, 20 * SECOND, 1);
	is_int(k.at[0].level, LEVEL_INFORMATIONAL,
	       "within its window a silence is for information");
	is_str(k.at[0].window, "move", "and the window is named");
	silence_free(s);
	s = fresh(&(struct silence_options){ 0 });
	at = run(s, 2, MONDAY, MONDAY + 2 * HOUR, 20 * SECOND, 0);
	say_line(s, &files[0], at, "info", "service-stop", &k);
	run(s, 2, at, at + 2 * MINUTE, 20 * SECOND, 1);
	is_int(k.at[0].level, LEVEL_LOW, "last words make it low");
	silence_free(s);
	calendar_free(c);
}

static void kept_over_restart(void)
{
	struct silence_options o = { 0 };
	struct silence *s = fresh(&o), *t;
	struct buf a = { 0 }, b = { 0 };
	usec at;

	sources(4, 3);
	at = run(s, 12, MONDAY, MONDAY + 2 * HOUR, 20 * SECOND, 0);
	silence_save(s, &a);
	silence_new(&t, &o);
	ok(silence_load(t, buf_view(&a)), "what was learned is read back");
	silence_save(t, &b);
	is_bytes(buf_view(&b), buf_view(&a), "and is the same");
	ok(!silence_load(t, bytes_sub(buf_view(&a), 0, a.len - 1)), "not where a byte is missing");
	silence_free(s);
	run(t, 12, at + HOUR, at + HOUR + 3 * MINUTE, 20 * SECOND, 1);
	is_int(k.quiet, 1, "after a restart no warm-up begins anew");
	silence_free(t);
	buf_done(&a);
	buf_done(&b);
}

static void by_time(void)
{
	struct silence_options o = { .by_time = true };
	struct silence *s = fresh(&o);
	usec at = MONDAY;

	sources(1, 1);
	for (; at < MONDAY + 3 * HOUR; at += 10 * SECOND)
		say_line(s, &files[0], at, "info", NULL, &k);
	silence_tick(s, at + DAY, keep, &k);
	is_int(k.n, 0, "the end of a file says nothing");
	for (at += HOUR; at < MONDAY + 5 * HOUR; at += 10 * SECOND)
		say_line(s, &files[0], at, "info", NULL, &k);
	is_int(k.n, 2, "a hole in the middle is told, and its end");
	ok(k.at[0].time < MONDAY + 3 * HOUR + MINUTE, "at the time when it should have spoken");
	for (; at < MONDAY + 6 * HOUR; at += 10 * SECOND)
		say_line(s, &files[0], at, "error", NULL, &k);
	is_int(kept_of(&k, "vedette.tamper.level-mix"), 1, "a level that vanishes is told too");
	silence_free(s);
}

static void many(void)
{
	struct silence_options o = { .sources_max = 100 };
	struct silence *s = fresh(&o);
	struct silence_counts c;
	struct buf state = { 0 };

	for (uint32_t i = 1; i < 100000; i++) {
		struct source src = file_source(i, "h", "/x");

		say_line(s, &src, MONDAY + i, "info", NULL, &k);
	}
	silence_counts(s, &c);
	is_int(c.talkers, 100, "no more than was allowed");
	ok(c.unmodelled >= 99000, "and the others are counted");
	silence_save(s, &state);
	ok(state.len < 100 * 1024, "%zu bytes of state", state.len);
	buf_done(&state);
	silence_free(s);
}

/* Sixteen thousand sources of a thousand hosts, and a cut of the way to all of them. */
static void crowd(void)
{
	struct silence_options o = { .sources_max = 20000 };
	struct silence *s = fresh(&o);
	static char hosts[1000][16];
	usec at = MONDAY, began, most = 0;

	for (int h = 0; h < 1000; h++)
		snprintf(hosts[h], sizeof(hosts[h]), "cmp-%03d", h);
	for (; at < MONDAY + 70 * MINUTE; at += MINUTE)
		for (uint32_t i = 0; i < 16000; i++) {
			struct source src = file_source(i, hosts[i % 1000], "/var/log/x.log");

			say_line(s, &src, at + i, "info", NULL, &k);
		}
	for (usec end = at + 5 * MINUTE; at < end; at += SECOND) {
		began = clock_cpu();
		silence_tick(s, at, keep, &k);
		began = clock_cpu() - began;
		most = began > most ? began : most;
	}
	is_int(k.quiet, 1, "sixteen thousand fall silent: one finding");
	printf("# the longest tick took %lld us\n", (long long)most);
	silence_free(s);
}

static void cost(void)
{
	struct silence_options o = { 0 };
	struct silence *s = fresh(&o);
	usec began;

	sources(4, 10);
	run(s, 40, MONDAY, MONDAY + 2 * HOUR, 20 * SECOND, 0);
	began = clock_cpu();
	for (unsigned i = 0; i < 2000000; i++)
		say_line(s, &files[i % 40], MONDAY + 2 * HOUR + i * 50, "info", NULL, &k);
	printf("# %.0f ns a record, making it up included\n",
	       (double)(clock_cpu() - began) * 1000 / 2000000);
	ok(true, "the cost of a record is measured");
	silence_free(s);
}

int main(void)
{
	one_stops();
	newcomers();
	we_were_away();
	together();
	network();
	causes();
	copytruncate();
	lasting();
	level_mix();
	expected();
	planned();
	kept_over_restart();
	by_time();
	many();
	crowd();
	cost();
	return done_testing();
}
