/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/notify_show.h"
#include "base/text.h"
#include "cmd/units.h"
#include "notify/trial.h"
#include <curl/curl.h>

void notify_show_name(struct bytes name, struct buf *to)
{
	text_safe(to, name, NULL);
}

static void words(const struct word_list *l, struct buf *to)
{
	for (size_t i = 0; i < l->n; i++) {
		buf_str(to, i ? ", " : "");
		text_safe(to, l->at[i], NULL);
	}
}

static void named(const char *before, const struct word_list *l, struct buf *to)
{
	if (!l->n)
		return;
	buf_str(to, before);
	words(l, to);
}

static void target_names(const struct notify_config *c, uint32_t set, struct buf *to)
{
	bool any = false;

	for (size_t i = 0; i < c->targets; i++) {
		if (!(set >> i & 1))
			continue;
		buf_str(to, any ? ", " : "");
		text_safe(to, c->target[i].name, NULL);
		any = true;
	}
}

static void one_target(const struct target *t, struct buf *to)
{
	static const char *const kinds[] = { [TARGET_MAIL] = "mail by ",
					     [TARGET_WEBHOOK] = "webhook at ",
					     [TARGET_ALERTMANAGER] = "Alertmanager at " };
	static const char *const tls[] = { [TARGET_TLS_REQUIRED] = " (STARTTLS)",
					   [TARGET_TLS_OPTIONAL] = " (STARTTLS if it has it)",
					   [TARGET_TLS_IMPLICIT] = " (TLS)",
					   [TARGET_TLS_NONE] = " (WITHOUT TLS)" };

	buf_str(to, "target ");
	text_safe(to, t->name, NULL);
	buf_printf(to, ": %s", kinds[t->kind]);
	text_safe(to, trial_server(t), NULL);
	if (t->kind == TARGET_MAIL)
		buf_str(to, tls[t->tls]);
	else
		buf_str(to, bytes_starts(t->url, BYTES("https:")) ? " (TLS)" : " (WITHOUT TLS)");
	if (t->user.len) {
		buf_str(to, ", as user ");
		text_safe(to, t->user, NULL);
	}
	if (t->bearer.len)
		buf_str(to, ", with a token");
	if (t->kind == TARGET_WEBHOOK)
		buf_str(to, t->secret.len ? ", signed" : ", NOT SIGNED");
	if (t->kind == TARGET_ALERTMANAGER) {
		buf_str(to, ", said again every ");
		units_show_span(to, t->resend);
	}
	named(", to ", &t->to, to);
	buf_str(to, "\n");
}

static void one_route(const struct notify_config *c, const struct route *r, struct buf *to)
{
	bool mail = false;

	for (size_t i = 0; i < c->targets; i++)
		mail |= (r->to >> i & 1) && c->target[i].kind == TARGET_MAIL;
	text_safe(to, r->name, NULL);
	if (r->level > LEVEL_INFORMATIONAL)
		buf_printf(to, ": level %s%s", level_name(r->level),
			   r->level < LEVEL_CRITICAL ? " and above" : "");
	else
		buf_str(to, ": every level");
	named(", rule ", &r->rules, to);
	named(", project ", &r->projects, to);
	named(", host ", &r->hosts, to);
	buf_printf(to, "%s, to ", r->has_hours ? ", in its hours" : "");
	target_names(c, r->to, to);
	if (mail) {
		buf_printf(to, "; mail: %u an hour of each level, repeats every ", r->hourly);
		units_show_span(to, r->digest);
	}
	if (mail && r->has_quiet)
		buf_printf(to, ", in quiet hours only %s%s", level_name(r->quiet_level),
			   r->quiet_level < LEVEL_CRITICAL ? " and above" : "");
	buf_str(to, r->go_on ? "; then the routes behind it\n" : "\n");
}

/* What is no mistake in the file, but perhaps one of who wrote it. */
static void warnings(const struct notify_config *c, struct buf *to)
{
	uint32_t told = c->heartbeat.to;

	for (size_t i = 0; i < c->routes; i++)
		told |= c->route[i].to;
	for (size_t i = 0; i < c->targets; i++) {
		if (told >> i & 1)
			continue;
		buf_str(to, "note: no route leads to ");
		text_safe(to, c->target[i].name, NULL);
		buf_str(to, "\n");
	}
	if (!c->routes)
		buf_str(to, "note: there are no routes: no alert is told\n");
	if (!c->heartbeat.to)
		buf_str(to, "note: there is no heartbeat: nothing tells that Vedette is down\n");
}

