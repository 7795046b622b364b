/* SPDX-License-Identifier: Apache-2.0 */
/* HUP: what can change while serve runs is put into force without losing a record; what cannot is
 * said. Sockets that stay are kept open; a keeper or intake that needs new values ends in order
 * and begins again. */
#include "cmd/serve/bundle.h"
#include "cmd/serve/supervisor_in.h"
#include "cmd/serve/talk.h"
#include <stdio.h>
#include <stdlib.h>
#include <systemd/sd-daemon.h>

static bool same_text(const char *a, const char *b)
{
	return !strcmp(a, b);
}

static bool same_value(const struct config *a, const struct config *b, const struct config_key *k)
{
	struct buf x = { 0 }, y = { 0 };
	bool same;

	config_show(a, k, &x);
	config_show(b, k, &y);
	same = bytes_eq(buf_view(&x), buf_view(&y));
	buf_done(&x);
	buf_done(&y);
	return same;
}

/* Which keys take effect at the next start only; the rest is put into force here. */
static bool is_fixed(const char *path)
{
	static const char *const fixed[] = { "user",	      "user_intake",	 "ledger.dir",
					     "ledger.origin", "desk.listen",	 "desk.socket",
					     "limits.ring",   "journal.enabled", "alerts.dir",
					     "notify.dir" };

	for (size_t i = 0; i < sizeof(fixed) / sizeof(*fixed); i++)
		if (same_text(fixed[i], path))
			return true;
	return false;
}

static void apply(struct supervisor *s, struct config *fresh)
{
	struct config *old = s->config;
	bool keeper = false, intake = false;
	struct why why = { "" };

	for (size_t i = 0; i < config_keys_n; i++) {
		const struct config_key *k = &config_keys[i];

		if (same_value(old, fresh, k))
			continue;
		if (is_fixed(k->path))
			say(SAY_WARN, "%s: the new value takes effect at the next start", k->path);
		keeper |= !is_fixed(k->path) && !strncmp(k->path, "ledger.", 7);
		intake |= same_text(k->path, "zone") || same_text(k->path, "host");
	}
	if (*fresh->host)
		snprintf(s->host, sizeof(s->host), "%s", fresh->host);
	s->config = fresh;
	for (size_t i = 0; i < s->feeders; i++) {
		if (feeder_reload(&s->feeder[i], fresh, &why) < 0)
			say(SAY_ERROR, "%s", why.line);
		s->feeder[i].changed = true;
		if (intake)
			feeder_stop(&s->feeder[i]);
	}
	if (keeper && s->keeper_sock >= 0) {
		role_stop(&s->keeper); /* a wanted end; it begins again with the new values */
		talk_word(s->keeper_sock, TALK_STOP, 0);
	}
	config_done(old);
	free(old);
}

/* A new socket has lost nothing yet, whatever was counted for one before it. */
static void fresh_slots(struct supervisor *s)
{
	for (size_t i = 0; i < s->listeners.n; i++) {
		struct listener *l = &s->listeners.at[i];

		if (l->fresh)
			count_set(&s->feeder[0].counts->kernel_drops[l->slot % COUNT_LISTENERS], 0);
		l->fresh = false;
	}
}

#define RULES_EVERY (2 * USEC_PER_SEC)

void supervisor_rules(struct supervisor *s, usec now)
{
	uint8_t word[2] = { TALK_RULES, 0 };
	uint64_t mark;
	int fd;

	if (s->analyst_control < 0 || !s->analyst.pid || now - s->rules_looked < RULES_EVERY)
		return;
	s->rules_looked = now;
	mark = bundle_mark(s->config);
	if (mark == s->rules_mark)
		return;
	fd = bundle_make(s->config);
	if (fd < 0) {
		say(SAY_ERROR, "rules cannot be handed over: %s", strerror(-fd));
		return;
	}
	if (talk_send(s->analyst_control, bytes_of(word, 2), &fd, 1, USEC_PER_SEC) == 0)
		s->rules_mark = mark;
	close(fd);
}

/* It ends, and begins again with what was read (or stays away). What it had taken is in its outbox.
 */
static void renew_hand(struct supervisor *s)
{
	s->role[ROLE_HAND] = s->notify || s->hand.pid ? &s->hand : NULL;
	close_fd(&s->hand_sock);
	if (s->hand.pid)
		role_stop(&s->hand);
}

void supervisor_reload(struct supervisor *s)
{
	struct config *fresh = mem_new(1, sizeof(*fresh));
	struct listeners listeners;
	struct why why = { "" };
	int r = config_load(fresh, s->config_file, &why);

	s->reload = false;
	sd_notify(0, "RELOADING=1");
	if (r == 0)
		r = setup_listeners(fresh, &s->listeners, &listeners, &why);
	if (r < 0) {
		say(SAY_ERROR, "not reloaded, the old configuration stays: %s", why.line);
		config_done(fresh);
		free(fresh);
	} else {
		s->listeners = listeners;
		count_add(&s->shared->reloads, 1);
		fresh_slots(s);
		apply(s, fresh);
		s->rules_looked = 0; /* and the rules, now */
		if (supervisor_notify(s, &why) < 0)
			say(SAY_ERROR, "%s; those who were told before are still told", why.line);
		else
			renew_hand(s);
		say(SAY_INFO, "reloaded %s", s->config_file);
	}
	sd_notify(0, "READY=1");
}
