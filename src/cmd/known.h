/* SPDX-License-Identifier: Apache-2.0 */
/* known.h — the sources as one who encodes knows them: told when he begins, and after
 * that by the records that define them (a definition stands before its first record).
 * Threads: one owner. Memory: the table. */
#pragma once
#include "event/record.h"
#include "event/source.h"

struct known {
	struct source *at;
	uint32_t n, cap;
};

void known_add(struct known *k, const struct source *s); /* copies; ids in their order, each once */
void known_record(struct known *k, const struct record *r); /* a record of source 0 */
const struct source *known_at(const struct known *k, uint32_t id); /* NULL: none; lent */
void known_done(struct known *k);
