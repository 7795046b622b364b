/* SPDX-License-Identifier: Apache-2.0 */
/* A stop is held for some seconds: a start that follows makes it a restart, the shutdown of the
 * host explains it, and a job that ends by itself is none. A unit that ends with success without
 * having been told to, soon after it was started, is such a job from then on. */
#include "detect/lifecycle_in.h"
#include "parse/scan.h"
#include <stdlib.h>

#define MINUTE (60 * USEC_PER_SEC)
#define SHORT_LIFE (60 * MINUTE)
#define SAME MINUTE /* two lines of one deed: systemd's and the service's own */

int lifecycle_new(struct lifecycle **ret, const struct lifecycle_options *o)
{
	struct lifecycle *l = mem_new(1, sizeof(*l));

	l->o = *o;
	if (!l->o.services_max)
		l->o.services_max = 16384;
	if (!l->o.hosts_max)
		l->o.hosts_max = 4096;
	if (!l->o.hold)
		l->o.hold = 10 * USEC_PER_SEC;
	if (!l->o.loop_within)
		l->o.loop_within = 10 * MINUTE;
	if (!l->o.loop_crashes || l->o.loop_crashes > CRASHES)
		l->o.loop_crashes = 3;
	l->services = keyed_new(sizeof(struct service), l->o.services_max, NULL);
	l->hosts = keyed_new(sizeof(struct host), l->o.hosts_max, NULL);
	l->due = INT64_MAX;
	*ret = l;
	return 0;
}

struct lifecycle *lifecycle_free(struct lifecycle *l)
{
	if (!l)
		return NULL;
	keyed_free(l->services);
	keyed_free(l->hosts);
	compose_done(&l->compose);
	free(l);
	return NULL;
}

void lifecycle_calendar(struct lifecycle *l, struct calendar *c)
{
	l->o.calendar = c;
}

static struct bytes without(struct bytes b, struct bytes end)
{
	if (bytes_ends(b, end))
		b.len -= end.len;
	return b;
}

static struct bytes base_name(struct bytes path)
{
	size_t slash = scan_last(path, BYTES("/"));

	return slash == BYTES_NONE ? path : bytes_from(path, slash + 1);
}

/* Which service a line speaks of: the unit, or whoever wrote it, so that systemd's line and the
 * service's own are of one. Empty: of none that matters. */
static struct bytes service_of(const struct item *i)
{
	const struct event *e = i->event;
	struct bytes unit = event_get(e, FIELD_SYSTEMD_UNIT), name;

	if (unit.len) {
		if (!bytes_ends(unit, BYTES(".service")) || bytes_starts(unit, BYTES("user@")) ||
		    bytes_starts(unit, BYTES("user-runtime-dir@")))
			return BYTES("");
		return without(unit, BYTES(".service"));
	}
	if (bytes_eq(event_get(e, FIELD_EVENT_DATASET), BYTES("systemd")))
		return BYTES(""); /* a description, a session, a target */
	if (i->source && i->source->name.len && i->source->name.at[0] == '/')
		return without(base_name(i->source->name), BYTES(".log"));
	name = event_get(e, FIELD_SERVICE_NAME);
	return name.len ? name : event_get(e, FIELD_PROCESS_NAME);
}

static struct bytes host_name(const struct item *i)
{
	struct bytes h = event_get(i->event, FIELD_HOST_NAME);

	return h.len || !i->source ? h : i->source->host;
}

static struct service *service_get(struct lifecycle *l, struct bytes host, struct bytes name)
{
	uint8_t key[KEYED_KEY];
	bool fresh;

	host = bytes_sub(host, 0, KEYED_KEY / 2 - 1);
	name = bytes_sub(name, 0, KEYED_KEY / 2);
	if (host.len)
		memcpy(key, host.at, host.len);
	key[host.len] = 0;
	memcpy(key + host.len + 1, name.at, name.len);
	return keyed_get(l->services, bytes_of(key, host.len + 1 + name.len), &fresh);
}

static void split_key(const struct service *s, struct told *t)
{
	struct bytes key = keyed_key(s);
	size_t n = bytes_chr(key, 0);

	t->host = bytes_sub(key, 0, n);
	t->service = n == BYTES_NONE ? BYTES("") : bytes_from(key, n + 1);
}

static void started(struct lifecycle *l, struct service *s, struct host *h, const struct item *i,
		    finding_fn *fn, void *ctx)
{
	struct told t = { .deed = DEED_START, .at = i->time, .item = i };
	bool restart = s->held != 0;
	bool same = s->started && i->time - s->started < SAME && s->started > s->stopped;

	s->held = 0;
	s->started = i->time;
	split_key(s, &t);
	if (same || s->oneshot || host_changes(h, i->time))
		return;
	if (restart)
		t.note = "it was stopped just before";
	if (host_upgrades(h, i->time)) {
		t.note = "during a change of packages";
		t.lower = 2;
	}
	lifecycle_tell(l, &t, fn, ctx);
}

