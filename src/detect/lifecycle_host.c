/* SPDX-License-Identifier: Apache-2.0 */
/* Hosts: shutdowns and boots, the kernel's command line, packages. */
#include "base/hash.h"
#include "detect/lifecycle_in.h"

#define MINUTE (60 * USEC_PER_SEC)
#define SHUTDOWN_WITHIN (60 * MINUTE) /* from the shutdown to the new kernel's first line */
#define BOOT_LASTS (10 * MINUTE) /* services start for so long */
#define UPGRADE_GAP MINUTE /* without another package: it is over */

struct host *host_of(struct lifecycle *l, struct bytes name, usec at)
{
	bool fresh;
	struct host *h = keyed_get(l->hosts, name, &fresh);

	if (fresh) {
		h->first = h->last = at;
		h->upgrade_ref.seq = SEQ_NONE;
	}
	return h;
}

void host_shutdown(struct lifecycle *l, struct host *h, usec at)
{
	(void)l;
	h->shutdown = at;
}

bool host_changes(const struct host *h, usec at)
{
	return (h->shutdown && at >= h->shutdown - MINUTE && at - h->shutdown < BOOT_LASTS &&
		h->shutdown > h->booted) ||
	       (h->booted && at >= h->booted - MINUTE && at - h->booted < BOOT_LASTS);
}

bool host_upgrades(const struct host *h, usec at)
{
	return h->upgrade_last && at >= h->upgrade_first - MINUTE &&
	       at - h->upgrade_last < 2 * MINUTE;
}

void host_boot(struct lifecycle *l, struct host *h, const struct item *i, finding_fn *fn, void *ctx)
{
	usec at = i->time;
	bool clean = h->shutdown > h->booted && at - h->shutdown < SHUTDOWN_WITHIN;
	struct told t = { .deed = clean ? DEED_REBOOT_CLEAN : DEED_REBOOT_UNCLEAN,
			  .at = at,
			  .host = keyed_key(h),
			  .item = i };

	/* The kernel and systemd both say so; and a clock may be set during a boot. */
	if (h->booted && at - h->booted < BOOT_LASTS)
		return;
	/* Of a host whose life was not seen before, nothing can be said of how it ended. */
	if (!clean && at - h->first < MINUTE) {
		h->booted = at;
		return;
	}
	h->booted = at;
	lifecycle_tell(l, &t, fn, ctx);
}

void host_cmdline(struct lifecycle *l, struct host *h, const struct item *i, struct bytes line,
		  finding_fn *fn, void *ctx)
{
	/* not the key of a table that a remote fills, but kept over restarts */
	uint64_t hash = hash_fast(line, 0) | 1;
	struct told t = {
		.deed = DEED_CMDLINE, .at = i->time, .host = keyed_key(h), .item = i, .why = line
	};

	if (h->cmdline && h->cmdline != hash)
		lifecycle_tell(l, &t, fn, ctx);
	h->cmdline = hash;
}

void host_package(struct lifecycle *l, struct host *h, const struct item *i, struct bytes name)
{
	if (!h->packages++)
		h->upgrade_first = i->time;
	h->upgrade_last = i->time;
	h->upgrade_ref = (struct record_ref){ .seq = i->ref.seq, .line = i->ref.line };
	if (name.len && name.len + h->names_len + 2 < NAMES_BYTES) {
		if (h->names_len)
			h->names[h->names_len++] = ' ';
		memcpy(h->names + h->names_len, name.at, name.len);
		h->names_len = (uint16_t)(h->names_len + name.len);
	}
	if (i->time + UPGRADE_GAP < l->due)
		l->due = i->time + UPGRADE_GAP;
}

void hosts_due(struct lifecycle *l, usec now, finding_fn *fn, void *ctx)
{
	for (struct host *h = keyed_first(l->hosts); h; h = keyed_next(l->hosts, h)) {
		struct told t = { .deed = DEED_UPGRADE,
				  .at = h->upgrade_last,
				  .host = keyed_key(h),
				  .ref = h->upgrade_ref,
				  .why = bytes_of(h->names, h->names_len),
				  .count = h->packages };

		if (!h->packages)
			continue;
		if (h->upgrade_last + UPGRADE_GAP > now) {
			if (h->upgrade_last + UPGRADE_GAP < l->due)
				l->due = h->upgrade_last + UPGRADE_GAP;
			continue;
		}
		lifecycle_tell(l, &t, fn, ctx);
		h->packages = 0;
		h->names_len = 0;
	}
}
