/* SPDX-License-Identifier: Apache-2.0 */
/* What the text of an OpenStack service means. Which texts are looked at is decided by the logger
 * and the first byte, so that an ordinary line costs nothing more. */
#include "parse/line.h"

bool config_message(struct line *l, struct bytes text)
{
	struct bytes b = text, part;

	if (TAKE(&b, "Option ")) {
		size_t at = FIND(b, " changed from [");

		if (at == BYTES_NONE)
			return false;
		set(l, FIELD_OS_CONFIG_OPTION, scan_head(b, at));
		scan_skip(&b, at + 15);
		at = FIND(b, "] to [");
		if (at != BYTES_NONE) {
			set(l, FIELD_OS_CONFIG_OLD, scan_head(b, at));
			part = bytes_from(b, at + 6);
			if (ENDS(part, "]"))
				part.len--;
			set(l, FIELD_OS_CONFIG_NEW, part);
		}
		SET(l, EVENT_OUTCOME, "success");
	} else if (TAKE(&b, "Ignoring change to immutable option ")) {
		set(l, FIELD_OS_CONFIG_OPTION, scan_word(&b));
		SET(l, EVENT_OUTCOME, "failure");
	} else {
		return false;
	}
	SET(l, EVENT_CATEGORY, "configuration");
	SET(l, EVENT_ACTION, "config-change");
	return true;
}

static void service_action(struct line *l, struct bytes action)
{
	SET(l, EVENT_CATEGORY, "process");
	set(l, FIELD_EVENT_ACTION, action);
}

/* "Child 123 exited with status 1", "Child 123 killed by signal 9" */
static bool child_message(struct line *l, struct bytes b)
{
	struct bytes pid;

	if (STARTS(b, "caught ")) {
		bool reload = HAS(b, "SIGHUP") || HAS(b, "SIG_UNBLOCK");

		service_action(l, reload ? BYTES("service-child-reload")
					 : BYTES("service-child-stop"));
		return true;
	}
	pid = scan_digits(&b);
	if (!pid.len || !scan_take_chr(&b, ' '))
		return false;
	if (TAKE(&b, "exited with status "))
		set_number(l, FIELD_PROCESS_EXIT_CODE, scan_digits(&b));
	else if (!STARTS(b, "killed by signal "))
		return false;
	service_action(l, BYTES("service-child-exit"));
	return true;
}

/* Lines of oslo.service. Python 3.11 prints SIG_UNBLOCK for SIGHUP: both are the number 1. */
bool service_message(struct line *l, struct bytes b)
{
	if (TAKE(&b, "Caught ")) {
		if (STARTS(b, "SIGHUP") || STARTS(b, "SIG_UNBLOCK"))
			service_action(l, BYTES("service-reload"));
		else
			service_action(l, BYTES("service-stop"));
		return true;
	}
	if (TAKE(&b, "Child "))
		return child_message(l, b);
	if (STARTS(b, "Starting ") && HAS(b, " workers"))
		service_action(l, BYTES("service-start"));
	else if (STARTS(b, "Started child ") || STARTS(b, "Forking too fast"))
		service_action(l, BYTES("service-child-start"));
	else if (STARTS(b, "Parent process has died unexpectedly"))
		service_action(l, BYTES("service-crash"));
	else if (STARTS(b, "Graceful shutdown ") || STARTS(b, "Waiting on ") ||
		 STARTS(b, "Wait called after thread killed") ||
		 STARTS(b, "Service will be shut down") || STARTS(b, "SIGTERM received") ||
		 STARTS(b, "Stopping service"))
		service_action(l, BYTES("service-stop"));
	else
		return false;
	return true;
}

/* "Starting compute node (version 26.2.2)", "/usr/bin/neutron-server version 21.0.0" */
static bool start_message(struct line *l, struct bytes b)
{
	size_t at;

	if (STARTS(b, "Starting ")) {
		at = FIND(b, "(version ");
		if (at == BYTES_NONE)
			return false;
		scan_skip(&b, at + 9);
		set(l, FIELD_SERVICE_VERSION, scan_head(b, scan_chr(b, ')')));
	} else if (scan_is(b, '/')) {
		at = FIND(b, " version ");
		if (at == BYTES_NONE || at > 200)
			return false;
		scan_skip(&b, at + 9);
		set(l, FIELD_SERVICE_VERSION, scan_word(&b));
	} else {
		return false;
	}
	service_action(l, BYTES("service-start"));
	return true;
}

