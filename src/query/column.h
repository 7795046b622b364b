/* SPDX-License-Identifier: Apache-2.0 */
/* column.h — what a query can name: the fields of an event (fields.def), and what Vedette knows of
 * each record besides. Threads: pure. */
#pragma once
#include "base/buf.h"
#include "event/event.h"
#include "event/source.h"

/* X(ID, "name", TYPE, "what it is"): these follow the fields in one numbering. */
#define QUERY_COLUMNS(X)                                                                           \
	X(RAW, "event.original", KEYWORD, "the raw bytes as received")                             \
	X(TIME, "@timestamp", TIME, "event time; arrival time where the line has none")            \
	X(INGESTED, "event.ingested", TIME, "arrival time, by Vedette's clock")                    \
	X(SEQUENCE, "event.sequence", NUMBER, "number of the record in the ledger")                \
	X(SOURCE_HOST, "host.hostname", KEYWORD, "host of the source, as configured or seen")      \
	X(SOURCE_KIND, "input.type", KEYWORD, "kind of the source: file, syslog-udp, journal, …")  \
	X(SOURCE_NAME, "input.name", KEYWORD, "path, peer or unit of the source")                  \
	X(SOURCE_ID, "input.id", NUMBER, "number of the source in the ledger")                     \
	X(SOURCE_FILE, "", KEYWORD, "path of the source where it is a file: for log.file.path")

enum column {
	COLUMN_FIELDS = FIELD_N - 1,
#define X(id, name, type, what) COLUMN_##id,
	QUERY_COLUMNS(X)
#undef X
		COLUMN_N
};

static inline bool column_is_field(unsigned c)
{
	return c < FIELD_N;
}

/* Told by the record's head and its source alone, without its bytes. */
static inline bool column_is_source(unsigned c)
{
	return c >= COLUMN_SOURCE_HOST;
}

/* Whether the field's text always stands in the raw bytes as it is, or the raw bytes hold a
 * backslash (JSON, whose escapes were undone). Not so for fields that parsers fill with words of
 * their own. */
bool column_lies_in_raw(unsigned c);
/* Whether most records have a value of their own there, so that no dictionary is to be hoped for.
 */
bool column_is_varied(unsigned c);

const char *column_name(unsigned c);
enum field_type column_type(unsigned c);
const char *column_what(unsigned c);
unsigned column_by_name(struct bytes name); /* COLUMN_N where there is none */
unsigned column_nearest(struct bytes name); /* the most similar name; COLUMN_N: none is similar */
/* A source's text for one of the source columns; {NULL, 0} where it has none. SOURCE_ID is a
 * number and not given here. */
struct bytes column_of_source(unsigned c, const struct source *s);
