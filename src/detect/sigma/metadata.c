/* SPDX-License-Identifier: Apache-2.0 */
#include "detect/sigma/metadata.h"

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

/* Text where it is there; null is not there. */
static int text(struct reading *d, const char *field, struct bytes *ret)
{
	const struct yaml_node *n = yaml_get(d->rule, field);

	*ret = (struct bytes){ NULL, 0 };
	if (!n || yaml_is_null(n))
		return 0;
	if (n->kind != YAML_SCALAR)
		return refuse(d, n, field, "must be text");
	*ret = n->text;
	return 0;
}

static bool is_one_of(struct bytes b, const char *const *words)
{
	for (; *words; words++)
		if (bytes_eq(b, bytes_str(*words)))
			return true;
	return false;
}

static bool is_uuid(struct bytes b)
{
	if (b.len != 36)
		return false;
	for (size_t i = 0; i < 36; i++) {
		bool dash = i == 8 || i == 13 || i == 18 || i == 23;

		if (dash ? b.at[i] != '-' : hex_digit(b.at[i]) < 0)
			return false;
	}
	return true;
}

static int id(struct reading *d, struct rule *r)
{
	int e = text(d, "id", &r->info.id);

	if (e == 0 && r->info.id.len && !is_uuid(r->info.id))
		e = refuse(d, yaml_get(d->rule, "id"), "id", "must be a UUID");
	return e;
}

static int title(struct reading *d, struct rule *r)
{
	const struct yaml_node *n = yaml_get(d->rule, "title");
	int e = text(d, "title", &r->info.title);

	if (e == 0 && !r->info.title.len)
		e = refuse(d, n ? n : d->rule, "title", "is missing");
	if (e == 0 && r->info.title.len > 1024)
		e = refuse(d, n, "title", "is too long");
	return e;
}

static int level(struct reading *d, struct rule *r)
{
	struct bytes t;
	int e = text(d, "level", &t);

	r->info.level = LEVEL_MEDIUM; /* none given: of middling weight */
	if (e == 0 && t.len && !level_parse(t, &r->info.level))
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
		if (i->node->kind != YAML_SCALAR || bytes_chr(i->node->text, '.') == BYTES_NONE)
			return refuse(d, i->node, "tags", "must be of the form namespace.name");
		to[r->info.tags_n++] = i->node->text;
	}
	r->info.tags = to;
	return 0;
}

/* Lists of texts that are not used here, but must be what they claim. */
static int texts(struct reading *d, const char *field, bool one)
{
	const struct yaml_node *n = yaml_get(d->rule, field);

	if (!n || yaml_is_null(n) || (one && n->kind == YAML_SCALAR))
		return 0;
	if (n->kind != YAML_LIST)
		return refuse(d, n, field, "must be a list");
	for (const struct yaml_item *i = n->first; i; i = i->next)
		if (i->node->kind != YAML_SCALAR)
			return refuse(d, i->node, field, "must be a list of texts");
	return 0;
}

static int related(struct reading *d)
{
	static const char *const types[] = { "derived", "obsolete", "obsoletes",   "merged",
					     "renamed", "similar",  "correlation", NULL };
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
		e = text(&d, "name", &r->info.name);
	if (e == 0)
		e = date(&d, "date");
	if (e == 0)
		e = date(&d, "modified");
	if (e == 0)
		e = tags(&d, r);
	if (e == 0)
		e = texts(&d, "references", false);
	if (e == 0)
		e = texts(&d, "fields", false);
	if (e == 0)
		e = texts(&d, "falsepositives", true);
	if (e == 0)
		e = related(&d);
	if (e == 0 && r->info.kind != RULE_CORRELATION)
		e = logsource(&d, r);
	r->info.logsource = show_logsource(s, r);
	return e;
}