static void stopped(struct lifecycle *l, struct service *s, struct host *h, const struct item *i)
{
	bool by_itself = bytes_eq(event_get(i->event, FIELD_EVENT_OUTCOME), BYTES("success")) &&
			 !(s->stopping && i->time - s->stopping < 5 * MINUTE);

	if (s->stopped && i->time - s->stopped < SAME && s->stopped > s->started)
		return;
	s->stopped = i->time;
	if (by_itself && s->started && i->time - s->started < SHORT_LIFE)
		s->oneshot = true;
	else if (!by_itself && s->stopping && i->time - s->started > SHORT_LIFE)
		s->oneshot = false;
	if (s->oneshot || host_changes(h, i->time))
		return;
	s->held = i->time + l->o.hold;
	s->held_ref = (struct record_ref){ .seq = i->ref.seq, .line = i->ref.line };
	if (s->held < l->due)
		l->due = s->held;
}

static void crashed(struct lifecycle *l, struct service *s, const struct item *i,
		    struct bytes reason, int lower, finding_fn *fn, void *ctx)
{
	struct told t = {
		.deed = DEED_CRASH, .at = i->time, .item = i, .why = reason, .lower = lower
	};
	unsigned recent = 1;

	split_key(s, &t);
	s->held = 0;
	s->stopped = i->time;
	for (unsigned k = 0; k < CRASHES; k++)
		recent += s->crash[k] && i->time - s->crash[k] < l->o.loop_within;
	s->crash[s->crash_at++ % CRASHES] = i->time;
	if (recent >= l->o.loop_crashes) {
		/* one finding, with the count, instead of one for each */
		if (s->loop_told && i->time - s->loop_told < l->o.loop_within)
			return;
		s->loop_told = i->time;
		t.deed = DEED_CRASH_LOOP;
		t.count = recent;
	}
	lifecycle_tell(l, &t, fn, ctx);
}

/* What ends now ends because the service was stopped, or reads its configuration anew. */
static bool is_asked_for(const struct service *s, usec at)
{
	return (s->stopped && at - s->stopped < 2 * MINUTE) ||
	       (s->stopping && at - s->stopping < 2 * MINUTE) ||
	       (s->reloaded && at - s->reloaded < 2 * MINUTE);
}

/* Workers of oslo.service: an end that nobody asked for. */
static void child_ended(struct lifecycle *l, struct service *s, const struct item *i,
			finding_fn *fn, void *ctx)
{
	struct bytes code = event_get(i->event, FIELD_PROCESS_EXIT_CODE);

	if (bytes_eq(code, BYTES("0")) || is_asked_for(s, i->time))
		return;
	crashed(l, s, i, BYTES("a worker died"), 1, fn, ctx);
}

static void reloaded(struct lifecycle *l, struct service *s, const struct item *i, finding_fn *fn,
		     void *ctx)
{
	struct told t = { .deed = DEED_RELOAD, .at = i->time, .item = i };

	if (s->reloaded && i->time - s->reloaded < SAME)
		return;
	s->reloaded = i->time;
	split_key(s, &t);
	lifecycle_tell(l, &t, fn, ctx);
}

static void of_service(struct lifecycle *l, struct host *h, const struct item *i, struct bytes act,
		       finding_fn *fn, void *ctx)
{
	struct bytes name = service_of(i);
	struct service *s;

	if (!name.len)
		return;
	s = service_get(l, keyed_key(h), name);
	if (bytes_eq(act, BYTES("start"))) {
		if (bytes_eq(event_get(i->event, FIELD_EVENT_OUTCOME), BYTES("failure")))
			return; /* service-failed says it */
		started(l, s, h, i, fn, ctx);
	} else if (bytes_eq(act, BYTES("stop"))) {
		stopped(l, s, h, i);
	} else if (bytes_eq(act, BYTES("stopping"))) {
		s->stopping = i->time;
	} else if (bytes_eq(act, BYTES("finish"))) {
		s->oneshot = true;
		s->held = 0;
	} else if (bytes_eq(act, BYTES("failed"))) {
		crashed(l, s, i, event_get(i->event, FIELD_EVENT_REASON), 0, fn, ctx);
	} else if (bytes_eq(act, BYTES("crash"))) {
		if (!is_asked_for(s, i->time))
			crashed(l, s, i, BYTES("its parent process died"), 0, fn, ctx);
	} else if (bytes_eq(act, BYTES("child-exit"))) {
		child_ended(l, s, i, fn, ctx);
	} else if (bytes_eq(act, BYTES("reload"))) {
		reloaded(l, s, i, fn, ctx);
	}
}

