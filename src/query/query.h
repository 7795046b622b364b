/* SPDX-License-Identifier: Apache-2.0 */
/* query.h — the language (doc/query.md), and its answers out of a ledger.
 * In: the text of a query; a view of a ledger. Out: records, tables or a count, written to a FILE.
 * Threads: query_compile() makes a read-only struct query that any number of runs may share;
 * query_run() starts `threads` workers of its own and writes `out` from one of them at a time, in
 * order of seq. Memory: some MiB a worker, plus what groups and sorting take: bounded, see
 * QUERY_MEMORY; a query that needs more fails with a line that says what to narrow. */
#pragma once
#include "base/buf.h"
#include "base/clock.h"
#include "base/err.h"
#include "ledger/view.h"
#include <stdio.h>

#define QUERY_TEXT_MAX 65536 /* bytes of a query */
#define QUERY_NODES_MAX 4096 /* terms and operators */
#define QUERY_DEPTH_MAX 100 /* brackets inside brackets */
#define QUERY_PATTERN_MAX 4096 /* bytes of one regular expression */
#define QUERY_GROUPS_MAX 1000000 /* groups of one stats */
#define QUERY_MEMORY ((size_t)512 << 20) /* groups, and rows kept for sorting */

struct query;

/* text: the query. now: what "now" and "-15m" inside it count from. Says in `why` what is wrong,
 * beginning with "column N: ", and gives N (from 1, in bytes; 0: no one place) in ret_column, which
 * may be NULL. -EINVAL for a malformed query. */
int query_compile(struct query **ret, struct bytes text, usec now, struct why *why,
		  size_t *ret_column);
struct query *query_free(struct query *q); /* NULL is fine; returns NULL */
/* Two lines for a terminal below the message: the line of the query that holds the column, made
 * safe to show, and a caret under it. */
void query_caret(FILE *to, struct bytes text, size_t column);
/* The query as it was understood, in one canonical line (for tests and `--explain`). */
void query_dump(const struct query *q, struct buf *to);

/* text: for people; raw: the very bytes; json: one object a line; count: how many. */
enum query_format { QUERY_TEXT, QUERY_RAW, QUERY_JSON, QUERY_COUNT };
bool query_format_parse(const char *name, enum query_format *ret);

struct query_options {
	enum query_format format;
	uint64_t limit; /* 0: none. The first so many rows (use `| tail N` for the last) */
	usec since, until; /* since <= event time < until (arrival where none); USEC_NONE: open */
	unsigned threads; /* 0: as many as cores */
	bool colour; /* marks and colours, for a terminal; the caller asks isatty and NO_COLOR */
	bool own; /* also Vedette's own records (source 0) */
	bool original; /* json: also event.original, the raw bytes as text */
	FILE *out;
};
#define QUERY_OPTIONS ((struct query_options){ .since = USEC_NONE, .until = USEC_NONE })

struct query_result {
	uint64_t hits; /* rows written (with count: counted): 0 means "not found" */
	uint64_t undecided; /* times a regular expression ran into its limit: taken as no match */
	uint64_t units, opened; /* blocks and segments there are, and those that were looked into */
	uint64_t damaged; /* blocks that could not be read: left out, and told in why */
};

/* 0: done, also when nothing was found. -EPIPE: the reader of `out` went away. -ENOMEM: over
 * QUERY_MEMORY or QUERY_GROUPS_MAX. -EBADMSG: a block is damaged; everything else was answered and
 * ret is filled (the caller should say so: exit status 2). */
int query_run(const struct query *q, const struct view *v, const struct query_options *o,
	      struct query_result *ret, struct why *why);

/* Reports (text or json; json is one object a line). They read the whole range in order and keep
 * bounded tables; what did not fit is said in the report itself. Same answers as query_run(). */
struct report_options {
	enum query_format format; /* QUERY_TEXT or QUERY_JSON */
	usec since, until;
	bool colour;
	uint64_t limit; /* rows a table shows in text; 0: 50 (json: all) */
	FILE *out;
};
#define REPORT_OPTIONS ((struct report_options){ .since = USEC_NONE, .until = USEC_NONE })
int report_logins(const struct view *v, const struct report_options *o, struct query_result *ret,
		  struct why *why);
int report_coverage(const struct view *v, const struct report_options *o, struct query_result *ret,
		    struct why *why);
