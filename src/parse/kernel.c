/* SPDX-License-Identifier: Apache-2.0 */
/* The kernel's ring buffer, with or without its own stamp "[  123.456789] ": packets that a
 * firewall rule logged, audit records, links and bridges, what kills processes and disks. */
#include "parse/line.h"

static bool did(struct line *l, struct bytes category, struct bytes action)
{
	set(l, FIELD_EVENT_CATEGORY, category);
	set(l, FIELD_EVENT_ACTION, action);
	return true;
}

/* "PREFIX IN=eth0 OUT= MAC=… SRC=… DST=… … PROTO=TCP SPT=1 DPT=2 …": the prefix is the rule's */
static bool packet(struct line *l, struct bytes b)
{
	struct bytes v, prefix;
	size_t in = FIND(b, "IN=");

	if (in == BYTES_NONE || in > 128 || !HAS(b, " SRC=") || !HAS(b, " DST="))
		return false;
	prefix = bytes_trim(scan_head(b, in));
	b = bytes_from(b, in);
	if (ENDS(prefix, ":"))
		prefix.len--;
	set(l, FIELD_RULE_NAME, prefix);
	if (KEY(b, "IN=", &v))
		set(l, FIELD_INGRESS_INTERFACE, v);
	if (KEY(b, "OUT=", &v))
		set(l, FIELD_EGRESS_INTERFACE, v);
	if (KEY(b, "SRC=", &v) && is_ip(v))
		set(l, FIELD_SOURCE_IP, v);
	if (KEY(b, "DST=", &v) && is_ip(v))
		set(l, FIELD_DESTINATION_IP, v);
	if (KEY(b, "PROTO=", &v))
		set(l, FIELD_NETWORK_TRANSPORT, v);
	if (KEY(b, "SPT=", &v))
		set_number(l, FIELD_SOURCE_PORT, v);
	if (KEY(b, "DPT=", &v))
		set_number(l, FIELD_DESTINATION_PORT, v);
	return did(l, BYTES("network"), BYTES("packet-logged"));
}

/* "br-int: port 1(qvo1) entered disabled state" */
static bool bridge(struct line *l, struct bytes b)
{
	size_t at = FIND(b, ": port "), n;
	struct bytes port;

	if (at == BYTES_NONE || at > 32 || !HAS(b, ") entered "))
		return false;
	port = bytes_from(b, at + 7);
	scan_skip(&port, scan_chr(port, '(') + 1);
	n = scan_chr(port, ')');
	set(l, FIELD_NETWORK_INTERFACE, scan_head(port, n));
	if (ENDS(b, "disabled state"))
		return did(l, BYTES("network"), BYTES("bridge-port-disabled"));
	if (ENDS(b, "forwarding state"))
		return did(l, BYTES("network"), BYTES("bridge-port-forwarding"));
	return did(l, BYTES("network"), BYTES("bridge-port-changed"));
}

static bool promiscuous(struct line *l, struct bytes b)
{
	struct bytes name;

	TAKE(&b, "device ");
	name = scan_word(&b);
	while (ENDS(name, ":"))
		name.len--;
	if (STARTS(b, "entered promiscuous mode"))
		did(l, BYTES("network"), BYTES("promiscuous-on"));
	else if (STARTS(b, "left promiscuous mode"))
		did(l, BYTES("network"), BYTES("promiscuous-off"));
	else
		return false;
	set(l, FIELD_NETWORK_INTERFACE, name);
	return true;
}

/* "bond0: (slave eth1): link status definitely down, disabling slave", "… enp1s0f0: Link down" */
static bool short_link(struct line *l, struct bytes b)
{
	size_t at = FIND(b, "(slave ");
	struct bytes name, c = b;

	if (at != BYTES_NONE && at < 32 && HAS(b, "): link status definitely ")) {
		scan_skip(&c, at + 7);
		set(l, FIELD_NETWORK_INTERFACE, scan_head(c, scan_chr(c, ')')));
		return did(l, BYTES("network"),
			   HAS(c, "definitely down") ? BYTES("link-down") : BYTES("link-up"));
	}
	if (!ENDS(b, ": Link down") && !ENDS(b, ": Link up"))
		return false;
	name = scan_head(b, LAST(b, ": "));
	at = scan_last(name, BYTES(" "));
	set(l, FIELD_NETWORK_INTERFACE, at == BYTES_NONE ? name : bytes_from(name, at + 1));
	return did(l, BYTES("network"), ENDS(b, "n") ? BYTES("link-down") : BYTES("link-up"));
}

