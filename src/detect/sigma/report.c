/* SPDX-License-Identifier: Apache-2.0 */
#include "detect/sigma/report.h"

/* Whom or what an event is about: the first of these that it has. */
static const enum field entity_fields[] = {
	FIELD_USER_NAME,    FIELD_USER_ID,	  FIELD_USER_TARGET_NAME, FIELD_SOURCE_IP,
	FIELD_OS_TARGET_ID, FIELD_OS_INSTANCE_ID, FIELD_SYSTEMD_UNIT,	  FIELD_FILE_PATH,
	FIELD_PROCESS_NAME, FIELD_SERVICE_NAME,
};

/* Details that come first, because people look for them. */
static const enum field detail_fields[] = {
	FIELD_USER_NAME,     FIELD_USER_ID,	     FIELD_SOURCE_IP,	   FIELD_CLIENT_IP,
	FIELD_SOURCE_DOMAIN, FIELD_USER_TARGET_NAME, FIELD_EVENT_ACTION,   FIELD_EVENT_OUTCOME,
	FIELD_EVENT_REASON,  FIELD_OS_PROJECT_ID,    FIELD_OS_INSTANCE_ID, FIELD_OS_REQUEST_ID,
	FIELD_OS_TARGET_ID,  FIELD_SERVICE_NAME,     FIELD_PROCESS_NAME,   FIELD_PROCESS_COMMAND,
	FIELD_FILE_PATH,     FIELD_URL_PATH,	     FIELD_HTTP_STATUS,	   FIELD_USER_AGENT,
	FIELD_THREAT_NAME,   FIELD_LOG_LEVEL,	     FIELD_MESSAGE,
};

static bool take(const struct item *i, enum field f, struct finding_pair *ret)
{
	if (!i->event || !event_has(i->event, f))
		return false;
	*ret = (struct finding_pair){ bytes_str(field_name(f)), i->event->value[f] };
	return true;
}

size_t report_entity(const struct item *i, struct finding_pair ret[static REPORT_ENTITY])
{
	size_t n = 0;

	if (take(i, FIELD_HOST_NAME, &ret[n]))
		n++;
	else if (i->source && i->source->host.len)
		ret[n++] = (struct finding_pair){ BYTES("host.name"), i->source->host };
	if (take(i, FIELD_OS_PROJECT_ID, &ret[n]))
		n++;
	for (size_t k = 0; k < sizeof(entity_fields) / sizeof(*entity_fields); k++)
		if (take(i, entity_fields[k], &ret[n]))
			return n + 1;
	return n;
}

size_t report_details(const struct look *l, struct finding_pair ret[static REPORT_DETAILS])
{
	const struct subject *e = l->subject;
	size_t n = 0;

	for (size_t i = 0; i < e->values_n && n < REPORT_DETAILS; i++)
		if (e->values[i].name.len && e->values[i].name.at[0] != '_')
			ret[n++] = (struct finding_pair){ e->values[i].name, e->values[i].text };
	for (size_t k = 0; !e->values && k < sizeof(detail_fields) / sizeof(*detail_fields); k++)
		n += take(e->item, detail_fields[k], &ret[n]);
	return n;
}

/* One line: the title, and the record's own words behind it. */
static struct bytes message_of(struct report *p, const struct rule *r, const struct item *i)
{
	struct bytes said = i->event ? event_get(i->event, FIELD_MESSAGE) : BYTES("");

	buf_clear(&p->message);
	buf_bytes(&p->message, r->info.title);
	if (said.len) {
		buf_str(&p->message, ": ");
		buf_bytes(&p->message, bytes_sub(said, 0, 400));
	}
	return buf_view(&p->message);
}

void report_rule(struct report *p, const struct rule *r, struct look *l, finding_fn *fn, void *ctx)
{
	const struct item *i = l->subject->item;
	struct finding_pair entity[REPORT_ENTITY], details[REPORT_DETAILS];
	struct finding f = {
		.time = i->time,
		.since = i->time,
		.rule_id = r->info.id.len ? r->info.id : r->info.title,
		.rule_name = r->info.title,
		.level = r->info.level,
		.tags = r->info.tags,
		.tags_n = r->info.tags_n,
		.entity = entity,
		.details = details,
		.message = message_of(p, r, i),
		.count = 1,
		.proofs = &i->ref,
		.proofs_n = 1,
		.source_host = i->source ? i->source->host : BYTES(""),
		.source_name = i->source ? i->source->name : BYTES(""),
	};

	f.entity_n = report_entity(i, entity);
	f.details_n = report_details(l, details);
	fn(ctx, &f);
}

void report_done(struct report *p)
{
	buf_done(&p->message);
}
