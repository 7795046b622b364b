/* SPDX-License-Identifier: Apache-2.0 */
/* syntax.h — from text to tree, by recursive descent with a limit on depth and size.
 * syntax.c operators and brackets, lex.c words and values, build.c tests out of values, stage.c
 * what comes after a |. Threads: one owner. Memory: the query's arena. */
#pragma once
#include "base/err.h"
#include "query/ast.h"

struct syntax {
	struct query *q;
	struct bytes text;
	size_t at; /* where it stands */
	usec now;
	int depth;
	bool in_stages; /* behind the first | */
	struct why *why, *said; /* where errors go; the caller's */
	size_t error_at; /* offset of what is wrong; SIZE_MAX: not said */
};

/* The columns a value is looked for in: one, or several for user.*:x */
struct scope {
	unsigned n;
	bool several; /* written with a wildcard: columns that cannot hold the value are passed over
		       */
	unsigned columns[COLUMN_N];
	size_t at; /* where the name stands */
};

/* A word, a phrase or a regular expression as it was written. */
struct word {
	size_t at;
	struct bytes text; /* without escapes and quotes; a regex as it stands */
	struct bytes glob; /* with escapes, for glob.h */
	struct bytes flags; /* regex */
	bool wild, quoted, regex;
};

enum lex_mode { LEX_BARE, LEX_VALUE, LEX_BOUND, LEX_ARG };

/* syntax.c */
int syntax_error(struct syntax *s, size_t at, const char *fmt, ...)
	__attribute__((format(printf, 3, 4))); /* says it and returns -EINVAL */
int syntax_filter(struct syntax *s, struct node **ret); /* up to a | or the end */
struct bytes syntax_show(struct syntax *s, struct bytes b); /* safe to show, shortened, with NUL */
int syntax_unknown(struct syntax *s, size_t at, struct bytes name); /* the error of such a name */

/* lex.c */
int lex_peek(const struct syntax *s, size_t ahead); /* -1 at the end */
void lex_blanks(struct syntax *s);
bool lex_takes(struct syntax *s, const char *word); /* moves past this very text */
bool lex_boundary(const struct syntax *s, size_t ahead); /* blank, bracket, | or the end is there */
size_t lex_name(const struct syntax *s); /* length of the name that stands here */
int lex_word(struct syntax *s, enum lex_mode mode, struct word *ret);
int lex_phrase(struct syntax *s, struct word *ret);
int lex_regex(struct syntax *s, struct word *ret);

/* build.c */
struct node *build_node(struct syntax *s, enum node_kind kind); /* NULL: too many; error was said */
int build_word(struct syntax *s, const struct scope *c, const struct word *w, struct node **ret);
int build_exists(struct syntax *s, const struct scope *c, struct node **ret);
/* lo, hi: NULL for an open end. */
int build_range(struct syntax *s, const struct scope *c, const struct word *lo, bool lo_without,
		const struct word *hi, bool hi_without, struct node **ret);

/* stage.c */
int stage_parse(struct syntax *s); /* from a | to the end of the text */
