/* SPDX-License-Identifier: Apache-2.0 */
/* The routes of notify.yaml. */
#include "notify/settings_in.h"

int take_targets(struct reading *r, const yaml_node_t *v, bool mail, uint32_t *ret)
{
	struct word_list names = { 0 };
	int e = take_words(r, v, 64, &names);

	if (e < 0)
		return e;
	for (size_t k = 0; k < names.n; k++) {
		size_t i = 0;

		while (i < r->c->targets && !bytes_eq(r->c->target[i].name, names.at[k]))
			i++;
		if (i == r->c->targets)
			return bad(r, v, "there is no target %.64s", (const char *)names.at[k].at);
		if (mail && r->c->target[i].kind != TARGET_MAIL)
			return bad(r, v, "target %.64s is not of kind mail",
				   (const char *)names.at[k].at);
		*ret |= (uint32_t)1 << i;
	}
	return 0;
}

static int take_hours(struct reading *r, const yaml_node_t *v, struct hours *ret)
{
	struct word_list texts = { 0 };
	int e = take_words(r, v, 64, &texts);

	for (size_t i = 0; i < texts.n && e == 0; i++)
		if (!hours_add(ret, texts.at[i]))
			e = bad(r, v,
				"expected hours, as \"mon-fri 08:00-18:00\", \"22:00-06:00\", "
				"\"sat,sun\"");
	return e;
}

static int route_key(struct reading *r, void *ctx, const yaml_node_t *k, const yaml_node_t *v)
{
	struct route *t = ctx;

	if (key_is(k, "name"))
		return take_text(r, v, 64, &t->name);
	if (key_is(k, "to"))
		return take_targets(r, v, false, &t->to);
	if (key_is(k, "level"))
		return take_level(r, v, &t->level);
	if (key_is(k, "project"))
		return take_words(r, v, 128, &t->projects);
	if (key_is(k, "rule"))
		return take_words(r, v, 128, &t->rules);
	if (key_is(k, "host"))
		return take_words(r, v, 128, &t->hosts);
	if (key_is(k, "hours"))
		return t->has_hours = true, take_hours(r, v, &t->hours);
	if (key_is(k, "quiet"))
		return t->has_quiet = true, take_hours(r, v, &t->quiet);
	if (key_is(k, "quiet_level"))
		return take_level(r, v, &t->quiet_level);
	if (key_is(k, "zone"))
		return take_zone(r, v, &t->zone);
	if (key_is(k, "digest"))
		return take_span(r, v, USEC_PER_SEC, 7 * USEC_PER_DAY, &t->digest);
	if (key_is(k, "hourly"))
		return take_count(r, v, 1, 10000, &t->hourly);
	if (key_is(k, "continue"))
		return take_bool(r, v, &t->go_on);
	return bad(r, k,
		   "a route has name, to, level, project, rule, host, hours, quiet, quiet_level, "
		   "zone, digest, hourly, continue");
}

static int read_route(struct reading *r, const yaml_node_t *n)
{
	struct route *t = &r->c->route[r->c->routes];
	char name[32];
	int e;

	*t = (struct route){ .zone = r->c->zone,
			     .quiet_level = LEVEL_CRITICAL,
			     .digest = 3600 * USEC_PER_SEC,
			     .hourly = 60 };
	e = each_key(r, n, "a route is a mapping: to, level, …", route_key, t);
	if (e < 0)
		return e;
	if (!t->to)
		return bad(r, n, "a route needs to: the names of targets");
	if (!t->name.len) {
		int len = snprintf(name, sizeof(name), "route %zu", r->c->routes + 1);

		t->name = arena_copy(&r->c->texts, bytes_of(name, (size_t)len));
	}
	for (size_t i = 0; i < r->c->routes; i++)
		if (bytes_eq(r->c->route[i].name, t->name))
			return bad(r, n, "another route has this name");
	r->c->routes++;
	return 0;
}

int read_routes(struct reading *r, const yaml_node_t *n)
{
	if (n->type != YAML_SEQUENCE_NODE)
		return bad(r, n, "routes: expected a list");
	for (yaml_node_item_t *i = n->data.sequence.items.start; i < n->data.sequence.items.top;
	     i++) {
		const yaml_node_t *one = yaml_document_get_node(&r->doc, *i);
		int e;

		if (r->c->routes == NOTIFY_ROUTES)
			return bad(r, one, "more than %u routes", NOTIFY_ROUTES);
		e = read_route(r, one);
		if (e < 0)
			return e;
	}
	return 0;
}
