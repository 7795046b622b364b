/* SPDX-License-Identifier: Apache-2.0 */
/* units.h — how people write sizes and zones, in options and in the configuration, and how they
 * are shown again. Threads: pure. */
#pragma once
#include "base/buf.h"
#include "base/clock.h"

/* "500", "64K", "24MiB", "2G", "1TiB": powers of 1024. False on anything else or overflow. */
bool units_size(struct bytes b, uint64_t *ret);
/* "UTC", "Z", "+02:00", "-0530": minutes east of UTC, at most 24 hours. */
bool units_zone(struct bytes b, int *ret);
/* What clock_parse_span() takes, and "0" or "never" as 0. */
bool units_span(struct bytes b, usec *ret);
/* Year 1970..9999. */
bool units_year(struct bytes b, int *ret);

void units_show_size(struct buf *to, uint64_t bytes); /* exact: the largest unit that divides it */
void units_show_about(struct buf *to, uint64_t bytes); /* for people: "1.4 GiB" */
void units_show_span(struct buf *to, usec span);
void units_show_zone(struct buf *to, int minutes);

/* The name in `names` (ends in NULL) that is nearest to a mistyped one, or NULL when none is. */
const char *units_nearest(struct bytes typed, const char *const *names);