/* "e1000e 0000:00:19.0 eno1: NIC Link is Down", "eth0: link down" */
static bool link(struct line *l, struct bytes b)
{
	size_t at = FIND(b, "ink is ");
	struct bytes name, state;

	if (short_link(l, b))
		return true;

	if (at == BYTES_NONE || at < 3 || at > 80)
		return false;
	state = bytes_from(b, at + 7);
	name = scan_head(b, LAST(scan_head(b, at), ": "));
	at = scan_last(name, BYTES(" "));
	if (at != BYTES_NONE)
		name = bytes_from(name, at + 1);
	set(l, FIELD_NETWORK_INTERFACE, name);
	if ((scan_at(state, 0) | 32) == 'd')
		return did(l, BYTES("network"), BYTES("link-down"));
	return did(l, BYTES("network"), BYTES("link-up"));
}

/* "Out of memory: Killed process 123 (qemu-system-x86) …", "qemu[123]: segfault at …" */
static bool death(struct line *l, struct bytes b)
{
	size_t at = FIND(b, "Killed process ");

	if (at == BYTES_NONE)
		at = FIND(b, "Kill process ");
	if (at != BYTES_NONE && at < 64) {
		scan_skip(&b, at);
		scan_skip(&b, FIND(b, "process ") + 8);
		set_number(l, FIELD_PROCESS_PID, scan_digits(&b));
		if (TAKE(&b, " (")) { /* a process names itself and may use ")" */
			at = FIND(b, ") total-vm:");
			event_put(l->ev, FIELD_PROCESS_NAME,
				  scan_head(b, at == BYTES_NONE ? scan_chr(b, ')') : at));
		}
		return did(l, BYTES("process"), BYTES("oom-kill"));
	}
	at = FIND(b, "]: segfault at ");
	if (at == BYTES_NONE || at > 64)
		return false;
	b.len = at;
	at = scan_chr(b, '[');
	set_number(l, FIELD_PROCESS_PID, bytes_from(b, at + 1));
	event_put(l->ev, FIELD_PROCESS_NAME, scan_head(b, at));
	return did(l, BYTES("process"), BYTES("process-crash"));
}

static bool hardware(struct line *l, struct bytes b)
{
	if (STARTS(b, "mce: [Hardware Error]") || STARTS(b, "EDAC ") ||
	    STARTS(b, "blk_update_request: I/O error") || STARTS(b, "Buffer I/O error") ||
	    STARTS(b, "I/O error, dev ") || STARTS(b, "EXT4-fs error ") ||
	    STARTS(b, "critical medium error, dev ") ||
	    STARTS(b, "blk_update_request: critical medium error") ||
	    HAS(scan_head(b, 64), "Machine check events logged"))
		return did(l, BYTES("host"), BYTES("hardware-error"));
	return false;
}

/* "audit: type=1400 audit(1700000.123:45): …", "type=1400 audit(…): …" */
static bool audit(struct line *l, struct bytes b)
{
	struct bytes type;

	TAKE(&b, "audit: ");
	if (!TAKE(&b, "type="))
		return false;
	type = scan_word(&b);
	return audit_record(l, type, b);
}

bool kernel_text(struct line *l, struct bytes text)
{
	struct bytes b = text, up;

	if (TAKE(&b, "[")) {
		struct bytes inside;

		if (scan_take_to(&b, ']', &inside)) {
			up = bytes_trim(inside);
			if (scan_decimal(&up).len && !up.len)
				scan_take_chr(&b, ' ');
			else
				b = text; /* "[UFW BLOCK] IN=…" */
		} else {
			b = text;
		}
	}
	if (audit(l, b))
		return true;
	if (!packet(l, b) && !bridge(l, b) && !promiscuous(l, b) && !link(l, b) && !death(l, b))
		hardware(l, b);
	SET(l, EVENT_DATASET, "kernel");
	set(l, FIELD_MESSAGE, b);
	return true;
}
