/* SPDX-License-Identifier: Apache-2.0 */
/* Services and hosts that come and go, by the lines that Debian and OpenStack write. */
#include "detect/lifecycle.h"
#include "parse/parse.h"
#include "tap.h"

#define SECOND USEC_PER_SEC
#define START ((usec)1767571200 * SECOND) /* Monday, 2026-01-05, midnight */

struct kept {
	char rule[64], message[400];
	enum level level;
	uint64_t count;
};

static struct kept kept[64];
static size_t kept_n;

static void keep(void *ctx, const struct finding *f)
{
	struct kept *k = &kept[kept_n < 63 ? kept_n++ : 63];

	(void)ctx;
	snprintf(k->rule, sizeof(k->rule), "%.*s", (int)f->rule_id.len,
		 (const char *)f->rule_id.at);
	snprintf(k->message, sizeof(k->message), "%.*s", (int)f->message.len,
		 (const char *)f->message.at);
	k->level = f->level;
	k->count = f->count;
}

static struct lifecycle *fresh(struct calendar *c)
{
	struct lifecycle_options o = { .calendar = c };
	struct lifecycle *l;

	kept_n = 0;
	lifecycle_new(&l, &o);
	return l;
}

static void from(struct lifecycle *l, const char *host, enum source_kind kind, const char *name,
		 usec at, const char *text)
{
	static struct event e;
	struct arena scratch = { 0 };
	struct source src = {
		.id = 1, .kind = kind, .host = bytes_str(host), .name = bytes_str(name)
	};
	struct parse_hint hint = {
		.kind = kind, .name = src.name, .host = src.host, .arrival = at
	};
	struct record r = { .arrival = at, .source = 1, .raw = bytes_str(text) };
	struct item i = {
		.record = &r, .source = &src, .event = &e, .time = at, .ref = { .seq = 7 }
	};

	e.scratch = &scratch;
	parse_record(&hint, r.raw, &e);
	lifecycle_record(l, &i, keep, NULL);
	arena_done(&scratch);
}

static void systemd(struct lifecycle *l, usec at, const char *text)
{
	from(l, "cmp-07", SOURCE_JOURNAL, "systemd", at, text);
}

static void is_told(size_t n, const char *rule, enum level level, const char *says,
		    const char *what)
{
	if (is_int(kept_n, n, "%s: %zu findings", what, n) && n) {
		is_str(kept[n - 1].rule, rule, "%s", rule);
		is_int(kept[n - 1].level, level, "at level %s", level_name(level));
		ok(strstr(kept[n - 1].message, says), "says \"%s\"", says);
	} else {
		for (size_t i = 0; i < kept_n; i++)
			printf("# %s: %s\n", kept[i].rule, kept[i].message);
	}
}

