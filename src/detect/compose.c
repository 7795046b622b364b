/* SPDX-License-Identifier: Apache-2.0 */
#include "detect/compose.h"

#define ROOM(array) (sizeof(array) / sizeof((array)[0]))

void compose_begin(struct compose *c, const char *rule_id, const char *title, enum level level,
		   usec time)
{
	arena_reset(&c->scratch);
	buf_clear(&c->message);
	c->f = (struct finding){
		.time = time,
		.since = time,
		.rule_id = bytes_str(rule_id),
		.rule_name = bytes_str(title),
		.level = level,
		.tags = c->tags,
		.entity = c->entity,
		.details = c->details,
		.count = 1,
		.proofs = &c->proof,
	};
}

void compose_item(struct compose *c, const struct item *i)
{
	c->proof = i->ref;
	c->f.proofs_n = 1;
	if (i->source) {
		c->f.source_host = i->source->host;
		c->f.source_name = i->source->name;
	}
}

void compose_tag(struct compose *c, const char *tag)
{
	if (c->f.tags_n < ROOM(c->tags))
		c->tags[c->f.tags_n++] = bytes_str(tag);
}

void compose_entity(struct compose *c, const char *name, struct bytes value)
{
	if (value.len && c->f.entity_n < ROOM(c->entity))
		c->entity[c->f.entity_n++] = (struct finding_pair){ bytes_str(name), value };
}

void compose_detail(struct compose *c, const char *name, struct bytes value)
{
	if (value.len && c->f.details_n < ROOM(c->details))
		c->details[c->f.details_n++] = (struct finding_pair){ bytes_str(name), value };
}

/* What `b` holds becomes a value of the finding. */
static void detail_of(struct compose *c, const char *name, struct buf *b)
{
	compose_detail(c, name, arena_copy(&c->scratch, buf_view(b)));
	buf_done(b);
}

void compose_number(struct compose *c, const char *name, uint64_t value)
{
	struct buf b = { 0 };

	buf_printf(&b, "%llu", (unsigned long long)value);
	detail_of(c, name, &b);
}

void compose_span(struct compose *c, const char *name, usec length)
{
	struct buf b = { 0 };

	span_text(&b, length);
	detail_of(c, name, &b);
}

void compose_time(struct compose *c, const char *name, usec at)
{
	struct buf b = { 0 };

	if (at == USEC_NONE)
		return;
	buf_time(&b, at);
	detail_of(c, name, &b);
}

void compose_say(struct compose *c, const char *text)
{
	buf_str(&c->message, text);
}

void compose_say_bytes(struct compose *c, struct bytes b)
{
	buf_bytes(&c->message, bytes_sub(b, 0, 256));
}

void compose_say_span(struct compose *c, usec length)
{
	span_text(&c->message, length);
}

void compose_tell(struct compose *c, finding_fn *fn, void *ctx)
{
	c->f.message = buf_view(&c->message);
	if (fn)
		fn(ctx, &c->f);
}

void compose_done(struct compose *c)
{
	arena_done(&c->scratch);
	buf_done(&c->message);
}

void span_text(struct buf *to, usec length)
{
	static const struct {
		usec length;
		const char *name;
	} units[] = { { 86400, "d" }, { 3600, "h" }, { 60, "m" }, { 1, "s" } };
	usec s = length / USEC_PER_SEC;

	if (length < 10 * USEC_PER_SEC) {
		buf_printf(to, length % USEC_PER_SEC ? "%lld.%llds" : "%llds",
			   (long long)(length / USEC_PER_SEC),
			   (long long)(length % USEC_PER_SEC / (USEC_PER_SEC / 10)));
		return;
	}
	for (size_t i = 0; i < ROOM(units); i++) {
		if (s < units[i].length)
			continue;
		buf_printf(to, "%lld%s", (long long)(s / units[i].length), units[i].name);
		s %= units[i].length;
		if (i + 1 < ROOM(units) && s >= units[i + 1].length)
			buf_printf(to, " %lld%s", (long long)(s / units[i + 1].length),
				   units[i + 1].name);
		return;
	}
}
