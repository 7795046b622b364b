/* SPDX-License-Identifier: Apache-2.0 */
#include "detect/sigma/metadata.h"

#define TITLE_MAX 256u

struct reading {
	struct ruleset *set;
	const struct yaml_node *rule;
	unsigned *line;
	struct why *why;
};

static int refuse(struct reading *d, const struct yaml_node *at, const char *field,
		  const char *text)
{
	if (at)
		*d->line = at->line;
	return why_set(d->why, -EINVAL, "%s: %s", field, text);
}

/* Not what YAML reads as a number, a date, true or false. */
static bool is_text(const struct yaml_node *n)
{
	double number;
	bool truth;

	return n->kind == YAML_SCALAR &&
	       !(n->plain &&
		 (yaml_is_number(n, &number) || yaml_is_bool(n, &truth) || yaml_is_date(n)));
}

/* Text where it is there; null is not there. */
static int text(struct reading *d, const char *field, struct bytes *ret)
{
	const struct yaml_node *n = yaml_get(d->rule, field);

	*ret = (struct bytes){ NULL, 0 };
	if (!n || yaml_is_null(n))
		return 0;
	if (!is_text(n))
		return refuse(d, n, field, "must be text");
	*ret = n->text;
	return 0;
}

/* If it is there it says something. */
static int word(struct reading *d, const char *field, struct bytes *ret)
{
	const struct yaml_node *n = yaml_get(d->rule, field);
	int e = text(d, field, ret);

	if (e == 0 && n && !yaml_is_null(n) && !ret->len)
		e = refuse(d, n, field, "must not be empty");
	return e;
}

static bool is_one_of(struct bytes b, const char *const *words)
{
	for (; *words; words++)
		if (bytes_ieq(b, bytes_str(*words)))
			return true;
	return false;
}

/* 32 hexadecimal digits; hyphens, braces and "urn:uuid:" as they are written around them. */
static bool is_uuid(struct bytes b)
{
	size_t digits = 0;

	if (bytes_starts(b, BYTES("urn:uuid:")))
		b = bytes_from(b, 9);
	for (size_t i = 0; i < b.len; i++) {
		if (hex_digit(b.at[i]) >= 0)
			digits++;
		else if (b.at[i] != '-' && b.at[i] != '{' && b.at[i] != '}')
			return false;
	}
	return digits == 32;
}

static int id(struct reading *d, struct rule *r)
{
	int e = text(d, "id", &r->info.id);

	if (e == 0 && r->info.id.len && !is_uuid(r->info.id))
		e = refuse(d, yaml_get(d->rule, "id"), "id", "must be a UUID");
	return e;
}

static size_t characters(struct bytes t)
{
	size_t n = 0;

	for (size_t i = 0; i < t.len; i++)
		n += (t.at[i] & 0xc0) != 0x80;
	return n;
}

static int title(struct reading *d, struct rule *r)
{
	const struct yaml_node *n = yaml_get(d->rule, "title");
	int e = text(d, "title", &r->info.title);

	if (e == 0 && !r->info.title.len)
		e = refuse(d, n ? n : d->rule, "title", "is missing");
	if (e == 0 && characters(r->info.title) > TITLE_MAX)
		e = refuse(d, n, "title", "is longer than 256 characters");
	return e;
}

static int level(struct reading *d, struct rule *r)
{
	struct bytes t;
	int e = text(d, "level", &t);

	r->info.level = LEVEL_MEDIUM; /* none given: of middling weight */
	r->info.levelled = t.len != 0;
	if (e == 0 && t.len && !level_parse(lower_copy(&d->set->arena, t), &r->info.level))
		e = refuse(d, yaml_get(d->rule, "level"), "level",
			   "must be informational, low, medium, high or critical");
	return e;
}

static int status(struct reading *d, struct rule *r)
{
	static const char *const words[] = { "stable",	   "test",	  "experimental",
					     "deprecated", "unsupported", NULL };
	int e = text(d, "status", &r->info.status);

	if (e == 0 && r->info.status.len && !is_one_of(r->info.status, words))
		e = refuse(d, yaml_get(d->rule, "status"), "status",
			   "must be stable, test, experimental, deprecated or unsupported");
	return e;
}

static int date(struct reading *d, const char *field)
{
	const struct yaml_node *n = yaml_get(d->rule, field);

	if (!n || yaml_is_null(n) || yaml_is_date(n))
		return 0;
	return refuse(d, n, field, "must be a date such as 2026-11-22");
}

