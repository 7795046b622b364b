/* SPDX-License-Identifier: Apache-2.0 */
#include "query/output.h"
#include "base/text.h"
#include <stdlib.h>

#define RESET "\033[0m"

static void collect_marks(struct output *o, const struct node *n)
{
	if (n->kind == NODE_NOT)
		return;
	for (const struct node *c = n->child; c; c = c->next)
		collect_marks(o, c);
	if (n->kind == NODE_TEST && o->marks_n < MARKS_MAX &&
	    (n->test.column == COLUMN_RAW || n->test.column == FIELD_MESSAGE) &&
	    (n->test.kind == TEST_HOLDS || n->test.kind == TEST_REGEX))
		o->marks[o->marks_n++] = &n->test;
}

void output_init(struct output *o, const struct query *q, const struct query_options *options)
{
	memset(o, 0, sizeof(*o));
	o->format = options->format;
	o->colour = options->colour && options->format == QUERY_TEXT;
	o->original = options->original;
	for (unsigned i = 0; i < q->stages_n && !q->stats; i++) {
		if (q->stages[i]->kind == STAGE_FIELDS) {
			o->fields = q->stages[i]->columns;
			o->fields_n = q->stages[i]->columns_n;
		}
	}
	if (o->colour)
		collect_marks(o, q->root);
}

/* Raw: the very bytes, and what ended them. */
static void raw_row(struct buf *to, const struct record *r)
{
	buf_bytes(to, r->raw);
	if (r->flags & RECORD_NUL)
		buf_u8(to, 0);
	else if (record_end(r) == END_LF || record_end(r) == END_FRAME)
		buf_u8(to, '\n');
}

/* One column of one record; lent by the record, the event, the source or `spare`. */
static struct bytes value_of(struct search *s, unsigned column, uint32_t row,
			     const struct record *r, struct buf *spare)
{
	const struct source *source = search_source(s, r);
	struct bytes none = { NULL, 0 };

	if (column == FIELD_LOG_FILE && !event_has(search_event(s, row, r), FIELD_LOG_FILE))
		column = COLUMN_SOURCE_FILE;
	if (column_is_field(column))
		return event_get(search_event(s, row, r), (enum field)column);
	buf_clear(spare);
	switch (column) {
	case COLUMN_RAW:
		return r->raw;
	case COLUMN_TIME:
		buf_time(spare, search_time(s, row, r));
		return buf_view(spare);
	case COLUMN_INGESTED:
		buf_time(spare, r->arrival);
		return buf_view(spare);
	case COLUMN_SEQUENCE:
		buf_printf(spare, "%llu", (unsigned long long)r->seq);
		return buf_view(spare);
	case COLUMN_SOURCE_ID:
		buf_printf(spare, "%u", r->source);
		return buf_view(spare);
	default:
		return source ? column_of_source(column, source) : none;
	}
}

/* JSON. */

static bool json_number(enum field_type type, struct bytes v)
{
	size_t i = v.len && v.at[0] == '-', start = i;

	while (i < v.len && is_digit(v.at[i]))
		i++;
	if (i == start || i - start > 18 || (v.at[start] == '0' && i - start > 1))
		return false;
	if (type == TYPE_DECIMAL && i + 1 < v.len && v.at[i] == '.')
		for (i++; i < v.len && is_digit(v.at[i]); i++)
			;
	return i == v.len;
}

void output_json_value(struct buf *to, enum field_type type, struct bytes v)
{
	if ((type == TYPE_NUMBER || type == TYPE_DECIMAL) && json_number(type, v))
		buf_bytes(to, v);
	else
		json_string(to, v);
}

static void json_pair(struct buf *to, unsigned column, struct bytes v)
{
	if (!v.len && column != COLUMN_RAW) /* an empty line is a line */
		return;
	buf_str(to, to->len && to->at[to->len - 1] == '{' ? "\"" : ",\"");
	buf_str(to, column_name(column));
	buf_str(to, "\":");
	output_json_value(to, column_type(column), v);
}

static void json_row(struct buf *to, const struct output *o, struct search *s, uint32_t row,
		     const struct record *r)
{
	static const unsigned head[] = {
		COLUMN_TIME,	    COLUMN_INGESTED,	COLUMN_SEQUENCE,
		COLUMN_SOURCE_HOST, COLUMN_SOURCE_KIND, COLUMN_SOURCE_NAME
	};
	const unsigned *columns = o->fields ? o->fields : head;
	unsigned n = o->fields ? o->fields_n : sizeof(head) / sizeof(head[0]);
	const struct event *e = search_event(s, row, r);
	struct buf spare = { 0 };

	buf_u8(to, '{');
	for (unsigned i = 0; i < n; i++)
		json_pair(to, columns[i], value_of(s, columns[i], row, r, &spare));
	if (!o->fields) {
		if (!event_has(e, FIELD_LOG_FILE))
			json_pair(to, FIELD_LOG_FILE, value_of(s, FIELD_LOG_FILE, row, r, &spare));
		for (unsigned i = 0; i < e->n; i++)
			json_pair(to, e->order[i], e->value[e->order[i]]);
		if (o->original)
			json_pair(to, COLUMN_RAW, r->raw);
	}
	buf_str(to, "}\n");
	buf_done(&spare);
}

