/* SPDX-License-Identifier: Apache-2.0 */
/* source_table.h — the table of sources: each is defined by one record of source 0 (a JSON object,
 * of one form only), and all definitions so far stand in the signed file `sources` too, so that
 * opening need not read all blocks. Threads: one owner. Memory: the table; it grows with the
 * sources that were ever seen. */
#pragma once
#include "event/source.h"
#include "ledger/seal/note.h"

#define SOURCES_FILE_MAX (256u << 20)

struct source_table;

struct source_table *source_table_new(void); /* with source 0 in it */
struct source_table *source_table_free(struct source_table *s);
uint32_t source_table_n(const struct source_table *s); /* ids are 0 .. n-1 */
const struct source *source_table_at(const struct source_table *s,
				     uint32_t id); /* lent; NULL: none */
uint64_t source_table_seq(const struct source_table *s,
			  uint32_t id); /* of the record that defines it */
/* The id of an equal one; false: none. */
bool source_table_find(const struct source_table *s, const struct source *def, uint32_t *ret);
uint32_t source_table_add(struct source_table *s, const struct source *def,
			  uint64_t seq); /* copies */

/* The JSON text of a definition, and back. false: the text is none (other records of source 0). */
void source_definition(const struct source *def, struct buf *ret);
/* host and name are lent by *hold, which the caller frees with buf_done(). */
bool source_definition_parse(struct bytes json, struct source *ret, struct buf *hold);
/* Takes in a record of source 0. true: it defined the next source; a definition of an id that is
 * there already must be the same one, else *ret_false is set. */
bool source_table_record(struct source_table *s, struct bytes raw, uint64_t seq, bool *ret_false);

/* The file `sources`: definitions whose record has a seq below `before`. */
void source_table_write(const struct source_table *s, uint64_t before, const struct key *k,
			const struct verifier *v, struct buf *ret);
int source_table_read(struct bytes file, const struct verifier *v, struct source_table *into);
