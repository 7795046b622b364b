/* SPDX-License-Identifier: Apache-2.0 */
#include "parse/line.h"

/* The journal's text has no header: the identifier is the source's name. */
static bool journal_line(struct line *l, struct bytes b)
{
	struct bytes name = l->hint->name;

	if (ENDS(name, ".service"))
		name.len -= 8;
	if (!name.len || scan_is(b, '{'))
		return false;
	set(l, FIELD_PROCESS_NAME, name);
	program_text(l, name, b);
	return true;
}

int parse_record(const struct parse_hint *hint, struct bytes raw, struct event *ret)
{
	struct line l = { hint, ret, raw, 0 };
	struct bytes b = raw;
	int answer = PARSE_OK;

	event_reset(ret);
	while (b.len && (b.at[b.len - 1] == '\r' || b.at[b.len - 1] == '\n'))
		b.len--;
	TAKE(&b, "\xef\xbb\xbf");
	if (!(hint->kind == SOURCE_JOURNAL && journal_line(&l, b)) && !line_any(&l, b)) {
		line_plain(&l, b);
		answer = PARSE_PLAIN;
	}
	event_set(ret, FIELD_HOST_NAME, hint->host);
	return answer;
}
