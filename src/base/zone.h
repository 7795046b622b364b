/* SPDX-License-Identifier: Apache-2.0 */
/* zone.h — time zones by their names in the zone database ("Europe/Berlin"), as libical reads it.
 * The definition of a zone is read when it is looked up and never later: a process that asks for
 * the clock may have no files. Threads: one owner. Memory: zones belong to libical. */
#pragma once
#include "base/bytes.h"
#include "base/clock.h"

struct zone; /* libical's icaltimezone by another name; NULL: UTC */

bool zone_named(struct bytes name, const struct zone **ret); /* false: there is none */
/* The clock of the zone at that moment, as if it were UTC. */
usec zone_clock(const struct zone *z, usec at);
/* The newest moment up to `now` at which the clock of the zone shows `minute` of the day. */
usec zone_last(const struct zone *z, unsigned minute, usec now);