/* The kernel's own lines: "Linux version 6.1.0…", "Command line: BOOT_IMAGE=…" */
static void of_kernel(struct lifecycle *l, const struct item *i, finding_fn *fn, void *ctx)
{
	struct bytes m = event_get(i->event, FIELD_MESSAGE);

	if (m.len && m.at[0] == '[' && bytes_chr(m, ']') < 24)
		m = bytes_trim(bytes_from(m, bytes_chr(m, ']') + 1));
	if (bytes_starts(m, BYTES("Linux version ")))
		host_boot(l, host_of(l, host_name(i), i->time), i, fn, ctx);
	else if (bytes_starts(m, BYTES("Command line: ")))
		host_cmdline(l, host_of(l, host_name(i), i->time), i, bytes_from(m, 14), fn, ctx);
}

/* A run of dpkg, dnf or yum is many such lines. apt sums it up once more in its own log: that
 * counts only where dpkg's is not followed. */
static void of_package(struct lifecycle *l, const struct item *i)
{
	struct bytes act = event_get(i->event, FIELD_EVENT_ACTION);
	struct host *h = host_of(l, host_name(i), i->time);
	bool apt = bytes_eq(event_get(i->event, FIELD_EVENT_DATASET), BYTES("apt"));

	if (!bytes_eq(act, BYTES("package-installed")) &&
	    !bytes_eq(act, BYTES("package-upgraded")) &&
	    !bytes_eq(act, BYTES("package-downgraded")) &&
	    !bytes_eq(act, BYTES("package-removed")) && !bytes_eq(act, BYTES("package-purged")))
		return;
	if (apt && h->upgrade_last && i->time - h->upgrade_last < 60 * MINUTE)
		return;
	host_package(l, h, i, event_get(i->event, FIELD_PACKAGE_NAME));
}

static void of_action(struct lifecycle *l, const struct item *i, struct bytes act, finding_fn *fn,
		      void *ctx)
{
	struct host *h = host_of(l, host_name(i), i->time);

	l->counts.relevant++;
	if (bytes_starts(act, BYTES("service-"))) {
		of_service(l, h, i, bytes_from(act, 8), fn, ctx);
	} else if (bytes_eq(act, BYTES("host-shutdown")) || bytes_eq(act, BYTES("host-reboot"))) {
		host_shutdown(l, h, i->time);
	} else if (bytes_eq(act, BYTES("host-start"))) {
		host_boot(l, h, i, fn, ctx);
	} else { /* oom-kill, process-crash */
		struct bytes name = event_get(i->event, FIELD_SYSTEMD_UNIT);

		name = name.len ? without(name, BYTES(".service"))
				: event_get(i->event, FIELD_PROCESS_NAME);
		if (name.len)
			crashed(l, service_get(l, keyed_key(h), name), i, act, 0, fn, ctx);
	}
	h->last = i->time;
}

static void due(struct lifecycle *l, usec now, finding_fn *fn, void *ctx)
{
	l->due = INT64_MAX;
	for (struct service *s = keyed_first(l->services); s; s = keyed_next(l->services, s)) {
		struct told t = { .deed = DEED_STOP, .at = s->stopped, .ref = s->held_ref };
		struct host *h;

		if (!s->held)
			continue;
		if (s->held > now) {
			l->due = s->held < l->due ? s->held : l->due;
			continue;
		}
		s->held = 0;
		split_key(s, &t);
		h = keyed_find(l->hosts, t.host);
		if (h && host_changes(h, s->stopped))
			continue;
		if (h && host_upgrades(h, s->stopped)) {
			t.note = "during a change of packages";
			t.lower = 2;
		}
		lifecycle_tell(l, &t, fn, ctx);
	}
	hosts_due(l, now, fn, ctx);
}

/* Few lines are of the life of anything: most are told by their first look. */
void lifecycle_record(struct lifecycle *l, const struct item *i, finding_fn *fn, void *ctx)
{
	struct bytes act = event_get(i->event, FIELD_EVENT_ACTION);

	l->counts.records++;
	if (!i->source || i->source->kind == SOURCE_SELF || i->time == USEC_NONE || i->time <= 0)
		return;
	if (i->time > l->now)
		l->now = i->time;
	if (__builtin_expect(l->now >= l->due, 0))
		due(l, l->now, fn, ctx);
	if (act.len) {
		if (bytes_starts(act, BYTES("service-")) || bytes_starts(act, BYTES("host-")) ||
		    bytes_eq(act, BYTES("oom-kill")) || bytes_eq(act, BYTES("process-crash")))
			of_action(l, i, act, fn, ctx);
		else if (bytes_starts(act, BYTES("package-")))
			of_package(l, i);
	} else if (bytes_eq(event_get(i->event, FIELD_EVENT_DATASET), BYTES("kernel"))) {
		of_kernel(l, i, fn, ctx);
	}
}

void lifecycle_tick(struct lifecycle *l, usec now, finding_fn *fn, void *ctx)
{
	if (now >= l->due)
		due(l, now, fn, ctx);
}

void lifecycle_counts(const struct lifecycle *l, struct lifecycle_counts *ret)
{
	*ret = l->counts;
	ret->services = keyed_n(l->services);
	ret->hosts = keyed_n(l->hosts);
	ret->evicted = keyed_evicted(l->services) + keyed_evicted(l->hosts);
}