/* "[uuid] AMQP server on 127.0.0.1:5672 is unreachable: …", "Reconnected to AMQP server on …" */
static bool messaging_message(struct line *l, struct bytes b)
{
	size_t at = FIND(b, "AMQP server on ");
	struct bytes server;

	if (at == BYTES_NONE || at > 80)
		return false;
	scan_skip(&b, at + 15);
	server = scan_word(&b);
	set_destination(l, server);
	SET(l, EVENT_CATEGORY, "network");
	if (STARTS(b, "is unreachable")) {
		SET(l, EVENT_ACTION, "amqp-connect");
		SET(l, EVENT_OUTCOME, "failure");
	} else if (STARTS(b, "via [")) {
		SET(l, EVENT_ACTION, "amqp-connect");
		SET(l, EVENT_OUTCOME, "success");
	}
	return true;
}

/* What nova says of the life of an instance. */
static bool instance_message(struct line *l, struct bytes b)
{
	static const struct {
		struct bytes text, action;
	} said[] = {
#define S(text, action)                                                                            \
	{                                                                                          \
		{ (const uint8_t *)(text), sizeof(text) - 1 },                                     \
		{                                                                                  \
			(const uint8_t *)(action), sizeof(action) - 1                              \
		}                                                                                  \
	}
		S("VM Started (Lifecycle Event)", "instance-started"),
		S("VM Stopped (Lifecycle Event)", "instance-stopped"),
		S("VM Paused (Lifecycle Event)", "instance-paused"),
		S("VM Resumed (Lifecycle Event)", "instance-resumed"),
		S("VM Suspended (Lifecycle Event)", "instance-suspended"),
		S("VM Crashed (Lifecycle Event)", "instance-crashed"),
		S("Terminating instance", "instance-terminate"),
		S("Rebooting instance", "instance-reboot"),
		S("Instance destroyed successfully", "instance-destroyed"),
		S("Instance spawned successfully", "instance-spawned"),
		S("Instance shutdown by itself", "instance-shutdown-by-itself"),
		S("Instance shutdown successfully", "instance-shutdown"),
#undef S
	};

	for (size_t i = 0; i < sizeof(said) / sizeof(said[0]); i++) {
		if (bytes_starts(b, said[i].text)) {
			set(l, FIELD_EVENT_ACTION, said[i].action);
			SET(l, EVENT_CATEGORY, "host");
			return true;
		}
	}
	return false;
}

/* The value of "key='value'" behind `from`, or nothing. */
static struct bytes quoted(struct bytes b, struct bytes from, struct bytes key)
{
	size_t at = scan_find(b, from);

	if (at == BYTES_NONE)
		return BYTES("");
	b = bytes_from(b, at + from.len);
	b = scan_head(b, scan_chr(b, ')')); /* of this header alone */
	at = scan_find(b, key);
	if (at == BYTES_NONE)
		return BYTES("");
	b = bytes_from(b, at + key.len);
	if (scan_take_chr(&b, '\''))
		return scan_head(b, scan_chr(b, '\''));
	return scan_head(b, scan_either(b, ',', ')'));
}

/* Neutron's security group log: "action=DROP project_id=… log_resource_ids=[…] vm_port=… pkt=
 * ethernet(…)ipv4(…,dst='…',…,src='…',…)tcp(…,dst_port=22,…)" */
static bool packet_message(struct line *l, struct bytes b)
{
	struct bytes v, ip = FIND(b, "ipv6(") != BYTES_NONE ? BYTES("ipv6(") : BYTES("ipv4(");
	struct bytes proto = HAS(b, ")udp(") ? BYTES(")udp(") : BYTES(")tcp(");

	if (!STARTS(b, "action=") || !HAS(b, " vm_port="))
		return false;
	SET(l, EVENT_CATEGORY, "network");
	if (STARTS(b, "action=DROP") || STARTS(b, "action=drop"))
		SET(l, EVENT_ACTION, "packet-dropped");
	else
		SET(l, EVENT_ACTION, "packet-accepted");
	if (KEY(b, "project_id=", &v))
		set(l, FIELD_OS_PROJECT_ID, v);
	if (KEY(b, "vm_port=", &v))
		set(l, FIELD_OS_TARGET_ID, v);
	v = quoted(b, ip, BYTES("src="));
	if (is_ip(v))
		set(l, FIELD_SOURCE_IP, v);
	v = quoted(b, ip, BYTES("dst="));
	if (is_ip(v))
		set(l, FIELD_DESTINATION_IP, v);
	set_number(l, FIELD_SOURCE_PORT, quoted(b, proto, BYTES("src_port=")));
	set_number(l, FIELD_DESTINATION_PORT, quoted(b, proto, BYTES("dst_port=")));
	return true;
}

/* A policy that said no: "HTTP exception thrown: Policy doesn't allow X to be performed." of nova
 * and cinder, "You are not authorized to perform the requested action: X." of Keystone */
