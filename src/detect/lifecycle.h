/* SPDX-License-Identifier: Apache-2.0 */
/* lifecycle.h — services and hosts that start, stop, crash, reload, reboot and are upgraded, judged
 * against the change calendar.
 * In: every record in its order; looked at are those whose event.action is of a service or host
 * (parse/systemd.c, parse/oslo_message.c, …), the kernel's first lines, and the logs of package
 * managers. The clock is item->time. Out: findings vedette.lifecycle.* (doc/lifecycle.md): planned
 * ones are informational and name their window. Threads: one owner. Memory: at most `services_max`
 * services and `hosts_max` hosts; the longest unseen is forgotten. */
#pragma once
#include "base/buf.h"
#include "detect/calendar.h"
#include "detect/item.h"

struct lifecycle;

struct lifecycle_options { /* zero: the default */
	size_t services_max; /* 16384 */
	size_t hosts_max; /* 4096 */
	usec hold; /* how long a stop waits for what explains it: a start, a shutdown; 10 s */
	usec loop_within; /* so many crashes … 10 min */
	unsigned loop_crashes; /* … are a loop; 3 */
	struct calendar *calendar; /* lent; NULL: nothing is planned */
};

int lifecycle_new(struct lifecycle **ret, const struct lifecycle_options *o);
struct lifecycle *lifecycle_free(struct lifecycle *l);
void lifecycle_record(struct lifecycle *l, const struct item *i, finding_fn *fn, void *ctx);
void lifecycle_tick(struct lifecycle *l, usec now, finding_fn *fn, void *ctx);
void lifecycle_save(const struct lifecycle *l, struct buf *to);
bool lifecycle_load(struct lifecycle *l, struct bytes state); /* false: nothing is changed */
void lifecycle_calendar(struct lifecycle *l, struct calendar *c); /* lent */

struct lifecycle_counts {
	uint64_t records, relevant, told, planned, evicted;
	size_t services, hosts;
};
void lifecycle_counts(const struct lifecycle *l, struct lifecycle_counts *ret);