static int tags(struct reading *d, struct rule *r)
{
	const struct yaml_node *n = yaml_get(d->rule, "tags");
	struct bytes *to;

	if (!n || yaml_is_null(n))
		return 0;
	if (n->kind != YAML_LIST)
		return refuse(d, n, "tags", "must be a list");
	to = arena_take(&d->set->arena, n->n * sizeof(*to));
	for (const struct yaml_item *i = n->first; i; i = i->next) {
		if (!is_text(i->node) || bytes_chr(i->node->text, '.') == BYTES_NONE)
			return refuse(d, i->node, "tags", "must be of the form namespace.name");
		to[r->info.tags_n++] = i->node->text;
	}
	r->info.tags = to;
	return 0;
}

/* Lists that are not used here, but must be what they claim. */
static int list(struct reading *d, const char *field)
{
	const struct yaml_node *n = yaml_get(d->rule, field);

	if (!n || yaml_is_null(n) || n->kind == YAML_LIST)
		return 0;
	return refuse(d, n, field, "must be a list");
}

/* Texts that are not used here. */
static int unused(struct reading *d, const char *field)
{
	struct bytes t;

	return text(d, field, &t);
}

static int taxonomy(struct reading *d)
{
	struct bytes t;

	return word(d, "taxonomy", &t);
}

static int related(struct reading *d)
{
	static const char *const types[] = { "derived", "obsolete",    "merged", "renamed",
					     "similar", "correlation", NULL };
	const struct yaml_node *n = yaml_get(d->rule, "related");

	if (!n || yaml_is_null(n))
		return 0;
	if (n->kind != YAML_LIST)
		return refuse(d, n, "related", "must be a list");
	for (const struct yaml_item *i = n->first; i; i = i->next) {
		const struct yaml_node *other = yaml_get(i->node, "id"),
				       *type = yaml_get(i->node, "type");

		if (!other || other->kind != YAML_SCALAR || !is_uuid(other->text))
			return refuse(d, i->node, "related", "id must be a UUID");
		if (!type || type->kind != YAML_SCALAR || !is_one_of(type->text, types))
			return refuse(d, i->node, "related", "type is none of the specification's");
	}
	return 0;
}

static int logsource(struct reading *d, struct rule *r)
{
	const struct yaml_node *n = yaml_get(d->rule, "logsource");
	const struct {
		const char *name;
		struct bytes *to;
	} parts[] = { { "product", &r->product },
		      { "category", &r->category },
		      { "service", &r->service } };

	if (!n)
		return refuse(d, d->rule, "logsource", "is missing");
	if (n->kind != YAML_MAP)
		return refuse(d, n, "logsource", "must be a mapping");
	for (size_t i = 0; i < 3; i++) {
		const struct yaml_node *p = yaml_get(n, parts[i].name);

		if (!p || yaml_is_null(p))
			continue;
		if (p->kind != YAML_SCALAR)
			return refuse(d, p, "logsource",
				      "product, category and service must be texts");
		*parts[i].to = p->text;
	}
	if (!(r->product.len + r->category.len + r->service.len))
		return refuse(d, n, "logsource", "must name a product, category or service");
	return 0;
}

/* "product/category/service", - for what is not named. */
static struct bytes show_logsource(struct ruleset *s, const struct rule *r)
{
	const struct bytes part[3] = { r->product, r->category, r->service };
	struct buf b = { 0 };
	struct bytes shown;

	for (size_t i = 0; i < 3; i++) {
		buf_str(&b, i ? "/" : "");
		buf_bytes(&b, part[i].len ? part[i] : BYTES("-"));
	}
	shown = arena_copy(&s->arena, buf_view(&b));
	buf_done(&b);
	return shown;
}

int metadata_read(struct ruleset *s, const struct yaml_node *n, struct rule *r, unsigned *ret_line,
		  struct why *why)
{
	static const char *const lists[] = { "references", "fields", "falsepositives", "scope" };
	struct reading d = { s, n, ret_line, why };
	int e = title(&d, r);

	if (e == 0)
		e = id(&d, r);
	if (e == 0)
		e = level(&d, r);
	if (e == 0)
		e = status(&d, r);
	if (e == 0)
		e = text(&d, "description", &r->info.description);
	if (e == 0)
		e = text(&d, "author", &r->info.author);
	if (e == 0)
		e = unused(&d, "license");
	if (e == 0)
		e = word(&d, "name", &r->info.name);
	if (e == 0)
		e = taxonomy(&d);
	if (e == 0)
		e = date(&d, "date");
	if (e == 0)
		e = date(&d, "modified");
	if (e == 0)
		e = tags(&d, r);
	for (size_t i = 0; e == 0 && i < sizeof(lists) / sizeof(*lists); i++)
		e = list(&d, lists[i]);
	if (e == 0)
		e = related(&d);
	if (e == 0 && r->info.kind != RULE_CORRELATION)
		e = logsource(&d, r);
	r->info.logsource = show_logsource(s, r);
	return e;
}