static void stops(void)
{
	struct lifecycle *l = fresh(NULL);

	systemd(l, START, "Stopping nova-compute.service - OpenStack Compute...");
	systemd(l, START + SECOND, "nova-compute.service: Deactivated successfully.");
	systemd(l, START + SECOND, "Stopped nova-compute.service - OpenStack Compute.");
	lifecycle_tick(l, START + 5 * SECOND, keep, NULL);
	is_told(0, "", 0, "", "a stop waits for what explains it");
	lifecycle_tick(l, START + 12 * SECOND, keep, NULL);
	is_told(1, "vedette.lifecycle.unplanned-stop", LEVEL_MEDIUM, "nova-compute on cmp-07",
		"nothing did");
	systemd(l, START + 900 * SECOND, "Started nova-compute.service - OpenStack Compute.");
	is_told(2, "vedette.lifecycle.unplanned-start", LEVEL_LOW, "nova-compute on cmp-07",
		"it is started again");
	from(l, "cmp-07", SOURCE_FILE, "/var/log/nova/nova-compute.log", START + 905 * SECOND,
	     "2026-01-05 00:15:05.000 12 INFO oslo_service.service [-] Starting 4 workers");
	is_told(2, "vedette.lifecycle.unplanned-start", LEVEL_LOW, "nova-compute",
		"its own line says nothing new");
	lifecycle_free(l);

	l = fresh(NULL);
	systemd(l, START, "Stopping neutron-server.service...");
	systemd(l, START + SECOND, "Stopped neutron-server.service.");
	systemd(l, START + 3 * SECOND, "Started neutron-server.service.");
	lifecycle_tick(l, START + 60 * SECOND, keep, NULL);
	is_told(1, "vedette.lifecycle.unplanned-start", LEVEL_LOW, "it was stopped just before",
		"a restart");
	lifecycle_free(l);

	l = fresh(NULL);
	from(l, "ctl", SOURCE_FILE, "/var/log/nova/nova-api.log", START,
	     "2026-01-05 00:00:00.000 12 INFO oslo_service.service [-] Caught SIGTERM, stopping "
	     "children");
	from(l, "ctl", SOURCE_FILE, "/var/log/nova/nova-api.log", START + SECOND,
	     "2026-01-05 00:00:01.000 12 INFO oslo_service.service [-] Child 14 killed by signal "
	     "15");
	lifecycle_tick(l, START + 60 * SECOND, keep, NULL);
	is_told(1, "vedette.lifecycle.unplanned-stop", LEVEL_MEDIUM, "nova-api on ctl",
		"oslo.service without systemd");
	lifecycle_free(l);
}

static void jobs(void)
{
	struct lifecycle *l = fresh(NULL);

	for (int day = 0; day < 3; day++) {
		usec at = START + day * USEC_PER_DAY;

		systemd(l, at, "Starting logrotate.service - Rotate log files...");
		systemd(l, at + SECOND, "logrotate.service: Deactivated successfully.");
		systemd(l, at + SECOND, "Finished logrotate.service - Rotate log files.");
		systemd(l, at + 60 * SECOND, "Started Session 4 of User root.");
		systemd(l, at + 60 * SECOND, "Started user@0.service - User Manager for UID 0.");
		systemd(l, at + 60 * SECOND, "Reached target timers.target - Timer Units.");
		lifecycle_tick(l, at + 100 * SECOND, keep, NULL);
	}
	is_told(0, "", 0, "", "jobs of timers and sessions are no services");
	lifecycle_free(l);
}

static void crashes(void)
{
	struct lifecycle *l = fresh(NULL);

	systemd(l, START, "nova-compute.service: Main process exited, code=killed, status=11/SEGV");
	systemd(l, START, "nova-compute.service: Failed with result 'signal'.");
	is_told(1, "vedette.lifecycle.crash", LEVEL_HIGH, "(signal)", "a crash");
	for (int i = 1; i < 20; i++)
		systemd(l, START + i * 5 * SECOND,
			"nova-compute.service: Failed with result 'signal'.");
	is_told(3, "vedette.lifecycle.crash-loop", LEVEL_HIGH, "again and again",
		"twenty crashes in a minute: two, then one loop");
	is_int(kept[2].count, 3, "with its count");
	lifecycle_free(l);

	l = fresh(NULL);
	from(l, "cmp-07", SOURCE_JOURNAL, "kernel", START,
	     "Out of memory: Killed process 4242 (qemu-system-x86) total-vm:1kB, anon-rss:1kB");
	is_told(1, "vedette.lifecycle.crash", LEVEL_HIGH, "qemu-system-x86 on cmp-07",
		"the kernel kills for want of memory");
	from(l, "ctl", SOURCE_FILE, "/var/log/nova/nova-api.log", START + SECOND,
	     "2026-01-05 00:00:01.000 12 INFO oslo_service.service [-] Child 14 exited with status "
	     "1");
	is_told(2, "vedette.lifecycle.crash", LEVEL_MEDIUM, "a worker died", "a worker dies");
	from(l, "ctl", SOURCE_FILE, "/var/log/nova/nova-api.log", START + 2 * SECOND,
	     "2026-01-05 00:00:01.000 12 INFO oslo_service.service [-] Child 15 exited with status "
	     "0");
	is_told(2, "vedette.lifecycle.crash", LEVEL_MEDIUM, "", "one that is done does not");
	from(l, "ctl", SOURCE_FILE, "/var/log/nova/nova-api.log", START + 3 * SECOND,
	     "2026-01-05 00:00:01.000 12 INFO oslo_service.service [-] Caught SIGHUP, stopping "
	     "children");
	is_told(3, "vedette.lifecycle.reload", LEVEL_LOW, "nova-api on ctl", "a reload");
	lifecycle_free(l);
}

