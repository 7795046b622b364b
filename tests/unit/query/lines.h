/* SPDX-License-Identifier: Apache-2.0 */
/* lines.h — random log lines of the kinds a cloud writes, over few values so that queries hit. */
#pragma once
#include "base/buf.h"
#include <stdlib.h>

static inline unsigned any_of(unsigned n)
{
	return (unsigned)rand() % n;
}

#define PICK(...)                                                                                  \
	((const char *const[]){ __VA_ARGS__ }[any_of(                                              \
		(unsigned)(sizeof((const char *const[]){ __VA_ARGS__ }) / sizeof(char *)))])

static inline const char *any_user(void)
{
	return PICK("alice", "bob", "mallory", "root", "zabbix", "o'neil", "admin");
}

static inline const char *any_ip(void)
{
	return PICK("10.0.0.7", "10.0.0.70", "10.200.1.1", "192.0.2.1", "203.0.113.7",
		    "2001:db8::1");
}

static inline const char *any_level(void)
{
	return PICK("INFO", "WARNING", "ERROR", "DEBUG");
}

static inline const char *any_id(void)
{
	return PICK("req-0a0b0c0d-1111-4222-8333-444455556666",
		    "req-deadbeef-0000-4000-8000-c0ffee000001",
		    "req-00000000-0000-4000-8000-000000000000");
}

/* At second `n` of the day. */
static inline void any_line(struct buf *to, unsigned n)
{
	unsigned h = n / 3600 % 24, m = n / 60 % 60, s = n % 60, ms = any_of(1000);
	size_t end;

	switch (any_of(11)) {
	case 0:
	case 1:
		buf_printf(to,
			   "2026-03-01 %02u:%02u:%02u.%03u %u %s nova.osapi_compute.wsgi.server "
			   "[%s user1 proj1 - - -] %s \"%s /v2.1/servers/%u HTTP/1.1\" status: %u "
			   "len: %u time: %u.%07u",
			   h, m, s, ms, 100 + any_of(5), any_level(), any_id(), any_ip(),
			   PICK("GET", "POST", "DELETE"), any_of(20),
			   (unsigned[]){ 200, 202, 401, 403, 404, 500 }[any_of(6)], any_of(5000),
			   any_of(12), any_of(10000000));
		break;
	case 2:
		buf_printf(to,
			   "2026-03-01 %02u:%02u:%02u.%03u 77 %s keystone.server.flask.application "
			   "[None %s - - - - - -] Authorization failed. The request you have made "
			   "requires authentication. from %s",
			   h, m, s, ms, any_level(), any_id(), any_ip());
		break;
	case 3:
		buf_printf(
			to,
			"2026-03-01 %02u:%02u:%02u.%03u 9 INFO nova.compute.manager [%s - - - - -] "
			"[instance: 9adc0f22-0d0b-4c7c-9f9f-%012u] Took %u.%02u seconds to %s the "
			"instance on the hypervisor.",
			h, m, s, ms, any_id(), any_of(50), any_of(40), any_of(100),
			PICK("spawn", "build", "destroy"));
		break;
	case 4:
		buf_printf(
			to,
			"Mar  1 %02u:%02u:%02u cmp-%02u sshd[%u]: %s for %s%s from %s port %u ssh2",
			h, m, s, any_of(3), any_of(500),
			PICK("Failed password", "Accepted password"), PICK("", "invalid user "),
			any_user(), any_ip(), 1024 + any_of(60000));
		break;
	case 5:
		buf_printf(to,
			   "%s - %s [01/Mar/2026:%02u:%02u:%02u +0000] \"%s /v3/auth/tokens?x=%u "
			   "HTTP/1.1\" %u %u \"-\" \"curl/%u\"",
			   any_ip(), any_user(), h, m, s, PICK("GET", "POST"), any_of(1000),
			   (unsigned[]){ 200, 201, 401 }[any_of(3)], any_of(100000), any_of(9));
		break;
	case 6:
		buf_printf(to,
			   "{\"asctime\":\"2026-03-01 "
			   "%02u:%02u:%02u\",\"levelname\":\"%s\",\"name\":\"a.b\","
			   "\"message\":\"say \\\"%s\\\" "
			   "\\u0041%u\\tfailed\",\"hostname\":\"cmp-0%u\"}",
			   h, m, s, any_level(), any_user(), any_of(9), any_of(3));
		break;
	case 7:
		buf_printf(
			to,
			"2026-03-01 %02u:%02u:%02u.%03u 5 ERROR oslo.x [-] failed\nTraceback (most "
			"recent call last):\n  File \"x.py\", line %u, in f\nValueError: %s",
			h, m, s, ms, any_of(99), any_user());
		break;
	case 8:
		for (end = to->len + any_of(60); to->len < end;)
			buf_u8(to, (uint8_t)any_of(256));
		break;
	case 9:
		buf_printf(to, "plain text %s of %s, %u times", PICK("Failed", "failed", "FAILED"),
			   any_user(), any_of(9));
		break;
	default:
		buf_printf(to,
			   "type=USER_LOGIN msg=audit(1772366400.%03u:%u): pid=1 uid=0 auid=%u "
			   "ses=3 msg='op=login acct=\"%s\" exe=\"/usr/sbin/sshd\" hostname=? "
			   "addr=%s terminal=sshd res=%s'",
			   ms, any_of(99), any_of(3) * 1000, any_user(), any_ip(),
			   PICK("success", "failed"));
	}
}
