/* SPDX-License-Identifier: Apache-2.0 */
/* texts.h — the texts of which one must be in an event for an expression to be true (need.c).
 * Threads: pure but for the arena. Memory: from the arena; the texts are those of the rule. */
#pragma once
#include "detect/sigma/rx.h"

struct texts {
	bool known; /* false: nothing can be said */
	uint32_t n; /* known and none: it is never true */
	struct bytes *at; /* ASCII, any case */
};
struct texts texts_of(struct arena *a, const struct expr *e);
