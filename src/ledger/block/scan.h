/* SPDX-License-Identifier: Apache-2.0 */
/* scan.h — which rows of a block an automaton finds, without putting their lines together.
 * In: a block, an automaton (base/automaton.h). Out: a bitmap of rows, exactly.
 * Threads: a struct scanner has one owner. Memory: the automaton's states, and what each kind of
 * variable does to them. */
#pragma once
#include "base/automaton.h"
#include "ledger/block/block.h"

struct scanner;

struct scanner *scanner_new(const struct automaton *a); /* lent */
struct scanner *scanner_free(struct scanner *s);
struct walker *scanner_walker(struct scanner *s); /* for texts that lie elsewhere; lent */

enum { SCAN_LOST = 1 }; /* too many states: nothing is known, rows may hold anything */
/* Sets the rows among `in` whose raw bytes the automaton finds. */
int block_scan(struct block *b, struct scanner *s, const uint64_t *in, uint64_t *rows);
/* Likewise the typed rows that have the field, by its value. */
int block_scan_field(struct block *b, struct scanner *s, enum field f, const uint64_t *in,
		     uint64_t *rows);
