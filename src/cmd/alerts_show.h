/* SPDX-License-Identifier: Apache-2.0 */
/* alerts_show.h — replies about alerts (doc/alerts.md), for people: lines that fit the terminal.
 * Whatever a text holds, it cannot steer the terminal. Threads: none. Memory: the JSON is lent. */
#pragma once
#include "base/buf.h"
/* base/text.h has a function of the same name as one that makes values, which nobody does here. */
#define json_string jansson_string
#include <jansson.h>
#undef json_string

struct look {
	bool colour;
	size_t width; /* columns; 0: lines are not cut */
};

struct look look_of_stdout(void);
void alerts_show_heading(const struct look *l, struct buf *to);
void alerts_show_line(const struct look *l, json_t *alert, struct buf *to);
void alerts_show_alert(const struct look *l, json_t *alert, struct buf *to);
void alerts_show_change(json_t *change, struct buf *to);
void alerts_show_suppression(json_t *suppression, struct buf *to);
void alerts_show_stats(json_t *stats, struct buf *to);
void alerts_show_done(json_t *end, struct buf *to);
