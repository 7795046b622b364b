/* SPDX-License-Identifier: Apache-2.0 */
/* logins.h — logins and changes of identity that were never seen before.
 * In: every record; looked at are successful logins (sshd, dropbear, console), sudo and su. The
 * clock is item->time. Out: findings vedette.login.first-key, .first-source, .unusual-hour,
 * .first-sudo (doc/lifecycle.md), none in the first days, while what is usual is learned. Failures
 * teach nothing, so that nobody can make himself known by trying. Threads: one owner. Memory: at
 * most `users_max` accounts and `pairs_max` things known of them; the longest unseen is forgotten.
 */
#pragma once
#include "base/buf.h"
#include "detect/calendar.h"
#include "detect/item.h"

struct logins;

struct logins_options { /* zero: the default */
	size_t users_max; /* 16384 */
	size_t pairs_max; /* 65536 */
	usec warm_up; /* nothing is told before; 3 d */
	usec forget; /* unseen for so long it is new again; 90 d */
	struct calendar *calendar; /* lent; NULL: nothing is planned */
};

int logins_new(struct logins **ret, const struct logins_options *o);
struct logins *logins_free(struct logins *l);
void logins_record(struct logins *l, const struct item *i, finding_fn *fn, void *ctx);
void logins_tick(struct logins *l, usec now, finding_fn *fn, void *ctx);
void logins_save(const struct logins *l, struct buf *to);
bool logins_load(struct logins *l, struct bytes state); /* false: nothing is changed */
void logins_calendar(struct logins *l, struct calendar *c); /* lent */

struct logins_counts {
	uint64_t records, logins, told, evicted;
	size_t users, pairs;
};
void logins_counts(const struct logins *l, struct logins_counts *ret);