/* Text. */

static void pad(struct buf *to, size_t from, size_t width)
{
	size_t shown = 0;

	for (size_t i = from; i < to->len; i++)
		shown += (to->at[i] & 0xc0) != 0x80;
	for (; shown < width; shown++)
		buf_u8(to, ' ');
}

static void colour(struct buf *to, const struct output *o, const char *code)
{
	if (o->colour)
		buf_str(to, code);
}

/* A value in a column of its own: coloured, safe, filled up to the width. */
static void text_cell(struct buf *to, const struct output *o, const char *code, struct bytes v,
		      size_t width)
{
	size_t from;

	colour(to, o, code);
	from = to->len;
	if (v.len)
		text_safe(to, v, NULL);
	else
		buf_u8(to, '-');
	pad(to, from, width);
	colour(to, o, RESET);
}

/* The next match of any mark at or behind `from`; false: none. */
static bool next_mark(const struct output *o, struct search *s, struct bytes v, size_t from,
		      size_t *ret_from, size_t *ret_to)
{
	bool found = false;

	for (unsigned i = 0; i < o->marks_n; i++) {
		size_t a, b;

		if (o->marks[i]->kind == TEST_HOLDS) {
			a = bytes_find(bytes_from(v, from), o->marks[i]->text);
			if (a == BYTES_NONE)
				continue;
			a += from;
			b = a + o->marks[i]->text.len;
		} else if (regex_find(o->marks[i]->regex, s->work, v, from, &a, &b) <= 0 ||
			   b <= a) {
			continue;
		}
		if (!found || a < *ret_from) {
			*ret_from = a;
			*ret_to = b;
			found = true;
		}
	}
	return found;
}

static void marked(struct buf *to, const struct output *o, struct search *s, struct bytes v)
{
	size_t at = 0, a, b;

	while (at < v.len && next_mark(o, s, v, at, &a, &b)) {
		text_safe(to, bytes_sub(v, at, a - at), "\t");
		buf_str(to, "\033[1;31m");
		text_safe(to, bytes_sub(v, a, b - a), "\t");
		buf_str(to, RESET);
		at = b;
	}
	text_safe(to, bytes_from(v, at), "\t");
}

/* Lines after the first are set in, so that none of them looks like a record. */
static void lines(struct buf *to, const struct output *o, struct search *s, struct bytes v)
{
	for (bool first = true; v.len || first; first = false) {
		size_t n = bytes_chr(v, '\n');

		if (!first)
			buf_str(to, "\n    | ");
		marked(to, o, s, bytes_sub(v, 0, n));
		v = n == BYTES_NONE ? (struct bytes){ NULL, 0 } : bytes_from(v, n + 1);
	}
}

static const char *level_colour(struct bytes level)
{
	static const char *const red[] = { "error", "critical", "alert", "emergency", "fatal" };

	for (size_t i = 0; i < sizeof(red) / sizeof(red[0]); i++)
		if (bytes_ieq(level, bytes_str(red[i])))
			return "\033[31m";
	return bytes_ieq(level, BYTES("warning")) ? "\033[33m" : "\033[32m";
}

static void fields_row(struct buf *to, const struct output *o, struct search *s, uint32_t row,
		       const struct record *r)
{
	static const size_t width[] = { [TYPE_KEYWORD] = 12,
					[TYPE_NUMBER] = 6,
					[TYPE_DECIMAL] = 8,
					[TYPE_IP] = 15,
					[TYPE_TIME] = 24 };
	struct buf spare = { 0 };

	for (unsigned i = 0; i < o->fields_n; i++) {
		unsigned c = o->fields[i];
		bool last = i + 1 == o->fields_n;

		if (i)
			buf_str(to, "  ");
		text_cell(to, o, c == COLUMN_TIME ? "\033[2m" : "", value_of(s, c, row, r, &spare),
			  last ? 0 : width[column_type(c)]);
	}
	buf_u8(to, '\n');
	buf_done(&spare);
}

/* time  host  level  logger or program  message */
static void text_row(struct buf *to, const struct output *o, struct search *s, uint32_t row,
		     const struct record *r)
{
	static const enum field names[] = { FIELD_LOG_LOGGER, FIELD_PROCESS_NAME,
					    FIELD_SERVICE_NAME, FIELD_EVENT_DATASET };
	const struct event *e = search_event(s, row, r);
	struct bytes host = event_get(e, FIELD_HOST_NAME), level = event_get(e, FIELD_LOG_LEVEL);
	struct bytes who = { NULL, 0 }, text = event_get(e, FIELD_MESSAGE);
	struct bytes stack = event_get(e, FIELD_ERROR_STACK);
	struct buf spare = { 0 };

	if (!host.len)
		host = value_of(s, COLUMN_SOURCE_HOST, row, r, &spare);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]) && !who.len; i++)
		who = event_get(e, names[i]);
	if (!text.len)
		text = r->raw;
	text_cell(to, o, "\033[2m", value_of(s, COLUMN_TIME, row, r, &spare), 24);
	buf_str(to, "  ");
	text_cell(to, o, "\033[36m", host, 10);
	buf_str(to, "  ");
	text_cell(to, o, level_colour(level), level, 8);
	buf_str(to, "  ");
	text_cell(to, o, "\033[34m", who, 24);
	buf_str(to, "  ");
	lines(to, o, s, text);
	/* a traceback that stands behind the message is shown as well */
	if (stack.len && !(stack.at >= text.at && stack.at < text.at + text.len)) {
		buf_str(to, "\n    | ");
		lines(to, o, s, stack);
	}
	buf_u8(to, '\n');
	buf_done(&spare);
}

