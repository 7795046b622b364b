/* SPDX-License-Identifier: Apache-2.0 */
/* A rule in words: its log source, then its expression, one test a line, indented by what holds
 * them together. */
#include "detect/sigma/correlation_rule.h"
#include "detect/sigma/look.h"

#define VALUES_SHOWN 40u

static void indent(struct buf *to, unsigned depth)
{
	for (unsigned i = 0; i < depth; i++)
		buf_str(to, "  ");
}

/* Text from a rule file may hold anything; one line of it is shown. */
static void shown(struct buf *to, struct bytes text)
{
	for (size_t i = 0; i < text.len && i < 400; i++)
		buf_u8(to, text.at[i] < 0x20 || text.at[i] == 0x7f ? ' ' : text.at[i]);
	if (text.len > 400)
		buf_str(to, "…");
}

static void show_place(const struct slot *s, struct buf *to)
{
	const char *between = "";

	for (unsigned i = 0; i < s->fields_n; i++) {
		buf_printf(to, "%s%s", between,
			   s->fields[i] < FIELD_N	  ? field_name((enum field)s->fields[i])
			   : s->fields[i] == FIELD_SOURCE ? "source.name"
							  : "@timestamp");
		between = ", ";
	}
	if (s->place & SLOT_KV) {
		buf_printf(to, "%skey=value in the text", between);
		between = ", ";
	}
	if (s->place & SLOT_JSON)
		buf_printf(to, "%spath in the JSON", between);
}

static void show_slot(const struct ruleset *s, uint32_t slot, struct buf *to)
{
	const struct slot *f;

	if (slot == SLOT_KEYWORD) {
		buf_str(to, "the record");
		return;
	}
	f = &s->slots[slot];
	shown(to, f->name);
	if (s->options.flat || !f->place ||
	    (f->place == SLOT_ECS && f->fields_n == 1 && f->fields[0] < FIELD_N &&
	     bytes_eq(f->name, bytes_str(field_name((enum field)f->fields[0])))))
		return;
	buf_str(to, " [");
	show_place(f, to);
	buf_u8(to, ']');
}

static void show_cidr(const struct cidr *c, struct buf *to)
{
	bool four = c->bits >= 96 && c->net[10] == 0xff && c->net[11] == 0xff;

	if (four) {
		buf_printf(to, "%u.%u.%u.%u/%u", c->net[12], c->net[13], c->net[14], c->net[15],
			   c->bits - 96);
		return;
	}
	for (unsigned i = 0; i < 16; i += 2)
		buf_printf(to, "%s%x", i ? ":" : "", c->net[i] << 8 | c->net[i + 1]);
	buf_printf(to, "/%u", c->bits);
}

/* The verb fits the wildcards at the ends of the text. */
static void show_pattern(const struct test *t, struct buf *to)
{
	const struct pattern *p = &t->pattern;
	size_t n = p->text.len, from = 0, end = n;
	bool before = n && p->glyph[0] == GLYPH_ANY, behind = n && p->glyph[n - 1] == GLYPH_ANY;
	struct pattern inner;
	struct buf b = { 0 };

	if (before)
		from++;
	if (behind && end > from)
		end--;
	inner = (struct pattern){ bytes_sub(p->text, from, end - from), p->glyph + from, p->wild };
	buf_str(to, before && behind ? "contains "
		    : before	     ? "ends with "
		    : behind	     ? "begins with "
		    : p->wild	     ? "is like "
				     : "is ");
	buf_u8(to, '"');
	pattern_show(&inner, &b);
	shown(to, buf_view(&b));
	buf_done(&b);
	buf_u8(to, '"');
	if (t->cased)
		buf_str(to, " (this case)");
}

static void show_compare(const struct test *t, struct buf *to)
{
	static const char *const ops[] = { "less than", "at most", "more than", "at least" };

	buf_printf(to, "%s %.15g", ops[t->op], t->number);
}

static void show_part(const struct test *t, struct buf *to)
{
	static const char *const parts[] = { "",
					     "the minute of ",
					     "the hour of ",
					     "the day of ",
					     "the week of ",
					     "the month of ",
					     "the year of " };

	buf_str(to, parts[t->part]);
}

static void show_reference(const struct ruleset *s, const struct test *t, struct buf *to)
{
	buf_str(to, t->before && t->behind ? "contains "
		    : t->before		   ? "ends with "
		    : t->behind		   ? "begins with "
					   : "is the same as ");
	show_slot(s, t->other, to);
}

