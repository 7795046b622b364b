/* SPDX-License-Identifier: Apache-2.0 */
/* group.h — what `stats` counts, unit by unit.
 * In: the rows hit in each unit. Out: a table. Threads: one struct groups a thread, merged at the
 * end. Memory: groups_bytes(); the caller holds it under QUERY_MEMORY. */
#pragma once
#include "query/columns.h"
#include "query/table.h"

struct groups;

struct groups *groups_new(const struct stage *stats);
struct groups *groups_free(struct groups *g);
int groups_add(struct groups *g, struct search *s, const uint64_t *hits);
void groups_merge(struct groups *g, struct groups *from); /* from is empty after it */
size_t groups_bytes(const struct groups *g);
uint32_t groups_count(const struct groups *g);
/* Keys, then aggregates; ordered by the keys. The groups are used up. */
void groups_table(struct groups *g, struct table *ret);
