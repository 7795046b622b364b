/* SPDX-License-Identifier: Apache-2.0 */
/* The canonical form: what was understood, whatever way it was written. Fully bracketed. */
#include "base/text.h"
#include "query/ast.h"
#include "query/query.h"

static void dump_text(struct buf *to, struct bytes b)
{
	json_string(to, b);
}

static void dump_addr(struct buf *to, const struct addr *a)
{
	static const uint8_t v4[12] = { [10] = 0xff, [11] = 0xff };

	if (!memcmp(a->b, v4, 12)) {
		buf_printf(to, "%u.%u.%u.%u", a->b[12], a->b[13], a->b[14], a->b[15]);
		return;
	}
	for (unsigned i = 0; i < 16; i += 2)
		buf_printf(to, "%s%x", i ? ":" : "", a->b[i] << 8 | a->b[i + 1]);
}

static void dump_bound(struct buf *to, unsigned column, const struct bound *b)
{
	if (!b->set) {
		buf_u8(to, '*');
		return;
	}
	switch (column_type(column)) {
	case TYPE_IP:
		dump_addr(to, &b->addr);
		break;
	case TYPE_TIME:
		buf_time(to, (usec)b->num);
		break;
	case TYPE_KEYWORD:
		dump_text(to, b->text);
		break;
	default:
		num_text(to, b->num);
	}
}

static void dump_test(struct buf *to, const struct test *t)
{
	if (t->column != COLUMN_RAW)
		buf_str(to,
			t->column == COLUMN_SOURCE_FILE ? "source-file" : column_name(t->column));
	switch (t->kind) {
	case TEST_EXISTS:
		buf_str(to, ":*");
		break;
	case TEST_EQUAL:
		buf_u8(to, '=');
		dump_text(to, t->text);
		break;
	case TEST_HOLDS:
		if (t->column != COLUMN_RAW)
			buf_u8(to, '~');
		dump_text(to, t->text);
		break;
	case TEST_GLOB:
		buf_str(to, t->column == COLUMN_RAW ? "like" : " like ");
		dump_text(to, t->text);
		break;
	case TEST_REGEX:
		buf_u8(to, '/');
		text_safe(to, t->text, NULL);
		buf_u8(to, '/');
		buf_bytes(to, t->flags);
		break;
	case TEST_ONE_OF:
		buf_printf(to, " one of %u %s", t->many, t->texts ? "texts" : "ranges");
		break;
	case TEST_RANGE:
		buf_str(to, t->lo.without ? "={" : "=[");
		dump_bound(to, t->column, &t->lo);
		buf_str(to, " TO ");
		dump_bound(to, t->column, &t->hi);
		buf_u8(to, t->hi.without ? '}' : ']');
		break;
	}
}

static void dump_node(struct buf *to, const struct node *n)
{
	switch (n->kind) {
	case NODE_ALL:
		buf_u8(to, '*');
		break;
	case NODE_TEST:
		dump_test(to, &n->test);
		break;
	case NODE_NOT:
		buf_str(to, "NOT ");
		dump_node(to, n->child);
		break;
	default:
		buf_u8(to, '(');
		for (const struct node *c = n->child; c; c = c->next) {
			if (c != n->child)
				buf_str(to, n->kind == NODE_AND ? " AND " : " OR ");
			dump_node(to, c);
		}
		buf_u8(to, ')');
	}
}

static struct bytes name_of(const struct query *q, unsigned column, bool table)
{
	if (!table)
		return bytes_str(column_name(column));
	if (column < q->stats->keys_n)
		return q->stats->keys[column].name;
	return q->stats->aggs[column - q->stats->keys_n].name;
}

static void dump_columns(struct buf *to, const struct query *q, const struct stage *st, bool table)
{
	for (unsigned i = 0; i < st->columns_n; i++) {
		buf_str(to, i ? ", " : " ");
		if (st->down[i])
			buf_u8(to, '-');
		buf_bytes(to, name_of(q, st->columns[i], table));
	}
}

static void dump_stats(struct buf *to, const struct stage *st)
{
	static const char *const names[] = { "count", "dc", "min", "max", "sum", "avg" };

	buf_str(to, "stats");
	for (unsigned i = 0; i < st->aggs_n; i++) {
		const struct agg *a = &st->aggs[i];

		buf_str(to, i ? ", " : " ");
		if (a->kind == AGG_PERCENTILE)
			buf_printf(to, "p%u", a->percent);
		else
			buf_str(to, names[a->kind]);
		buf_printf(to, "(%s)", a->column == COLUMN_N ? "" : column_name(a->column));
		buf_str(to, " as ");
		buf_bytes(to, a->name);
	}
	for (unsigned i = 0; i < st->keys_n; i++) {
		buf_str(to, i ? ", " : " by ");
		if (st->keys[i].bin)
			buf_printf(to, "bin(%lldms)", (long long)(st->keys[i].bin / 1000));
		else
			buf_bytes(to, st->keys[i].name);
	}
}

static void dump_stage(struct buf *to, const struct query *q, const struct stage *st, bool table)
{
	static const char *const signs[] = { "=", "!=", "<", "<=", ">", ">=" };

	switch (st->kind) {
	case STAGE_STATS:
		dump_stats(to, st);
		return;
	case STAGE_HEAD:
	case STAGE_TAIL:
		buf_printf(to, "%s %llu%s", st->kind == STAGE_HEAD ? "head" : "tail",
			   (unsigned long long)st->n, st->columns_n ? " by" : "");
		break;
	case STAGE_SORT:
		buf_str(to, "sort");
		break;
	case STAGE_FIELDS:
		buf_str(to, "fields");
		break;
	case STAGE_WHERE:
		buf_str(to, "where");
		for (unsigned i = 0; i < st->havings_n; i++) {
			buf_str(to, i ? " AND " : " ");
			buf_bytes(to, name_of(q, st->havings[i].column, table));
			buf_str(to, signs[st->havings[i].op]);
			dump_text(to, st->havings[i].text);
		}
		return;
	}
	dump_columns(to, q, st, table);
}

void query_dump(const struct query *q, struct buf *to)
{
	bool table = false;

	if (q->since != USEC_NONE || q->until != USEC_NONE) {
		buf_str(to, "from ");
		if (q->since != USEC_NONE)
			buf_time(to, q->since);
		buf_str(to, " until ");
		if (q->until != USEC_NONE)
			buf_time(to, q->until);
		buf_str(to, ": ");
	}
	dump_node(to, q->root);
	for (unsigned i = 0; i < q->stages_n; i++) {
		buf_str(to, " | ");
		dump_stage(to, q, q->stages[i], table);
		table |= q->stages[i]->kind == STAGE_STATS;
	}
}
