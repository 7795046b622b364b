/* SPDX-License-Identifier: Apache-2.0 */
/* Who speaks: an address goes to source.ip, a name to source.domain. Of a list as proxies write
 * it ("claimed, proxy, proxy") only the last was seen by the machine nearest to the service; what
 * stands before it anybody can have sent, so it goes to client.ip and is never the source. */
#include "parse/line.h"

static inline bool is_ip4(struct bytes b)
{
	const uint8_t *p = b.at, *end;

	if (b.len < 7 || b.len > 15)
		return false;
	end = p + b.len;
	for (int part = 0;; part++) {
		unsigned v = (unsigned)(*p++ - '0'), d;

		if (v > 9)
			return false;
		if (p < end && (d = (unsigned)(*p - '0')) < 10) {
			v = v * 10 + d;
			p++;
			if (p < end && (d = (unsigned)(*p - '0')) < 10) {
				v = v * 10 + d;
				p++;
			}
		}
		if (v > 255)
			return false;
		if (p == end)
			return part == 3;
		if (part == 3 || *p++ != '.' || p == end)
			return false;
	}
}

static bool is_ip6(struct bytes b)
{
	unsigned groups = 0, digits = 0;
	bool gap = false;

	if (b.len < 2 || b.len > 45)
		return false;
	for (size_t i = 0; i < b.len; i++) {
		uint8_t c = b.at[i];

		if (hex_digit(c) >= 0) {
			if (++digits > 4)
				return false;
		} else if (c == ':') {
			if (digits)
				groups++;
			else if (i || b.at[1] != ':')
				return false;
			digits = 0;
			if (i + 1 < b.len && b.at[i + 1] == ':') {
				if (gap)
					return false;
				gap = true;
				i++;
			} else if (i + 1 == b.len) {
				return false;
			}
		} else if (c == '.' && digits) { /* the last 32 bits as an IPv4 address */
			if (!is_ip4(bytes_from(b, i - digits)))
				return false;
			groups += 2;
			digits = 0;
			break;
		} else {
			return false;
		}
	}
	groups += digits != 0;
	return gap ? groups < 8 : groups == 8;
}

bool is_ip(struct bytes b)
{
	return is_ip4(b) || (scan_chr(b, ':') < b.len && is_ip6(b));
}

static struct bytes bare(struct bytes host)
{
	if (host.len > 2 && host.at[0] == '[' && host.at[host.len - 1] == ']')
		host = bytes_sub(host, 1, host.len - 2);
	if (host.len > 7 && bytes_ieq(scan_head(host, 7), BYTES("::ffff:")) &&
	    is_ip4(bytes_from(host, 7)))
		return bytes_from(host, 7);
	if (scan_chr(host, ':') < host.len)
		return scan_head(host, scan_chr(host, '%')); /* fe80::1%eth0 */
	return host;
}

static bool is_host_name(struct bytes b)
{
	bool letter = false;

	if (!b.len || b.len > 253)
		return false;
	for (size_t i = 0; i < b.len; i++) {
		uint8_t c = b.at[i];

		if (!is_alnum(c) && c != '-' && c != '.' && c != '_')
			return false;
		letter |= is_alnum(c);
	}
	return letter && !bytes_ieq(b, BYTES("unknown"));
}

/* Splits at the last colon: an IPv6 address without brackets has colons of its own. */
static bool split_port(struct bytes b, struct bytes *ret_host, struct bytes *ret_port)
{
	size_t colon = scan_last(b, BYTES(":"));

	if (colon == BYTES_NONE || !colon || b.len - colon > 6 ||
	    !scan_all_digits(bytes_from(b, colon + 1)))
		return false;
	*ret_host = bare(scan_head(b, colon));
	*ret_port = bytes_from(b, colon + 1);
	return true;
}

bool is_ip_port(struct bytes b)
{
	struct bytes host, port;

	return split_port(b, &host, &port) && is_ip(host);
}

void set_source(struct line *l, struct bytes host)
{
	if (is_ip4(host)) {
		set(l, FIELD_SOURCE_IP, host);
		return;
	}
	host = bare(host);
	if (is_ip(host))
		set(l, FIELD_SOURCE_IP, host);
	else if (!set_source_port(l, host) && is_host_name(host)) /* "192.0.2.1:4567" */
		set(l, FIELD_SOURCE_DOMAIN, host);
}

void set_source_list(struct line *l, struct bytes list)
{
	struct bytes claimed, nearest;
	size_t comma;

	if (is_ip4(list)) {
		set(l, FIELD_SOURCE_IP, list);
		return;
	}
	comma = scan_chr(list, ',');
	if (comma == list.len) {
		set_source(l, list);
		return;
	}
	set(l, FIELD_NETWORK_FORWARDED_IP, list);
	claimed = bare(bytes_trim(scan_head(list, comma)));
	if (is_ip(claimed))
		set(l, FIELD_CLIENT_IP, claimed);
	nearest = bytes_from(list, scan_last_chr(list, ',') + 1);
	scan_blanks(&nearest);
	set_source(l, nearest);
}

bool set_source_port(struct line *l, struct bytes b)
{
	struct bytes host, port;

	if (!split_port(b, &host, &port) || !is_ip(host))
		return false;
	set(l, FIELD_SOURCE_IP, host);
	set(l, FIELD_SOURCE_PORT, port);
	return true;
}

void set_destination(struct line *l, struct bytes b)
{
	struct bytes host, port;

	if (!split_port(b, &host, &port))
		return;
	if (is_ip(host))
		set(l, FIELD_DESTINATION_IP, host);
	set(l, FIELD_DESTINATION_PORT, port);
}
