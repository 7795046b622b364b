/* SPDX-License-Identifier: Apache-2.0 */
/* view.h — a reader's snapshot of a ledger directory: sealed blocks, then the live segments.
 * Takes no lock and never holds up the writer; what is sealed or dropped meanwhile changes nothing
 * for a view already open (files are opened at the start or looked up again under their new form).
 * Threads: view_open/free by one owner; view_block/view_segment may be called from several threads
 * for different units. Memory: one small entry a unit; blocks are mapped while in use. */
#pragma once
#include "base/err.h"
#include "event/source.h"
#include "ledger/block/block.h"
#include "ledger/segment.h"

struct view;

struct unit {
	bool live; /* a segment; else a sealed block */
	uint64_t first; /* seq of the first record */
	uint32_t count; /* records */
	uint64_t raw_bytes;
	usec time_min, time_max; /* event times (arrival where none); whole range if live */
	usec arrival_min, arrival_max; /* whole range if live */
};

int view_open(struct view **ret, const char *dir, struct why *why);
struct view *view_free(struct view *v);
size_t view_units(const struct view *v); /* in order of seq, without gaps but for dropped blocks */
const struct unit *view_unit(const struct view *v, size_t i);
uint64_t view_dropped(const struct view *v); /* records that retention has dropped */
/* The block stays valid until block_free(); so does the segment. -ENOENT: retention has dropped the
 * block since the view was opened. */
int view_block(const struct view *v, size_t i, struct block **ret, struct why *why);
int view_segment(const struct view *v, size_t i, struct segment **ret, struct why *why);
const struct source *view_source(const struct view *v, uint32_t id); /* NULL: unknown */
uint64_t view_source_seq(const struct view *v, uint32_t id); /* of the record that defines it */
uint32_t view_sources(const struct view *v); /* ids are 0 .. n-1 */
/* Identity or table of sources is harmed or missing: records are read, and sources come from the
 * records as far as those are there. Harmed blocks are left out and show as gaps. Where files were
 * exchanged, units may overlap. */
bool view_harmed(const struct view *v, struct why *why);
const char *view_dir(const struct view *v);
