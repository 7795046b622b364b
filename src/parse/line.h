/* SPDX-License-Identifier: Apache-2.0 */
/* line.h — what the parsers of this folder share: the line in work, and one function a format.
 * Each function gets the bytes from where its format begins, sets fields and returns true; or it
 * returns false and leaves the event as it was (line_mark, line_back). One line may hold another
 * (a file name column, a syslog header, a container's JSON): `depth` bounds that.
 * Threads: one owner a line. Memory: fields borrow from the raw bytes. */
#pragma once
#include "parse/parse.h"
#include "parse/scan.h"
#include "parse/stamp.h"

#define LINE_DEPTH 4 /* lines within lines: column, syslog, wsgi, oslo */

struct line {
	const struct parse_hint *hint;
	struct event *ev;
	struct bytes raw;
	unsigned depth;
};

struct line_mark {
	uint64_t set[2];
	usec time;
	uint8_t n;
};

static inline struct line_mark line_mark(const struct line *l)
{
	return (struct line_mark){ { l->ev->set[0], l->ev->set[1] }, l->ev->time, l->ev->n };
}

static inline void line_back(struct line *l, const struct line_mark *m)
{
	l->ev->set[0] = m->set[0];
	l->ev->set[1] = m->set[1];
	l->ev->time = m->time;
	l->ev->n = m->n;
}

static inline void set(struct line *l, enum field f, struct bytes v)
{
	event_set(l->ev, f, v);
}
#define SET(l, f, lit) event_set((l)->ev, FIELD_##f, BYTES(lit))
#define PUT(l, f, lit) event_put((l)->ev, FIELD_##f, BYTES(lit))

static inline void set_time(struct line *l, usec at)
{
	if (at != USEC_NONE)
		l->ev->time = at;
}

/* A number field: only digits are taken. */
static inline void set_number(struct line *l, enum field f, struct bytes v)
{
	if (scan_all_digits(v))
		event_set(l->ev, f, v);
}

/* "-", "None", "?", "(none)" and nothing mean: not there. */
static inline bool is_absent(struct bytes v)
{
	return !v.len || (v.len == 1 && (v.at[0] == '-' || v.at[0] == '?')) || IS(v, "None") ||
	       IS(v, "(none)");
}

/* words.c: constants for what lines write in many ways */
struct bytes level_of(struct bytes word); /* "WARN" -> "warning"; empty where it is none */
struct bytes level_of_severity(unsigned severity); /* syslog 0..7 */
struct bytes service_of(struct bytes name); /* "nova-api.log" -> its "nova"; empty if unknown */
struct bytes service_of_path(struct bytes path); /* by the file, else by its folder */
bool is_identifier(struct bytes id); /* 32 or 64 hex digits, or a uuid */
struct bytes base_name(struct bytes path);

/* address.c */
bool is_ip(struct bytes b);
bool is_ip_port(struct bytes b); /* "192.0.2.1:80", "[::1]:80" */
void set_source(struct line *l, struct bytes host); /* source.ip or source.domain */
void set_source_list(struct line *l, struct bytes list); /* "claimed, …, nearest" */
bool set_source_port(struct line *l, struct bytes host_port); /* "1.2.3.4:5", "[::1]:5" */
void set_destination(struct line *l, struct bytes host_port);

/* http.c: "GET /v2.1/x?y HTTP/1.1", and what status and request mean */
void http_request(struct line *l, struct bytes request);
void http_done(struct line *l, struct bytes status); /* sets category, action, outcome */

/* line.c */
bool line_any(struct line *l, struct bytes b); /* any format; depth is counted here */
bool line_body(struct line *l, struct bytes b); /* what a header carried: any format, or nothing */
void line_plain(struct line *l, struct bytes b);

/* iso.c: lines that begin with an ISO stamp; splits by what follows it */
bool iso_line(struct line *l, struct bytes b);

/* oslo.c: behind the stamp; oslo_bare is "LEVEL logger [context] text" */
bool oslo_line(struct line *l, struct bytes b);
bool oslo_bare(struct line *l, struct bytes b);
bool oslo_context(struct line *l, struct bytes *b); /* "[req-… …]" */
/* oslo_message.c: what the text of an OpenStack service means */
void oslo_message(struct line *l, struct bytes logger, struct bytes level, struct bytes text);
bool keystone_message(struct line *l, struct bytes logger, struct bytes text);
bool service_message(struct line *l, struct bytes text);
bool config_message(struct line *l, struct bytes text);
/* trace.c: exception and traceback */
void trace_of(struct line *l, struct bytes level, struct bytes text); /* the message's end */
void trace_text(struct line *l, struct bytes trace);
bool trace_error(struct line *l, struct bytes b); /* "pkg.Class: text" or "pkg.Class" */
/* Where the ": Class: text" stands that oslo.log appended, or BYTES_NONE. What a stranger typed may
 * look like one: the true one usually repeats what stands before it. */
