/* SPDX-License-Identifier: Apache-2.0 */
/* Modifiers (Sigma modifiers appendix 2.1): each changes the values so far, or what they mean. What
 * one cannot be used on is refused by its name. */
#include "detect/sigma/values.h"

static int around(struct values *v, const char *name, bool before, bool behind)
{
	for (size_t i = 0; i < v->n; i++) {
		struct value *x = &v->at[i];

		values_to_text(v, x);
		if (x->kind == V_TEXT) {
			x->pattern = pattern_around(v->a, x->pattern, before, behind);
		} else if (x->kind == V_FIELDREF || x->kind == V_REGEX) {
			x->before |= before;
			x->behind |= behind;
		} else {
			return values_refuse(v, name, "the value must be text");
		}
	}
	return 0;
}

static int m_contains(struct values *v)
{
	return around(v, "contains", true, true);
}

static int m_startswith(struct values *v)
{
	return around(v, "startswith", false, true);
}

static int m_endswith(struct values *v)
{
	return around(v, "endswith", true, false);
}

static int m_all(struct values *v)
{
	v->all = true;
	return 0;
}

static int m_neq(struct values *v)
{
	v->negated = true;
	return 0;
}

static int m_cased(struct values *v)
{
	for (size_t i = 0; i < v->n; i++)
		if (v->at[i].kind != V_TEXT)
			return values_refuse(v, "cased", "the value must be text");
	v->cased = true;
	return 0;
}

static int to_kind(struct values *v, const char *name, enum value_form kind)
{
	for (size_t i = 0; i < v->n; i++) {
		if (v->at[i].kind != V_TEXT && v->at[i].kind != V_NUMBER)
			return values_refuse(v, name, "the value must be text");
		v->at[i].kind = kind;
	}
	return 0;
}

static int m_re(struct values *v)
{
	if (v->applied)
		return values_refuse(v, "re", "must be the first modifier");
	return to_kind(v, "re", V_REGEX);
}

static int regex_flag(struct values *v, const char *name, bool *flag)
{
	for (size_t i = 0; i < v->n; i++)
		if (v->at[i].kind != V_REGEX)
			return values_refuse(v, name, "comes after re only");
	*flag = true;
	return 0;
}

static int m_i(struct values *v)
{
	return regex_flag(v, "i", &v->regex_i);
}

static int m_m(struct values *v)
{
	return regex_flag(v, "m", &v->regex_m);
}

static int m_s(struct values *v)
{
	return regex_flag(v, "s", &v->regex_s);
}

static int m_cidr(struct values *v)
{
	if (v->applied)
		return values_refuse(v, "cidr", "must be the first modifier");
	return to_kind(v, "cidr", V_CIDR);
}

static int m_fieldref(struct values *v)
{
	for (size_t i = 0; i < v->n; i++)
		if (v->at[i].kind == V_TEXT && v->at[i].pattern.wild)
			return values_refuse(v, "fieldref", "the name of a field has no wildcards");
	return to_kind(v, "fieldref", V_FIELDREF);
}

static int m_exists(struct values *v)
{
	if (v->keyword || v->applied)
		return values_refuse(v, "exists", "must be the first modifier of a field");
	if (v->n != 1 || v->at[0].kind != V_BOOL)
		return values_refuse(v, "exists", "the value must be true or false");
	v->at[0].kind = V_EXISTS;
	return 0;
}

static int compare(struct values *v, const char *name, enum compare_op op)
{
	for (size_t i = 0; i < v->n; i++) {
		struct value *x = &v->at[i];

		if (x->kind != V_NUMBER && x->kind != V_PART)
			return values_refuse(v, name, "the value must be a number");
		x->kind = V_COMPARE;
		x->op = op;
	}
	return 0;
}

static int m_lt(struct values *v)
{
	return compare(v, "lt", COMPARE_LT);
}

static int m_lte(struct values *v)
{
	return compare(v, "lte", COMPARE_LTE);
}

static int m_gt(struct values *v)
{
	return compare(v, "gt", COMPARE_GT);
}

static int m_gte(struct values *v)
{
	return compare(v, "gte", COMPARE_GTE);
}

static int part(struct values *v, const char *name, enum time_part p)
{
	for (size_t i = 0; i < v->n; i++) {
		struct value *x = &v->at[i];

		if (x->kind != V_NUMBER && x->kind != V_COMPARE)
			return values_refuse(v, name, "the value must be a number");
		if (x->kind == V_NUMBER)
			x->kind = V_PART;
		x->part = p;
	}
	return 0;
}

static int m_minute(struct values *v)
{
	return part(v, "minute", PART_MINUTE);
}

static int m_hour(struct values *v)
{
	return part(v, "hour", PART_HOUR);
}

static int m_day(struct values *v)
{
	return part(v, "day", PART_DAY);
}

static int m_week(struct values *v)
{
	return part(v, "week", PART_WEEK);
}

static int m_month(struct values *v)
{
	return part(v, "month", PART_MONTH);
}

static int m_year(struct values *v)
{
	return part(v, "year", PART_YEAR);
}

static const struct modifier {
	const char *name;
	int (*apply)(struct values *v);
} modifiers[] = {
	{ "contains", m_contains },
	{ "startswith", m_startswith },
	{ "endswith", m_endswith },
	{ "all", m_all },
	{ "re", m_re },
	{ "i", m_i },
	{ "ignorecase", m_i },
	{ "m", m_m },
	{ "multiline", m_m },
	{ "s", m_s },
	{ "dotall", m_s },
	{ "cased", m_cased },
	{ "cidr", m_cidr },
	{ "base64", modify_base64 },
	{ "base64offset", modify_base64offset },
	{ "utf16le", modify_utf16le },
	{ "wide", modify_utf16le },
	{ "utf16be", modify_utf16be },
	{ "utf16", modify_utf16 },
	{ "windash", modify_windash },
	{ "lt", m_lt },
	{ "lte", m_lte },
	{ "gt", m_gt },
	{ "gte", m_gte },
	{ "neq", m_neq },
	{ "minute", m_minute },
	{ "hour", m_hour },
	{ "day", m_day },
	{ "week", m_week },
	{ "month", m_month },
	{ "year", m_year },
	{ "expand", modify_expand },
	{ "exists", m_exists },
	{ "fieldref", m_fieldref },
};

int modifier_apply(struct values *v, struct bytes name)
{
	for (size_t i = 0; i < sizeof(modifiers) / sizeof(*modifiers); i++)
		if (bytes_eq(name, bytes_str(modifiers[i].name)))
			return modifiers[i].apply(v);
	return why_set(v->c->why, -EINVAL, "unknown modifier \"%.*s\"",
		       (int)bytes_sub(name, 0, 40).len, (const char *)name.at);
}