static void reboots(void)
{
	struct lifecycle *l = fresh(NULL);
	usec at = START;

	from(l, "cmp-07", SOURCE_JOURNAL, "kernel", at, "Linux version 6.1.0-18-amd64 (debian)");
	is_told(0, "", 0, "", "of a host that is seen for the first time nothing is known");
	from(l, "cmp-07", SOURCE_JOURNAL, "kernel", at,
	     "Command line: BOOT_IMAGE=/vmlinuz ro quiet");
	at += USEC_PER_DAY;
	from(l, "cmp-07", SOURCE_JOURNAL, "systemd-logind", at, "System is rebooting.");
	systemd(l, at + SECOND, "Stopping nova-compute.service...");
	systemd(l, at + 2 * SECOND, "Stopped nova-compute.service.");
	systemd(l, at + 3 * SECOND, "Reached target shutdown.target - System Shutdown.");
	from(l, "cmp-07", SOURCE_JOURNAL, "kernel", at + 60 * SECOND,
	     "Linux version 6.1.0-18-amd64");
	is_told(1, "vedette.lifecycle.reboot-clean", LEVEL_MEDIUM, "cmp-07", "a clean reboot");
	from(l, "cmp-07", SOURCE_JOURNAL, "kernel", at + 60 * SECOND,
	     "Command line: BOOT_IMAGE=/vmlinuz ro quiet");
	systemd(l, at + 70 * SECOND, "Started nova-compute.service.");
	systemd(l, at + 90 * SECOND,
		"Startup finished in 3.1s (kernel) + 8.2s (userspace) = 11.3s.");
	lifecycle_tick(l, at + 200 * SECOND, keep, NULL);
	is_told(1, "vedette.lifecycle.reboot-clean", LEVEL_MEDIUM, "",
		"what stops and starts with it is not told");
	at += USEC_PER_DAY;
	from(l, "cmp-07", SOURCE_JOURNAL, "kernel", at, "Linux version 6.1.0-18-amd64 (debian)");
	is_told(2, "vedette.lifecycle.reboot-unclean", LEVEL_HIGH, "no shutdown was seen",
		"power lost, or reset");
	from(l, "cmp-07", SOURCE_JOURNAL, "kernel", at,
	     "Command line: BOOT_IMAGE=/vmlinuz init=/bin/sh");
	is_told(3, "vedette.lifecycle.kernel-command-line", LEVEL_HIGH, "init=/bin/sh",
		"another command line");
	lifecycle_free(l);
}

static void upgrades(void)
{
	struct lifecycle *l = fresh(NULL);
	char line[128];

	for (int i = 0; i < 30; i++) {
		snprintf(line, sizeof(line),
			 "2026-01-05 00:00:%02d upgrade package-%d:amd64 1.0 1.1", i, i);
		from(l, "ctl", SOURCE_FILE, "/var/log/dpkg.log", START + i * SECOND, line);
	}
	from(l, "ctl", SOURCE_FILE, "/var/log/dpkg.log", START + 30 * SECOND,
	     "2026-01-05 00:00:30 status installed package-1:amd64 1.1");
	from(l, "ctl", SOURCE_JOURNAL, "systemd", START + 31 * SECOND,
	     "Stopping haproxy.service...");
	from(l, "ctl", SOURCE_JOURNAL, "systemd", START + 32 * SECOND, "Stopped haproxy.service.");
	from(l, "ctl", SOURCE_JOURNAL, "systemd", START + 33 * SECOND, "Started haproxy.service.");
	is_told(1, "vedette.lifecycle.unplanned-start", LEVEL_INFORMATIONAL,
		"during a change of packages", "a restart by an upgrade is for information");
	lifecycle_tick(l, START + 120 * SECOND, keep, NULL);
	is_told(2, "vedette.lifecycle.upgrade", LEVEL_LOW, "package-0 package-1",
		"thirty packages: one finding");
	is_int(kept[1].count, 30, "with their number");
	lifecycle_free(l);
}

