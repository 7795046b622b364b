/* SPDX-License-Identifier: Apache-2.0 */
#include "parse/json_kinds.h"

/* Which service sent a notification: "identity.host1", "compute.cmp1", "nova-compute:cmp1". */
static void publisher(struct line *l)
{
	struct bytes p = event_get(l->ev, FIELD_OS_PUBLISHER), host;
	size_t colon = scan_chr(p, ':'), dot = scan_chr(p, '.');
	size_t at = colon < p.len ? colon : dot;

	host = bytes_from(p, at + 1);
	set(l, FIELD_HOST_NAME, scan_head(host, scan_chr(host, '@')));
	if (STARTS(p, "identity"))
		SET(l, SERVICE_NAME, "keystone");
	else if (STARTS(p, "image"))
		SET(l, SERVICE_NAME, "glance");
	else if (STARTS(p, "network"))
		SET(l, SERVICE_NAME, "neutron");
	else if (STARTS(p, "volume") || STARTS(p, "snapshot") || STARTS(p, "backup"))
		SET(l, SERVICE_NAME, "cinder");
	else if (STARTS(p, "compute") || STARTS(p, "api.") || STARTS(p, "conductor") ||
		 STARTS(p, "scheduler"))
		SET(l, SERVICE_NAME, "nova");
	else if (STARTS(p, "orchestration"))
		SET(l, SERVICE_NAME, "heat");
	else
		set(l, FIELD_SERVICE_NAME, service_of(p));
}

static void category(struct line *l, struct bytes type)
{
	if (STARTS(type, "identity.authenticate") ||
	    IS(event_get(l->ev, FIELD_EVENT_ACTION), "authenticate"))
		SET(l, EVENT_CATEGORY, "authentication");
	else if (STARTS(type, "identity.") ||
		 STARTS(event_get(l->ev, FIELD_OS_TARGET_TYPE), "data/security"))
		SET(l, EVENT_CATEGORY, "iam");
	else if (STARTS(type, "audit.http"))
		SET(l, EVENT_CATEGORY, "web");
	else if (STARTS(type, "compute.instance.") || STARTS(type, "instance."))
		SET(l, EVENT_CATEGORY, "host");
	else if (STARTS(type, "service."))
		SET(l, EVENT_CATEGORY, "process");
	else if (STARTS(type, "network.") || STARTS(type, "port.") || STARTS(type, "subnet.") ||
		 STARTS(type, "router.") || STARTS(type, "floatingip.") ||
		 STARTS(type, "security_group"))
		SET(l, EVENT_CATEGORY, "network");
}

void json_is_notification(struct line *l, unsigned marks)
{
	struct event *e = l->ev;
	struct bytes type = event_get(e, FIELD_OS_EVENT_TYPE);

	if (marks & MARK_NOTIFICATION)
		publisher(l);
	if ((marks & MARK_HTTP) && event_get(e, FIELD_EVENT_CODE).len == 3)
		set(l, FIELD_HTTP_STATUS, event_get(e, FIELD_EVENT_CODE));
	if (!(marks & MARK_CADF)) /* the payload is the thing itself */
		set(l, FIELD_OS_TARGET_ID, event_get(e, FIELD_EVENT_ID));
	if (STARTS(type, "identity.user."))
		set(l, FIELD_USER_TARGET_ID, event_get(e, FIELD_OS_TARGET_ID));
	if (STARTS(type, "instance."))
		set(l, FIELD_OS_INSTANCE_ID, event_get(e, FIELD_OS_TARGET_ID));
	set(l, FIELD_SERVICE_NAME, service_of(event_get(e, FIELD_OS_TARGET_ID)));
	set(l, FIELD_EVENT_ACTION, type);
	category(l, type);
	if (marks & MARK_NOTIFICATION)
		SET(l, EVENT_DATASET, "openstack.notification");
	else
		SET(l, EVENT_DATASET, "openstack.cadf");
}

/* The formatters of oslo.log: the text is looked at as it would be behind the header of a line. */
void json_is_oslo(struct line *l)
{
	struct bytes logger = event_get(l->ev, FIELD_LOG_LOGGER);
	struct bytes service = service_of(logger);

	set(l, FIELD_SERVICE_NAME, service.len ? service : service_of_path(l->hint->name));
	SET(l, EVENT_DATASET, "oslo.log");
	oslo_message(l, logger, event_get(l->ev, FIELD_LOG_LEVEL), event_get(l->ev, FIELD_MESSAGE));
}

/* Security tools that write JSON. */
void json_is_tool(struct line *l, unsigned marks)
{
	if (marks & MARK_SURICATA) {
		if (IS(event_get(l->ev, FIELD_EVENT_ACTION), "alert"))
			SET(l, EVENT_CATEGORY, "intrusion_detection");
		SET(l, EVENT_DATASET, "suricata");
	} else if (marks & MARK_FALCO) {
		SET(l, EVENT_CATEGORY, "intrusion_detection");
		SET(l, EVENT_ACTION, "rule-hit");
		SET(l, EVENT_DATASET, "falco");
	} else {
		if (STARTS(event_get(l->ev, FIELD_MESSAGE), "AIDE found differences")) {
			SET(l, EVENT_CATEGORY, "file");
			SET(l, EVENT_ACTION, "integrity-violation");
		}
		SET(l, EVENT_DATASET, "aide");
	}
}