/* What a test says of its field. */
static void show_claim(const struct ruleset *s, const struct test *t, struct buf *to)
{
	switch (t->kind) {
	case TEST_PATTERN:
		show_pattern(t, to);
		break;
	case TEST_NUMBER:
	case TEST_TIME:
		buf_printf(to, "is %.15g", t->number);
		break;
	case TEST_COMPARE:
		buf_str(to, "is ");
		show_compare(t, to);
		break;
	case TEST_BOOL:
		buf_printf(to, "is %s", t->truth ? "true" : "false");
		break;
	case TEST_NULL:
		buf_str(to, "is not there, or null");
		break;
	case TEST_EXISTS:
		buf_str(to, t->truth ? "is there" : "is not there");
		break;
	case TEST_REGEX:
		buf_str(to, "matches /");
		shown(to, rx_text(t->regex));
		buf_u8(to, '/');
		break;
	case TEST_CIDR:
		buf_str(to, "is in ");
		show_cidr(&t->cidr, to);
		break;
	case TEST_FIELDREF:
		show_reference(s, t, to);
		break;
	}
}

static void show_test(const struct ruleset *s, const struct test *t, struct buf *to)
{
	show_part(t, to);
	show_slot(s, t->slot, to);
	buf_u8(to, ' ');
	show_claim(s, t, to);
}

/* One of several values of the same field: the field is said once. */
static bool same_field(const struct expr *e)
{
	if (e->kind != EXPR_OR || e->n < 2)
		return false;
	for (uint32_t i = 0; i < e->n; i++)
		if (e->sub[i]->kind != EXPR_TEST ||
		    e->sub[i]->test->slot != e->sub[0]->test->slot ||
		    e->sub[i]->test->part != e->sub[0]->test->part)
			return false;
	return true;
}

static void show_values(const struct ruleset *s, const struct expr *e, struct buf *to)
{
	show_part(e->sub[0]->test, to);
	show_slot(s, e->sub[0]->test->slot, to);
	for (uint32_t i = 0; i < e->n && i < VALUES_SHOWN; i++) {
		buf_str(to, i ? " or " : " ");
		show_claim(s, e->sub[i]->test, to);
	}
	if (e->n > VALUES_SHOWN)
		buf_printf(to, " or %u more", e->n - VALUES_SHOWN);
}

static void show(const struct ruleset *s, const struct expr *e, unsigned depth, bool negated,
		 struct buf *to)
{
	bool many = e->kind == EXPR_AND || e->kind == EXPR_OR;

	if (many && e->n == 1) {
		show(s, e->sub[0], depth, negated, to);
		return;
	}
	if (e->kind == EXPR_NOT) {
		show(s, e->sub[0], depth, !negated, to);
		return;
	}
	indent(to, depth);
	if (negated)
		buf_str(to, "not: ");
	if (e->kind == EXPR_TEST)
		show_test(s, e->test, to);
	else if (same_field(e))
		show_values(s, e, to);
	else if (many)
		buf_str(to, e->kind == EXPR_AND ? "all of" : "one of");
	else
		buf_str(to, e->kind == EXPR_TRUE ? "always" : "never");
	buf_u8(to, '\n');
	for (uint32_t i = 0; many && !same_field(e) && i < e->n; i++)
		show(s, e->sub[i], depth + 1, false, to);
}

static void line(struct buf *to, const char *name, struct bytes text)
{
	if (!text.len)
		return;
	buf_printf(to, "%-11s ", name);
	shown(to, text);
	buf_u8(to, '\n');
}

static void show_tags(const struct rule_info *r, struct buf *to)
{
	if (!r->tags_n)
		return;
	buf_printf(to, "%-11s", "tags");
	for (size_t i = 0; i < r->tags_n; i++) {
		buf_u8(to, ' ');
		shown(to, r->tags[i]);
	}
	buf_u8(to, '\n');
}

void ruleset_explain(const struct ruleset *s, size_t i, struct buf *to)
{
	const struct rule *r = &s->rules[i];

	line(to, "rule", r->info.title);
	line(to, "id", r->info.id);
	line(to, "name", r->info.name);
	line(to, "level", bytes_str(level_name(r->info.level)));
	line(to, "status", r->info.status);
	show_tags(&r->info, to);
	line(to, "author", r->info.author);
	line(to, "file", r->info.file);
	line(to, "about", r->info.description);
	if (r->info.kind == RULE_PLAIN)
		line(to, "logsource", r->info.logsource);
	line(to, "never", r->info.never);
	if (r->info.quiet)
		line(to, "quiet", BYTES("raises nothing by itself: a correlation counts it"));
	if (r->info.kind == RULE_CORRELATION)
		correlation_explain(s, r, to);
	if (r->info.kind == RULE_PLAIN && r->expr) {
		buf_str(to, "looks for\n");
		show(s, r->expr, 1, false, to);
	}
}
