/* SPDX-License-Identifier: Apache-2.0 */
/* print.h — findings on stdout: an object a line, or a line for people.
 * Threads: one owner. Memory: a line. */
#pragma once
#include "base/buf.h"
#include "detect/finding.h"

/* {"@timestamp":…,"rule.uuid":…,…} without a newline (doc/detect.md). */
void print_json(struct buf *to, const struct finding *f);
/* Bytes from outside are made safe to show. */
void print_text(struct buf *to, const struct finding *f, bool colour);
