/* SPDX-License-Identifier: Apache-2.0 */
/* places.h — under which source id the reading position of a name is kept.
 * A file is one file, whatever host or zone its source was defined with over the years: so the
 * position belongs to (kind, name), and is kept under the first id that had them.
 * Threads: one owner. Memory: 16 bytes a name. */
#pragma once
#include "event/source.h"

struct places;

struct places *places_new(void);
struct places *places_free(struct places *p);
/* The id for this name; `id` itself when it is the first. Call it in the order of ids. */
uint32_t places_of(struct places *p, const struct source *s, uint32_t id);
