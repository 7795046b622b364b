/* SPDX-License-Identifier: Apache-2.0 */
/* journal_json.h — the fields of a journal entry as one JSON object.
 * In: "NAME=value" pairs in their order, any bytes. Out: text appended to a buffer. A name that
 * comes again gives an array of its values, where it came first. Bytes that are no UTF-8 become an
 * array of numbers. Threads: pure. Memory: the fields are copied until the object is made. */
#pragma once
#include "base/buf.h"

#define JOURNAL_FIELDS 1024 /* of an entry; more are left out, and counted in __DROPPED */

struct journal_fields {
	struct buf bytes; /* all pairs, one after the other */
	struct {
		size_t at, name, len; /* name: its length */
		bool used;
	} field[JOURNAL_FIELDS];
	size_t n, dropped;
};

void journal_fields_clear(struct journal_fields *f);
void journal_fields_done(struct journal_fields *f);
void journal_fields_add(struct journal_fields *f, struct bytes pair);
struct bytes journal_field(const struct journal_fields *f, const char *name); /* first; {NULL, 0} */
void journal_json(struct buf *to, struct journal_fields *f, uint64_t realtime, uint64_t monotonic);
