/* SPDX-License-Identifier: Apache-2.0 */
/* Is an expression true of an event? A test of a field is true when one of the field's values makes
 * it so, and false where the field is not there; `not` turns that round, also for absent fields. */
#include "base/text.h"
#include "detect/sigma/look.h"
#include <arpa/inet.h>
#include <stdlib.h>

#define EXACT 9007199254740992.0 /* beyond it neighbours look equal: only their texts count */

static bool number_of(struct bytes t, double *ret)
{
	char text[64], *end;

	if (!t.len || t.len >= sizeof(text) ||
	    (!is_digit(t.at[0]) && t.at[0] != '-' && t.at[0] != '+' && t.at[0] != '.'))
		return false;
	for (size_t i = 0; i < t.len; i++) {
		if (!is_digit(t.at[i]) && !memchr("+-.eExXabcdefABCDEF", t.at[i], 19))
			return false;
		text[i] = (char)t.at[i];
	}
	text[t.len] = 0;
	*ret = strtod(text, &end);
	return !*end;
}

static bool compare(enum compare_op op, double a, double b)
{
	switch (op) {
	case COMPARE_LT:
		return a < b;
	case COMPARE_LTE:
		return a <= b;
	case COMPARE_GT:
		return a > b;
	default:
		return a >= b;
	}
}

/* ---- times ---- */

static bool time_of(struct look *l, const struct looked_value *v, usec *ret)
{
	(void)l;
	return clock_parse(v->text, 0, ret) && v->text.len && v->text.at[0] != '-' &&
	       v->text.at[0] != 'n';
}

static int week_of(const struct civil *c)
{
	int64_t day = civil_days(c->year, c->month, c->day);
	int64_t thursday = day - (day + 3) % 7 + 3; /* ISO 8601: the week of its Thursday */
	struct civil t;

	civil_of(thursday * USEC_PER_DAY, &t);
	return (int)((thursday - civil_days(t.year, 1, 1)) / 7) + 1;
}

static double part_of(usec at, enum time_part part)
{
	struct civil c;

	civil_of(at, &c);
	switch (part) {
	case PART_MINUTE:
		return c.minute;
	case PART_HOUR:
		return c.hour;
	case PART_DAY:
		return c.day;
	case PART_WEEK:
		return week_of(&c);
	case PART_MONTH:
		return c.month;
	default:
		return c.year;
	}
}

/* ---- networks ---- */

static bool address_of(struct bytes t, uint8_t ret[static 16])
{
	char text[64];

	if (!t.len || t.len >= sizeof(text))
		return false;
	memcpy(text, t.at, t.len);
	text[t.len] = 0;
	memset(ret, 0, 16);
	if (inet_pton(AF_INET, text, ret + 12) == 1) {
		ret[10] = ret[11] = 0xff;
		return true;
	}
	return inet_pton(AF_INET6, text, ret) == 1;
}

static bool in_net(const struct cidr *n, struct bytes t)
{
	uint8_t a[16];
	unsigned whole = n->bits / 8, rest = n->bits % 8;

	if (!address_of(t, a) || memcmp(a, n->net, whole) != 0)
		return false;
	if (n->bits < 96 && bytes_chr(t, ':') == BYTES_NONE)
		return false; /* ::/0 is all of IPv6, and nothing of IPv4 */
	return !rest || !((a[whole] ^ n->net[whole]) >> (8 - rest));
}

/* ---- tests ---- */

static bool refers(struct look *l, const struct test *t, const struct looked_value *v)
{
	const struct looked *other = look_values(l, t->other);
	struct bytes a = t->cased ? v->text : look_lower(l, v);

	for (uint32_t i = 0; i < other->n; i++) {
		struct bytes b = t->cased ? other->at[i].text : look_lower(l, &other->at[i]);

		if (t->before && t->behind ? bytes_find(a, b) != BYTES_NONE
		    : t->behind		   ? bytes_starts(a, b)
		    : t->before		   ? bytes_ends(a, b)
					   : bytes_eq(a, b))
			return true;
	}
	return false;
}

static bool regex(struct look *l, const struct test *t, struct bytes text)
{
	int r = rx_find(t->regex, l->rx, text);

	l->gave_up |= r < 0;
	return r > 0;
}

static bool truth_of(const struct looked_value *v, bool *ret)
{
	bool yes = bytes_ieq(v->text, BYTES("true")) ||
		   (v->kind != VALUE_TEXT && bytes_eq(v->text, BYTES("1")));

	if (!yes && !bytes_ieq(v->text, BYTES("false")) &&
	    !(v->kind != VALUE_TEXT && bytes_eq(v->text, BYTES("0"))))
		return false;
	*ret = yes;
	return true;
}

static bool holds(struct look *l, const struct test *t, const struct looked_value *v)
{
	double number = 0;
	bool truth = false;
	usec at;

	if (v->kind == VALUE_NULL)
		return false;
	switch (t->kind) {
	case TEST_PATTERN:
		return pattern_match(&t->pattern, t->cased ? v->text : look_lower(l, v));
	case TEST_NUMBER:
		return bytes_eq(v->text, t->pattern.text) ||
		       (number_of(v->text, &number) && number == t->number && number < EXACT &&
			number > -EXACT);
	case TEST_COMPARE:
		if (t->part != PART_NONE)
			return time_of(l, v, &at) &&
			       compare(t->op, part_of(at, t->part), t->number);
		return number_of(v->text, &number) && compare(t->op, number, t->number);
	case TEST_TIME:
		return time_of(l, v, &at) && part_of(at, t->part) == t->number;
	case TEST_BOOL:
		return truth_of(v, &truth) && truth == t->truth;
	case TEST_REGEX:
		return regex(l, t, v->text);
	case TEST_CIDR:
		return in_net(&t->cidr, v->text);
	case TEST_FIELDREF:
		return refers(l, t, v);
	default:
		return false;
	}
}

static bool test(struct look *l, const struct test *t)
{
	const struct looked *values =
		t->slot == SLOT_KEYWORD ? look_all(l) : look_values(l, t->slot);

	if (t->kind == TEST_EXISTS)
		return (values->n > 0) == t->truth;
	if (t->kind == TEST_NULL) {
		for (uint32_t i = 0; i < values->n; i++)
			if (values->at[i].kind != VALUE_NULL)
				return false;
		return true;
	}
	for (uint32_t i = 0; i < values->n; i++)
		if (holds(l, t, &values->at[i]))
			return true;
	return false;
}

bool look_expr(struct look *l, const struct expr *e)
{
	switch (e->kind) {
	case EXPR_TEST:
		return test(l, e->test);
	case EXPR_NOT:
		return !look_expr(l, e->sub[0]);
	case EXPR_AND:
		for (uint32_t i = 0; i < e->n; i++)
			if (!look_expr(l, e->sub[i]))
				return false;
		return true;
	case EXPR_OR:
		for (uint32_t i = 0; i < e->n; i++)
			if (look_expr(l, e->sub[i]))
				return true;
		return false;
	default:
		return e->kind == EXPR_TRUE;
	}
}
