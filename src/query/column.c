/* SPDX-License-Identifier: Apache-2.0 */
#include "query/column.h"

static const struct {
	const char *name, *what;
	enum field_type type;
} table[] = {
#define X(id, n, t, w) [COLUMN_##id - FIELD_N] = { .name = n, .what = w, .type = TYPE_##t },
	QUERY_COLUMNS(X)
#undef X
};

const char *column_name(unsigned c)
{
	if (c == COLUMN_SOURCE_FILE)
		return field_name(FIELD_LOG_FILE);
	return column_is_field(c) ? field_name((enum field)c) : table[c - FIELD_N].name;
}

enum field_type column_type(unsigned c)
{
	return column_is_field(c) ? field_type((enum field)c) : table[c - FIELD_N].type;
}

const char *column_what(unsigned c)
{
	return column_is_field(c) ? field_what((enum field)c) : table[c - FIELD_N].what;
}

bool column_lies_in_raw(unsigned c)
{
	switch (c) {
	case FIELD_EVENT_ACTION:
	case FIELD_EVENT_CATEGORY:
	case FIELD_EVENT_DATASET:
	case FIELD_EVENT_OUTCOME:
	case FIELD_EVENT_REASON:
	case FIELD_HOST_NAME: /* may be that of the source */
	case FIELD_LOG_LEVEL:
	case FIELD_SERVICE_NAME: /* may come from the path of the source */
	case FIELD_SYSLOG_FACILITY:
	case FIELD_SYSLOG_SEVERITY:
	case FIELD_USER_NAME: /* "ROOT LOGIN" is root's */
		return false;
	default:
		return column_is_field(c);
	}
}

bool column_is_varied(unsigned c)
{
	switch (c) {
	case FIELD_MESSAGE:
	case FIELD_ERROR_MESSAGE:
	case FIELD_ERROR_STACK:
	case FIELD_EVENT_ID:
	case FIELD_OS_GLOBAL_REQUEST_ID:
	case FIELD_OS_INSTANCE_ID:
	case FIELD_OS_REQUEST_ID:
	case FIELD_OS_TARGET_ID:
	case FIELD_PROCESS_COMMAND:
	case FIELD_URL_ORIGINAL:
	case FIELD_URL_PATH:
	case FIELD_URL_QUERY:
		return true;
	default:
		return false;
	}
}

unsigned column_by_name(struct bytes name)
{
	for (unsigned c = FIELD_N; c < COLUMN_SOURCE_FILE; c++)
		if (bytes_eq(name, bytes_str(table[c - FIELD_N].name)))
			return c;
	for (unsigned c = 0; c < FIELD_N; c++)
		if (bytes_eq(name, bytes_str(field_name((enum field)c))))
			return c;
	return COLUMN_N;
}

#define NAME_MAX_LEN 40

/* Edits (one letter put in, left out, changed, or two swapped) that make a into b. */
static unsigned distance(struct bytes a, struct bytes b)
{
	unsigned row[3][NAME_MAX_LEN + 1];

	for (unsigned j = 0; j <= b.len; j++)
		row[0][j] = j;
	for (unsigned i = 1; i <= a.len; i++) {
		unsigned *now = row[i % 3], *up = row[(i + 2) % 3], *up2 = row[(i + 1) % 3];

		now[0] = i;
		for (unsigned j = 1; j <= b.len; j++) {
			uint8_t x = to_lower(a.at[i - 1]), y = to_lower(b.at[j - 1]);
			unsigned d = up[j - 1] + (x != y);

			d = up[j] + 1 < d ? up[j] + 1 : d;
			d = now[j - 1] + 1 < d ? now[j - 1] + 1 : d;
			if (i > 1 && j > 1 && x == to_lower(b.at[j - 2]) &&
			    to_lower(a.at[i - 2]) == y && up2[j - 2] + 1 < d)
				d = up2[j - 2] + 1;
			now[j] = d;
		}
	}
	return row[a.len % 3][b.len];
}

/* Words between dots that both have: "status" is meant for http.response.status_code. */
static bool shares_word(struct bytes name, struct bytes of)
{
	for (size_t i = 0; i + name.len <= of.len; i++) {
		bool starts = !i || of.at[i - 1] == '.' || of.at[i - 1] == '_';
		size_t e = i + name.len;

		if (starts && (e == of.len || of.at[e] == '.' || of.at[e] == '_') &&
		    bytes_ieq(bytes_sub(of, i, name.len), name))
			return true;
	}
	return false;
}

unsigned column_nearest(struct bytes name)
{
	unsigned best = COLUMN_N, least = (unsigned)(name.len + 2) / 3 + 1;

	if (!name.len || name.len > NAME_MAX_LEN)
		return COLUMN_N;
	for (unsigned c = 0; c < COLUMN_SOURCE_FILE; c++) {
		struct bytes n = bytes_str(column_name(c));
		unsigned d = n.len > NAME_MAX_LEN ? UINT32_MAX : distance(name, n);

		/* "host" is meant for host.name, "user" for user.name, "ip" for source.ip */
		if (shares_word(name, n) && d > 1)
			d = 1;
		if (d < least || (d == least && best != COLUMN_N && d <= 1 &&
				  n.len < strlen(column_name(best)))) {
			least = d;
			best = c;
		}
	}
	return best;
}

struct bytes column_of_source(unsigned c, const struct source *s)
{
	switch (c) {
	case COLUMN_SOURCE_HOST:
		return s->host;
	case COLUMN_SOURCE_KIND:
		return bytes_str(source_kind_name(s->kind));
	case COLUMN_SOURCE_NAME:
		return s->name;
	case COLUMN_SOURCE_FILE:
		if (s->kind == SOURCE_FILE || s->kind == SOURCE_IMPORT)
			return s->name;
		return (struct bytes){ NULL, 0 };
	default:
		return (struct bytes){ NULL, 0 };
	}
}