void output_row(struct buf *to, const struct output *o, struct search *s, uint32_t row,
		const struct record *r)
{
	switch (o->format) {
	case QUERY_RAW:
		raw_row(to, r);
		break;
	case QUERY_JSON:
		json_row(to, o, s, row, r);
		break;
	default:
		if (o->fields)
			fields_row(to, o, s, row, r);
		else
			text_row(to, o, s, row, r);
	}
}

/* Tables. */

static void table_json(struct buf *to, const struct table *t)
{
	struct buf text = { 0 };

	for (size_t i = 0; i < t->rows; i++) {
		bool first = true;

		buf_u8(to, '{');
		for (unsigned c = 0; c < t->columns_n; c++) {
			const struct item *item = table_row(t, i) + c;

			if (item->kind == ITEM_NONE)
				continue;
			if (!first)
				buf_u8(to, ',');
			first = false;
			json_string(to, t->columns[c].name);
			buf_u8(to, ':');
			buf_clear(&text);
			item_text(&text, item);
			if (item->kind == ITEM_NUM || item->kind == ITEM_REAL)
				buf_bytes(to, buf_view(&text));
			else
				output_json_value(to, t->columns[c].type, buf_view(&text));
		}
		buf_str(to, "}\n");
	}
	buf_done(&text);
}

static size_t shown_width(struct bytes b)
{
	size_t n = 0;

	for (size_t i = 0; i < b.len; i++)
		n += (b.at[i] & 0xc0) != 0x80;
	return n;
}

static void safe_item(struct buf *to, const struct item *item)
{
	struct buf text = { 0 };

	buf_clear(to);
	item_text(&text, item);
	if (item->kind == ITEM_NONE)
		buf_u8(to, '-');
	else
		text_safe(to, buf_view(&text), NULL);
	buf_done(&text);
}

#define WIDTH_MAX 60 /* a longer value pushes its row out, not the whole table */

static void table_line(struct buf *to, const struct table *t, const size_t *width, size_t row,
		       struct buf *text)
{
	for (unsigned c = 0; c < t->columns_n; c++) {
		const struct item *item = table_row(t, row) + c;
		bool right = item->kind == ITEM_NUM || item->kind == ITEM_REAL;
		size_t n, from = to->len;

		safe_item(text, item);
		n = shown_width(buf_view(text));
		for (size_t i = n; right && i < width[c]; i++)
			buf_u8(to, ' ');
		buf_bytes(to, buf_view(text));
		if (c + 1 < t->columns_n) {
			pad(to, from, width[c]);
			buf_str(to, "  ");
		}
	}
	buf_u8(to, '\n');
}

static void table_text(struct buf *to, const struct table *t, bool with_colour)
{
	size_t *width = mem_new(t->columns_n + 1, sizeof(*width));
	struct buf text = { 0 };

	for (unsigned c = 0; c < t->columns_n; c++) {
		width[c] = shown_width(t->columns[c].name);
		for (size_t i = 0; i < t->rows; i++) {
			size_t n;

			safe_item(&text, table_row(t, i) + c);
			n = shown_width(buf_view(&text));
			if (n > width[c])
				width[c] = n < WIDTH_MAX ? n : WIDTH_MAX;
		}
	}
	if (with_colour)
		buf_str(to, "\033[1m");
	for (unsigned c = 0; c < t->columns_n; c++) {
		bool right = t->rows && (table_row(t, 0)[c].kind == ITEM_NUM ||
					 table_row(t, 0)[c].kind == ITEM_REAL);
		size_t from = to->len, n = shown_width(t->columns[c].name);

		for (size_t i = n; right && i < width[c]; i++)
			buf_u8(to, ' ');
		buf_bytes(to, t->columns[c].name);
		if (c + 1 < t->columns_n) {
			pad(to, from, width[c]);
			buf_str(to, "  ");
		}
	}
	buf_str(to, with_colour ? RESET "\n" : "\n");
	for (size_t i = 0; i < t->rows; i++)
		table_line(to, t, width, i, &text);
	buf_done(&text);
	free(width);
}

void output_table(struct buf *to, const struct table *t, bool json, bool with_colour)
{
	if (json)
		table_json(to, t);
	else if (t->rows)
		table_text(to, t, with_colour);
}
