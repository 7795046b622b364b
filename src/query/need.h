/* SPDX-License-Identifier: Apache-2.0 */
/* need.h — the texts that every match of a pattern must hold, so that only records which hold
 * them are looked at. Conservative: what is not understood needs nothing.
 * Threads: pure but for the arena. Memory: from the arena. */
#pragma once
#include "base/arena.h"

enum need_kind {
	NEED_NOTHING, /* any record may match */
	NEED_TEXT, /* the record holds `text` */
	NEED_ALL, /* every one of the parts */
	NEED_ONE, /* at least one of the parts */
};

struct need {
	enum need_kind kind;
	bool nocase; /* ASCII case ignored */
	struct bytes text;
	struct need *parts, *next; /* first part; the next part of the same parent */
};

/* pattern: PCRE2 syntax without the x flag, known to compile. Never NULL. */
const struct need *need_of_regex(struct arena *a, struct bytes pattern, bool nocase);
/* pattern: as in glob.h. */
const struct need *need_of_glob(struct arena *a, struct bytes pattern);
