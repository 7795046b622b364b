/* SPDX-License-Identifier: Apache-2.0 */
/* login.h — the lines that one login leaves in several logs, brought together and counted.
 * A login to Keystone is told by up to four: the proxy's access line (who was at the other end of
 * the connection), the web server's access line, keystone.log (why it failed, mostly without the
 * user) and the notification (who). The request id joins the last two; the others are joined by
 * their span of time, outcome, process id and address. sshd tells of one login in several lines of
 * a process. In: lines in order of time. Out: attempts, counted by account and by origin. Threads:
 * one owner. Memory: at most LOGIN_PENDING attempts not yet closed, LOGIN_ROWS rows a table; what
 * does not fit is counted under one row that says so. */
#pragma once
#include "event/event.h"
#include "event/record.h"
#include "query/intern.h"
#include "query/tally.h"

#define LOGIN_PENDING 4096u
#define LOGIN_ROWS 200000u

enum login_layer { /* who tells of it */
		   LAYER_EDGE, /* a proxy: its peer is who it says */
		   LAYER_WEB, /* the web server: its peer may be the proxy */
		   LAYER_LOG, /* the service's own log */
		   LAYER_NOTE, /* a notification */
		   LAYER_ALONE, /* sshd and others: one line says it all */
		   LAYER_HINT, /* "Invalid user x": counts only where nothing else of the session
				  does */
		   LAYER_END, /* such a session has ended */
};

struct login_line {
	usec at, end; /* end: of the request, where the line tells how long it took */
	uint64_t request; /* hash of the request id; of host and process for sessions; 0: none */
	uint32_t service, account, id, claimed, observed; /* 1 + number in names; 0: none */
	uint32_t pid;
	uint8_t layer; /* enum login_layer */
	bool failed, token,
		unknown; /* token: a token was refused; unknown: there is no such account */
};

struct login {
	usec at;
	uint32_t service, account, id, claimed, observed;
	bool failed, token, unknown, sure; /* sure: observed was not guessed among several */
	unsigned layers; /* bits of enum login_layer */
};

/* join.c */
typedef void login_fn(void *ctx, const struct login *l);
struct joiner;
struct joiner *joiner_new(login_fn *fn, void *ctx);
void joiner_feed(struct joiner *j, const struct login_line *l); /* not earlier than the last one */
struct joiner *joiner_free(struct joiner *j); /* closes what is pending; NULL is fine */

/* Of an account or an origin. */
struct login_row {
	uint32_t service, name; /* 1 + number in names; 0: the row of what did not fit */
	uint64_t failures, successes, tokens; /* tokens: refused */
	usec first, last;
	uint64_t run; /* failures since the last success */
	uint64_t longest; /* most failures before a success */
	usec longest_at;
	int64_t minute;
	uint64_t in_minute, peak; /* failures in a minute */
	uint64_t observed, claimed, forged; /* origin: by evidence; claims that were another's */
	bool unknown;
	struct tally distinct; /* origins of an account, accounts of an origin */
};

struct login_table {
	struct intern keys;
	struct login_row *rows;
	uint32_t n, cap;
	uint64_t left_out; /* attempts counted in the row of what did not fit */
};

struct logins { /* the whole count */
	struct intern names; /* services, accounts, ids, addresses */
	uint32_t *name_of_id; /* by 1 + number of the id: account name, as notifications tell */
	uint32_t name_of_id_cap;
	struct login_table accounts, origins;
	uint64_t attempts, failures, successes, tokens, lines;
	usec first, last;
	size_t bytes; /* of sets of distinct names */
	bool names_full;
};

/* login.c */
/* What a record tells of a login; false: nothing. Names are put into l->names. */
bool login_line_of(struct logins *l, const struct event *e, usec at, struct login_line *ret);
void logins_count(void *ctx, const struct login *a); /* a login_fn; ctx is a struct logins */
void logins_done(struct logins *l);
struct bytes logins_name(const struct logins *l, uint32_t name);
