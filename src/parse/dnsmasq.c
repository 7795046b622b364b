/* SPDX-License-Identifier: Apache-2.0 */
/* dnsmasq, which answers DHCP and DNS for Neutron's networks:
 *
 *	query[A] example.org from 10.0.0.2        reply example.org is 192.0.2.1
 *	DHCPACK(tap0) 10.0.0.5 fa:16:3e:00:00:01 host-10-0-0-5
 */
#include "parse/line.h"

static bool is_mac(struct bytes b)
{
	if (b.len != 17)
		return false;
	for (size_t i = 0; i < 17; i++)
		if (i % 3 == 2 ? b.at[i] != ':' : hex_digit(b.at[i]) < 0)
			return false;
	return true;
}

static void query(struct line *l, struct bytes b)
{
	struct bytes type;
	size_t at;

	if (!scan_take_to(&b, ']', &type))
		return;
	scan_blanks(&b);
	at = LAST(b, " from ");
	set(l, FIELD_DNS_QUESTION_TYPE, type);
	set(l, FIELD_DNS_QUESTION_NAME, scan_head(b, at));
	if (at != BYTES_NONE)
		set_source(l, bytes_from(b, at + 6));
	SET(l, EVENT_CATEGORY, "network");
	SET(l, EVENT_ACTION, "dns-query");
}

/* "DHCPACK(tap0) 10.0.0.5 fa:16:3e:00:00:01 name": any of the words may lack */
static bool dhcp(struct line *l, struct bytes b)
{
	struct bytes kind, name, w;
	size_t open = scan_chr(b, '(');

	kind = scan_head(b, open);
	if (!STARTS(b, "DHCP") || open == b.len || open > 24)
		return false;
	scan_skip(&b, open + 1);
	if (!scan_take_to(&b, ')', &name))
		return false;
	set(l, FIELD_NETWORK_INTERFACE, name);
	scan_blanks(&b);
	w = scan_word(&b);
	if (is_ip(w)) {
		set(l, FIELD_SOURCE_IP, w);
		w = scan_word(&b);
	}
	if (is_mac(w))
		set(l, FIELD_SOURCE_MAC, w);
	/* the name is the client's own; in other kinds these are words of dnsmasq */
	if ((IS(kind, "DHCPACK") || IS(kind, "DHCPREPLY")) && !is_ip(b) &&
	    scan_chr(b, ' ') == b.len)
		set_source(l, b);
	SET(l, EVENT_CATEGORY, "network");
	if (IS(kind, "DHCPACK") || IS(kind, "DHCPREPLY"))
		SET(l, EVENT_ACTION, "dhcp-lease");
	else if (IS(kind, "DHCPRELEASE"))
		SET(l, EVENT_ACTION, "dhcp-release");
	else if (IS(kind, "DHCPNAK"))
		SET(l, EVENT_ACTION, "dhcp-refused");
	else
		SET(l, EVENT_ACTION, "dhcp");
	return true;
}

bool dnsmasq_text(struct line *l, struct bytes program, struct bytes text)
{
	struct bytes b = text, more;

	set(l, FIELD_PROCESS_NAME, program);
	if (scan_digit(b)) { /* log-queries=extra and log-dhcp: a number, perhaps the client too */
		more = b;
		scan_digits(&more);
		if (scan_take_chr(&more, ' ')) {
			b = more;
			if (scan_chr(scan_head(b, scan_chr(b, ' ')), '/') < scan_chr(b, ' '))
				scan_word(&b);
		}
	}
	if (TAKE(&b, "query[")) {
		query(l, b);
	} else if (!dhcp(l, b)) {
		if (TAKE(&b, "started, version ")) {
			set(l, FIELD_SERVICE_VERSION, scan_word(&b));
			SET(l, EVENT_CATEGORY, "process");
			SET(l, EVENT_ACTION, "service-start");
		} else if (STARTS(b, "exiting on receipt of SIGTERM")) {
			SET(l, EVENT_CATEGORY, "process");
			SET(l, EVENT_ACTION, "service-stop");
		}
	}
	SET(l, EVENT_DATASET, "dnsmasq");
	SET(l, SERVICE_NAME, "dnsmasq");
	set(l, FIELD_MESSAGE, text);
	return true;
}
