/* SPDX-License-Identifier: Apache-2.0 */
#include "notify/change.h"

static const char *const names[TOLD_N] = { "opened",	   "repeated",	   "level-raised",
					   "reopened",	   "acknowledged", "closed",
					   "assigned",	   "commented",	   "suppressed",
					   "unsuppressed", "expired",	   "changed" };

const char *told_name(enum told kind)
{
	return names[kind];
}

struct bytes told_text(const json_t *v)
{
	return bytes_of(json_string_value(v), json_string_length(v));
}

static struct bytes text(const json_t *o, const char *name)
{
	return told_text(json_object_get(o, name));
}

static uint64_t number_of(const json_t *o, const char *name)
{
	json_int_t n = json_integer_value(json_object_get(o, name));

	return n > 0 ? (uint64_t)n : 0;
}

static const json_t *of_type(const json_t *o, const char *name, json_type type)
{
	const json_t *v = json_object_get(o, name);

	return v && json_typeof(v) == type ? v : NULL;
}

static void alert_part(struct told_change *c, const json_t *a)
{
	c->has_alert = true;
	c->id = number_of(a, "id");
	c->count = number_of(a, "count");
	c->suppressed = number_of(a, "suppressed_count");
	level_parse(text(a, "rule.level"), &c->level);
	c->rule_uuid = text(a, "rule.uuid");
	c->rule_name = text(a, "rule.name");
	c->state = text(a, "state");
	c->message = text(a, "message");
	c->host = text(a, "host.name");
	c->project = text(a, "openstack.project.id");
	c->source = text(a, "source");
	c->first = text(a, "first");
	c->last = text(a, "last");
	c->opened = text(a, "opened");
	c->closed = text(a, "closed");
	if (!c->assignee.len)
		c->assignee = text(a, "assignee");
	c->tags = of_type(a, "tags", JSON_ARRAY);
	c->entity = of_type(a, "entity", JSON_OBJECT);
	c->details = of_type(a, "details", JSON_OBJECT);
	c->seq = of_type(a, "vedette.seq", JSON_ARRAY);
	c->overflow = of_type(a, "overflow", JSON_OBJECT);
}

bool told_parse(struct told_change *ret, uint64_t number, struct bytes json)
{
	json_t *root = NULL;
	const json_t *alert;
	struct told_change c = { .number = number, .at = USEC_NONE, .kind = TOLD_OTHER };

	if (json.len && json.len <= CHANGE_TEXT)
		root = json_loadb((const char *)json.at, json.len, JSON_ALLOW_NUL, NULL);
	if (!json_is_object(root)) {
		json_decref(root);
		return false;
	}
	c.root = root;
	c.kind_name = text(root, "kind");
	for (unsigned k = 0; k < TOLD_OTHER; k++)
		if (bytes_eq(c.kind_name, bytes_str(names[k])))
			c.kind = (enum told)k;
	clock_parse(text(root, "@timestamp"), 0, &c.at);
	c.delta = number_of(root, "delta");
	c.by = text(root, "by");
	c.comment = text(root, "comment");
	c.level_was = text(root, "level_was");
	c.assignee = text(root, "assignee");
	c.suppression = of_type(root, "suppression", JSON_OBJECT);
	alert = of_type(root, "alert", JSON_OBJECT);
	if (alert)
		alert_part(&c, alert);
	*ret = c;
	return true;
}

struct told_change told_unreadable(uint64_t number, usec at)
{
	return (struct told_change){
		.number = number,
		.at = at,
		.kind = TOLD_OTHER,
		.level = LEVEL_CRITICAL,
		.rule_name = BYTES("an alert changed, and the change cannot be read"),
		.message = BYTES("See: vedette alerts list"),
	};
}

void told_done(struct told_change *c)
{
	json_decref(c->root);
	c->root = NULL;
}

void told_title(const struct told_change *c, struct buf *to)
{
	const char *sep = ": ", *key;
	json_t *v;

	if (!c->has_alert && c->rule_name.len) {
		buf_bytes(to, c->rule_name);
		return;
	}
	if (!c->has_alert) {
		buf_str(to, "suppression ");
		buf_bytes(to, text(c->suppression, "rule"));
		return;
	}
	buf_bytes(to, c->rule_name.len ? c->rule_name : c->rule_uuid);
	json_object_foreach((json_t *)(uintptr_t)c->entity, key, v)
	{
		if (!json_string_length(v))
			continue;
		buf_str(to, sep);
		buf_bytes(to, told_text(v));
		sep = ", ";
	}
	if (c->overflow)
		buf_printf(to, ": about %llu others",
			   (unsigned long long)number_of(c->overflow, "entities"));
}
