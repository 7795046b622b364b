/* SPDX-License-Identifier: Apache-2.0 */
/* multiline.h — does a line go on with the record before it, or begin a new one?
 * Joined are: lines that begin with a blank or a tab; Python tracebacks with what follows them up
 * to the next line with a time stamp (or, in a log without stamps, to the line that names the
 * exception); the lines of oslo.log's logging_exception_prefix (the head of the record's own first
 * line, then no [context]); after a line of oslo's format those without a time stamp (a message
 * of several lines); "Caused by:" after indented lines.
 * In: lines from outside, in order. Out: yes or no. Threads: one owner. Memory: none: the caller
 * holds the record in the making. */
#pragma once
#include "base/bytes.h"

enum multi_state { MULTI_PLAIN, MULTI_TRACE, MULTI_NAMED };

struct multi {
	uint32_t lines; /* of the record so far */
	uint8_t state; /* enum multi_state */
	bool indented; /* the last line was */
};

#define MULTI_HEAD 4096 /* so many bytes of a line are always enough to decide */

void multi_first(struct multi *m, struct bytes line); /* begins a record */
/* record: all of it so far, without its last newline. */
bool multi_goes_on(struct multi *m, struct bytes record, struct bytes line);
/* A record that has every reason to go on: a traceback, an error of oslo's format. */
bool multi_expects(const struct multi *m, struct bytes record);
