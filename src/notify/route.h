/* SPDX-License-Identifier: Apache-2.0 */
/* route.h — which routes a change goes. Routes are asked in their order; the first that matches
 * takes it, and those behind it are asked only when it says `continue: true`.
 * Threads: pure. Memory: none. */
#pragma once
#include "notify/change.h"
#include "notify/settings.h"

/* Bit i: by way of route i. A target that two of them name is told by the first. */
uint64_t routes_of(const struct notify_config *c, const struct told_change *change, usec now);
bool route_is_quiet(const struct route *r, enum level level, usec now);
