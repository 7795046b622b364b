/* SPDX-License-Identifier: Apache-2.0 */
/* bundle.h — the files that the analyst may read (rules, tables, calendars, samples of rules),
 * handed over as one piece of sealed memory: the supervisor reads their bytes, the analyst parses
 * them, and the analyst needs no way into the file system for it. entry  u8 kind, u16le length of
 * the path, path, u32le length, bytes Threads: one owner each. Memory: at most BUNDLE_BYTES. */
#pragma once
#include "base/bytes.h"
#include "base/cursor.h"
#include "base/err.h"
#include "cmd/config/config.h"

#define BUNDLE_BYTES ((size_t)256 << 20)
#define BUNDLE_FILES 200000u

enum bundle_kind { BUNDLE_RULE, BUNDLE_TABLE, BUNDLE_CALENDAR, BUNDLE_SAMPLES };

/* What the files look like from outside (names, times, sizes): changes when any of them does. */
uint64_t bundle_mark(const struct config *c);
/* Sealed memory with all of them; a file that cannot be read is told and left out. Descriptor or
 * -errno. */
int bundle_make(const struct config *c);

struct bundle_entry {
	enum bundle_kind kind;
	struct bytes path, text; /* lent by the bundle */
};
bool bundle_next(struct cursor *c, struct bundle_entry *ret);
