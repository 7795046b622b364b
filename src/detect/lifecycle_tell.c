/* SPDX-License-Identifier: Apache-2.0 */
#include "detect/lifecycle_in.h"

static const struct {
	const char *id, *title;
	enum level level;
	unsigned what; /* as the calendar asks */
	const char *words, *tag;
} deeds[DEED_N] = {
	[DEED_STOP] = { "vedette.lifecycle.unplanned-stop", "A service was stopped", LEVEL_MEDIUM,
			CALENDAR_STOP, "stopped: ", "attack.t1489" },
	[DEED_START] = { "vedette.lifecycle.unplanned-start", "A service was started", LEVEL_LOW,
			 CALENDAR_START, "started: ", "attack.t1569.002" },
	[DEED_CRASH] = { "vedette.lifecycle.crash", "A service or process has crashed", LEVEL_HIGH,
			 0, "crashed: ", "attack.t1499.004" },
	[DEED_CRASH_LOOP] = { "vedette.lifecycle.crash-loop", "A service crashes again and again",
			      LEVEL_HIGH, 0, "crashes again and again: ", "attack.t1499.004" },
	[DEED_RELOAD] = { "vedette.lifecycle.reload", "A service has read its configuration anew",
			  LEVEL_LOW, CALENDAR_RELOAD, "reloaded: ", NULL },
	[DEED_REBOOT_CLEAN] = { "vedette.lifecycle.reboot-clean", "A host was rebooted",
				LEVEL_MEDIUM, CALENDAR_REBOOT,
				"rebooted after a shutdown: ", "attack.t1529" },
	[DEED_REBOOT_UNCLEAN] = { "vedette.lifecycle.reboot-unclean",
				  "A host started anew without a shutdown", LEVEL_HIGH,
				  CALENDAR_REBOOT,
				  "started anew, and no shutdown was seen before: ",
				  "attack.t1529" },
	[DEED_UPGRADE] = { "vedette.lifecycle.upgrade", "Packages were changed", LEVEL_LOW,
			   CALENDAR_UPGRADE, "packages were changed: ", "attack.t1072" },
	[DEED_CMDLINE] = { "vedette.lifecycle.kernel-command-line",
			   "A host started with another kernel command line", LEVEL_HIGH,
			   CALENDAR_REBOOT,
			   "the kernel command line has changed: ", "attack.t1542" },
};

void lifecycle_tell(struct lifecycle *l, const struct told *t, finding_fn *fn, void *ctx)
{
	struct compose *c = &l->compose;
	struct calendar_ask ask = { t->at, t->host, t->service, { NULL, 0 }, deeds[t->deed].what };
	int level = (int)deeds[t->deed].level - t->lower;
	struct bytes window;

	compose_begin(c, deeds[t->deed].id, deeds[t->deed].title,
		      level < 0 ? LEVEL_INFORMATIONAL : (enum level)level, t->at);
	if (deeds[t->deed].tag)
		compose_tag(c, deeds[t->deed].tag);
	if (t->item) {
		compose_item(c, t->item);
		compose_detail(c, "message", event_get(t->item->event, FIELD_MESSAGE));
		compose_detail(c, "user.name", event_get(t->item->event, FIELD_USER_NAME));
	} else if (t->ref.seq != SEQ_NONE || t->ref.file.len) {
		c->proof = t->ref;
		c->f.proofs_n = 1;
	}
	c->f.count = t->count ? t->count : 1;
	if (t->deed == DEED_START)
		c->f.ends = bytes_str(deeds[DEED_STOP].id);
	compose_entity(c, "host.name", t->host);
	compose_entity(c, "service.name", t->service);
	compose_say(c, deeds[t->deed].words);
	if (t->service.len) {
		compose_say_bytes(c, t->service);
		compose_say(c, " on ");
	}
	compose_say_bytes(c, t->host.len ? t->host : BYTES("an unnamed host"));
	if (t->why.len) {
		compose_detail(c, "event.reason", t->why);
		compose_say(c, " (");
		compose_say_bytes(c, t->why);
		compose_say(c, ")");
	}
	if (t->note) {
		compose_say(c, "; ");
		compose_say(c, t->note);
	}
	if (ask.what && calendar_covers(l->o.calendar, &ask, &window)) {
		c->f.level = LEVEL_INFORMATIONAL;
		compose_detail(c, "vedette.window", window);
		compose_say(c, "; planned: ");
		compose_say_bytes(c, window);
		l->counts.planned++;
	}
	l->counts.told++;
	compose_tell(c, fn, ctx);
}
