/* SPDX-License-Identifier: Apache-2.0 */
/* show.h — an event as one line of text, for the tests of the parsers: each field in the order of
 * its id, "name=value", tab between; bytes that are no printable ASCII as \xHH. */
#pragma once
#include "base/buf.h"
#include "parse/parse.h"
#include <stdio.h>

static inline void show_value(struct buf *to, struct bytes v)
{
	for (size_t i = 0; i < v.len; i++) {
		if (v.at[i] >= ' ' && v.at[i] < 127 && v.at[i] != '\\')
			buf_u8(to, v.at[i]);
		else
			buf_printf(to, "\\x%02x", v.at[i]);
	}
}

static inline void show_event(struct buf *to, const struct event *e, int answer)
{
	char at[CLOCK_TEXT] = "-";

	if (e->time != USEC_NONE)
		clock_text(e->time, at);
	buf_printf(to, "%s\t%s", answer == PARSE_OK ? "ok" : "plain", at);
	for (unsigned f = 0; f < FIELD_N; f++) {
		if (!event_has(e, (enum field)f))
			continue;
		buf_printf(to, "\t%s=", field_name((enum field)f));
		show_value(to, e->value[f]);
	}
}