size_t trace_summary(struct bytes text);

/* access.c: request lines of Apache, nginx, eventlet, swift */
bool access_line(struct line *l, struct bytes b);
bool access_wsgi(struct line *l, struct bytes text);
bool access_swift(struct line *l, struct bytes b);
bool uwsgi_request(struct line *l, struct bytes b);
bool uwsgi_text(struct line *l, struct bytes b);
bool apache_error(struct line *l, struct bytes b);
bool horizon_message(struct line *l, struct bytes text);
bool haproxy_line(struct line *l, struct bytes b);
bool haproxy_text(struct line *l, struct bytes b);

/* syslog.c, syslog5424.c */
bool syslog_pri(struct line *l, struct bytes b);
bool syslog_5424(struct line *l, struct bytes b); /* behind the PRI */
bool syslog_bsd(struct line *l, struct bytes b);
bool syslog_iso(struct line *l, struct bytes b); /* behind an ISO stamp: host tag: text */
/* program.c: the text of a program by its name; always sets the dataset */
void program_text(struct line *l, struct bytes program, struct bytes text);

bool sshd_text(struct line *l, struct bytes text);
bool pam_text(struct line *l, struct bytes program, struct bytes text);
bool sudo_text(struct line *l, struct bytes text);
bool su_text(struct line *l, struct bytes text);
bool account_text(struct line *l, struct bytes text);
bool systemd_text(struct line *l, struct bytes text);
bool logind_text(struct line *l, struct bytes text);
bool cron_text(struct line *l, struct bytes text);
bool kernel_text(struct line *l, struct bytes text);
bool login_text(struct line *l, struct bytes text);
bool dovecot_text(struct line *l, struct bytes program, struct bytes text);
bool dovecot_line(struct line *l, struct bytes b);
bool dropbear_text(struct line *l, struct bytes text);

/* the rest, one file a format */
bool rabbit_line(struct line *l, struct bytes b); /* behind the stamp: " [info] <0.1.0> text" */
bool rabbit_report(struct line *l, struct bytes b); /* "=INFO REPORT==== …" */
void rabbit_text(struct line *l, struct bytes text); /* what it means */
bool mysql_line(struct line *l, struct bytes b); /* behind the stamp */
bool mysql_text(struct line *l, struct bytes text); /* "Access denied for user …" */
bool nginx_line(struct line *l, struct bytes b); /* behind the stamp: " [error] 1#2: text" */
bool libvirt_line(struct line *l, struct bytes b);
bool ovs_line(struct line *l, struct bytes b); /* behind the stamp: "|00001|module|INFO|text" */
bool dnsmasq_text(struct line *l, struct bytes program, struct bytes text);
bool audit_line(struct line *l, struct bytes b);
bool audit_record(struct line *l, struct bytes type, struct bytes b); /* from "audit(" on */
bool clamd_text(struct line *l, struct bytes b);
bool fail2ban_line(struct line *l, struct bytes b); /* behind the stamp */
bool samhain_line(struct line *l, struct bytes b);
bool rkhunter_line(struct line *l, struct bytes b);
bool aide_line(struct line *l, struct bytes b);
bool chkrootkit_line(struct line *l, struct bytes b);
bool dpkg_line(struct line *l, struct bytes b); /* behind the stamp */
bool dnf_line(struct line *l, struct bytes b); /* behind the stamp */
bool dnf_text(struct line *l, struct bytes text);
bool apt_line(struct line *l, struct bytes b);
bool postgres_line(struct line *l, struct bytes b); /* behind the stamp: " UTC [1] … FATAL: …" */
bool journald_text(struct line *l, struct bytes text);
bool rsyslogd_text(struct line *l, struct bytes text);
bool syslog_ng_text(struct line *l, struct bytes text);

/* json_line.c */
bool json_line(struct line *l, struct bytes b);
bool json_notification(struct line *l, struct bytes b); /* behind oslo.messaging.notification */
