/* SPDX-License-Identifier: Apache-2.0 */
/* hours.h — hours of the week on somebody's clock: "mon-fri 08:00-18:00", "22:00-06:00", "sat,sun".
 * In: texts of notify.yaml. Out: whether a moment lies in them.
 * Threads: one owner. Memory: two KiB for one struct hours. */
#pragma once
#include "base/zone.h"

#define HOURS_MINUTES (7u * 24 * 60)

struct hours { /* of a week that begins on Monday; zeroed: none */
	uint64_t minute[(HOURS_MINUTES + 63) / 64];
};

bool hours_add(struct hours *h, struct bytes text); /* false, and nothing added: no such hours */
bool hours_minute(struct bytes text, unsigned *ret); /* "07:30"; "24:00" is good too */
bool hours_has(const struct hours *h, const struct zone *z, usec at);