static bool refused_message(struct line *l, struct bytes b)
{
	struct bytes rule = b;
	size_t at;

	TAKE(&rule, "HTTP exception thrown: ");
	if (TAKE(&rule, "Policy doesn't allow ")) {
		at = FIND(rule, " to be performed");
		rule = scan_head(rule, at);
	} else if (TAKE(&rule, "You are not authorized to perform the requested action")) {
		if (!TAKE(&rule, ": "))
			rule.len = 0;
		rule = scan_head(rule, scan_chr(rule, ' '));
		while (ENDS(rule, ".") || ENDS(rule, ":") || ENDS(rule, ","))
			rule.len--;
		rule = scan_head(rule, FIND(rule, ".:"));
	} else {
		return false;
	}
	set(l, FIELD_RULE_NAME, rule);
	SET(l, EVENT_CATEGORY, "iam");
	SET(l, EVENT_ACTION, "policy-check");
	SET(l, EVENT_OUTCOME, "failure");
	return true;
}

/* "Logging rate limit: drop after 3 records/60 sec", after which nothing is said for a while */
static bool rate_message(struct line *l, struct bytes b)
{
	if (!STARTS(b, "Logging rate limit: drop after "))
		return false;
	service_action(l, BYTES("log-dropped"));
	return true;
}

static bool by_logger(struct line *l, struct bytes logger, struct bytes text)
{
	switch (scan_at(logger, 0)) {
	case 'k':
		if (scan_is(text, 'Y') && refused_message(l, text))
			return true;
		return STARTS(logger, "keystone") && keystone_message(l, logger, text);
	case 'o':
		if (STARTS(logger, "oslo.messaging.notification"))
			return json_notification(l, text);
		if (STARTS(logger, "oslo_service") || STARTS(logger, "oslo.service"))
			return service_message(l, text);
		if (STARTS(logger, "oslo_config") || STARTS(logger, "oslo.config"))
			return config_message(l, text);
		if (STARTS(logger, "oslo.messaging") || STARTS(logger, "oslo_messaging"))
			return messaging_message(l, text);
		return STARTS(logger, "openstack_auth") && horizon_message(l, text);
	case 'n':
		if (STARTS(logger, "nova.openstack.common.service"))
			return service_message(l, text);
		if (STARTS(logger, "nova.compute.") || STARTS(logger, "nova.virt."))
			return instance_message(l, text);
		if (STARTS(logger, "neutron.services.logapi."))
			return packet_message(l, text);
		break;
	case 'r':
		return IS(logger, "root") && rate_message(l, text);
	case 'c':
		if (STARTS(logger, "cotyledon"))
			return service_message(l, text);
		break;
	default:
		break;
	}
	if ((scan_is(text, 'H') || scan_is(text, 'P')) && refused_message(l, text))
		return true;
	if (ENDS(logger, ".service") || ENDS(logger, ".config"))
		return start_message(l, text) || service_message(l, text);
	return false;
}

/* "(25746) wsgi starting up on http://0.0.0.0:8774", "(25746) accepted ('10.0.0.1', 34567)" */
static bool wsgi_server_message(struct line *l, struct bytes b)
{
	struct bytes pid, who;

	if (!scan_take_chr(&b, '('))
		return false;
	pid = scan_digits(&b);
	if (!pid.len || !TAKE(&b, ") "))
		return false;
	if (STARTS(b, "wsgi starting up")) {
		service_action(l, BYTES("service-start"));
	} else if (STARTS(b, "wsgi exited")) {
		service_action(l, BYTES("service-stop"));
	} else if (TAKE(&b, "accepted (")) {
		if (scan_take_chr(&b, '\'') && scan_take_to(&b, '\'', &who)) {
			set_source(l, who);
			TAKE(&b, ", ");
			set_number(l, FIELD_SOURCE_PORT, scan_digits(&b));
		}
		SET(l, EVENT_CATEGORY, "network");
		SET(l, EVENT_ACTION, "connection-accepted");
	} else {
		return false;
	}
	return true;
}

void oslo_message(struct line *l, struct bytes logger, struct bytes level, struct bytes text)
{
	uint8_t c = scan_at(text, 0);

	if ((is_digit(c) || c == ':' || c == '<' || c == '-' ||
	     (hex_digit(c) >= 0 && scan_at(text, 4) == ':')) &&
	    access_wsgi(l, text)) /* "<local>" and "-": over a socket in the file system */
		return;
	if (c == '(' && wsgi_server_message(l, text))
		return;
	by_logger(l, logger, text);
	trace_of(l, level, text);
}
