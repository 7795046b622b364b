/* SPDX-License-Identifier: Apache-2.0 */
/* stage.h — what the files that read stages share. As syntax.h. */
#pragma once
#include "query/syntax.h"

bool stage_letters(const struct syntax *s, size_t n); /* a letter, digit or _ is n bytes on */
bool stage_takes(struct syntax *s, const char *word); /* moves past blanks and this word */
bool stage_takes_char(struct syntax *s, char c);
bool stage_ends(struct syntax *s); /* moves past blanks; | or the end is there */
int stage_take_field(struct syntax *s, unsigned *ret); /* of the records */
int stage_take_count(struct syntax *s, uint64_t *ret);
struct stage *stage_add(struct syntax *s,
			enum stage_kind kind); /* NULL: too many; error was said */
int stage_stats(struct syntax *s, struct stage *st);
int stage_top(struct syntax *s, struct stage *st, bool rare);
