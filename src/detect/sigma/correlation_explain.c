/* SPDX-License-Identifier: Apache-2.0 */
/* A correlation in words. */
#include "detect/sigma/correlation_rule.h"

static void names(const struct bytes *list, size_t n, struct buf *to)
{
	for (size_t i = 0; i < n; i++) {
		buf_str(to, i ? ", " : "");
		buf_bytes(to, bytes_sub(list[i], 0, 200));
	}
}

static const char *const wordings[CORRELATION_TYPE_N] = {
	[CORRELATION_EVENT_COUNT] = "the number of events",
	[CORRELATION_VALUE_COUNT] = "the number of different values",
	[CORRELATION_TEMPORAL] = "the number of different rules that matched",
	[CORRELATION_TEMPORAL_ORDERED] = "the number of rules that matched, in this order,",
	[CORRELATION_VALUE_SUM] = "the sum",
	[CORRELATION_VALUE_AVG] = "the mean",
	[CORRELATION_VALUE_PERCENTILE] = "the percentile",
	[CORRELATION_VALUE_MEDIAN] = "the median",
};

static void what(const struct correlation_rule *c, struct buf *to)
{
	if (c->is.type == CORRELATION_VALUE_PERCENTILE && c->is.percentile < 0)
		buf_str(to, "the share in percent of a value");
	else if (c->is.type == CORRELATION_VALUE_PERCENTILE)
		buf_printf(to, "the %g th percentile", c->is.percentile);
	else
		buf_str(to, wordings[c->is.type]);
	if (!c->field_n)
		return;
	buf_str(to, " of ");
	names(c->field, c->field_n, to);
}

static void condition(const struct correlation_rule *c, struct buf *to)
{
	static const char *const ops[OP_N] = { "more than", "at least", "less than",
					       "at most",   "exactly",	"other than" };

	for (size_t i = 0; i < c->is.tests_n; i++)
		buf_printf(to, "%s %s %.10g", i ? " and" : " is", ops[c->is.tests[i].op],
			   c->is.tests[i].number);
}

static void inputs(const struct ruleset *s, const struct correlation_rule *c, struct buf *to)
{
	for (uint32_t i = 0; i < c->is.inputs_n; i++) {
		const struct correlation_input *in = &c->inputs[i];

		buf_str(to, "    ");
		buf_bytes(to, bytes_sub(in->ref, 0, 200));
		if (c->linked) {
			buf_str(to, ": ");
			buf_bytes(to, bytes_sub(s->rules[in->rule].info.title, 0, 200));
		}
		for (size_t g = 0; c->linked && g < c->group_n; g++) {
			if (bytes_eq(in->group[g], c->group[g]))
				continue;
			buf_str(to, g ? ", " : "; ");
			buf_bytes(to, c->group[g]);
			buf_str(to, " is ");
			buf_bytes(to, bytes_sub(in->group[g], 0, 200));
		}
		buf_u8(to, '\n');
	}
}

void correlation_explain(const struct ruleset *s, const struct rule *r, struct buf *to)
{
	const struct correlation_rule *c = r->extra;

	buf_str(to, "looks for\n  ");
	if (c->is.terms_n) {
		const struct yaml_node *n =
			yaml_get(yaml_get(r->document, "correlation"), "condition");

		buf_str(to, "events of these rules near each other: ");
		buf_bytes(to, bytes_sub(n->text, 0, 400));
	} else {
		what(c, to);
		condition(c, to);
	}
	buf_printf(to, "\n  within %lld seconds", (long long)(c->is.span / USEC_PER_SEC));
	if (c->group_n) {
		buf_str(to, ", for each ");
		names(c->group, c->group_n, to);
	}
	buf_printf(to, "\n  judged %s\n  of events that match\n",
		   c->is.closes ? "when the window closes" : "at once, then once a window");
	inputs(s, c, to);
}