void notify_show_settings(const char *file, const struct notify_config *c, struct buf *to)
{
	text_safe(to, bytes_str(file), NULL);
	buf_printf(to, " is good: %zu target%s, %zu route%s\n", c->targets,
		   c->targets == 1 ? "" : "s", c->routes, c->routes == 1 ? "" : "s");
	for (size_t i = 0; i < c->targets; i++)
		one_target(&c->target[i], to);
	for (size_t i = 0; i < c->routes; i++)
		one_route(c, &c->route[i], to);
	if (c->heartbeat.to) {
		buf_printf(to, "heartbeat: every day at %02u:%02u, to ", c->heartbeat.minute / 60,
			   c->heartbeat.minute % 60);
		target_names(c, c->heartbeat.to, to);
		buf_str(to, "\n");
	}
	warnings(c, to);
}

/* ---- what waits ---- */

static const char *reason(const struct outbox_row *r)
{
	return r->reason == CURLE_OK ? "refused" : curl_easy_strerror((CURLcode)r->reason);
}

static void show_time(usec at, struct buf *to) /* for people: no microseconds */
{
	buf_time(to, at - at % 1000);
}

static void trouble(const struct outbox_row *r, usec now, struct buf *to)
{
	unsigned long long failures = r->failures, refused = r->refused;

	if (failures) {
		buf_printf(to, "; failed %llu time%s in a row: %s", failures,
			   failures == 1 ? "" : "s", reason(r));
		if (r->answer)
			buf_printf(to, " (answer %u)", r->answer);
	} else if (refused) {
		buf_printf(to, "; one was refused %llu time%s", refused, refused == 1 ? "" : "s");
	}
	if (r->next != USEC_NONE && r->next > now) {
		buf_str(to, "; next try ");
		show_time(r->next, to);
	}
}

void notify_show_row(const struct outbox_row *r, usec now, struct buf *to)
{
	text_safe(to, r->target, NULL);
	buf_str(to, ": ");
	if (r->waiting) {
		buf_printf(to, "%llu message%s", (unsigned long long)r->waiting,
			   r->waiting == 1 ? " waits (" : "s wait (");
		units_show_about(to, r->bytes);
		buf_printf(to, ", up to %s), since ", level_name(r->worst));
		show_time(r->oldest, to);
	} else if (r->alerts) {
		buf_printf(to, "%llu alert%s to be said", (unsigned long long)r->alerts,
			   r->alerts == 1 ? " is" : "s are");
	} else {
		buf_str(to, "no message waits");
	}
	trouble(r, now, to);
	if (r->digest)
		buf_printf(to, "; for the digest: %llu", (unsigned long long)r->digest);
	if (r->dropped)
		buf_printf(to, "; DROPPED: %llu", (unsigned long long)r->dropped);
	buf_str(to, "\n");
}

static void member_time(struct buf *to, const char *name, usec at)
{
	if (at == USEC_NONE)
		return;
	buf_printf(to, ",\"%s\":\"", name);
	buf_time(to, at);
	buf_str(to, "\"");
}

void notify_show_row_json(const struct outbox_row *r, struct buf *to)
{
	buf_str(to, "{\"target\":");
	json_string(to, r->target);
	buf_printf(to,
		   ",\"waiting\":%llu,\"bytes\":%llu,\"refused\":%llu,\"digest\":%llu,"
		   "\"alerts\":%llu,\"dropped\":%llu,\"failures\":%llu",
		   (unsigned long long)r->waiting, (unsigned long long)r->bytes,
		   (unsigned long long)r->refused, (unsigned long long)r->digest,
		   (unsigned long long)r->alerts, (unsigned long long)r->dropped,
		   (unsigned long long)r->failures);
	if (r->waiting)
		buf_printf(to, ",\"level\":\"%s\"", level_name(r->worst));
	member_time(to, "oldest", r->oldest);
	member_time(to, "next", r->next);
	if (r->failures)
		buf_printf(to, ",\"reason\":\"%s\",\"answer\":%u", reason(r), r->answer);
	buf_str(to, "}\n");
}
