/* SPDX-License-Identifier: Apache-2.0 */
/* corpus.h — reading the corpora: files, lines, tables. Threads: one. Memory: the caller's. */
#pragma once
#include "base/buf.h"
#include "parse/parse.h"

bool corpus_read(const char *path, struct buf *ret); /* false where the file is absent */
bool corpus_line(struct bytes *rest, struct bytes *ret); /* the next line, without CR and LF */
/* The next row of a table with quotes, its cells unquoted in place of a ring of buffers: valid
 * until the next call. Returns how many cells there are. */
size_t corpus_csv(struct bytes *rest, struct bytes *ret, size_t max);
size_t corpus_words(struct bytes b, struct bytes *ret, size_t max); /* by single blanks */
uint64_t corpus_number(struct bytes b);