static void planned(void)
{
	struct calendar *c = calendar_new();
	struct lifecycle *l = fresh(c);
	struct why why;

	is_int(calendar_read(c, "c.yaml",
			     BYTES("windows:\n- {name: patch day, from: 2026-01-05 00:00, "
				   "to: 2026-01-05 02:00, hosts: 'cmp-*', services: 'nova-*', "
				   "what: restart}\n"),
			     false, &why),
	       0, "a window");
	systemd(l, START, "Stopping nova-compute.service...");
	systemd(l, START + SECOND, "Stopped nova-compute.service.");
	lifecycle_tick(l, START + 20 * SECOND, keep, NULL);
	is_told(1, "vedette.lifecycle.unplanned-stop", LEVEL_INFORMATIONAL, "planned: patch day",
		"within a window it is for information");
	systemd(l, START + 30 * SECOND, "Stopping libvirtd.service...");
	systemd(l, START + 31 * SECOND, "Stopped libvirtd.service.");
	lifecycle_tick(l, START + 60 * SECOND, keep, NULL);
	is_told(2, "vedette.lifecycle.unplanned-stop", LEVEL_MEDIUM, "libvirtd",
		"another service is not within it");
	lifecycle_free(l);
	calendar_free(c);
}

static void state(void)
{
	struct lifecycle *l = fresh(NULL), *m = fresh(NULL);
	struct buf a = { 0 }, b = { 0 };

	systemd(l, START, "Stopping nova-compute.service...");
	systemd(l, START + SECOND, "Stopped nova-compute.service.");
	from(l, "ctl", SOURCE_FILE, "/var/log/dpkg.log", START,
	     "2026-01-05 00:00:00 upgrade a:amd64 1 2");
	lifecycle_save(l, &a);
	ok(lifecycle_load(m, buf_view(&a)), "a state is read back");
	lifecycle_save(m, &b);
	is_bytes(buf_view(&b), buf_view(&a), "and is the same");
	ok(!lifecycle_load(m, bytes_sub(buf_view(&a), 0, a.len - 1)),
	   "not where a byte is missing");
	lifecycle_free(l);
	lifecycle_tick(m, START + 100 * SECOND, keep, NULL);
	is_int(kept_n, 2, "what waited is told after a restart");
	lifecycle_free(m);
	buf_done(&a);
	buf_done(&b);
}

static void cost(void)
{
	struct lifecycle *l = fresh(NULL);
	static struct event e;
	struct source src = { .id = 1,
			      .kind = SOURCE_FILE,
			      .host = BYTES("h"),
			      .name = BYTES("/var/log/nova/nova-api.log") };
	struct record r = { .raw = BYTES("x") };
	struct item i = { .record = &r, .source = &src, .event = &e, .time = START };
	usec began = clock_cpu();

	event_reset(&e);
	event_set(&e, FIELD_EVENT_DATASET, BYTES("oslo.log"));
	event_set(&e, FIELD_EVENT_ACTION, BYTES("http-request"));
	for (int n = 0; n < 2000000; n++)
		lifecycle_record(l, &i, keep, NULL);
	printf("# %.1f ns a record\n", (double)(clock_cpu() - began) * 1000 / 2000000);
	ok(true, "the cost of a record is measured");
	lifecycle_free(l);
}

int main(void)
{
	stops();
	jobs();
	crashes();
	reboots();
	upgrades();
	planned();
	state();
	cost();
	return done_testing();
}
